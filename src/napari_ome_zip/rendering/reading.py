"""Reads planes of levels, or the brightest pixels of several; says beforehand what that takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.lazy import chunk_shape, pixels_of
from napari_ome_zip.pixels.pixel_array import PixelArray
from napari_ome_zip.rendering.levels import Level

MAX_PLANES_BYTES = 1 << 26
"""Planes of which the brightest pixels are looked for are read up to so many bytes at once."""


class Plane:
    """A plane of a level, or several of which the brightest pixels are shown.

    Parameters
    ----------
    level : Level
    index : sequence of int
        Of the plane, one for each dimension but the last two (and that of colors).
    along : int, optional
        The dimension along which all planes are looked at together.
    """

    def __init__(self, level: Level, index: Sequence[int], along: int | None = None) -> None:
        self._pixels = level.pixels
        self._index: tuple[int | slice, ...] = tuple(index)
        self._along = along

    @property
    def whole(self) -> Any:
        """All that is read of it when all of it is shown, lazily where the level is lazy."""
        if self._along is None:
            return self._pixels[self._index]
        return self._pixels[self._planes(slice(0, int(self._pixels.shape[self._along])))]

    @property
    def rows_together(self) -> int:
        """Rows that are decoded together."""
        return self._unit(len(self._index))

    def read(self, rows: slice, columns: slice) -> npt.NDArray[Any]:
        """Pixels of a part of it: of two dimensions, or three with colors.

        Returns
        -------
        ndarray
            Whole numbers or fractions: truth values as 0 and 1, complex numbers as magnitudes.
        """
        if self._along is None:
            return _plain(_read(self._pixels[(*self._index, rows, columns)]))
        brightest: npt.NDArray[Any] | None = None
        for planes in self._groups(self._along, rows, columns):
            pixels = _plain(_read(self._pixels[(*self._planes(planes), rows, columns)]))
            here = np.fmax.reduce(pixels, axis=0)
            brightest = here if brightest is None else np.fmax(brightest, here)
        if brightest is None:
            raise ValueError("there are no planes")
        return brightest

    def _planes(self, along: slice) -> tuple[int | slice, ...]:
        number = self._along or 0
        return (*self._index[:number], along, *self._index[number + 1 :])

    def _groups(self, along: int, rows: slice, columns: slice) -> list[slice]:
        """Planes that are read together: those of whole chunks, as memory allows."""
        count = int(self._pixels.shape[along])
        pixels = (rows.stop - rows.start) * (columns.stop - columns.start)
        most = max(1, MAX_PLANES_BYTES // (pixels * self._pixels.dtype.itemsize))
        depth = self._unit(along)
        step = most // depth * depth or most
        return [slice(start, min(start + step, count)) for start in range(0, count, step)]

    def _unit(self, dimension: int) -> int:
        if isinstance(self._pixels, da.Array):
            return max(1, chunk_shape(self._pixels)[dimension])
        return 1


def bytes_to_read(array: Any) -> int:
    """Bytes of pixels that are decoded for all of an array, at most about; 0 of one in memory."""
    if isinstance(array, PixelArray) and not array.is_changed:
        source, region = array.place
        return source.bytes_to_decode(region)
    if isinstance(array, da.Array):
        return int(array.nbytes)
    return 0


def _read(part: Any) -> npt.NDArray[Any]:
    return pixels_of(part) if isinstance(part, da.Array) else np.asarray(part)


def _plain(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if pixels.dtype.kind == "b":
        return pixels.astype(np.uint8)
    return np.abs(pixels) if pixels.dtype.kind == "c" else pixels
