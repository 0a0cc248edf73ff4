"""Pixels of a file that can be painted: what was painted is in memory, all else in the file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import TooManyPixelsError
from napari_ome_zip.pixels.grid import (
    ChunkCoordinates,
    Piece,
    Region,
    chunk_region,
    pieces,
    shape_of,
    small_blocks,
)
from napari_ome_zip.pixels.lazy import block_shape, chunk_shape
from napari_ome_zip.pixels.pixel_array import PixelArray
from napari_ome_zip.pixels.source import PixelSource
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.sizes import readable_size

MAX_READ_BYTES = 2**30
"""More is not read at once (1 GiB): viewers ask for a plane, and in 3D for a volume."""

type _Blocks = Mapping[ChunkCoordinates, npt.NDArray[Any]]


def final_pixels(array: Any, region: Region) -> npt.NDArray[Any]:
    """Pixels of a region as the file has them, never those that a viewer is shown meanwhile.

    In this thread, so that strict reading stays strict, whatever scheduler is chosen in dask's
    settings.
    """
    part = array[region]
    if isinstance(part, PixelArray) and not part.is_changed:
        return part.read()
    if isinstance(part, da.Array):
        return np.asarray(part.compute(scheduler="synchronous", callbacks=()))
    return np.asarray(part)


class EditedPixels:
    """An array that is read from its file, and can be assigned to as a NumPy array can.

    Only blocks that were assigned to take memory. It has what napari asks of the data of a layer
    of labels: painting, filling and undoing assign to it by slices, scripts also by arrays of
    indices.

    Parameters
    ----------
    levels : sequence of array
        What was shown before, largest first. Pixels are those of the first.
    region : tuple of slice, optional
        The part of the first level that this array is; all of it by default.
    """

    def __init__(self, levels: Sequence[Any], region: Region | None = None) -> None:
        self.levels = list(levels)
        full = self.levels[0]
        whole = tuple(slice(0, n) for n in full.shape)
        self._region = whole if region is None else region
        self._block = _block_of(full)
        self._painted: dict[ChunkCoordinates, npt.NDArray[Any]] = {}
        self._shared: set[ChunkCoordinates] = set()
        """Blocks that a snapshot holds, too: they are copied before they are assigned to."""
        self.on_refused: Callable[[], None] | None = None
        """Called when more is asked for than is read at once."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along each axis."""
        return shape_of(self._region)

    @property
    def start(self) -> tuple[int, ...]:
        """Index of the first pixel in the whole level."""
        return tuple(s.start for s in self._region)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel."""
        dtype: np.dtype[Any] = self.levels[0].dtype
        return dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self._region)

    @property
    def size(self) -> int:
        """Number of pixels."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes that all pixels would take in memory."""
        return self.size * self.dtype.itemsize

    @property
    def is_painted(self) -> bool:
        """Whether anything was assigned."""
        return bool(self._painted)

    @property
    def painted_bytes(self) -> int:
        """Bytes of the blocks that were assigned to."""
        return sum(block.nbytes for block in self._painted.values())

    def largest_painted(self) -> int:
        """The largest value in a block that was assigned to; 0 where none was."""
        return max((int(block.max()) for block in self._painted.values()), default=0)

    def snapshot(self) -> PaintedPixels:
        """All pixels of the whole level, as they are now, whatever is assigned from now on."""
        self._shared.update(self._painted)
        return PaintedPixels(self.levels[0], self._block, dict(self._painted))

    def astype(self, dtype: Any) -> EditedPixels:
        """The same with another type of pixel: the same part of the same level."""
        other = EditedPixels([level.astype(dtype) for level in self.levels], self._region)
        other._block = self._block
        other._painted = {key: block.astype(dtype) for key, block in self._painted.items()}
        return other

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        return np.asarray(self[...], dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> EditedPixels:
        other = EditedPixels(self.levels, self._region)
        other._painted = dict(self._painted)
        other._shared = set(self._painted)
        self._shared.update(self._painted)
        return other

    def __getitem__(self, key: Any) -> Any:
        """Pixels, as of a NumPy array; a copy of them.

        Raises
        ------
        TooManyPixelsError
            Where that are more than `MAX_READ_BYTES`.
        """
        box, within = _box(key, self.shape)
        return self._read(box)[within]

    def __setitem__(self, key: Any, values: Any) -> None:
        """Assign pixels, as to a NumPy array.

        Raises
        ------
        UnreadableChunkError
            Where a chunk is damaged that is assigned to in part: the rest of it would be saved as
            background. Nothing is assigned then.
        """
        box, within = _box(key, self.shape)
        covers = all(k == 0 if isinstance(k, int) else _is_plain(k) for k in within)
        pixels = np.empty(shape_of(box), self.dtype) if covers else self._read(box)
        pixels[within] = values
        self._write(box, pixels)

    def _read(self, box: Region) -> npt.NDArray[Any]:
        nbytes = math.prod(shape_of(box)) * self.dtype.itemsize
        if nbytes > MAX_READ_BYTES:
            if self.on_refused is not None:
                self.on_refused()
            raise TooManyPixelsError(
                f"These labels are too large to be read at once: {readable_size(nbytes)}, more "
                f"than {readable_size(MAX_READ_BYTES)}. 3D needs all of a volume, and so does "
                "filling one: work in 2D, or edit a smaller region of them."
            )
        return _composed(self.levels[0], self._in_level(box), self._block, self._painted)

    def _write(self, box: Region, pixels: npt.NDArray[Any]) -> None:
        parts = list(pieces(self._in_level(box), self._block))
        # All of them first: what cannot be read must not leave half of an assignment.
        blocks = [self._block_to_write(part) for part in parts]
        for (coordinates, within, target), block in zip(parts, blocks, strict=True):
            block[within] = pixels[target]
            self._painted[coordinates] = block
            self._shared.discard(coordinates)

    def _block_to_write(self, part: Piece) -> npt.NDArray[Any]:
        coordinates, within, _ = part
        there = self._painted.get(coordinates)
        if there is not None:
            return there.copy() if coordinates in self._shared else there
        region = chunk_region(coordinates, self._block, self.levels[0].shape)
        if shape_of(within) == shape_of(region):
            return np.empty(shape_of(region), self.dtype)
        with strict_reading():
            return np.array(final_pixels(self.levels[0], region))

    def _in_level(self, box: Region) -> Region:
        sides = zip(box, self.start, strict=True)
        return tuple(slice(s.start + first, s.stop + first) for s, first in sides)


@dataclass(frozen=True, eq=False)
class PaintedPixels(PixelSource):
    """A level of a file, of which some blocks are others."""

    full: Any
    """The level as the file has it."""
    block: tuple[int, ...]
    """Shape of a block."""
    painted: _Blocks = field(repr=False)
    """Pixels of the blocks that are others; nobody changes them."""

    @property
    def shape(self) -> tuple[int, ...]:
        # docstring inherited
        return tuple(map(int, self.full.shape))

    @property
    def dtype(self) -> np.dtype[Any]:
        # docstring inherited
        dtype: np.dtype[Any] = self.full.dtype
        return dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        # docstring inherited
        return chunk_shape(self.full) if isinstance(self.full, da.Array) else self.block

    def read(self, region: Region) -> npt.NDArray[Any]:
        # docstring inherited
        return _composed(self.full, region, self.block, self.painted)


def _block_of(full: Any) -> tuple[int, ...]:
    """What is kept as one: some chunks side by side, or a part of a large one."""
    shape, itemsize = tuple(map(int, full.shape)), full.dtype.itemsize
    chunks = chunk_shape(full) if isinstance(full, da.Array) else shape
    return small_blocks(block_shape(shape, chunks, itemsize), itemsize)


def _composed(
    full: Any, region: Region, block: Sequence[int], painted: _Blocks
) -> npt.NDArray[Any]:
    """Pixels of a region: of the painted blocks, and of the file where there is none."""
    known = [part for part in pieces(region, block) if part[0] in painted] if painted else []
    covered = sum(math.prod(shape_of(target)) for _, _, target in known)
    if covered == math.prod(shape_of(region)):
        out = np.empty(shape_of(region), full.dtype)
    else:
        out = np.array(final_pixels(full, region))
    for coordinates, within, target in known:
        out[target] = painted[coordinates][within]
    return out


def _is_plain(key: Any) -> bool:
    return isinstance(key, slice) and key.step in (None, 1)


def _box(key: Any, shape: Sequence[int]) -> tuple[Region, tuple[Any, ...]]:
    """A NumPy index as the smallest region that holds all of it, and the index within that."""
    keys = _one_for_each_axis(key, len(shape))
    sides = [_side(k, n) for k, n in zip(keys, shape, strict=True)]
    return tuple(side for side, _ in sides), tuple(within for _, within in sides)


def _one_for_each_axis(key: Any, ndim: int) -> list[Any]:
    keys: list[Any] = []
    for each in key if isinstance(key, tuple) else (key,):
        is_mask = isinstance(each, np.ndarray) and each.dtype == bool
        keys += each.nonzero() if is_mask else [each]
    missing = ndim - sum(k is not Ellipsis for k in keys)
    found: list[Any] = []
    for each in keys:
        found += [slice(None)] * missing if each is Ellipsis else [each]
    found += [slice(None)] * (ndim - len(found))
    if len(found) != ndim or any(k is None for k in found):
        raise IndexError(f"an index of {len(found)} axes, for pixels of {ndim}")
    return found


def _side(key: Any, size: int) -> tuple[slice, Any]:
    """Pixels along one axis that an index means, and the index counted from the first of them."""
    if isinstance(key, slice):
        wanted = range(*key.indices(size))
        if not wanted:
            return slice(0, 0), slice(None)
        first, last = min(wanted[0], wanted[-1]), max(wanted[0], wanted[-1])
        return slice(first, last + 1), slice(None, None, wanted.step)
    if isinstance(key, int | np.integer) and -size <= key < size:
        return slice(int(key) % size, int(key) % size + 1), 0
    indices = np.asarray(key)
    if indices.dtype.kind not in "iu" and indices.size:
        raise IndexError(f"{key!r} is not an index: expected integers and slices")
    if indices.size == 0:
        return slice(0, 0), indices.astype(int)
    if indices.min() < -size or indices.max() >= size:
        raise IndexError(f"index {key!r} is out of bounds for an axis of size {size}")
    indices = np.where(indices < 0, indices + size, indices)
    first = int(indices.min())
    return slice(first, int(indices.max()) + 1), indices - first
