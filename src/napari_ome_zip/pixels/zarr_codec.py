"""Decoding and encoding of stored objects by zarr's own arrays, for codecs that only zarr has.

Each stored object is read as an array of its own, of one chunk or shard: so the bytes may come from
anywhere, such as an archive's entry whose checksum is wrong, and zarr's public interface suffices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import zarr
from zarr.abc.buffer import Buffer, BufferPrototype
from zarr.abc.store import ByteRequest
from zarr.storage import MemoryStore, StorePath

from napari_ome_zip.pixels.byte_codecs import refuse_incomplete_blosc
from napari_ome_zip.pixels.chunk_codecs import Fetch, Held
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.storage import MappingStore
from napari_ome_zip.storage.base import as_buffer


@dataclass(frozen=True)
class ZarrCodec:
    """An `ObjectCodec` of any codecs, several times slower than one that does without zarr."""

    document: Any
    """Of an array whose shape is that of one stored object."""
    sharded: bool
    """Whether parts of an object can be read: then its bytes are not fetched as a whole."""

    def read(self, fetch: Fetch, within: Region, out: npt.NDArray[Any]) -> bool:
        # docstring inherited
        if not self.sharded:
            content = fetch(None)
            if content is None:
                return False
            if self._is_blosc:
                refuse_incomplete_blosc(content)
            fetch = Held(content).read
        store = _OneObject(fetch)
        pixels = zarr.Array(zarr.AsyncArray(self.document, StorePath(store)))[within]
        if store.is_missing:
            return False
        out[...] = pixels
        return True

    @property
    def _is_blosc(self) -> bool:
        """Whether what is stored was made by Blosc at last: its library believes its header."""
        last = self.document.get("compressor") or (self.document.get("codecs") or [{}])[-1]
        return "blosc" in (last.get("id"), last.get("name"))

    def encode(self, pixels: npt.NDArray[Any]) -> bytes | None:
        # docstring inherited
        written: dict[str, Buffer] = {}
        array = zarr.Array(zarr.AsyncArray(self.document, StorePath(MemoryStore(written))))
        array[...] = pixels
        return next((content.to_bytes() for content in written.values()), None)


class _OneObject(MappingStore):
    """A store that holds one object, whatever it is called."""

    def __init__(self, fetch: Fetch) -> None:
        super().__init__({})
        self._fetch = fetch
        self.is_missing = False

    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        # docstring inherited
        content = self._fetch(byte_range)
        self.is_missing = content is None
        return None if content is None else as_buffer(content, prototype)
