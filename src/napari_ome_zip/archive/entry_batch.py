"""Many entries read at once: those that lie side by side by one read, headers checked together."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_ome_zip.archive.central_directory import DirectoryColumns
from napari_ome_zip.archive.layout import ENCRYPTED_FLAG, LOCAL_HEADER, LOCAL_SIGNATURE, STORED

MIN_BATCH = 8
"""Fewer entries are read faster one by one."""

_MAX_RUN = 1 << 20
"""Bytes that are read at once, at most (1 MiB); larger entries are read by themselves."""
_MAX_GAP = 1 << 12
"""Bytes between two entries that are read along (4 KiB): less than another read costs."""
_EXTRA_ROOM = 64
_SIGNATURE = int.from_bytes(LOCAL_SIGNATURE, "little")
_NAME_LENGTH_AT = 26

type ReadInto = Callable[[int, memoryview], int]


@dataclass(frozen=True)
class _Run:
    """Entries that are read at once, by their positions in the batch, in the order of the file."""

    members: list[int]
    start: int
    stop: int


def read_batch(
    read_into: ReadInto, columns: DirectoryColumns, shift: int, rows: Sequence[int]
) -> Iterator[tuple[int, memoryview | None]]:
    """Read the contents of entries that are stored as they are, and verify their checksums.

    Parameters
    ----------
    read_into : callable
        ``read_into(offset, buffer)`` fills a buffer from the file, and returns how many bytes it
        got.
    columns : DirectoryColumns
    shift : int
        Number that the offsets in it lack.
    rows : sequence of int
        Rows of the entries in the columns.

    Yields
    ------
    tuple of int and memoryview or None
        Position in ``rows``, in the order of the file, and the content, which is there until the
        next one is asked for. None for every entry that is in any way unusual or damaged: reading
        it by itself tells why.

    Notes
    -----
    APPNOTE 4.3.7, local file header.
    """
    at = np.asarray(rows, np.intp)
    sizes = columns.sizes[at].astype(np.int64)
    offsets = columns.offsets[at].astype(np.int64) + shift
    usual = (columns.methods[at] == STORED) & ((columns.flags[at] & ENCRYPTED_FLAG) == 0)
    usual &= (columns.compressed_sizes[at] == columns.sizes[at]) & (sizes >= 0) & (offsets >= 0)
    names = np.array([len(columns.names[row]) for row in rows], np.int64)
    stops = offsets + sizes + names + (LOCAL_HEADER.size + _EXTRA_ROOM)
    usual &= (stops > offsets) & (stops - offsets <= _MAX_RUN)
    checksums = columns.crcs[at].tolist()
    for position in np.flatnonzero(~usual).tolist():
        yield position, None
    with _buffer() as buffer:
        for run in _runs(np.flatnonzero(usual), offsets, stops):
            content = buffer[: read_into(run.start, buffer[: run.stop - run.start])]
            members = np.array(run.members, np.intp)
            starts = _content_starts(content, offsets[members] - run.start)
            ends = starts + sizes[members]
            for member, start, end in zip(run.members, starts.tolist(), ends.tolist(), strict=True):
                payload = content[start:end] if start >= 0 and end <= len(content) else None
                right = payload is not None and zlib.crc32(payload) == checksums[member]
                yield member, payload if right else None


@contextmanager
def _buffer() -> Iterator[memoryview]:
    """Memory for a run, used again: getting new pages takes longer than reading them full."""
    kept: list[memoryview] = _own.__dict__.setdefault("buffers", [])
    buffer = kept.pop() if kept else memoryview(bytearray(_MAX_RUN))
    try:
        yield buffer
    finally:
        kept[:] = [buffer]


_own = threading.local()


def _runs(
    members: npt.NDArray[np.intp], offsets: npt.NDArray[np.int64], stops: npt.NDArray[np.int64]
) -> list[_Run]:
    """Put together what lies side by side in the file."""
    members = members[np.argsort(offsets[members], kind="stable")]
    runs: list[_Run] = []
    group: list[int] = []
    first = last = 0
    triples = zip(members.tolist(), offsets[members].tolist(), stops[members].tolist(), strict=True)
    for member, start, stop in triples:
        if group and (start > last + _MAX_GAP or stop > first + _MAX_RUN):
            runs.append(_Run(group, first, last))
            group = []
        if not group:
            first, last = start, stop
        group.append(member)
        last = max(last, stop)
    return [*runs, _Run(group, first, last)] if group else runs


def _content_starts(content: memoryview, starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where contents begin, behind the local headers at ``starts``; negative without a header."""
    octets = np.frombuffer(content, np.uint8)
    there = starts + LOCAL_HEADER.size <= octets.size
    found = np.full(starts.shape, -1, np.int64)
    heads = octets[starts[there, np.newaxis] + np.arange(LOCAL_HEADER.size)]
    signatures = np.ascontiguousarray(heads[:, :4]).view("<u4").ravel()
    lengths = np.ascontiguousarray(heads[:, _NAME_LENGTH_AT:]).view("<u2")
    after = starts[there] + LOCAL_HEADER.size + lengths.sum(axis=1, dtype=np.int64)
    found[there] = np.where(signatures == _SIGNATURE, after, -1)
    return found
