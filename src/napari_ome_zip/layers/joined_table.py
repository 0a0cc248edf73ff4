"""Columns of a table among the features of labels, and what became of them since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.tables.table import Table

if TYPE_CHECKING:
    import pandas as pd

INDEX = "index"
"""Name of the column of features that holds label values, for napari."""


@dataclass(frozen=True, eq=False)
class JoinedTable:
    """A table whose columns were added to the features of labels."""

    table: Table
    rows: pd.DataFrame = field(repr=False)
    """What was added, as it was read: by label value, columns by their names among the features."""
    columns: Mapping[str, str]
    """Name in the table of each column, by its name among the features."""
    findings: tuple[Finding, ...] = ()
    """What of the table could not be added, and why."""

    def changed(self, features: Mapping[str, Any] | pd.DataFrame | None) -> tuple[str, ...]:
        """Columns, by their names among the features, that hold something else by now, or are gone.

        Parameters
        ----------
        features : mapping or pandas.DataFrame, optional
            Of the layer as it is now: columns by name, label values in `INDEX`.
        """
        if features is None or INDEX not in features:
            return tuple(self.columns)
        labels = np.asarray(features[INDEX])
        then = self.rows.reindex(labels)
        return tuple(
            name
            for name in self.columns
            if name not in features or not are_same(then[name], features[name])
        )


def without_tables(
    features: Mapping[str, Any] | pd.DataFrame | None,
    tables: Sequence[JoinedTable],
    known: Sequence[int] = (),
) -> dict[str, Any] | None:
    """Features but for the columns that came from tables and are as they were.

    Parameters
    ----------
    features : mapping or pandas.DataFrame, optional
        As a layer has them now.
    tables : sequence of JoinedTable
        Those that were added to them.
    known : sequence of int
        Label values that have a row without these tables.

    Returns
    -------
    dict or None
        Rows that are there for tables alone are left out with their columns.
    """
    if features is None or not tables:
        return None if features is None else {str(name): features[name] for name in features}
    same = {n for t in tables for n in set(t.columns) - set(t.changed(features))}
    kept = {str(name): features[name] for name in features if name not in same}
    if INDEX not in kept or not same:
        return kept
    labels = np.asarray(kept[INDEX])
    own = np.isin(labels, np.asarray(known, dtype=labels.dtype if len(known) else None))
    for name, column in kept.items():
        if name != INDEX:
            own |= ~_is_missing(column)
    added = np.concatenate([t.rows.index.to_numpy() for t in tables])
    own |= ~np.isin(labels, added)
    if own.all():
        return kept
    rows = np.flatnonzero(own)
    return {name: _taken(column, rows) for name, column in kept.items()}


def are_same(then: Any, now: Any) -> bool:
    """Whether two columns hold the same; what is missing is the same as what is missing."""
    before, after = (np.asarray(column) for column in (then, now))
    if before.shape != after.shape:
        return False
    if before.dtype.kind in "biuf" and after.dtype.kind in "biuf":
        return bool(np.array_equal(before, after, equal_nan=True))
    missing = _is_missing(then)
    if not np.array_equal(missing, _is_missing(now)):
        return False
    try:
        return bool(np.all((before == after) | missing))
    except ValueError:  # cells that are arrays
        return False


def _is_missing(column: Any) -> npt.NDArray[np.bool_]:
    """Which cells hold None, NaN or the like; `pandas.isna` without pandas."""
    array = np.asarray(column)
    if array.dtype.kind == "f":
        return np.isnan(array)
    if array.dtype.kind in "mM":
        return np.isnat(array)
    if array.dtype.kind != "O":
        return np.zeros(array.shape, np.bool_)
    found = (each is None or type(each).__name__ in _NOTHING or _is_nan(each) for each in array)
    return np.fromiter(found, np.bool_, len(array))


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value


def _taken(column: Any, rows: npt.NDArray[np.intp]) -> Any:
    """Some rows of a column, of any kind."""
    if isinstance(column, list | tuple):
        return [column[row] for row in rows]
    return column.take(rows) if hasattr(column, "take") else np.asarray(column)[rows]


_NOTHING = ("NAType", "NaTType")
