"""Many arrays on one pixel grid, read as one array."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.best_known import BestKnown
from napari_ome_zip.pixels.expecting import StoredArray
from napari_ome_zip.pixels.grid import Region, shape_of
from napari_ome_zip.pixels.remote_pixels import remote_best_known
from napari_ome_zip.pixels.source import DirectSource, PixelSource
from napari_ome_zip.pixels.strictness import checked_entries

type _Read = Callable[[PixelSource, Region], npt.NDArray[Any]]


@dataclass(frozen=True)
class Tile:
    """One array, and where its first pixel lies on the mosaic's grid."""

    source: PixelSource
    offset: tuple[int, ...]
    """In pixels of the level, along each axis."""
    extent: tuple[int, ...] = ()
    """Pixels it covers: at lower levels up to one more than it has, whose last is repeated.

    A tile of 101 pixels has 50 at half the resolution, and covers 50.5: without this, black
    lines would run between tiles that meet.
    """

    @property
    def covers(self) -> tuple[int, ...]:
        """Size along each axis of what is shown of it."""
        return self.extent or self.source.shape


class MosaicArray(DirectSource):
    """All tiles of one level; gaps between them hold 0.

    Where tiles overlap the later one is seen, as a later layer would be.

    Parameters
    ----------
    path : str
        Path of the first image's group.
    tiles : tuple of Tile
    shape : tuple of int
        Size along each axis, in pixels: all tiles lie within.
    dtype : dtype
        That holds the pixels of every tile.
    """

    def __init__(
        self, path: str, tiles: tuple[Tile, ...], shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self._path = path
        self.tiles = tiles
        self._shape = shape
        self._dtype = dtype

    @property
    def path(self) -> str:
        # docstring inherited
        return self._path

    @property
    def shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        # docstring inherited
        return self._dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        """Those of the first tile."""
        return self.tiles[0].source.chunks

    @property
    def grid_chunk_shape(self) -> tuple[int, ...]:
        """That of the first tile."""
        return self.tiles[0].source.grid_chunk_shape

    @property
    def gains_from_threads(self) -> bool:
        """As the first tile does."""
        return self.tiles[0].source.gains_from_threads

    def read_into(self, region: Region, out: npt.NDArray[Any]) -> None:
        """As `read`, into an array: each tile that meets the region gives what of it lies there.

        Counted from the mosaic's first pixel, a tile reaches from ``low`` to ``high``; their
        common part is taken out of the tile, and put where it lies in the region::

            low ┌────────── tile ───┐ high
                │        start ┌────┼────────── region ──┐ stop
                │              │////│                    │
                └──────────────┼────┘                    │
                         first └─── last ────────────────┘
        """
        self._put_together(region, out, _read)

    def _put_together(self, region: Region, out: npt.NDArray[Any], read: _Read) -> None:
        start = np.array([s.start for s in region])
        stop = np.array([s.stop for s in region])
        out[...] = 0
        for number in self._meeting(start, stop):
            tile, low, high = self.tiles[number], self._low[number], self._high[number]
            first, last = np.maximum(start, low), np.minimum(stop, high)
            target = tuple(map(slice, first - start, last - start))
            out[target] = _cut(tile.source, first - low, last - low, read)

    def fetch(self, region: Region) -> None:
        # docstring inherited
        for source, part in self._parts(region):
            source.fetch(part)

    @property
    def is_remote(self) -> bool:
        """As the first tile is."""
        return self.tiles[0].source.is_remote

    def stored_regions(self, region: Region) -> Iterator[tuple[StoredArray, Region]]:
        # docstring inherited
        for source, part in self._parts(region):
            yield from source.stored_regions(part)

    def bytes_to_decode(self, region: Region) -> int:
        # docstring inherited
        return sum(source.bytes_to_decode(part) for source, part in self._parts(region))

    def recall(self, region: Region, out: npt.NDArray[Any]) -> bool:
        # docstring inherited
        try:
            self._put_together(region, out, _recalled)
        except _UnknownError:
            return False
        return True

    def best_known(self, region: Region) -> BestKnown | None:
        # docstring inherited
        strict = checked_entries() is not None
        return remote_best_known(self, region) if self.is_remote and not strict else None

    def _parts(self, region: Region) -> Iterator[tuple[PixelSource, Region]]:
        """Tiles, and what of each is read for a region."""
        start = np.array([s.start for s in region])
        stop = np.array([s.stop for s in region])
        for number in self._meeting(start, stop):
            source, low = self.tiles[number].source, self._low[number]
            last = np.minimum(np.minimum(stop, self._high[number]) - low, source.shape)
            first = np.minimum(np.maximum(start, low) - low, np.array(source.shape) - 1)
            last = np.maximum(last, first + 1)
            yield source, tuple(map(slice, first.tolist(), last.tolist()))

    def stored_boxes(self, region: Region) -> npt.NDArray[np.int64]:
        """Where pixels of a region may be other than 0, which gaps are."""
        start = np.array([s.start for s in region])
        stop = np.array([s.stop for s in region])
        found = [np.empty((0, 2, self.ndim), dtype=np.int64)]
        for number in self._meeting(start, stop):
            low = self._low[number]
            first = np.maximum(start, low)
            last = np.minimum(stop, self._high[number])
            stored = _stored(self.tiles[number].source, first - low, last - low)
            found.append(np.array([[first, last]]) if stored is None else stored + low)
        return np.concatenate(found)

    def _meeting(self, start: npt.NDArray[Any], stop: npt.NDArray[Any]) -> npt.NDArray[Any]:
        meets = np.all((self._low < stop) & (self._high > start), axis=1)
        return np.flatnonzero(meets)

    @cached_property
    def _low(self) -> npt.NDArray[Any]:
        return np.array([tile.offset for tile in self.tiles])

    @cached_property
    def _high(self) -> npt.NDArray[Any]:
        sizes = np.array([tile.covers for tile in self.tiles])
        high: npt.NDArray[Any] = self._low + sizes
        return high


class _UnknownError(Exception):
    """Pixels that are asked for are not in memory."""


def _read(source: PixelSource, region: Region) -> npt.NDArray[Any]:
    return source.read(region)


def _recalled(source: PixelSource, region: Region) -> npt.NDArray[Any]:
    pixels = np.empty(shape_of(region), source.dtype)
    if not source.recall(region, pixels):
        raise _UnknownError
    return pixels


def _cut(
    source: PixelSource, start: npt.NDArray[Any], stop: npt.NDArray[Any], read: _Read
) -> npt.NDArray[Any]:
    """A region of a tile; where it goes on beyond the last pixel, that is repeated.

    A region that lies beyond it altogether still is read from the last pixel on, which is then
    cut off again::

        tile    a b c d e │ (e)       pixels 3 to 6 are d e e
    """
    last = np.array(source.shape)
    first = np.minimum(start, last - 1)
    pixels = read(source, tuple(map(slice, first.tolist(), np.minimum(stop, last).tolist())))
    beyond = (stop - first) - np.array(pixels.shape)
    for axis in np.flatnonzero(beyond).tolist():
        # np.pad takes twenty times as long, which many small tiles notice.
        repeated = pixels.take([-1], axis).repeat(int(beyond[axis]), axis)
        pixels = np.concatenate([pixels, repeated], axis)
    kept: npt.NDArray[Any] = pixels[tuple(slice(int(n), None) for n in start - first)]
    return kept


def _stored(
    source: PixelSource, start: npt.NDArray[Any], stop: npt.NDArray[Any]
) -> npt.NDArray[np.int64] | None:
    """Boxes of what is stored of a part of a tile; None where all of it counts."""
    if source.fill_value != 0:
        return None
    size = np.array(source.shape)
    if (start >= size).any() or (stop > size).any():
        return None  # the last pixel is repeated beyond its end
    return source.stored_boxes(tuple(map(slice, start.tolist(), stop.tolist())))
