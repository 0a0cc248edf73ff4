"""Take entries over from the file that was opened, byte for byte, each verified on the way."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from napari_ome_zip.errors import ArchiveError, DamagedEntryError, SaveError
from napari_ome_zip.progress import Watch
from napari_ome_zip.saving.planned import Copy
from napari_ome_zip.storage import ArchiveWriter, HierarchyStore

MAX_HELD_BYTES = 64 << 20
"""Larger entries are copied piece by piece (64 MiB)."""


def copy_entries(
    store: HierarchyStore, copies: Sequence[Copy], writer: ArchiveWriter, watch: Watch
) -> None:
    """Append entries of a store to an archive.

    Raises
    ------
    SaveError
        If one cannot be read, or its checksum is wrong: a copy would hide it.
    """
    for copy in copies:
        try:
            _copy(store, copy, writer)
        except (ArchiveError, DamagedEntryError, OSError) as error:
            if isinstance(error, SaveError):
                raise
            raise SaveError(
                f"{copy.source!r} of {store.name} cannot be taken over: {_sentence(error)} "
                "Nothing was saved; an earlier file is untouched. Use an intact copy of the file."
            ) from error
        watch.add(copy.nbytes)


def _copy(store: HierarchyStore, copy: Copy, writer: ArchiveWriter) -> None:
    if copy.nbytes <= MAX_HELD_BYTES:
        content = store.read(copy.source)
        if content is None:
            raise ArchiveError("it is not there any more.")
        writer.write(copy.name, content)
        return
    checksum = 0
    for piece in store.stream(copy.source):
        checksum = zlib.crc32(piece, checksum)
    writer.write_pieces(copy.name, copy.nbytes, checksum, store.stream(copy.source))


def _sentence(error: Exception) -> str:
    text = str(error)
    return text if text.endswith(".") else f"{text}."
