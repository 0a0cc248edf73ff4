"""What is to be known of a table: what it is about, and what it is among the layers; no Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from napari_ome_zip.findings import listed
from napari_ome_zip.image.composite import PlacedLabels
from napari_ome_zip.image.tables.backends.bounds import TOO_LARGE
from napari_ome_zip.image.tables.table import Table, TableKind
from napari_ome_zip.layers.layer_data import REDRAWN
from napari_ome_zip.layers.opened_layer import OpenedLayer, opened_layer
from napari_ome_zip.layers.region_layers import region_layer_of
from napari_ome_zip.layers.region_shapes import MAX_SHAPES
from napari_ome_zip.plugin.contents.facts import Facts
from napari_ome_zip.plugin.contents.shown import OpenLayer


def table_facts(table: Table, layers: Sequence[OpenLayer]) -> Facts:
    """Facts about a table.

    Parameters
    ----------
    table : Table
    layers : sequence of OpenLayer
        Those of its file.
    """
    kind = (table.type or "table").replace("_", " ")
    facts = [
        ("Form", f"{kind} ({table.form})"),
        ("Content", str(table.size)),
        ("About", ", ".join(table.labels)),
        ("Used as", _use(table, layers)),
    ]
    return [(name, value) for name, value in facts if value]


def can_be_loaded(table: Table, layers: Sequence[OpenLayer]) -> bool:
    """Whether a table could be features of labels that are shown, and was only too large for it."""
    failure = table.failure
    is_other_fault = bool(table.problem) or (failure is not None and failure.code != TOO_LARGE)
    shown = list(labels_about(table, layers))
    is_there = any(table is joined.table for _, record in shown for joined in record.tables)
    return bool(shown) and not is_other_fault and not is_there


def labels_about(
    table: Table, layers: Sequence[OpenLayer]
) -> Iterator[tuple[OpenLayer, OpenedLayer]]:
    """The layers of labels that rows of a table are about, and what these were when opened."""
    for layer in layers if table.kind is TableKind.FEATURES else ():
        record = opened_layer(layer.note)
        if record is None or layer.kind != "labels" or record.part.fields:
            continue
        if table in record.opened.tables and record.part.path in table.labels:
            yield layer, record


def _use(table: Table, layers: Sequence[OpenLayer]) -> str:
    """What a table is in the viewer, or why it is nothing."""
    if table.problem:
        return f"nothing. {table.problem}"
    if table.kind is TableKind.OTHER:
        return "nothing: its rows name no labels and no regions"
    if table.kind is TableKind.REGIONS:
        return _use_as_regions(table, layers)
    shown = list(labels_about(table, layers))
    added = [
        (layer.name, each)
        for layer, record in shown
        for each in record.tables
        if each.table is table
    ]
    if added:
        joined = [name for name, each in added if each.columns]
        problems = (finding.message for _, each in added for finding in each.findings)
        names = listed(joined, 3) + (", without measurements (X)" if table.is_wide else "")
        return f"features of {names}" if joined else f"nothing. {' '.join(problems)}"
    if shown:
        return "nothing yet: it is large" if table.failure is None else f"nothing. {table.failure}"
    return f"nothing: {_why_about_none(table, layers)}"


def _why_about_none(table: Table, layers: Sequence[OpenLayer]) -> str:
    """Why there is no layer of labels that a table is about."""
    if not table.labels:
        if table.absent:
            return f"it is about labels that are not there: {listed(table.absent, 3)}"
        return "it does not say which labels its rows are about"
    for layer in layers:
        record = opened_layer(layer.note)
        part = None if record is None else record.part
        fields = part.fields if isinstance(part, PlacedLabels) else ()
        if any(field.path in table.labels for field in fields):
            return f"'{layer.name}' shows several fields, each of which numbers its objects anew"
    return "the labels that it is about are not shown"


def _use_as_regions(table: Table, layers: Sequence[OpenLayer]) -> str:
    for layer in layers:
        record = region_layer_of(layer.note)
        if record is not None and record.table is table:
            return f"the layer '{layer.name}', hidden at first"
        if layer.note.get(REDRAWN) == table.path:
            return f"nothing: it is older than the layer '{layer.name}', which was made of it"
    if table.failure is not None:
        return f"nothing. {table.failure}"
    if (table.size.rows or 0) > MAX_SHAPES:
        return f"nothing: more than {MAX_SHAPES:,} regions are not drawn"
    if not table.was_read:
        return "nothing: it lies in no image that is shown by itself, or after many others"
    return "nothing: it has no boxes (such as x_micrometer and len_x_micrometer)"
