"""Coarser levels that no file holds, computed where and when they are looked at.

Levels up to `MOST_READ` pixels of the file for one of their own are exact: means of blocks of the
level before (for labels the first pixel of each block). Coarser ones would read a whole image to
draw a thumbnail, so they are samples: of neighbouring chunks one is read and averaged, and the
pixels of the others repeat what is nearest in it. Chunks that are not stored cost nothing, and
always show as what they are. So a view of *n* pixels reads about *n* times `MOST_READ` pixels
of the file, however large that is.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.arrays import PixelSource, split_key
from napari_ome_zip.image.composite import PlacedLabels, PlacedPart
from napari_ome_zip.image.strictness import checked_entries

LONGEST_EDGE = 4096
"""Longest edge of a plane, in pixels, that needs no coarser level."""
OVERVIEW_EDGE = 1024
"""Longest edge of the plane of the coarsest virtual level: about one screen."""
LONGEST_VOLUME_EDGE = 2048
"""Longest edge of a volume that any graphics card of today shows."""
MOST_VOXELS = 2**28
"""Voxels of a volume that needs no coarser level: 512 MiB of 16 bit."""
MOST_READ = 256
"""Pixels of the file that are read for one pixel of a virtual level, on average."""
CACHE_BYTES = 256 << 20
"""Computed pixels that are kept for each image."""

_CELL = 256
_MOST_IN_CELL = 2**21
_MOST_IN_UNIT = 2**24

_Region = tuple[slice, ...]


def virtual_levels(part: PlacedPart) -> tuple[PixelSource, ...]:
    """Levels that follow the coarsest one of ``part``, where that is too large to be shown.

    Each step halves the longer spatial axes: those of the plane until it is no longer than
    `OVERVIEW_EDGE`, then those of the volume until it suits a graphics card.

    Returns
    -------
    tuple of PixelSource
        Largest first; empty where the coarsest level can be shown as it is. No pixel is read.
    """
    base = part.sources[-1]
    spatial = [i for i, axis in enumerate(part.axes) if axis.role == "space"]
    if len(spatial) < 2:
        spatial = [i for i in range(base.ndim) if i != part.channel_axis][-2:]
    plane, volume = spatial[-2:], spatial[-3:]
    # Sums of 64-bit integers are beyond what can be computed exactly.
    wide = base.dtype.kind in "iu" and base.dtype.itemsize > 4
    nearest = wide or isinstance(part, PlacedLabels)
    cache = BlockCache(CACHE_BYTES)
    levels: list[PixelSource] = []
    factors = np.ones(base.ndim, dtype=int)
    shape = np.array(base.shape)
    while (halved := _axes_to_halve(shape, plane, volume, started=bool(levels))) is not None:
        step = np.ones(base.ndim, dtype=int)
        step[halved] = 2
        factors = factors * step
        shape = -(-np.array(base.shape) // factors)
        levels.append(
            VirtualLevel(
                before=levels[-1] if levels else base,
                base=base,
                step=tuple(step.tolist()),
                factors=tuple(factors.tolist()),
                plane=tuple(plane),
                nearest=nearest,
                cache=cache,
            )
        )
    return tuple(levels)


def _axes_to_halve(
    shape: npt.NDArray[Any], plane: list[int], volume: list[int], *, started: bool
) -> list[int] | None:
    if shape[plane].max() > (OVERVIEW_EDGE if started else LONGEST_EDGE):
        axes = plane
    elif len(volume) > 2 and shape[volume[0]] > 1 and _too_large(shape[volume]):
        axes = volume
    else:
        return None
    return [axis for axis in axes if 2 * shape[axis] > shape[axes].max()]


def _too_large(volume: npt.NDArray[Any]) -> bool:
    return bool(volume.max() > LONGEST_VOLUME_EDGE or math.prod(volume.tolist()) > MOST_VOXELS)


class BlockCache:
    """Computed blocks of all virtual levels of one image, the last used ones.

    Parameters
    ----------
    limit : int
        Bytes that are kept at most.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._blocks: OrderedDict[Any, npt.NDArray[Any]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[BlockCache], tuple[int]]:
        return BlockCache, (self.limit,)

    @property
    def nbytes(self) -> int:
        """Bytes that are kept now."""
        return self._size

    def get(self, key: Any) -> npt.NDArray[Any] | None:
        """A block; None where it is not kept."""
        with self._lock:
            block = self._blocks.get(key)
            if block is not None:
                self._blocks.move_to_end(key)
            return block

    def put(self, key: Any, block: npt.NDArray[Any]) -> None:
        """Keep a block, and let go of those that were not used for longest."""
        with self._lock:
            before = self._blocks.pop(key, None)
            self._size += block.nbytes - (0 if before is None else before.nbytes)
            self._blocks[key] = block
            while self._size > self.limit:
                self._size -= self._blocks.popitem(last=False)[1].nbytes


