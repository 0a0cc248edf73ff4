"""Reads the local header that each entry of a ZIP archive begins with (APPNOTE 4.3.7)."""

from __future__ import annotations

from dataclasses import dataclass

from napari_ome_zip.archive.entry import METHOD_NAMES, decoded_name
from napari_ome_zip.archive.layout import (
    DESCRIPTOR_FLAG,
    ENCRYPTED_FLAG,
    FULL_32,
    LOCAL_HEADER,
    LOCAL_SIGNATURE,
    UTF8_FLAG,
    ReadAt,
    zip64_values,
)

NEWEST_VERSION = 63
"""Newest version of the standard, times ten: 6.3."""

_USUAL_SIZE = 512


@dataclass(frozen=True, slots=True)
class LocalHeader:
    """The fields of a local header."""

    name: str
    place: int
    start: int
    """Offset of the entry's bytes."""
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int

    @property
    def is_streamed(self) -> bool:
        """Whether the sizes are only in a descriptor after the bytes."""
        return bool(self.flags & DESCRIPTOR_FLAG) and not (self.compressed_size and self.crc)

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed."""
        return bool(self.flags & ENCRYPTED_FLAG)

    @property
    def is_folder(self) -> bool:
        """Whether the entry only names a folder."""
        return self.name.endswith("/")


def read_local_header(read: ReadAt, place: int, size: int) -> LocalHeader | None:
    """Return the header at an offset of a file; None where there is no valid one.

    Parameters
    ----------
    read : callable
        ``read(offset, length)`` returns at most ``length`` bytes of the file.
    place, size : int
        Offset of the header, and the size of the file.
    """
    data = read(place, _USUAL_SIZE)
    if len(data) < LOCAL_HEADER.size or not data.startswith(LOCAL_SIGNATURE):
        return None
    _, needed, flags, method, _, _, crc, compressed, full, name_length, extra_length = (
        LOCAL_HEADER.unpack_from(data)
    )
    length = LOCAL_HEADER.size + name_length + extra_length
    if needed & 0xFF > NEWEST_VERSION or method not in METHOD_NAMES or not name_length:
        return None
    if place + length > size:
        return None
    if len(data) < length:
        data = read(place, length)
    raw_name = data[LOCAL_HEADER.size : LOCAL_HEADER.size + name_length]
    name = decoded_name(raw_name, bool(flags & UTF8_FLAG))
    if "\0" in name:
        return None
    wanted = [value == FULL_32 for value in (full, compressed)]
    if any(wanted):
        values = zip64_values(data[LOCAL_HEADER.size + name_length : length], sum(wanted)) or []
        full = values.pop(0) if wanted[0] and values else full
        compressed = values.pop(0) if wanted[1] and values else compressed
    return LocalHeader(name, place, place + length, flags, method, crc, compressed, full)


def lies_in_an_entry(read: ReadAt, place: int, size: int) -> bool:
    """Whether an offset lies inside the bytes of an entry, following the entries from the front.

    Everything after an entry of unknown length may belong to it.
    """
    start = 0
    while start < place:
        header = read_local_header(read, start, size)
        if header is None:
            return False
        end = header.start + header.compressed_size
        if header.is_streamed and not header.is_folder:
            return True
        if header.start <= place < end:
            return True
        start = end
    return False
