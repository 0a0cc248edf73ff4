"""From a composite image to what will be written: groups, arrays, documents, and what is lost."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import dask.array as da
import numpy as np

from napari_ome_zip.errors import MetadataError, SaveError
from napari_ome_zip.image.composite import CompositeImage, PlacedLabels, PlacedPart
from napari_ome_zip.image.levels import level_factors
from napari_ome_zip.ome import (
    CoordinateSystem,
    Dataset,
    Multiscale,
    OmeGroup,
    Scene,
    Transformation,
    to_attributes,
)
from napari_ome_zip.saving.arrays import ArrayLayout, array_document, layout, to_json
from napari_ome_zip.saving.descriptions import (
    INTRINSIC,
    WORLD,
    downsampling,
    level_dataset,
    part_group,
    to_world_transformation,
)
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.placement import Placed, own_placement
from napari_ome_zip.saving.pyramid import LevelPlan, plan_levels
from napari_ome_zip.saving.reduction import Kind

COMPRESSION_GUESS = 0.6
"""Compressed size of an ordinary micrograph, as a fraction: for the estimate only."""

type Version = Literal["0.5", "0.6"]
type Layout = Literal["image", "series", "scene"]


@dataclass(frozen=True)
class ArrayPlan:
    """One array that will be written."""

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    layout: ArrayLayout
    source: da.Array | None = field(repr=False)
    """Where its pixels come from; None where they are made from the array `made_from`."""
    made_from: str | None = None
    step: tuple[int, ...] = ()
    """Pixels of `made_from` that become one, along each axis."""
    kind: Kind = "mean"

    @property
    def nbytes(self) -> int:
        """Uncompressed size in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True)
class SavePlan:
    """Everything that will be written, decided before the first byte."""

    version: Version
    documents: dict[str, bytes] = field(repr=False)
    """By entry name."""
    arrays: tuple[ArrayPlan, ...]
    """In the order of writing: an array that is made from another comes after it."""
    layout: Layout

    @property
    def nbytes(self) -> int:
        """Uncompressed size of all pixels in bytes."""
        return sum(array.nbytes for array in self.arrays)

    @property
    def estimated_bytes(self) -> int:
        """About how large the file will be."""
        return int(self.nbytes * COMPRESSION_GUESS) + sum(map(len, self.documents.values()))


def plan_save(image: CompositeImage, options: SaveOptions | None = None) -> SavePlan:
    """Decide what a saved composite image consists of.

    Version 0.5, which more software reads, holds one image, or a series of images placed by
    scale and translation alone (``bioformats2raw.layout``); anything else becomes a scene of
    version 0.6.

    Parameters
    ----------
    image : CompositeImage
    options : SaveOptions, optional

    Returns
    -------
    SavePlan

    Raises
    ------
    SaveError
        If there is nothing to save, or the chosen version cannot hold a part; the message
        names it.
    """
    options = options or SaveOptions()
    if not image.parts:
        raise SaveError("Nothing to save: there is no image and no labels layer.")
    placed = {id(part): own_placement(part, image) for part in image.parts}
    families = _families(image)
    tilted = [p.part for p in placed.values() if p.to_world is not None]
    if tilted and options.version == "0.5":
        names = ", ".join(f"'{part.name}'" for part in tilted)
        raise SaveError(
            f"Version 0.5 cannot hold the rotation, shear or reflection of {names}: "
            "choose version 0.6 or automatic."
        )
    versions: tuple[Version, ...] = ("0.5", "0.6")
    if options.version != "auto":
        versions = (options.version,)
    elif tilted:
        versions = ("0.6",)
    refused: list[MetadataError] = []
    for version in versions:
        builder = _Builder(options, version)
        try:
            kind = builder.add_all(families, placed, image.system, tilted=bool(tilted))
        except MetadataError as error:
            refused.append(error)
        else:
            return SavePlan(version, builder.documents, tuple(builder.arrays), kind)
    raise SaveError(f"{refused[-1]} Nothing was saved.") from refused[-1]


