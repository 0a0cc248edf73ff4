"""The facts about an item of the tree; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_ome_zip.files import is_link
from napari_ome_zip.image.attachments import Attachment
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.plugin.contents.facts import Facts, part_facts, version_of
from napari_ome_zip.plugin.contents.model import Item, Kind
from napari_ome_zip.plugin.contents.shown import OpenLayer
from napari_ome_zip.plugin.contents.tables import table_facts
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage.archive_store import ArchiveStore
from napari_ome_zip.storage.base import HierarchyStore

_BRANCHES = (Kind.WELLS, Kind.TABLES, Kind.ATTACHMENTS, Kind.LAYER)


def facts_of(
    items: Sequence[Item],
    opened: Opened | None,
    beside: Sequence[OpenLayer] = (),
    layers: Sequence[OpenLayer] = (),
) -> Facts:
    """Facts about the items that are selected: about one of them all, of several how many.

    Parameters
    ----------
    items : sequence of Item
    opened : Opened, optional
        The hierarchy that they are in.
    beside : sequence of OpenLayer
        All layers of the window.
    layers : sequence of OpenLayer
        Those that show it.
    """
    if not items:
        return []
    if len(items) > 1:
        return [("Selected", f"{len(items):,}")]
    (item,) = items
    first = (str(item.kind).capitalize(), item.name)
    if item.kind is Kind.FILE:
        return [first, *_of_file(item, opened)]
    if item.attachment is not None:
        table = item.attachment.table
        if table is not None:
            first = "Table", table.name
        more = [] if table is None else table_facts(table, layers)
        return [first, *more, *_of_attachment(item.attachment)]
    if item.kind in _BRANCHES or not item.places:
        return [(first[0], item.detail or item.name)]
    place = item.places[0]
    if item.kind is Kind.WELL:
        fields = [("Fields of view", f"{len({f.path for p in item.places for f in p.fields}):,}")]
        return [first, *fields, *part_facts(place.shown, opened, place.fields[0], beside)]
    field = place.fields[0] if place.fields else None
    return [first, *part_facts(place.shown, opened, field, beside)]


def _of_file(item: Item, opened: Opened | None) -> Facts:
    facts = [("Content", item.detail)]
    if opened is None:
        return facts
    version = version_of(opened, "")
    facts += [("Size", _size(opened.store)), ("OME-Zarr", version), _place(opened.store.source)]
    return [(name, value) for name, value in facts if value]


def _place(source: str | None) -> tuple[str, str]:
    if source is not None and is_link(source):
        return "Link", source
    return "Folder", "" if source is None else str(Path(source).parent)


def _size(store: HierarchyStore) -> str:
    """Size of a file that is still there."""
    try:
        if isinstance(store, ArchiveStore) and store.is_remote:
            return readable_size(store.file.size)
        return "" if store.source is None else readable_size(Path(store.source).stat().st_size)
    except OSError:
        return ""


def _of_attachment(one: Attachment) -> Facts:
    facts = [("Size", readable_size(one.size)), ("In the file at", one.path)]
    if one.held and one.table is None:
        facts.insert(0, ("Content", f"{len(one.held):,}"))
    return facts
