"""Plates: rows, columns and wells of a high-content screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import integer, shown, string

MAX_SIDE = 10_000
"""No plate has more rows or columns; a larger index is taken for damage."""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """One run of the microscope over the plate."""

    id: int
    name: str | None = None
    description: str | None = None
    maximum_field_count: int | None = None
    start_time: int | None = None
    """Seconds since the epoch."""
    end_time: int | None = None
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class PlateWell:
    """Where one well is: its group, and its place in the plate."""

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
    """Read a plate; None, with a finding, where it is no object."""
    at = at.owned()
    if not isinstance(value, dict):
        at.note("wrong-type", f"Plate is {shown(value)}, not an object; ignored.")
        return None
    rows = _Side("row", _names(value, "rows", at))
    columns = _Side("column", _names(value, "columns", at))
    wells = _wells(value, rows, columns, at)
    for side in (rows, columns):
        if side.added:
            at.key(f"{side.kind}s").note(
                side.fault,
                f"Plate {side.kind}s lack {shown(side.added)}, which a well is in; added.",
            )
    return Plate(
        string(value.get("name")),
        tuple(rows.names),
        tuple(columns.names),
        wells,
        _acquisitions(value, at),
        _at_least(1, value, "field_count", at),
    )


class _Side:
    """The names of rows or columns while wells are read: completed where a well needs it."""

    def __init__(self, kind: str, names: list[str]) -> None:
        self.kind = kind
        self.names = names
        # Either no list of them is there, or a well lies outside of what is listed.
        self.fault = "plate-well-mismatch" if names else _NOT_LISTED[f"{kind}s"]
        self.added: str | None = None
        self._index: dict[str, int] = {}
        for index, name in enumerate(names):
            self._index.setdefault(name, index)

    def place(self, index: int | None, name: str) -> int:
        """Return the index of a well by its own statement, else by the name in its path."""
        # Until 0.3 a well has only a path: "row name/column name".
        if index is None or not 0 <= index < MAX_SIDE:
            index = self._index.get(name, len(self.names))
        while len(self.names) <= index:
            new = name if len(self.names) == index else str(len(self.names) + 1)
            self._index.setdefault(new, len(self.names))
            self.names.append(new)
            self.added = self.added or name
        return index


def _names(value: dict[str, Any], key: str, at: At) -> list[str]:
    names = []
    for index, item in enumerate(_list(value, key, at)):
        name = string(item.get("name") if isinstance(item, dict) else item)
        if name is None:
            name = str(index + 1)
            at.key(key).item(index).note(
                "plate-line-name-missing",
                f"Plate {key[:-1]} {index} has no name; '{name}' is used.",
            )
        names.append(name)
    return names


_NOT_LISTED = {
    "rows": "plate-rows-missing",
    "columns": "plate-columns-missing",
    "wells": "plate-wells-missing",
    "acquisitions": "wrong-type",
}
"""What it is called when one of the plate's lists is not there, or is no list."""


def _list(value: dict[str, Any], key: str, at: At) -> list[Any]:
    listed = value.get(key)
    if listed is None or isinstance(listed, list | tuple):
        return list(listed or ())
    at.key(key).note(_NOT_LISTED[key], f"Plate {key} are {shown(listed)}; ignored.")
    return []


def _wells(value: dict[str, Any], rows: _Side, columns: _Side, at: At) -> tuple[PlateWell, ...]:
    wells: list[PlateWell] = []
    for position, item in enumerate(_list(value, "wells", at)):
        path = item.get("path") if isinstance(item, dict) else item
        if not isinstance(path, str) or not path.strip("/"):
            at.key("wells").item(position).note(
                "plate-well-path-missing" if isinstance(item, dict) else "wrong-type",
                f"Well {position} of the plate has no path; left out.",
            )
            continue
        names = path.strip("/").split("/")
        row, column = names[-2:] if len(names) > 1 else (names[0], "1")
        given = item if isinstance(item, dict) else {}
        wells.append(
            PlateWell(
                path,
                rows.place(integer(given.get("rowIndex")), row),
                columns.place(integer(given.get("columnIndex")), column),
            )
        )
    return tuple(wells)


def _acquisitions(value: dict[str, Any], at: At) -> tuple[Acquisition, ...]:
    read: list[Acquisition] = []
    for index, item in enumerate(_list(value, "acquisitions", at)):
        here = at.key("acquisitions").item(index)
        identifier = integer(item.get("id")) if isinstance(item, dict) else None
        if identifier is None or identifier < 0:
            code = "acquisition-id-invalid" if isinstance(item, dict) else "wrong-type"
            here.note(code, f"Acquisition {index} has no proper id; left out.")
            continue
        read.append(
            Acquisition(
                identifier,
                string(item.get("name")),
                string(item.get("description")),
                _at_least(1, item, "maximumfieldcount", here),
                _at_least(0, item, "starttime", here),
                _at_least(0, item, "endtime", here),
            )
        )
    return tuple(read)


def _at_least(least: int, value: dict[str, Any], key: str, at: At) -> int | None:
    # Counts are integers from 1 up, times from 0 up.
    if value.get(key) is None:
        return None
    found = integer(value[key])
    if found is None or found < least:
        # What counts from 1 are fields of view, what counts from 0 seconds.
        code = "plate-count-invalid" if least else "acquisition-time-invalid"
        at.key(key).note(code, f"Plate {key} is {shown(value[key])}; ignored.")
        return None
    return found
