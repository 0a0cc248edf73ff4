"""Chunks within shards, found through each shard's index (Zarr v3, sharding codec)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from zarr.abc.store import ByteRequest, RangeByteRequest, SuffixByteRequest

from napari_ome_zip.pixels.byte_codecs import Content, Step
from napari_ome_zip.pixels.chunk_codecs import ChunkCodec, Fetch
from napari_ome_zip.pixels.grid import ChunkCoordinates, Region, chunk_ranges, pieces

_MISSING = [2**64 - 1] * 2
"""Offset and length of an inner chunk that a shard does not hold."""
_MAX_RUN = 4 << 20
"""Bytes of neighboring chunks that are read at once, at most (4 MiB)."""

type Index = npt.NDArray[np.uint64]
"""Offset and length of each chunk of a shard, in C order, of shape ``(n, 2)``."""
type Place = tuple[int, int]
"""Offset and length of a chunk in its shard."""


@dataclass(frozen=True)
class ShardCodec:
    """Between shards and pixels, see `ObjectCodec`."""

    chunk: ChunkCodec
    grid: tuple[int, ...]
    """Number of chunks in a shard along each axis."""
    index_first: bool
    """Whether the index lies before the chunks, not after them."""
    index_steps: tuple[Step, ...]
    index_size: int

    def read(self, fetch: Fetch, within: Region, out: npt.NDArray[Any]) -> bool:
        # docstring inherited
        count = math.prod(map(len, chunk_ranges(within, self.chunk.shape)))
        whole = fetch(None) if count == math.prod(self.grid) else None
        index = self.index(fetch) if whole is None else self.index_of(whole)
        if index is None:
            return False
        # Not before the index was found to be as long as the grid: it may claim any number.
        wanted = list(pieces(within, self.chunk.shape))
        places = self.places(index, [coordinates for coordinates, _, _ in wanted])
        chunks = fetched(fetch, places) if whole is None else held(whole, places)
        for (_, inside, target), chunk in zip(wanted, chunks, strict=True):
            if chunk is None:
                out[target] = self.chunk.fill_value
            else:
                out[target] = self.chunk.decode(chunk)[inside]
        return True

    def encode(self, pixels: npt.NDArray[Any]) -> bytes | None:
        # docstring inherited
        whole = tuple(slice(0, n) for n in pixels.shape)
        chunks = [self.chunk.encode(pixels[t]) for _, _, t in pieces(whole, self.chunk.shape)]
        return shard_of(chunks, self.index_steps, self.index_size if self.index_first else 0)

    def index(self, fetch: Fetch) -> Index | None:
        """Read the index of a shard; None where there is no such shard.

        Raises
        ------
        ValueError
            When it is damaged.
        """
        content = fetch(self.index_range)
        return None if content is None else self._decoded(content)

    @property
    def index_range(self) -> ByteRequest:
        """Where in a shard its index lies."""
        size = self.index_size
        return RangeByteRequest(0, size) if self.index_first else SuffixByteRequest(size)

    def index_of(self, shard: Content) -> Index:
        """The index in the bytes of a whole shard, see `index`."""
        part = slice(0, self.index_size) if self.index_first else slice(-self.index_size, None)
        return self._decoded(shard[part])

    def places(self, index: Index, chunks: Sequence[ChunkCoordinates]) -> list[Place | None]:
        """Where chunks lie in their shard; None for those that it does not hold.

        Parameters
        ----------
        index : ndarray
        chunks : sequence of tuple of int
            Coordinates of the chunks in the shard.
        """
        strides = [math.prod(self.grid[axis + 1 :]) for axis in range(len(self.grid))]
        coordinates = np.array(chunks, np.int64).reshape(len(chunks), len(self.grid))
        found = index[coordinates @ np.array(strides, np.int64)].tolist()
        return [None if pair == _MISSING else (pair[0], pair[1]) for pair in found]

    def _decoded(self, content: Content) -> Index:
        for step in reversed(self.index_steps):
            content = step.decode(content)
        numbers = np.frombuffer(content, "<u8")
        if numbers.size != 2 * math.prod(self.grid):
            raise ValueError(
                f"The index of a shard has {numbers.size} numbers, {2 * math.prod(self.grid)} "
                "were expected."
            )
        return numbers.reshape(-1, 2)


def shard_of(
    chunks: Sequence[Content | None], index_steps: Sequence[Step], room: int = 0
) -> bytes | None:
    """Put encoded chunks together as a shard; None where all of them are missing.

    Parameters
    ----------
    chunks : sequence of bytes or None
        In the order of the index (C order).
    index_steps : sequence of Step
        Codecs of the index.
    room : int
        Size of the index where it lies before the chunks; 0 where it lies behind them.

    Notes
    -----
    Zarr v3, sharding codec, "Binary shard format".
    """
    stored = [chunk for chunk in chunks if chunk is not None]
    if not stored:
        return None
    places = np.full((len(chunks), 2), _MISSING, "<u8")
    offset = room
    for place, chunk in zip(places, chunks, strict=True):
        if chunk is not None:
            place[:] = offset, len(chunk)
            offset += len(chunk)
    index: Any = places.tobytes()
    for step in index_steps:
        index = step.encode(index)
    return b"".join([index, *stored] if room else [*stored, index])


def held(content: Content, places: Iterable[Place | None]) -> Iterator[Content | None]:
    """The bytes of chunks at places of a whole shard."""
    view = memoryview(content)
    for place in places:
        yield None if place is None else _cut(view, *place)


def fetched(fetch: Fetch, places: Sequence[Place | None]) -> Iterator[Content | None]:
    """The bytes of chunks at places of a shard; those that lie side by side are read at once."""
    found: dict[Place, Content] = {}
    for run in _runs(sorted(place for place in set(places) if place is not None)):
        start, stop = run[0][0], sum(run[-1])
        view = memoryview(fetch(RangeByteRequest(start, stop)) or b"")
        for offset, length in run:
            found[offset, length] = _cut(view, offset - start, length)
    for place in places:
        yield None if place is None else found[place]


def _runs(places: Sequence[Place]) -> list[list[Place]]:
    runs: list[list[Place]] = []
    for offset, length in places:
        adjacent = runs and sum(runs[-1][-1]) == offset
        if adjacent and offset + length - runs[-1][0][0] <= _MAX_RUN:
            runs[-1].append((offset, length))
        else:
            runs.append([(offset, length)])
    return runs


def _cut(view: memoryview, offset: int, length: int) -> memoryview:
    if offset + length > len(view):
        raise ValueError(
            f"A shard of {len(view):,} bytes has no chunk at {offset:,} to {offset + length:,}."
        )
    return view[offset : offset + length]
