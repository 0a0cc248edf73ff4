"""Make smaller levels while the pixels of the larger one are in memory.

Every tile of the full resolution is encoded, reduced, and put into its place in a tile of the
next level; a tile that is complete takes the same way. Nothing is read back, and tiles are
visited in such an order that few of them are open at a time.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.reduction import reduce_block
from napari_ome_zip.saving.encoding.array_plan import ArrayPlan

MAX_TILE_BYTES = 2**26
"""Larger tiles would hold too much memory: such levels are read back instead."""

type Region = tuple[slice, ...]
type Tile = tuple[int, ...]
type Emit = Callable[[int, Region, npt.NDArray[Any]], None]
"""Called with a level's number and the pixels of a region: a whole number of stored objects."""


@dataclass
class _Open:
    """A tile that waits for pixels."""

    pixels: npt.NDArray[Any]
    missing: int


def tile_shapes(chain: Sequence[ArrayPlan]) -> list[tuple[int, ...]] | None:
    """Tiles for a level and those that are made from it, one after the other.

    A tile is a whole number of stored objects, of the pixels that become one in the next level,
    and of the reduced tiles of the level before. None where such tiles are too large.
    """
    shapes: list[tuple[int, ...]] = []
    for number, plan in enumerate(chain):
        following = chain[number + 1].step if number + 1 < len(chain) else (1,) * len(plan.shape)
        shape = []
        for axis, size in enumerate(plan.shape):
            stored = plan.layout.grid_chunk_shape[axis]
            length = math.lcm(stored, following[axis])
            if shapes:
                length = math.lcm(length, max(1, shapes[-1][axis] // plan.step[axis]))
                if shapes[-1][axis] >= chain[number - 1].shape[axis]:
                    length = max(length, size)
            shape.append(length if length < size else _whole(size, stored))
        held = math.prod(min(n, t) for n, t in zip(plan.shape, shape, strict=True))
        if held * plan.dtype.itemsize > MAX_TILE_BYTES:
            return None
        shapes.append(tuple(shape))
    return shapes


def _whole(size: int, part: int) -> int:
    return -(-size // part) * part


class Cascade:
    """The levels of one image, from the one that has a source to the smallest.

    Parameters
    ----------
    chain : sequence of ArrayPlan
        The first has a source; each other one is made from the one before.
    tiles : list of tuple of int
        From `tile_shapes`.
    emit : callable
        Encodes and writes; may be called from several threads at once.
    """

    def __init__(
        self, chain: Sequence[ArrayPlan], tiles: Sequence[tuple[int, ...]], emit: Emit
    ) -> None:
        self._chain = chain
        self._tiles = tiles
        self._emit = emit
        self._open: dict[tuple[int, Tile], _Open] = {}
        self._lock = threading.Lock()

    def regions(self) -> Iterator[Region]:
        """Regions of the first level, those of one tile of the next level together."""
        counts = [-(-n // t) for n, t in zip(self._chain[0].shape, self._tiles[0], strict=True)]
        tiles = sorted(itertools.product(*map(range, counts)), key=self._place)
        return (self._region(0, tile) for tile in tiles)

    def take(self, region: Region, pixels: npt.NDArray[Any], level: int = 0) -> int:
        """Write a region of a level, and all of the smaller levels that it completes.

        A region is reduced into its corner of a tile of the next level. The tile is kept open until
        all of its corners have come, from whichever threads; the last of them takes it on as a
        region of its own::

            level 0  │ a │ b │      level 1 ┌───────┐        level 2
                     ├───┼───┤  →           │ a  b  │   →   ┌────┬──
                     │ c │ d │              │ c  d  │       │abcd│ …
                                            └───────┘       └────┴──

        Returns
        -------
        int
            Bytes that were written, uncompressed.
        """
        self._emit(level, region, pixels)
        if level + 1 == len(self._chain):
            return pixels.nbytes
        plan = self._chain[level + 1]
        reduced = reduce_block(pixels, plan.step, plan.kind)
        return pixels.nbytes + self.take_reduced(region, reduced, level)

    def take_reduced(self, region: Region, reduced: npt.NDArray[Any], level: int = 0) -> int:
        """As `take`, of a region that was written and reduced elsewhere.

        Returns
        -------
        int
            Bytes of the smaller levels that were written, uncompressed.
        """
        plan = self._chain[level + 1]
        corner = [s.start // f for s, f in zip(region, plan.step, strict=True)]
        tile = tuple(c // t for c, t in zip(corner, self._tiles[level + 1], strict=True))
        whole = self._region(level + 1, tile)
        complete = self._fill((level + 1, tile), whole, corner, reduced)
        return 0 if complete is None else self.take(whole, complete, level + 1)

    def _fill(
        self,
        key: tuple[int, Tile],
        whole: Region,
        corner: Sequence[int],
        reduced: npt.NDArray[Any],
    ) -> npt.NDArray[Any] | None:
        """Put pixels into an open tile; its pixels once nothing is missing, and it is closed."""
        with self._lock:
            waiting = self._open.get(key)
            if waiting is None:
                shape = tuple(s.stop - s.start for s in whole)
                waiting = _Open(np.empty(shape, reduced.dtype), math.prod(shape))
                self._open[key] = waiting
        place = tuple(
            slice(c - w.start, c - w.start + n)
            for c, w, n in zip(corner, whole, reduced.shape, strict=True)
        )
        waiting.pixels[place] = reduced
        with self._lock:
            waiting.missing -= reduced.size
            if waiting.missing:
                return None
            del self._open[key]
        return waiting.pixels

    def _place(self, tile: Tile) -> tuple[Tile, ...]:
        """Tiles of all levels that a tile of the first one goes into, the smallest level first."""
        corner = [i * t for i, t in zip(tile, self._tiles[0], strict=True)]
        tiles = [tile]
        for plan, shape in zip(self._chain[1:], self._tiles[1:], strict=True):
            corner = [c // f for c, f in zip(corner, plan.step, strict=True)]
            tiles.append(tuple(c // t for c, t in zip(corner, shape, strict=True)))
        return tuple(reversed(tiles))

    def _region(self, level: int, tile: Tile) -> Region:
        shape, tiles = self._chain[level].shape, self._tiles[level]
        return tuple(
            slice(i * t, min((i + 1) * t, n)) for i, t, n in zip(tile, tiles, shape, strict=True)
        )
