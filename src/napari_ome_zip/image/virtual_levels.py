"""Coarser levels that no file holds, computed where and when they are looked at.

Levels up to `MAX_READ` pixels of the file for one of their own are exact: means of blocks of the
level before (for labels the first pixel of each block). Coarser ones would read a whole image to
draw a thumbnail, so they are samples: of neighboring chunks one is read and averaged, and the
pixels of the others repeat what is nearest in it. Chunks that are not stored cost nothing, not even
a look for each of them, and always show as what they are. So a view of *n* pixels reads about *n*
times `MAX_READ` pixels of the file, however large that is.

That still takes seconds, for which no window can stand still. So a viewer is first given what is
known: blocks that were computed, pixels of coarser levels in place of others, and at the coarsest
level a sketch from very few chunks (`VirtualLevel.best_known`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_ome_zip.byte_cache import ByteCache
from napari_ome_zip.image.axis_order import axes_of_space
from napari_ome_zip.image.composite import PlacedLabels, PlacedPart
from napari_ome_zip.image.level_sampling import BLOCK_EDGE, MAX_READ
from napari_ome_zip.image.sampled_level import SampledLevel, chunk_shape, reduced, spanned
from napari_ome_zip.pixels.best_known import BestKnown, Missing, stop_if_unwanted
from napari_ome_zip.pixels.expecting import expecting
from napari_ome_zip.pixels.grid import (
    ChunkCoordinates,
    Piece,
    Region,
    chunk_region,
    pieces,
    pieces_from_the_middle,
    shape_of,
)
from napari_ome_zip.pixels.source import DirectSource, PixelSource, as_source
from napari_ome_zip.pixels.strictness import checked_entries

MAX_EDGE = 4096
"""Longest edge of a plane, in pixels, that needs no coarser level."""
OVERVIEW_EDGE = 1024
"""Longest edge of the plane of the coarsest virtual level: about one screen."""
MAX_VOLUME_EDGE = 2048
"""Longest edge of a volume that any graphics card of today shows."""
MAX_VOXELS = 2**28
"""Voxels of a volume that needs no coarser level: 512 MiB of 16 bit."""
CACHE_BYTES = 64 << 20
"""Computed pixels that are kept for each image."""

SKETCH_READ = 8
"""Pixels of the file that are read for one of a sketch, on average."""

_MAX_IN_BLOCK = 2**21

_WORTH_LOOKING = 1 << 25
"""Bytes that a region would take, from which on it is looked up how much of it is stored."""

type _BlockKey = tuple[tuple[int, ...], ChunkCoordinates, Literal["strict", "tolerant", "sketch"]]
"""Factors of a level, coordinates of a block of it, and how it was read."""
_BlockCache = ByteCache[_BlockKey, npt.NDArray[Any]]


def virtual_levels(part: PlacedPart, edge: int | None = None) -> tuple[PixelSource, ...]:
    """Levels that follow the coarsest one of ``part``, where that is too large to be shown.

    Each step halves the longer spatial axes: those of the plane until it is no longer than
    ``edge``, then those of the volume until it suits a graphics card.

    Parameters
    ----------
    part : PlacedPart
    edge : int, optional
        Longest edge of the plane of the coarsest level, in pixels; `OVERVIEW_EDGE` by default.

    Returns
    -------
    tuple of PixelSource
        Largest first; empty where the coarsest level can be shown as it is. No pixel is read.
    """
    base = as_source(part.sources[-1])
    spatial = axes_of_space(part.axes)
    if len(spatial) < 2:
        spatial = [i for i in range(base.ndim) if i != part.channel_axis][-2:]
    plane, volume = spatial[-2:], spatial[-3:]
    # Sums of 64-bit integers are beyond what can be computed exactly.
    wide = base.dtype.kind in "iu" and base.dtype.itemsize > 4
    nearest = wide or isinstance(part, PlacedLabels)
    cache = _BlockCache(CACHE_BYTES)
    levels: list[VirtualLevel] = []
    steps, grids = _halvings(base, plane, volume, OVERVIEW_EDGE if edge is None else edge)
    for number, (step, grid) in enumerate(zip(steps, grids, strict=True)):
        levels.append(
            VirtualLevel(
                before=levels[-1] if levels else base,
                base=base,
                step=step,
                factors=grid.factors,
                plane=tuple(plane),
                nearest=nearest,
                cache=cache,
                coarser=grids[number + 1 :],
            )
        )
    return tuple(levels)


def _halvings(
    base: PixelSource, plane: list[int], volume: list[int], edge: int
) -> tuple[list[tuple[int, ...]], tuple[LevelGrid, ...]]:
    """Pixels of the level before that one spans, and the blocks, of each level."""
    steps: list[tuple[int, ...]] = []
    grids: list[LevelGrid] = []
    # Numbers without limits: twice the longest axis there may be is more than 64 bits hold.
    factors, shape = [1] * base.ndim, list(base.shape)
    while halved := _axes_to_halve(shape, plane, volume, edge if steps else MAX_EDGE):
        step = tuple(2 if axis in halved else 1 for axis in range(base.ndim))
        factors = [f * s for f, s in zip(factors, step, strict=True)]
        steps.append(step)
        grids.append(LevelGrid.of(base, tuple(factors), plane))
        shape = list(grids[-1].shape)
    return steps, tuple(grids)


def _axes_to_halve(
    shape: Sequence[int], plane: list[int], volume: list[int], longest_edge: int
) -> list[int]:
    """The axes that are too long to be shown; none where all can be."""
    if max(shape[axis] for axis in plane) > longest_edge:
        axes = plane
    elif len(volume) > 2 and shape[volume[0]] > 1 and _too_large([shape[i] for i in volume]):
        axes = volume
    else:
        return []
    longest = max(shape[axis] for axis in axes)
    return [axis for axis in axes if 2 * shape[axis] > longest]


def _too_large(volume: Sequence[int]) -> bool:
    return max(volume) > MAX_VOLUME_EDGE or math.prod(volume) > MAX_VOXELS


@dataclass(frozen=True)
class LevelGrid:
    """A level's size, and the blocks that it is computed in."""

    factors: tuple[int, ...]
    """Pixels of the file that one of the level spans along each axis."""
    shape: tuple[int, ...]
    block: tuple[int, ...]
    """Size of a block along each axis: as deep as a chunk, since that is decoded anyway."""

    @classmethod
    def of(cls, base: PixelSource, factors: tuple[int, ...], plane: Sequence[int]) -> LevelGrid:
        """Of a level of ``base``: the last pixel may span less than the others."""
        shape = tuple(-(-n // f) for n, f in zip(base.shape, factors, strict=True))
        block = [
            BLOCK_EDGE if axis in plane else max(1, chunk // factor)
            for axis, (chunk, factor) in enumerate(zip(chunk_shape(base), factors, strict=True))
        ]
        block = [min(c, n) for c, n in zip(block, shape, strict=True)]
        for axis in range(len(shape)):
            while axis not in plane and block[axis] > 1 and math.prod(block) > _MAX_IN_BLOCK:
                block[axis] = -(-block[axis] // 2)
        return cls(factors, shape, tuple(block))

    def behind(self, region: Region, factors: Sequence[int]) -> list[npt.NDArray[np.intp]]:
        """Pixels along each axis that stand behind those of a region of a finer level."""
        return [
            np.minimum(np.arange(s.start, s.stop) * finer // own, n - 1)
            for s, finer, own, n in zip(region, factors, self.factors, self.shape, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class VirtualLevel(DirectSource):
    """One level that is computed from a larger one."""

    before: PixelSource
    """The next larger level, virtual or not."""
    base: PixelSource
    """The coarsest level of the file."""
    step: tuple[int, ...]
    """Pixels of ``before`` that one spans along each axis."""
    factors: tuple[int, ...]
    """Pixels of ``base`` that one spans along each axis."""
    plane: tuple[int, ...]
    """The two axes that are looked at together."""
    nearest: bool
    """Whether a pixel is one of those it stands for, instead of their mean."""
    cache: _BlockCache
    """Blocks of all levels of the image."""
    coarser: tuple[LevelGrid, ...] = ()
    """Of the levels whose pixels may be shown in place of this one's, largest first."""

    @cached_property
    def grid(self) -> LevelGrid:
        """Its blocks."""
        return LevelGrid.of(self.base, self.factors, self.plane)

    @property
    def shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self.grid.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the file."""
        return self.base.dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        """Size of what is computed as one."""
        return self.grid.block

    @property
    def is_remote(self) -> bool:
        # docstring inherited
        return self.base.is_remote

    def recall(self, region: Region, out: npt.NDArray[Any]) -> bool:
        # docstring inherited
        known = self._known_of(self.grid, [(s.start, s.stop) for s in region])
        if known is None:
            return False
        out[...] = known
        return True

    @property
    def exact(self) -> bool:
        """Whether every pixel of the file takes part."""
        return math.prod(self.factors) <= MAX_READ

    def read_into(self, region: Region, out: npt.NDArray[Any]) -> None:
        """As `read`, put together from blocks that are computed once."""
        if not out.size:
            return
        for coordinates, inside, target in pieces(region, self.chunks):
            out[target] = self._block(coordinates)[inside]

    def bytes_to_decode(self, region: Region) -> int:
        """Those of the file, of which a part is looked at where the level is not exact."""
        start, stop = ([getattr(s, end) for s in region] for end in ("start", "stop"))
        of_base = spanned(start, stop, self.factors, self.base.shape)
        found = self.base.bytes_to_decode(of_base)
        if not self.exact:
            found = min(found, math.prod(shape_of(region)) * MAX_READ * self.dtype.itemsize)
        if found <= _WORTH_LOOKING:
            return found
        boxes = self.base.stored_boxes(of_base)
        if boxes is None:
            return found
        voxels = float((boxes[:, 1] - boxes[:, 0]).astype(float).prod(axis=1).sum())
        return int(min(found, voxels * self.dtype.itemsize))

    def best_known(self, region: Region) -> BestKnown | None:
        """Blocks that were computed; where others are missing, a coarser level behind them."""
        if checked_entries() is not None:
            return None
        whole = np.full(shape_of(region), self.base.fill_value, self.dtype)
        missing = []
        for piece in pieces_from_the_middle(region, self.chunks) if whole.size else ():
            coordinates, inside, target = piece
            block = self.cache.get((self.factors, coordinates, "tolerant"))
            if block is None:
                missing.append(self._stand_in(piece, whole))
            else:
                whole[target] = block[inside]
        return BestKnown(whole, tuple(missing))

    def _stand_in(self, piece: Piece, whole: npt.NDArray[Any]) -> Missing:
        """Show what there is in place of a block, and say how it is computed."""
        coordinates, inside, target = piece
        sketch = None
        if self.coarser:
            self._show_coarser(piece, whole)
        elif self._is_sketched:
            known = self.cache.get((self.factors, coordinates, "sketch"))
            if known is not None:
                whole[target] = known[inside]
            else:
                drawn = partial(self._sketch, coordinates)
                sketch = Missing((self, coordinates, "sketch"), drawn, inside, target)
        compute = partial(self._block, coordinates)
        key = (self, coordinates)
        return Missing(key, compute, inside, target, sketch, is_overview=not self.coarser)

    def _show_coarser(self, piece: Piece, whole: npt.NDArray[Any]) -> None:
        """Show the finest of the coarser levels that is known all over a block."""
        coordinates, inside, target = piece
        start = [i * n for i, n in zip(coordinates, self.chunks, strict=True)]
        region = tuple(slice(a + s.start, a + s.stop) for a, s in zip(start, inside, strict=True))
        for level in self.coarser:
            behind = level.behind(region, self.factors)
            pixels = self._known_of(level, [(int(i[0]), int(i[-1]) + 1) for i in behind])
            if pixels is not None:
                # Whole rows last: they are copied fastest.
                for axis in reversed(range(self.ndim)):
                    pixels = pixels.take(behind[axis] - behind[axis][0], axis=axis)
                whole[target] = pixels
                return

    def _known_of(
        self, level: LevelGrid, bounds: Sequence[tuple[int, int]]
    ) -> npt.NDArray[Any] | None:
        """Pixels of a coarser level; None where some are not known."""
        region = tuple(slice(start, stop) for start, stop in bounds)
        pixels = np.empty(shape_of(region), self.dtype)
        for coordinates, inside, target in pieces(region, level.block):
            block = self.cache.get((level.factors, coordinates, "tolerant"))
            if block is None:
                block = self.cache.get((level.factors, coordinates, "sketch"))
            if block is None:
                return None
            pixels[target] = block[inside]
        return pixels

    @property
    def _is_sketched(self) -> bool:
        return math.prod(self.factors) > 4 * SKETCH_READ

    def _sketch(self, coordinates: ChunkCoordinates) -> npt.NDArray[Any]:
        block = self._sketched.compute(*self._bounds(coordinates))
        self.cache.put((self.factors, coordinates, "sketch"), block)
        return block

    def _block(self, coordinates: ChunkCoordinates) -> npt.NDArray[Any]:
        # What was read tolerantly may hold fill values that strict reading must not get.
        how: Literal["strict", "tolerant"] = "tolerant" if checked_entries() is None else "strict"
        key = (self.factors, coordinates, how)
        block = self.cache.get(key)
        if block is None:
            stop_if_unwanted()
            block = self._compute(*self._bounds(coordinates))
            self.cache.put(key, block)
        return block

    def _bounds(self, coordinates: ChunkCoordinates) -> tuple[list[int], list[int]]:
        region = chunk_region(coordinates, self.chunks, self.shape)
        return [s.start for s in region], [s.stop for s in region]

    def _compute(self, start: Sequence[int], stop: Sequence[int]) -> npt.NDArray[Any]:
        boxes = self.base.stored_boxes(spanned(start, stop, self.factors, self.base.shape))
        if boxes is not None and not len(boxes):
            return self._blank(start, stop)
        if not self.exact:
            return self._sampled.compute(start, stop)
        region = spanned(start, stop, self.step, self.before.shape)
        # By way of levels between them it would be read piece by piece.
        of_base = spanned(start, stop, self.factors, self.base.shape)
        with expecting(self.base, [of_base]):
            return reduced(self.before.read(region), self.step, nearest=self.nearest)

    def _blank(self, start: Sequence[int], stop: Sequence[int]) -> npt.NDArray[Any]:
        """What shows where nothing is stored."""
        shape = [b - a for a, b in zip(start, stop, strict=True)]
        return np.full(shape, self.base.fill_value, self.dtype)

    @cached_property
    def _sampled(self) -> SampledLevel:
        return SampledLevel(self.base, self.factors, self.shape, self.plane, self.nearest)

    @cached_property
    def _sketched(self) -> SampledLevel:
        return replace(self._sampled, most=SKETCH_READ, longest=self.chunks, looks_up=False)
