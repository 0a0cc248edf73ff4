"""Many entries read at once: those that lie side by side by one read, headers checked together."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_ome_zip.archive.entry_table import EntryTable
from napari_ome_zip.archive.layout import ENCRYPTED_FLAG, LOCAL_HEADER, LOCAL_SIGNATURE, ReadAt

MIN_BATCH = 8
"""Fewer entries are read faster one by one."""

_MAX_RUN = 1 << 20
"""Bytes that are read at once, at most (1 MiB); a larger entry is read by itself."""
_MAX_GAP = 1 << 12
"""Bytes between two entries that are read along (4 KiB): less than another read costs."""
_EXTRA_ROOM = 64
_SIGNATURE = int.from_bytes(LOCAL_SIGNATURE, "little")
_NAME_LENGTH_AT = 26


@dataclass(frozen=True)
class _Run:
    """Entries that are read at once, by their positions in the batch, in the order of the file."""

    members: list[int]
    start: int
    stop: int


def read_batch(
    read: ReadAt, table: EntryTable, rows: Sequence[int]
) -> list[bytes | memoryview | None]:
    """Read the contents of entries that are stored as they are, and verify their checksums.

    Parameters
    ----------
    read : callable
        ``read(offset, length)`` returns at most ``length`` bytes of the file.
    table : EntryTable
    rows : sequence of int
        Rows of the entries in the table.

    Returns
    -------
    list of bytes-like or None
        None for every entry that is in any way unusual or damaged: reading it by itself tells why.

    Notes
    -----
    APPNOTE 4.3.7, local file header.
    """
    columns, at = table.columns, np.asarray(rows, np.intp)
    sizes = columns.sizes[at].astype(np.int64)
    offsets = columns.offsets[at].astype(np.int64) + table.shift
    usual = (columns.methods[at] == 0) & ((columns.flags[at] & ENCRYPTED_FLAG) == 0)
    usual &= (columns.compressed_sizes[at] == columns.sizes[at]) & (sizes >= 0) & (offsets >= 0)
    names = np.array([len(columns.names[row]) for row in rows], np.int64)
    stops = offsets + sizes + names + (LOCAL_HEADER.size + _EXTRA_ROOM)
    usual &= stops > offsets  # no size so large that it overflows
    checksums = columns.crcs[at].tolist()
    found: list[bytes | memoryview | None] = [None] * len(rows)
    for run in _runs(np.flatnonzero(usual), offsets, stops):
        content = memoryview(read(run.start, run.stop - run.start))
        members = np.array(run.members, np.intp)
        starts = _content_starts(content, offsets[members] - run.start)
        ends = starts + sizes[members]
        for member, start, end in zip(run.members, starts.tolist(), ends.tolist(), strict=True):
            if start >= 0 and end <= len(content):
                payload = content[start:end]
                if zlib.crc32(payload) == checksums[member]:
                    found[member] = payload
    return found


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
