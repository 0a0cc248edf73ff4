"""A plane of a layer, resampled to the pixels of a picture, a part at a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.geometry import NEGLIGIBLE, strays
from napari_ome_zip.rendering.drawn_layer import with_unit_columns
from napari_ome_zip.rendering.levels import Level
from napari_ome_zip.rendering.raster import Raster
from napari_ome_zip.rendering.resampling import (
    Floats,
    as_float,
    block_means,
    linear_at,
    means_along,
    nearest_at,
)

type ReadPlane = Callable[[slice, slice], npt.NDArray[Any]]
"""Reads rows and columns of a plane: an array of two dimensions, or three with colors."""

MAX_READ_PIXELS = 2**22
"""Pixels that are read at once, about: what more is shown of a plane comes part by part."""

_TILE = 256
"""Edge of a part of what is turned or sheared: a small one needs little beside what it shows."""

_DECIMALS = 6
"""Of places in a plane, in pixels: what is beyond is rounding, and touches no further pixel."""


@dataclass(frozen=True, eq=False)
class Patch:
    """A part of the picture, filled by a layer."""

    rows: slice
    columns: slice
    pixels: npt.NDArray[Any]
    """Values of the layer, one for each pixel (with colors as a last axis)."""
    inside: npt.NDArray[np.bool_] | None = None
    """Which of them lie in the layer; all where it is None."""

    @property
    def place(self) -> tuple[slice, slice]:
        """Where it lies in the picture."""
        return self.rows, self.columns


def patches(
    level: Level,
    raster: Raster,
    read: ReadPlane,
    *,
    nearest: bool,
    unit: int = 1,
    parts: int = 1,
) -> Iterator[Patch]:
    """The parts of a picture that a plane covers.

    What is smaller in the plane than in the picture is averaged, what is larger is repeated, so
    that pixels are seen as what they are.

    Parameters
    ----------
    level : Level
    raster : Raster
    read : callable
        Reads the plane.
    nearest : bool
        Whether values are never averaged, as numbers of objects must not be.
    unit : int
        Rows that are decoded together: as few as possible are read twice.
    parts : int
        Into how many parts a plane is divided at least, as far as `unit` allows.
    """
    linear = level.plane[:, :2]
    if not np.linalg.det(with_unit_columns(linear)):
        return  # It stands upright on the picture: nobody sees a line without a width.
    if np.all(strays(linear, level.shape) <= NEGLIGIBLE):
        rows = max(unit, min(MAX_READ_PIXELS // level.shape[1], level.shape[0] // parts))
        yield from _upright(level, raster, read, nearest, rows)
    else:
        yield from _turned(level, raster, read, nearest)


@dataclass(frozen=True, eq=False)
class _Along:
    """One axis of an upright plane: which pixels of the picture it covers, and by which of its."""

    first: int
    """Row or column of the picture."""
    low: Floats
    """Where each begins, and ends, along the axis of the plane."""
    high: Floats
    size: int
    is_reversed: bool

    @classmethod
    def of(cls, level: Level, raster: Raster, axis: int) -> _Along:
        size = level.shape[axis]
        scale, offset = float(level.plane[axis, axis]), float(level.plane[axis, 2])
        ends = sorted((offset - 0.5 * scale, offset + (size - 0.5) * scale))
        first, stop = raster.span(axis, *ends)
        edges = (raster.edges(axis, first, stop) - offset) / scale + 0.5
        edges = np.clip(np.round(edges, _DECIMALS), 0, size)
        low, high = (edges[1:], edges[:-1]) if scale < 0 else (edges[:-1], edges[1:])
        # Far from the origin the edges of a pixel of the picture may be one and the same number.
        low = np.minimum(low, size - 10.0**-_DECIMALS)
        high = np.maximum(high, low + 10.0**-_DECIMALS)
        return cls(first, low, high, size, scale < 0)

    def __len__(self) -> int:
        return len(self.low)

    @property
    def shrinks(self) -> float:
        """Pixels of the plane for one of the picture."""
        return float((self.high - self.low).max(initial=0))

    def part(self, start: int, stop: int) -> _Along:
        """Some of its rows or columns."""
        low, high = self.low[start:stop], self.high[start:stop]
        return _Along(self.first + start, low, high, self.size, self.is_reversed)

    @property
    def source(self) -> slice:
        """Pixels of the plane that are needed."""
        start = min(math.floor(self.low.min()), self.size - 1)
        return slice(start, max(start + 1, math.ceil(self.high.max())))

    @property
    def target(self) -> slice:
        """Rows or columns of the picture."""
        return slice(self.first, self.first + len(self))

    def resampled(self, pixels: npt.NDArray[Any], axis: int, *, nearest: bool) -> npt.NDArray[Any]:
        """Of what was read of `source`, one pixel for each row or column of the picture."""
        low, high = self.low - self.source.start, self.high - self.source.start
        if nearest or self.shrinks <= 1:
            middle = np.floor((low + high) / 2).astype(np.intp)
            nearest_ones: npt.NDArray[Any] = pixels.take(
                np.clip(middle, 0, pixels.shape[axis] - 1), axis
            )
            return nearest_ones
        if self.is_reversed:
            backward = means_along(pixels, low[::-1], high[::-1], axis)
            return backward[(slice(None),) * axis + (slice(None, None, -1),)]
        return means_along(pixels, low, high, axis)


def _upright(
    level: Level, raster: Raster, read: ReadPlane, nearest: bool, rows: int
) -> Iterator[Patch]:
    """Axes of the plane lie along those of the world, so each is resampled by itself."""
    down, across = (_Along.of(level, raster, axis) for axis in (0, 1))
    if not len(down) or not len(across):
        return
    each = max(1, int(rows / max(down.shrinks, 1e-9))) if down.shrinks * len(down) > rows else None
    for start in range(0, len(down), each or len(down)):
        part = down.part(start, start + (each or len(down)))
        pixels = read(part.source, across.source)
        if not nearest:
            pixels = as_float(pixels)
        # The axis along which less is left comes first.
        pixels = part.resampled(pixels, 0, nearest=nearest)
        pixels = across.resampled(pixels, 1, nearest=nearest)
        yield Patch(part.target, across.target, pixels)


def _turned(level: Level, raster: Raster, read: ReadPlane, nearest: bool) -> Iterator[Patch]:
    """Each pixel of the picture is looked up where its center lies in the plane."""
    linear, offset = level.plane[:, :2], level.plane[:, 2]
    inverse = np.linalg.inv(linear)
    height, width = level.shape
    corners = np.array(list(itertools.product((-0.5, height - 0.5), (-0.5, width - 0.5))))
    world = corners @ linear.T + offset
    spans = [raster.span(axis, world[:, axis].min(), world[:, axis].max()) for axis in (0, 1)]
    # Pixels of the plane for one of the picture, along each axis of the plane.
    ratios = np.abs(inverse) @ np.array(raster.step)
    edge = (1, 1) if nearest else (max(1, int(ratios[0])), max(1, int(ratios[1])))
    enlarges = nearest or bool(ratios.max() <= 1)
    starts = (range(first, stop, _TILE) for first, stop in spans)
    for top, left in itertools.product(*starts):
        rows = slice(top, min(top + _TILE, spans[0][1]))
        columns = slice(left, min(left + _TILE, spans[1][1]))
        y, x = (_centers(raster, axis, part) for axis, part in enumerate((rows, columns)))
        places = [
            inverse[axis, 0] * (y[:, np.newaxis] - offset[0])
            + inverse[axis, 1] * (x[np.newaxis] - offset[1])
            + 0.5
            for axis in (0, 1)
        ]
        inside = np.ones(places[0].shape, dtype=bool)
        for place, size in zip(places, level.shape, strict=True):
            inside &= (place >= 0) & (place < size)
        if not inside.any():
            continue
        parts = [
            _needed(place[inside], size, step)
            for place, size, step in zip(places, level.shape, edge, strict=True)
        ]
        pixels = read(*parts)
        if not nearest:
            pixels = block_means(as_float(pixels), edge)
        at = [(p - part.start) / n for p, part, n in zip(places, parts, edge, strict=True)]
        look_up = nearest_at if enlarges else linear_at
        yield Patch(rows, columns, look_up(pixels, *at), None if inside.all() else inside)


def _centers(raster: Raster, axis: int, part: slice) -> Floats:
    edges = raster.edges(axis, part.start, part.stop)
    centers: Floats = (edges[:-1] + edges[1:]) / 2
    return centers


def _needed(places: Floats, size: int, step: int) -> slice:
    """Pixels around places along one axis, in whole blocks."""
    start = max(0, math.floor(places.min()) - step) // step * step
    return slice(start, min(size, math.ceil((places.max() + step) / step) * step))
