"""What of the files that layers came from does not go into a part of them; knows nothing of Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from weakref import WeakKeyDictionary

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.findings import Finding, listed
from napari_ome_zip.image.attachments import find_attachments
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.layers.layer_data import LayerData, layer_note
from napari_ome_zip.layers.opened_layer import OpenedLayer, opened_layer
from napari_ome_zip.names import file_name
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.thumbnails.convention import stated_thumbnails

PART_WITHOUT = "part-without"
_MOST_NAMED = 4

_ATTACHED: WeakKeyDictionary[Opened, tuple[str, ...]] = WeakKeyDictionary()
"""Names of what lies beside the images of a file: it is looked for once."""


def left_behind(layers: Sequence[LayerData]) -> tuple[Finding, ...]:
    """What files hold beside the pixels of layers, and a part of these will not; one a file.

    Parameters
    ----------
    layers : sequence of LayerData
        As they were before a part was cut out of them.
    """
    found: dict[int, list[tuple[OpenedLayer, LayerData]]] = {}
    for layer in layers:
        record = opened_layer(layer_note(layer[1]))
        if record is not None:
            found.setdefault(id(record.opened), []).append((record, layer))
    return tuple(finding for each in found.values() for finding in _of_file(each))


def _of_file(layers: Sequence[tuple[OpenedLayer, LayerData]]) -> Iterator[Finding]:
    opened = layers[0][0].opened
    notes = [layer_note(keywords) for _, (_, keywords, _) in layers]
    without = []
    tables = [table.name for table in opened.tables]
    if tables:
        named = listed(tables, _MOST_NAMED, "'{}'".format)
        without.append(f"the table{'' if len(tables) == 1 else 's'} {named}")
    if any(record.part.position or record.part.fields for record, _ in layers) and opened.plates:
        without.append("the rows, columns and wells of its plate")
    if any(len(note.get("systems") or ()) > 1 for note in notes):
        without.append("other coordinate systems")
    if any(note.get("nonlinear") for note in notes):
        without.append("the vector field that pixels are shown by")
    without += _attached(opened, [record for record, _ in layers])
    if without:
        source = opened.store.source
        name = opened.store.name if source is None else file_name(source)
        text = f"{name} holds more than the part: {_joined(without)}."
        yield Finding(PART_WITHOUT, name, text)


def _attached(opened: Opened, records: Sequence[OpenedLayer]) -> list[str]:
    """What lies beside the images; of a link nobody asks, for that fetches its whole directory."""
    if opened.store.is_remote:
        return ["whatever else lies beside its images"]
    if opened not in _ATTACHED:
        found = find_attachments(opened, [record.part for record in records])
        known = _thumbnails(opened)  # of which the part gets its own
        _ATTACHED[opened] = tuple(
            each.title
            for each in found
            if each.table is None and not each.is_table and each.path not in known
        )
    named = _ATTACHED[opened]
    return [listed(named, _MOST_NAMED, str)] if named else []


def _thumbnails(opened: Opened) -> set[str]:
    """Entries that are thumbnails of the whole, or of its images."""
    found = set()
    for path in {"", *opened.shown}:
        with suppress(MetadataError):
            node = opened.hierarchy.node(path)
            listed = () if node is None else stated_thumbnails(node.attributes)
            found |= {join(path, each.path) or "" for each in listed if each.path is not None}
    return found


def _joined(texts: Sequence[str]) -> str:
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last
