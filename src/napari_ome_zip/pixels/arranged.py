"""Sources seen otherwise than stored: axes in another order, complex numbers as magnitudes.

dask does both as well, and makes arrays that a viewer has to wait for: it cannot be given what is
known of their pixels so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.best_known import BestKnown, Missing
from napari_ome_zip.pixels.expecting import StoredArray
from napari_ome_zip.pixels.grid import Region, shape_of
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.pixels.pixel_array import PixelArray
from napari_ome_zip.pixels.source import PixelSource, as_source


def arranged(array: da.Array, order: Sequence[int]) -> da.Array:
    """A lazy array with its axes in another order.

    Parameters
    ----------
    array : dask.array.Array
    order : sequence of int
        For each axis of the result the axis of ``array`` that it is, all of them once. Numbers from
        ``array.ndim`` on are axes of length 1 that are added.
    """
    source = array.whole_source if isinstance(array, PixelArray) else None
    if source is not None:
        return array if list(order) == list(range(array.ndim)) else lazy(Arranged(source, order))
    if len(order) > array.ndim:
        array = array[(slice(None),) * array.ndim + (None,) * (len(order) - array.ndim)]
    return array if list(order) == sorted(order) else array.transpose(order)


def in_true_color(
    source: PixelSource | da.Array, channel_axis: int, order: Sequence[int]
) -> da.Array:
    """All channels of an image as the last axis of a lazy array.

    Parameters
    ----------
    source : PixelSource or dask.array.Array
    channel_axis : int
        Position of the axis of channels.
    order : sequence of int
        For each other axis of the result which one of the source it is, that of channels not
        counted; those behind them are added.
    """
    pixels = as_source(source)
    others = [axis for axis in range(pixels.ndim) if axis != channel_axis]
    moved = [others[n] if n < len(others) else n + 1 for n in order]
    return arranged(lazy(source), [*moved, channel_axis])


def magnitudes(array: da.Array) -> da.Array:
    """Complex numbers as their magnitudes."""
    source = array.whole_source if isinstance(array, PixelArray) else None
    return abs(array) if source is None else lazy(Magnitude(source))


class _Seen(PixelSource):
    """Another source, seen otherwise."""

    source: PixelSource

    @property
    def is_direct(self) -> bool:
        # docstring inherited
        return self.source.is_direct

    @property
    def is_in_memory(self) -> bool:
        # docstring inherited
        return self.source.is_in_memory

    @property
    def is_remote(self) -> bool:
        # docstring inherited
        return self.source.is_remote

    @property
    def gains_from_threads(self) -> bool:
        # docstring inherited
        return self.source.gains_from_threads


@dataclass(frozen=True)
class Arranged(_Seen):
    """A source with its axes in another order, and with others of length 1."""

    source: PixelSource
    order: Sequence[int]
    """As of `arranged`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", tuple(self.order))

    @property
    def shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self._moved(self.source.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        # docstring inherited
        return self.source.dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        # docstring inherited
        return self._moved(self.source.chunks)

    @property
    def grid_chunk_shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self._moved(self.source.grid_chunk_shape)

    @property
    def fill_value(self) -> Any:
        # docstring inherited
        return self.source.fill_value

    def read(self, region: Region) -> npt.NDArray[Any]:
        # docstring inherited
        return self._seen(self.source.read(self._behind(region)))

    def read_into(self, region: Region, out: npt.NDArray[Any]) -> None:
        # docstring inherited
        self.source.read_into(self._behind(region), self._stored(out))

    def stored_regions(self, region: Region) -> Iterable[tuple[StoredArray, Region]]:
        # docstring inherited
        return self.source.stored_regions(self._behind(region))

    def bytes_to_decode(self, region: Region) -> int:
        # docstring inherited
        return self.source.bytes_to_decode(self._behind(region))

    def recall(self, region: Region, out: npt.NDArray[Any]) -> bool:
        # docstring inherited
        return self.source.recall(self._behind(region), self._stored(out))

    def fetch(self, region: Region) -> None:
        # docstring inherited
        self.source.fetch(self._behind(region))

    def best_known(self, region: Region) -> BestKnown | None:
        # docstring inherited
        known = self.source.best_known(self._behind(region))
        if known is None:
            return None
        inner = known.shown
        return replace(known, shown=lambda pixels: self._seen(inner(pixels)))

    def _stored(self, out: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An array of pixels as they are seen, seen as they are stored."""
        back = [self.order.index(axis) for axis in range(len(self.order))]
        added = (0,) * (len(back) - self.source.ndim)
        return out.transpose(back)[(slice(None),) * self.source.ndim + added]

    def _seen(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        added = range(self.source.ndim, len(self.order))
        return np.expand_dims(pixels, tuple(added)).transpose(self.order)

    def _behind(self, region: Region) -> Region:
        return tuple(region[self.order.index(axis)] for axis in range(self.source.ndim))

    def _moved(self, values: Sequence[int]) -> tuple[int, ...]:
        return tuple(values[axis] if axis < len(values) else 1 for axis in self.order)


@dataclass(frozen=True)
class Magnitude(_Seen):
    """Complex numbers as their magnitudes."""

    source: PixelSource

    @property
    def shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        # docstring inherited
        return np.dtype(f"f{self.source.dtype.itemsize // 2}")

    @property
    def chunks(self) -> tuple[int, ...]:
        # docstring inherited
        return self.source.chunks

    @property
    def grid_chunk_shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self.source.grid_chunk_shape

    @property
    def fill_value(self) -> Any:
        # docstring inherited
        return abs(self.source.fill_value)

    def read(self, region: Region) -> npt.NDArray[Any]:
        # docstring inherited
        return np.abs(self.source.read(region))

    def fetch(self, region: Region) -> None:
        # docstring inherited
        self.source.fetch(region)

    def stored_regions(self, region: Region) -> Iterable[tuple[StoredArray, Region]]:
        # docstring inherited
        return self.source.stored_regions(region)

    def bytes_to_decode(self, region: Region) -> int:
        # docstring inherited
        return self.source.bytes_to_decode(region)

    def recall(self, region: Region, out: npt.NDArray[Any]) -> bool:
        # docstring inherited
        pixels = np.empty(shape_of(region), self.source.dtype)
        if not self.source.recall(region, pixels):
            return False
        np.abs(pixels, out=out)
        return True

    def best_known(self, region: Region) -> BestKnown | None:
        # docstring inherited
        known = self.source.best_known(region)
        if known is None:
            return None
        missing = tuple(map(_of_magnitudes, known.missing))
        return replace(known, whole=np.abs(known.whole), missing=missing)


def _of_magnitudes(missing: Missing) -> Missing:
    sketch = None if missing.sketch is None else _of_magnitudes(missing.sketch)
    compute = partial(_computed_magnitudes, missing.compute)
    return replace(missing, key=("magnitude", missing.key), compute=compute, sketch=sketch)


def _computed_magnitudes(compute: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.abs(compute())
