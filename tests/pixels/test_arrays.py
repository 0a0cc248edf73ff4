"""Regions of Zarr arrays against NumPy, whatever the chunks, codecs, order and damage."""

from __future__ import annotations

import math
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.abc.codec import BytesBytesCodec
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    Crc32cCodec,
    GzipCodec,
    TransposeCodec,
    ZstdCodec,
)
from zarr.registry import register_codec

from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip.errors import MetadataError
from napari_ome_zip.names import is_document
from napari_ome_zip.pixels import chunk_reader
from napari_ome_zip.pixels.array_facts import array_facts
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.chunk_codecs import ChunkCodec
from napari_ome_zip.pixels.damage import MAX_DAMAGE_REPORTS, DamagedChunkWarning
from napari_ome_zip.pixels.lazy import MAX_BLOCKS, TARGET_BLOCK_BYTES, block_shape, lazy
from napari_ome_zip.pixels.zarr_codec import ZarrCodec
from napari_ome_zip.storage import HierarchyStore, MappingStore, open_store
from napari_ome_zip.storage.hierarchy import Hierarchy
from recording import CountingArchive, RecordingStore

DTYPES = ("u1", "<u2", ">u2", "i4", ">i8", "f4", ">f8", "f2", "?", "c8")


def opened(source: HierarchyBuilder | HierarchyStore, path: str = "a") -> ChunkedArray:
    store = source if isinstance(source, HierarchyStore) else MappingStore(source.entries)
    node = Hierarchy(store).node(path)
    assert node is not None
    return ChunkedArray(store, node)


@st.composite
def stored_arrays(draw: st.DrawFn) -> tuple[HierarchyBuilder, np.ndarray]:
    """An array in any of the ways it can be stored, and the pixels it must show."""
    zarr_format = draw(st.sampled_from([2, 3]))
    ndim = draw(st.integers(1, 4))
    shape = tuple(draw(st.integers(1, 7)) for _ in range(ndim))
    chunks = tuple(draw(st.integers(1, 5)) for _ in range(ndim))
    data = (ramp(shape, "i4") + 1).astype(draw(st.sampled_from(DTYPES)))
    options: dict[str, Any] = {"chunks": chunks, "fill_value": draw(st.sampled_from([0, 1]))}
    stored = chunks
    if zarr_format == 2:
        options["order"] = draw(st.sampled_from("CF"))
        separator = draw(st.sampled_from("./"))
        options["chunk_key_encoding"] = {"name": "v2", "separator": separator}
        if draw(st.booleans()) and data.dtype.kind in "iu":
            options["filters"] = [numcodecs.Delta(dtype=data.dtype)]
        old_codecs = [None, numcodecs.Blosc(), numcodecs.GZip(), numcodecs.Zstd(), numcodecs.LZ4()]
        options["compressors"] = draw(st.sampled_from(old_codecs))
    else:
        big = data.dtype.byteorder == ">"
        options["serializer"] = BytesCodec(endian="big" if big else "little")
        if draw(st.booleans()):
            options["filters"] = [TransposeCodec(order=draw(st.permutations(range(ndim))))]
        codecs = [BloscCodec(), GzipCodec(), ZstdCodec(), Crc32cCodec()]
        options["compressors"] = draw(st.lists(st.sampled_from(codecs), max_size=2, unique_by=type))
        if draw(st.booleans()):
            stored = tuple(n * draw(st.integers(1, 3)) for n in chunks)
            location = draw(st.sampled_from(["start", "end"]))
            options["shards"] = {"shape": stored, "index_location": location}
        else:
            separator = draw(st.sampled_from("./"))
            options["chunk_key_encoding"] = {"name": "default", "separator": separator}
    builder = HierarchyBuilder(zarr_format).array("a", data, **options)
    expected = data.astype(data.dtype.newbyteorder("="))
    _lose_some(draw, builder, expected, stored, options["fill_value"])
    return builder, expected