@dataclass(frozen=True)
class _Sampling:
    """What is read along one axis for a level that is a sample."""

    factor: int
    """Pixels of the file that one of the level spans."""
    window: int
    """... of which so many are read, in the middle."""
    unit: int
    """Pixels of the level that are read as one."""
    every: int
    """One of so many units is read."""

    def source(self, first: int, last: int, size: int) -> slice:
        """What to read for pixels ``first`` to ``last`` of the level."""
        start = first * self.factor
        if self.window < self.factor:
            start += (self.factor - self.window) // 2
            start = min(start, size - 1)
            return slice(start, min(start + self.window, size))
        return slice(start, min(last * self.factor, size))


@dataclass(frozen=True, eq=False)
class VirtualLevel:
    """Array-like of one level that is computed from a larger one."""

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
    cache: BlockCache

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Size along each axis: the last block may be smaller than the others."""
        return tuple(-(-n // f) for n, f in zip(self.base.shape, self.factors, strict=True))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, that of the file."""
        return self.base.dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.factors)

    @cached_property
    def chunks(self) -> tuple[int, ...]:
        """Size of what is computed as one: as deep as a chunk, since that is decoded anyway."""
        cell = [
            _CELL if axis in self.plane else max(1, chunk // factor)
            for axis, (chunk, factor) in enumerate(
                zip(_chunk_shape(self.base), self.factors, strict=True)
            )
        ]
        cell = [min(c, n) for c, n in zip(cell, self.shape, strict=True)]
        for axis in range(self.ndim):
            while axis not in self.plane and cell[axis] > 1 and math.prod(cell) > _MOST_IN_CELL:
                cell[axis] = -(-cell[axis] // 2)
        return tuple(cell)

    @property
    def exact(self) -> bool:
        """Whether every pixel of the file takes part."""
        return math.prod(self.factors) <= MOST_READ

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        """Read a region, given as one slice or integer an axis."""
        region, steps = split_key(key, self.shape)
        return self.read(region)[steps]

    def read(self, region: _Region) -> npt.NDArray[Any]:
        """Pixels of ``region``, put together from blocks that are computed once."""
        out = np.empty(tuple(max(0, s.stop - s.start) for s in region), self.dtype)
        if not out.size:
            return out
        ranges = [
            range(s.start // c, -(-s.stop // c)) for s, c in zip(region, self.chunks, strict=True)
        ]
        for cell in itertools.product(*ranges):
            start = [i * c for i, c in zip(cell, self.chunks, strict=True)]
            block = self._block(cell)
            first = [max(s.start, a) for s, a in zip(region, start, strict=True)]
            last = [min(s.stop, a + n) for s, a, n in zip(region, start, block.shape, strict=True)]
            inside = _slices(first, last, start)
            out[_slices(first, last, [s.start for s in region])] = block[inside]
        return out

    def _block(self, cell: tuple[int, ...]) -> npt.NDArray[Any]:
        # What was read tolerantly may hold fill values that strict reading must not get.
        key = (self.factors, cell, checked_entries() is not None)
        block = self.cache.get(key)
        if block is None:
            start = [i * c for i, c in zip(cell, self.chunks, strict=True)]
            ends = zip(start, self.chunks, self.shape, strict=True)
            block = self._compute(start, [min(a + c, n) for a, c, n in ends])
            self.cache.put(key, block)
        return block

    def _compute(self, start: Sequence[int], stop: Sequence[int]) -> npt.NDArray[Any]:
        blank = _blank(self.base, _spanned(start, stop, self.factors, self.base.shape))
        if blank is not None:
            return np.full([b - a for a, b in zip(start, stop, strict=True)], blank, self.dtype)
        if not self.exact:
            return self._sampled(start, stop)
        region = _spanned(start, stop, self.step, self.before.shape)
        return self._reduced(np.asarray(self.before[region]), self.step)

    def _reduced(self, pixels: npt.NDArray[Any], step: Sequence[int]) -> npt.NDArray[Any]:
        if self.nearest:
            return np.ascontiguousarray(pixels[tuple(slice(None, None, n) for n in step)])
        return block_mean(pixels, step)

    def _sampled(self, start: Sequence[int], stop: Sequence[int]) -> npt.NDArray[Any]:
        out = np.empty([b - a for a, b in zip(start, stop, strict=True)], self.dtype)
        groups = [s.unit * s.every for s in self._sampling]
        ranges = [range(a // g, -(-b // g)) for a, b, g in zip(start, stop, groups, strict=True)]
        for group in itertools.product(*ranges):
            self._fill_group(group, start, stop, out)
        return out

    def _fill_group(
        self,
        group: tuple[int, ...],
        start: Sequence[int],
        stop: Sequence[int],
        out: npt.NDArray[Any],
    ) -> None:
        """The pixels of neighbouring units, from the one in the middle that is stored."""
        units = list(self._units(group))
        blanks = {unit: self._blank_unit(unit) for unit in units}
        stored = [unit for unit in units if blanks[unit] is None]
        if stored:
            middle = [(2 * g + 1) * s.every / 2 - 0.5 for g, s in self._with(group)]
            chosen = min(stored, key=lambda unit: math.dist(unit, middle))
            pixels = self._read_unit(chosen)
            first = [
                max(g * s.every * s.unit, a)
                for (g, s), a in zip(self._with(group), start, strict=True)
            ]
            last = [
                min((g + 1) * s.every * s.unit, b)
                for (g, s), b in zip(self._with(group), stop, strict=True)
            ]
            nearest = [
                np.clip(np.arange(a, b) - i * s.unit, 0, n - 1)
                for a, b, (i, s), n in zip(
                    first, last, self._with(chosen), pixels.shape, strict=True
                )
            ]
            out[_slices(first, last, start)] = pixels[np.ix_(*nearest)]
        for unit, blank in blanks.items():
            if blank is not None:
                first = [
                    max(i * s.unit, a) for (i, s), a in zip(self._with(unit), start, strict=True)
                ]
                last = [
                    min((i + 1) * s.unit, b)
                    for (i, s), b in zip(self._with(unit), stop, strict=True)
                ]
                if all(a < b for a, b in zip(first, last, strict=True)):
                    out[_slices(first, last, start)] = blank

    def _with(self, numbers: Sequence[int]) -> Iterator[tuple[int, _Sampling]]:
        return zip(numbers, self._sampling, strict=True)

    def _units(self, group: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        counts = [-(-n // s.unit) for n, s in zip(self.shape, self._sampling, strict=True)]
        ranges = [
            range(g * s.every, min((g + 1) * s.every, count))
            for (g, s), count in zip(self._with(group), counts, strict=True)
        ]
        return itertools.product(*ranges)

    def _blank_unit(self, unit: tuple[int, ...]) -> Any:
        first = [i * s.unit for i, s in self._with(unit)]
        last = [(i + 1) * s.unit for i, s in self._with(unit)]
        return _blank(self.base, _spanned(first, last, self.factors, self.base.shape))

    def _read_unit(self, unit: tuple[int, ...]) -> npt.NDArray[Any]:
        region = tuple(
            s.source(i * s.unit, (i + 1) * s.unit, n)
            for (i, s), n in zip(self._with(unit), self.base.shape, strict=True)
        )
        return self._reduced(np.asarray(self.base[region]), self.factors)

    @cached_property
    def _sampling(self) -> tuple[_Sampling, ...]:
        """Read as little as `MOST_READ` allows, but whole chunks, and not too many."""
        chunks = _chunk_shape(self.base)
        least = [max(c, _CELL) if axis in self.plane else c for axis, c in enumerate(chunks)]
        while math.prod(least) > _MOST_IN_UNIT:
            axis = int(np.argmax(least))
            least[axis] = -(-least[axis] // 2)
        windows = [min(n, f) for n, f in zip(least, self.factors, strict=True)]
        units = [
            1 if f == 1 else max(1, -(-n // f)) for n, f in zip(least, self.factors, strict=True)
        ]
        every = [1] * self.ndim
        while math.prod(windows) > MOST_READ * math.prod(every):
            room = [
                f * u * m if f > 1 and u * m < n else 0
                for f, u, m, n in zip(self.factors, units, every, self.shape, strict=True)
            ]
            if not any(room):
                break
            # The axis whose groups are shortest: groups stay about as long as wide.
            axis = min((r, i) for i, r in enumerate(room) if r)[1]
            every[axis] *= 2
        return tuple(map(_Sampling, self.factors, windows, units, every))


def block_mean(pixels: npt.NDArray[Any], step: Sequence[int]) -> npt.NDArray[Any]:
    """Mean of each block of ``step`` pixels in the type of the pixels; the last may be smaller."""
    total: npt.NDArray[Any] = pixels
    count = np.ones((1,) * pixels.ndim)
    for axis, n in enumerate(step):
        if n == 1:
            continue
        size = pixels.shape[axis]
        total = _block_sum(total, axis, n, _sum_type(pixels.dtype, math.prod(step)))
        shape = [1] * pixels.ndim
        shape[axis] = -1
        lengths = np.minimum(n, size - np.arange(0, size, n))
        count = count * lengths.reshape(shape)
    mean = total / count
    if pixels.dtype.kind in "biu":
        mean = np.rint(mean)
    return mean.astype(pixels.dtype)


def _block_sum(
    pixels: npt.NDArray[Any], axis: int, n: int, dtype: np.dtype[Any]
) -> npt.NDArray[Any]:
    shape = list(pixels.shape)
    shape[axis] = -(-shape[axis] // n)
    total = np.zeros(shape, dtype)
    across = (slice(None),) * axis
    for first in range(min(n, pixels.shape[axis])):
        part = pixels[(*across, slice(first, None, n))]
        total[(*across, slice(0, part.shape[axis]))] += part
    return total


def _sum_type(dtype: np.dtype[Any], count: int) -> np.dtype[Any]:
    if dtype.kind == "c":
        return np.dtype(np.complex128)
    if dtype.kind in "biu" and dtype.itemsize <= 2 and count <= 2**15:
        return np.dtype(np.int32 if dtype.kind == "i" else np.uint32)
    return np.dtype(np.float64)


def _blank(source: PixelSource, region: _Region) -> Any:
    """The one value of a region of which nothing is stored; None where anything is."""
    ask = getattr(source, "blank", None)
    return None if ask is None else ask(region)


def _chunk_shape(source: PixelSource) -> tuple[int, ...]:
    if isinstance(source, da.Array):
        return tuple(int(sizes[0]) for sizes in source.chunks)
    return tuple(max(1, min(c, n)) for c, n in zip(source.chunks, source.shape, strict=True))


def _spanned(
    start: Sequence[int], stop: Sequence[int], factors: Sequence[int], shape: Sequence[int]
) -> _Region:
    return tuple(
        slice(a * f, min(b * f, n)) for a, b, f, n in zip(start, stop, factors, shape, strict=True)
    )


def _slices(first: Sequence[int], last: Sequence[int], origin: Sequence[int]) -> _Region:
    return tuple(slice(a - o, b - o) for a, b, o in zip(first, last, origin, strict=True))