def _families(image: CompositeImage) -> list[tuple[PlacedPart, list[PlacedLabels]]]:
    """Each image with its labels; labels without an image stand for themselves."""
    families: list[tuple[PlacedPart, list[PlacedLabels]]] = [(p, []) for p in image.images]
    by_path = {part.path: labels for part, labels in reversed(families)}
    for labels in image.labels:
        if labels.image_path in by_path:
            by_path[labels.image_path].append(labels)
        else:
            families.append((labels, []))
    return families


class _Builder:
    """Collects documents and arrays."""

    def __init__(self, options: SaveOptions, version: Version) -> None:
        self.options = options
        self.version = version
        self.documents: dict[str, bytes] = {}
        self.arrays: list[ArrayPlan] = []

    def add_all(
        self,
        families: list[tuple[PlacedPart, list[PlacedLabels]]],
        placed: dict[int, Placed],
        world: CoordinateSystem,
        *,
        tilted: bool,
    ) -> Layout:
        """One image, a series or a scene, whichever holds the images as they lie."""
        if len(families) == 1 and not tilted:
            self.add_family("", families[0], placed)
            return "image"
        if self.version == "0.5":
            self.add_series(families, placed)
            return "series"
        self.add_scene(families, placed, world)
        return "scene"

    def add_family(
        self,
        path: str,
        family: tuple[PlacedPart, list[PlacedLabels]],
        placed: dict[int, Placed],
    ) -> dict[int, str]:
        """An image with its labels below it; returns the path of each part by its id."""
        part, labels = family
        # Labels MUST have as many levels as their image (0.5, "labels" metadata).
        count = max(self._level_count(placed[id(each)]) for each in (part, *labels))
        self.add_part(path, placed[id(part)], count)
        paths = {id(part): path}
        if labels:
            names = safe_names([label.name for label in labels])
            folder = _join(path, "labels")
            self.add_group(folder, OmeGroup(version=self.version, labels=tuple(names)))
            for name, label in zip(names, labels, strict=True):
                paths[id(label)] = _join(folder, name)
                self.add_part(paths[id(label)], placed[id(label)], count)
        return paths

    def add_series(
        self,
        families: list[tuple[PlacedPart, list[PlacedLabels]]],
        placed: dict[int, Placed],
    ) -> None:
        """Several images, as bioformats2raw arranges them: numbered groups and their list."""
        names = tuple(str(number) for number in range(len(families)))
        self.add_group("", OmeGroup(version=self.version, bioformats2raw_layout=3))
        self.add_group("OME", OmeGroup(version=self.version, series=names))
        for name, family in zip(names, families, strict=True):
            self.add_family(name, family, placed)

    def add_scene(
        self,
        families: list[tuple[PlacedPart, list[PlacedLabels]]],
        placed: dict[int, Placed],
        world: CoordinateSystem,
    ) -> None:
        """Several images in one coordinate system of their own (0.6, section "scene")."""
        names = safe_names([part.name for part, _ in families])
        transformations: list[Transformation] = []
        paths: list[tuple[PlacedPart, str]] = []
        for name, family in zip(names, families, strict=True):
            found = self.add_family(name, family, placed)
            paths += [(part, found[id(part)]) for part in (family[0], *family[1])]
        for part, path in paths:
            transformations.append(to_world_transformation(placed[id(part)], path, world))
        system = CoordinateSystem(WORLD, world.axes)
        scene = Scene((system,), tuple(transformations))
        self.add_group("", OmeGroup(version=self.version, scene=scene))

    def add_group(self, path: str, group: OmeGroup) -> None:
        document = {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": to_attributes(group, self.version),
        }
        self.documents[_join(path, "zarr.json")] = to_json(document)

    def add_part(self, path: str, placed: Placed, count: int) -> None:
        """The group of one multiscale, and its arrays: one for each level."""
        part = placed.part
        levels = self._levels(placed, count)
        datasets = self._add_arrays(path, placed, levels)
        system = CoordinateSystem(INTRINSIC, part.axes)
        kind, details = downsampling(part, len(levels))
        multiscale = Multiscale(
            name=part.name,
            coordinate_systems=(system,),
            datasets=tuple(datasets),
            type=kind,
            metadata=details,
        )
        self.add_group(path, part_group(part, multiscale, self.version))

    def _add_arrays(self, path: str, placed: Placed, levels: Sequence[_Level]) -> list[Dataset]:
        part = placed.part
        types = tuple(axis.role for axis in part.axes)
        names = [axis.name for axis in part.axes]
        dtype = part.levels[0].dtype
        kind: Kind = "mode" if isinstance(part, PlacedLabels) else "mean"
        datasets = []
        previous: str | None = None
        for number, (shape, factors, step) in enumerate(levels):
            array_path = _join(path, str(number))
            arrangement = layout(shape, types, dtype.itemsize, self.options)
            source = part.levels[number] if number < len(part.levels) else None
            self.arrays.append(
                ArrayPlan(array_path, shape, dtype, arrangement, source, previous, step, kind)
            )
            self.documents[_join(array_path, "zarr.json")] = array_document(
                shape, dtype, arrangement, names, self.options
            )
            datasets.append(level_dataset(str(number), placed, factors))
            previous = array_path
        return datasets

    def _level_count(self, placed: Placed) -> int:
        """Levels a part has by itself: those chosen, those there are, or down to a screen."""
        if self.options.levels is not None:
            return self.options.levels
        there = len(placed.part.levels)
        return there if there > 1 else len(_planned(placed, None))

    def _levels(self, placed: Placed, count: int) -> list[_Level]:
        """``count`` levels: those there are, then those made from the last of them."""
        shapes = [tuple(int(n) for n in level.shape) for level in placed.part.levels[:count]]
        ones = (1,) * len(shapes[0])
        levels = [(shape, level_factors(shapes[0], shape), ones) for shape in shapes]
        last_factors = levels[-1][1]
        for level in _planned(placed, count - len(levels) + 1)[1:]:
            factors = tuple(a * b for a, b in zip(last_factors, level.factors, strict=True))
            levels.append((level.shape, factors, level.step))
        while len(levels) < count and self.options.levels is None:
            # A single pixel cannot get smaller, and still its image may have more levels.
            shape, factors, _ = levels[-1]
            levels.append((shape, factors, ones))
        return levels


