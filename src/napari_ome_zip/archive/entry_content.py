"""The bytes of one entry: their offset, and their verification."""

from __future__ import annotations

import zlib

from napari_ome_zip.archive.entry import ArchiveEntry
from napari_ome_zip.archive.layout import LOCAL_HEADER, local_lengths
from napari_ome_zip.errors import DamagedEntryError


def header_size(entry: ArchiveEntry, header: bytes) -> int:
    """Return the length of an entry's local header, which its content follows.

    Raises
    ------
    DamagedEntryError
        When the bytes are not a local header.
    """
    lengths = local_lengths(header)
    if lengths is None:
        raise DamagedEntryError(
            entry.name,
            f"{entry.name!r} is damaged: it does not begin where the archive's directory says.",
        )
    return LOCAL_HEADER.size + sum(lengths)


def refuse_two_sizes(entry: ArchiveEntry) -> None:
    """Raise `DamagedEntryError` where a stored entry has two different sizes."""
    if entry.compressed_size != entry.size:
        raise DamagedEntryError(
            entry.name,
            f"{entry.name!r} is damaged: it is stored as it is, but its sizes differ "
            f"({entry.compressed_size:,} and {entry.size:,} bytes).",
        )


def verify_crc(entry: ArchiveEntry, content: bytes | memoryview) -> None:
    """Raise `DamagedEntryError` where the checksum of the content is wrong."""
    found = zlib.crc32(content)
    if found != entry.crc:
        raise wrong_checksum(entry, found, content)


def wrong_checksum(
    entry: ArchiveEntry, found: int, content: bytes | memoryview | None = None
) -> DamagedEntryError:
    """Return the error of content with a wrong checksum; the content may still be worth showing."""
    return DamagedEntryError(
        entry.name,
        f"{entry.name!r} is damaged: its checksum is {found:08x}, "
        f"{entry.crc:08x} was written. Copy or download the file again.",
        content,
    )


def cut_short(entry: ArchiveEntry) -> DamagedEntryError:
    """Return the error of an entry that reaches beyond the end of the file."""
    return DamagedEntryError(
        entry.name, f"{entry.name!r} is damaged: the file ends before its last byte."
    )
