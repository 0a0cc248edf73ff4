"""Stores that remember what was read of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_ome_zip.names import is_document
from napari_ome_zip.storage import ArchiveStore, MappingStore


class RecordingStore(MappingStore):
    """A hierarchy in memory that remembers the names of the chunks read, and of those asked for."""

    chunks_read: list[str]
    chunks_asked: list[str]

    @classmethod
    def of(cls, entries: dict[str, bytes], name: str = "memory") -> RecordingStore:
        store = cls(entries, name)
        store.chunks_read = []
        store.chunks_asked = []
        return store

    def get_sync(self, key: str, **options: Any) -> Any:
        if not is_document(key):
            self.chunks_read.append(key)
        return super().get_sync(key, **options)

    def size_of(self, key: str) -> int | None:
        if not is_document(key):
            self.chunks_asked.append(key)
        return super().size_of(key)

    @property
    def lookups(self) -> int:
        """How often a chunk was asked for or read."""
        return len(self.chunks_read) + len(self.chunks_asked)


class CountingArchive(ArchiveStore):
    """An archive that counts the bytes read of its entries."""

    bytes_read: int

    @classmethod
    def of(cls, path: Path) -> CountingArchive:
        store = cls(path)
        store.bytes_read = 0
        return store

    def _pread(self, offset: int, length: int) -> bytes:
        data = super()._pread(offset, length)
        self.bytes_read += len(data)
        return data
