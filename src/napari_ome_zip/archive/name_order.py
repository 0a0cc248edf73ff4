"""Guesses where in a directory the record of a chunk stands, by the places of other chunks.

Writers list the chunks of an array one after the other: in C order, in the order in which names
are sorted as text, along other axes first, roughly in one of these where threads wrote them. The
chunks whose places are known show which. A guess decides only where to look first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type ChunkName = tuple[str, tuple[int, ...]]
"""Path of an array, and the numbers of a chunk of it."""

type _Numbers = npt.NDArray[np.int64]
type _Places = npt.NDArray[np.float64]

_CHUNK = re.compile(r"(?:c[/.])?([0-9]{1,15}(?:[/.][0-9]{1,15})*)")
_MOST_SORTED = 1 << 14


def chunk_name(name: str, nodes: Collection[str]) -> ChunkName | None:
    """Return which chunk of which array an entry holds; None where its name does not say so.

    Parameters
    ----------
    name : str
        Of the entry, such as ``0/c/3/5``.
    nodes : collection of str
        Paths of the groups and arrays, without which ``0/3/5`` has two meanings.
    """
    folder = name
    while folder:
        folder = folder.rpartition("/")[0]
        if folder in nodes:
            break
    found = _CHUNK.fullmatch(name[len(folder) :].lstrip("/"))
    return None if found is None else (folder, tuple(map(int, re.split("[/.]", found[1]))))


@dataclass(frozen=True)
class Guess:
    """Where a record may stand."""

    place: float
    """Offset in the directory."""
    low: float
    """Offset of the nearest record known that should come before it; -infinity without one."""
    high: float
    """Of the nearest that should come after it; infinity without one."""

    @property
    def is_between(self) -> bool:
        """Whether both neighbors are known."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))


@dataclass(frozen=True)
class ChunkOrder:
    """How a writer went through the chunks of its arrays."""

    axes: tuple[int, ...]
    """The axes, that of the outermost loop first."""
    is_text: bool = False
    """Whether numbers are sorted as text: 10 before 2."""

    @classmethod
    def of(cls, known: Sequence[_Numbers]) -> ChunkOrder:
        """Return the order that chunks show.

        Parameters
        ----------
        known : sequence of ndarray
            For each array the numbers of chunks of it as they are listed, of shape ``(n, ndim)``.
        """
        # What changes least from one record to the next is the outermost loop of the writer.
        changes = sum(np.count_nonzero(np.diff(numbers, axis=0), axis=0) for numbers in known)
        axes = tuple(np.argsort(changes, kind="stable").tolist())
        plain, text = cls(axes), cls(axes, True)
        steps_back = [sum(map(order._steps_back, known)) for order in (plain, text)]
        return text if steps_back[1] < steps_back[0] else plain

    def ranks(self, numbers: _Numbers, counts: _Numbers) -> _Places:
        """Return how many chunks come before each, if none is missing.

        Parameters
        ----------
        numbers : ndarray
            Of shape ``(n, ndim)``.
        counts : ndarray
            Chunks along each axis, of shape ``(ndim,)``.
        """
        ranks = np.zeros(len(numbers))
        for axis in self.axes:
            column, count = numbers[:, axis], int(counts[axis])
            if self.is_text and count <= _MOST_SORTED:
                column = np.argsort(np.argsort(np.arange(count).astype(str)))[column]
            ranks = ranks * count + column
        return ranks

    def _steps_back(self, numbers: _Numbers) -> int:
        return int(np.count_nonzero(np.diff(self.ranks(numbers, numbers.max(axis=0) + 1)) < 0))


def guess_places(
    order: ChunkOrder, known: _Numbers, places: _Places, wanted: _Numbers
) -> list[Guess]:
    """Guess where the records of chunks of one array stand.

    Parameters
    ----------
    order : ChunkOrder
    known : ndarray
        Numbers of chunks whose places are known, of shape ``(n, ndim)``, one at least.
    places : ndarray
        Offsets of their records in the directory, of shape ``(n,)``.
    wanted : ndarray
        Numbers of the chunks to guess for, of shape ``(m, ndim)``.
    """
    counts = np.maximum(known.max(axis=0), wanted.max(axis=0)) + 1
    ranks = order.ranks(known, counts)
    by_rank = np.argsort(ranks, kind="stable")
    ranks, places = ranks[by_rank], places[by_rank]
    asked = order.ranks(wanted, counts)
    after = np.searchsorted(ranks, asked).tolist()
    pairs = zip(asked.tolist(), after, strict=True)
    return [_guess(ranks, places, rank, at) for rank, at in pairs]


def _guess(ranks: _Places, places: _Places, rank: float, after: int) -> Guess:
    """Guess for one chunk, before which ``after`` of the known ones come."""
    if 0 < after < ranks.size:
        first, last = ranks[after - 1], ranks[after]
        part = (rank - first) / (last - first) if last > first else 0.5
        ends = (float(places[after - 1]), float(places[after]))
        return Guess(ends[0] + float(part) * (ends[1] - ends[0]), min(ends), max(ends))
    spread = ranks[-1] - ranks[0]
    slope = (places[-1] - places[0]) / spread if spread else 0.0
    nearest = 0 if after == 0 else -1
    place = float(places[nearest] + slope * (rank - ranks[nearest]))
    if after == 0:
        return Guess(place, -np.inf, float(places[0]))
    return Guess(place, float(places[-1]), np.inf)
