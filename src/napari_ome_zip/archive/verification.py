"""Reads back an archive that was written, before it replaces another file."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path

from napari_ome_zip.archive.index import ArchiveEntry, ArchiveIndex
from napari_ome_zip.archive.records import local_record
from napari_ome_zip.errors import ArchiveError, SaveError


def verify_archive(
    path: Path, documents: Mapping[str, bytes], entries: int, comment: bytes
) -> None:
    """Check that a finished archive holds what was written to it.

    The index is read anew, as any reader does: the comment, the number of entries, the place of
    the documents at the front, and their bytes. Pixels are not read again.

    Parameters
    ----------
    path : pathlib.Path
        The archive.
    documents : mapping of str to bytes
        The documents that come first, in order.
    entries : int
        Number of all entries.
    comment : bytes
        The archive's comment.

    Raises
    ------
    SaveError
        Anything differs: the disk or the network did not store what was written.
    """
    try:
        with path.open("rb") as file:
            problem = _problem(file, path.name, documents, entries, comment)
    except (ArchiveError, OSError) as error:
        problem = str(error)
    if problem is not None:
        raise SaveError(
            f"Not saved: what was written does not read back ({problem}). An earlier file is "
            "untouched. Check the disk or the network, or choose another folder, and save again."
        )


def _problem(
    file: BufferedReader, label: str, documents: Mapping[str, bytes], entries: int, comment: bytes
) -> str | None:
    def read(offset: int, length: int) -> bytes:
        file.seek(offset)
        return file.read(length)

    index = ArchiveIndex(read, file.seek(0, os.SEEK_END), label)
    if index.comment != comment:
        return "the comment differs"
    if len(index) != entries:
        return f"{len(index)} entries instead of {entries}"
    offset = 0
    for entry, (name, content) in zip(index.records(), documents.items(), strict=False):
        crc = zlib.crc32(content)
        expected = local_record(name, crc, len(content)) + content
        if not _is_as_written(entry, name, crc, offset) or read(offset, len(expected)) != expected:
            return f"{name} differs"
        offset += len(expected)
    return None


def _is_as_written(entry: ArchiveEntry, name: str, crc: int, offset: int) -> bool:
    return (entry.name, entry.crc, entry.offset) == (name, crc, offset)
