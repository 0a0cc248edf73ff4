"""A dask array that makes its task graph when something asks for it.

What is assumed of dask beyond its documentation, all of it here (`is_supported` looks, and where
dask is otherwise, ordinary dask arrays are made, slower and right; `tests/pixels/test_lazy.py` says
which assumption broke):

1. `dask.array.Array` is a class of its own graph, not one of expressions (which it is with dask's
   setting ``array.query-planning``);
2. its constructor keeps what it is given in the slots `SLOTS`, and properties compute all else from
   them: an array without them, made by ``object.__new__``, finds them when they are asked for;
3. whatever changes an array in place puts another graph in the slot ``dask``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.grid import Region, shape_of
from napari_ome_zip.pixels.parallel import read
from napari_ome_zip.pixels.reading_ahead import AHEAD
from napari_ome_zip.pixels.source import PixelSource
from napari_ome_zip.pixels.viewing import View

SLOTS = frozenset({"dask", "_Array__name", "_Array__chunks", "_meta"})
"""Attributes of a dask array that hold its graph and what describes it."""

type Index = tuple[slice | int, ...]


def is_supported() -> bool:
    """Whether the dask that is installed is as `PixelArray` assumes it."""
    if getattr(da, "ARRAY_EXPR_ENABLED", False):
        return False
    return all(hasattr(da.Array, slot) for slot in SLOTS)


class PixelArray(da.Array):
    """A dask array that is read without a task graph while it is nothing but pixels.

    A viewer asks for a plane or a few pixels at a time, as ``np.asarray(array[index])``. Making,
    optimizing and scheduling a graph for that takes longer than decoding the pixels. So an index
    of integers and slices gives another array of this kind, turning one into a NumPy array reads
    the region directly, on all cores, and a graph is made when something asks for it. Whatever
    else is done with it is dask's affair and gives ordinary dask arrays; so is `compute`, and so
    is everything where a scheduler was chosen in dask's settings.

    Parameters
    ----------
    source : PixelSource
        Where the pixels come from.
    kept : tuple of slice or int
        The index of the source that gives this array, one entry for each of the source's axes;
        slices have a start and a stop.
    as_blocks : callable
        Makes the ordinary dask array of all of the source, of one name however often.
    name : str
        That name.
    viewed_by : View, optional
        Who is given the best pixels that are known, instead of waiting for final ones.
    """

    viewed_by: View | None
    """As above: a viewer's layer sets it; what is cut out of the array has it, too."""
    _source: PixelSource
    _kept: Index
    _as_blocks: Callable[[], da.Array]
    _source_name: str
    _shape: tuple[int, ...]

    def __new__(
        cls,
        source: PixelSource,
        kept: Index,
        as_blocks: Callable[[], da.Array],
        name: str,
        viewed_by: View | None = None,
    ) -> PixelArray:
        # Not through dask's constructor, which needs the graph: see __getattr__.
        self: PixelArray = object.__new__(cls)
        self._source = source
        self._kept = kept
        self._as_blocks = as_blocks
        self._source_name = name
        self.viewed_by = viewed_by
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
        blocks = self._as_blocks()
        whole = all(k == slice(0, n) for k, n in zip(self._kept, blocks.shape, strict=True))
        return blocks if whole else blocks[self._kept]

    @property
    def whole_source(self) -> PixelSource | None:
        """Where the pixels come from; None where the array is another than all of it."""
        whole = all(k == slice(0, n) for k, n in zip(self._kept, self._source.shape, strict=True))
        return self._source if whole and not self.is_changed else None

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
        found: np.dtype[Any] = super().dtype if self.is_changed else self._source.dtype
        return found

    def __getitem__(self, index: Any) -> da.Array:
        """As of any dask array."""
        kept = None if self.is_changed else _narrowed(self._kept, index)
        if kept is not None:
            return PixelArray(
                self._source, kept, self._as_blocks, self._source_name, self.viewed_by
            )
        cut: da.Array = super().__getitem__(index)  # type: ignore[no-untyped-call]
        return cut

    def __array__(
        self, dtype: Any = None, copy: bool | None = None, **kwargs: Any
    ) -> npt.NDArray[Any]:
        """All pixels as a NumPy array of their own.

        Raises
        ------
        ValueError
            If ``copy`` is False: pixels that are read are always new (NumPy 2).
        """
        if copy is False:
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        if self.is_changed or dask.config.get("scheduler", None) is not None:
            pixels: npt.NDArray[Any] = super().__array__(dtype, copy=copy, **kwargs)  # type: ignore[no-untyped-call]
            return pixels
        if self.viewed_by is not None and self.viewed_by.is_asking():
            known = self.viewed_by.pixels(self._source, self._region)
            if known is not None:
                return np.asarray(self._without_indexed(known), dtype)
            with AHEAD.after(self._source, self._region):
                return np.asarray(self.read(), dtype)
        return np.asarray(self.read(), dtype)

    def read(self) -> npt.NDArray[Any]:
        """All pixels, read directly: final ones, whoever asks."""
        return self._without_indexed(read(self._source, self._region))

    @property
    def place(self) -> tuple[PixelSource, Region]:
        """Where its pixels come from, and which of those they are."""
        return self._source, self._region

    def prepare(self, pixels: npt.NDArray[Any]) -> None:
        """Let the viewer be given these pixels, all of this array's, when it asks for them."""
        if self.viewed_by is not None:
            region = self._region
            self.viewed_by.prepare(self._source, region, pixels.reshape(shape_of(region)))

    @property
    def _region(self) -> Region:
        return tuple(k if isinstance(k, slice) else slice(k, k + 1) for k in self._kept)

    def _without_indexed(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return pixels[tuple(slice(None) if isinstance(k, slice) else 0 for k in self._kept)]

    @property
    def grid_chunk_shape(self) -> tuple[int, ...]:
        """Size along each axis of what is stored as one."""
        sides = zip(self._source.grid_chunk_shape, self._kept, strict=True)
        return tuple(n for n, k in sides if isinstance(k, slice))

    @property
    def identity(self) -> tuple[Any, ...]:
        """What arrays have in common just where they are the same part of the same source."""
        kept = tuple((k.start, k.stop) if isinstance(k, slice) else k for k in self._kept)
        return self._source_name, kept


def _narrowed(kept: Index, index: Any) -> Index | None:
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
                return None  # dask takes integers written as floats
            both.append(slice(own.start + start, own.start + max(start, stop)))
        elif isinstance(wanted, int | np.integer) and not isinstance(wanted, bool):
            if not -size <= wanted < size:
                return None
            both.append(own.start + int(wanted) % size)
        else:
            return None
    return None if left else tuple(both)
