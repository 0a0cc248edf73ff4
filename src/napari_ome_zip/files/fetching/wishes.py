"""Bytes of a file that somebody will read soon."""

from __future__ import annotations

import weakref
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from napari_ome_zip.files.byte_file import Expectation, Range
from napari_ome_zip.files.fetching.ranges import Piece, pieces_of

AHEAD_BYTES = 64 << 20
"""Bytes that are fetched for one wish before any of them are read, at most (64 MiB).

More would push out of memory what comes first.
"""
MOST_BYTES = 1 << 30
"""Bytes that are expected at once, at most (1 GiB): a file may claim any size."""


class Wish:
    """Ranges that somebody wants, in pieces that were not asked for yet.

    Parameters
    ----------
    ranges : iterable of (int, int)
        Most wanted first.
    is_kept : bool
        Whether their bytes go to the disk.
    is_ahead : bool
        Whether nobody asked for them yet.
    """

    def __init__(self, ranges: Iterable[Range], *, is_kept: bool, is_ahead: bool = False) -> None:
        pieces = pieces_of(_as_far_as(MOST_BYTES, ranges))
        self._pieces = {piece.start: piece for piece in pieces}
        self._starts = list(self._pieces)
        self._by_rank = sorted(pieces, key=lambda piece: -piece.rank)
        self.is_kept, self.is_ahead = is_kept, is_ahead
        self.is_over = False
        """Whether nobody wants the rest."""
        self.ahead = 0
        """Bytes that are there, or on their way, of which nothing was read yet."""

    def next_piece(self) -> Piece | None:
        """Take the most wanted piece."""
        while self._by_rank:
            found = self._pieces.pop(self._by_rank.pop().start, None)
            if found is not None:
                return found
        return None

    def take(self, start: int, stop: int) -> Iterator[Piece]:
        """Take the pieces that overlap a range."""
        first = max(0, bisect_left(self._starts, start + 1) - 1)
        for at in self._starts[first : bisect_left(self._starts, stop)]:
            piece = self._pieces.get(at)
            if piece is not None and piece.stop > start:
                yield self._pieces.pop(at)

    @property
    def askable(self) -> int:
        """Number of pieces that may be asked for now."""
        return 0 if self.is_over or self.ahead >= AHEAD_BYTES else len(self._pieces)

    @property
    def coming(self) -> int:
        """Bytes that were not asked for yet."""
        return sum(piece.stop - piece.start for piece in self._pieces.values())


class Handle(Expectation):
    """What the one who expects holds: the wish is over when it is let go of."""

    def __init__(self, wish: Wish) -> None:
        # Nothing is locked here, for garbage is collected anywhere: threads look at it themselves.
        self._end = weakref.finalize(self, setattr, wish, "is_over", True)
        self._end.atexit = False

    def end(self) -> None:
        # docstring inherited
        self._end()


def _as_far_as(limit: int, ranges: Iterable[Range]) -> Iterator[Range]:
    for start, stop in ranges:
        yield start, min(stop, start + limit)
        limit -= max(0, stop - start)
        if limit <= 0:
            return
