"""Whether stored texts are what they claim to be, before they are decoded.

Each chunk says how many texts it holds, and libraries make room for as many as are claimed.

    count of texts (4 bytes)  |  length (4 bytes), UTF-8  |  length, UTF-8  |  …
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from zarr.codecs import ShardingCodec, VLenUTF8Codec

from napari_ome_zip.findings import as_sentence
from napari_ome_zip.pixels.array_facts import ArrayFacts
from napari_ome_zip.pixels.byte_codecs import Content, step_of_compressor
from napari_ome_zip.pixels.chunk_codecs import ChunkCodec
from napari_ome_zip.pixels.shard_codec import ShardCodec, held
from napari_ome_zip.pixels.usual_codecs import shards_of, steps_of

MAX_TEXT = 1 << 28
"""Bytes of the texts in one chunk, at most (256 MiB)."""


def check_texts(facts: ArrayFacts, stored: Content) -> None:
    """Raise `ValueError` where a stored object holds other than the texts of its array.

    Parameters
    ----------
    facts : ArrayFacts
        Of the array, whose items are texts of any length.
    stored : bytes-like
        A whole stored object: a chunk, or a shard.
    """
    codec = _codec(facts)
    chunk = codec.chunk if isinstance(codec, ShardCodec) else codec
    for content in _chunks(codec, stored):
        try:
            for step in reversed(chunk.steps):
                content = step.decode(content, MAX_TEXT)
        except Exception as error:
            # Damaged bytes can make a codec raise anything.
            raise ValueError(as_sentence(error)) from error
        if len(content) > MAX_TEXT:
            raise ValueError(f"a chunk of texts has {len(content):,} bytes")
        _check_claims(content, math.prod(chunk.shape))


def _check_claims(content: Content, expected: int) -> None:
    count = int.from_bytes(memoryview(content).cast("B")[:4], "little")
    # Each text takes 4 bytes at least. That none reaches beyond the end, its decoder looks after.
    if count != expected or len(content) < 4 * (count + 1):
        raise ValueError(f"a chunk claims to hold {count:,} texts, expected {expected:,}")


def _chunks(codec: ChunkCodec | ShardCodec, stored: Content) -> Iterator[Content]:
    if isinstance(codec, ChunkCodec):
        yield stored
        return
    index = codec.index_of(stored)
    everywhere = [tuple(map(int, each)) for each in np.ndindex(*codec.grid)]
    yield from filter(None, held(stored, codec.places(index, everywhere)))


def _codec(facts: ArrayFacts) -> ChunkCodec | ShardCodec:
    """How stored objects are taken apart; the bytes of chunks are those of texts."""
    array = facts.array
    codec: ChunkCodec | ShardCodec | None = None
    if array.metadata.zarr_format == 2:
        compressor, filters = array.metadata.compressor, array.metadata.filters or ()
        step = None if compressor is None else step_of_compressor(compressor)
        if [each.codec_id for each in filters] == ["vlen-utf8"] and (step or compressor is None):
            codec = ChunkCodec(facts.chunks, _BYTES, () if step is None else (step,), 0)
    else:
        first, *others = array.metadata.codecs
        if isinstance(first, ShardingCodec):
            inner, *steps = first.codecs
            known = steps_of(steps)
            if isinstance(inner, VLenUTF8Codec) and known is not None and not others:
                chunk = ChunkCodec(first.chunk_shape, _BYTES, known, 0)
                codec = shards_of(first, facts.grid_chunk_shape, chunk)
        elif isinstance(first, VLenUTF8Codec):
            known = steps_of(others)
            codec = None if known is None else ChunkCodec(facts.chunks, _BYTES, known, 0)
    if codec is None:
        raise ValueError("its texts are encoded in an unusual way, which is not read")
    return codec


_BYTES = np.dtype(np.uint8)
