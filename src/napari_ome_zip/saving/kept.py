"""Save into the arrangement that a file has: what did not change stays where it is.

Documents are changed only where a person changed what they say; levels are encoded only where
their pixels changed; everything else is copied.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from napari_ome_zip.errors import SaveError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage, PlacedLabels, PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.ome import (
    DISPLAY_KEY,
    Dataset,
    OmeGroup,
    SystemRef,
    Transformation,
    to_attributes,
)
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.saving.arrays import to_json
from napari_ome_zip.saving.carrying import ROOT, carry, document
from napari_ome_zip.saving.descriptions import downsampling, part_group
from napari_ome_zip.saving.fresh import FreshHierarchy, level_count, safe_names
from napari_ome_zip.saving.label_place import ImagesByPath, images_by_path, own_place
from napari_ome_zip.saving.merging import OME, merged_datasets, merged_label, merged_omero, ome_of
from napari_ome_zip.saving.ome_xml import METADATA_XML, ome_xml
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.placement import Placed
from napari_ome_zip.saving.planned import SavePlan, Version
from napari_ome_zip.saving.stored import StoredMultiscale, as_stored, stored_multiscale
from napari_ome_zip.storage.hierarchy import join

LABELS = "labels"
MAX_NAMED = 5


def why_not_kept(
    image: CompositeImage, opened: Opened, version: Version | None, levels: int | None = None
) -> str | None:
    """Why a file cannot keep its arrangement; None where it can.

    Parameters
    ----------
    image : CompositeImage
        What is to be saved.
    opened : Opened
        The file that it came from.
    version : {"0.5", "0.6"} or None
        The version that was asked for.
    levels : int, optional
        The number of levels that was asked for.
    """
    has = file_version(opened)
    if has is None:
        return "its OME-Zarr version is one that is only read"
    if version is not None and version != has:
        return f"version {version} was chosen"
    images = images_by_path(image)
    for part in image.parts:
        problem = _why_not(part, images, opened, levels)
        if problem is not None:
            return problem
    for path in removed(image, opened):
        if opened.images[path].kind == "image":
            return f"image '{path or opened.store.name}' is not among the layers"
        if path in _referred_to(opened):
            return f"labels '{path}' are not among the layers"
    return None


def _why_not(
    part: PlacedPart, images: ImagesByPath, opened: Opened, levels: int | None
) -> str | None:
    if part.kept is None:
        if not isinstance(part, PlacedLabels):
            return f"image '{part.name}' is new"
        return None if own_place(part, images, opened) else f"labels '{part.name}' lie elsewhere"
    if not part.kept.place:
        return f"'{part.name}' was moved"
    if any(_is_tilted_anew(part, path, opened, levels) for path in part_paths(part)):
        return f"levels of '{part.name}' are placed by more than scale and translation"
    if part.kept.pixels:
        return None
    stored = stored_multiscale(opened, part.path, part.multiscale)
    if part.fields or stored is None or stored.levels[0].array.ndim != len(part.axes):
        return f"'{part.name}' was changed as a whole"
    return None


def _is_tilted_anew(part: PlacedPart, path: str, opened: Opened, levels: int | None) -> bool:
    """Whether levels are stated anew whose place scale and translation alone do not tell."""
    stored = stored_multiscale(opened, path, part.multiscale)
    if stored is None or stored.is_straight:
        return False
    if levels not in (None, len(stored.levels)):
        return True
    alike = len(stored.levels) == 1 and part.shape == stored.levels[0].array.shape
    return part.kept is not None and not part.kept.pixels and not alike


def file_version(opened: Opened) -> Version | None:
    """The version that a file's documents are of; None where they are of Zarr v2, or disagree."""
    versions = {found.group.version for found in opened.images.values()}
    formats = {found.group.zarr_format for found in opened.images.values()}
    if formats != {3} or len(versions) != 1 or ROOT not in opened.sizes:
        return None
    (found,) = versions
    return "0.5" if found == "0.5" else "0.6" if found == "0.6" else None


def removed(image: CompositeImage, opened: Opened) -> tuple[str, ...]:
    """Paths of the groups that opening showed and no part stands for any more."""
    there = {path for part in image.parts if part.kept for path in part_paths(part)}
    return tuple(path for path in opened.images if path in opened.shown and path not in there)


def part_paths(part: PlacedPart) -> tuple[str, ...]:
    """Paths of the groups that a part consists of."""
    return tuple(field.path for field in part.fields) or (part.path,)


def _referred_to(opened: Opened) -> set[str]:
    """Groups that transformations of other groups name."""
    return {path for path, _ in _references(opened)}


