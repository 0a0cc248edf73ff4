"""Bytes: archives, folders and memory behind one read-only store."""

from __future__ import annotations

from napari_ome_zip.storage.archive_index import ArchiveEntry, ArchiveIndex
from napari_ome_zip.storage.archive_store import ArchiveStore
from napari_ome_zip.storage.archive_writer import ArchiveWriter
from napari_ome_zip.storage.archive_writer_store import ArchiveWriterStore
from napari_ome_zip.storage.base import MAX_DOCUMENT_BYTES, HierarchyStore, resolve_range
from napari_ome_zip.storage.decoding import refuse_without_chunks
from napari_ome_zip.storage.directory_store import DirectoryStore
from napari_ome_zip.storage.memory_store import MappingStore
from napari_ome_zip.storage.open import open_store
from napari_ome_zip.storage.written_store import WrittenStore

__all__ = [
    "MAX_DOCUMENT_BYTES",
    "ArchiveEntry",
    "ArchiveIndex",
    "ArchiveStore",
    "ArchiveWriter",
    "ArchiveWriterStore",
    "DirectoryStore",
    "HierarchyStore",
    "MappingStore",
    "WrittenStore",
    "open_store",
    "refuse_without_chunks",
    "resolve_range",
]
