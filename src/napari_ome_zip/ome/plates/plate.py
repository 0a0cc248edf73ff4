"""Reads plates: rows, columns and wells of a high-content screen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import found_in, integer, is_name, quoted, string
from napari_ome_zip.ome.plates.acquisition import Acquisition, parse_acquisitions, parse_field_count
from napari_ome_zip.ome.plates.lines import ALPHANUMERIC, SECTION, Lines, parse_lines
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule

NAME_MISSING = Rule(
    "plate-name-missing",
    SHOULD,
    SECTION,
    "A plate has a name.",
    'Add the "name" of the plate.',
    effect=Effect.NAMES,
)
FIELD_COUNT_MISSING = Rule(
    "plate-field-count-missing",
    SHOULD,
    SECTION,
    "A plate says how many fields of view its wells have at most.",
    'Add "field_count".',
    effect=Effect.DETAIL,
)
WELLS_MISSING = Rule(
    "plate-wells-missing",
    MUST,
    SECTION,
    "A plate lists its wells.",
    "List every well that holds images, with path, rowIndex and columnIndex.",
    effect=Effect.NOT_SHOWN,
)
WELL_PATH_MISSING = Rule(
    "plate-well-path-missing",
    MUST,
    SECTION,
    "Every well has a path.",
    'Add the path: name of the row, slash, name of the column, for instance "A/1".',
    effect=Effect.NOT_SHOWN,
)
WELL_PATH_INVALID = Rule(
    "plate-well-path-invalid",
    MUST,
    SECTION,
    "The path of a well is the name of its row, a slash, and the name of its column.",
    'Write the path as row/column, for instance "A/1", with nothing before or after.',
    effect=Effect.NOT_SHOWN,
)
WELL_INDEX_MISSING = Rule(
    "plate-well-index-missing",
    MUST,
    SECTION,
    "Every well says in which row and column it lies, counting from 0.",
    'Add "rowIndex" and "columnIndex", counting from 0.',
    effect=Effect.PLACE,
)
WELL_INDEX = Rule(
    "plate-well-mismatch",
    MUST,
    SECTION,
    "Path, rowIndex and columnIndex of a well name the same row and column.",
    "Correct the path or the indices, which count from 0.",
    is_agreement=True,
    effect=Effect.PLACE,
)
WELL_DUPLICATE = Rule(
    "plate-well-duplicate",
    MUST,
    SECTION,
    "Every well is listed once.",
    "Remove the repeated entries.",
    effect=Effect.DIFFERENT,
)


@dataclass(frozen=True, slots=True)
class PlateWell:
    """One well: its group, and its row and column in the plate."""

    path: str
    """Path of the well, relative to the plate's group, such as ``A/1``."""
    row_index: int
    column_index: int


@dataclass(frozen=True, slots=True)
class Plate:
    """One plate (section "plate")."""

    name: str | None = None
    rows: tuple[str, ...] = ()
    """Names; every well's row index lies within."""
    columns: tuple[str, ...] = ()
    """Names; every well's column index lies within."""
    wells: tuple[PlateWell, ...] = ()
    acquisitions: tuple[Acquisition, ...] = ()
    field_count: int | None = None
    """The largest number of fields of view in a well."""


def parse_plate(value: Any, at: At) -> Plate | None:
    """Read a plate; None where it is not an object.

    Examples
    --------
    >>> from napari_ome_zip.ome.at import At, Departures, Document
    >>> plate = parse_plate({"wells": [{"path": "B/2"}]}, At(Document(""), Departures()))
    >>> plate.rows, plate.columns, plate.wells[0].row_index
    (('B',), ('2',), 0)
    """
    at = at.owned()
    if not isinstance(value, dict):
        at.wrong_type(value, "an object", SECTION, "ignored" if value is not None else "")
        return None
    rows, columns = parse_lines(value, "row", at), parse_lines(value, "column", at)
    wells = _wells(value, rows, columns, at)
    for lines in (rows, columns):
        lines.report_missing(value, at)
    acquisitions: tuple[Acquisition, ...] = ()
    if "acquisitions" in value:
        acquisitions = parse_acquisitions(value["acquisitions"], at.key("acquisitions"))
    if at.judging:
        _judge_missing(value, at)
    return at.mark(
        Plate(
            string(value.get("name")),
            tuple(rows.names),
            tuple(columns.names),
            wells,
            acquisitions,
            parse_field_count(value, "field_count", at),
        )
    )