def _references(opened: Opened) -> Iterator[tuple[str, str]]:
    for path, found in opened.images.items():
        group = found.group
        listed: list[Transformation] = list(group.scene.transformations if group.scene else ())
        listed += [t for multiscale in group.multiscales for t in multiscale.transformations]
        for each in listed:
            for ref in (each.input, each.output):
                if ref is not None and ref.path and (target := join(path, ref.path)) is not None:
                    yield target, path


def kept_plan(image: CompositeImage, opened: Opened, options: SaveOptions) -> SavePlan:
    """What is written of a file that keeps its arrangement, see `why_not_kept`."""
    version = file_version(opened)
    if version is None:
        raise SaveError("The file is of an OME-Zarr version that is only read.")
    keeper = _Keeper(image, opened, options, version)
    for part in image.parts:
        if part.kept is None:
            keeper.add_labels(part)
        else:
            keeper.update(part)
    keeper.remove(removed(image, opened))
    documents, copies = carry(opened, keeper.moves, keeper.documents)
    lost = tuple(gone(opened, path) for path in removed(image, opened))
    return SavePlan(
        version,
        documents,
        tuple(keeper.fresh.arrays),
        "kept",
        copies,
        opened.store,
        _series_xml(image, opened),
        lost,
    )


def _series_xml(image: CompositeImage, opened: Opened) -> dict[str, bytes]:
    """What describes a series for programs that fail without it, where the file has none."""
    root = opened.hierarchy.node("")
    attributes = {} if root is None else root.attributes
    if METADATA_XML in opened.sizes or "bioformats2raw.layout" not in ome_of(attributes):
        return {}
    images = []
    parts = images_by_path(image)
    for path, found in opened.images.items():
        part = parts.get(path) if found.kind == "image" else None
        stored = None if part is None else stored_multiscale(opened, path, part.multiscale)
        if part is not None and stored is not None:
            first = stored.levels[0]
            whole = as_stored(part, stored)
            images.append((path, Placed(whole, first.scale, first.translation, None)))
    return {METADATA_XML: ome_xml(images)}


def gone(opened: Opened, path: str) -> Finding:
    """What is reported of a group that opening showed, and that is not saved."""
    return Finding(
        "image-removed",
        path,
        f"'{path}' of {opened.store.name} is not among the layers: the saved file is without it"
        f"{_with_others(opened, path)}.",
    )


def _with_others(opened: Opened, path: str) -> str:
    """What else lies in the folder of an image, by name."""
    if not path:
        return ""
    stored = stored_multiscale(opened, path)
    own = {level.path for level in stored.levels} if stored else set()
    own |= {f"{path}/{LABELS}", f"{path}/{ROOT}"}
    others = [f"{path}/{name}" for name in opened.store.child_names(path)]
    others = [other for other in others if other not in own]
    return f", and without {', '.join(others[:MAX_NAMED])}" if others else ""


