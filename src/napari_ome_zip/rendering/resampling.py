"""Pixels on another grid: means of what an output pixel covers, or the pixel that is nearest.

Pixel ``k`` of an axis covers the interval from ``k`` to ``k + 1``; places on an axis count so, and
the center of a pixel is at ``k + 0.5``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

type Floats = npt.NDArray[np.float64]
type Pixels = npt.NDArray[Any]
type Fractions = npt.NDArray[np.floating[Any]]
"""Pixels in floating point."""

_FEW = 4
"""Pixels in an interval, up to which they are added one by one."""

_HUGE = 1e30

_EXACT_BYTES = 2
"""Pixels of up to so many bytes, and means of them, are exact enough in single precision."""


def as_float(pixels: Pixels) -> Fractions:
    """Pixels as floating point numbers that hold them well enough for colors."""
    is_single = pixels.dtype.itemsize <= _EXACT_BYTES or pixels.dtype == np.float32
    found: Fractions = pixels.astype(np.float32 if is_single else np.float64, copy=False)
    if pixels.dtype.kind == "f" and np.isinf(found).any():
        # There are no means of infinity; this is beyond all limits of contrast as well.
        found = np.nan_to_num(found, nan=np.nan, posinf=_HUGE, neginf=-_HUGE)
    return found


def means_along(pixels: Fractions, low: Floats, high: Floats, axis: int) -> Fractions:
    """Means of intervals along one axis, which need not begin or end where a pixel does.

    Parameters
    ----------
    pixels : ndarray
        NaN has no weight.
    low, high : ndarray
        Ends of each interval, ascending, within the axis; each interval has some length.
    axis : int

    Returns
    -------
    ndarray
        Of as many pixels along the axis as there are intervals. NaN where there is nothing else.

    Examples
    --------
    >>> means_along(np.array([0.0, 1.0, 4.0]), np.array([0.0, 1.5]), np.array([1.5, 3.0]), 0)
    array([0.33333333, 3.        ])
    """
    missing = np.isnan(pixels)
    if not missing.any():
        return _means(pixels, low, high, axis)
    weights = _means((~missing).astype(pixels.dtype), low, high, axis)
    sums = _means(np.where(missing, 0, pixels), low, high, axis)
    nothing = np.full_like(sums, np.nan)
    found: Fractions = np.divide(sums, weights, out=nothing, where=weights > 0)
    return found


def _means(pixels: Fractions, low: Floats, high: Floats, axis: int) -> Fractions:
    size = pixels.shape[axis]
    first = np.clip(np.floor(low).astype(np.intp), 0, size - 1)
    last = np.clip(np.ceil(high).astype(np.intp) - 1, first, size - 1)
    if np.array_equal(first, last):
        return pixels.take(first, axis)
    along = tuple(-1 if each == axis else 1 for each in range(pixels.ndim))

    def shares(lengths: Floats) -> Fractions:
        found: Fractions = (lengths / (high - low)).astype(pixels.dtype).reshape(along)
        return found

    most = int((last - first).max()) + 1
    if most > _FEW:
        sums = _sums(pixels, first, last, axis)
        sums *= shares(np.ones_like(low))
        sums -= shares(low - first) * pixels.take(first, axis)
        sums -= shares(last + 1 - high) * pixels.take(last, axis)
        return sums
    # How much of each interval lies in its first pixel, in its second, and so on.
    parts = []
    for number in range(most):
        start = first + number
        within = np.clip(np.minimum(high, start + 1) - np.maximum(low, start), 0, None)
        parts.append(pixels.take(np.minimum(start, size - 1), axis) * shares(within))
    means: Fractions = parts[0]
    for part in parts[1:]:
        means += part
    return means


def _sums(
    pixels: Fractions, first: npt.NDArray[np.intp], last: npt.NDArray[np.intp], axis: int
) -> Fractions:
    """Sums of whole pixels, from first to last ones."""
    end = pixels.shape[axis] - 1
    pairs = np.column_stack([first, np.minimum(last + 1, end)]).ravel()
    place: list[Any] = [slice(None)] * pixels.ndim
    place[axis] = slice(None, None, 2)
    sums: Fractions = np.add.reduceat(pixels, pairs, axis)[tuple(place)].copy()
    # What reaches to the end has no pixel behind it, at which the sum could stop.
    for number in np.flatnonzero(last == end).tolist():
        rest = list(place)
        rest[axis], place[axis] = slice(int(first[number]), None), number
        sums[tuple(place)] = pixels[tuple(rest)].sum(axis)
    return sums


def block_means(pixels: Fractions, edge: tuple[int, int]) -> Fractions:
    """Means of blocks of so many rows and columns; the last ones may be smaller."""
    for axis, step in enumerate(edge):
        if step > 1:
            low = np.arange(0, pixels.shape[axis], step, dtype=float)
            high = np.minimum(low + step, pixels.shape[axis])
            pixels = means_along(pixels, low, high, axis)
    return pixels


def nearest_at(pixels: Pixels, rows: Floats, columns: Floats) -> Pixels:
    """The pixels in which places lie; those at the border where they lie beyond it."""
    height, width = pixels.shape[:2]
    row = np.clip(np.floor(rows), 0, height - 1).astype(np.intp)
    column = np.clip(np.floor(columns), 0, width - 1).astype(np.intp)
    found: Pixels = pixels[row, column]
    return found


def linear_at(pixels: Fractions, rows: Floats, columns: Floats) -> Fractions:
    """Interpolated between the centers of the four pixels around each place; repeated beyond."""
    height, width = pixels.shape[:2]
    row = np.clip(rows - 0.5, 0, height - 1)
    column = np.clip(columns - 0.5, 0, width - 1)
    top, left = np.floor(row).astype(np.intp), np.floor(column).astype(np.intp)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    more = (1,) * (pixels.ndim - 2)
    down = (row - top).astype(pixels.dtype).reshape(*row.shape, *more)
    across = (column - left).astype(pixels.dtype).reshape(*row.shape, *more)
    upper = pixels[top, left] * (1 - across) + pixels[top, right] * across
    lower = pixels[bottom, left] * (1 - across) + pixels[bottom, right] * across
    found: Fractions = upper * (1 - down) + lower * down
    return found
