"""Boxes in an image, as tables of regions of interest have them: where they lie among its pixels.

Columns are called by axis and unit: ``x_micrometer`` is where a box begins, ``len_x_micrometer``
how far it extends. They count from the corner of the image's first pixel, along its own axes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.image.units import conversion, known_unit
from napari_ome_zip.ome import CoordinateSystem

if TYPE_CHECKING:
    import pandas as pd

_COLUMN = re.compile(r"(len_)?([A-Za-z]+)_([A-Za-z]+)")
_HUGE = 1e12
"""Pixels from which a box lies nowhere."""


@dataclass(frozen=True)
class Regions:
    """Boxes in an image."""

    bounds: Mapping[int, npt.NDArray[np.float64]]
    """By axis of the image, first and last index of each box, of shape (n, 2); edges of pixels lie
    at halves. Along other axes a box has no ends."""
    good: npt.NDArray[np.bool_]
    """Which rows of the table are boxes, shape (rows,); `bounds` are of these alone."""
    columns: frozenset[str]
    """The columns that say so."""
    plane: tuple[int, int]
    """The axes of the image that lie along the last two of the display system."""


def regions_of(rows: pd.DataFrame, part: PlacedPart, system: CoordinateSystem) -> Regions | None:
    """The boxes of a table; None where it has none in the plane that a viewer shows.

    Parameters
    ----------
    rows : pandas.DataFrame
    part : PlacedPart
        The image that it lies in.
    system : CoordinateSystem
        The display system.
    """
    found = {
        key: (name, _in_pixels(rows[name], unit, key[0], part, system))
        for key, name, unit in _columns(rows, part)
    }
    axes = sorted({axis for axis, is_length in found if (axis, not is_length) in found})
    plane = _plane(part)
    if not set(plane) <= set(axes):
        return None
    bounds = {
        axis: np.stack([start, start + found[axis, True][1]], axis=1)
        for axis in axes
        for start in [found[axis, False][1]]
    }
    ends = np.array(list(bounds.values()))  # axes × rows × 2
    good = (np.abs(ends) < _HUGE).all(axis=(0, 2)) & (ends[..., 1] > ends[..., 0]).all(axis=0)
    columns = (found[axis, is_length][0] for axis in axes for is_length in (False, True))
    return Regions(
        {axis: each[good] - 0.5 for axis, each in bounds.items()}, good, frozenset(columns), plane
    )


def _plane(part: PlacedPart) -> tuple[int, int]:
    """Axes may be stored in any order (RFC-3), such as x, y, z or with channels last."""
    y, x = np.argmax(np.abs(part.to_display.linear[-2:]), axis=1).tolist()
    return (y, x) if y != x else (len(part.axes) - 2, len(part.axes) - 1)


def _columns(rows: pd.DataFrame, part: PlacedPart) -> Iterator[tuple[tuple[int, bool], str, str]]:
    """Columns that place boxes: axis of the image, whether it is the length along it, and unit."""
    places = {axis.name.lower(): number for number, axis in enumerate(part.axes)}
    for name in map(str, rows.columns):
        match = _COLUMN.fullmatch(name)
        if match is None or rows[name].dtype.kind not in "iuf":
            continue
        axis, unit = places.get(match[2].lower()), known_unit(match[3])
        if axis is not None and unit is not None:
            yield (axis, match[1] is not None), name, unit


def _in_pixels(
    column: pd.Series[Any], unit: str, axis: int, part: PlacedPart, system: CoordinateSystem
) -> npt.NDArray[np.float64]:
    """Lengths along an axis of an image in its pixels."""
    values = column.to_numpy(float, na_value=np.nan)
    step = part.to_display.linear[:, axis]
    row = int(np.argmax(np.abs(step)))
    size = float(np.linalg.norm(step)) * conversion(system.axes[row].unit, unit)
    return values / size if size else np.full_like(values, np.nan)
