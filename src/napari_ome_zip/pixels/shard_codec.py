"""Chunks within shards, found through each shard's index (Zarr v3, sharding codec)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from zarr.abc.store import RangeByteRequest, SuffixByteRequest

from napari_ome_zip.pixels.byte_codecs import Content, Step
from napari_ome_zip.pixels.chunk_codecs import ChunkCodec, Fetch
from napari_ome_zip.pixels.grid import ChunkCoordinates, Region, chunk_ranges, pieces

_MISSING = 2**64 - 1
"""Offset and length of an inner chunk that a shard does not hold."""
_MAX_RUN = 4 << 20
"""Bytes of neighboring chunks that are read at once, at most (4 MiB)."""


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
        ranges = chunk_ranges(within, self.chunk.shape)
        content = None
        if math.prod(map(len, ranges)) == math.prod(self.grid):
            content = fetch(None)  # in one go, and its checksum is verified
            if content is None:
                return False
            part = slice(0, self.index_size) if self.index_first else slice(-self.index_size, None)
            index = self._index(content[part])
        else:
            size = self.index_size
            ends = RangeByteRequest(0, size) if self.index_first else SuffixByteRequest(size)
            found = fetch(ends)
            if found is None:
                return False
            index = self._index(found)
        # Not before the index was found to be as long as the grid: it may claim any number.
        wanted = list(pieces(within, self.chunk.shape))
        places = [index[coordinates] for coordinates, _, _ in wanted]
        chunks = _held(content, places) if content is not None else _fetched(fetch, places)
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

    def _index(self, content: Content) -> dict[ChunkCoordinates, tuple[int, int] | None]:
        for step in reversed(self.index_steps):
            content = step.decode(content)
        numbers = np.frombuffer(content, "<u8")
        if numbers.size != 2 * math.prod(self.grid):
            raise ValueError(
                f"The index of a shard has {numbers.size} numbers, {2 * math.prod(self.grid)} "
                "were expected."
            )
        chunks = itertools.product(*map(range, self.grid))
        pairs = zip(numbers[::2].tolist(), numbers[1::2].tolist(), strict=True)
        return {
            coordinates: None if pair == (_MISSING, _MISSING) else pair
            for coordinates, pair in zip(chunks, pairs, strict=True)
        }


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


def _held(content: Content, places: Iterable[tuple[int, int] | None]) -> Iterator[Content | None]:
    view = memoryview(content)
    for place in places:
        yield None if place is None else _cut(view, *place)


def _fetched(fetch: Fetch, places: Sequence[tuple[int, int] | None]) -> Iterator[Content | None]:
    """The chunks at these places; those that lie side by side are read at once."""
    found: dict[tuple[int, int], Content] = {}
    for run in _runs(sorted(place for place in set(places) if place is not None)):
        start, stop = run[0][0], sum(run[-1])
        view = memoryview(fetch(RangeByteRequest(start, stop)) or b"")
        for offset, length in run:
            found[offset, length] = _cut(view, offset - start, length)
    for place in places:
        yield None if place is None else found[place]


def _runs(places: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    runs: list[list[tuple[int, int]]] = []
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
