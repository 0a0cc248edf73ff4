"""Checks pixels: reads and verifies every entry, and decodes every chunk, in threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from napari_ome_zip.archive.rules import ENTRY_DAMAGED
from napari_ome_zip.errors import (
    ArchiveError,
    CheckCancelledError,
    DamagedEntryError,
    LinkError,
)
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.progress import Watch
from napari_ome_zip.rules import INFO, MUST, Effect, Rule
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.storage.expected import expected_ahead
from napari_ome_zip.threads import batches, in_threads
from napari_ome_zip.validation.file_issue import issue
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.stored_arrays import Arrays, StoredArray

MAX_LISTED = 200
"""Damaged entries that are described one by one; the others are counted."""

MAX_DECODED_BYTES = 2 << 30
"""A stored object above this size in memory (2 GiB) is verified, but not decoded."""
LARGE_BYTES = 256 << 20
"""Stored objects above this size (256 MiB) are in memory one at a time."""

_BATCH_BYTES = 4 << 20
_BATCH_ENTRIES = 64

CHUNK_DAMAGED = Rule(
    "chunk-damaged",
    MUST,
    "Zarr: codecs",
    "Every chunk can be decoded to pixels.",
    "Restore the file from a backup, or write it again. The rest of the image can be read.",
    effect=Effect.DAMAGED,
)
NOT_DECODED = Rule(
    "pixels-not-checked",
    INFO,
    "Zarr: codecs",
    "Every chunk (or shard) is small enough to be decoded for a check.",
    "Write the image again with smaller chunks or shards if you want all of it checked.",
    effect=Effect.NONE,
)

_one_large = threading.Lock()


@dataclass(frozen=True)
class _Item:
    """One entry to check, and the part of an array that it holds."""

    name: str
    size: int
    array: StoredArray | None = None
    coordinates: tuple[int, ...] = ()

    @property
    def cost(self) -> int:
        """Approximate number of bytes in memory while it is checked."""
        return self.size + (0 if self.array is None else self.array.stored_bytes)

    @property
    def where(self) -> str:
        """The part of the array that is lost if it is damaged, as a sentence."""
        return "" if self.array is None else f" It holds {self.array.region(self.coordinates)}."


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
        Gets the number of bytes done, and in all.

    Raises
    ------
    CheckCancelledError
        If the check was cancelled.
    """
    items = [*_items(store, arrays)]
    total = sum(item.size for item in items)
    done = 0
    issues: list[Issue] = []

    def take(batch: Sequence[_Item], found: list[Issue]) -> None:
        nonlocal done
        done += sum(item.size for item in batch)
        issues.extend(found)
        watch.report(done, total)

    watch.report(done, total)
    with expected_ahead(store, items, lambda item: item.name, lambda item: item.size) as ahead:
        in_threads(
            lambda batch: _check_batch(store, batch),
            batches(ahead, lambda item: item.cost, most=_BATCH_BYTES, count=_BATCH_ENTRIES),
            take,
            name="ome-zip-check",
        )
    return _limited(issues)


def _items(store: HierarchyStore, arrays: Arrays) -> Iterator[_Item]:
    """Yield every entry that is not a document: documents have been read before."""
    for path, array in arrays.stored.items():
        found = arrays.chunks[path]
        for name, coordinates in zip(found.names, found.coordinates.tolist(), strict=True):
            inside = all(i < n for i, n in zip(coordinates, array.grid, strict=True))
            size = store.size_of(name) or 0
            yield _Item(name, size, array if inside else None, tuple(coordinates))
    for name in (*arrays.other, *arrays.unopened):
        yield _Item(name, store.size_of(name) or 0)


def _check_batch(store: HierarchyStore, batch: Sequence[_Item]) -> list[Issue]:
    found: list[Issue] = []
    for item in batch:
        if item.cost > LARGE_BYTES:
            with _one_large:
                found += _check_item(store, item)
        else:
            found += _check_item(store, item)
    return found


def _check_item(store: HierarchyStore, item: _Item) -> Iterator[Issue]:
    try:
        buffer = store.get_sync(item.name)
    except DamagedEntryError as error:
        yield issue(ENTRY_DAMAGED, f"{error}{item.where}", item.name)
        return
    except (ArchiveError, MemoryError):
        # Encrypted, compressed in an unknown way, too large: the container's checks say which.
        yield issue(NOT_DECODED, "Not checked: it cannot be read here", item.name)
        return
    if buffer is None or item.array is None:
        return
    if item.array.stored_bytes > MAX_DECODED_BYTES:
        message = f"Too large to decode for a check: {readable_size(item.array.stored_bytes)}"
        yield issue(NOT_DECODED, message, item.name)
        return
    content = memoryview(buffer.as_numpy_array()).cast("B") if len(buffer) else b""
    yield from _check_chunk(item.array, item, content)


def _check_chunk(array: StoredArray, item: _Item, content: bytes | memoryview) -> Iterator[Issue]:
    try:
        if array.array.is_regular:
            array.array.decode(content)
        else:
            with strict_reading():
                array.array.read(array.array.region_of(item.coordinates))
    except MemoryError:
        yield issue(NOT_DECODED, "Not checked: it takes more memory than there is", item.name)
    except Exception as error:
        # A damaged chunk can make a codec raise anything; a line that fails says nothing of it.
        if isinstance(error.__cause__ or error, LinkError | CheckCancelledError):
            raise
        reason = str(error).strip().rstrip(".") or type(error).__name__
        message = f"Does not decode to pixels ({reason}).{item.where}"
        yield issue(CHUNK_DAMAGED, message, item.name)


def _limited(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    """Return issues in the order of entries; those beyond `MAX_LISTED` are merged."""
    kept: list[Issue] = []
    for rule in (ENTRY_DAMAGED, CHUNK_DAMAGED, NOT_DECODED):
        same = sorted(
            (found for found in issues if found.code == rule.code),
            key=lambda found: found.location.entry,
        )
        kept += same[:MAX_LISTED]
        more = [found.location.entry for found in same[MAX_LISTED:]]
        if more:
            message = "More damaged entries, not described one by one"
            kept.append(issue(rule, message, more[0], count=len(more), also=more[1:]))
    return tuple(kept)
