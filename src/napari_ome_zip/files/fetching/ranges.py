"""Which requests are made for the bytes that are wanted: neighbors merged, long ranges split."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from napari_ome_zip.files.byte_file import Range

MOST_GAP = 1 << 17
"""Bytes between two ranges that are fetched along, at most (128 KiB): about 30 ms of a line."""
MOST_WASTE = 0.15
"""Part of what is wanted that may be fetched along, all gaps together.

What is wanted of an archive holds a little more than its chunks, so that this keeps within a fifth
of the bytes that are shown.
"""
SHORTEST_PIECE = 1 << 19
"""A range is split into pieces no shorter than this (512 KiB)."""
LONGEST_PIECE = 1 << 22
"""A piece is no longer than about this (4 MiB): one that nobody wants any more ends soon."""
LINES = 16
"""Number of requests that what is wanted is spread over, where there is enough of it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that one request asks for."""

    start: int
    stop: int
    rank: int
    """Smallest position, in the order of asking, of what lies in it."""


def pieces_of(ranges: Iterable[Range]) -> list[Piece]:
    """Return the requests for ranges, by position.

    Ranges that overlap or touch become one request, and so do those with a short gap between them,
    shortest first, as long as all gaps together are at most `MOST_WASTE` of what is wanted.

    Parameters
    ----------
    ranges : iterable of (int, int)
        Most wanted first; empty ones are left out.

    Examples
    --------
    >>> pieces_of([(5000, 9000), (0, 4900), (10**6, 10**6 + 10)])
    [Piece(start=0, stop=9000, rank=0), Piece(start=1000000, stop=1000010, rank=2)]
    """
    wanted = sorted(
        (start, stop, rank) for rank, (start, stop) in enumerate(ranges) if start < stop
    )
    joined = _joined(wanted)
    total = sum(stop - start for start, stop in joined)
    piece = min(max(total // LINES, SHORTEST_PIECE), LONGEST_PIECE)
    bridged = _bridged(joined, int(total * MOST_WASTE))
    return list(_cut(wanted, bridged, piece))


def merged(holes: Sequence[Range]) -> list[Range]:
    """Return ranges that do not overlap, by position, without the gaps that are fetched along.

    Examples
    --------
    >>> merged([(0, 900), (1000, 2000), (5000, 6000)])
    [(0, 2000), (5000, 6000)]
    """
    bridged = _bridged(holes, int(sum(stop - start for start, stop in holes) * MOST_WASTE))
    whole: list[Range] = []
    for start, stop in holes:
        if whole and whole[-1][1] in bridged:
            start = whole.pop()[0]
        whole.append((start, stop))
    return whole


def split(start: int, stop: int) -> list[Range]:
    """Return a range in pieces that come at the same time."""
    return [(piece.start, piece.stop) for piece in pieces_of([(start, stop)])]


def _joined(wanted: Sequence[tuple[int, int, int]]) -> list[list[int]]:
    """Return the ranges without overlaps, by position."""
    joined: list[list[int]] = []
    for start, stop, _ in wanted:
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], stop)
        else:
            joined.append([start, stop])
    return joined


def _bridged(joined: Sequence[Sequence[int]], budget: int) -> set[int]:
    """Return where the gaps begin that are fetched along."""
    gaps = sorted((after[0] - before[1], before[1]) for before, after in itertools.pairwise(joined))
    bridged = set()
    for length, start in gaps:
        budget -= length
        if budget < 0 or length > MOST_GAP:
            break
        bridged.add(start)
    return bridged


def _cut(
    wanted: Sequence[tuple[int, int, int]], bridged: set[int], longest: int
) -> Iterator[Piece]:
    """Yield pieces that end where a range does, unless a range is longer than a piece."""
    at = end = -1  # of the piece so far; it is empty
    first = 0
    for start, stop, rank in wanted:
        if stop <= end:
            first = min(first, rank)
            continue
        start = max(start, end)
        goes_on = start == end or end in bridged
        if at == end or not goes_on or end - at >= longest or stop - at >= 2 * longest:
            yield from _parts(at, end, first, longest)
            at, first = start, rank
        end, first = stop, min(first, rank)
    yield from _parts(at, end, first, longest)


def _parts(start: int, stop: int, rank: int, longest: int) -> Iterator[Piece]:
    count = max(1, round((stop - start) / longest))
    edges = [start + (stop - start) * number // count for number in range(count + 1)]
    for begin, end in itertools.pairwise(edges):
        if begin < end:
            yield Piece(begin, end, rank)


class RangeMap[T]:
    """What is known of ranges that do not overlap, found by position."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._found: dict[int, tuple[int, T]] = {}

    def add(self, start: int, stop: int, what: T) -> None:
        """Add a range that overlaps none that is there."""
        self._starts.insert(bisect_left(self._starts, start), start)
        self._found[start] = (stop, what)

    def remove(self, start: int) -> None:
        """Remove the range that begins there, if there is one."""
        if self._found.pop(start, None) is not None:
            del self._starts[bisect_left(self._starts, start)]

    def get(self, start: int) -> T | None:
        """What is known of the range that begins there."""
        found = self._found.get(start)
        return None if found is None else found[1]

    def overlapping(self, start: int, stop: int) -> list[T]:
        """What is known of the ranges that overlap another one, by position."""
        return [self._found[at][1] for at in self._overlapping(start, stop)]

    def holes(self, start: int, stop: int) -> list[Range]:
        """Return the parts of a range of which nothing is known."""
        holes = []
        for at in self._overlapping(start, stop):
            if start < at:
                holes.append((start, at))
            start = self._found[at][0]
        if start < stop:
            holes.append((start, stop))
        return holes

    def _overlapping(self, start: int, stop: int) -> list[int]:
        first = bisect_left(self._starts, start)
        if first and self._found[self._starts[first - 1]][0] > start:
            first -= 1
        return self._starts[first : bisect_left(self._starts, stop)]

    def __iter__(self) -> Iterator[T]:
        return iter([what for _, what in self._found.values()])

    def __len__(self) -> int:
        return len(self._starts)
