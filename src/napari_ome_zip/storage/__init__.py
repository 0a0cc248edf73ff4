"""Stores for zarr: archives, folders and memory behind one read-only contract."""

from __future__ import annotations

from napari_ome_zip.storage.archive_store import ArchiveStore
from napari_ome_zip.storage.base import (
    MAX_DOCUMENT_BYTES,
    HierarchyStore,
    Outcome,
    Wanted,
    resolve_range,
)
from napari_ome_zip.storage.directory_store import DirectoryStore
from napari_ome_zip.storage.memory_store import MappingStore
from napari_ome_zip.storage.open import open_store
from napari_ome_zip.storage.renamed_store import RenamedStore
from napari_ome_zip.storage.written_store import WrittenStore

__all__ = [
    "MAX_DOCUMENT_BYTES",
    "ArchiveStore",
    "DirectoryStore",
    "HierarchyStore",
    "MappingStore",
    "Outcome",
    "RenamedStore",
    "Wanted",
    "WrittenStore",
    "open_store",
    "resolve_range",
]
