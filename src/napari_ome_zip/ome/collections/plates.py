"""Reads what makes a plate, a well and a field of view of nodes."""

from __future__ import annotations

from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.collections.node import Line, NodePlate, NodeReference, NodeWell
from napari_ome_zip.ome.collections.references import read_id, read_reference
from napari_ome_zip.ome.json_values import described, found_in, is_name
from napari_ome_zip.rules import MUST, Effect, Rule

SECTION = "RFC-8: High-content screening (HCS) metadata"

LINES_MISSING = Rule(
    "node-plate-lines-missing",
    MUST,
    SECTION,
    "A plate lists its rows and its columns, each with an id.",
    'Add "rows" and "columns", each a list of objects with an "id".',
    effect=Effect.PLACE,
)
WELL_INCOMPLETE = Rule(
    "node-well-incomplete",
    MUST,
    SECTION,
    "A well says in which row and column it lies, by their ids.",
    'Add "row" and "column", for instance {"id": "A"}.',
    effect=Effect.PLACE,
)


def read_plate(value: Any, at: At) -> NodePlate | None:
    """Read the attribute ``plate``; None where it is not an object."""
    if not isinstance(value, dict):
        at.wrong_type(value, "an object", SECTION, "ignored" if value is not None else "")
        return None
    for key in ("rows", "columns"):
        if not isinstance(value.get(key), list | tuple):
            at.report(LINES_MISSING, f"Plate without {key}: found {found_in(value, key)}")
    return NodePlate(
        _lines(value.get("rows"), at.key("rows")),
        _lines(value.get("columns"), at.key("columns")),
        _lines(value.get("acquisitions"), at.key("acquisitions")),
    )


def _lines(value: Any, at: At) -> tuple[Line, ...]:
    if not isinstance(value, list | tuple):
        return ()
    lines = []
    for index, item in enumerate(value):
        here = at.item(index)
        if not isinstance(item, dict):
            here.report(LINES_MISSING, f"Found {described(item)}, not an object", "ignored")
            continue
        id_ = read_id(item, here, needed=True)
        if id_ is None:
            here.report(LINES_MISSING, f"Found no id in one of the {at.field}", "ignored")
            continue
        name = item.get("name")
        if not isinstance(item.get("name", ""), str):
            here.key("name").wrong_type(name, "a string", SECTION)
        lines.append(here.mark(Line(id_, name if is_name(name) else id_)))
    return tuple(lines)


def read_well(value: Any, at: At) -> NodeWell | None:
    """Read the attribute ``well``; None, which is reported, without a row and a column."""
    if not isinstance(value, dict):
        at.wrong_type(value, "an object", SECTION, "ignored" if value is not None else "")
        return None
    ends: list[NodeReference] = []
    for key in ("row", "column"):
        if value.get(key) is None:
            found = f"Well without a {key}: found {found_in(value, key)}"
            at.report(WELL_INCOMPLETE, found, "it is shown beside the plate")
            continue
        end = read_reference(value[key], at.key(key), "it is shown beside the plate")
        ends += [] if end is None else [end]
    return NodeWell(*ends) if len(ends) == 2 else None


def read_acquisition(value: Any, at: At) -> NodeReference | None:
    """Read the attribute ``acquisition``; None, which is reported, where it is no reference."""
    return read_reference(value, at, "ignored")
