"""Which pixels of a large image are read for a level that is a sample of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

MAX_READ = 256
"""Pixels of the file that are read for one pixel of a virtual level, on average."""

BLOCK_EDGE = 256
"""Edge of what is computed as one in the plane that is looked at."""

_MAX_IN_UNIT = 2**24


@dataclass(frozen=True)
class Sampling:
    """What is read along one axis for a level that is a sample."""

    factor: int
    """Pixels of the file that one of the level spans."""
    window: int
    """... of which so many are read, in the middle."""
    unit: int
    """Pixels of the level that are read as one."""
    every: int
    """One of so many units is read."""

    @property
    def group(self) -> int:
        """Pixels of the level of which one unit is read."""
        return self.unit * self.every

    def source(self, unit: int, size: int) -> slice:
        """What to read for a unit of the level."""
        start = unit * self.unit * self.factor
        if self.window < self.factor:
            start += (self.factor - self.window) // 2
            start = min(start, size - 1)
            return slice(start, min(start + self.window, size))
        return slice(start, min((unit + 1) * self.unit * self.factor, size))

    def units(self, start: int, stop: int, size: int) -> range:
        """Units of whole groups that hold pixels ``start`` to ``stop`` of a level of ``size``."""
        last = min(-(-stop // self.group) * self.every, -(-size // self.unit))
        return range(start // self.group * self.every, last)


def sampling(
    chunks: Sequence[int],
    factors: Sequence[int],
    shape: Sequence[int],
    plane: Sequence[int],
    *,
    most: int = MAX_READ,
) -> tuple[Sampling, ...]:
    """Read as little as ``most`` allows, but whole chunks, and not too many.

    Parameters
    ----------
    chunks : sequence of int
        Size of a chunk of the file along each axis.
    factors : sequence of int
        Pixels of the file that one of the level spans.
    shape : sequence of int
        Of the level.
    plane : sequence of int
        The axes that are looked at together.
    most : int
        Pixels of the file that are read for one pixel of the level, on average.
    """
    least = [max(c, BLOCK_EDGE) if axis in plane else c for axis, c in enumerate(chunks)]
    while math.prod(least) > _MAX_IN_UNIT:
        axis = max(range(len(least)), key=lambda i: (least[i], -i))
        least[axis] = -(-least[axis] // 2)
    windows = [min(n, f) for n, f in zip(least, factors, strict=True)]
    units = [1 if f == 1 else max(1, -(-n // f)) for n, f in zip(least, factors, strict=True)]
    every = [1] * len(least)
    while math.prod(windows) > most * math.prod(every):
        room = [
            f * u * m if f > 1 and u * m < n else 0
            for f, u, m, n in zip(factors, units, every, shape, strict=True)
        ]
        if not any(room):
            break
        # The axis whose groups are shortest: groups stay about as long as wide.
        axis = min((r, i) for i, r in enumerate(room) if r)[1]
        every[axis] *= 2
    return tuple(map(Sampling, factors, windows, units, every))


@dataclass(frozen=True)
class Occupancy:
    """Which units of a part of a level stand for pixels that are stored."""

    first: tuple[int, ...]
    """Number of the first unit along each axis."""
    every: tuple[int, ...]
    """Units in a group along each axis."""
    stored: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        units: Sequence[range],
        axes: Sequence[Sampling],
        boxes: npt.NDArray[np.int64] | None,
    ) -> Occupancy:
        """Of some units, from the boxes of pixels that are stored; None where that is unknown."""
        first = tuple(r.start for r in units)
        every = tuple(axis.every for axis in axes)
        shape = [len(r) for r in units]
        if boxes is None:
            return cls(first, every, np.ones(shape, bool))
        stored = np.zeros(shape, bool)
        spans = np.array([axis.factor * axis.unit for axis in axes])
        _mark(stored, boxes[:, 0] // spans - first, (boxes[:, 1] - 1) // spans - first)
        return cls(first, every, stored)

    def groups(self) -> Iterator[tuple[tuple[int, ...], npt.NDArray[np.bool_]]]:
        """Each group that holds anything: its number, and which of its units are stored."""
        numbers = (np.argwhere(self.stored) + self.first) // self.every
        for number in np.unique(numbers, axis=0).tolist():
            part = tuple(
                slice(g * m - a, (g + 1) * m - a)
                for g, m, a in zip(number, self.every, self.first, strict=True)
            )
            yield tuple(number), self.stored[part]


def _mark(
    stored: npt.NDArray[np.bool_], first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]
) -> None:
    last = np.minimum(last, np.array(stored.shape) - 1)
    first = np.maximum(first, 0)
    counts = (last - first).max(axis=0, initial=0) + 1
    if math.prod(counts.tolist()) > 2**stored.ndim:  # few boxes, each larger than units
        for low, high in zip(first.tolist(), last.tolist(), strict=True):
            stored[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] = True
        return
    for offset in itertools.product(*map(range, counts.tolist())):
        place: Any = tuple(np.minimum(first + offset, last).T)
        stored[place] = True
