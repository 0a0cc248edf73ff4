"""Labels between the fields of view of a mosaic, for which no field has a place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import PlacedLabels
from napari_ome_zip.pixels.grid import Region

MAX_LOOKED_AT = 2000
"""Gaps that are looked at, at most: each is read, and the save waits for it."""


def labels_between(labels: PlacedLabels, fields: Sequence[Region]) -> Finding | None:
    """Report labels that lie in none of the fields, and so are not saved.

    Parameters
    ----------
    labels : PlacedLabels
        Drawn over a mosaic.
    fields : sequence of tuple of slice
        Where each field lies among the pixels of the labels.
    """
    level = labels.levels[0]
    found = list(_gaps(level.shape, fields))
    if any(_is_labeled(level, gap) for gap in found[:MAX_LOOKED_AT]):
        what = f"'{labels.name}' is saved without what lies between the fields of view"
        return Finding("layer-not-whole", labels.name, f"{what}: no field has a place for it.")
    if len(found) > MAX_LOOKED_AT:
        what = f"'{labels.name}' is saved without what may lie between the fields of view"
        return Finding("layer-not-whole", labels.name, f"{what}: not all gaps were looked at.")
    return None


def _is_labeled(level: da.Array, gap: Region) -> bool:
    return bool(np.any(level[gap].compute(scheduler="synchronous", callbacks=())))


def _gaps(shape: Sequence[int], fields: Sequence[Region]) -> Iterator[Region]:
    """Rectangles of the last two axes that together are all that no field covers.

    The borders of all fields cut the plane into cells. Those of a row that are not covered, and
    lie side by side, are one rectangle::

        +----+--+----+
        | A1 |  | A2 |     the cell between A1 and A2
        +----+--+----+
        |            |     three cells between the rows, as one
        +----+--+----+
        | B1 |  | B2 |
        +----+--+----+
    """
    rows, columns = (_borders(shape[axis], [f[axis] for f in fields]) for axis in (-2, -1))
    covered = np.zeros((len(rows) - 1, len(columns) - 1), bool)
    for field in fields:
        sides = zip((rows, columns), field[-2:], strict=True)
        first_row, last_row, first_column, last_column = (
            int(np.searchsorted(borders, min(max(0, place), int(borders[-1]))))
            for borders, side in sides
            for place in (side.start, side.stop)
        )
        covered[first_row:last_row, first_column:last_column] = True
    others = (slice(None),) * (len(shape) - 2)
    for row, cells in enumerate(covered):
        for first, last in _runs(~cells):
            there = slice(rows[row], rows[row + 1]), slice(columns[first], columns[last])
            yield (*others, *there)


def _borders(size: int, sides: Sequence[slice]) -> npt.NDArray[np.int64]:
    places = [place for side in sides for place in (side.start, side.stop)]
    return np.unique(np.clip([0, *places, size], 0, size)).astype(np.int64)


def _runs(wanted: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Where values that are true begin, and end."""
    steps = np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8))
    yield from zip(
        np.flatnonzero(steps > 0).tolist(), np.flatnonzero(steps < 0).tolist(), strict=True
    )
