"""Decoded chunks are kept once, for viewers alone, within a limit, and go with their array."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dask.array as da
import numpy as np
import pytest

import napari_ome_zip
from folders import folder_of
from hierarchy_builder import HierarchyBuilder
from napari_ome_zip.pixels import decoded_chunks
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.byte_codecs import Bytes, Content
from napari_ome_zip.pixels.chunk_codecs import ChunkCodec
from napari_ome_zip.pixels.decoded_chunks import DecodedChunks, clear_cache, keeping
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.storage import ArchiveStore, DirectoryStore, HierarchyStore, MappingStore
from napari_ome_zip.storage.hierarchy import Hierarchy

PIXELS = np.arange(16 * 64 * 64, dtype=np.uint16).reshape(16, 64, 64)
CHUNK = (8, 32, 32)
CHUNK_BYTES = 8 * 32 * 32 * 2


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    clear_cache()
    before = napari_ome_zip.cache_size()
    yield
    napari_ome_zip.set_cache_size(before)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of every chunk that was decoded, one after the other."""
    calls: list[int] = []
    decode = ChunkCodec.decode_into

    def counted(self: ChunkCodec, content: Content, out: Bytes) -> None:
        calls.append(len(calls))
        decode(self, content, out)

    monkeypatch.setattr(ChunkCodec, "decode_into", counted)
    return calls


def array_in(store: HierarchyStore) -> ChunkedArray:
    node = Hierarchy(store).node("a")
    assert node is not None
    return ChunkedArray(store, node)


@pytest.fixture(params=[None, PIXELS.shape], ids=["chunks", "shards"])
def shards(request: pytest.FixtureRequest) -> tuple[int, ...] | None:
    found: tuple[int, ...] | None = request.param
    return found


@pytest.fixture
def builder(shards: tuple[int, ...] | None) -> HierarchyBuilder:
    return HierarchyBuilder().array("a", PIXELS, chunks=CHUNK, shards=shards)


@pytest.fixture
def pixels(builder: HierarchyBuilder, tmp_path: Path) -> da.Array:
    return lazy(array_in(ArchiveStore(builder.archive(tmp_path / "a.ozx"))))


def test_planes_of_the_same_chunks_decode_them_once(pixels: da.Array, decoded: list[int]) -> None:
    for z in range(8):
        np.testing.assert_array_equal(np.asarray(pixels[z]), PIXELS[z])
    assert len(decoded) == 4
    np.testing.assert_array_equal(np.asarray(pixels[8]), PIXELS[8])
    assert len(decoded) == 8


def test_other_parts_of_what_is_kept_are_right(pixels: da.Array, decoded: list[int]) -> None:
    np.asarray(pixels[:, 0])
    np.testing.assert_array_equal(np.asarray(pixels[3:9, 10:20, 20:50]), PIXELS[3:9, 10:20, 20:50])
    assert len(decoded) == 4


def test_what_was_shown_may_be_changed(pixels: da.Array) -> None:
    np.asarray(pixels[0])[...] = 7
    np.testing.assert_array_equal(np.asarray(pixels[0]), PIXELS[0])


def test_a_computation_keeps_nothing(pixels: da.Array, decoded: list[int]) -> None:
    for _ in range(2):
        np.testing.assert_array_equal(pixels.compute(scheduler="threads"), PIXELS)
    assert len(decoded) == 16


def test_strict_reading_reads_again(pixels: da.Array, decoded: list[int]) -> None:
    np.asarray(pixels[0])
    before = len(decoded)
    with strict_reading():
        np.testing.assert_array_equal(np.asarray(pixels[0]), PIXELS[0])
    with strict_reading():
        np.asarray(pixels[8])
    np.asarray(pixels[8])
    assert len(decoded) == before + 4  # strict reading neither used nor kept any


def test_what_exceeds_half_of_the_cache_is_not_kept(pixels: da.Array, decoded: list[int]) -> None:
    napari_ome_zip.set_cache_size(8 * CHUNK_BYTES - 2)
    np.asarray(pixels[0])
    np.asarray(pixels[0])
    assert len(decoded) == 8


def test_nothing_is_kept_where_the_size_is_0(pixels: da.Array, decoded: list[int]) -> None:
    napari_ome_zip.set_cache_size(0)
    np.asarray(pixels[0])
    np.asarray(pixels[0])
    assert len(decoded) == 8
    assert decoded_chunks._cache.nbytes == 0


def test_what_was_not_used_for_longest_goes(pixels: da.Array, decoded: list[int]) -> None:
    np.asarray(pixels[:, :32, :32])
    napari_ome_zip.set_cache_size(13 * CHUNK_BYTES // 2)
    for corner in ((32, 0), (0, 32), (0, 0), (32, 32)):
        y, x = corner
        np.asarray(pixels[:, y : y + 32, x : x + 32])
        assert decoded_chunks._cache.nbytes <= 13 * CHUNK_BYTES // 2
    before = len(decoded)
    assert before == 8  # the first corner was still kept when it was asked for again
    np.asarray(pixels[:, :32, :32])
    assert len(decoded) == before
    np.asarray(pixels[:, 32:, :32])
    assert len(decoded) == before + 2


def test_they_go_with_their_array(pixels: da.Array, builder: HierarchyBuilder) -> None:
    array = array_in(MappingStore(builder.entries))
    with keeping(0):
        array[0]
    assert decoded_chunks._cache.nbytes > 0
    del array
    gc.collect()
    assert decoded_chunks._cache.nbytes == 0


def test_they_go_later_where_the_cache_is_in_use(decoded: list[int]) -> None:
    kept = DecodedChunks()
    kept.put([(0,)], PIXELS[:1])
    with decoded_chunks._cache._lock:
        del kept  # as when Python takes an object apart while this thread works in the cache
        gc.collect()
    assert decoded_chunks._cache.nbytes > 0
    other = DecodedChunks()
    other.put([(0,)], PIXELS[:1, :1])
    assert decoded_chunks._cache.nbytes < PIXELS[:1].nbytes


def test_a_folder_may_change_while_it_is_open(
    builder: HierarchyBuilder, shards: tuple[int, ...] | None, tmp_path: Path
) -> None:
    pixels = lazy(array_in(DirectoryStore(folder_of(builder, tmp_path))))
    np.asarray(pixels[0])
    folder_of(HierarchyBuilder().array("a", PIXELS + 1, chunks=CHUNK, shards=shards), tmp_path)
    np.testing.assert_array_equal(np.asarray(pixels[0]), PIXELS[0] + 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_begins_empty() -> None:
    kept = DecodedChunks()
    kept.put([(0,)], PIXELS[:1])
    with decoded_chunks._cache._lock:  # held by a thread that does not live in the child
        child = os.fork()
        if not child:
            os._exit(int(kept.get_all([(0,)]) != [None]))
    assert os.waitpid(child, 0)[1] == 0
    assert kept.get_all([(0,)])[0] is not None


def test_the_size_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        napari_ome_zip.set_cache_size(-1)


@pytest.mark.parametrize(("value", "size"), [("256", 256 << 20), ("", 1 << 30), ("lots", 1 << 30)])
def test_the_environment_sets_the_size(value: str, size: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import napari_ome_zip; print(napari_ome_zip.cache_size())"],
        env={**os.environ, decoded_chunks.CACHE_VARIABLE: value},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == size
