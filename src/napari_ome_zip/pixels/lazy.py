"""Sources of pixels as lazy dask arrays, in blocks that suit views of planes."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.arrays import ChannelView, PixelSource
from napari_ome_zip.pixels.parallel import DirectSource, read

TARGET_BLOCK_BYTES = 2**21
MAX_BLOCKS = 2**15


def lazy(source: PixelSource) -> da.Array:
    """``source`` as a dask array of the same shape and dtype; reads nothing."""
    whole = _Whole(source)
    origin = source.array if isinstance(source, ChannelView) else source
    if not hasattr(origin, "read_into"):
        return whole.as_blocks()
    return PixelArray(whole, tuple(slice(0, size) for size in source.shape))


@dataclass(frozen=True)
class _Whole:
    """All pixels of a source. What dask makes of them has one name, however often it is made."""

    source: PixelSource
    name: str = field(default_factory=lambda: f"ome-zip-{uuid.uuid4().hex}")

    def as_blocks(self) -> da.Array:
        source = self.source
        blocks: da.Array = da.from_array(
            source,
            chunks=block_shape(source.shape, source.chunks, source.dtype.itemsize),
            name=self.name,
            meta=np.empty((0,) * source.ndim, dtype=source.dtype),
        )
        return blocks


type _Kept = tuple[slice | int, ...]


class PixelArray(da.Array):
    """A dask array that is read without a task graph while it is nothing but pixels.

    A viewer asks for a plane or a few pixels at a time, as ``np.asarray(array[index])``. Making,
    optimising and scheduling a graph for that takes longer than decoding the pixels. So an index
    of integers and slices gives another array of this kind, turning one into a NumPy array reads
    the region directly, on all cores, and a graph is made when something asks for it. Whatever
    else is done with it is dask's affair and gives ordinary dask arrays; so is `compute`, and so
    is everything where a scheduler was chosen in dask's settings.

    Parameters
    ----------
    whole : _Whole
        The source that the pixels come from, a `DirectSource`.
    kept : tuple of slice or int
        The index of the source that gives this array, one entry for each of the source's axes;
        slices have a start and a stop.
    """

    _whole: _Whole
    _kept: _Kept
    _shape: tuple[int, ...]

    def __new__(cls, whole: _Whole, kept: _Kept) -> PixelArray:
        # Not through dask's constructor, which needs the graph: see __getattr__.
        self: PixelArray = object.__new__(cls)
        self._whole = whole
        self._kept = kept
        self._shape = tuple(k.stop - k.start for k in kept if isinstance(k, slice))
        return self

    def __getattr__(self, name: str) -> Any:
        # Python asks here for what it does not find: here, what dask's constructor would have set.
        if not hasattr(da.Array, name):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self._as_dask, name)

    @cached_property
    def _as_dask(self) -> da.Array:
        """The same as any dask array. Made twice by two threads, it is the same again."""
        blocks = self._whole.as_blocks()
        whole = all(k == slice(0, n) for k, n in zip(self._kept, blocks.shape, strict=True))
        return blocks if whole else blocks[self._kept]

    @property
    def is_changed(self) -> bool:
        """Whether dask put other pixels in the place of these, as an assignment does."""
        try:
            object.__getattribute__(self, "dask")
        except AttributeError:
            return False
        return True

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along each axis."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel."""
        found: np.dtype[Any] = super().dtype if self.is_changed else self._whole.source.dtype
        return found

    def __getitem__(self, index: Any) -> da.Array:
        """As of any dask array."""
        kept = None if self.is_changed else _narrowed(self._kept, index)
        if kept is not None:
            return PixelArray(self._whole, kept)
        cut: da.Array = super().__getitem__(index)  # type: ignore[no-untyped-call]
        return cut

    def __array__(
        self, dtype: Any = None, copy: bool | None = None, **kwargs: Any
    ) -> npt.NDArray[Any]:
        """All pixels as a NumPy array of their own."""
        if self.is_changed or dask.config.get("scheduler", None) is not None:
            pixels: npt.NDArray[Any] = super().__array__(dtype, copy, **kwargs)  # type: ignore[no-untyped-call]
            return pixels
        return np.asarray(self.read(), dtype)

    def read(self) -> npt.NDArray[Any]:
        """All pixels, read directly."""
        region = tuple(k if isinstance(k, slice) else slice(k, k + 1) for k in self._kept)
        shown = tuple(slice(None) if isinstance(k, slice) else 0 for k in self._kept)
        return read(cast("DirectSource", self._whole.source), region)[shown]

    @property
    def stored(self) -> tuple[int, ...]:
        """Size along each axis of what is stored as one."""
        stored = cast("DirectSource", self._whole.source).stored
        return tuple(n for n, k in zip(stored, self._kept, strict=True) if isinstance(k, slice))


