"""A read-only Zarr store on an archive that is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarr.abc.buffer import Buffer, BufferPrototype
from zarr.abc.store import ByteRequest

from napari_ome_zip.storage.base import as_buffer, resolve_range
from napari_ome_zip.storage.memory_store import MappingStore

if TYPE_CHECKING:
    from napari_ome_zip.archive.writer import ArchiveWriter


class WrittenStore(MappingStore):
    """Reads entries back from an archive that is not finished yet.

    Parameters
    ----------
    writer : ArchiveWriter
        The archive; only complete entries are visible.
    """

    def __init__(self, writer: ArchiveWriter) -> None:
        super().__init__(writer.documents, "archive being written")
        self._writer = writer

    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        # docstring inherited
        size = self._writer.size_of(key)
        if size is None:
            return None
        return as_buffer(self._writer.read(key, *resolve_range(byte_range, size)), prototype)

    names_may_grow = True

    def size_of(self, key: str) -> int | None:
        # docstring inherited
        return self._writer.size_of(key)

    def names_below(self, folder: str) -> None:
        # docstring inherited
        return None
