"""The format and the size of a picture, from its first bytes; nothing is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass

PNG, JPEG = "image/png", "image/jpeg"
WEBP, GIF = "image/webp", "image/gif"

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SIZE_OF_PNG = struct.Struct(">2I")
_SIZE_OF_GIF = struct.Struct("<2H")
_SIZE_OF_JPEG = struct.Struct(">2H")
_LENGTH_IN_JPEG = struct.Struct(">H")
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of JPEG that begin a frame, whose header has the size."""


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a picture is, as its own bytes say."""

    media_type: str
    width: int
    """In pixels."""
    height: int


def picture_facts(data: bytes) -> PictureFacts | None:
    """Return format and size of a PNG, JPEG, WebP or GIF picture; None for anything else.

    Parameters
    ----------
    data : bytes
        The picture, or its beginning: of JPEG as far as its frame, of others 32 bytes.

    Examples
    --------
    >>> picture_facts(b"GIF89a" + bytes([0, 1, 192, 0]))
    PictureFacts(media_type='image/gif', width=256, height=192)
    """
    for media_type, size in (
        (PNG, _size_of_png(data)),
        (JPEG, _size_of_jpeg(data)),
        (WEBP, _size_of_webp(data)),
        (GIF, _size_of_gif(data)),
    ):
        if size is not None and all(size):
            return PictureFacts(media_type, *size)
    return None


def _size_of_png(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(_PNG_SIGNATURE) or data[12:16] != b"IHDR" or len(data) < 24:
        return None
    width, height = _SIZE_OF_PNG.unpack_from(data, 16)
    return width, height


def _size_of_gif(data: bytes) -> tuple[int, int] | None:
    if not data.startswith((b"GIF87a", b"GIF89a")) or len(data) < 10:
        return None
    width, height = _SIZE_OF_GIF.unpack_from(data, 6)
    return width, height


def _size_of_jpeg(data: bytes) -> tuple[int, int] | None:
    """The size in the header of the first frame: segments lead there by their lengths."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    position = 2
    while position + 9 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # filling
            position += 1
        elif marker in _STANDALONE:
            position += 2
        elif marker in _FRAMES:
            height, width = _SIZE_OF_JPEG.unpack_from(data, position + 5)
            return width, height
        else:
            (length,) = _LENGTH_IN_JPEG.unpack_from(data, position + 2)
            position += 2 + length
    return None


def _size_of_webp(data: bytes) -> tuple[int, int] | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        return _little(data[24:27]) + 1, _little(data[27:30]) + 1
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = _little(data[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF
    return None


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
