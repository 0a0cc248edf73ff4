"""Encode a few blocks of an image, with what becomes of them at its smaller levels."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import variance
from typing import Any

import numpy.typing as npt

from napari_ome_zip.archive.records import records_size
from napari_ome_zip.names import ZARR_JSON
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.grid import Region, chunk_region, grid_shape, pieces, shape_of
from napari_ome_zip.pixels.reduction import reduce_block
from napari_ome_zip.saving.encoding.array_plan import ArrayPlan
from napari_ome_zip.saving.encoding.blocks import computed_block
from napari_ome_zip.storage import MappingStore
from napari_ome_zip.storage.hierarchy import Hierarchy
from napari_ome_zip.storage.json_writing import to_json

WHOLE_BYTES = 4 << 20
"""An image up to this size is encoded as a whole: then the sample is exact."""
BLOCK_BYTES = 4 << 20
"""A block of a sample takes so many bytes, at most."""

_GOLDEN = (math.sqrt(5) - 1) / 2
_INDEX_BYTES, _CHECKSUM_BYTES = 16, 4
"""Of a shard (Zarr v3, "sharding-indexed"): for each of its chunks, and once."""


class ChainSample:
    """Samples of an image: of a level that has a source, and of those that are made from it.

    Parameters
    ----------
    chain : sequence of ArrayPlan
        The first has a source; each other one is made from the one before.
    documents : mapping of str to bytes
        Those of the arrays, by entry name.
    """

    def __init__(self, chain: Sequence[ArrayPlan], documents: Mapping[str, bytes]) -> None:
        self.nbytes = sum(plan.nbytes for plan in chain)
        """Uncompressed size of all levels."""
        self.count = 0
        """Blocks that were encoded."""
        self._levels = [_LevelSample(plan, documents) for plan in chain]
        self._first = chain[0]
        self._is_whole = chain[0].nbytes <= WHOLE_BYTES
        shape = self._first.shape if self._is_whole else _block_shape(chain)
        self._shape = shape
        self._grid = grid_shape(self._first.shape, shape)
        self._total = math.prod(self._grid)
        self._ratios: list[float] = []

    @property
    def is_complete(self) -> bool:
        """Whether all blocks were encoded."""
        return self.count >= self._total

    @property
    def estimate(self) -> float:
        """Bytes that the image will take."""
        return sum(level.estimate for level in self._levels)

    @property
    def variance(self) -> float:
        """Square of the standard error of the estimate, in bytes."""
        if self.is_complete or self.count < 2:
            return 0.0
        left = 1 - self.count / self._total
        return self.nbytes**2 * variance(self._ratios) / self.count * left

    def take(self) -> int:
        """Encode another block, far from those before; its size in bytes, uncompressed."""
        coordinates = _coordinates(_spread(self.count, self._total), self._grid)
        region = chunk_region(coordinates, self._shape, self._first.shape)
        if self._first.source is None:
            raise TypeError("an array without a source is made from another")
        pixels = computed_block(self._first.source[region], self._first.title)
        nbytes, stored = pixels.nbytes, 0
        for number, level in enumerate(self._levels):
            if number:
                pixels = reduce_block(pixels, level.plan.step, level.plan.kind)
            in_place = self._is_whole or (number == 0 and self._holds_chunks)
            stored += level.add(pixels, in_place=in_place)
        self._ratios.append(stored / max(1, nbytes) * self._first.nbytes / self.nbytes)
        self.count += 1
        return nbytes

    @property
    def _holds_chunks(self) -> bool:
        """Whether a block is a whole number of chunks, not a part of one."""
        sides = zip(self._shape, self._first.layout.chunks, strict=True)
        return all(block % chunk == 0 for block, chunk in sides)


class _LevelSample:
    """What was encoded of one level."""

    def __init__(self, plan: ArrayPlan, documents: Mapping[str, bytes]) -> None:
        self.plan = plan
        self._document = json.loads(documents[f"{plan.path}/{ZARR_JSON}"])
        self._targets: dict[tuple[tuple[int, ...], bool], ChunkedArray] = {}
        self._pixels = self._stored = self._pieces = self._blank = 0

    def add(self, pixels: npt.NDArray[Any], *, in_place: bool) -> int:
        """Encode pixels, chunk by chunk; bytes that they take.

        In place, a part of a chunk is one at the border of the array, and is stored as a whole
        chunk.
        """
        stored = 0
        whole = tuple(slice(0, n) for n in pixels.shape)
        for _, _, part in pieces(whole, self.plan.layout.chunks):
            encoded = self._target(part, in_place).encode((0,) * pixels.ndim, pixels[part])
            self._pieces += 1
            self._blank += encoded is None
            stored += 0 if encoded is None else len(encoded)
        self._pixels += pixels.size
        self._stored += stored
        return stored

    @property
    def estimate(self) -> float:
        """Bytes of all objects of the level, with the records that an archive needs of them."""
        if not self._pixels:
            return 0.0
        layout, shape = self.plan.layout, self.plan.shape
        objects = math.prod(grid_shape(shape, layout.grid_chunk_shape))
        chunks = math.prod(grid_shape(layout.grid_chunk_shape, layout.chunks))
        index = 0 if layout.shards is None else _INDEX_BYTES * chunks + _CHECKSUM_BYTES
        some = 1 - (self._blank / self._pieces) ** min(chunks, self._pieces)
        last = "/".join(map(str, grid_shape(shape, layout.grid_chunk_shape)))
        beside = objects * some * (index + records_size(f"{self.plan.path}/c/{last}"))
        return self._stored / self._pixels * math.prod(shape) + beside

    def _target(self, part: Region, in_place: bool) -> ChunkedArray:
        """An array of the size of a piece, stored as a chunk of the level is."""
        shape = shape_of(part)
        key = shape, in_place
        if key not in self._targets:
            chunk = self.plan.layout.chunks if in_place else shape
            self._targets[key] = _array(_unsharded(self._document, shape, chunk))
        return self._targets[key]


def _unsharded(document: Mapping[str, Any], shape: Sequence[int], chunk: Sequence[int]) -> bytes:
    """The document of an array of one chunk, encoded as a chunk of another array is."""
    codecs = document["codecs"]
    (first, *_) = codecs
    if first["name"] == "sharding_indexed":
        codecs = first["configuration"]["codecs"]
    grid = {"name": "regular", "configuration": {"chunk_shape": list(chunk)}}
    changed = {"shape": list(shape), "chunk_grid": grid, "codecs": codecs}
    return to_json({**document, **changed})


def _array(document: bytes) -> ChunkedArray:
    store = MappingStore({ZARR_JSON: document}, "sample")
    node = Hierarchy(store).node("")
    if node is None:
        raise KeyError(ZARR_JSON)
    return ChunkedArray(store, node)


def _block_shape(chain: Sequence[ArrayPlan]) -> tuple[int, ...]:
    """A chunk, or as many as become one pixel of the next level; a part of a very large one."""
    first = chain[0]
    steps = chain[1].step if len(chain) > 1 else (1,) * len(first.shape)
    chunks = first.layout.chunks
    block = [-(-step // chunk) * chunk for step, chunk in zip(steps, chunks, strict=True)]
    while math.prod(block) * first.dtype.itemsize > BLOCK_BYTES and max(block) > 1:
        longest = block.index(max(block))
        block[longest] = -(-block[longest] // 2)
    return tuple(block)


def _spread(number: int, total: int) -> int:
    """The numbers below ``total`` in an order in which the first ones lie all over."""
    stride = max(1, round(total * _GOLDEN))
    while math.gcd(stride, total) > 1:
        stride += 1
    return number * stride % total


def _coordinates(number: int, grid: Sequence[int]) -> tuple[int, ...]:
    return tuple(_digits(number, grid))[::-1]


def _digits(number: int, grid: Sequence[int]) -> Iterator[int]:
    for size in reversed(grid):
        number, digit = divmod(number, size)
        yield digit
