"""Chunks of an array read many at a time; what is damaged or unusual is left to be read with care.

What costs as much as decoding a small chunk, a lookup, a call, a lock, is done once for many. Every
irregularity ends in the careful path of `ChunkedArray`, which reads by one and reports.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import batched
from typing import Any

import numpy as np
import numpy.typing as npt
from zarr.abc.store import RangeByteRequest

from napari_ome_zip.errors import ReadCancelledError
from napari_ome_zip.pixels.byte_codecs import Bytes
from napari_ome_zip.pixels.chunk_codecs import ChunkCodec
from napari_ome_zip.pixels.damage import NOT_DAMAGE
from napari_ome_zip.pixels.decoded_chunks import DecodedChunks
from napari_ome_zip.pixels.expecting import WantedLater
from napari_ome_zip.pixels.grid import (
    ChunkCoordinates,
    Piece,
    Region,
    chunk_ranges,
    pieces,
    shape_of,
)
from napari_ome_zip.pixels.shard_codec import Index, ShardCodec, fetched, held
from napari_ome_zip.storage import HierarchyStore, Outcome, Wanted

MAX_AT_ONCE = 2**10
"""Chunks that are read together, at most."""
MAX_BYTES_AT_ONCE = 8 << 20
"""Bytes that they are decoded to, at most (8 MiB), where they are more than one."""

MAX_ABSENT = 2**18
"""Chunks of an array that are noted as not stored, at most."""

MIN_THREADED_BYTES = 1 << 13
"""Smaller chunks (8 KiB) are decoded by one thread."""
MIN_THREADED_RAW_BYTES = 1 << 16
"""Smaller chunks (64 KiB) that are not compressed are read by one thread."""

type _Contents = Callable[[list[ChunkCoordinates]], Iterable[tuple[int, Outcome]]]
"""Bytes of chunks, in any order, each with its position."""


class ChunkReader:
    """Reads chunks of an array of the usual codecs.

    Parameters
    ----------
    store : HierarchyStore
    key : callable
        Name of the entry of a chunk of the grid (a shard, where there are shards).
    codec : ChunkCodec or ShardCodec
    """

    def __init__(
        self,
        store: HierarchyStore,
        key: Callable[[ChunkCoordinates], str],
        codec: ChunkCodec | ShardCodec,
    ) -> None:
        self._store = store
        self._key = key
        self._shard = codec if isinstance(codec, ShardCodec) else None
        self._chunk = codec.chunk if isinstance(codec, ShardCodec) else codec
        self._at_once = max(1, min(MAX_AT_ONCE, MAX_BYTES_AT_ONCE // max(1, self._chunk.nbytes)))
        # What may be written to while it is open cannot be kept.
        self._decoded = None if store.names_may_grow else DecodedChunks()
        self._absent: set[ChunkCoordinates] = set()
        """Chunks of a remote array that were found not to be stored: asking takes time."""

    @property
    def is_sharded(self) -> bool:
        """Whether chunks lie in shards."""
        return self._shard is not None

    @property
    def gains_from_threads(self) -> bool:
        """Whether decoding takes longer than what Python does for each chunk."""
        least = MIN_THREADED_BYTES if self._chunk.steps else MIN_THREADED_RAW_BYTES
        return self._chunk.nbytes >= least

    def read_into(self, wanted: Iterable[Piece], out: npt.NDArray[Any]) -> Iterator[Piece]:
        """Read pieces of a region into an array of its shape.

        Yields
        ------
        Piece
            Each that is to be read with care: nothing is raised or reported here.
        """
        if self._shard is not None:
            for piece in wanted:
                if not self._read_shard(self._shard, piece, out):
                    yield piece
            return
        for group in batched(wanted, self._at_once):
            yield from self._read_chunks(group, self._contents, (), out)

    def wanted(self, region: Iterable[Piece]) -> tuple[list[Wanted], list[WantedLater]]:
        """What is read of pieces in one chunk, or in one shard each, see `StoredArray`."""
        if self._shard is None:
            unknown = self._unknown([coordinates for coordinates, _, _ in region], ())
            return [self._key(coordinates) for coordinates in unknown], []
        first: list[Wanted] = []
        later: list[WantedLater] = []
        for shard, within, is_whole in self._shards(self._shard, region):
            key, index = self._key(shard), self._kept_index(shard)
            if is_whole:
                first.append(key)
            elif index is not None:
                first += self._wanted_of(self._shard, shard, index, within)
            else:
                first.append((key, self._shard.index_range))
                later.append(partial(self._wanted_later, self._shard, shard, within))
        return first, later

    def _wanted_later(
        self, codec: ShardCodec, shard: ChunkCoordinates, within: Region
    ) -> Iterable[Wanted]:
        try:
            index = self._index(codec, shard, partial(self._store.read, self._key(shard)))
        except (MemoryError, ReadCancelledError):
            raise
        except Exception:  # noqa: BLE001  met again, and told, by whoever reads it
            return ()
        return () if index is None else self._wanted_of(codec, shard, index, within)

    def _shards(
        self, codec: ShardCodec, wanted: Iterable[Piece]
    ) -> Iterator[tuple[ChunkCoordinates, Region, bool]]:
        """Shards of which something is not known, where in each, and whether it is all of it."""
        most = math.prod(codec.grid)
        for coordinates, within, _ in wanted:
            count = math.prod(map(len, chunk_ranges(within, self._chunk.shape)))
            chunks = (piece[0] for piece in pieces(within, self._chunk.shape))
            if count <= most and self._unknown(list(chunks), coordinates):
                yield coordinates, within, count == most

    def _wanted_of(
        self, codec: ShardCodec, shard: ChunkCoordinates, index: Index, within: Region
    ) -> Iterator[Wanted]:
        chunks = [piece[0] for piece in pieces(within, self._chunk.shape)]
        for place in codec.places(index, self._unknown(chunks, shard)):
            if place is not None:
                yield self._key(shard), RangeByteRequest(place[0], sum(place))

    def _unknown(
        self, chunks: list[ChunkCoordinates], shard: ChunkCoordinates
    ) -> list[ChunkCoordinates]:
        """Those that are neither kept nor known not to be stored."""
        if self._decoded is None:
            return chunks
        kept = self._decoded.get_all([shard + chunk for chunk in chunks])
        pairs = zip(chunks, kept, strict=True)
        return [c for c, pixels in pairs if pixels is None and shard + c not in self._absent]

    def recall(self, wanted: Iterable[Piece], out: npt.NDArray[Any]) -> bool:
        """Copy what is kept into an array of a region's shape; return whether it is all there."""
        if self._shard is None:
            return not self._recall(list(wanted), (), out)
        return all(
            not self._recall(
                list(pieces(within, self._chunk.shape)), shard, out[target] if target else out
            )
            for shard, within, target in wanted
        )

    def _contents(self, chunks: list[ChunkCoordinates]) -> Iterable[tuple[int, Outcome]]:
        return self._store.read_all([self._key(chunk) for chunk in chunks])

    def _read_chunks(
        self,
        group: Sequence[Piece],
        contents: _Contents,
        shard: ChunkCoordinates,
        out: npt.NDArray[Any],
    ) -> list[Piece]:
        """Read pieces that lie in one chunk each; return those that could not be read."""
        keeps = self._decoded is not None and self._are_kept(group)
        missing = self._recall(group, shard, out) if keeps or self._store.is_remote else group
        if not missing:
            return []
        # Memory for all of them at once, or for one after the other.
        memory = np.empty((len(missing) if keeps else 1, self._chunk.nbytes), np.uint8)
        decoded = memory.view(self._chunk.dtype).reshape(-1, *self._chunk.shape)
        left: list[Piece] = []
        fresh: list[ChunkCoordinates] = []
        for position, content in contents([coordinates for coordinates, _, _ in missing]):
            coordinates, within, target = missing[position]
            if content is None:
                out[target] = self._chunk.fill_value
                if self._store.is_remote and len(self._absent) < MAX_ABSENT:
                    self._absent.add(shard + coordinates)
                continue
            row = len(fresh)
            if not self._decode(content, memory[row]):
                left.append(missing[position])
                continue
            out[target] = decoded[row][within]
            if keeps:
                fresh.append(shard + coordinates)
        if fresh and self._decoded is not None:
            whole = len(fresh) == len(missing)
            self._decoded.put(fresh, decoded if whole else decoded[: len(fresh)].copy())
        return left

    def _are_kept(self, group: Sequence[Piece]) -> bool:
        """Whether decoding again would take longer than looking up what is kept."""
        if self._store.is_remote:
            return DecodedChunks.are_kept(None)
        if not DecodedChunks.are_kept(self._chunk.nbytes):
            return False
        # What is not encoded is read as fast as it is copied, unless only a part is wanted.
        return bool(self._chunk.steps) or shape_of(group[0][1]) != self._chunk.shape

    def _decode(self, content: bytes | memoryview | Exception, out: Bytes) -> bool:
        if isinstance(content, NOT_DAMAGE):
            raise content
        if isinstance(content, Exception):
            return False
        try:
            self._chunk.decode_into(content, out)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  decoded again with care, which reports it
            return False
        return True

    def _recall(
        self, group: Sequence[Piece], shard: ChunkCoordinates, out: npt.NDArray[Any]
    ) -> list[Piece]:
        """Copy what is kept; return the other pieces."""
        if self._decoded is None:
            return list(group)
        kept = self._decoded.get_all([shard + coordinates for coordinates, _, _ in group])
        missing = []
        for piece, pixels in zip(group, kept, strict=True):
            coordinates, within, target = piece
            if pixels is not None:
                out[target] = pixels[within]
            elif shard + coordinates in self._absent:
                out[target] = self._chunk.fill_value
            else:
                missing.append(piece)
        return missing

    def _read_shard(self, codec: ShardCodec, piece: Piece, out: npt.NDArray[Any]) -> bool:
        """Read a piece that lies in one shard; return whether all of it could be read."""
        coordinates, within, target = piece
        part = out[target] if target else out  # not a number where there are no axes
        fetch = partial(self._store.read, self._key(coordinates))
        count = math.prod(map(len, chunk_ranges(within, self._chunk.shape)))
        if count > math.prod(codec.grid):
            return False  # the shape is not a multiple of the chunks'
        # A whole shard is read in one go, whose checksum is verified, whatever is kept of it.
        whole = cache(partial(fetch, None)) if count == math.prod(codec.grid) else None

        def contents(chunks: list[ChunkCoordinates]) -> Iterable[tuple[int, Outcome]]:
            index = self._index(codec, coordinates, fetch) if whole is None else None
            shard = None if whole is None else whole()
            if shard is not None:
                return enumerate(held(shard, codec.places(codec.index_of(shard), chunks)))
            if index is not None:
                return enumerate(fetched(fetch, codec.places(index, chunks)))
            return enumerate([None] * len(chunks))

        try:
            for group in batched(pieces(within, self._chunk.shape), self._at_once):
                if self._read_chunks(group, contents, coordinates, part):
                    return False
        except NOT_DAMAGE:
            raise
        except Exception:  # noqa: BLE001  read again with care, which reports it
            return False
        return True

    def _index(
        self, codec: ShardCodec, shard: ChunkCoordinates, fetch: Callable[[Any], Any]
    ) -> Index | None:
        """The index of a shard, kept for the next view of it."""
        kept = self._kept_index(shard)
        if kept is None:
            kept = codec.index(fetch)
            if kept is not None and self._decoded is not None:
                self._decoded.put([shard], kept[np.newaxis])
        return kept

    def _kept_index(self, shard: ChunkCoordinates) -> Index | None:
        return None if self._decoded is None else self._decoded.get_all([shard])[0]
