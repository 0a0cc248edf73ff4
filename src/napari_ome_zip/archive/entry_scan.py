"""Finds the entries of an archive by their local headers, if its end or directory is missing.

Each entry begins with a local header (APPNOTE 4.3.7), which holds almost everything that the
directory does. An entry counts as found if its checksum is right, else as lost. The file is read in
windows, and once more for the bytes of each entry.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from napari_ome_zip.archive.decoding import decode, refuse_unreadable
from napari_ome_zip.archive.entry import METHOD_NAMES, ArchiveEntry
from napari_ome_zip.archive.entry_table import columns_of
from napari_ome_zip.archive.index import ArchiveIndex
from napari_ome_zip.archive.layout import (
    CENTRAL_SIGNATURE,
    DESCRIPTOR_SIGNATURE,
    END_SIGNATURE,
    EXTRA_DATA_SIGNATURE,
    LOCAL_SIGNATURE,
    STORED,
    ZIP64_END_SIGNATURE,
    ReadAt,
)
from napari_ome_zip.archive.local_header import NEWEST_VERSION, LocalHeader, read_local_header
from napari_ome_zip.errors import ArchiveError, DamagedEntryError
from napari_ome_zip.names import is_archive_name

_CENTRAL_START = struct.Struct("<4s4H")
_RECORDS = (LOCAL_SIGNATURE, CENTRAL_SIGNATURE, DESCRIPTOR_SIGNATURE)
_SIGNATURES = re.compile(b"|".join(map(re.escape, _RECORDS)))
_ENDS = (*_RECORDS, END_SIGNATURE, ZIP64_END_SIGNATURE, EXTRA_DATA_SIGNATURE)
_FIRST_WINDOW, _WINDOW = 1 << 14, 1 << 20
# Data descriptors, which follow entries of unknown size: with and without ZIP64.
_DESCRIPTORS = (struct.Struct("<IQQ"), struct.Struct("<III"))
_CUT = "the file ends before its last byte"


@dataclass(frozen=True, slots=True)
class LostEntry:
    """An entry that begins in the file, but whose content cannot be read."""

    name: str
    reason: str
    """The reason, as a clause without a full stop."""
    offset: int
    """Offset of its local header in the file."""


def scan_entries(read: ReadAt, size: int) -> Iterator[tuple[int, ArchiveEntry | LostEntry]]:
    """Yield every entry that begins in a file, in the order of the file.

    Parameters
    ----------
    read : callable
        ``read(offset, length)`` returns at most ``length`` bytes of the file.
    size : int
        Size of the file in bytes.

    Yields
    ------
    int
        Number of bytes of the file that have been scanned.
    ArchiveEntry or LostEntry
        An entry whose checksum is right, or one that cannot be read.
    """
    place = _next_local(read, 0, size)
    while place is not None:
        header = read_local_header(read, place, size)
        if header is None:
            following = place + 1
        else:
            found, following = _measured(read, header, size)
            yield following, found
        place = _next_local(read, following, size)


def index_of_entries(entries: Sequence[ArchiveEntry], size: int, label: str) -> ArchiveIndex:
    """Return the index of an archive whose directory is not used.

    Parameters
    ----------
    entries : sequence of ArchiveEntry
        Entries as found in the file; of equal names the last counts.
    size : int
        Size of the file in bytes.
    label : str
        Name of the file in messages.

    Raises
    ------
    ArchiveError
        When two names collide.
    """
    return ArchiveIndex.of_columns(columns_of(entries), size, label)


def _next_local(read: ReadAt, start: int, size: int) -> int | None:
    for place, signature in _signatures(read, start, size):
        if signature == LOCAL_SIGNATURE:
            return place
    return None


def _signatures(read: ReadAt, start: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and signature of records of any kind, from an offset on."""
    window = _FIRST_WINDOW
    while start < size:
        data = read(start, window + 3)
        for match in _SIGNATURES.finditer(data):
            if match.start() < window:
                yield start + match.start(), match[0]
        start += window
        window = min(2 * window, _WINDOW)


