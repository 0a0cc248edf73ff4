"""Rows of tables among the features of the labels that they are about.

A property that a label image has of itself keeps its name, as the specification has it and other
programs show it; a column of a table that is called alike is called by its table, too: ``area
(features)``. So are columns of a second table, and one called ``index``, which is the label value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ome_zip.errors import TableError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage, PlacedLabels
from napari_ome_zip.image.tables.backends import AT_ONCE
from napari_ome_zip.image.tables.backends.bounds import TOO_LARGE, library, too_large
from napari_ome_zip.image.tables.label_values import label_values
from napari_ome_zip.image.tables.table import Table, TableKind
from napari_ome_zip.layers.joined_table import INDEX, JoinedTable
from napari_ome_zip.layers.label_tables import as_numbers

if TYPE_CHECKING:
    import pandas as pd

MAX_CELLS = 2 * AT_ONCE.cells
"""Cells of all tables of one file that are read while it is opened, at most."""


MAX_REGION_LAYERS = 32
"""Tables of regions of one file that become layers, at most."""


@dataclass(frozen=True)
class Joined:
    """Features of labels, with the columns of tables."""

    features: dict[str, Any]
    tables: tuple[JoinedTable, ...] = ()


def shown_tables(composite: CompositeImage) -> Iterator[tuple[Table, pd.DataFrame | TableError]]:
    """Tables that become features or regions, and their rows, or why they are not read.

    Rows that were read before are not read again, so that this may be asked twice.
    """
    room = MAX_CELLS
    for table in _used_tables(composite):
        rows = table.at_once if room > 0 else too_large(table.path, "rows after those of others")
        room -= 0 if isinstance(rows, TableError) else int(rows.size)
        yield table, rows


def _used_tables(composite: CompositeImage) -> Iterator[Table]:
    """Tables of features of labels, and of regions of images, that are shown by themselves."""
    labels = {part.path for part in composite.labels if not part.fields}
    images = {part.path for part in composite.images if not part.fields}
    regions = 0
    for table in composite.tables:
        if table.kind is TableKind.FEATURES and not labels.isdisjoint(table.labels):
            yield table
        elif table.kind is TableKind.REGIONS and table.image in images:
            regions += 1
            if regions <= MAX_REGION_LAYERS:
                yield table


class FeatureTables:
    """The tables of a file that become features of its labels.

    Parameters
    ----------
    composite : CompositeImage
    """

    def __init__(self, composite: CompositeImage) -> None:
        self._found: dict[str, list[tuple[Table, pd.DataFrame]]] = {}
        for table, rows in shown_tables(composite):
            if table.kind is TableKind.FEATURES and not isinstance(rows, TableError):
                for path in table.labels:
                    self._found.setdefault(path, []).append((table, rows))

    def join(self, part: PlacedLabels, features: Mapping[str, Any]) -> Joined:
        """Features of labels with the columns of all tables that are about them.

        Parameters
        ----------
        part : PlacedLabels
        features : mapping
            Properties of the labels, by column; label values in `INDEX`. May be empty.
        """
        joined = Joined(dict(features))
        for table, rows in () if part.fields else self._found.get(part.path, ()):
            joined = with_table(joined, table, rows, part.path)
        return joined


def with_table(joined: Joined, table: Table, rows: pd.DataFrame, labels: str) -> Joined:
    """Features with the columns of one more table.

    Parameters
    ----------
    joined : Joined
        Stays as it is.
    table : Table
    rows : pandas.DataFrame
        Of the table, as `Table.read` returns them.
    labels : str
        Path of the label image.
    """
    rows, findings = _about(table, rows, labels)
    if not len(rows.columns):
        return Joined(joined.features, (*joined.tables, JoinedTable(table, rows, {}, findings)))
    names = _names(table, rows, joined.features)
    added = rows.set_axis(names, axis=1)
    columns = dict(zip(names, map(str, rows.columns), strict=True))
    record = JoinedTable(table, added, columns, findings)
    return Joined(_extended(joined.features, added), (*joined.tables, record))


def _about(
    table: Table, rows: pd.DataFrame, labels: str
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """The rows about one label image, by label value, each once; and what is left out."""
    if table.row_key is None or rows.index.name != table.row_key:
        key = "label" if table.row_key is None else table.row_key
        text = f"Table '{table.path}' has no column '{key:.40}' that names labels; it is not used."
        return rows.iloc[:0, :0], (Finding("table-unreadable", table.path, text),)
    if table.region_key is not None and table.region_key in rows.columns:
        is_about = rows[table.region_key].astype(str) == labels.rpartition("labels/")[2]
        rows = rows[is_about.to_numpy()].drop(columns=table.region_key)
    values, good = label_values(rows.index)
    numbers = np.flatnonzero(good)
    first = numbers[np.sort(np.unique(values[numbers], return_index=True)[1])]
    reasons = [(len(values) - len(numbers), "no label"), (len(numbers) - len(first), "one again")]
    return rows.iloc[first].set_axis(values[first], axis=0), (*_left_out(table, reasons),)


def _left_out(table: Table, reasons: Sequence[tuple[int, str]]) -> Iterator[Finding]:
    found = [
        f"{count:,} that name{'s' if count == 1 else ''} {what}" for count, what in reasons if count
    ]
    if found:
        text = f"Rows of table '{table.path}' are left out: {' and '.join(found)}."
        yield Finding("table-rows-left-out", table.path, text)


def _names(table: Table, rows: pd.DataFrame, taken: Iterable[str]) -> list[str]:
    """What columns are called among the features: as they are, where nothing else is."""
    known = {INDEX, *taken}
    names = []
    for column in map(str, rows.columns):
        name = column if column not in known else f"{column} ({table.name})"
        number = 2
        while name in known:
            name, number = f"{column} ({table.name} {number})", number + 1
        known.add(name)
        names.append(name)
    return names


def as_cells(column: pd.Series[Any]) -> Any:
    """A column as an array that a viewer takes: categories stay, what is missing is None or NaN."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biufmM":
        return column.to_numpy()
    if hasattr(column, "cat"):
        return column.array
    if not isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        if not column.isna().any():
            return column.to_numpy(column.dtype.numpy_dtype)
        if column.dtype.kind != "b":
            return column.to_numpy(float, na_value=np.nan)
    cells = column.astype(object)
    return cells.where(cells.notna(), None).to_numpy()