def _lose_some(
    draw: st.DrawFn,
    builder: HierarchyBuilder,
    expected: np.ndarray,
    stored: tuple[int, ...],
    fill: int,
) -> None:
    """Take some stored chunks away: they read as the fill value."""
    there = [key for key in builder.entries if not is_document(key)]
    for key in draw(st.lists(st.sampled_from(there), max_size=2, unique=True)) if there else ():
        numbers = tuple(int(n) for n in re.findall(r"\d+", key.removeprefix("a/")))
        assert len(numbers) == expected.ndim
        builder.remove(key)
        region = tuple(slice(i * s, (i + 1) * s) for i, s in zip(numbers, stored, strict=True))
        expected[region] = fill


@st.composite
def keys(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[Any, ...]:
    def one(size: int) -> Any:
        if draw(st.booleans()):
            return draw(st.integers(-size, size - 1))
        bound = st.one_of(st.none(), st.integers(-size - 2, size + 2))
        step = draw(st.sampled_from([None, 1, 2, 3, -1, -2]))
        return slice(draw(bound), draw(bound), step)

    length = draw(st.integers(0, len(shape)))
    return tuple(one(size) for size in shape[:length])


class TestRegions:
    @settings(max_examples=150, deadline=None)
    @given(st.data(), stored_arrays())
    def test_every_region_is_what_numpy_finds(self, data: Any, stored: Any) -> None:
        builder, expected = stored
        array = opened(builder)
        assert array.shape == expected.shape
        assert array.dtype == expected.dtype
        for _ in range(3):
            key = data.draw(keys(expected.shape))
            found = array[key]
            np.testing.assert_array_equal(found, expected[key])
            assert np.asarray(found).dtype == expected.dtype
            assert np.asarray(found).dtype.isnative

    @settings(max_examples=30, deadline=None)
    @given(stored_arrays())
    def test_the_lazy_array_and_a_pickled_copy_hold_the_same(self, stored: Any) -> None:
        builder, expected = stored
        array = pickle.loads(pickle.dumps(opened(builder)))
        np.testing.assert_array_equal(array[()], expected)
        blocks = lazy(array)
        assert (blocks.shape, blocks.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_array_equal(blocks.compute(scheduler="synchronous"), expected)

    def test_only_the_chunks_of_a_region_are_read(self) -> None:
        builder = HierarchyBuilder().array("a", ramp((4, 6, 6)), chunks=(2, 2, 3))
        store = RecordingStore.of(builder.entries)
        opened(store)[1, 2:4, 3]
        assert store.chunks_read == ["a/c/0/1/1"]
        store.chunks_read.clear()
        opened(store)[2:2]
        assert not store.chunks_read

    def test_a_v2_array_without_a_fill_value_shows_0_where_nothing_is(self) -> None:
        builder = HierarchyBuilder(2).array("a", ramp((4,)), chunks=(2,), fill_value=None)
        builder.remove("a/0")
        np.testing.assert_array_equal(opened(builder)[()], [0, 0, 2, 3])


class TestOtherCodecs:
    class Reversed(BytesBytesCodec):
        """A codec that can only be awaited."""

        is_fixed_size = True

        @classmethod
        def from_dict(cls, data: Any) -> TestOtherCodecs.Reversed:
            return cls()

        def to_dict(self) -> Any:
            return {"name": "test.reversed", "configuration": {}}

        async def _decode_single(self, chunk_data: Any, chunk_spec: Any) -> Any:
            content = chunk_data.to_bytes()
            if content == b"damaged":
                raise ValueError("it is damaged")
            return chunk_spec.prototype.buffer.from_bytes(content[::-1])

        async def _encode_single(self, chunk_data: Any, chunk_spec: Any) -> Any:
            return chunk_spec.prototype.buffer.from_bytes(chunk_data.to_bytes()[::-1])

        def compute_encoded_size(self, input_byte_length: int, chunk_spec: Any) -> int:
            return input_byte_length

    @pytest.fixture
    def builder(self) -> HierarchyBuilder:
        register_codec("test.reversed", self.Reversed)
        return HierarchyBuilder().array(
            "a", ramp((4, 6)), chunks=(2, 3), compressors=[self.Reversed()]
        )

    def test_a_codec_that_cannot_decode_at_once_is_left_to_zarr(
        self, builder: HierarchyBuilder
    ) -> None:
        array = opened(builder)
        assert isinstance(array_facts(array._node).codec, ZarrCodec)
        np.testing.assert_array_equal(array[1:, 2:5], ramp((4, 6))[1:, 2:5])

    def test_a_damaged_chunk_is_isolated_there_too(self, builder: HierarchyBuilder) -> None:
        builder.put("a/c/1/0", b"damaged")
        expected = ramp((4, 6))
        expected[2:, :3] = 0
        with pytest.warns(DamagedChunkWarning, match=r"a/c/1/0.*it is damaged"):
            found = opened(builder)[()]
        np.testing.assert_array_equal(found, expected)

    def test_chunks_of_differing_sizes_are_left_to_zarr(self) -> None:
        builder = HierarchyBuilder()
        with zarr.config.set({"array.rectilinear_chunks": True}), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            builder.array("a", ramp((5, 6)), chunks=[[2, 3], [1, 2, 3]])
            array = opened(builder)
            np.testing.assert_array_equal(array[1:4, 2:], ramp((5, 6))[1:4, 2:])
            assert block_shape(array.shape, array.chunks, 2) == (5, 6)


class TestDamage:
    """A chunk that cannot be read is the fill value, is said once, by name, and nothing else is."""

    def test_one_of_many_chunks(self) -> None:
        data = ramp((4, 6)) + 1
        builder = HierarchyBuilder().array(
            "a", data, chunks=(2, 3), fill_value=9, compressors=GzipCodec()
        )
        array = opened(builder.put("a/c/0/1", b"not gzip"))
        data[:2, 3:] = 9
        with pytest.warns(DamagedChunkWarning, match=r"Damaged chunk a/c/0/1: shown empty") as said:
            found = [array[()] for _ in range(3)]
        assert len(said) == 1
        for pixels in found:
            np.testing.assert_array_equal(pixels, data)

    def test_one_inner_chunk_of_a_shard(self) -> None:
        data = ramp((4, 8)) + 1
        codecs = {"compressors": [Crc32cCodec()], "filters": []}
        builder = HierarchyBuilder().array("a", data, chunks=(2, 2), shards=(4, 8), **codecs)
        # The last bytes are an index of (offset, length) in C order, and its checksum.
        shard = bytearray(builder.entries["a/c/0/0"])
        index = np.frombuffer(shard[-8 * 16 - 4 : -4], "<u8").reshape(2, 4, 2)
        shard[int(index[1, 2, 0])] ^= 0xFF
        array = opened(builder.put("a/c/0/0", bytes(shard)))
        data[2:, 4:6] = 0
        with pytest.warns(DamagedChunkWarning, match=r"a/c/0/0, inner chunk \(1, 2\)") as said:
            found = [array[()] for _ in range(2)][1]
        assert len(said) == 1
        np.testing.assert_array_equal(found, data)
        np.testing.assert_array_equal(array[:2], data[:2])

    def test_one_inner_chunk_of_a_shard_in_an_archive_that_knows_its_checksum(
        self, tmp_path: Path
    ) -> None:
        data = ramp((4, 8)) + 1
        builder = HierarchyBuilder().array("a", data, chunks=(2, 2), shards=(4, 8))
        path = builder.archive(tmp_path / "a.ozx")
        shard = builder.entries["a/c/0/0"]
        index = np.frombuffer(shard[-8 * 16 - 4 : -4], "<u8").reshape(2, 4, 2)
        content = bytearray(path.read_bytes())
        content[content.index(shard) + int(index[0, 1, 0]) + 4] ^= 0xFF
        path.write_bytes(content)
        data[:2, 2:4] = 0
        with pytest.warns(DamagedChunkWarning, match=r"a/c/0/0") as said:
            found = opened(open_store(path))[()]
        assert len(said) == 1
        np.testing.assert_array_equal(found, data)

    def test_a_shard_whose_index_is_damaged(self) -> None:
        builder = HierarchyBuilder().array("a", ramp((4, 8)), chunks=(2, 2), shards=(4, 4))
        shard = bytearray(builder.entries["a/c/0/1"])
        shard[-10] ^= 0xFF
        array = opened(builder.put("a/c/0/1", bytes(shard)))
        expected = ramp((4, 8))
        expected[:, 4:] = 0
        with pytest.warns(DamagedChunkWarning, match="a/c/0/1: shown empty") as said:
            found = [array[()] for _ in range(2)][1]
        assert len(said) == 1
        np.testing.assert_array_equal(found, expected)

    @pytest.mark.parametrize("content", [b"", b"x", bytes(11), bytes(1000)])
    def test_raw_bytes_of_a_wrong_length(self, content: bytes) -> None:
        builder = HierarchyBuilder().array("a", ramp((2, 6)), chunks=(2, 3), compressors=[])
        array = opened(builder.put("a/c/0/0", content))
        np.testing.assert_array_equal(array[:, 3:], ramp((2, 6))[:, 3:])
        with pytest.warns(DamagedChunkWarning, match="a/c/0/0"):
            found = array[:, :3]
        np.testing.assert_array_equal(found, 0)

    def test_many_are_not_all_listed(self) -> None:
        builder = HierarchyBuilder().array(
            "a", ramp((20,)), chunks=(1,), compressors=GzipCodec(), fill_value=0
        )
        for number in range(1, 20):
            builder.put(f"a/c/{number}", b"bad")
        with pytest.warns(DamagedChunkWarning) as said:
            assert not opened(builder)[()].any()
        assert len(said) == MAX_DAMAGE_REPORTS + 1
        assert "More chunks of 'a' are damaged" in str(said[-1].message)

    @pytest.mark.parametrize("kept", [0, 16, 40])
    @pytest.mark.parametrize("claimed", [0, 1 << 26])
    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_a_cut_chunk_of_blosc_shows_no_stray_memory(
        self, zarr_format: int, claimed: int, kept: int
    ) -> None:
        options: dict[str, Any] = {"order": "F", "compressors": numcodecs.Blosc("lz4", 0)}
        if zarr_format == 3:
            options = {
                "filters": [TransposeCodec(order=(1, 0))],
                "compressors": BloscCodec(cname="lz4", clevel=0),
            }
        pixels = np.arange(1, 65, dtype="u1").reshape(8, 8)
        builder = HierarchyBuilder(zarr_format).array("a", pixels, chunks=(8, 8), **options)
        name = next(name for name in builder.entries if not is_document(name))
        content = bytearray(builder.entries[name])
        assert len(content) == 16 + 64
        if claimed:  # the decoded size, that of a block, and the encoded size
            for at, value in ((4, claimed), (8, claimed), (12, claimed + 16)):
                content[at : at + 4] = value.to_bytes(4, "little")
        builder.put(name, bytes(content[:kept]))
        with pytest.warns(DamagedChunkWarning, match=f"only {kept} bytes are there"):
            assert not opened(builder)[:].any()

    def test_a_whole_shard_is_verified_however_many_chunks_it_has(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chunk_reader, "MAX_AT_ONCE", 2)
        builder = HierarchyBuilder().array(
            "a", ramp((8,), "u1") + 1, chunks=(1,), shards=(8,), compressors=None
        )
        path = builder.archive(tmp_path / "a.ozx")
        data = bytearray(path.read_bytes())
        data[data.index(builder.entries["a/c/0"]) + 5] ^= 0xFF
        path.write_bytes(data)
        with pytest.warns(DamagedChunkWarning, match="its checksum is"):
            opened(open_store(path))[:]

    @pytest.mark.parametrize("shards", [None, (4,)])
    def test_a_lack_of_memory_is_no_damage(
        self, shards: tuple[int, ...] | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        array = opened(HierarchyBuilder().array("a", ramp((4,)), chunks=(2,), shards=shards))

        def fail(*_: Any) -> None:
            raise MemoryError

        monkeypatch.setattr(ChunkCodec, "decode_into", fail)
        with pytest.raises(MemoryError):
            array[()]


class TestDocuments:
    def test_an_empty_list_of_filters_is_none(self) -> None:
        builder = HierarchyBuilder(2).array("a", ramp((4,))).edit("a/.zarray", filters=[])
        np.testing.assert_array_equal(opened(builder)[()], ramp((4,)))

    @pytest.mark.parametrize(
        "changes",
        [
            {"data_type": "quaternion"},
            {"codecs": [{"name": "superzip"}]},
            {"codecs": []},
            {"shape": [-4]},
            {"shape": "large"},
            {"chunk_grid": {"name": "hexagonal"}},
            {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [0]}}},
            {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 2]}}},
            {"chunk_key_encoding": {"name": "secret"}},
            {"fill_value": "nothing"},
            {"fill_value": None},
            {"storage_transformers": [{"name": "x", "must_understand": True}]},
        ],
    )
    def test_what_cannot_be_read_is_a_clear_error(self, changes: dict[str, Any]) -> None:
        builder = HierarchyBuilder().array("a", ramp((4,))).edit("a/zarr.json", **changes)
        with pytest.raises(MetadataError, match=r"^Array 'a' cannot be read: .{8,}"):
            opened(builder)


