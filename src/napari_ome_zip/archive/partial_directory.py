"""A central directory of which parts are fetched, where the records wanted are likely to stand."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from napari_ome_zip.archive.central_directory import (
    DirectoryColumns,
    parse_directory,
    whole_records,
)
from napari_ome_zip.archive.end_record import EndRecord
from napari_ome_zip.archive.entry import ArchiveEntry
from napari_ome_zip.archive.entry_table import joined_names, odd_names
from napari_ome_zip.archive.layout import FULL_16
from napari_ome_zip.archive.name_order import ChunkOrder, Guess, chunk_name, guess_places
from napari_ome_zip.files import ByteFile, Range

_ROUNDS = 3
"""Times that parts are fetched for what is wanted, at most: each takes as long as a request."""
_ROUNDS_IN_ALL = 9
"""Times in all: waiting for the whole takes no longer than going on like that."""
_BESIDE = 1 << 13
"""Bytes fetched before and after the place that is guessed (8 KiB: about 90 records)."""
_GAP = 1 << 16
"""Where a record is likely to stand within so many bytes (64 KiB), all of these are fetched."""
_WIDE_GAP = 1 << 20
"""The same where nothing better can be guessed (1 MiB)."""
_MERGED = 1 << 15
"""Parts that are less apart are fetched as one (32 KiB)."""
_PROBE = 1 << 12
"""Bytes of each of the parts that first show how the directory is ordered (4 KiB)."""
_PER_PROBE = 1 << 18
_MOST_PROBES = 16
_OVERLAP = 1 << 10
"""Bytes fetched beyond a part, so that the record at its end is whole."""
_WORTHWHILE = 0.4
"""Share of what is unknown that is fetched for what is wanted, at most: else all of it comes."""

type _Array = tuple[str, int]
"""Path of an array, and its number of dimensions, as names of its chunks have it."""


@dataclass(frozen=True, slots=True, order=True)
class _Part:
    """Records one after the other that were fetched; offsets are those in the directory."""

    start: int
    stop: int
    columns: DirectoryColumns = field(compare=False)


class PartialDirectory:
    """The records of a central directory that were fetched so far.

    A part begins and ends with records as their lengths say, from the first signature in it on to
    every other one (`whole_records`); else it is not used. An entry that is found is in the
    archive, but a later record of the same name, which counts instead, may be in a part that was
    not fetched; and what is not found may be there all the same. Only the whole directory tells.

    Parameters
    ----------
    file : ByteFile
        The archive.
    end : EndRecord
        Where its directory lies.
    nodes : collection of str
        Paths of the groups and arrays.
    """

    def __init__(self, file: ByteFile, end: EndRecord, nodes: Collection[str]) -> None:
        self._file, self._end, self._nodes = file, end, nodes
        self._parts: list[_Part] = []
        self._rows: dict[str, tuple[int, int, _Part]] = {}
        self._numbers: dict[_Array, list[tuple[int, ...]]] = {}
        self._is_probed = False
        self._rounds_left = _ROUNDS_IN_ALL

    def add(self, start: int, raw: bytes, *, at_record: bool = False, to_end: bool = False) -> bool:
        """Take in bytes from an offset in the directory on; whether they could be used.

        Parameters
        ----------
        at_record, to_end : bool
            Whether the bytes begin with a record, and whether they end with one.
        """
        bounds = whole_records(raw)
        if bounds is None:
            return False
        first, stop = bounds
        if (at_record and first != 0) or (to_end and stop != len(raw)):
            return False
        part = _Part(start + first, start + stop, parse_directory(raw[first:stop]))
        if not self._has_room(part):
            return False
        insort(self._parts, part)
        self._list(part)
        return True

    def find(self, name: str) -> ArchiveEntry | None:
        """Return an entry among the records that were fetched; None where it is not among them."""
        found = self._rows.get(name)
        if found is None:
            return None
        _, row, part = found
        columns = part.columns
        return ArchiveEntry(
            name,
            columns.offsets.item(row) + self._end.shift,
            columns.compressed_sizes.item(row),
            columns.sizes.item(row),
            columns.methods.item(row),
            columns.crcs.item(row),
            columns.flags.item(row),
        )

    def look_for(self, names: Sequence[str]) -> bool:
        """Fetch the parts where entries are likely to stand; whether all are found then.

        Raises
        ------
        LinkError
            When nothing can be fetched.
        """
        for _ in range(min(_ROUNDS, self._rounds_left)):
            wanted = [name for name in names if name not in self._rows]
            if not wanted or not self.unknown:
                return not wanted
            self._rounds_left -= 1
            ranges = self._likely(wanted)
            if ranges is None or not self._fetch(ranges):
                return False
        return all(name in self._rows for name in names)

    @property
    def unknown(self) -> list[Range]:
        """The gaps between the parts that were fetched."""
        edges = [0]
        for part in self._parts:
            edges += [part.start, part.stop]
        edges.append(self._end.directory_size)
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return [(start, stop) for start, stop in pairs if start < stop]

    def _has_room(self, part: _Part) -> bool:
        at = bisect_right(self._parts, part)
        before = self._parts[at - 1].stop if at else 0
        after = self._parts[at].start if at < len(self._parts) else self._end.directory_size
        return before <= part.start and part.stop <= after

    def _list(self, part: _Part) -> None:
        columns = part.columns
        step = (part.stop - part.start) / len(columns)
        odd = frozenset(odd_names(columns.names, joined_names(columns.names)))
        for row, (name, disk) in enumerate(zip(columns.names, columns.disks.tolist(), strict=True)):
            place = part.start + int(row * step)
            known = self._rows.get(name)
            if known is not None and known[0] > place:
                continue
            if row in odd or name.endswith("/") or disk not in (0, FULL_16):
                continue
            self._rows[name] = place, row, part
            chunk = chunk_name(name, self._nodes)
            if chunk is not None:
                path, numbers = chunk
                self._numbers.setdefault((path, len(numbers)), []).append((place, *numbers))

    def _likely(self, names: Iterable[str]) -> list[Range] | None:
        """Return the parts to fetch next for entries; None where nothing can be guessed."""
        chunks: dict[_Array, list[tuple[int, ...]]] = {}
        for name in names:
            chunk = chunk_name(name, self._nodes)
            if chunk is None:
                return None
            chunks.setdefault((chunk[0], len(chunk[1])), []).append(chunk[1])
        guesses = {array: self._guesses(array, numbers) for array, numbers in chunks.items()}
        certain = (bool(found) and all(g.is_between for g in found) for found in guesses.values())
        if not self._is_probed and not all(certain):
            self._is_probed = True
            return self._probes()
        ranges: list[Range] = []
        for (path, _), found in guesses.items():
            around = self._windows(found) if found else self._around(path)
            if around is None:
                return None
            ranges += around
        return ranges

    def _guesses(self, array: _Array, wanted: Sequence[tuple[int, ...]]) -> list[Guess]:
        """Guess for chunks of one array; nothing where none of its chunks is known."""
        if array not in self._numbers:
            return []
        alike = [np.array(sorted(each)) for (_, n), each in self._numbers.items() if n == array[1]]
        known = np.array(sorted(self._numbers[array]))
        order = ChunkOrder.of([each[:, 1:] for each in alike])
        places = known[:, 0].astype(np.float64)
        return guess_places(order, known[:, 1:], places, np.array(wanted, np.int64))

    def _probes(self) -> list[Range]:
        """Return small parts all over what is unknown."""
        total = sum(stop - start for start, stop in self.unknown)
        count = min(_MOST_PROBES, max(8, total // _PER_PROBE))
        found: list[Range] = []
        for start, stop in self.unknown:
            own = round(count * (stop - start) / total)
            places = [start + (stop - start) * (n + 1) // (own + 1) for n in range(own)]
            found += [(place, min(place + _PROBE, stop)) for place in places]
        return found

    def _windows(self, guesses: Iterable[Guess]) -> list[Range] | None:
        """Return the parts around guessed places; None where one cannot be unknown."""
        gaps = self.unknown
        found: list[Range] = []
        for guess in guesses:
            gap = _near(guess.place, gaps) if guess.is_between else _beyond(guess, gaps)
            if gap is None:
                return None
            start, stop = gap
            if stop - start > (_GAP if guess.is_between else _WIDE_GAP):
                middle = int(min(max(guess.place, start), stop))
                start, stop = max(start, middle - _BESIDE), min(stop, middle + _BESIDE)
            found.append((start, stop))
        return found

    def _around(self, path: str) -> list[Range] | None:
        """Return the gap between the arrays beside one of which nothing is known."""
        extents: dict[str, Range] = {}
        for (other, _), known in self._numbers.items():
            places = [place for place, *_ in known]
            extents[other] = min(places), max(places)
        before = max((other for other in extents if other < path), default=None)
        after = min((other for other in extents if other > path), default=None)
        first = extents[before] if before is not None else (0, 0)
        end = self._end.directory_size
        last = extents[after] if after is not None else (end, end)
        low, high = (first[1], last[0]) if first <= last else (last[1], first[0])
        gaps = [(max(a, low), min(b, high)) for a, b in self.unknown]
        gaps = [(a, b) for a, b in gaps if a < b]
        return gaps if gaps and sum(b - a for a, b in gaps) <= _WIDE_GAP else None

    def _fetch(self, ranges: Sequence[Range]) -> bool:
        """Fetch parts of what is unknown; whether anything came of it."""
        gaps = self.unknown
        wanted = _merged(ranges, gaps)
        size = sum(stop - start for start, stop, _ in wanted)
        if not wanted or size > _WORTHWHILE * sum(stop - start for start, stop in gaps):
            return False
        begin = self._end.directory_start
        bounds = [(start, min(stop + _OVERLAP, gap[1]), gap) for start, stop, gap in wanted]
        with self._file.expect((begin + start, begin + stop) for start, stop, _ in bounds):
            used = [
                self.add(
                    start,
                    self._file.read(begin + start, stop - start),
                    at_record=start == gap[0],
                    to_end=stop == gap[1],
                )
                for start, stop, gap in bounds
            ]
        return any(used)


def _near(place: float, gaps: Sequence[Range]) -> Range | None:
    """Return the gap that a place is in, or the nearest one.

    A thread may have written a chunk somewhat earlier or later than those beside it.
    """
    at = bisect_right([start for start, _ in gaps], place) - 1
    beside = [gaps[n] for n in (at, at + 1) if 0 <= n < len(gaps)]
    away = {gap: max(gap[0] - place, place - gap[1]) for gap in beside}
    nearest = min(away, key=away.__getitem__, default=None)
    return nearest if nearest is not None and away[nearest] <= _BESIDE else None


def _beyond(guess: Guess, gaps: Sequence[Range]) -> Range | None:
    """Return the gap after the last of an array that is known, or before the first."""
    starts = [start for start, _ in gaps]
    if guess.high == np.inf:
        at = bisect_right(starts, guess.low)
        return gaps[at] if at < len(gaps) else None
    at = bisect_right(starts, guess.high) - 1
    return gaps[at] if at >= 0 else None


def _merged(ranges: Iterable[Range], gaps: Sequence[Range]) -> list[tuple[int, int, Range]]:
    """Put together parts that lie close to one another, or to the end of a gap; with their gaps."""
    merged: list[tuple[int, int, Range]] = []
    starts = [start for start, _ in gaps]
    for start, stop in sorted(ranges):
        gap = gaps[max(bisect_right(starts, start) - 1, 0)]
        start = gap[0] if start - gap[0] < _OVERLAP else start
        stop = min(stop, gap[1])
        if merged and merged[-1][2] == gap and start - merged[-1][1] <= _MERGED:
            earlier = merged.pop()
            start, stop = min(earlier[0], start), max(earlier[1], stop)
        merged.append((start, stop, gap))
    return merged
