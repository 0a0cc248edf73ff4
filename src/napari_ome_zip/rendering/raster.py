"""The pixels of a picture, and where they lie in the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import PictureError

MAX_SIZE = 8192
"""Longest edge of a picture, in pixels: a square one takes a gigabyte while it is drawn."""


@dataclass(frozen=True)
class Raster:
    """Rows and columns of pixels that cover a box of the world."""

    low: tuple[float, float]
    """Lowest y and x of the world, at the outer edge of the first row and column."""
    high: tuple[float, float]
    """Highest y and x, at the outer edge of the last ones."""
    shape: tuple[int, int]
    """Rows and columns."""

    @property
    def step(self) -> tuple[float, float]:
        """Height and width of a pixel in the world; equal but for rounding to whole pixels."""
        (top, left), (bottom, right) = self.low, self.high
        return (bottom - top) / self.shape[0], (right - left) / self.shape[1]

    def edges(self, axis: int, first: int, last: int) -> npt.NDArray[np.float64]:
        """World coordinates of the edges of rows (axis 0) or columns, one more than there are."""
        edges: npt.NDArray[np.float64] = np.arange(first, last + 1, dtype=np.float64)
        return self.low[axis] + self.step[axis] * edges

    def span(self, axis: int, low: float, high: float) -> tuple[int, int]:
        """Rows (axis 0) or columns whose centers lie between two world coordinates: first, stop."""
        start, step = self.low[axis], self.step[axis]
        first = np.ceil((low - start) / step - 0.5)
        stop = np.ceil((high - start) / step - 0.5)
        count = self.shape[axis]
        return int(np.clip(first, 0, count)), int(np.clip(stop, 0, count))


def raster_of(low: tuple[float, float], high: tuple[float, float], size: int) -> Raster:
    """The raster that covers a box, with square pixels and ``size`` of them along its longer edge.

    The shorter edge is rounded to whole pixels, of which there is at least one, so pixels are
    square but for that rounding, and the outermost pixels of the world are cut by nothing.

    Parameters
    ----------
    low, high : tuple of float
        Lowest and highest y and x.
    size : int

    Raises
    ------
    PictureError
        If there is no such picture: its size is no number of pixels, or the box has no extent.

    Examples
    --------
    >>> raster_of((0.0, 0.0), (30.0, 40.0), 1024).shape
    (768, 1024)
    """
    if not 1 <= size <= MAX_SIZE:
        raise PictureError(f"A picture of {size:,} pixels was asked for; choose 1 to {MAX_SIZE:,}.")
    height, width = high[0] - low[0], high[1] - low[1]
    longest = max(height, width)
    if not (np.isfinite([*low, *high]).all() and height > 0 and width > 0):
        raise PictureError("The image has no extent, so there is no picture of it.")
    rows, columns = (max(1, round(size * (edge / longest))) for edge in (height, width))
    return Raster(low, high, (rows, columns))