def _judge_missing(value: dict[str, Any], at: At) -> None:
    if "name" not in value:
        at.report(NAME_MISSING, "Plate without a name")
    elif not isinstance(value["name"], str):
        at.key("name").wrong_type(value["name"], "a string", SECTION)
    if at.spec.details and "field_count" not in value:
        found = "Plate does not say how many fields of view a well has (field_count)"
        at.report(FIELD_COUNT_MISSING, found)


def _wells(value: dict[str, Any], rows: Lines, columns: Lines, at: At) -> tuple[PlateWell, ...]:
    listed, here = value.get("wells"), at.key("wells")
    if not isinstance(listed, list | tuple) or not listed:
        done = "" if isinstance(listed, list | tuple | None) else "ignored"
        at.report(WELLS_MISSING, f"Plate without wells: found {found_in(value, 'wells')}", done)
        return ()
    wells: list[PlateWell] = []
    for index, item in enumerate(listed):
        well = _well(item, rows, columns)
        departs = well is None or not isinstance(item, dict) or _is_beyond(well, rows, columns)
        # A plate may have thousands of wells: a place is made only for what departs.
        if here.judging or departs:
            _report_well(item, well, rows, columns, here.item(index))
        if well is not None:
            wells.append(well)
    if at.judging:
        for path, count in Counter(well.path for well in wells).items():
            if count > 1:
                here.report(WELL_DUPLICATE, f"Well {quoted(path)} is listed {count} times")
    return tuple(wells)


def _well(value: Any, rows: Lines, columns: Lines) -> PlateWell | None:
    given = value if isinstance(value, dict) else {"path": value}
    path = given.get("path")
    names = path.strip("/").split("/") if isinstance(path, str) else [""]
    if not isinstance(path, str) or names == [""]:
        return None
    row, column = names[-2:] if len(names) > 1 else (names[0], "1")
    return PlateWell(
        path,
        rows.place(integer(given.get("rowIndex")), row),
        columns.place(integer(given.get("columnIndex")), column),
    )


def _is_beyond(well: PlateWell, rows: Lines, columns: Lines) -> bool:
    return rows.is_beyond(well.row_index) or columns.is_beyond(well.column_index)


def _report_well(value: Any, well: PlateWell | None, rows: Lines, columns: Lines, at: At) -> None:
    done = "left out" if well is None else ""
    if not isinstance(value, dict):
        at.wrong_type(value, "a well object", SECTION, done)
    elif well is None:
        found = f"Well without a path: found {found_in(value, 'path')}"
        at.report(WELL_PATH_MISSING, found, done)
    if well is not None and _is_beyond(at.mark(well), rows, columns):
        at.report(WELL_INDEX, _outside(well.path, rows, columns), "the plate is enlarged")
    if at.judging and at.spec.details and isinstance(value, dict):
        _judge_form(value, at)
        if well is not None and not _is_beyond(well, rows, columns):
            _judge_indices(value, rows, columns, at)


def _judge_form(value: dict[str, Any], at: At) -> None:
    path = value.get("path")
    if is_name(path) and path.strip("/"):
        parts = path.split("/")
        if len(parts) != 2 or not all(ALPHANUMERIC.fullmatch(part) for part in parts):
            found = f"Path of a well is {quoted(path)}, not row/column"
            at.key("path").report(WELL_PATH_INVALID, found)
    for key in ("rowIndex", "columnIndex"):
        index = integer(value.get(key))
        if index is None or index < 0:
            found = f"Well without {key}: found {found_in(value, key)}, not an integer from 0"
            at.report(WELL_INDEX_MISSING, found)


def _judge_indices(value: dict[str, Any], rows: Lines, columns: Lines, at: At) -> None:
    # Missing indices, and paths of other than two parts, have been reported.
    path = value["path"]
    row, column = integer(value.get("rowIndex")), integer(value.get("columnIndex"))
    parts = path.split("/")
    if row is None or column is None or row < 0 or column < 0 or len(parts) != 2:
        return
    if rows.is_beyond(row) or columns.is_beyond(column):
        at.report(WELL_INDEX, _outside(path, rows, columns))
        return
    listed = rows.listed_name(row) or parts[0], columns.listed_name(column) or parts[1]
    expected = "/".join(listed)
    if path != expected:
        at.report(WELL_INDEX, f"Well {quoted(path)} has the indices of {quoted(expected)}")


def _outside(path: str, rows: Lines, columns: Lines) -> str:
    size = f"{len(rows.listed)} rows and {len(columns.listed)} columns"
    return f"Well {quoted(path)} lies outside the plate, which has {size}"
