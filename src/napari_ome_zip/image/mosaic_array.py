"""Many arrays on one pixel grid, read as one array."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.arrays import PixelSource, split_key


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


@dataclass(frozen=True, eq=False)
class MosaicArray:
    """Array-like of all tiles of one level; gaps between them hold 0.

    Where tiles overlap the later one is seen, as a later layer would be.
    """

    path: str
    tiles: tuple[Tile, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def chunks(self) -> tuple[int, ...]:
        """Size of a chunk of the first tile."""
        chunks = self.tiles[0].source.chunks
        if isinstance(self.tiles[0].source, da.Array):
            return tuple(int(sizes[0]) for sizes in chunks)
        return tuple(chunks)

    @property
    def stored(self) -> tuple[int, ...]:
        """Size of what the first tile stores as one."""
        return getattr(self.tiles[0].source, "stored", self.chunks)

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        """Read a region, given as one slice or integer an axis."""
        region, steps = split_key(key, self.shape)
        return self.read(region)[steps]

    def read(self, region: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Pixels of ``region``, from the tiles that lie in it and no others."""
        out = np.empty(tuple(s.stop - s.start for s in region), dtype=self.dtype)
        self.read_into(region, out)
        return out

    def read_into(self, region: tuple[slice, ...], out: npt.NDArray[Any]) -> None:
        """As `read`, into an array of the region's shape and this dtype."""
        start = np.array([s.start for s in region])
        stop = np.array([s.stop for s in region])
        out[...] = 0
        for number in self._meeting(start, stop):
            tile, low, high = self.tiles[number], self._low[number], self._high[number]
            first, last = np.maximum(start, low), np.minimum(stop, high)
            target = tuple(map(slice, first - start, last - start))
            out[target] = _cut(tile.source, first - low, last - low)

    fill_value = 0
    """What is shown in gaps, and where tiles store nothing."""

    def stored_boxes(self, region: tuple[slice, ...]) -> npt.NDArray[np.int64]:
        """Where pixels of a region may be other than 0, as of any array."""
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


def _cut(source: PixelSource, start: npt.NDArray[Any], stop: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A region of a tile; where it goes on beyond the last pixel, that is repeated."""
    last = np.array(source.shape)
    first = np.minimum(start, last - 1)
    inside = tuple(map(slice, first, np.minimum(stop, last)))
    pixels = np.asarray(source[inside])
    beyond = (stop - first) - np.array(pixels.shape)
    if beyond.any():
        pixels = np.pad(pixels, [(0, int(n)) for n in beyond], mode="edge")
    kept: npt.NDArray[Any] = pixels[tuple(slice(int(n), None) for n in start - first)]
    return kept


def _stored(
    source: PixelSource, start: npt.NDArray[Any], stop: npt.NDArray[Any]
) -> npt.NDArray[np.int64] | None:
    """Boxes of what is stored of a part of a tile; None where all of it counts."""
    ask = getattr(source, "stored_boxes", None)
    if ask is None or source.fill_value != 0:  # type: ignore[attr-defined]
        return None
    size = np.array(source.shape)
    if (start >= size).any() or (stop > size).any():
        return None  # the last pixel is repeated beyond its end
    boxes: npt.NDArray[np.int64] | None = ask(tuple(map(slice, start.tolist(), stop.tolist())))
    return boxes
