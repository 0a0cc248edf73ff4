"""Which arrays are decoded without zarr's pipeline, and that it is not asked for them."""

from __future__ import annotations

import gzip
import itertools
import struct
from typing import Any

import google_crc32c
import numcodecs
import numpy as np
import pytest
import zarr
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    Crc32cCodec,
    GzipCodec,
    ShardingCodec,
    TransposeCodec,
    ZstdCodec,
)

from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip.names import is_document
from napari_ome_zip.pixels.array_facts import array_facts
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.shard_codec import ShardCodec
from napari_ome_zip.pixels.zarr_codec import ZarrCodec
from napari_ome_zip.storage import MappingStore
from napari_ome_zip.storage.hierarchy import Hierarchy

PIXELS = ramp((4, 6, 10), "<u2") + 1

USUAL = {
    "bytes alone": (3, {"compressors": []}),
    "zstd": (3, {"compressors": [ZstdCodec()]}),
    "gzip": (3, {"compressors": [GzipCodec()]}),
    "blosc": (3, {"compressors": [BloscCodec()]}),
    "zstd, then a checksum": (3, {"compressors": [ZstdCodec(), Crc32cCodec()]}),
    "big end first": (3, {"serializer": BytesCodec(endian="big")}),
    "shards": (3, {"shards": (2, 6, 10)}),
    "shards, index first": (3, {"shards": {"shape": (2, 6, 10), "index_location": "start"}}),
    "v2, nothing": (2, {"compressors": None}),
    "v2, blosc": (2, {"compressors": numcodecs.Blosc()}),
    "v2, zstd": (2, {"compressors": numcodecs.Zstd()}),
    "v2, gzip": (2, {"compressors": numcodecs.GZip()}),
}
INNER = ShardingCodec(chunk_shape=(1, 3, 5))
NESTED = ShardingCodec(chunk_shape=(2, 6, 5), codecs=[INNER])
BIG_INDEX = [BytesCodec(endian="big"), Crc32cCodec()]
OTHER_INDEX = ShardingCodec(chunk_shape=(2, 3, 5), index_codecs=BIG_INDEX)
UNUSUAL = {
    "transposed": (3, {"filters": [TransposeCodec(order=(2, 1, 0))]}),
    "nested shards": (3, {"chunks": (4, 6, 10), "compressors": [], "serializer": NESTED}),
    "another index": (3, {"chunks": (4, 6, 10), "compressors": [], "serializer": OTHER_INDEX}),
    "v2, columns first": (2, {"order": "F"}),
    "v2, filtered": (2, {"filters": [numcodecs.Delta(dtype="<u2")]}),
    "v2, another codec": (2, {"compressors": numcodecs.LZ4()}),
}


def opened(zarr_format: int, options: dict[str, Any]) -> ChunkedArray:
    if zarr_format == 2:
        options = {"chunk_key_encoding": {"name": "v2", "separator": "."}, **options}
    builder = HierarchyBuilder(zarr_format).array("a", PIXELS, **{"chunks": (1, 3, 5), **options})
    return of_entries(builder.entries)


def of_entries(entries: dict[str, bytes]) -> ChunkedArray:
    store = MappingStore(entries)
    node = Hierarchy(store).node("a")
    assert node is not None
    return ChunkedArray(store, node)


