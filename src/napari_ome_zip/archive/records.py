"""Packs the records of a ZIP archive: stored entries, ZIP64 throughout.

ZIP64 records are used for any size, as RFC-9 requires, so that there is one layout only, without a
change at 4 GiB or 65,535 entries. The old end record holds the actual values wherever they fit,
since not every program finds the ZIP64 record.
"""

from __future__ import annotations

import json
import struct

from napari_ome_zip.archive.layout import (
    CENTRAL_HEADER,
    CENTRAL_SIGNATURE,
    END,
    END_SIGNATURE,
    FULL_16,
    FULL_32,
    LOCAL_HEADER,
    LOCAL_SIGNATURE,
    UTF8_FLAG,
    ZIP64_END,
    ZIP64_END_SIGNATURE,
    ZIP64_EXTRA_ID,
    ZIP64_LOCATOR,
    ZIP64_LOCATOR_SIGNATURE,
)
from napari_ome_zip.names import is_safe

_LOCAL_EXTRA = struct.Struct("<2H2Q")
_CENTRAL_EXTRA = struct.Struct("<2H3Q")
_VERSION_ZIP64 = 45
_MADE_BY_UNIX = 3 << 8
_STORED = 0
_TIME = 0
# 1 January 1980, the first day of ZIP: a fixed time makes two saves of one image byte-equal.
_DATE = (0 << 9) | (1 << 5) | 1
# A regular file with mode 644, for tools that restore modes.
_REGULAR_FILE = 0o100644 << 16
_MAX_NAME_BYTES = 0xFFFF


def name_problem(name: str) -> str | None:
    """Return what makes a name unfit for an entry, or ``None`` for a good one.

    A good name is a relative path with forward slashes that stays below the folder it is
    unpacked into on every operating system.
    """
    if not name:
        return "it is empty"
    if "\\" in name or "\0" in name:
        return "it holds a backslash or a NUL character"
    if not is_safe(name):
        return "it is an absolute path, or one of its parts is empty, '.' or '..'"
    try:
        encoded = name.encode("utf-8")
    except UnicodeEncodeError:
        return "it cannot be written as UTF-8"
    if len(encoded) > _MAX_NAME_BYTES:
        return f"it takes {len(encoded)} bytes, more than the {_MAX_NAME_BYTES} a ZIP can hold"
    return None


def local_record(name: str, crc: int, size: int) -> bytes:
    """Return the local header of a stored entry of ``size`` bytes."""
    encoded = name.encode("utf-8")
    header = LOCAL_HEADER.pack(
        LOCAL_SIGNATURE,
        _VERSION_ZIP64,
        _flags(name),
        _STORED,
        _TIME,
        _DATE,
        crc,
        FULL_32,
        FULL_32,
        len(encoded),
        _LOCAL_EXTRA.size,
    )
    extra = _LOCAL_EXTRA.pack(ZIP64_EXTRA_ID, _LOCAL_EXTRA.size - 4, size, size)
    return header + encoded + extra


def central_record(name: str, crc: int, size: int, offset: int) -> bytes:
    """Return the central record of a stored entry whose local header is at ``offset``."""
    encoded = name.encode("utf-8")
    header = CENTRAL_HEADER.pack(
        CENTRAL_SIGNATURE,
        _MADE_BY_UNIX | _VERSION_ZIP64,
        _VERSION_ZIP64,
        _flags(name),
        _STORED,
        _TIME,
        _DATE,
        crc,
        FULL_32,
        FULL_32,
        len(encoded),
        _CENTRAL_EXTRA.size,
        0,
        0,
        0,
        _REGULAR_FILE,
        FULL_32,
    )
    extra = _CENTRAL_EXTRA.pack(ZIP64_EXTRA_ID, _CENTRAL_EXTRA.size - 4, size, size, offset)
    return header + encoded + extra


def records_size(name: str) -> int:
    """Return the number of bytes that an entry adds to an archive beside its content."""
    records = LOCAL_HEADER.size + _LOCAL_EXTRA.size + CENTRAL_HEADER.size + _CENTRAL_EXTRA.size
    return records + 2 * len(name.encode("utf-8"))


def end_records(entries: int, directory_size: int, directory_offset: int, comment: bytes) -> bytes:
    """Return ZIP64 end record, its locator, and the end record with the archive's comment.

    The end record refers to the ZIP64 record only for values that it cannot hold
    (APPNOTE 4.4.1.4).
    """
    zip64_end = ZIP64_END.pack(
        ZIP64_END_SIGNATURE,
        ZIP64_END.size - 12,
        _MADE_BY_UNIX | _VERSION_ZIP64,
        _VERSION_ZIP64,
        0,
        0,
        entries,
        entries,
        directory_size,
        directory_offset,
    )
    locator = ZIP64_LOCATOR.pack(ZIP64_LOCATOR_SIGNATURE, 0, directory_offset + directory_size, 1)
    end = END.pack(
        END_SIGNATURE,
        0,
        0,
        min(entries, FULL_16),
        min(entries, FULL_16),
        min(directory_size, FULL_32),
        min(directory_offset, FULL_32),
        len(comment),
    )
    return zip64_end + locator + end + comment


def archive_comment(version: str) -> bytes:
    """Return RFC-9's comment: the OME-Zarr version, and the promise that documents come first."""
    promise = {"centralDirectory": {"jsonFirst": True}}
    return json.dumps({"ome": {"version": version, "zipFile": promise}}).encode("utf-8")


def _flags(name: str) -> int:
    return 0 if name.isascii() else UTF8_FLAG
