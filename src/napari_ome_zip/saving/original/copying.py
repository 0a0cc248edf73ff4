"""Take entries over from the file that was opened, byte for byte, each verified on the way."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from napari_ome_zip.archive import ArchiveWriter
from napari_ome_zip.errors import ArchiveError, DamagedEntryError, SaveError
from napari_ome_zip.findings import as_sentence
from napari_ome_zip.progress import Watch
from napari_ome_zip.saving.original.carrying import Copy
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.storage.base import MAX_HELD_BYTES, READ_ROOM
from napari_ome_zip.storage.expected import expected_ahead
from napari_ome_zip.threads import MAX_WAITING, batches, in_threads

BATCH_BYTES, BATCH_ENTRIES = 1 << 20, 256
"""Batch that one thread reads and that is written at once: calls per small entry cost more."""

type _Task = tuple[Sequence[Copy], memoryview]
type _Content = tuple[str, bytes | memoryview, int]


def copy_entries(
    store: HierarchyStore, copies: Sequence[Copy], writer: ArchiveWriter, watch: Watch
) -> None:
    """Append entries of a store to an archive: some threads read and verify, this one writes.

    Raises
    ------
    SaveError
        If one cannot be read, or its checksum is wrong: a copy would hide it.
    """
    large = [copy for copy in copies if copy.nbytes > MAX_HELD_BYTES]
    small = (copy for copy in copies if copy.nbytes <= MAX_HELD_BYTES)
    # Fresh memory for every entry would cost more than reading it.
    room = BATCH_BYTES + BATCH_ENTRIES * READ_ROOM
    free = [memoryview(bytearray(room)) for _ in range(MAX_WAITING)]

    def write(task: _Task, contents: list[_Content]) -> None:
        batch, buffer = task
        writer.write_copies(contents)
        free.append(buffer)
        watch.add(sum(copy.nbytes for copy in batch))

    ahead = expected_ahead(store, small, lambda copy: copy.source, lambda copy: copy.nbytes)
    with ahead as expected:
        in_batches = batches(
            expected, lambda copy: copy.nbytes, most=BATCH_BYTES, count=BATCH_ENTRIES
        )
        in_threads(
            lambda task: _read(store, *task),
            ((batch, free.pop()) for batch in in_batches),
            write,
            name="ome-zip-copy",
            in_order=True,
        )
    for copy in large:
        _stream(store, copy, writer, watch)


def _read(store: HierarchyStore, batch: Sequence[Copy], buffer: memoryview) -> list[_Content]:
    found = []
    for copy in batch:
        try:
            content = store.read_through(copy.source, buffer)
        except (ArchiveError, DamagedEntryError, OSError) as error:
            raise _not_copied(store, copy, error) from error
        if content is None:
            raise _not_copied(store, copy, ArchiveError("it is no longer there."))
        buffer = buffer[min(len(buffer), len(content) + READ_ROOM) :]
        # What the container keeps was compared with the bytes when they were read.
        crc = store.checksum_of(copy.source)
        found.append((copy.name, content, zlib.crc32(content) if crc is None else crc))
    return found


def _stream(store: HierarchyStore, copy: Copy, writer: ArchiveWriter, watch: Watch) -> None:
    try:
        crc = store.crc32(copy.source)
        pieces = watch.counted(store.stream(copy.source))
        writer.write_pieces(copy.name, copy.nbytes, crc, pieces)
    except SaveError:
        raise
    except (ArchiveError, DamagedEntryError, KeyError, OSError) as error:
        raise _not_copied(store, copy, error) from error


def _not_copied(store: HierarchyStore, copy: Copy, error: Exception) -> SaveError:
    file = store.label
    damaged = isinstance(error, DamagedEntryError)
    what = "is damaged" if damaged else "cannot be read"
    advice = f"Use an intact copy of {file}" if damaged else f"Make sure that {file} can be reached"
    return SaveError(
        f"{copy.source} of {file} {what}: {as_sentence(error)} Nothing was saved; an earlier file "
        f"is untouched. {advice}, and save again.",
        getattr(error, "errno", None),
    )
