"""Sources of pixels as lazy dask arrays, in blocks that suit views of planes."""

from __future__ import annotations

import inspect
import math
import uuid
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.files.byte_file import Expectation
from napari_ome_zip.pixels.expecting import expect_all
from napari_ome_zip.pixels.pixel_array import PixelArray, is_supported
from napari_ome_zip.pixels.source import AnySource, PixelSource

TARGET_BLOCK_BYTES = 2**21
"""Size of a block, about (2 MiB), where chunks are smaller."""
REMOTE_BLOCK_BYTES = 2**15
"""The same (32 KiB) behind a line: a viewer shows whole blocks, and what lies beside those chunks
that are seen would be fetched for them."""
MAX_BLOCKS = 2**15
"""Blocks of one array, at most."""
_TAKES_NAME = "name" in inspect.signature(da.from_array).parameters
"""Not so in early versions of dask's arrays of expressions, which name themselves."""


def lazy(pixels: AnySource) -> da.Array:
    """Pixels as a dask array of the same shape and dtype; reads nothing."""
    if not isinstance(pixels, PixelSource):
        return pixels
    name = f"ome-zip-{uuid.uuid4().hex}"
    if not (pixels.is_direct and is_supported()):
        return _in_blocks(pixels, name)
    whole = tuple(slice(0, size) for size in pixels.shape)
    return PixelArray(pixels, whole, partial(_in_blocks, pixels, name), name)


def _in_blocks(source: PixelSource, name: str) -> da.Array:
    """An ordinary dask array; that of one name is the same, however often it is made."""
    named = {"name": name} if _TAKES_NAME else {}
    blocks: da.Array = da.from_array(
        source,
        chunks=block_shape(
            source.shape,
            source.chunks,
            source.dtype.itemsize,
            REMOTE_BLOCK_BYTES if source.is_remote else TARGET_BLOCK_BYTES,
        ),
        meta=np.empty((0,) * source.ndim, dtype=source.dtype),
        **named,
    )
    return blocks


def pixels_of(array: da.Array) -> npt.NDArray[Any]:
    """All pixels of ``array`` at once, whatever scheduler is chosen in dask's settings."""
    if isinstance(array, PixelArray) and not array.is_changed:
        return array.read()
    # By name: looking for another scheduler imports all of dask.distributed.
    return np.asarray(array.compute(scheduler="threads"))


def expect_pixels(arrays: Iterable[da.Array]) -> Expectation:
    """Begin to fetch all that several arrays are decoded from together, where that is remote."""
    lazily = (a for a in arrays if isinstance(a, PixelArray) and not a.is_changed)
    return expect_all(array.place for array in lazily)


def is_remote(array: da.Array) -> bool:
    """Whether pixels lie behind a line, as far as that is known."""
    return isinstance(array, PixelArray) and not array.is_changed and array.place[0].is_remote


def chunk_shape(array: da.Array) -> tuple[int, ...]:
    """Size along each axis of what is read as one: a stored object, or a block of dask's."""
    if isinstance(array, PixelArray):
        return array.grid_chunk_shape
    return tuple(int(max(sizes)) for sizes in array.chunks)


def pixel_identity(array: Any) -> Hashable:
    """What two lazy arrays have in common just where their pixels are the same.

    An array that was assigned to since has another one; None for an array in memory, which may
    change without a trace.
    """
    if isinstance(array, PixelArray) and not array.is_changed:
        return array.identity
    return array.name if isinstance(array, da.Array) else None


def block_shape(
    shape: Sequence[int],
    chunks: Sequence[int],
    itemsize: int,
    target: int = TARGET_BLOCK_BYTES,
) -> tuple[int, ...]:
    """Shape of a dask block: whole chunks, grown within a plane to about ``target`` bytes.

    Only the last two axes grow, so that a 2D view costs few tasks and decodes no chunk that it
    does not show. An array of very many blocks is the exception: dask lists all of them at
    every computation, so their number is bounded; a view is then cut out of a block before it
    is read (dask fuses the two slices).
    """
    block = [max(1, min(c, n)) for c, n in zip(chunks, shape, strict=True)]
    plane = range(max(0, len(shape) - 2), len(shape))
    _grow(block, shape, plane, lambda: 2 * math.prod(block) * itemsize <= target)
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
