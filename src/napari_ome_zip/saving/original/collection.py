"""The documents of a collection (RFC-8) that images were opened from."""

from __future__ import annotations

import json
from typing import Any
from weakref import WeakKeyDictionary

from napari_ome_zip.image.found import NodePlace
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.saving.original.carrying import ROOT, raw_document
from napari_ome_zip.saving.original.merging import OME, is_foreign

type Json = dict[str, Any]


def is_collection(opened: Opened) -> bool:
    """Whether nodes of a collection lead to the images of a file."""
    return any(found.node or found.entry for found in opened.images.values())


def metadata_in(whole: Json, name: str) -> Json:
    """Return the node that the document of a name describes."""
    outer = whole["attributes"] if name.rpartition("/")[2] == ROOT else whole
    metadata: Json = outer[OME]
    return metadata


def inside(metadata: Any, parts: tuple[str | int, ...]) -> Any:
    """Return a part of a node by the keys and positions that lead to it."""
    for part in parts:
        metadata = metadata[part]
    return metadata


def attributes_at(opened: Opened, place: NodePlace) -> Json:
    """Return the attributes of a node as they are written."""
    known = _known.setdefault(opened, {})
    if place.document not in known:
        known[place.document] = json.loads(raw_document(opened, place.document))
    whole = known[place.document]
    attributes = inside(metadata_in(whole, place.document), place.parts).get("attributes")
    return attributes if isinstance(attributes, dict) else {}


_known: WeakKeyDictionary[Opened, dict[str, Json]] = WeakKeyDictionary()
"""Documents by file: one may hold thousands of nodes, each of which is asked about."""


def foreign_attributes(opened: Opened, path: str) -> Json:
    """Return what other programs note of an image in its node, and in the entry that leads to it.

    Empty for images of released versions.
    """
    found = opened.images.get(path)
    if found is None:
        return {}
    places = [place for place in (found.node, found.entry) if place is not None]
    return {
        key: value
        for place in places
        for key, value in attributes_at(opened, place).items()
        if is_foreign(key)
    }