def _measured(read: ReadAt, header: LocalHeader, size: int) -> tuple[ArchiveEntry | LostEntry, int]:
    """Return the entry of a header, and the offset from which to search for the next one."""
    if header.is_encrypted:
        return LostEntry(header.name, "it is encrypted", header.place), header.start
    if header.is_streamed and not header.is_folder:
        return _streamed(read, header, size)
    end = header.start + header.compressed_size
    if end > size:
        # The entries of an inner archive are not entries of this one.
        following = size if _holds_archive(header) else header.start
        return LostEntry(header.name, _CUT, header.place), following
    entry = _entry(header, header.crc, header.compressed_size, header.size)
    problem = _problem(read, entry, header.start)
    if problem is None:
        return entry, end
    # If another record follows it, its length is right and its bytes are wrong.
    is_whole = read(end, 4) in (*_ENDS, b"")
    return LostEntry(header.name, problem, header.place), end if is_whole else header.start


def _streamed(read: ReadAt, header: LocalHeader, size: int) -> tuple[ArchiveEntry | LostEntry, int]:
    """Return an entry whose sizes are in a descriptor after its bytes, and the next offset.

    A descriptor is accepted if its size is the distance to the start and the checksum is right. If
    it has no signature, it ends where the next record begins::

        | header | bytes … | PK 07 08? | crc | compressed | size | next record
                 ^ start   ^ end                                 ^ or the end of the file
    """
    for place, signature in _signatures(read, header.start, size):
        if signature == DESCRIPTOR_SIGNATURE:
            for layout in _DESCRIPTORS:
                entry = _described(read, header, layout, place, place + 4)
                if entry is not None:
                    return entry, place + 4 + layout.size
            continue
        for layout in _DESCRIPTORS:
            entry = _described(read, header, layout, place - layout.size, place - layout.size)
            if entry is not None:
                return entry, place
        if _is_next(read, signature, place, size) and not _holds_archive(header):
            problem = "its checksum is wrong, or its end is missing"
            return LostEntry(header.name, problem, header.place), place
    for layout in _DESCRIPTORS:
        entry = _described(read, header, layout, size - layout.size, size - layout.size)
        if entry is not None:
            return entry, size
    return LostEntry(header.name, _CUT, header.place), size


def _is_next(read: ReadAt, signature: bytes, place: int, size: int) -> bool:
    """Whether a record begins at an offset, not only four bytes that look like its signature."""
    if signature == LOCAL_SIGNATURE:
        return read_local_header(read, place, size) is not None
    fields = read(place, _CENTRAL_START.size)
    if len(fields) < _CENTRAL_START.size:
        return True
    _, made_by, needed, _, method = _CENTRAL_START.unpack(fields)
    return max(made_by & 0xFF, needed & 0xFF) <= NEWEST_VERSION and method in METHOD_NAMES


def _described(
    read: ReadAt, header: LocalHeader, layout: struct.Struct, end: int, place: int
) -> ArchiveEntry | None:
    """Return the entry that ends at an offset, if the descriptor there fits; else None."""
    data = read(place, layout.size) if end >= header.start else b""
    if len(data) < layout.size:
        return None
    crc, compressed, full = layout.unpack(data)
    if compressed != end - header.start:
        return None
    entry = _entry(header, crc, compressed, full)
    return entry if _problem(read, entry, header.start) is None else None


def _entry(header: LocalHeader, crc: int, compressed_size: int, size: int) -> ArchiveEntry:
    return ArchiveEntry(
        header.name, header.place, compressed_size, size, header.method, crc, header.flags
    )


def _problem(read: ReadAt, entry: ArchiveEntry, start: int) -> str | None:
    """Return why the content of an entry cannot be read; None where its checksum is right."""
    try:
        refuse_unreadable(entry)
        if entry.method == STORED:
            if entry.compressed_size != entry.size:
                return "its sizes contradict each other"
            crc = _checksum(read, start, entry.size)
        else:
            crc = zlib.crc32(decode(entry, read(start, entry.compressed_size)))
    except (ArchiveError, DamagedEntryError):
        return "its bytes do not unpack"
    return None if crc == entry.crc else "its checksum is wrong"


def _checksum(read: ReadAt, start: int, length: int) -> int:
    crc = 0
    for offset in range(0, length, _WINDOW):
        crc = zlib.crc32(read(start + offset, min(_WINDOW, length - offset)), crc)
    return crc


def _holds_archive(header: LocalHeader) -> bool:
    return is_archive_name(header.name) or header.name.lower().endswith(".zip")
