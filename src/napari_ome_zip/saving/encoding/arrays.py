"""Arrays that will be written: their chunks, shards, codecs and Zarr documents."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import zarr
from zarr.abc.buffer import Buffer
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec
from zarr.storage import MemoryStore

from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.storage.json_writing import to_json

MAX_SHARD_BYTES = 2**24
"""Uncompressed size of a shard, about; a few of them are in memory at once."""


@dataclass(frozen=True)
class ArrayLayout:
    """How an array is cut: both shapes are aligned to its origin."""

    chunks: tuple[int, ...]
    shards: tuple[int, ...] | None
    """None where a single chunk holds the array, or shards are not wanted."""

    @property
    def grid_chunk_shape(self) -> tuple[int, ...]:
        """Shape of what becomes one entry of the archive."""
        return self.shards or self.chunks

    @classmethod
    def of(cls, array: ChunkedArray) -> ArrayLayout:
        """How an array of a file is cut."""
        sharded = array.grid_chunk_shape != array.chunks
        return cls(array.chunks, array.grid_chunk_shape if sharded else None)


def layout(
    shape: Sequence[int], axis_types: Sequence[str | None], itemsize: int, options: SaveOptions
) -> ArrayLayout:
    """Choose chunks and shards for an array.

    Chunks are planes of y and x, since planes are what is looked at. Shards keep the number of
    entries low (RFC-9 SHOULD): they span `options.shard` pixels in the plane and as many planes
    as `MAX_SHARD_BYTES` allows, along the spatial axes only.
    """
    space = [axis for axis, kind in enumerate(axis_types) if kind == "space"]
    plane = space[-2:] if len(space) >= 2 else list(range(len(shape)))[-2:]
    chunks = [1] * len(shape)
    for axis in plane:
        chunks[axis] = max(1, min(options.chunk_edge, shape[axis]))
    if not options.shard_edge or all(c >= n for c, n in zip(chunks, shape, strict=True)):
        return ArrayLayout(tuple(chunks), None)
    shards = list(chunks)
    for axis in plane:
        chunk = chunks[axis]
        wanted = min(options.shard_edge, math.ceil(shape[axis] / chunk) * chunk)
        shards[axis] = max(1, wanted // chunk) * chunk
    for axis in (axis for axis in reversed(space) if axis not in plane):
        room = MAX_SHARD_BYTES // max(1, math.prod(shards) * itemsize)
        shards[axis] = max(1, min(shape[axis], room))
    return ArrayLayout(tuple(chunks), tuple(shards))


def array_document(
    shape: Sequence[int],
    dtype: np.dtype[Any],
    arrangement: ArrayLayout,
    axis_names: Sequence[str] | None,
    options: SaveOptions,
    attributes: Mapping[str, Any] | None = None,
    fill_value: int = 0,
) -> bytes:
    """The ``zarr.json`` of an array (Zarr v3), as the zarr library writes it."""
    names = None if axis_names is None else tuple(axis_names)
    written = _zarr_document(tuple(shape), dtype, arrangement, names, options, fill_value)
    document = json.loads(written)
    if attributes:
        document["attributes"] = dict(attributes)
    return to_json(document)


@lru_cache(maxsize=256)
def _zarr_document(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    arrangement: ArrayLayout,
    axis_names: tuple[str, ...] | None,
    options: SaveOptions,
    fill_value: int,
) -> bytes:
    """Made once for arrays that are alike, as those of hundreds of layers mostly are."""
    written: dict[str, Buffer] = {}
    zarr.create_array(
        MemoryStore(written),
        shape=shape,
        dtype=dtype,
        chunks=arrangement.chunks,
        shards=arrangement.shards,
        compressors=_compressor(options, dtype),
        fill_value=fill_value,
        dimension_names=None if axis_names is None else list(axis_names),
        zarr_format=3,
    )
    return written["zarr.json"].to_bytes()


def _compressor(options: SaveOptions, dtype: np.dtype[Any]) -> Any:
    match options.codec_name:
        case "zstd":
            return ZstdCodec(level=options.codec_level)
        case "gzip":
            return GzipCodec(level=options.codec_level)
        case "blosc":
            return BloscCodec(
                cname="zstd", clevel=options.codec_level, shuffle="shuffle", typesize=dtype.itemsize
            )
    return None
