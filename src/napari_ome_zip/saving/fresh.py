"""Arrange images anew: one image, a series or a scene; documents, arrays, and their places."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from napari_ome_zip.image.composite import PlacedLabels, PlacedPart
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
    placed_dataset,
    to_world_transformation,
)
from napari_ome_zip.saving.merging import OME
from napari_ome_zip.saving.ome_xml import METADATA_XML, ome_xml
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.origin import Origin
from napari_ome_zip.saving.placement import Placed
from napari_ome_zip.saving.planned import ArrayPlan, Layout, Version
from napari_ome_zip.saving.pyramid import LevelPlan, plan_levels
from napari_ome_zip.saving.reduction import Kind
from napari_ome_zip.saving.stored import StoredLevel, StoredMultiscale


class FreshHierarchy:
    """Collects documents and arrays of images that are arranged anew.

    Parameters
    ----------
    options : SaveOptions
    version : {"0.5", "0.6"}
    origin : Origin, optional
        The file that parts come from. Their levels are taken over where nothing changed, and
        what is not understood in their documents stays.
    """

    def __init__(
        self, options: SaveOptions, version: Version, origin: Origin | None = None
    ) -> None:
        self.options = options
        self.version = version
        self.origin = origin
        self.documents: dict[str, bytes] = {}
        self.arrays: list[ArrayPlan] = []
        self.extras: dict[str, bytes] = {}
        """Entries that are no documents of Zarr, by name."""

    def add_all(
        self,
        families: list[tuple[PlacedPart, list[PlacedLabels]]],
        placed: dict[int, Placed],
        world: CoordinateSystem,
        *,
        tilted: bool,
    ) -> Layout:
        """One image, a series or a scene, whichever holds the images as they lie."""
        first = families[0][0]
        is_one_of_several = self.origin is not None and bool(self.origin.path_of(first))
        if len(families) == 1 and not tilted and not is_one_of_several:
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
        count = max(level_count(placed[id(each)], self.options) for each in (part, *labels))
        if self.options.levels is None and self._stored(part) is not None:
            count = level_count(placed[id(part)], self.options)
        self.add_part(path, placed[id(part)], count, alone=isinstance(part, PlacedLabels))
        paths = {id(part): path}
        folder, old = _join(path, "labels"), self._old_labels(part)
        hidden = self.origin.hidden_labels(old) if self.origin is not None and old else []
        if self.origin is not None and old is not None and old != folder:
            self.origin.moves[old] = folder  # with the labels that could not be shown
        if labels or hidden:
            names = self._label_names(part, labels, folder)
            group = OmeGroup(version=self.version, labels=(*names, *hidden))
            self.add_group(folder, group, old=old)
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
        names = self._family_paths([part for part, _ in families], numbered=True)
        self.add_group("", OmeGroup(version=self.version, bioformats2raw_layout=3), old="")
        self.add_group("OME", OmeGroup(version=self.version, series=tuple(names)), old="OME")
        for name, family in zip(names, families, strict=True):
            self.add_family(name, family, placed)
        images = [placed[id(part)] for part, _ in families]
        self.extras[METADATA_XML] = ome_xml(list(zip(names, images, strict=True)))

    def add_scene(
        self,
        families: list[tuple[PlacedPart, list[PlacedLabels]]],
        placed: dict[int, Placed],
        world: CoordinateSystem,
    ) -> None:
        """Several images in one coordinate system of their own (0.6, section "scene")."""
        names = self._family_paths([part for part, _ in families], numbered=False)
        transformations: list[Transformation] = []
        paths: list[tuple[PlacedPart, str]] = []
        for name, family in zip(names, families, strict=True):
            found = self.add_family(name, family, placed)
            paths += [(part, found[id(part)]) for part in (family[0], *family[1])]
        for part, path in paths:
            transformations.append(to_world_transformation(placed[id(part)], path, world))
        system = CoordinateSystem(WORLD, world.axes)
        scene = Scene((system,), tuple(transformations))
        self.add_group("", OmeGroup(version=self.version, scene=scene), old="")

    def add_group(self, path: str, group: OmeGroup, *, old: str | None = None) -> None:
        """The document of a group; ``old`` is the group of the file whose place it takes."""
        attributes = to_attributes(group, self.version)
        document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        if self.origin is not None and old is not None:
            document = self.origin.merged(old, document)
        elif self.origin is not None and not path:
            document = self.origin.at_root(document)
        self.documents[_join(path, "zarr.json")] = to_json(document)

    def add_part(self, path: str, placed: Placed, count: int, *, alone: bool = False) -> None:
        """The group of one multiscale, and its arrays: one for each level.

        Labels that stand alone lie below no image.
        """
        part = placed.part
        old = self.origin.path_of(part) if self.origin is not None else None
        stored = self._stored(part)
        wanted = self.options.levels
        if stored is not None and (wanted is None or wanted <= len(stored.levels)):
            datasets = self._take_over(path, placed, stored, wanted)
            kind, details = stored.model.type, stored.model.metadata
        else:
            found = None
            if self.origin is not None:
                found = self.origin.stored(part)
                self.origin.replace_levels(part)
            datasets = self.add_arrays(path, placed, count, found)
            kind, details = downsampling(part, len(datasets))
        multiscale = Multiscale(
            name=part.name,
            coordinate_systems=(CoordinateSystem(INTRINSIC, part.axes),),
            datasets=tuple(datasets),
            type=kind,
            metadata=details,
        )
        self.add_group(path, part_group(part, multiscale, self.version), old=old)
        if alone or (old is not None and old != path):
            self._point_to_image(path, below=not alone)

    def _point_to_image(self, path: str, *, below: bool) -> None:
        """Let labels that moved name the image that they lie below now, or none."""
        name = _join(path, "zarr.json")
        document = json.loads(self.documents[name])
        source = document["attributes"][OME].get("image-label", {}).get("source")
        if isinstance(source, dict) and "image" in source:
            source["image"] = "../../"
            if not below:
                del source["image"]
            self.documents[name] = to_json(document)

    def _stored(self, part: PlacedPart) -> StoredMultiscale | None:
        """Levels of a part that can be taken over as they are stored."""
        if self.origin is None or not self.options.as_in_file:
            return None
        return self.origin.unchanged(part)

    def _take_over(
        self, path: str, placed: Placed, stored: StoredMultiscale, wanted: int | None
    ) -> list[Dataset]:
        """Levels as they are stored, each where it lies beside the first one."""
        datasets = []
        first = stored.levels[0]
        for number, level in enumerate(stored.levels[:wanted]):
            name = level_name(level, stored.path, number)
            if self.origin is not None:
                self.origin.moves[level.path] = _join(path, name)
            self._name_dimensions(_join(path, name), placed.part, level)
            datasets.append(placed_dataset(name, *_beside(level, first, placed)))
        if self.origin is not None:
            self.origin.moves |= {level.path: None for level in stored.levels[len(datasets) :]}
        return datasets

    def _name_dimensions(self, path: str, part: PlacedPart, level: StoredLevel) -> None:
        """Name the dimensions of an array that is taken over, as 0.5 wants them (MUST)."""
        names = [axis.name for axis in part.axes]
        found = dict(level.array.document)
        if self.version == "0.5" and found.get("dimension_names") != names:
            self.documents[_join(path, "zarr.json")] = to_json({**found, "dimension_names": names})

    def add_arrays(
        self, path: str, placed: Placed, count: int, stored: StoredMultiscale | None = None
    ) -> list[Dataset]:
        """Arrays that are encoded, one a level; ``stored`` are those whose places they take."""
        part = placed.part
        types = tuple(axis.role for axis in part.axes)
        names = [axis.name for axis in part.axes]
        dtype = part.levels[0].dtype
        kind: Kind = "mode" if isinstance(part, PlacedLabels) else "mean"
        datasets = []
        previous: str | None = None
        for number, (shape, factors, step) in enumerate(self._levels(placed, count)):
            before = _counterpart(stored, number)
            name = str(number) if stored is None else _free_name(stored, number)
            array_path = _join(path, name)
            if before is not None and self.options.as_in_file and _is_like(before, shape, dtype):
                arrangement = ArrayLayout.of(before.array)
                document = to_json(dict(before.array.document))
            else:
                arrangement = layout(shape, types, dtype.itemsize, self.options)
                noted = {} if before is None else before.array.attributes
                document = array_document(shape, dtype, arrangement, names, self.options, noted)
            source = part.levels[number] if number < len(part.levels) else None
            self.arrays.append(
                ArrayPlan(
                    array_path,
                    shape,
                    dtype,
                    arrangement,
                    source,
                    made_from=previous,
                    step=step,
                    kind=kind,
                    title=part.name,
                )
            )
            self.documents[_join(array_path, "zarr.json")] = document
            if stored is not None and before is not None and _is_of_file(part, before, shape):
                place = _beside(before, stored.levels[0], placed)
                datasets.append(placed_dataset(name, *place))
            else:
                datasets.append(level_dataset(name, placed, factors))
            previous = array_path
        return datasets

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

    def _family_paths(self, parts: Sequence[PlacedPart], *, numbered: bool) -> list[str]:
        """A path for each image: the one that it has, else a number or its name."""
        if self.origin is None:
            return (
                [str(n) for n in range(len(parts))]
                if numbered
                else safe_names([part.name for part in parts])
            )
        paths: list[str | None] = []
        for part in parts:
            path = self.origin.path_of(part)
            paths.append(path if path and path not in paths else None)
        taken = {*self.origin.names_at_root, *(path.split("/")[0] for path in paths if path)}
        new = [part for part, path in zip(parts, paths, strict=True) if path is None]
        free = (str(n) for n in itertools.count() if str(n) not in taken)
        names = iter(
            list(itertools.islice(free, len(new)))
            if numbered
            else safe_names([part.name for part in new], taken)
        )
        return [path or next(names) for path in paths]

    def _label_names(
        self, part: PlacedPart, labels: Sequence[PlacedLabels], folder: str
    ) -> list[str]:
        """Names of label images: those that they have there, else their own, made distinct."""
        if self.origin is None:
            return safe_names([label.name for label in labels])
        old = self._old_labels(part)
        have = [self.origin.path_of(label) for label in labels]
        names = [
            path.removeprefix(f"{old}/") if path and old and path.startswith(f"{old}/") else None
            for path in have
        ]
        taken = {name for name in names if name}
        taken |= self.origin.names_in(folder) | (self.origin.names_in(old) if old else set())
        new = [label.name for label, name in zip(labels, names, strict=True) if name is None]
        fresh = iter(safe_names(new, taken))
        return [name or next(fresh) for name in names]

    def _old_labels(self, part: PlacedPart) -> str | None:
        path = self.origin.path_of(part) if self.origin is not None else None
        return None if path is None else _join(path, "labels")


def level_count(placed: Placed, options: SaveOptions) -> int:
    """Levels a part has by itself: those chosen, those there are, or down to a screen."""
    if options.levels is not None:
        return options.levels
    there = len(placed.part.sources)
    return there if there > 1 else len(_planned(placed, None))


def level_name(level: StoredLevel, group: str, number: int) -> str:
    """Path of a level's array from its group."""
    name = level.path.removeprefix(f"{group}/" if group else "")
    return str(number) if group and name == level.path else name


