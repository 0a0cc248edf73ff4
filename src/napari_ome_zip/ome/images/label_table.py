"""A table of the properties of labels, stored by columns: there may be a million labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from napari_ome_zip.ome.frozen_json import FrozenMapping, freeze

MAX_CELLS = 2**24
"""Rows times columns of a table, at most: as many as a million objects of 16 properties have."""

_SCALARS = frozenset({bool, int, float, str, type(None)})


@dataclass(frozen=True, slots=True)
class LabelProperties:
    """The properties of one label."""

    value: int
    mapping: FrozenMapping
    """Any keys with any JSON values."""


class LabelTable(Sequence[LabelProperties]):
    """The properties of labels, one row for each; rows are made when they are asked for.

    A mapping for each of a million labels would take seconds to make.

    Parameters
    ----------
    values : sequence of int
        Label value of each row.
    columns : mapping of str to mapping
        By name, frozen JSON values by the number of the row, for the rows that have any.
    """

    __slots__ = ("columns", "values")
    values: tuple[int, ...]
    columns: Mapping[str, Mapping[int, Any]]

    def __init__(
        self, values: Iterable[int] = (), columns: Mapping[str, Mapping[int, Any]] | None = None
    ) -> None:
        self.values = tuple(values)
        self.columns = columns or {}

    @classmethod
    def of(cls, rows: Iterable[LabelProperties]) -> LabelTable:
        """Return a table of rows; a table is returned as it is."""
        if isinstance(rows, cls):
            return rows
        builder = TableBuilder()
        for row in rows:
            builder.add(row.value, row.mapping)
        return builder.table()

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> LabelProperties: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[LabelProperties, ...]: ...
    def __getitem__(self, index: int | slice) -> LabelProperties | tuple[LabelProperties, ...]:
        if isinstance(index, slice):
            return tuple(self[row] for row in range(*index.indices(len(self))))
        row = range(len(self))[index]
        return LabelProperties(self.values[row], FrozenMapping(self.row(row)))

    def __iter__(self) -> Iterator[LabelProperties]:
        return (self[row] for row in range(len(self)))

    def row(self, number: int) -> dict[str, Any]:
        """Return the properties in one row, as frozen JSON."""
        columns = self.columns.items()
        return {name: cells[number] for name, cells in columns if number in cells}

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LabelTable):
            return self.values == other.values and self.columns == other.columns
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.values, frozenset(self.columns)))

    def __repr__(self) -> str:
        return f"LabelTable({len(self)} rows, columns {', '.join(self.columns) or 'none'})"


class TableBuilder:
    """Builds a `LabelTable` row by row."""

    def __init__(self) -> None:
        self._values: list[int] = []
        self._columns: dict[str, dict[int, Any]] = {}
        self._left_out: set[str] = set()

    @property
    def left_out(self) -> int:
        """Number of columns that were left out, being too many for the number of rows."""
        return len(self._left_out)

    def add(self, value: int, items: Mapping[str, Any], without: str | None = None) -> None:
        """Add a row from a JSON object.

        Raises
        ------
        TooDeepError
            If a value is nested too deeply; the row is not added then.
        """
        if not _SCALARS.issuperset(map(type, items.values())):
            items = {key: freeze(item, 1) for key, item in items.items()}
        row = len(self._values)
        self._values.append(value)
        for key, item in items.items():
            if key != without:
                cells = self._columns.get(key)
                if cells is None:
                    cells = self._columns[key] = {}
                cells[row] = item

    def add_alike(self, values: list[int], rows: Sequence[Mapping[str, Any]], without: str) -> bool:
        """Add JSON objects that all have the same keys with plain values; else add none of them.

        Returns
        -------
        bool
            Whether they were added.
        """
        keys = set(map(tuple, rows))
        if len(keys) != 1 or self._values:
            return False
        columns = {key: [row[key] for row in rows] for key in keys.pop() if key != without}
        if not all(_SCALARS.issuperset(map(type, cells)) for cells in columns.values()):
            return False
        numbers = list(range(len(rows)))  # shared by all columns
        self._values = values
        self._columns = {
            key: dict(zip(numbers, cells, strict=True)) for key, cells in columns.items()
        }
        return True

    def table(self) -> LabelTable:
        """Return the table: only the first columns where there are too many."""
        most = max(1, MAX_CELLS // max(1, len(self._values)))
        names = list(self._columns)
        self._left_out = set(names[most:])
        return LabelTable(self._values, {name: self._columns[name] for name in names[:most]})
