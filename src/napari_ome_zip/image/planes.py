"""Images and labels that lack an axis which others have: on which planes of it they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.image.display import NDIM, layer_states


@dataclass(frozen=True)
class Planes:
    """The planes that parts of a composite have along one axis of the display system."""

    step: float
    """Distance between two planes."""
    first: float
    """Lowest coordinate of a plane."""
    last: float

    def nearest(self, place: float) -> float:
        """The plane that is nearest to a place along the axis."""
        inside = min(max(place, self.first), self.last)
        return self.first + self.step * round((inside - self.first) / self.step)


def planes_along(parts: Sequence[PlacedPart], row: int) -> Planes | None:
    """Planes along a display axis, as the first part has them that runs along it; None for none."""
    for part in parts:
        linear, offset = part.to_display.linear, float(part.to_display.offset[row])
        columns = [
            column for column in np.flatnonzero(linear[row]).tolist() if column != part.channel_axis
        ]
        if not columns:
            continue
        along = max(columns, key=lambda column: abs(float(linear[row, column])))
        ends = [float(linear[row, column]) * (part.shape[column] - 1) for column in columns]
        first = offset + sum(min(end, 0.0) for end in ends)
        last = offset + sum(max(end, 0.0) for end in ends)
        return Planes(float(np.linalg.norm(linear[:, along])), first, last)
    return None


def own_axes(part: PlacedPart) -> tuple[int, ...] | None:
    """The display axes of a part that a viewer showed with those alone, as the file notes it.

    A viewer shows a picture (y, x) beside a stack (z, y, x) at every z. None for every part of
    which nothing of that kind was noted, or that the file places along more axes.
    """
    matrix = part.to_display.matrix
    columns = [n for n in range(len(part.axes)) if n != part.channel_axis]
    if not _noted(part, len(columns)) or len(columns) >= len(matrix):
        return None
    rows = np.flatnonzero(np.any(matrix[:, columns] != 0, axis=1))
    others = np.setdiff1d(np.arange(len(matrix)), rows)
    if len(rows) != len(columns) or np.any(matrix[others]):
        return None
    return tuple(rows.tolist())


def _noted(part: PlacedPart, ndim: int) -> bool:
    states = layer_states(part.display)
    return bool(states) and all(_says(state, ndim) for state in states)


def _says(state: Any, ndim: int) -> bool:
    return isinstance(state, Mapping) and state.get(NDIM) == ndim