def _planned(placed: Placed, count: int | None) -> tuple[LevelPlan, ...]:
    """Levels from the last one there is, itself included."""
    part = placed.part
    full, last = part.levels[0].shape, part.levels[-1].shape
    spacing = [s * f for s, f in zip(placed.scale, level_factors(full, last), strict=True)]
    types = tuple(axis.role for axis in part.axes)
    return plan_levels(last, types, spacing, count=None if count is None else max(1, count))


type _Level = tuple[tuple[int, ...], tuple[float, ...], tuple[int, ...]]


def safe_names(names: Sequence[str]) -> list[str]:
    """Names for groups: distinct whatever their case, and harmless as parts of a path."""
    result: list[str] = []
    taken: set[str] = set()
    for name in names:
        # Characters that no file system or URL takes amiss; letters of any language stay.
        clean = re.sub(r"[^\w .+()-]", "_", name).strip(" .") or "image"
        clean = clean if not clean.startswith("__") else clean.lstrip("_") or "image"
        candidate, number = clean, 2
        while candidate.casefold() in taken or candidate.casefold() in _RESERVED:
            candidate, number = f"{clean} {number}", number + 1
        taken.add(candidate.casefold())
        result.append(candidate)
    return result


_RESERVED = frozenset({"ome", "labels", "zarr.json", "c"})


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
