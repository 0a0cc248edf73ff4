"""One entry of an archive, as its directory describes it; knows nothing of arrays."""

from __future__ import annotations

from dataclasses import dataclass

from napari_ome_zip.archive.layout import ENCRYPTED_FLAG

METHOD_NAMES: dict[int, str] = {
    0: "stored",
    1: "shrunk",
    6: "imploded",
    8: "DEFLATE",
    9: "DEFLATE64",
    12: "bzip2",
    14: "LZMA",
    93: "zstd",
    95: "XZ",
    97: "WavPack",
    98: "PPMd",
    99: "AES encryption",
}
"""Names of ZIP compression methods by their number."""

USUAL_METHODS = (0, 8)
"""Methods that all programs can read: stored and DEFLATE."""


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One entry of the archive, as its central directory describes it."""

    name: str
    """Name, with forward slashes."""
    offset: int
    """Offset of the local header in the file."""
    compressed_size: int
    """Number of bytes in the file."""
    size: int
    """Number of bytes of the content."""
    method: int
    """Compression method: 0 stored, 8 DEFLATE, …"""
    crc: int
    """CRC-32 of the content."""
    flags: int
    """General purpose flags."""

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed."""
        return bool(self.flags & ENCRYPTED_FLAG)

    @property
    def method_name(self) -> str:
        """Name of the compression method, or its number."""
        return METHOD_NAMES.get(self.method, f"method {self.method}")


def decoded_name(name: bytes, is_utf8: bool) -> str:
    """Decode a name that is not ASCII.

    Without the flag the standard requires code page 437. Many writers use UTF-8 all the same, and
    names in code page 437 are hardly ever valid UTF-8 by chance, so UTF-8 is tried first.
    """
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("utf-8", "replace") if is_utf8 else name.decode("cp437")
