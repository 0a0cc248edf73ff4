"""Decoding and encoding chunks of the usual codecs with nothing between bytes and C library.

zarr's pipeline knows every codec there is; what it wraps around each chunk takes as long as
decoding a small one. The codecs that images are stored with need none of it. Every other array
(filters, transposed, variable length, nested shards, codecs of an extension) is left to zarr.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import google_crc32c
import numpy as np
import numpy.typing as npt
from numcodecs import Blosc, GZip, Zstd
from zarr.abc.codec import Codec
from zarr.abc.store import ByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    Crc32cCodec,
    GzipCodec,
    ShardingCodec,
    ZstdCodec,
)
from zarr.types import AnyArray, ArrayV2

from napari_ome_zip.pixels.grid import ChunkCoordinates, Region, chunk_ranges, pieces
from napari_ome_zip.storage import resolve_range

_MISSING = 2**64 - 1
"""Offset and length of an inner chunk that a shard does not hold (Zarr v3, sharding codec)."""
_MAX_RUN = 4 << 20

type Content = bytes | memoryview
type Fetch = Callable[[ByteRequest | None], Content | None]
"""Bytes of an entry, or a range of them; None where there is no such entry."""


@dataclass(frozen=True)
class Held:
    """Bytes of a stored object that were read already, to be read like those of a store."""

    content: Content

    def read(self, byte_range: ByteRequest | None) -> memoryview:
        """A `Fetch` of these bytes."""
        start, stop = resolve_range(byte_range, len(self.content))
        return memoryview(self.content)[start:stop]


class ObjectCodec(Protocol):
    """Between stored objects (shards, or chunks where there are none) and pixels."""

    def read(self, fetch: Fetch, within: Region, out: npt.NDArray[Any]) -> bool:
        """Decode a region of one stored object into ``out``.

        Parameters
        ----------
        fetch : callable
            Gives the object's bytes.
        within : tuple of slice
            Start and stop of the region in the object, along every axis.
        out : ndarray
            Of the region's shape; any byte order.

        Returns
        -------
        bool
            False where there is no such object; ``out`` is left as it is then.

        Raises
        ------
        Exception
            Of any kind: what a codec raises on damaged bytes is the codec's choice.
        """

    def encode(self, pixels: npt.NDArray[Any]) -> bytes | None:
        """Bytes of one whole stored object; None where it holds the fill value alone."""


class Step(Protocol):
    """A codec from bytes to bytes."""

    def encode(self, content: Any) -> Any:
        """From the pixels on."""

    def decode(self, content: Any, size: int | None = None) -> Any:
        """Back; more than ``size`` bytes are refused before they take memory."""


@dataclass(frozen=True)
class ChunkCodec:
    """Chunks that are stored one by one."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    """As stored, in the stored byte order."""
    steps: tuple[Step, ...]
    """From the bytes of the pixels in C order to what is stored."""
    fill_value: Any

    def decode(self, content: Content) -> npt.NDArray[Any]:
        """All pixels of one chunk from its bytes."""
        if self.steps:
            first, *others = self.steps
            for step in reversed(others):
                content = step.decode(content)
            content = first.decode(content, math.prod(self.shape) * self.dtype.itemsize)
        return np.frombuffer(content, self.dtype).reshape(self.shape)

    def read(self, fetch: Fetch, within: Region, out: npt.NDArray[Any]) -> bool:
        # docstring inherited
        content = fetch(None)
        if content is None:
            return False
        out[...] = self.decode(content)[within]
        return True

    def encode(self, pixels: npt.NDArray[Any]) -> bytes | None:
        # docstring inherited
        content: Any = np.ascontiguousarray(pixels, self.dtype)
        if self._is_blank(content):
            return None
        for step in self.steps:
            content = step.encode(content)
        return bytes(content)

    def _is_blank(self, chunk: npt.NDArray[Any]) -> bool:
        if not any(np.asarray(self.fill_value, self.dtype).tobytes()):
            return not chunk.view(np.uint8).any()  # -0.0 is another value
        return bool(self.fill_value != 0 and (chunk == self.fill_value).all())


@dataclass(frozen=True)
class ShardCodec:
    """Chunks within shards (Zarr v3, sharding codec), found through each shard's index."""

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
    for kind, wrapped in ((Blosc, _Blosc), (GZip, _GZip), (Zstd, _Zstd)):
        if isinstance(compressor, kind):
            return ChunkCodec(array.chunks, dtype, (wrapped(compressor),), fill_value)
    return None


