"""How the records of a ZIP archive are laid out (APPNOTE 4.3): what reading and writing share."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

type ReadAt = Callable[[int, int], bytes]
"""Reads up to so many bytes at a place of the file: ``read(offset, length)``."""

LOCAL_SIGNATURE = b"PK\x03\x04"
CENTRAL_SIGNATURE = b"PK\x01\x02"
END_SIGNATURE = b"PK\x05\x06"
ZIP64_END_SIGNATURE = b"PK\x06\x06"
ZIP64_LOCATOR_SIGNATURE = b"PK\x06\x07"
DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
"""Of sizes that follow the bytes of an entry; also what a split archive begins with."""
DIGITAL_SIGNATURE = b"PK\x05\x05"
EXTRA_DATA_SIGNATURE = b"PK\x06\x08"

LOCAL_HEADER = struct.Struct("<4s5H3I2H")
CENTRAL_HEADER = struct.Struct("<4s6H3I5H2I")
CENTRAL_LENGTHS = struct.Struct("<3H")
"""Lengths of name, extra fields and comment: three of the fields of a central header."""
CENTRAL_LENGTHS_AT = 28
ZIP64_END = struct.Struct("<4sQ2H2I4Q")
ZIP64_LOCATOR = struct.Struct("<4sIQI")
END = struct.Struct("<4s4H2IH")

ENCRYPTED_FLAG = 1
DESCRIPTOR_FLAG = 1 << 3
UTF8_FLAG = 1 << 11
FULL_16 = 0xFFFF
FULL_32 = 0xFFFFFFFF
"""A field of 16 or 32 bits that says: look into the ZIP64 record instead."""
ZIP64_EXTRA_ID = 1

_LOCAL_LENGTHS = struct.Struct("<2H")
_LOCAL_LENGTHS_AT = 26
_EXTRA_START = struct.Struct("<2H")


def local_lengths(header: bytes) -> tuple[int, int] | None:
    """Lengths of the name and of the extra fields that follow a local header.

    None where the bytes are not a local header.
    """
    if len(header) < LOCAL_HEADER.size or not header.startswith(LOCAL_SIGNATURE):
        return None
    name, extra = _LOCAL_LENGTHS.unpack_from(header, _LOCAL_LENGTHS_AT)
    return name, extra


def zip64_values(extra: bytes, count: int) -> list[int] | None:
    """So many values of the ZIP64 field among the extra fields; None where it has not as many."""
    for kind, content in _extra_fields(extra):
        if kind == ZIP64_EXTRA_ID:
            if len(content) < 8 * count:
                return None
            return list(struct.unpack_from(f"<{count}Q", content))
    return None


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + _EXTRA_START.size <= len(extra):
        kind, length = _EXTRA_START.unpack_from(extra, position)
        position += _EXTRA_START.size
        yield kind, extra[position : position + length]
        position += length
