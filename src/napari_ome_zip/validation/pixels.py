"""Checks on pixels: every entry is read and verified, every chunk decoded, in all threads."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from napari_ome_zip.errors import ArchiveError, DamagedEntryError
from napari_ome_zip.image.arrays import ChunkedArray
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.validation.arrays import Arrays, StoredArray
from napari_ome_zip.validation.container_rules import issue
from napari_ome_zip.validation.progress import Watch
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import MUST, Rule

MAX_LISTED = 200
"""Damaged entries that are described one by one; the others are counted."""

_BATCH_BYTES = 4 << 20
_BATCH_ENTRIES = 64

ENTRY_DAMAGED = Rule(
    "entry-damaged",
    MUST,
    "ZIP (APPNOTE), 4.4.7 CRC-32",
    "The bytes of every entry are those that were written: their checksum is right.",
    "Copy or download the file again, or restore it from a backup. The rest can be read.",
)
CHUNK_DAMAGED = Rule(
    "chunk-damaged",
    MUST,
    "Zarr: codecs",
    "Every chunk can be decoded to pixels.",
    "Restore the file from a backup, or write it again. The rest of the image can be read.",
)


@dataclass(frozen=True)
class _Item:
    """One entry to check, and what it holds of an array."""

    name: str
    size: int
    array: StoredArray | None = None
    cell: tuple[int, ...] = ()

    @property
    def where(self) -> str:
        return "" if self.array is None else f" It holds {self.array.region(self.cell)}."


def check_pixels(store: HierarchyStore, arrays: Arrays, watch: Watch) -> tuple[Issue, ...]:
    """Read every entry, verify its checksum, and decode every chunk.

    A few entries are in memory at once, as many as there are threads.

    Parameters
    ----------
    store : HierarchyStore
        Where the entries lie.
    arrays : Arrays
        What `find_arrays` found there.
    watch : Watch
        Is told bytes done and bytes in all.

    Raises
    ------
    CheckCancelledError
        If whoever asked does not want the answer any more.
    """
    items = [*_items(store, arrays)]
    total = sum(item.size for item in items)
    done = 0
    issues: list[Issue] = []
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers, thread_name_prefix="ome-zip-check") as pool:
        waiting: dict[Future[list[Issue]], int] = {}
        batches = _batches(items)
        try:
            watch.tell(done, total)
            while True:
                for batch in itertools.islice(batches, 2 * workers - len(waiting)):
                    size = sum(item.size for item in batch)
                    waiting[pool.submit(_check_batch, store, batch)] = size
                if not waiting:
                    break
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    done += waiting.pop(future)
                    issues += future.result()
                watch.tell(done, total)
        finally:
            for future in waiting:
                future.cancel()
    return _limited(issues)


def _items(store: HierarchyStore, arrays: Arrays) -> Iterator[_Item]:
    """Every entry that is no document: those are read by the checks before."""
    for path, array in arrays.stored.items():
        found = arrays.chunks[path]
        for name, cell in zip(found.names, found.cells.tolist(), strict=True):
            inside = all(i < n for i, n in zip(cell, array.grid, strict=True))
            size = store.size_of(name) or 0
            yield _Item(name, size, array if inside else None, tuple(cell))
    for name in (*arrays.other, *arrays.unopened):
        yield _Item(name, store.size_of(name) or 0)


def _batches(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    """Entries in small groups: handing over each by itself takes longer than reading it."""
    batch: list[_Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += item.size if item.array is None else max(item.size, item.array.stored_bytes)
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_ENTRIES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _check_batch(store: HierarchyStore, batch: Sequence[_Item]) -> list[Issue]:
    return [found for item in batch for found in _check_item(store, item)]


def _check_item(store: HierarchyStore, item: _Item) -> Iterator[Issue]:
    try:
        buffer = store.get_sync(item.name)
    except (DamagedEntryError, ArchiveError) as error:
        yield issue(ENTRY_DAMAGED, f"{error}{item.where}", item.name)
        return
    if buffer is None or item.array is None:
        return
    content = memoryview(buffer.as_numpy_array()).cast("B") if len(buffer) else b""
    yield from _check_chunk(item.array, item, content)


def _check_chunk(array: StoredArray, item: _Item, content: bytes | memoryview) -> Iterator[Issue]:
    try:
        if array.array.decodes_here:
            array.array.decode(item.cell, content)
        else:
            array.array.read(_region(array.array, item.cell))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  a damaged chunk can make a codec raise anything
        reason = str(error).strip().rstrip(".") or type(error).__name__
        message = f"Does not decode to pixels ({reason}).{item.where}"
        yield issue(CHUNK_DAMAGED, message, item.name)


def _region(array: ChunkedArray, cell: Sequence[int]) -> tuple[slice, ...]:
    sides = zip(cell, array.stored, array.shape, strict=True)
    return tuple(slice(i * n, min((i + 1) * n, size)) for i, n, size in sides)


def _limited(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    """The issues in the order of entries, the many as one."""
    kept: list[Issue] = []
    for rule in (ENTRY_DAMAGED, CHUNK_DAMAGED):
        same = sorted(
            (found for found in issues if found.code == rule.code),
            key=lambda found: found.location.entry,
        )
        kept += same[:MAX_LISTED]
        more = [found.location.entry for found in same[MAX_LISTED:]]
        if more:
            message = "More damaged entries, not described one by one"
            kept.append(issue(rule, message, more[0], count=len(more), also=tuple(more[1:4])))
    return tuple(kept)
