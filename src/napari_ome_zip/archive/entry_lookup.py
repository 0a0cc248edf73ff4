"""Finds a few entries of an archive without parsing its directory, and reads them.

A file manager starts a program for each preview: parsing 87,000 records, and importing what does
it fast, would take longer than all the rest.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Sequence

from napari_ome_zip.archive.end_record import read_end_record
from napari_ome_zip.archive.entry import ArchiveEntry, decoded_name
from napari_ome_zip.archive.entry_content import (
    cut_short,
    header_size,
    refuse_two_sizes,
    verify_crc,
)
from napari_ome_zip.archive.layout import (
    CENTRAL_HEADER,
    CENTRAL_LENGTHS,
    CENTRAL_LENGTHS_AT,
    CENTRAL_SIGNATURE,
    DEFLATE,
    FULL_32,
    LOCAL_HEADER,
    STORED,
    UTF8_FLAG,
    ReadAt,
    zip64_values,
)
from napari_ome_zip.errors import DamagedEntryError

MAX_SEARCHED_BYTES = 1 << 27
"""Largest central directory that is searched (128 MiB: more than a million entries)."""

_EXTRA_ROOM = 64
_FLAGS, _FLAGS_AT = struct.Struct("<H"), 8


class EntryLookup:
    """The directory of an archive, searched for names.

    Of several records of one name the last counts, as for every reader. What is not a record but
    looks like one, as in a comment of an entry, may be taken for it: whoever writes such a file
    could as well have written the record.

    Parameters
    ----------
    read : callable
        ``read(offset, length)`` returns at most ``length`` bytes of the file.
    size : int
        Size of the file in bytes.
    label : str
        Name of the file in messages.

    Raises
    ------
    ArchiveError
        When the file is not a usable ZIP archive.

    Notes
    -----
    APPNOTE 4.3.12, central directory structure.
    """

    def __init__(self, read: ReadAt, size: int, label: str) -> None:
        self._read = read
        self._end = read_end_record(read, size, label)
        length = self._end.directory_size
        is_searched = length <= MAX_SEARCHED_BYTES
        self._raw = read(self._end.directory_start, length) if is_searched else b""

    def find_all(self, names: Sequence[str]) -> dict[str, ArchiveEntry]:
        """Return the entries of these names, as far as they are there."""
        found: dict[str, ArchiveEntry] = {}
        if not names:
            return found
        for match in re.finditer(b"|".join(map(_pattern, names)), self._raw, re.DOTALL):
            entry = self._entry(match.start(), match.end())
            if entry is not None:
                found[entry.name] = entry
        return found

    def names(self) -> Iterator[str]:
        """Yield the names of all records, one after the other: slower than looking for a few."""
        position = 0
        while self._raw.startswith(CENTRAL_SIGNATURE, position):
            header = self._raw[position : position + CENTRAL_HEADER.size]
            if len(header) < CENTRAL_HEADER.size:
                return
            name, extra, comment = CENTRAL_LENGTHS.unpack_from(header, CENTRAL_LENGTHS_AT)
            start = position + CENTRAL_HEADER.size
            (flags,) = _FLAGS.unpack_from(header, _FLAGS_AT)
            yield decoded_name(self._raw[start : start + name], bool(flags & UTF8_FLAG))
            position = start + name + extra + comment

    def content(self, entry: ArchiveEntry, most: int) -> bytes | None:
        """Return the content of an entry, verified; None where it has more than ``most`` bytes.

        Neither is what is encrypted, or compressed by a method other than DEFLATE.

        Raises
        ------
        DamagedEntryError
            When the bytes are damaged.
        """
        if max(entry.size, entry.compressed_size) > most or entry.is_encrypted:
            return None
        if entry.method not in (STORED, DEFLATE):
            return None
        room = LOCAL_HEADER.size + len(entry.name.encode()) + _EXTRA_ROOM
        data = self._read(entry.offset, room + entry.compressed_size)
        start = header_size(entry, data)
        if start > room:
            data, start = self._read(entry.offset + start, entry.compressed_size), 0
        payload = data[start : start + entry.compressed_size]
        if len(payload) < entry.compressed_size:
            raise cut_short(entry)
        content = payload if entry.method == STORED else _inflated(entry, payload)
        if entry.method == STORED:
            refuse_two_sizes(entry)
        verify_crc(entry, content)
        return content

    def _entry(self, start: int, stop: int) -> ArchiveEntry | None:
        fields = CENTRAL_HEADER.unpack_from(self._raw, start)
        _, _, _, flags, method, _, _, crc, compressed, size, name, extra, _, _, _, _, offset = (
            fields
        )
        named = start + CENTRAL_HEADER.size
        if named + name != stop:
            return None
        wanted = [value == FULL_32 for value in (size, compressed, offset)]
        if any(wanted):
            values = zip64_values(self._raw[stop : stop + extra], sum(wanted))
            if values is None:
                return None
            size = values.pop(0) if wanted[0] else size
            compressed = values.pop(0) if wanted[1] else compressed
            offset = values.pop(0) if wanted[2] else offset
        text = decoded_name(self._raw[start + CENTRAL_HEADER.size : stop], bool(flags & UTF8_FLAG))
        return ArchiveEntry(text, offset + self._end.shift, compressed, size, method, crc, flags)


def _pattern(name: str) -> bytes:
    """Return the pattern of a record of this name: its signature, the name's length, the name."""
    encoded = name.encode()
    length = re.escape(len(encoded).to_bytes(2, "little"))
    return re.escape(CENTRAL_SIGNATURE) + b".{24}" + length + b".{16}" + re.escape(encoded)


def _inflated(entry: ArchiveEntry, payload: bytes) -> bytes:
    try:
        content = zlib.decompressobj(-15).decompress(payload, entry.size + 1)
    except zlib.error as error:
        raise DamagedEntryError(
            entry.name, f"{entry.name!r} is damaged: its DEFLATE bytes do not unpack."
        ) from error
    if len(content) != entry.size:
        raise DamagedEntryError(
            entry.name, f"{entry.name!r} is damaged: it does not unpack to {entry.size:,} bytes."
        )
    return content
