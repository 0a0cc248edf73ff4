"""Take entries over from the file that was opened, byte for byte, each verified on the way."""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from napari_ome_zip.archive import ArchiveWriter
from napari_ome_zip.errors import ArchiveError, DamagedEntryError, SaveError
from napari_ome_zip.progress import Watch
from napari_ome_zip.saving.original.carrying import Copy
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.storage.base import READ_ROOM

MAX_HELD_BYTES = 64 << 20
"""Larger entries are copied piece by piece (64 MiB)."""

BATCH_BYTES, BATCH_ENTRIES = 1 << 20, 256
"""What is read by one thread and written at once: a call for each small entry would cost more."""

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
    workers = os.cpu_count() or 1
    # Fresh memory for every entry would cost more than reading it.
    free = [
        memoryview(bytearray(BATCH_BYTES + BATCH_ENTRIES * READ_ROOM)) for _ in range(2 * workers)
    ]
    waiting: deque[tuple[Sequence[Copy], memoryview, Future[list[_Content]]]] = deque()

    def write_first() -> None:
        batch, buffer, future = waiting.popleft()
        writer.write_copies(future.result())
        free.append(buffer)
        watch.add(sum(copy.nbytes for copy in batch))

    with ThreadPoolExecutor(workers, thread_name_prefix="ome-zip-copy") as pool:
        try:
            for batch in _batches(small):
                if not free:
                    write_first()
                buffer = free.pop()
                waiting.append((batch, buffer, pool.submit(_read, store, batch, buffer)))
            while waiting:
                write_first()
        finally:
            for _, _, future in waiting:
                future.cancel()
    for copy in large:
        _stream(store, copy, writer)
        watch.add(copy.nbytes)


def _batches(copies: Iterable[Copy]) -> Iterator[list[Copy]]:
    batch: list[Copy] = []
    size = 0
    for copy in copies:
        batch.append(copy)
        size += copy.nbytes
        if size >= BATCH_BYTES or len(batch) >= BATCH_ENTRIES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(store: HierarchyStore, batch: Sequence[Copy], buffer: memoryview) -> list[_Content]:
    found = []
    for copy in batch:
        try:
            content = store.read_through(copy.source, buffer)
        except (ArchiveError, DamagedEntryError, OSError) as error:
            raise _not_copied(store, copy, error) from error
        if content is None:
            raise _not_copied(store, copy, ArchiveError("it is not there any more."))
        buffer = buffer[min(len(buffer), len(content) + READ_ROOM) :]
        # What the container keeps was compared with the bytes when they were read.
        crc = store.checksum_of(copy.source)
        found.append((copy.name, content, zlib.crc32(content) if crc is None else crc))
    return found


def _stream(store: HierarchyStore, copy: Copy, writer: ArchiveWriter) -> None:
    try:
        crc = store.checksum_of(copy.source)
        if crc is None:
            crc = 0
            for piece in store.stream(copy.source):
                crc = zlib.crc32(piece, crc)
        writer.write_pieces(copy.name, copy.nbytes, crc, store.stream(copy.source))
    except SaveError:
        raise
    except (ArchiveError, DamagedEntryError, KeyError, OSError) as error:
        raise _not_copied(store, copy, error) from error


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
