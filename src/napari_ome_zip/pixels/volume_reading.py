"""Volumes that are read before a viewer asks for them, since it would stand still meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.lazy import pixels_of
from napari_ome_zip.pixels.pixel_array import PixelArray

SLAB_BYTES = 32 << 20
"""What is read between two looks at whether it is still wanted, about (32 MiB)."""


class VolumeReading:
    """Reads arrays one after the other, in any thread, until it is cancelled in any other.

    Parameters
    ----------
    arrays : sequence of PixelArray
        What of each level is shown.
    progress : callable, optional
        Called in the thread that reads with the bytes that were read, and those of all arrays.
    """

    def __init__(
        self, arrays: Sequence[PixelArray], progress: Callable[[int, int], None] | None = None
    ) -> None:
        self._arrays = arrays
        self._progress = progress
        self._cancelled = Event()
        self._done = 0
        self._total = sum(int(array.nbytes) for array in arrays)

    def run(self) -> list[npt.NDArray[Any]] | None:
        """The pixels of each array; None where it was cancelled."""
        found = [self._read(array) for array in self._arrays]
        return None if self._cancelled.is_set() else found

    def cancel(self) -> None:
        """Ask it to end soon."""
        self._cancelled.set()

    def _read(self, array: PixelArray) -> npt.NDArray[Any]:
        pixels = np.empty(array.shape, array.dtype)
        for slab in _slabs(array):
            if self._cancelled.is_set():
                break
            pixels[slab] = pixels_of(array[slab])
            self._done += pixels[slab].nbytes
            if self._progress is not None:
                self._progress(self._done, self._total)
        return pixels


def _slabs(array: PixelArray) -> Iterator[slice]:
    """Along the first axis, where stored objects meet."""
    length = array.shape[0]
    thick = max(1, array.grid_chunk_shape[0])
    of_one = max(1, int(array.nbytes) // max(1, length))
    step = thick * max(1, SLAB_BYTES // (of_one * thick))
    for start in range(0, length, step):
        yield slice(start, min(length, start + step))