def _free_name(stored: StoredMultiscale, number: int) -> str:
    if number < len(stored.levels):
        return level_name(stored.levels[number], stored.path, number)
    taken = {level_name(level, stored.path, n) for n, level in enumerate(stored.levels)}
    return next(name for n in itertools.count(number) if (name := str(n)) not in taken)


def _counterpart(stored: StoredMultiscale | None, number: int) -> StoredLevel | None:
    """The level of the file whose place a new one takes."""
    return None if stored is None or number >= len(stored.levels) else stored.levels[number]


def _is_like(level: StoredLevel, shape: Sequence[int], dtype: np.dtype[Any]) -> bool:
    """Whether new pixels can be stored as those of a level of the file are."""
    alike = level.array.shape == tuple(shape) and level.array.dtype == dtype
    return alike and level.array.zarr_format == 3 and level.array.is_regular


def _is_of_file(part: PlacedPart, level: StoredLevel, shape: Sequence[int]) -> bool:
    """Whether a level has the pixels of the file, so that it lies where they lie."""
    return part.kept is not None and part.kept.pixels and level.array.shape == tuple(shape)


def _beside(
    level: StoredLevel, first: StoredLevel, placed: Placed
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Place of a level in a part's own system, which may be another one than the file's.

    Both systems agree about level 0; one leads to the other by a factor and a shift an axis.
    """
    same = np.allclose(
        (*first.scale, *first.translation), (*placed.scale, *placed.translation), 1e-12, 0
    )
    if same:
        return level.scale, level.translation
    ratio = [new / old for new, old in zip(placed.scale, first.scale, strict=True)]
    scale = tuple(s * r for s, r in zip(level.scale, ratio, strict=True))
    translation = tuple(
        (t - start) * r + new
        for t, start, r, new in zip(
            level.translation, first.translation, ratio, placed.translation, strict=True
        )
    )
    return scale, translation


def _planned(placed: Placed, count: int | None) -> tuple[LevelPlan, ...]:
    """Levels from the last one there is, itself included."""
    part = placed.part
    full, last = part.sources[0].shape, part.sources[-1].shape
    spacing = [s * f for s, f in zip(placed.scale, level_factors(full, last), strict=True)]
    types = tuple(axis.role for axis in part.axes)
    return plan_levels(last, types, spacing, count=None if count is None else max(1, count))


type _Level = tuple[tuple[int, ...], tuple[float, ...], tuple[int, ...]]


def safe_names(names: Sequence[str], there: Collection[str] = ()) -> list[str]:
    """Names for groups: distinct whatever their case, and harmless as parts of a path.

    Parameters
    ----------
    names : sequence of str
    there : collection of str
        Names that are taken already.
    """
    result: list[str] = []
    taken = {name.casefold() for name in there}
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
