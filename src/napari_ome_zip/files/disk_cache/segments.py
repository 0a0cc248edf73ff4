"""Segments of what is kept of links: bytes one after another, and an index of where they belong.

An index is a magic number and a record of 24 bytes for each run of bytes: where they belong in the
file and where they lie in the data (8 bytes each), how many there are, and a CRC-32 of all of it.
What a record claims is compared with what is there, so that nothing needs to be closed or written
in an order: of a process that was killed, what it had written is read, and nothing else.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from napari_ome_zip.files.disk_cache.cache_folder import DATA, INDEX

LONGEST_RECORD = 1 << 18
"""Bytes that one record is of, at most (256 KiB)."""

_MAGIC = b"OZLINKS1"
_RECORD = struct.Struct("<QQII")

_READING = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_APPENDING = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
_CREATING = _APPENDING | os.O_CREAT | os.O_EXCL


class Record(NamedTuple):
    """Where bytes of the file are kept."""

    start: int
    stop: int
    at: int
    """Position in the segment's data."""
    crc: int
    """CRC-32 of ``start``, ``at`` and the length, as on disk, and of the bytes."""
    segment: Path
    """Without an ending."""


def create(segment: Path) -> None:
    """Make an empty segment.

    Raises
    ------
    OSError
        As the operating system says.
    """
    with _opened(segment, DATA, _CREATING):
        pass
    with _opened(segment, INDEX, _CREATING) as descriptor:
        _write(descriptor, _MAGIC)


def append(segment: Path, parts: Sequence[tuple[int, memoryview]]) -> list[Record]:
    """Write bytes, each part with its position in the file, to a segment of this process.

    Raises
    ------
    OSError
        As the operating system says. The segment is not to be written to any more then.
    """
    records = []
    with _opened(segment, DATA, _APPENDING) as descriptor:
        at = os.fstat(descriptor).st_size
        for start, part in parts:
            crc = _checksum(start, at, part)
            records.append(Record(start, start + len(part), at, crc, segment))
            _write(descriptor, part)
            at += len(part)
    with _opened(segment, INDEX, _APPENDING) as descriptor:
        entries = (_RECORD.pack(r.start, r.at, r.stop - r.start, r.crc) for r in records)
        _write(descriptor, b"".join(entries))
    return records


def records_of(segment: Path, size: int) -> Iterator[Record]:
    """Yield what the index of a segment says that can be true of a file of a size."""
    try:
        index = segment.with_suffix(INDEX).read_bytes()
        there = segment.with_suffix(DATA).stat().st_size
    except OSError:
        return
    if not index.startswith(_MAGIC):
        return
    whole = (len(index) - len(_MAGIC)) // _RECORD.size * _RECORD.size
    for start, at, length, crc in _RECORD.iter_unpack(index[len(_MAGIC) : len(_MAGIC) + whole]):
        if 0 < length <= LONGEST_RECORD and start + length <= size and at + length <= there:
            yield Record(start, start + length, at, crc, segment)


def read(record: Record) -> bytes | None:
    """Return the bytes of a record; None where they are gone, cut short or damaged."""
    length = record.stop - record.start
    try:
        with _opened(record.segment, DATA, _READING) as descriptor:
            os.lseek(descriptor, record.at, os.SEEK_SET)
            data = os.read(descriptor, length)
    except OSError:
        return None
    is_right = len(data) == length and _checksum(record.start, record.at, data) == record.crc
    return data if is_right else None


def _checksum(start: int, at: int, data: bytes | memoryview) -> int:
    return zlib.crc32(data, zlib.crc32(struct.pack("<QQI", start, at, len(data))))


@contextmanager
def _opened(segment: Path, ending: str, flags: int) -> Iterator[int]:
    """Open one file of a segment."""
    descriptor = os.open(segment.with_suffix(ending), flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes | memoryview) -> None:
    written = 0
    while written < len(data):
        written += os.write(descriptor, data[written:])
