"""Pixels of a level that is a sample of a large image: some of its chunks, averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.level_sampling import MAX_READ, Occupancy, Sampling, sampling
from napari_ome_zip.pixels.best_known import stop_if_unwanted
from napari_ome_zip.pixels.expecting import expecting
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.pixels.reduction import reduce_block
from napari_ome_zip.pixels.source import PixelSource


@dataclass(frozen=True, eq=False)
class SampledLevel:
    """Computes parts of a level from few chunks of the file."""

    base: PixelSource
    """The coarsest level of the file."""
    factors: tuple[int, ...]
    """Pixels of ``base`` that one of the level spans along each axis."""
    shape: tuple[int, ...]
    """Of the level."""
    plane: tuple[int, ...]
    """The two axes that are looked at together."""
    nearest: bool
    """Whether a pixel is one of those it stands for, instead of their mean."""
    most: int = MAX_READ
    """Pixels of ``base`` that are read for one of the level, on average."""
    longest: tuple[int, ...] = ()
    """Pixels of the level, along each axis, that one chunk stands for at most."""
    looks_up: bool = True
    """Whether it finds out first which chunks are stored, which takes a while where they are many;
    without it, one that is not stored may stand for others that are."""

    def compute(self, start: Sequence[int], stop: Sequence[int]) -> npt.NDArray[Any]:
        """Pixels of the level from ``start`` to ``stop``."""
        shape = [b - a for a, b in zip(start, stop, strict=True)]
        out = np.full(shape, self.base.fill_value, self.base.dtype)
        axes = zip(self._sampling, start, stop, self.shape, strict=True)
        units = [axis.units(a, b, n) for axis, a, b, n in axes]
        pixels = [axis.unit * axis.factor for axis in self._sampling]
        first, last = [r.start for r in units], [r.stop for r in units]
        boxes = None
        if self.looks_up:
            boxes = self.base.stored_boxes(spanned(first, last, pixels, self.base.shape))
        groups = list(Occupancy.of(units, self._sampling, boxes).groups())
        chosen = [self._chosen(group, stored) for group, stored in groups]
        with expecting(self.base, map(self._region, chosen)):
            for (group, stored), unit in zip(groups, chosen, strict=True):
                stop_if_unwanted()
                self._fill_group(group, stored, unit, start, out)
        return out

    def _chosen(self, group: tuple[int, ...], stored: npt.NDArray[np.bool_]) -> list[int]:
        """The unit of a group that is read: of the stored ones that nearest to its middle."""
        middle = [(axis.every - 1) / 2 for axis in self._sampling]
        found = np.argwhere(stored)
        nearest = found[np.argmin(((found - middle) ** 2).sum(axis=1))].tolist()
        sides = zip(group, self._sampling, nearest, strict=True)
        return [g * axis.every + i for g, axis, i in sides]

    def _fill_group(
        self,
        group: tuple[int, ...],
        stored: npt.NDArray[np.bool_],
        unit: Sequence[int],
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
        unit : sequence of int
            The one that is read.
        start : sequence of int
            First pixel of the level that ``out`` holds.
        out : ndarray
            Part of the level that is filled, as far as the group lies in it.
        """
        origin = [g * axis.every for g, axis in zip(group, self._sampling, strict=True)]
        chosen = [u - a for u, a in zip(unit, origin, strict=True)]
        pixels = reduced(self.base.read(self._region(unit)), self.factors, nearest=self.nearest)
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

    def _region(self, unit: Sequence[int]) -> Region:
        axes = zip(self._sampling, unit, self.base.shape, strict=True)
        return tuple(axis.source(i, n) for axis, i, n in axes)

    @cached_property
    def _sampling(self) -> tuple[Sampling, ...]:
        shape = self.shape
        if self.longest:
            shape = tuple(map(min, shape, self.longest))
        return sampling(chunk_shape(self.base), self.factors, shape, self.plane, most=self.most)


def reduced(pixels: npt.NDArray[Any], step: Sequence[int], *, nearest: bool) -> npt.NDArray[Any]:
    """Pixels that each stand for ``step`` along each axis: their mean, or the first of them."""
    if nearest:
        return np.ascontiguousarray(pixels[tuple(slice(None, None, n) for n in step)])
    return reduce_block(pixels, tuple(step), "mean")


def chunk_shape(source: PixelSource) -> tuple[int, ...]:
    """Shape of a chunk, as far as it lies in the array."""
    return tuple(max(1, min(c, n)) for c, n in zip(source.chunks, source.shape, strict=True))


def spanned(
    start: Sequence[int], stop: Sequence[int], factors: Sequence[int], shape: Sequence[int]
) -> Region:
    """What pixels of a level span in a larger one, of which one spans ``factors``."""
    return tuple(
        slice(a * f, min(b * f, n)) for a, b, f, n in zip(start, stop, factors, shape, strict=True)
    )
