"""Pixels of an image under a nonlinear map, computed when they are looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.geometry import PointMap
from napari_ome_zip.geometry.interpolation import linear, nearest
from napari_ome_zip.pixels.best_known import BestKnown
from napari_ome_zip.pixels.grid import Region, shape_of
from napari_ome_zip.pixels.remote_pixels import remote_best_known
from napari_ome_zip.pixels.source import PixelSource
from napari_ome_zip.pixels.strictness import checked_entries

_MAX_REGION = 2**24
"""Pixels of an image that are read at once, at most."""
_PLANE, _DEPTH = 64, 8
"""Size of a block in the plane that is looked at, and across it: each voxel is costly."""

type Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Places of voxel centers along the nonlinear axes of the display system."""

    origin: tuple[float, ...]
    """Of the first voxel of level 0, along each nonlinear axis."""
    spacing: tuple[float, ...]
    """Of level 0."""
    factors: tuple[int, ...]
    """Voxels of level 0 that one of this level spans; it lies in the middle of them."""

    def coordinates(self, axis: int, index: slice) -> Points:
        """Coordinates along one nonlinear axis of the voxels ``index``."""
        factor = self.factors[axis]
        places = np.arange(index.start, index.stop) * factor + (factor - 1) / 2
        coordinates: Points = self.origin[axis] + self.spacing[axis] * places
        return coordinates


@dataclass(frozen=True, eq=False)
class WarpedArray(PixelSource):
    """One level of an image on its new grid; outside the image it holds 0."""

    source: PixelSource
    inverse_map: PointMap
    """Display system to array indices of this level."""
    grid: Grid
    nonlinear: tuple[int, ...]
    """Array axes that are resampled."""
    rows: tuple[int, ...]
    """Axes of the display system that take their place, in the same order."""
    size: tuple[int, ...]
    """Along each axis, in voxels."""
    nearest: bool

    @property
    def path(self) -> str:
        """Path of the array that is resampled."""
        return self.source.path

    @property
    def shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self.size

    @property
    def dtype(self) -> np.dtype[Any]:
        # docstring inherited
        return self.source.dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        """Size of a block that is worth computing at once."""
        chunks = []
        for axis, (chunk, size) in enumerate(zip(self.source.chunks, self.shape, strict=True)):
            most = _PLANE if axis in self.nonlinear[-2:] else min(int(chunk), _DEPTH)
            chunks.append(max(1, min(most if axis in self.nonlinear else int(chunk), size)))
        return tuple(chunks)

    @property
    def is_remote(self) -> bool:
        # docstring inherited
        return self.source.is_remote

    @property
    def is_direct(self) -> bool:
        """Where it lies behind a line: napari's cache would not be worth waiting for it."""
        return self.is_remote

    def bytes_to_decode(self, region: Region) -> int:
        """As if all of the image were needed along the axes that are resampled."""
        wanted = list(region)
        for axis in self.nonlinear:
            wanted[axis] = slice(0, self.source.shape[axis])
        return self.source.bytes_to_decode(tuple(wanted))

    def best_known(self, region: Region) -> BestKnown | None:
        # docstring inherited
        strict = checked_entries() is not None
        return remote_best_known(self, region) if self.is_remote and not strict else None

    def read(self, region: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Pixels of ``region``, computed from what of the image lies there and nothing else."""
        out = np.zeros(shape_of(region), dtype=self.dtype)
        if out.size:
            self._fill(out, region)
        return out

    def _fill(self, out: npt.NDArray[Any], region: tuple[slice, ...]) -> None:
        """Fill a region of the grid from the smallest box of the image that it needs.

        Voxel centers are followed back into the image. Those that arrive outside stay 0. Of the
        image the box around the others is read at once, or, where it is too large, that of half
        of the region after the other::

            region of the grid          image
            · · · ·                     ┌───────────────┐
            · · · ·   inverse map       │   ┌─────┐     │  the box from low to high
            · · · ·  ───────────▶       │   │ · · │     │
                                        │   │· ·  │     │
                                        └───└─·─·─┘─────┘
                                              ·  outside: 0
        """
        places = self._places(region)
        limits = np.array([self.source.shape[axis] for axis in self.nonlinear])
        # A comparison with nan, where a vector field has no value, is false.
        inside = ((places >= -0.5) & (places <= limits - 0.5)).all(axis=1)
        if not inside.any():
            return
        places = np.clip(places[inside], 0, limits - 1)
        low = np.floor(places.min(axis=0)).astype(int)
        high = np.minimum(np.floor(places.max(axis=0)).astype(int) + 2, limits)
        passing = [s.stop - s.start for n, s in enumerate(region) if n not in self.nonlinear]
        if math.prod([*(high - low).tolist(), *passing]) > _MAX_REGION and self._split(out, region):
            return
        wanted = list(region)
        for axis, start, stop in zip(self.nonlinear, low.tolist(), high.tolist(), strict=True):
            wanted[axis] = slice(start, stop)
        pixels = np.moveaxis(
            self.source.read(tuple(wanted)), self.nonlinear, range(len(self.nonlinear))
        )
        values = self._interpolate(pixels, places - low)
        into = np.moveaxis(out, self.nonlinear, range(len(self.nonlinear)))
        mask = inside.reshape(into.shape[: len(self.nonlinear)])
        into[mask] = values

    def _split(self, out: npt.NDArray[Any], region: tuple[slice, ...]) -> bool:
        """Do half of a region at a time, to read no more of the image than fits in memory."""
        axis = max(self.nonlinear, key=lambda n: region[n].stop - region[n].start)
        begin, end = region[axis].start, region[axis].stop
        if end - begin < 2:
            return False
        middle = (begin + end) // 2
        for start, stop in ((begin, middle), (middle, end)):
            part = list(region)
            part[axis] = slice(start, stop)
            into = [slice(None)] * self.ndim
            into[axis] = slice(start - begin, stop - begin)
            self._fill(out[tuple(into)], tuple(part))
        return True

    def _places(self, region: tuple[slice, ...]) -> Points:
        """Where in the source the voxels of a region come from, shape (P, nonlinear axes)."""
        along = [self.grid.coordinates(n, region[axis]) for n, axis in enumerate(self.nonlinear)]
        points = np.zeros((*map(len, along), len(self.inverse_map.input_axes)))
        for row, coordinates in zip(self.rows, np.meshgrid(*along, indexing="ij"), strict=True):
            points[..., row] = coordinates
        indices = self.inverse_map.apply(points.reshape(-1, points.shape[-1]))
        return indices[:, list(self.nonlinear)]

    def _interpolate(self, pixels: npt.NDArray[Any], places: Points) -> npt.NDArray[Any]:
        if self.nearest or self.dtype.kind == "b":
            return nearest(pixels, places)
        values = linear(pixels, places)
        if self.dtype.kind in "iu":
            limits = np.iinfo(self.dtype)
            values = np.clip(np.rint(values), limits.min, limits.max)
        return values.astype(self.dtype)
