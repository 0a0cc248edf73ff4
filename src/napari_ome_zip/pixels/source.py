"""What everything that pixels are read from has in common."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.best_known import BestKnown
from napari_ome_zip.pixels.expecting import StoredArray
from napari_ome_zip.pixels.grid import Region, chunk_ranges, grid_shape, shape_of

type AnySource = PixelSource | da.Array
"""Where pixels come from: from a hierarchy, or from a layer as a dask array."""


class PixelSource(ABC):
    """An array of which regions are read, from any thread.

    A subclass says `shape`, `dtype`, `chunks`, and how to `read`; all else has a default.

    Examples
    --------
    >>> source[3, 100:200]  # doctest: +SKIP
    >>> source.read((slice(3, 4), slice(100, 200)))  # doctest: +SKIP
    """

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Size along each axis, in pixels."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""

    @property
    @abstractmethod
    def chunks(self) -> tuple[int, ...]:
        """Shape of what is decoded or computed as one, in pixels."""

    @abstractmethod
    def read(self, region: Region) -> npt.NDArray[Any]:
        """Pixels of a region.

        Parameters
        ----------
        region : tuple of slice
            Start and stop of every axis, within the shape.

        Returns
        -------
        ndarray
            Of the region's shape.
        """

    def read_into(self, region: Region, out: npt.NDArray[Any]) -> None:
        """As `read`, into an array of the region's shape and this dtype."""
        out[...] = self.read(region)

    def fetch(self, region: Region) -> None:  # noqa: B027  most sources keep nothing
        """Decode what is not kept of a region, where that pays: someone may ask for it soon.

        What is damaged is not reported: nobody sees it yet.
        """

    @property
    def is_direct(self) -> bool:
        """Whether viewers read past dask: then nothing they read is kept in napari's cache."""
        return False

    @property
    def is_in_memory(self) -> bool:
        """Whether all pixels are in the memory of this process already."""
        return False

    @property
    def is_remote(self) -> bool:
        """Whether reading waits for a line: what is needed together is then asked for together."""
        return False

    def stored_regions(self, region: Region) -> Iterable[tuple[StoredArray, Region]]:
        """Stored arrays, and what of them is read for a region; none where nothing is remote."""
        return ()

    def recall(self, region: Region, out: npt.NDArray[Any]) -> bool:
        """Put pixels that are in memory already into an array of the region's shape.

        Never waits, neither for a line nor for a computation.

        Returns
        -------
        bool
            Whether that is all of them; otherwise what ``out`` holds means nothing.
        """
        return False

    def bytes_to_decode(self, region: Region) -> int:
        """Bytes of pixels that are decoded for a region, at most about; reads nothing."""
        sides = zip(chunk_ranges(region, self.chunks), self.chunks, self.shape, strict=True)
        return math.prod(len(r) * min(n, size) for r, n, size in sides) * self.dtype.itemsize

    @property
    def gains_from_threads(self) -> bool:
        """Whether several threads read it faster than one.

        Not where chunks are so small, or stored so simply, that Python does most of the work: its
        threads then wait for one another.
        """
        return True

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """Size of all pixels in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def grid_chunk_shape(self) -> tuple[int, ...]:
        """Chunk shape of the chunk grid (Zarr v3): of a shard where there are shards."""
        return self.chunks

    @property
    def chunk_grid_shape(self) -> tuple[int, ...]:
        """Number of chunks (or shards) along each axis; the last may reach beyond the array."""
        return grid_shape(self.shape, self.grid_chunk_shape)

    @property
    def fill_value(self) -> Any:
        """What is shown where nothing is stored."""
        return 0

    @property
    def path(self) -> str:
        """Path of the array in its hierarchy; empty where it is not one array of it."""
        return ""

    def stored_boxes(self, region: Region) -> npt.NDArray[np.int64] | None:
        """Where pixels of a region are stored; all others are the fill value.

        Returns
        -------
        ndarray or None
            Of shape ``(n, 2, ndim)``: first pixel and one past the last of each stored object, as
            far as they lie in the region. None where that is not known: any may be stored.
        """
        return None

    def best_known(self, region: Region) -> BestKnown | None:
        """Pixels of a region as far as they are known; None where reading them is the quickest."""
        return None

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        """Read a region, given as one slice or integer an axis."""
        region, steps = split_key(key, self.shape)
        return self.read(region)[steps]


class DirectSource(PixelSource):
    """A source that is read in parts, on all cores, into one array."""

    @abstractmethod
    def read_into(self, region: Region, out: npt.NDArray[Any]) -> None:
        # docstring inherited
        ...

    def read(self, region: Region) -> npt.NDArray[Any]:
        # docstring inherited
        out = np.empty(shape_of(region), dtype=self.dtype)
        if out.size:
            self.read_into(region, out)
        return out

    @property
    def is_direct(self) -> bool:
        # docstring inherited
        return True


@dataclass(frozen=True)
class ChannelView(PixelSource):
    """One channel of a source, as a source without the channel axis.

    Cutting a channel out of a dask array would cost a layer of its graph, and the time to make it,
    for every level of every channel; cutting it out of what is read costs nothing.
    """

    array: PixelSource
    axis: int
    """Position of the channel axis."""
    channel: int

    @property
    def dtype(self) -> np.dtype[Any]:
        # docstring inherited
        return self.array.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self._without(self.array.shape)

    @property
    def chunks(self) -> tuple[int, ...]:
        # docstring inherited
        return self._without(self.array.chunks)

    @property
    def grid_chunk_shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self._without(self.array.grid_chunk_shape)

    @property
    def is_direct(self) -> bool:
        # docstring inherited
        return self.array.is_direct

    @property
    def gains_from_threads(self) -> bool:
        # docstring inherited
        return self.array.gains_from_threads

    @property
    def is_remote(self) -> bool:
        # docstring inherited
        return self.array.is_remote

    def stored_regions(self, region: Region) -> Iterable[tuple[StoredArray, Region]]:
        # docstring inherited
        return self.array.stored_regions(self._whole(region))

    def bytes_to_decode(self, region: Region) -> int:
        # docstring inherited
        return self.array.bytes_to_decode(self._whole(region))

    def recall(self, region: Region, out: npt.NDArray[Any]) -> bool:
        # docstring inherited
        return self.array.recall(self._whole(region), np.expand_dims(out, self.axis))

    def read(self, region: Region) -> npt.NDArray[Any]:
        # docstring inherited
        return self.array.read(self._whole(region)).squeeze(self.axis)

    def read_into(self, region: Region, out: npt.NDArray[Any]) -> None:
        # docstring inherited
        self.array.read_into(self._whole(region), np.expand_dims(out, self.axis))

    def best_known(self, region: Region) -> BestKnown | None:
        # docstring inherited
        known = self.array.best_known(self._whole(region))
        return None if known is None else replace(known, shown=self._squeezed)

    def _squeezed(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return pixels.squeeze(self.axis)

    def fetch(self, region: Region) -> None:
        # docstring inherited
        self.array.fetch(self._whole(region))

    def _whole(self, region: Region) -> Region:
        channel = slice(self.channel, self.channel + 1)
        return (*region[: self.axis], channel, *region[self.axis :])

    def _without(self, values: tuple[int, ...]) -> tuple[int, ...]:
        return values[: self.axis] + values[self.axis + 1 :]


@dataclass(frozen=True, eq=False)
class DaskSource(PixelSource):
    """A dask array as a source: of a mosaic's tile, of what a coarser level is computed from."""

    array: da.Array

    @property
    def shape(self) -> tuple[int, ...]:
        # docstring inherited
        return tuple(map(int, self.array.shape))

    @property
    def dtype(self) -> np.dtype[Any]:
        # docstring inherited
        dtype: np.dtype[Any] = self.array.dtype
        return dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        # docstring inherited
        return tuple(int(sizes[0]) for sizes in self.array.chunks)

    def read(self, region: Region) -> npt.NDArray[Any]:
        # docstring inherited
        return np.asarray(self.array[region])