def pixels_of(array: da.Array) -> npt.NDArray[Any]:
    """All pixels of ``array`` at once, whatever scheduler is chosen in dask's settings."""
    if isinstance(array, PixelArray) and not array.is_changed:
        return array.read()
    # By name: looking for another scheduler imports all of dask.distributed.
    return np.asarray(array.compute(scheduler="threads"))


def chunk_shape(array: da.Array) -> tuple[int, ...]:
    """Size along each axis of what is read as one: a stored object, or a block of dask's."""
    return array.stored if isinstance(array, PixelArray) else tuple(map(int, array.chunksize))


def pixel_identity(array: Any) -> Hashable:
    """What two lazy arrays have in common just where their pixels are the same.

    An array that was assigned to since has another one; None for an array in memory, which may
    change without a trace.
    """
    if isinstance(array, PixelArray) and not array.is_changed:
        kept = tuple((k.start, k.stop) if isinstance(k, slice) else k for k in array._kept)
        return array._whole.name, kept
    return array.name if isinstance(array, da.Array) else None


def _narrowed(kept: _Kept, index: Any) -> _Kept | None:
    """An index after another one; None for any but integers within bounds and plain slices."""
    left = list(index) if isinstance(index, tuple) else [index]
    both: list[slice | int] = []
    for own in kept:
        if isinstance(own, int) or not left:
            both.append(own)
            continue
        wanted = left.pop(0)
        size = own.stop - own.start
        if isinstance(wanted, slice) and wanted.step in (None, 1):
            try:
                start, stop, _ = wanted.indices(size)
            except TypeError:
                return None  # dask takes whole numbers written as floats
            both.append(slice(own.start + start, own.start + max(start, stop)))
        elif isinstance(wanted, int | np.integer) and not isinstance(wanted, bool):
            if not -size <= wanted < size:
                return None
            both.append(own.start + int(wanted) % size)
        else:
            return None
    return None if left else tuple(both)


def block_shape(shape: Sequence[int], chunks: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """Shape of a dask block: whole chunks, grown within a plane to about `TARGET_BLOCK_BYTES`.

    Only the last two axes grow, so that a 2D view costs few tasks and decodes no chunk that it
    does not show. An array of very many blocks is the exception: dask lists all of them at
    every computation, so their number is bounded; a view is then cut out of a block before it
    is read (dask fuses the two slices).
    """
    block = [max(1, min(c, n)) for c, n in zip(chunks, shape, strict=True)]
    plane = range(max(0, len(shape) - 2), len(shape))
    _grow(block, shape, plane, lambda: 2 * math.prod(block) * itemsize <= TARGET_BLOCK_BYTES)
    for axes in (plane, range(plane.start)):
        _grow(block, shape, axes, lambda: _block_count(shape, block) > MAX_BLOCKS)
    return tuple(block)


def _grow(
    block: list[int], shape: Sequence[int], axes: Iterable[int], wanted: Callable[[], bool]
) -> None:
    """Double the shortest side of ``block`` among ``axes`` while ``wanted`` and possible."""
    while wanted():
        growing = [axis for axis in axes if block[axis] < shape[axis]]
        if not growing:
            return
        axis = min(growing, key=lambda a: (block[a], -a))
        block[axis] = min(2 * block[axis], shape[axis])


def _block_count(shape: Sequence[int], block: Sequence[int]) -> int:
    return math.prod(-(-n // b) for n, b in zip(shape, block, strict=True))