def _extended(features: Mapping[str, Any], added: pd.DataFrame) -> dict[str, Any]:
    """Features with more columns; labels that had no row get one, of nothing else."""
    new = added.index.to_numpy()
    if INDEX not in features:
        return {INDEX: new, **{name: as_cells(added[name]) for name in added}}
    known = np.asarray(features[INDEX])
    more = new[~np.isin(new, known)]
    labels = np.concatenate([known, more])
    longer = {name: _longer(cells, len(more)) for name, cells in features.items()}
    fitting = added if np.array_equal(labels, new) else added.reindex(labels)
    return {**longer, INDEX: labels, **{name: as_cells(fitting[name]) for name in fitting}}


def _longer(cells: Any, more: int) -> Any:
    """A column with cells of nothing behind it."""
    if not more:
        return cells
    if isinstance(cells, list):
        return as_numbers([*cells, *[None] * more])
    pandas = library("pandas", "")
    return as_cells(pandas.Series(cells).reindex(range(len(cells) + more)))


def table_findings(composite: CompositeImage, tables: Iterable[JoinedTable]) -> Iterator[Finding]:
    """What of the tables of a file a viewer is not given.

    Parameters
    ----------
    composite : CompositeImage
    tables : iterable of JoinedTable
        Those whose columns are among the features of layers.
    """
    for table, rows in shown_tables(composite):
        if isinstance(rows, TableError):
            yield Finding(rows.code, table.path, f"{rows}{_ADVICE.get(rows.code, '')}")
        elif table.is_wide:
            text = (
                f"Table '{table.path}' has {table.size}: it is used without its measurements (X), "
                "which are too many for features. Read them in a script."
            )
            yield Finding("table-wide", table.path, text)
    yield from dict.fromkeys(finding for table in tables for finding in table.findings)
    yield from _of_fields(composite)


def _of_fields(composite: CompositeImage) -> Iterator[Finding]:
    """Tables of labels that are shown as one layer: each numbers its objects anew."""
    fused = {f.path: part for part in composite.labels for f in part.fields}
    told = set()
    for table in composite.tables:
        for path in table.labels if table.kind is TableKind.FEATURES else ():
            part = fused.get(path)
            if part is not None and part.path not in told:
                told.add(part.path)
                text = (
                    f"Tables such as '{table.path}' are no features of '{part.name}': the fields "
                    "of a plate are shown as one layer, and each field numbers its objects anew."
                )
                yield Finding("field-properties-left-out", part.path, text)


_ADVICE = {TOO_LARGE: " Load it in Contents, or read it in a script."}