shapes_and_chunks = st.lists(
    st.tuples(st.integers(1, 10**6), st.integers(1, 5000)), min_size=1, max_size=5
)


class TestBlocks:
    @given(shapes_and_chunks, st.sampled_from([1, 2, 4, 8]))
    def test_blocks_are_whole_chunks_neither_many_nor_large(
        self, sizes: list[tuple[int, int]], itemsize: int
    ) -> None:
        shape, chunks = zip(*sizes, strict=True)
        block = block_shape(shape, chunks, itemsize)
        first = [min(c, n) for c, n in zip(chunks, shape, strict=True)]
        for size, chunk, side in zip(shape, first, block, strict=True):
            assert side == size or side % chunk == 0
            assert chunk <= side <= size
        count = math.prod(-(-n // b) for n, b in zip(shape, block, strict=True))
        assert count <= MAX_BLOCKS
        few = math.prod(-(-n // b) for n, b in zip(shape, first, strict=True)) <= MAX_BLOCKS
        if few:
            largest = max(TARGET_BLOCK_BYTES, math.prod(first) * itemsize)
            assert math.prod(block) * itemsize <= largest
            assert list(block[:-2]) == first[:-2]

    def test_small_chunks_of_a_plane_are_taken_together(self) -> None:
        assert block_shape((50, 2048, 2048), (1, 64, 64), 2) == (1, 1024, 1024)
        assert block_shape((50, 100, 90), (1, 64, 64), 2) == (1, 100, 90)
        assert block_shape((4, 4000, 4000), (1, 4000, 4000), 2) == (1, 4000, 4000)


@pytest.mark.parametrize("compressor", [None, ZstdCodec()])
def test_a_plane_of_a_sharded_array_reads_little_more_than_its_chunks(
    tmp_path: Any, compressor: Any
) -> None:
    rng = np.random.default_rng(0)
    data = rng.integers(0, 2**16, (16, 128, 128), dtype=np.uint16)
    options = {"chunks": (1, 32, 32), "shards": (16, 64, 64)}
    options["compressors"] = [] if compressor is None else [compressor]
    builder = HierarchyBuilder().image(data, "zyx", options=options)
    store = CountingArchive.of(builder.archive(tmp_path / "a.ozx"))
    blocks = lazy(opened(store, "0"))
    store.bytes_read = 0
    np.testing.assert_array_equal(blocks[5].compute(scheduler="synchronous"), data[5])
    assert data[5].nbytes <= store.bytes_read <= 2 * data[5].nbytes
