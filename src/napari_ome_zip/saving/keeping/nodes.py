"""Changes in the documents of collections (RFC-8): all that a person did not change stays."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from typing import Any

from napari_ome_zip.errors import SaveError
from napari_ome_zip.image.composite import PlacedLabels, PlacedPart
from napari_ome_zip.image.found import Found, NodePlace
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.ome import DISPLAY_KEY, CoordinateSystem, Multiscale, OmeGroup, to_attributes
from napari_ome_zip.ome.collections.attributes import DISPLAY
from napari_ome_zip.ome.collections.node import MULTISCALE
from napari_ome_zip.ome.collections.writer import (
    labels_to_attribute,
    multiscale_to_node,
    path_to_json,
)
from napari_ome_zip.saving.arranging.descriptions import INTRINSIC, part_group
from napari_ome_zip.saving.arranging.fresh import FreshHierarchy
from napari_ome_zip.saving.arranging.names import safe_names
from napari_ome_zip.saving.arranging.placement import Placed
from napari_ome_zip.saving.original.carrying import ROOT, raw_document
from napari_ome_zip.saving.original.collection import inside, metadata_in
from napari_ome_zip.saving.original.merging import OME, merged_omero
from napari_ome_zip.storage.json_writing import to_json

type Json = dict[str, Any]

_NOT_OF_IDS = re.compile(r"[^a-zA-Z0-9\-_.]+")


class NodeKeeper:
    """Collects what changes in the documents of a collection.

    Parameters
    ----------
    opened : Opened
    fresh : FreshHierarchy
        Collects new documents and arrays.
    """

    def __init__(self, opened: Opened, fresh: FreshHierarchy) -> None:
        self.opened = opened
        self.fresh = fresh
        self._documents: dict[str, Json] = {}
        self._changed: set[str] = set()
        self._new: set[str] = set()
        """Paths of new label images."""

    def describe(self, part: PlacedPart, found: Found, *, first: bool) -> None:
        """Write how a part is shown."""
        said = to_attributes(part_group(part, None, self.fresh.version), self.fresh.version)

        def settings(attributes: Json) -> None:
            attributes["omero"] = merged_omero(attributes.get("omero"), said[OME]["omero"])

        def look(attributes: Json) -> None:
            before = attributes.get("labels")
            kept = before if isinstance(before, dict) else {}
            kept = {key: value for key, value in kept.items() if key != "labelAttributes"}
            attributes["labels"] = kept | labels_to_attribute(said[OME]["image-label"])

        def display(attributes: Json) -> None:
            attributes[DISPLAY] = said[DISPLAY_KEY]

        if "omero" in said[OME]:
            self._edit_stated("omero", found, settings)
        if isinstance(part, PlacedLabels) and part.kept and not part.kept.look:
            self._edit_stated("labels", found, look)
        if first and DISPLAY_KEY in said and found.node is not None:
            self.edit(found.node, display)

    def _edit_stated(self, key: str, found: Found, change: Callable[[Json], None]) -> None:
        """Change an attribute in the entry where that has it, which is the one that counts."""
        there = [place for place in (found.entry, found.node) if place is not None]
        stating = (place for place in there if key in self._attributes(place))
        place = next(stating, there[-1] if there else None)
        if place is not None:
            self.edit(place, change)

    def add_labels(self, part: PlacedLabels, placed: Placed, image: Found, count: int) -> None:
        """New labels, as a node beside their image."""
        entry = image.entry
        if entry is None or len(entry.parts) < 2:
            raise SaveError(f"Labels '{part.name}' belong to no collection of the file.")
        folder = posixpath.dirname(image.group.path)
        taken = {*self.opened.store.child_names(folder)}
        taken |= {path.rpartition("/")[2] for path in self._new}
        (name,) = safe_names([part.name], taken)
        path = f"{folder}/{name}" if folder else name
        self._new.add(path)
        self._write_labels(path, part.name, placed, count)
        said = to_attributes(part_group(part, None, self.fresh.version), self.fresh.version)
        base = posixpath.dirname(entry.document)

        metadata = metadata_in(self._whole(entry.document), entry.document)
        siblings = inside(metadata, entry.parts[:-1])
        source = {"id": _id_of(self._node(entry), metadata)}
        taken_names = {each.get("name") for each in siblings if isinstance(each, dict)}
        siblings.append(
            {
                "type": MULTISCALE,
                "name": _distinct(part.name, taken_names),
                "path": path_to_json(posixpath.relpath(path, base or ".")),
                "attributes": {"labels": labels_to_attribute(said[OME]["image-label"], [source])},
            }
        )
        self._changed.add(entry.document)

    def _write_labels(self, path: str, name: str, placed: Placed, count: int) -> None:
        datasets = tuple(self.fresh.add_arrays(path, placed, count))
        system = CoordinateSystem(INTRINSIC, placed.part.axes)
        group = OmeGroup(multiscales=(Multiscale(name, None, (system,), datasets),))
        (written,) = to_attributes(group, self.fresh.version)[OME]["multiscales"]
        ome = {"version": self.fresh.version, **multiscale_to_node(written)}
        document = {"zarr_format": 3, "node_type": "group", "attributes": {OME: ome}}
        self.fresh.documents[f"{path}/{ROOT}"] = to_json(document)

    def edit(self, place: NodePlace, change: Callable[[Json], None]) -> None:
        """Change the attributes of a node; unless anything changes, its document stays."""
        node = self._node(place)
        before = node.get("attributes")
        attributes = json.loads(json.dumps(before)) if isinstance(before, dict) else {}
        change(attributes)
        if attributes != (before or {}):
            node["attributes"] = attributes
            self._changed.add(place.document)

    def finish(self) -> None:
        """Write the documents that changed."""
        for name in self._changed:
            self.fresh.documents[name] = to_json(self._whole(name))

    def _node(self, place: NodePlace) -> Json:
        node: Json = inside(metadata_in(self._whole(place.document), place.document), place.parts)
        return node

    def _attributes(self, place: NodePlace) -> Json:
        attributes = self._node(place).get("attributes")
        return attributes if isinstance(attributes, dict) else {}

    def _whole(self, name: str) -> Json:
        """Return a document, with what has changed so far: one may hold thousands of nodes."""
        if name not in self._documents:
            self._documents[name] = json.loads(raw_document(self.opened, name))
        return self._documents[name]


def _id_of(node: Json, whole: Json) -> str:
    """Return the id of a node, which gets one that nothing else has where it has none."""
    if not isinstance(node.get("id"), str):
        wanted = _NOT_OF_IDS.sub("_", str(node.get("name") or "image"))
        node["id"] = _distinct(wanted, set(_ids(whole)))
    found: str = node["id"]
    return found


def _ids(value: Any) -> list[Any]:
    """Return everything in a document that is called an id."""
    found, waiting = [], [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            found += [each["id"]] if isinstance(each.get("id"), str) else []
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found


def _distinct(wanted: str, taken: set[Any]) -> str:
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name
