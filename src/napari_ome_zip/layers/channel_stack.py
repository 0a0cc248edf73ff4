"""Layers as the channels of one array, read one channel at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.computing import computed
from napari_ome_zip.pixels.grid import Region, shape_of
from napari_ome_zip.pixels.source import PixelSource


@dataclass(frozen=True, eq=False)
class ChannelStack(PixelSource):
    """Stacks several arrays, one per channel.

    Stacking dask arrays makes one graph of all their blocks, which every region that is read
    would have to be looked for in; here a region costs what it costs in the channel's own array.
    """

    arrays: tuple[da.Array, ...]
    """One per channel, all of the same shape and dtype."""
    axis: int
    """Position of the channel axis."""
    colors: bool = False
    """Whether channel ``i`` is entry ``i`` along a last axis of its array."""
    names: tuple[str, ...] = ()
    """Names of the channels' layers, for messages."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along each axis."""
        shape = tuple(int(n) for n in self.arrays[0].shape)
        return self._with(shape[:-1] if self.colors else shape, len(self.arrays))

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel."""
        dtype: np.dtype[Any] = self.arrays[0].dtype
        return dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        """One whole channel: dask then asks for just the region that is wanted, in one piece."""
        return tuple(1 if axis == self.axis else n for axis, n in enumerate(self.shape))

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Pixels of a region, of the type that they really are.

        Whoever saves them compares it with what was said.
        """
        rest = region[: self.axis] + region[self.axis + 1 :]
        channels = range(region[self.axis].start, region[self.axis].stop)
        if not channels:
            return np.empty(shape_of(region), self.dtype)
        return np.stack([self._read(channel, rest) for channel in channels], axis=self.axis)

    def _read(self, channel: int, region: Region) -> npt.NDArray[Any]:
        where = (*region, channel) if self.colors else region
        # In this thread, and past napari's cache: regions are read in parallel already.
        name = self.names[channel] if self.names else "image"
        return computed(self.arrays[channel][where], name)

    def _with(self, values: tuple[int, ...], value: int) -> tuple[int, ...]:
        return (*values[: self.axis], value, *values[self.axis :])
