"""Reads planes of levels, or the brightest pixels of several; says beforehand what that takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.lazy import chunk_shape, pixels_of
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
        self._index = tuple(index)
        self._along = along

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
        for planes in self._groups(rows, columns):
            index = (*self._index[: self._along], planes, *self._index[self._along + 1 :])
            pixels = _plain(_read(self._pixels[(*index, rows, columns)]))
            here = np.fmax.reduce(pixels, axis=0)
            brightest = here if brightest is None else np.fmax(brightest, here)
        if brightest is None:
            raise ValueError("there are no planes")
        return brightest

    def _groups(self, rows: slice, columns: slice) -> list[slice]:
        """Planes that are read together: those of whole chunks, as memory allows."""
        along = self._along or 0
        count = int(self._pixels.shape[along])
        plane = (rows.stop - rows.start) * (columns.stop - columns.start)
        most = max(1, MAX_PLANES_BYTES // max(1, plane * self._pixels.dtype.itemsize))
        depth = self.unit(along)
        step = max(1, most // depth * depth) if most >= depth else most
        return [slice(start, min(start + step, count)) for start in range(0, count, step)]

    def unit(self, dimension: int) -> int:
        """Pixels along a dimension that are decoded together."""
        if isinstance(self._pixels, da.Array):
            return max(1, chunk_shape(self._pixels)[dimension])
        return 1


def _read(part: Any) -> npt.NDArray[Any]:
    return pixels_of(part) if isinstance(part, da.Array) else np.asarray(part)


def _plain(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if pixels.dtype.kind == "b":
        return pixels.astype(np.uint8)
    return np.abs(pixels) if pixels.dtype.kind == "c" else pixels
