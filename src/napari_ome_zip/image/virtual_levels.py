"""Coarser levels that no file holds, computed where and when they are looked at.

Levels up to `MAX_READ` pixels of the file for one of their own are exact: means of blocks of the
level before (for labels the first pixel of each block). Coarser ones would read a whole image to
draw a thumbnail, so they are samples: of neighboring chunks one is read and averaged, and the
pixels of the others repeat what is nearest in it. Chunks that are not stored cost nothing, not even
a look for each of them, and always show as what they are. So a view of *n* pixels reads about *n*
times `MAX_READ` pixels of the file, however large that is.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.byte_cache import ByteCache
from napari_ome_zip.image.composite import PlacedLabels, PlacedPart
from napari_ome_zip.image.level_sampling import BLOCK_EDGE, MAX_READ, Occupancy, Sampling, sampling
from napari_ome_zip.pixels.grid import ChunkCoordinates, Region
from napari_ome_zip.pixels.reduction import reduce_block
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
CACHE_BYTES = 256 << 20
"""Computed pixels that are kept for each image."""

_MAX_IN_BLOCK = 2**21

type _BlockKey = tuple[tuple[int, ...], ChunkCoordinates, bool]
"""Factors of a level, coordinates of a block of it, and whether it was read strictly."""
_BlockCache = ByteCache[_BlockKey, npt.NDArray[Any]]


def virtual_levels(part: PlacedPart) -> tuple[PixelSource, ...]:
    """Levels that follow the coarsest one of ``part``, where that is too large to be shown.

    Each step halves the longer spatial axes: those of the plane until it is no longer than
    `OVERVIEW_EDGE`, then those of the volume until it suits a graphics card.

    Returns
    -------
    tuple of PixelSource
        Largest first; empty where the coarsest level can be shown as it is. No pixel is read.
    """
    base = as_source(part.sources[-1])
    spatial = [i for i, axis in enumerate(part.axes) if axis.role == "space"]
    if len(spatial) < 2:
        spatial = [i for i in range(base.ndim) if i != part.channel_axis][-2:]
    plane, volume = spatial[-2:], spatial[-3:]
    # Sums of 64-bit integers are beyond what can be computed exactly.
    wide = base.dtype.kind in "iu" and base.dtype.itemsize > 4
    nearest = wide or isinstance(part, PlacedLabels)
    cache = _BlockCache(CACHE_BYTES)
    levels: list[PixelSource] = []
    # Numbers without limits: twice the longest axis there may be is more than 64 bits hold.
    factors, shape = [1] * base.ndim, list(base.shape)
    while halved := _axes_to_halve(shape, plane, volume, started=bool(levels)):
        step = [2 if axis in halved else 1 for axis in range(base.ndim)]
        factors = [f * s for f, s in zip(factors, step, strict=True)]
        shape = [-(-n // f) for n, f in zip(base.shape, factors, strict=True)]
        levels.append(
            VirtualLevel(
                before=levels[-1] if levels else base,
                base=base,
                step=tuple(step),
                factors=tuple(factors),
                plane=tuple(plane),
                nearest=nearest,
                cache=cache,
            )
        )
    return tuple(levels)


def _axes_to_halve(
    shape: Sequence[int], plane: list[int], volume: list[int], *, started: bool
) -> list[int]:
    """The axes that are too long to be shown; none where all can be."""
    if max(shape[axis] for axis in plane) > (OVERVIEW_EDGE if started else MAX_EDGE):
        axes = plane
    elif len(volume) > 2 and shape[volume[0]] > 1 and _too_large([shape[i] for i in volume]):
        axes = volume
    else:
        return []
    longest = max(shape[axis] for axis in axes)
    return [axis for axis in axes if 2 * shape[axis] > longest]


def _too_large(volume: Sequence[int]) -> bool:
    return max(volume) > MAX_VOLUME_EDGE or math.prod(volume) > MAX_VOXELS


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

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Size along each axis: the last block may be smaller than the others."""
        return tuple(-(-n // f) for n, f in zip(self.base.shape, self.factors, strict=True))

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the file."""
        return self.base.dtype

    @cached_property
    def chunks(self) -> tuple[int, ...]:
        """Size of what is computed as one: as deep as a chunk, since that is decoded anyway."""
        block = [
            BLOCK_EDGE if axis in self.plane else max(1, chunk // factor)
            for axis, (chunk, factor) in enumerate(
                zip(_chunk_shape(self.base), self.factors, strict=True)
            )
        ]
        block = [min(c, n) for c, n in zip(block, self.shape, strict=True)]
        for axis in range(self.ndim):
            while axis not in self.plane and block[axis] > 1 and math.prod(block) > _MAX_IN_BLOCK:
                block[axis] = -(-block[axis] // 2)
        return tuple(block)

    @property
    def exact(self) -> bool:
        """Whether every pixel of the file takes part."""
        return math.prod(self.factors) <= MAX_READ

    def read_into(self, region: Region, out: npt.NDArray[Any]) -> None:
        """As `read`, put together from blocks that are computed once."""
        if not out.size:
            return
        ranges = [
            range(s.start // c, -(-s.stop // c)) for s, c in zip(region, self.chunks, strict=True)
        ]
        for coordinates in itertools.product(*ranges):
            start = [i * c for i, c in zip(coordinates, self.chunks, strict=True)]
            block = self._block(coordinates)
            first = [max(s.start, a) for s, a in zip(region, start, strict=True)]
            last = [min(s.stop, a + n) for s, a, n in zip(region, start, block.shape, strict=True)]
            inside = _slices(first, last, start)
            out[_slices(first, last, [s.start for s in region])] = block[inside]

    def _block(self, coordinates: ChunkCoordinates) -> npt.NDArray[Any]:
        # What was read tolerantly may hold fill values that strict reading must not get.
        key = (self.factors, coordinates, checked_entries() is not None)
        block = self.cache.get(key)
        if block is None:
            start = [i * c for i, c in zip(coordinates, self.chunks, strict=True)]
            ends = zip(start, self.chunks, self.shape, strict=True)
            block = self._compute(start, [min(a + c, n) for a, c, n in ends])
            self.cache.put(key, block)
        return block

    def _compute(self, start: Sequence[int], stop: Sequence[int]) -> npt.NDArray[Any]:
        boxes = self.base.stored_boxes(_spanned(start, stop, self.factors, self.base.shape))
        if boxes is not None and not len(boxes):
            return self._blank(start, stop)
        if not self.exact:
            return self._sampled(start, stop)
        region = _spanned(start, stop, self.step, self.before.shape)
        return self._reduced(self.before.read(region), self.step)

    def _blank(self, start: Sequence[int], stop: Sequence[int]) -> npt.NDArray[Any]:
        """What shows where nothing is stored."""
        shape = [b - a for a, b in zip(start, stop, strict=True)]
        return np.full(shape, self.base.fill_value, self.dtype)

    def _reduced(self, pixels: npt.NDArray[Any], step: Sequence[int]) -> npt.NDArray[Any]:
        if self.nearest:
            return np.ascontiguousarray(pixels[tuple(slice(None, None, n) for n in step)])
        return reduce_block(pixels, tuple(step), "mean")

    def _sampled(self, start: Sequence[int], stop: Sequence[int]) -> npt.NDArray[Any]:
        out = self._blank(start, stop)
        axes = zip(self._sampling, start, stop, self.shape, strict=True)
        units = [axis.units(a, b, n) for axis, a, b, n in axes]
        pixels = [axis.unit * axis.factor for axis in self._sampling]
        first, last = [r.start for r in units], [r.stop for r in units]
        boxes = self.base.stored_boxes(_spanned(first, last, pixels, self.base.shape))
        for group, stored in Occupancy.of(units, self._sampling, boxes).groups():
            self._fill_group(group, stored, start, out)
        return out

    def _fill_group(
        self,
        group: tuple[int, ...],
        stored: npt.NDArray[np.bool_],
        start: Sequence[int],
        out: npt.NDArray[Any],
    ) -> None:
        """Pixels of a group of units, from the one stored unit that is nearest to its middle.

        A unit is what is read as one (about a chunk of the file), ``every`` of them along each
        axis are a group, and one of a group is read. Pixels of the stored units beside it repeat
        the nearest pixel of it; those of units that are not stored stay as they are::

            units of a group      . = not stored      what is shown
              +---+---+---+       R = the one read      +---+---+---+
              | s | R | . |       s = stored            | < | R | . |
              +---+---+---+                             +---+---+---+
              | . | s | s |                             | . | ^ | / |
              +---+---+---+                             +---+---+---+

        Parameters
        ----------
        group : tuple of int
            Number of the group along each axis.
        stored : ndarray of bool
            Which of its units are stored; smaller than a group at the level's end.
        start : sequence of int
            First pixel of the level that ``out`` holds.
        out : ndarray
            Part of the level that is filled, as far as the group lies in it.
        """
        origin = [g * axis.every for g, axis in zip(group, self._sampling, strict=True)]
        middle = [(axis.every - 1) / 2 for axis in self._sampling]
        found = np.argwhere(stored)
        chosen = found[np.argmin(((found - middle) ** 2).sum(axis=1))].tolist()
        pixels = self._read_unit([a + i for a, i in zip(origin, chosen, strict=True)])
        nearest, unit_of, target = [], [], []
        for axis, a, i, s, n, size in zip(
            self._sampling, origin, chosen, start, pixels.shape, out.shape, strict=True
        ):
            first = max(a * axis.unit, s)
            last = min(a * axis.unit + axis.group, s + size)
            places = np.arange(first - a * axis.unit, last - a * axis.unit)
            unit_of.append(places // axis.unit)
            nearest.append(np.clip(places - i * axis.unit, 0, n - 1))
            target.append(slice(first - s, last - s))
        shown = out[tuple(target)]
        np.copyto(shown, pixels[np.ix_(*nearest)], where=stored[np.ix_(*unit_of)])

    def _read_unit(self, unit: Sequence[int]) -> npt.NDArray[Any]:
        axes = zip(self._sampling, unit, self.base.shape, strict=True)
        region = tuple(axis.source(i, n) for axis, i, n in axes)
        return self._reduced(self.base.read(region), self.factors)

    @cached_property
    def _sampling(self) -> tuple[Sampling, ...]:
        return sampling(_chunk_shape(self.base), self.factors, self.shape, self.plane)


def _chunk_shape(source: PixelSource) -> tuple[int, ...]:
    return tuple(max(1, min(c, n)) for c, n in zip(source.chunks, source.shape, strict=True))


def _spanned(
    start: Sequence[int], stop: Sequence[int], factors: Sequence[int], shape: Sequence[int]
) -> Region:
    return tuple(
        slice(a * f, min(b * f, n)) for a, b, f, n in zip(start, stop, factors, shape, strict=True)
    )


def _slices(first: Sequence[int], last: Sequence[int], origin: Sequence[int]) -> Region:
    return tuple(slice(a - o, b - o) for a, b, o in zip(first, last, origin, strict=True))
