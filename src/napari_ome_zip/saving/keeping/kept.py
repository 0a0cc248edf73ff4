"""Save into the arrangement that a file has: what did not change stays where it is.

Documents are changed only where a person changed what they say; levels are encoded only where
their pixels changed; everything else is copied.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from napari_ome_zip.errors import SaveError
from napari_ome_zip.image.composite import CompositeImage, PlacedLabels, PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.names import is_zarr_json
from napari_ome_zip.ome import (
    DISPLAY_KEY,
    Dataset,
    OmeGroup,
    SystemRef,
    to_attributes,
)
from napari_ome_zip.ome.serialize import datasets_to_json
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.saving.arranging.descriptions import downsampling, part_group
from napari_ome_zip.saving.arranging.fresh import FreshHierarchy
from napari_ome_zip.saving.arranging.levels import level_count
from napari_ome_zip.saving.arranging.names import safe_names
from napari_ome_zip.saving.arranging.napari_group import add_napari_group
from napari_ome_zip.saving.arranging.ome_xml import METADATA_XML, ome_xml
from napari_ome_zip.saving.arranging.placement import Placed
from napari_ome_zip.saving.keeping.conditions import file_version
from napari_ome_zip.saving.keeping.label_place import images_by_path, own_place
from napari_ome_zip.saving.keeping.nodes import NodeKeeper
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.original.carrying import ROOT, carry, document
from napari_ome_zip.saving.original.collection import is_collection
from napari_ome_zip.saving.original.merging import (
    LABELS,
    OME,
    merged_datasets,
    merged_label,
    merged_omero,
    ome_of,
)
from napari_ome_zip.saving.original.removed import gone, part_paths, removed
from napari_ome_zip.saving.original.stored import StoredMultiscale, as_stored, stored_multiscale
from napari_ome_zip.saving.original.tables import losses_of_tables
from napari_ome_zip.saving.planned import SavePlan
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.storage.json_writing import to_json


def kept_plan(image: CompositeImage, opened: Opened, options: SaveOptions) -> SavePlan:
    """Plan for a file that keeps its arrangement, see `why_not_kept`."""
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
    keeper.nodes.finish()
    beside = add_napari_group(image, options, keeper.moves, keeper.documents, keeper.fresh.arrays)
    documents, copies = carry(opened, keeper.moves, keeper.documents)
    other = {name: documents.pop(name) for name in list(documents) if not is_zarr_json(name)}
    there = {path: path for part in image.parts if part.kept for path in part_paths(part)}
    lost = (
        *(gone(opened, path) for path in removed(image, opened)),
        *losses_of_tables(image, opened, keeper.moves, there),
        *beside,
    )
    return SavePlan(
        _stated(opened, version),
        documents,
        tuple(keeper.fresh.arrays),
        "kept",
        copies,
        opened.store,
        other | _series_xml(image, opened),
        lost,
    )


def _stated(opened: Opened, version: str) -> str:
    """The version that the root states, such as one of an older draft of collections."""
    root = opened.hierarchy.node("")
    ome = root.attributes.get(OME) if root is not None and is_collection(opened) else None
    stated = ome.get("version") if isinstance(ome, dict) else None
    return stated if isinstance(stated, str) else version


def _series_xml(image: CompositeImage, opened: Opened) -> dict[str, bytes]:
    """OME-XML for programs that need it to open a series, where the file has none."""
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


class _Keeper:
    """Collects what changes in a file."""

    def __init__(
        self, image: CompositeImage, opened: Opened, options: SaveOptions, version: str
    ) -> None:
        self.images = images_by_path(image)
        self.opened = opened
        self.options = options
        self.version = version
        self.fresh = FreshHierarchy(options, version)
        self.nodes = NodeKeeper(opened, self.fresh)
        self.is_collection = is_collection(opened)
        self.moves: dict[str, str | None] = {}
        self._listed: dict[str, list[str]] = {}
        """Names that lists of labels get, by the path of the group that has the list."""

    @property
    def documents(self) -> dict[str, bytes]:
        """Documents that differ from those of the file."""
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
        """Update the metadata of a part, and its levels where pixels changed."""
        paths = part_paths(part)
        for path in paths:
            found = self.opened.images[path]
            if found.node is not None:
                self.nodes.describe(part, found, first=path == paths[0])
            else:
                self._describe(part, path, first=path == paths[0])
            if part.kept and not part.kept.pixels:
                self._rewrite(part, path, pixels=True)
            elif self._is_stored_otherwise(part, path):
                self._rewrite(part, path, pixels=False)

    def _is_stored_otherwise(self, part: PlacedPart, path: str) -> bool:
        if not self.options.as_in_file or self.options.levels is not None:
            return True
        stored = stored_multiscale(self.opened, path, part.multiscale)
        return stored is not None and not all(level.keeps_bytes for level in stored.levels)

    def _describe(self, part: PlacedPart, path: str, *, first: bool) -> None:
        version = self.opened.images[path].group.version or self.version
        said = to_attributes(part_group(part, None, version), version)

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
            raise SaveError(f"Image '{path}' of the file can no longer be read: open it again.")
        if not pixels:
            part = as_stored(part, stored)
            part = replace(part, sources=tuple(lazy(level.array) for level in stored.levels))
        first = stored.levels[0]
        placed = Placed(part, first.scale, first.translation, None)
        count = self.options.levels or max(
            level_count(placed, self.options) if not pixels else 1,
            self._levels_of_image(part, stored),
        )
        count = len(stored.levels) if self.is_collection else count
        datasets = self.fresh.add_arrays(path, placed, count, stored)
        for level in stored.levels:
            self.moves[level.path] = None
        if not self.is_collection:  # whose levels stay those that they are
            self._list_levels(part, path, stored, datasets)

    def _list_levels(
        self, part: PlacedPart, path: str, stored: StoredMultiscale, datasets: Sequence[Dataset]
    ) -> None:
        """List the levels that there are now, and how smaller ones were made."""
        shapes = [array.shape for array in self.fresh.arrays[-len(datasets) :]]
        alike = shapes == [level.array.shape for level in stored.levels] and stored.is_whole
        made = len(part.sources) < len(datasets)
        kind, details = downsampling(part, len(datasets))
        listed = tuple(_in_system(dataset, stored.system) for dataset in datasets)
        said = datasets_to_json(replace(stored.model, datasets=listed), self.version)

        def edit(attributes: dict[str, Any]) -> None:
            multiscale = ome_of(attributes)["multiscales"][part.multiscale]
            if not alike:
                before = multiscale.get("datasets")
                multiscale["datasets"] = merged_datasets(before, said)
                if not self.fresh.spec.graph:
                    # What came after each level's own transformations is part of them now.
                    multiscale.pop("coordinateTransformations", None)
            if made:
                multiscale |= {"type": kind, "metadata": details.to_json()}

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
        found = self.opened.images[part.image_path]
        if self.is_collection:
            stored = stored_multiscale(self.opened, part.image_path)
            levels = self.options.levels or (len(stored.levels) if stored else 1)
            self.nodes.add_labels(part, placed, found, levels)
            return
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
        """Leave out label images, also from the lists that name them."""
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
