"""Which arrays are decoded without zarr: those of the codecs that images are stored with.

zarr's pipeline knows every codec there is; what it wraps around each chunk takes as long as
decoding a small one. Every other array (filters, transposed, variable length, nested shards, codecs
of an extension) is left to zarr, see `zarr_codec`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from zarr.abc.codec import Codec
from zarr.codecs import BytesCodec, Crc32cCodec, ShardingCodec
from zarr.types import AnyArray, ArrayV2

from napari_ome_zip.pixels.byte_codecs import Checksum, Step, step_of, step_of_compressor
from napari_ome_zip.pixels.chunk_codecs import ChunkCodec, ObjectCodec
from napari_ome_zip.pixels.shard_codec import ShardCodec


def usual_codec(array: AnyArray, dtype: np.dtype[Any], fill_value: Any) -> ObjectCodec | None:
    """The codec of an array's stored objects; None where only zarr has it.

    Parameters
    ----------
    array : zarr.Array
        Of a regular grid.
    dtype : dtype
        Of a pixel.
    fill_value
        What is shown where nothing is stored.
    """
    if dtype.kind not in "biufc":
        return None
    if array.metadata.zarr_format == 2:
        return _of_version_2(array, dtype, fill_value)
    codecs = tuple(array.metadata.codecs)
    if len(codecs) == 1 and isinstance(codecs[0], ShardingCodec):
        return _of_shards(codecs[0], array.shards or array.chunks, dtype, fill_value)
    return _of_chunks(codecs, array.chunks, dtype, fill_value)


def _of_version_2(array: ArrayV2, dtype: np.dtype[Any], fill_value: Any) -> ChunkCodec | None:
    metadata = array.async_array.metadata
    compressor = metadata.compressor
    if metadata.filters or metadata.order != "C":
        return None
    if compressor is None:
        return ChunkCodec(array.chunks, dtype, (), fill_value)
    step = step_of_compressor(compressor)
    return None if step is None else ChunkCodec(array.chunks, dtype, (step,), fill_value)


def _of_chunks(
    codecs: Sequence[Codec], shape: tuple[int, ...], dtype: np.dtype[Any], fill_value: Any
) -> ChunkCodec | None:
    first, *others = codecs
    steps = steps_of(others)
    if not isinstance(first, BytesCodec) or steps is None:
        return None
    # A type of one byte has no order, and its codec names none.
    order: Literal["little", "big", "|"] = first.endian or "|"
    return ChunkCodec(shape, dtype.newbyteorder(order), steps, fill_value)


def steps_of(codecs: Sequence[Codec]) -> tuple[Step, ...] | None:
    """Codecs from bytes to bytes without zarr around them; None where one is unusual."""
    steps = [step_of(codec) for codec in codecs]
    known = tuple(step for step in steps if step is not None)
    return known if len(known) == len(steps) else None


def _of_shards(
    sharding: ShardingCodec, shape: tuple[int, ...], dtype: np.dtype[Any], fill_value: Any
) -> ShardCodec | None:
    chunk = _of_chunks(sharding.codecs, sharding.chunk_shape, dtype, fill_value)
    return None if chunk is None else shards_of(sharding, shape, chunk)


def shards_of(
    sharding: ShardingCodec, shape: tuple[int, ...], chunk: ChunkCodec
) -> ShardCodec | None:
    """The codec of shards that hold chunks; None where their index is an unusual one.

    Parameters
    ----------
    sharding : ShardingCodec
    shape : tuple of int
        Of a shard.
    chunk : ChunkCodec
        Of a chunk in it.
    """
    first, *others = sharding.index_codecs
    if not isinstance(first, BytesCodec) or first.endian != "little":
        return None
    if not all(isinstance(codec, Crc32cCodec) for codec in others):
        return None  # an index of another size: compressed
    grid = tuple(s // c for s, c in zip(shape, chunk.shape, strict=True))
    size = 16 * math.prod(grid) + 4 * len(others)
    index_first = sharding.index_location == "start"
    return ShardCodec(chunk, grid, index_first, (Checksum(),) * len(others), size)
