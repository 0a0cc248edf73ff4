"""Decodes the content of a compressed entry, bounded by the size that the directory declares."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from typing import Protocol

import numpy as np
from numcodecs.zstd import Zstd

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.amplification import (
    MAX_RATIOS,
    MAX_UNPACKED_BYTES,
    RATIO_SLACK,
    TOO_LARGE,
)
from napari_ome_zip.archive.index import ArchiveEntry, ArchiveIndex
from napari_ome_zip.archive.layout import BZIP2, DEFLATE, LZMA, STORED, ZSTD
from napari_ome_zip.errors import ArchiveError, DamagedEntryError
from napari_ome_zip.names import is_chunk

SUPPORTED_METHODS = (STORED, DEFLATE, BZIP2, LZMA, ZSTD)
"""Numbers of the ZIP compression methods that can be read here."""

_LZMA_END_MARKER_FLAG = 2


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...

    @property
    def eof(self) -> bool: ...


def refuse_unreadable(entry: ArchiveEntry) -> None:
    """Raise an error when the entry is encrypted, or its compression is unknown or impossible."""
    if entry.is_encrypted:
        raise ArchiveError(
            f"The archive is encrypted: {entry.name!r} needs a password. "
            "Unpack it with its password and pack it again without.",
            code=rules.ENCRYPTED.code,
        )
    if entry.method not in SUPPORTED_METHODS:
        raise ArchiveError(
            f"Packed in a way that cannot be read here: {entry.name!r}, by the ZIP compression "
            f"{entry.method_name} (method {entry.method}). Repack the archive without it.",
            code=rules.UNKNOWN_METHOD.code,
        )
    if entry.method == STORED:
        return
    if entry.size > MAX_UNPACKED_BYTES:
        raise ArchiveError(
            f"Too large to be unpacked: {entry.name!r} claims {entry.size:,} bytes, more than the "
            f"{MAX_UNPACKED_BYTES:,} that are unpacked for one entry. "
            "Repack the archive without ZIP compression if that is true.",
            code=TOO_LARGE.code,
        )
    ratio = MAX_RATIOS.get(entry.method)
    if ratio is not None and entry.size > entry.compressed_size * ratio + RATIO_SLACK:
        raise DamagedEntryError(
            entry.name,
            f"{entry.name!r} is damaged: {entry.compressed_size:,} bytes cannot unpack to the "
            f"{entry.size:,} bytes they claim.",
        )


def refuse_without_chunks(index: ArchiveIndex) -> None:
    """Raise `ArchiveError` where no chunk of the archive can be read, so that all would look empty.

    Nothing is parsed for this: of an archive whose documents come first, `ArchiveIndex` has made
    sure that the first chunk can be read.
    """
    if not index.is_complete:
        return
    table = index.complete()
    columns = table.columns
    refused = (columns.flags & 1).astype(bool) | ~np.isin(columns.methods, SUPPORTED_METHODS)
    if not refused.any():
        return
    chunks = (
        row
        for row in np.flatnonzero(~refused & (columns.sizes > 0)).tolist()
        if is_chunk(columns.names[row])
    )
    if next(chunks, None) is not None:
        return  # the unreadable ones are reported when they are read
    for row in np.flatnonzero(refused).tolist():
        if is_chunk(columns.names[row]):
            refuse_unreadable(table.entry(row, columns.names[row]))


def decode(entry: ArchiveEntry, payload: bytes) -> bytes:
    """Decode the content of a compressed entry.

    Parameters
    ----------
    entry : ArchiveEntry
        The entry; one that `refuse_unreadable` accepts.
    payload : bytes
        Its bytes in the file.

    Raises
    ------
    DamagedEntryError
        When the bytes do not decode to exactly the declared size.
    """
    try:
        content, ended = _decode(entry, payload)
    except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError, RuntimeError) as error:
        raise DamagedEntryError(
            entry.name, f"{entry.name!r} is damaged: its {entry.method_name} bytes do not unpack."
        ) from error
    if len(content) != entry.size or not ended:
        found = f"more than {entry.size:,}" if len(content) > entry.size else f"{len(content):,}"
        raise DamagedEntryError(
            entry.name,
            f"{entry.name!r} is damaged: it unpacks to {found} bytes instead of {entry.size:,}.",
        )
    return content


def _decode(entry: ArchiveEntry, payload: bytes) -> tuple[bytes, bool]:
    """Return the content, at most one byte more than declared, and whether the stream has ended."""
    if entry.method == ZSTD:
        return _decode_zstd(entry.size, payload), True
    limit = entry.size + 1
    if entry.method == DEFLATE:
        inflate = zlib.decompressobj(-15)
        content = inflate.decompress(payload, limit)
        return content, inflate.eof or len(content) > entry.size
    decompressor: _Decompressor
    if entry.method == BZIP2:
        decompressor = bz2.BZ2Decompressor()
    else:
        payload = _lzma_alone(entry, payload)
        decompressor = lzma.LZMADecompressor(lzma.FORMAT_ALONE)
    return decompressor.decompress(payload, limit), True


def _decode_zstd(size: int, payload: bytes) -> bytes:
    # Allocated by the declared size, which is bounded, not by that of the frame.
    out = bytearray(size)
    if not size:
        return b""
    Zstd().decode(payload, out)
    return bytes(out)


def _lzma_alone(entry: ArchiveEntry, payload: bytes) -> bytes:
    """Return ZIP's LZMA stream with the header of an ``.lzma`` file, which the library reads."""
    if len(payload) < 9:
        raise ValueError("shorter than its header")
    (length,) = struct.unpack_from("<H", payload, 2)
    if length != 5:
        raise ValueError("properties of an unknown length")
    unknown = bool(entry.flags & _LZMA_END_MARKER_FLAG)
    size = struct.pack("<Q", 0xFFFFFFFFFFFFFFFF if unknown else entry.size)
    return payload[4:9] + size + payload[9:]
