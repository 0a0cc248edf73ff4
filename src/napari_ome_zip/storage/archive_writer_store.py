"""An archive being written, as a Zarr store: what Zarr and dask write goes straight into it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable

from zarr.abc.store import (
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    Store,
    SuffixByteRequest,
)
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype

from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.storage.archive_writer import ArchiveWriter, is_zarr_json


class ArchiveWriterStore(Store):
    """A Zarr store that takes each chunk once, and knows the documents beforehand.

    Open arrays with ``zarr.open_array(store, path=..., mode="r+", zarr_format=3)``: their
    documents must have been written through :meth:`ArchiveWriter.write_documents`, for they come
    first in the archive. Write whole chunks (whole shards, where sharded). Chunks cannot be read
    back, changed or deleted. Committing and aborting stay with the writer; closing the store
    does neither.

    Parameters
    ----------
    writer : ArchiveWriter
        The archive to write into.
    """

    def __init__(self, writer: ArchiveWriter) -> None:
        super().__init__(read_only=False)
        self._writer = writer

    @property
    def supports_writes(self) -> bool:
        # docstring inherited
        return True

    @property
    def supports_deletes(self) -> bool:
        # docstring inherited
        return False

    @property
    def supports_listing(self) -> bool:
        # docstring inherited
        return False

    @property
    def supports_consolidated_metadata(self) -> bool:
        # docstring inherited
        return False

    def __eq__(self, value: object) -> bool:
        return isinstance(value, ArchiveWriterStore) and self._writer is value._writer

    def __hash__(self) -> int:
        return hash(id(self._writer))

    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """Return a document's bytes, or ``None`` for what has not been written.

        Raises
        ------
        ArchiveError
            The key is a chunk that was written: part of it was about to be changed.
        """
        content = self._writer.documents.get(key)
        if content is None:
            if key in self._writer:
                raise ArchiveError(
                    f"Cannot read {key!r} while the archive is being written. Let each block of "
                    "work cover whole chunks (or shards)."
                )
            return None
        prototype = default_buffer_prototype() if prototype is None else prototype
        return prototype.buffer.from_bytes(_part(content, byte_range))

    def set_sync(self, key: str, value: Buffer) -> None:
        """Append a chunk; accept a document that says what the written one says.

        Raises
        ------
        ArchiveError
            The chunk was written before, or the document is new or says something else.
        SaveError
            The disk does not take the bytes.
        """
        if not is_zarr_json(key):
            self._writer.write(key, value.as_buffer_like())
            return
        written = self._writer.documents.get(key)
        if written is None:
            raise ArchiveError(
                f"Too late for the document {key!r}: documents come first in the archive, through "
                "ArchiveWriter.write_documents. Open the array instead of creating it."
            )
        if not _same_document(written, value.to_bytes()):
            raise ArchiveError(f"Written differently before: {key!r}. An entry cannot be changed.")

    def delete_sync(self, key: str) -> None:
        """Do nothing for an absent key: Zarr deletes chunks that hold the fill value alone.

        Raises
        ------
        ArchiveError
            The key was written.
        """
        if key in self._writer:
            raise ArchiveError(f"Cannot delete {key!r}: an entry of an archive cannot be changed.")

    async def get(
        self,
        key: str,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        # docstring inherited
        return self.get_sync(key, prototype=prototype, byte_range=byte_range)

    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        # docstring inherited
        return [
            self.get_sync(key, prototype=prototype, byte_range=byte_range)
            for key, byte_range in key_ranges
        ]

    async def exists(self, key: str) -> bool:
        # docstring inherited
        return key in self._writer

    async def set(self, key: str, value: Buffer) -> None:
        # docstring inherited
        await asyncio.to_thread(self.set_sync, key, value)

    async def delete(self, key: str) -> None:
        # docstring inherited
        self.delete_sync(key)

    def list(self) -> AsyncIterator[str]:
        # docstring inherited
        raise NotImplementedError

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        # docstring inherited
        raise NotImplementedError

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        # docstring inherited
        raise NotImplementedError


def _part(content: bytes, request: ByteRequest | None) -> bytes:
    match request:
        case None:
            return content
        case RangeByteRequest(start, end):
            return content[start:end]
        case OffsetByteRequest(offset):
            return content[offset:]
        case SuffixByteRequest(suffix):
            return content[max(0, len(content) - suffix) :]


def _same_document(written: bytes, given: bytes) -> bool:
    if written == given:
        return True
    # Zarr spaces its JSON in its own way; what counts is what it says.
    try:
        return bool(json.loads(written) == json.loads(given))
    except ValueError:
        return False
