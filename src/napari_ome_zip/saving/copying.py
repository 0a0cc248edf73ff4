"""Take entries over from the file that was opened, byte for byte, each verified on the way."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

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
            raise _not_copied(store, copy, error) from error
        watch.add(copy.nbytes)


def _copy(store: HierarchyStore, copy: Copy, writer: ArchiveWriter) -> None:
    if copy.nbytes <= MAX_HELD_BYTES:
        content = store.read(copy.source)
        if content is None:
            raise ArchiveError("it is no longer there.")
        writer.write(copy.name, content)
        return
    checksum = 0
    for piece in store.stream(copy.source):
        checksum = zlib.crc32(piece, checksum)
    writer.write_pieces(copy.name, copy.nbytes, checksum, store.stream(copy.source))


def _not_copied(store: HierarchyStore, copy: Copy, error: Exception) -> SaveError:
    file = repr(store.name if store.source is None else Path(store.source).name)
    damaged = isinstance(error, DamagedEntryError)
    what = "is damaged" if damaged else "cannot be read"
    advice = f"Use an intact copy of {file}" if damaged else f"Make sure that {file} can be reached"
    return SaveError(
        f"{copy.source} of {file} {what}: {_sentence(error)} Nothing was saved; an earlier file "
        f"is untouched. {advice}, and save again.",
        getattr(error, "errno", None),
    )


def _sentence(error: Exception) -> str:
    text = str(error)
    return text if text.endswith(".") else f"{text}."