def _of_chunks(
    codecs: Sequence[Codec], shape: tuple[int, ...], dtype: np.dtype[Any], fill_value: Any
) -> ChunkCodec | None:
    first, *others = codecs
    if not isinstance(first, BytesCodec):
        return None
    steps = [_step(codec) for codec in others]
    known = tuple(step for step in steps if step is not None)
    if len(known) < len(steps):
        return None
    # A type of one byte has no order, and its codec names none.
    order: Literal["little", "big", "|"] = first.endian or "|"
    return ChunkCodec(shape, dtype.newbyteorder(order), known, fill_value)


def _of_shards(
    sharding: ShardingCodec, shape: tuple[int, ...], dtype: np.dtype[Any], fill_value: Any
) -> ShardCodec | None:
    chunk = _of_chunks(sharding.codecs, sharding.chunk_shape, dtype, fill_value)
    first, *others = sharding.index_codecs
    if chunk is None or not isinstance(first, BytesCodec) or first.endian != "little":
        return None
    if not all(isinstance(codec, Crc32cCodec) for codec in others):
        return None  # an index of another size: compressed
    grid = tuple(s // c for s, c in zip(shape, chunk.shape, strict=True))
    size = 16 * math.prod(grid) + 4 * len(others)
    index_first = sharding.index_location == "start"
    return ShardCodec(chunk, grid, index_first, (Checksum(),) * len(others), size)


def _step(codec: Codec) -> Step | None:
    """The same codec without zarr around it; None for an unusual one."""
    match codec:
        case Crc32cCodec():
            return Checksum()
        case ZstdCodec(level=level, checksum=checksum):
            return _Zstd(Zstd(level, checksum))
        case GzipCodec(level=level):
            return _GZip(GZip(level))
        case BloscCodec():
            numbers = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}
            shuffle = numbers[codec.shuffle]
            typesize = codec.typesize
            return _Blosc(Blosc(codec.cname, codec.clevel, shuffle, codec.blocksize, typesize))
    return None


@dataclass(frozen=True)
class _Numcodec:
    """A codec of numcodecs, whose C library trusts what the bytes say of themselves."""

    codec: Any

    def encode(self, content: Any) -> Any:
        return self.codec.encode(content)

    def decode(self, content: Content, size: int | None = None) -> Any:
        claimed = self._claimed(content)
        if size is not None and claimed is not None and claimed > size:
            raise ValueError(f"It claims to hold {claimed:,} bytes, {size:,} were expected.")
        return self.codec.decode(content)

    def _claimed(self, content: Content) -> int | None:
        """Bytes that it claims to decode to; None where it does not say."""
        raise NotImplementedError


class _Blosc(_Numcodec):
    def _claimed(self, content: Content) -> int | None:
        # Blosc 1 header: decoded size at 4, encoded size at 12; the library reads that many.
        if len(content) < 16 or int.from_bytes(content[12:16], "little") > len(content):
            raise ValueError(f"It is incomplete: only {len(content):,} bytes are there.")
        return int.from_bytes(content[4:8], "little")


class _Zstd(_Numcodec):
    def _claimed(self, content: Content) -> int | None:
        # RFC 8878, section 3.1.1.1: frame header.
        if content[:4] != b"\x28\xb5\x2f\xfd" or len(content) < 6:
            return None
        described = content[4]
        single, kind = described >> 5 & 1, described >> 6
        width = (single, 2, 4, 8)[kind]
        start = 6 - single + (0, 1, 2, 4)[described & 3]
        size = int.from_bytes(content[start : start + width], "little")
        return None if width == 0 else size + 256 * (width == 2)


class _GZip(_Numcodec):
    def decode(self, content: Content, size: int | None = None) -> Any:
        if size is None:
            return self.codec.decode(content)
        # It claims nothing, so decoding stops one byte after what is expected.
        inflate = zlib.decompressobj(wbits=31)
        decoded = inflate.decompress(content, size + 1)
        if len(decoded) > size:
            raise ValueError(f"It holds more than the {size:,} bytes that were expected.")
        if not inflate.eof:
            raise ValueError("It is incomplete: its end is missing.")
        return self.codec.decode(content) if inflate.unused_data else decoded


class Checksum:
    """CRC-32C after the bytes it is of (Zarr v3, crc32c codec)."""

    def encode(self, content: Any) -> bytes:
        inner = bytes(content)
        checksum: int = google_crc32c.value(inner)
        return inner + checksum.to_bytes(4, "little")

    def decode(self, content: Content, size: int | None = None) -> Content:
        inner = content[:-4]
        found = google_crc32c.value(bytes(inner))
        written = int.from_bytes(content[-4:], "little")
        if found != written:
            raise ValueError(
                f"The checksum of a chunk or of a shard's index is {found:08x}, "
                f"{written:08x} was written."
            )
        return inner


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
