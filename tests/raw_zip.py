"""A ZIP archive taken apart by its bytes alone, for tests: no reader of ours, none of Python's.

Follows APPNOTE 4.3 record by record, and is as strict as it can be: whatever is not exactly
where it should be fails an assertion.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class RawEntry:
    name: bytes
    flags: int
    method: int
    time: int
    date: int
    crc: int
    size: int
    offset: int
    data: bytes
    local_extra: bytes
    central_extra: bytes


@dataclass(frozen=True)
class RawArchive:
    entries: tuple[RawEntry, ...]
    """In the order of the central directory."""
    comment: bytes
    has_zip64_end: bool

    @property
    def names(self) -> list[str]:
        return [entry.name.decode("utf-8") for entry in self.entries]

    @property
    def names_by_offset(self) -> list[str]:
        ordered = sorted(self.entries, key=lambda entry: entry.offset)
        return [entry.name.decode("utf-8") for entry in ordered]


def _u(data: bytes, start: int, size: int) -> int:
    return int.from_bytes(data[start : start + size], "little")


def take_apart(data: bytes) -> RawArchive:
    """Parse an archive made of ZIP64 records without gaps, checking each field on the way."""
    end = data.rindex(b"PK\x05\x06")
    comment = data[end + 22 :]
    assert _u(data, end + 20, 2) == len(comment)

    locator = end - 20
    assert data[locator : locator + 4] == b"PK\x06\x07"
    assert _u(data, locator + 4, 4) == 0
    assert _u(data, locator + 16, 4) == 1
    end64 = _u(data, locator + 8, 8)
    assert data[end64 : end64 + 4] == b"PK\x06\x06"
    assert end64 + 12 + _u(data, end64 + 4, 8) == locator
    assert _u(data, end64 + 14, 2) == 45
    assert data[end64 + 16 : end64 + 24] == bytes(8)
    count, total, size, start = struct.unpack_from("<4Q", data, end64 + 24)
    assert count == total
    assert start + size == end64
    # Values as they are, wherever they fit (APPNOTE 4.4.1.4: placeholders only where they do not).
    old = (min(count, 0xFFFF), min(count, 0xFFFF), min(size, 0xFFFFFFFF), min(start, 0xFFFFFFFF))
    assert struct.unpack_from("<4H2I", data, end + 4) == (0, 0, *old)

    entries = []
    position = start
    for _ in range(count):
        entry, position = _entry(data, position)
        entries.append(entry)
    assert position == end64
    _assert_no_gaps(entries, start)
    return RawArchive(tuple(entries), comment, has_zip64_end=True)


def _entry(data: bytes, at: int) -> tuple[RawEntry, int]:
    assert data[at : at + 4] == b"PK\x01\x02"
    assert _u(data, at + 6, 2) == 45
    name_size, extra_size, comment_size = struct.unpack_from("<3H", data, at + 28)
    assert comment_size == 0
    name = data[at + 46 : at + 46 + name_size]
    extra = data[at + 46 + name_size : at + 46 + name_size + extra_size]
    # Both sizes and the offset point to the ZIP64 extra field.
    assert data[at + 20 : at + 28] == b"\xff" * 8
    assert data[at + 42 : at + 46] == b"\xff" * 4
    assert struct.unpack_from("<2H", extra) == (1, 24)
    size, stored, offset = struct.unpack_from("<3Q", extra, 4)
    assert size == stored

    assert data[offset : offset + 4] == b"PK\x03\x04"
    # Version, flags, method, time, date and CRC agree in both places.
    assert data[offset + 4 : offset + 18] == data[at + 6 : at + 20]
    assert data[offset + 18 : offset + 26] == b"\xff" * 8
    local_name, local_extra_size = struct.unpack_from("<2H", data, offset + 26)
    assert data[offset + 30 : offset + 30 + local_name] == name
    body = offset + 30 + local_name + local_extra_size
    local_extra = data[offset + 30 + local_name : body]
    assert struct.unpack_from("<2H", local_extra) == (1, 16)
    assert struct.unpack_from("<2Q", local_extra, 4) == (size, size)
    flags, method, time, date, crc = struct.unpack_from("<4HI", data, at + 8)
    entry = RawEntry(
        name=name,
        flags=flags,
        method=method,
        time=time,
        date=date,
        crc=crc,
        size=size,
        offset=offset,
        data=data[body : body + size],
        local_extra=local_extra,
        central_extra=extra,
    )
    return entry, at + 46 + name_size + extra_size


def _assert_no_gaps(entries: list[RawEntry], directory: int) -> None:
    position = 0
    for entry in sorted(entries, key=lambda entry: entry.offset):
        assert entry.offset == position
        position += 30 + len(entry.name) + len(entry.local_extra) + entry.size
    assert position == directory