def as_source(pixels: AnySource) -> PixelSource:
    """Pixels as a source, whichever of both they are."""
    return pixels if isinstance(pixels, PixelSource) else DaskSource(pixels)


def split_key(key: Any, shape: Sequence[int]) -> tuple[Region, tuple[slice | int, ...]]:
    """A NumPy index of slices and integers as a region to read, and what to keep of it."""
    key = key if isinstance(key, tuple) else (key,)
    key += (slice(None),) * (len(shape) - len(key))
    wanted = [_indices(k, n) for k, n in zip(key, shape, strict=True)]
    # Not by min and max, which go through all of a range.
    ends = [(min(r[0], r[-1]), max(r[0], r[-1])) if r else (0, -1) for r in wanted]
    region = tuple(slice(first, last + 1) for first, last in ends)
    steps = tuple(
        slice(None, None, r.step) if isinstance(k, slice) else 0
        for k, r in zip(key, wanted, strict=True)
    )
    return region, steps


def _indices(key: Any, size: int) -> range:
    """The indices along one axis that a slice or an integer means."""
    if isinstance(key, slice):
        return range(*key.indices(size))
    if not -size <= key < size:
        raise IndexError(f"index {key} is out of bounds for an axis of size {size}")
    return range(int(key) % size, int(key) % size + 1)
