"""Thumbnails of archives that are copied: those there are, and a new one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.errors import DamagedEntryError
from napari_ome_zip.image.own_thumbnail import free_name, with_room
from napari_ome_zip.names import ZARR_JSON
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.storage.json_writing import to_json
from napari_ome_zip.thumbnails.convention import (
    THUMBNAILS,
    stated_thumbnails,
    with_entries,
)
from napari_ome_zip.thumbnails.picture_facts import picture_facts
from napari_ome_zip.thumbnails.stored import MAX_PICTURE_BYTES


@dataclass(frozen=True)
class RoomForPicture:
    """What is written of an archive that gets a new thumbnail."""

    name: str
    """Of the entry that is drawn last."""
    root: bytes
    """The document of the root, with room for stating it."""
    copied: list[str]
    """Other entries, without the thumbnail that was made here before."""


def room_for_picture(
    store: HierarchyStore, documents: Mapping[str, bytes], copied: Sequence[str]
) -> RoomForPicture:
    """Make room for a thumbnail, in the place of one that was made here.

    Those that others made stay: what they show is still there.

    Parameters
    ----------
    store : HierarchyStore
        What is copied.
    documents : mapping of str to bytes
        All documents of the copy.
    copied : sequence of str
        Names of its other entries.
    """
    root = documents[ZARR_JSON]
    attributes = _attributes(root)
    stated = stated_thumbnails(attributes)
    named = {each.path for each in stated if not each.is_ours}
    # A list may name one picture a million times.
    own = {each.path for each in stated if each.is_ours and each.path is not None} - named
    old = {path for path in own if _is_picture_at_root(store, path)}
    replaced = {each.number for each in stated if each.is_ours}
    if replaced:
        listed = attributes[THUMBNAILS]
        rest = [entry for number, entry in enumerate(listed) if number not in replaced]
        root = to_json({**json.loads(root), "attributes": with_entries(attributes, rest)})
    kept = [name for name in copied if name not in old]
    name = free_name({each.partition("/")[0].lower() for each in (*documents, *kept)})
    return RoomForPicture(name, with_room(root, name), kept)


def thumbnails_last(root: bytes, names: Iterable[str]) -> list[str]:
    """Return names with those of thumbnails of the whole at the end, beside the directory."""
    pictures = {each.path for each in stated_thumbnails(_attributes(root))}
    return sorted(names, key=pictures.__contains__)


def _attributes(root: bytes) -> dict[str, Any]:
    try:
        document = json.loads(root)
    except (ValueError, RecursionError):
        return {}
    found = document.get("attributes") if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _is_picture_at_root(store: HierarchyStore, path: str) -> bool:
    """Whether an entry that was made here is a picture at the root, and nothing else."""
    if "/" in path or (store.size_of(path) or 0) > MAX_PICTURE_BYTES:
        return False
    try:
        found = store.read(path)
    except DamagedEntryError:
        return True  # a new one takes its place
    return found is not None and picture_facts(bytes(found)) is not None