@pytest.mark.parametrize(("zarr_format", "options"), USUAL.values(), ids=USUAL)
def test_the_usual_codecs_are_decoded_without_the_pipeline(
    zarr_format: int, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    array = opened(zarr_format, options)

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("zarr was asked")

    monkeypatch.setattr(zarr.Array, "__getitem__", refuse)

    np.testing.assert_array_equal(array[:], PIXELS)
    np.testing.assert_array_equal(array[1:3, 2:5, 4:6], PIXELS[1:3, 2:5, 4:6])
    assert array[:].dtype == np.dtype("u2")


@pytest.mark.parametrize(("zarr_format", "options"), UNUSUAL.values(), ids=UNUSUAL)
def test_every_other_array_is_left_to_zarr(zarr_format: int, options: dict[str, Any]) -> None:
    array = opened(zarr_format, options)

    assert isinstance(array_facts(array._node).codec, ZarrCodec)
    np.testing.assert_array_equal(array[:], PIXELS)
    np.testing.assert_array_equal(array[1:3, 2:5, 4:6], PIXELS[1:3, 2:5, 4:6])


@pytest.mark.parametrize(
    ("zarr_format", "options"), [*USUAL.values(), *UNUSUAL.values()], ids=[*USUAL, *UNUSUAL]
)
def test_zarr_reads_what_is_encoded(zarr_format: int, options: dict[str, Any]) -> None:
    array = opened(zarr_format, options)
    entries = {key: value for key, value in array._store._contents.items() if is_document(key)}
    ranges = [range(-(-n // s)) for n, s in zip(array.shape, array.grid_chunk_shape, strict=True)]
    for cell in itertools.product(*ranges):
        sides = zip(cell, array.grid_chunk_shape, array.shape, strict=True)
        region = tuple(slice(i * s, min((i + 1) * s, n)) for i, s, n in sides)
        encoded = array.encode(cell, PIXELS[region])
        assert encoded is not None
        entries[array.key(cell)] = encoded

    found = zarr.open_array(MappingStore(entries), path="a", mode="r", zarr_format=zarr_format)

    np.testing.assert_array_equal(found[:], PIXELS)


@pytest.mark.parametrize("shards", [None, (6,)])
def test_chunks_of_the_fill_value_are_left_out_and_no_others(shards: Any) -> None:
    def array(dtype: str, fill: Any) -> ChunkedArray:
        options = {"chunks": (2,), "shards": shards, "fill_value": fill, "compressors": []}
        return of_entries(HierarchyBuilder().array("a", np.zeros(6, dtype), **options).entries)

    def bytes_of(array: ChunkedArray, pixels: list[float]) -> bytes | None:
        return array.encode((0,), np.array(pixels * (1 if shards is None else 3), array.dtype))

    assert bytes_of(array("u1", 0), [0, 0]) is None
    assert bytes_of(array("u1", 0), [0, 1])
    assert bytes_of(array("u1", 7), [7, 7]) is None
    assert bytes_of(array("u1", 7), [0, 0])
    assert bytes_of(array("f4", 0.0), [0.0, 0.0]) is None
    assert bytes_of(array("f4", 0.0), [0.0, -0.0])
    assert bytes_of(array("f4", -0.0), [0.0, 0.0])


class TestShards:
    """A shard made by hand, as the sharding codec's specification says."""

    def shard(self, places: list[tuple[int, int]], chunks: bytes) -> bytes:
        index = b"".join(struct.pack("<QQ", *place) for place in places)
        return chunks + index + struct.pack("<I", google_crc32c.value(index))

    def read(self, shard: bytes, first: int, last: int) -> tuple[list[int], list[Any]]:
        """What is found, and the ranges asked for."""
        entries = (
            HierarchyBuilder()
            .array("a", np.zeros(6, "u1"), chunks=(2,), shards=(6,), compressors=[], fill_value=7)
            .entries
        )
        asked: list[Any] = []

        class Store(MappingStore):
            def get_sync(self, key: str, **options: Any) -> Any:
                asked.append(options.get("byte_range"))
                return super().get_sync(key, **options)

        store = Store({**entries, "a/c/0": shard})
        node = Hierarchy(store).node("a")
        assert node is not None
        array = ChunkedArray(store, node)
        assert isinstance(array_facts(node).codec, ShardCodec)
        asked.clear()
        return array[first:last].tolist(), asked

    MISSING = (2**64 - 1, 2**64 - 1)

    def test_a_chunk_that_is_not_there_is_the_fill_value(self) -> None:
        shard = self.shard([(2, 2), self.MISSING, (0, 2)], bytes([1, 2, 3, 4]))
        assert self.read(shard, 0, 6)[0] == [3, 4, 7, 7, 1, 2]

    def test_neighbours_in_the_file_are_read_at_once(self) -> None:
        shard = self.shard([(2, 2), (0, 2), (4, 2)], bytes([1, 2, 3, 4, 5, 6]))
        found, asked = self.read(shard, 1, 4)
        assert found == [4, 1, 2]
        assert len(asked) == 2  # the index, then both chunks

    def test_chunks_that_lie_apart_are_read_apart(self) -> None:
        shard = self.shard([(0, 2), (4, 2), (9, 2)], bytes([1, 2, 0, 0, 3, 4, 0, 0, 0, 5, 6]))
        found, asked = self.read(shard, 2, 6)
        assert found == [3, 4, 5, 6]
        assert len(asked) == 3

    @pytest.mark.filterwarnings("default::napari_ome_zip.pixels.damage.DamagedChunkWarning")
    def test_a_chunk_beyond_the_end_is_told_and_the_others_are_shown(self) -> None:
        shard = self.shard([(0, 2), (400, 2), (2, 2)], bytes([1, 2, 3, 4]))
        with pytest.warns(UserWarning, match=r"Damaged chunk a/c/0, inner chunk \(1,\)"):
            found, _ = self.read(shard, 0, 6)
        assert found == [1, 2, 7, 7, 3, 4]

    @pytest.mark.filterwarnings("default::napari_ome_zip.pixels.damage.DamagedChunkWarning")
    def test_an_index_whose_checksum_is_wrong_is_told(self) -> None:
        shard = bytearray(self.shard([(0, 2), (2, 2), self.MISSING], bytes([1, 2, 3, 4])))
        shard[4] ^= 1
        with pytest.warns(UserWarning, match=r"Damaged chunk a/c/0: shown empty.*checksum"):
            found, _ = self.read(bytes(shard), 0, 4)
        assert found == [7, 7, 7, 7]


@pytest.mark.filterwarnings("default::napari_ome_zip.pixels.damage.DamagedChunkWarning")
@pytest.mark.parametrize("compressor", [None, ZstdCodec(), GzipCodec(), BloscCodec()])
def test_a_chunk_of_another_size_is_damage_not_pixels(compressor: Any) -> None:
    options = {"chunks": (4,), "compressors": [] if compressor is None else [compressor]}
    entries = HierarchyBuilder().array("a", np.arange(4, dtype="u1"), **options).entries
    longer = HierarchyBuilder().array("a", np.arange(8, dtype="u1"), **{**options, "chunks": (8,)})
    array = of_entries({**entries, "a/c/0": longer.entries["a/c/0"]})
    with pytest.warns(UserWarning, match="Damaged chunk a/c/0"):
        assert array[:].tolist() == [0, 0, 0, 0]


BLOSC = numcodecs.Blosc(clevel=0).encode(np.arange(64, dtype="u1"))
ZSTD = numcodecs.Zstd(1).encode(np.zeros(10_000_000, "u1"))


@pytest.mark.filterwarnings("default::napari_ome_zip.pixels.damage.DamagedChunkWarning")
@pytest.mark.parametrize(
    ("compressor", "content", "why"),
    [
        (BloscCodec(), BLOSC[:40], "incomplete"),
        (BloscCodec(), BLOSC[:10], "incomplete"),
        (BloscCodec(), b"", "incomplete"),
        (BloscCodec(), BLOSC[:4] + b"\xff\xff\xff\x7f" + BLOSC[8:], "claims to hold 2,147,483,647"),
        (ZstdCodec(), ZSTD, "claims to hold 10,000,000"),
        (ZstdCodec(), ZSTD[:5], "Damaged"),
        (GzipCodec(), gzip.compress(bytes(10_000_000)), "more than the 64"),
        (GzipCodec(), gzip.compress(bytes(64))[:-4], "its end is missing"),
    ],
)
def test_bytes_are_not_trusted_for_what_they_say_of_themselves(
    compressor: Any, content: bytes, why: str
) -> None:
    """C libraries read as much as a header says, and make room for as much as it claims."""
    options = {"chunks": (64,), "compressors": [compressor]}
    entries = HierarchyBuilder().array("a", np.ones(64, "u1"), **options).entries
    array = of_entries({**entries, "a/c/0": content})
    with pytest.warns(UserWarning, match=why):
        assert not array[:].any()


def test_a_file_of_several_gzip_members_is_read() -> None:
    options = {"chunks": (64,), "compressors": [GzipCodec()]}
    entries = HierarchyBuilder().array("a", np.ones(64, "u1"), **options).entries
    both = gzip.compress(bytes(range(32))) + gzip.compress(bytes(range(32, 64)))
    assert of_entries({**entries, "a/c/0": both})[:].tolist() == list(range(64))


def test_zstandard_frames_of_every_size_are_read() -> None:
    for size in (1, 255, 256, 65_791, 65_792, 300_000):
        options = {"chunks": (size,), "compressors": [ZstdCodec()]}
        pixels = np.random.default_rng(size).integers(1, 255, size, dtype=np.uint8)
        entries = HierarchyBuilder().array("a", pixels, **options).entries
        np.testing.assert_array_equal(of_entries(entries)[:], pixels)


def test_a_single_number_is_read() -> None:
    entries = HierarchyBuilder().array("a", np.array(5, "<f8"), compressors=[]).entries
    assert of_entries(entries).read(()) == 5
    gone = {key: value for key, value in entries.items() if is_document(key)}
    assert of_entries(gone).read(()) == 0