class _Keeper:
    """Collects what changes in a file."""

    def __init__(
        self, image: CompositeImage, opened: Opened, options: SaveOptions, version: Version
    ) -> None:
        self.images = images_by_path(image)
        self.opened = opened
        self.options = options
        self.version = version
        self.fresh = FreshHierarchy(options, version)
        self.moves: dict[str, str | None] = {}
        self._listed: dict[str, list[str]] = {}
        """Names that lists of labels get, by the path of the group that has the list."""

    @property
    def documents(self) -> dict[str, bytes]:
        """Documents that are not those of the file."""
        return self.fresh.documents

    def change(self, path: str, edit: Callable[[dict[str, Any]], None]) -> None:
        """Change the attributes of a group; the rest of its document stays."""
        name = f"{path}/{ROOT}" if path else ROOT
        changed = self.documents.get(name)
        whole = json.loads(changed) if changed is not None else document(self.opened, path)
        before = json.dumps(whole)
        edit(whole.setdefault("attributes", {}))
        if json.dumps(whole) != before:
            self.documents[name] = to_json(whole)

    def update(self, part: PlacedPart) -> None:
        """Bring what is said of a part up to date, and its levels where pixels changed."""
        paths = part_paths(part)
        for path in paths:
            self._describe(part, path, first=path == paths[0])
            if part.kept and not part.kept.pixels:
                self._rewrite(part, path, pixels=True)
            elif not self.options.as_in_file or self.options.levels is not None:
                self._rewrite(part, path, pixels=False)

    def _describe(self, part: PlacedPart, path: str, *, first: bool) -> None:
        said = to_attributes(part_group(part, None, self.version), self.version)

        def edit(attributes: dict[str, Any]) -> None:
            ome = attributes.setdefault(OME, {})
            if "omero" in said[OME]:
                ome["omero"] = merged_omero(ome.get("omero"), said[OME]["omero"])
            if isinstance(part, PlacedLabels) and part.kept and not part.kept.look:
                ome["image-label"] = merged_label(ome.get("image-label"), said[OME]["image-label"])
            if first and DISPLAY_KEY in said:
                attributes[DISPLAY_KEY] = said[DISPLAY_KEY]

        self.change(path, edit)

    def _rewrite(self, part: PlacedPart, path: str, *, pixels: bool) -> None:
        """Encode the levels of a part anew, under the names that they have."""
        stored = stored_multiscale(self.opened, path, part.multiscale)
        if stored is None:
            raise SaveError(f"Image '{path}' of the file cannot be read any more: open it again.")
        if not pixels:
            part = as_stored(part, stored)
            part = replace(part, sources=tuple(lazy(level.array) for level in stored.levels))
        first = stored.levels[0]
        placed = Placed(part, first.scale, first.translation, None)
        count = self.options.levels or max(
            level_count(placed, self.options) if not pixels else 1,
            self._levels_of_image(part, stored),
        )
        datasets = self.fresh.add_arrays(path, placed, count, stored)
        for level in stored.levels:
            self.moves[level.path] = None
        self._list_levels(part, path, stored, datasets)

    def _list_levels(
        self, part: PlacedPart, path: str, stored: StoredMultiscale, datasets: Sequence[Dataset]
    ) -> None:
        """Say which levels there are now, and how those that were made were made."""
        shapes = [array.shape for array in self.fresh.arrays[-len(datasets) :]]
        alike = shapes == [level.array.shape for level in stored.levels] and stored.is_whole
        made = len(part.sources) < len(datasets)
        kind, details = downsampling(part, len(datasets))
        listed = tuple(_in_system(dataset, stored.system) for dataset in datasets)
        model = replace(
            stored.model, datasets=listed, transformations=(), type=kind, metadata=details
        )
        said = to_attributes(OmeGroup(multiscales=(model,)), self.version)[OME]["multiscales"][0]

        def edit(attributes: dict[str, Any]) -> None:
            multiscale = ome_of(attributes)["multiscales"][part.multiscale]
            if not alike:
                before = multiscale.get("datasets")
                multiscale["datasets"] = merged_datasets(before, said["datasets"])
                if self.version == "0.5":
                    # What came after each level's own transformations is part of them now.
                    multiscale.pop("coordinateTransformations", None)
            if made:
                multiscale |= {"type": said["type"], "metadata": said["metadata"]}

        self.change(path, edit)

    def _levels_of_image(self, part: PlacedPart, stored: StoredMultiscale) -> int:
        """Labels MUST have as many levels as their image (0.5, "labels" metadata)."""
        own = len(stored.levels)
        if isinstance(part, PlacedLabels) and part.image_path is not None:
            image = stored_multiscale(self.opened, part.image_path)
            return own if image is None else len(image.levels)
        return own

    def add_labels(self, part: PlacedPart) -> None:
        """New labels, in the folder of labels of their image."""
        placed = own_place(part, self.images, self.opened)
        if placed is None or not isinstance(part, PlacedLabels) or part.image_path is None:
            raise SaveError(f"Labels '{part.name}' belong to no image of the file.")
        folder = join(part.image_path, LABELS) or LABELS
        taken = {*self.opened.store.child_names(folder), *self._listed.get(folder, ())}
        (name,) = safe_names([part.name], taken)
        image = stored_multiscale(self.opened, part.image_path)
        count = self.options.levels or (len(image.levels) if image else 1)
        self.fresh.add_part(f"{folder}/{name}", placed, count)
        self._listed.setdefault(folder, []).append(name)
        if f"{folder}/{ROOT}" not in self.opened.sizes and f"{folder}/{ROOT}" not in self.documents:
            self.fresh.add_group(folder, OmeGroup(version=self.version, labels=()))
        self.change(folder, partial(_list_more, name))

    def remove(self, paths: Sequence[str]) -> None:
        """Leave out label images, and what lists them."""
        for path in paths:
            self.moves[path] = None
            folder, _, name = path.rpartition("/")
            if f"{folder}/{ROOT}" in self.opened.sizes:
                self.change(folder, partial(_list_less, name))


def _in_system(dataset: Dataset, name: str) -> Dataset:
    """A level in the coordinate system of that name, which its document has already."""
    if dataset.transformation is None:
        return dataset
    return replace(
        dataset, transformation=replace(dataset.transformation, output=SystemRef(name=name))
    )


def _list_more(name: str, attributes: dict[str, Any]) -> None:
    ome = attributes.setdefault(OME, {})
    listed = ome.get(LABELS)
    ome[LABELS] = [*(listed if isinstance(listed, list) else ()), name]


def _list_less(name: str, attributes: dict[str, Any]) -> None:
    ome = attributes.get(OME)
    if isinstance(ome, dict) and isinstance(ome.get(LABELS), list):
        ome[LABELS] = [each for each in ome[LABELS] if each != name]
