"""The layout of the records of a ZIP archive (APPNOTE 4.3), for reading and writing."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

type ReadAt = Callable[[int, int], bytes]
"""Reads at most ``length`` bytes of a file: ``read(offset, length)``."""

LOCAL_SIGNATURE = b"PK\x03\x04"
CENTRAL_SIGNATURE = b"PK\x01\x02"
END_SIGNATURE = b"PK\x05\x06"
ZIP64_END_SIGNATURE = b"PK\x06\x06"
ZIP64_LOCATOR_SIGNATURE = b"PK\x06\x07"
DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
"""Begins the data descriptor that follows the bytes of an entry; also begins a split archive."""
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

STORED, DEFLATE, BZIP2, LZMA, ZSTD = 0, 8, 12, 14, 93
"""Numbers of compression methods (APPNOTE 4.4.5); the first compresses nothing."""

ENCRYPTED_FLAG = 1
DESCRIPTOR_FLAG = 1 << 3
UTF8_FLAG = 1 << 11
FULL_16 = 0xFFFF
FULL_32 = 0xFFFFFFFF
"""Value of a field of 16 or 32 bits whose actual value is in the ZIP64 record."""
ZIP64_EXTRA_ID = 1

_LOCAL_LENGTHS = struct.Struct("<2H")
_LOCAL_LENGTHS_AT = 26
_EXTRA_START = struct.Struct("<2H")


def local_lengths(header: bytes) -> tuple[int, int] | None:
    """Return the lengths of the name and of the extra fields that follow a local header.

    Returns None where the bytes are not a local header.
    """
    if len(header) < LOCAL_HEADER.size or not header.startswith(LOCAL_SIGNATURE):
        return None
    name, extra = _LOCAL_LENGTHS.unpack_from(header, _LOCAL_LENGTHS_AT)
    return name, extra


def zip64_values(extra: bytes, count: int) -> list[int] | None:
    """Return the first values of the ZIP64 extra field; None where it has fewer than ``count``."""
    for kind, content in _extra_fields(extra):
        if kind == ZIP64_EXTRA_ID:
            if len(content) < 8 * count:
                return None
            return list(struct.unpack_from(f"<{count}Q", content))
    return None


def extra_field_ids(extra: bytes) -> list[int]:
    """Return the numbers of the kinds of extra fields (APPNOTE 4.5), in their order."""
    return [kind for kind, _ in _extra_fields(extra)]


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + _EXTRA_START.size <= len(extra):
        kind, length = _EXTRA_START.unpack_from(extra, position)
        position += _EXTRA_START.size
        yield kind, extra[position : position + length]
        position += length
