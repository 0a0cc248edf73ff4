"""Zarr and dask write arrays into an archive, and read from it what they wrote."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import zarr
from zarr.abc.store import (
    OffsetByteRequest,
    RangeByteRequest,
    SuffixByteRequest,
    SupportsSyncStore,
)
from zarr.core.buffer import default_buffer_prototype
from zarr.core.buffer.cpu import Buffer
from zarr.storage import MemoryStore, ZipStore

from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.storage.archive_writer import ArchiveWriter
from napari_ome_zip.storage.archive_writer_store import ArchiveWriterStore
from raw_zip import take_apart

PIXELS = np.random.default_rng(3).integers(0, 60_000, (6, 70, 90), dtype="uint16")


def documents(**array: object) -> dict[str, bytes]:
    """What Zarr writes for a group and an array in it, made in memory."""
    store = MemoryStore()
    root = zarr.create_group(store, zarr_format=3)
    root.create_array("0", shape=PIXELS.shape, dtype=PIXELS.dtype, **array)  # type: ignore[arg-type]
    return {key: value.to_bytes() for key, value in store._store_dict.items()}


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[ArchiveWriter]:
    with ArchiveWriter(tmp_path / "a.ozx", "0.5") as writer:
        yield writer


def opened(store: ArchiveWriterStore) -> zarr.Array:
    return zarr.open_array(store, path="0", mode="r+", zarr_format=3)


@pytest.mark.parametrize(
    "array",
    [
        {"chunks": (2, 32, 32)},
        {"chunks": (1, 16, 16), "shards": (2, 32, 48)},
        {"chunks": (6, 70, 90), "compressors": None},
    ],
    ids=["chunks", "shards", "uncompressed"],
)
@pytest.mark.parametrize("pipeline", ["BatchedCodecPipeline", "FusedCodecPipeline"])
def test_an_array_written_in_one_go_reads_back(
    writer: ArchiveWriter, array: dict[str, object], pipeline: str
) -> None:
    name = f"zarr.core.codec_pipeline.{pipeline}"
    if not hasattr(sys.modules["zarr.core.codec_pipeline"], pipeline):
        pytest.skip(f"this Zarr has no {pipeline}")
    writer.write_documents(documents(**array))
    with zarr.config.set({"codec_pipeline.path": name}):
        opened(ArchiveWriterStore(writer))[...] = PIXELS
    path = writer.commit()
    names = take_apart(path.read_bytes()).names
    assert names[:2] == ["zarr.json", "0/zarr.json"]
    np.testing.assert_array_equal(zarr.open_array(ZipStore(path), path="0", mode="r"), PIXELS)


def test_dask_stores_blocks_in_parallel_whatever_their_order(writer: ArchiveWriter) -> None:
    writer.write_documents(documents(chunks=(1, 10, 10), shards=(2, 30, 30)))
    target = opened(ArchiveWriterStore(writer))
    blocks = da.from_array(PIXELS, chunks=(2, 60, 30))
    da.store(blocks, target, lock=False, scheduler="threads", num_workers=8)
    path = writer.commit()
    np.testing.assert_array_equal(zarr.open_array(ZipStore(path), path="0", mode="r"), PIXELS)


def test_chunks_of_the_fill_value_are_left_out(writer: ArchiveWriter) -> None:
    writer.write_documents(documents(chunks=(1, 70, 90)))
    pixels = PIXELS.copy()
    pixels[2:5] = 0
    opened(ArchiveWriterStore(writer))[...] = pixels
    path = writer.commit()
    names = take_apart(path.read_bytes()).names
    assert sorted(names[2:]) == ["0/c/0/0/0", "0/c/1/0/0", "0/c/5/0/0"]
    np.testing.assert_array_equal(zarr.open_array(ZipStore(path), path="0", mode="r"), pixels)


def test_changing_part_of_a_written_chunk_is_refused(writer: ArchiveWriter) -> None:
    writer.write_documents(documents(chunks=(6, 70, 90)))
    array = opened(ArchiveWriterStore(writer))
    array[:3] = PIXELS[:3]
    with pytest.raises(ArchiveError, match="cover whole chunks"):
        array[3:] = PIXELS[3:]
    with pytest.raises(ArchiveError, match="Written twice"):
        array[...] = PIXELS
    with pytest.raises(ArchiveError, match="Cannot delete"):
        array[...] = 0


def test_the_same_document_again_is_accepted_and_another_one_refused(
    writer: ArchiveWriter,
) -> None:
    known = documents(chunks=(6, 70, 90))
    writer.write_documents(known)
    store = ArchiveWriterStore(writer)
    document = json.loads(known["0/zarr.json"])
    store.set_sync("0/zarr.json", Buffer.from_bytes(known["0/zarr.json"]))
    store.set_sync("0/zarr.json", Buffer.from_bytes(json.dumps(document).encode()))
    document["attributes"] = {"new": 1}
    for other in (json.dumps(document).encode(), b"no JSON"):
        with pytest.raises(ArchiveError, match="Written differently before"):
            store.set_sync("0/zarr.json", Buffer.from_bytes(other))
    with pytest.raises(ArchiveError, match=r"Too late for the document '1/zarr\.json'"):
        store.set_sync("1/zarr.json", Buffer.from_bytes(b"{}"))
    assert len(writer) == 2


def test_documents_can_be_read_by_ranges_and_what_is_absent_is_none(
    writer: ArchiveWriter,
) -> None:
    writer.write_documents({"zarr.json": b"0123456789"})
    store = ArchiveWriterStore(writer)
    assert isinstance(store, SupportsSyncStore)
    prototype = default_buffer_prototype()
    ranges = {
        None: b"0123456789",
        RangeByteRequest(2, 5): b"234",
        OffsetByteRequest(7): b"789",
        SuffixByteRequest(3): b"789",
        SuffixByteRequest(30): b"0123456789",
    }
    for request, expected in ranges.items():
        found = store.get_sync("zarr.json", byte_range=request)
        assert found is not None
        assert found.to_bytes() == expected
        awaited = asyncio.run(store.get("zarr.json", prototype, request))
        assert awaited is not None
        assert awaited.to_bytes() == expected
    assert store.get_sync("0/zarr.json") is None
    assert store.get_sync("0/c/0") is None
    assert asyncio.run(store.exists("zarr.json"))
    assert not asyncio.run(store.exists("0/c/0"))


def test_stores_of_one_writer_are_equal(writer: ArchiveWriter, tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "b.ozx", "0.5") as other:
        assert ArchiveWriterStore(writer) == ArchiveWriterStore(writer)
        assert ArchiveWriterStore(writer) != ArchiveWriterStore(other)
