"""The header that each entry of a ZIP archive begins with (APPNOTE 4.3.7), read by itself."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from napari_ome_zip.archive.central_directory import decoded_name, zip64_values
from napari_ome_zip.archive.entry_table import METHOD_NAMES

type ReadAt = Callable[[int, int], bytes]
"""Reads up to so many bytes at a place of the file: ``read(offset, length)``."""

LOCAL_SIGNATURE = b"PK\x03\x04"
NEWEST_VERSION = 63
"""Of the standard, times ten: 6.3."""

_HEADER = struct.Struct("<4s5H3I2H")
_USUAL_SIZE = 512
_HAS_DESCRIPTOR, _ENCRYPTED, _UTF8 = 0x8, 0x1, 0x800
_FULL_32 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class LocalHeader:
    """What a local header says."""

    name: str
    place: int
    start: int
    """Where the bytes begin."""
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int

    @property
    def is_streamed(self) -> bool:
        """Whether the sizes stand after the bytes only."""
        return bool(self.flags & _HAS_DESCRIPTOR) and not (self.compressed_size and self.crc)

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed."""
        return bool(self.flags & _ENCRYPTED)

    @property
    def is_folder(self) -> bool:
        """Whether the entry only names a folder."""
        return self.name.endswith("/")


def read_local_header(read: ReadAt, place: int, size: int) -> LocalHeader | None:
    """The header at a place of a file; None where what is there is none, or only looks like one.

    Parameters
    ----------
    read : callable
        ``read(offset, length)`` gives up to so many bytes of the file.
    place, size : int
        Where it begins, and the size of the file.
    """
    data = read(place, _USUAL_SIZE)
    if len(data) < _HEADER.size or not data.startswith(LOCAL_SIGNATURE):
        return None
    _, needed, flags, method, _, _, crc, compressed, full, name_length, extra_length = (
        _HEADER.unpack_from(data)
    )
    length = _HEADER.size + name_length + extra_length
    if needed & 0xFF > NEWEST_VERSION or method not in METHOD_NAMES or not name_length:
        return None
    if place + length > size:
        return None
    if len(data) < length:
        data = read(place, length)
    raw_name = data[_HEADER.size : _HEADER.size + name_length]
    name = decoded_name(raw_name, bool(flags & _UTF8))
    if "\0" in name:
        return None
    wanted = [value == _FULL_32 for value in (full, compressed)]
    if any(wanted):
        values = zip64_values(data[_HEADER.size + name_length : length], sum(wanted)) or []
        full = values.pop(0) if wanted[0] and values else full
        compressed = values.pop(0) if wanted[1] and values else compressed
    return LocalHeader(name, place, place + length, flags, method, crc, compressed, full)


def lies_in_an_entry(read: ReadAt, place: int, size: int) -> bool:
    """Whether a place lies among the bytes of an entry, following the entries from the front.

    Where an entry does not say its length, all that follows may be its.
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
