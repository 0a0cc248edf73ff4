"""Reading entries of an archive: exactly the bytes that are needed, and never wrong ones."""

from __future__ import annotations

import bz2
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zarr
from numcodecs.zstd import Zstd
from zarr.abc.buffer import Buffer
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.buffer import default_buffer_prototype
from zarr.storage import MemoryStore

from napari_ome_zip.errors import ArchiveError, DamagedEntryError
from napari_ome_zip.storage import ArchiveStore
from napari_ome_zip.storage import archive_store as module
from zipbuilder import DATA_DESCRIPTOR, DEFLATE, Entry, build_zip, ome_comment

BZIP2, LZMA, ZSTD = 12, 14, 93
PIXELS = bytes(range(256)) * 40


class CountingStore(ArchiveStore):
    """Counts the bytes that are read of the file."""

    bytes_read = 0
    reads = 0

    def _pread(self, offset: int, length: int) -> bytes:
        data = super()._pread(offset, length)
        self.bytes_read += len(data)
        self.reads += 1
        return data


def store_of(folder: Path, *entries: Entry) -> CountingStore:
    path = folder / "a.ozx"
    path.write_bytes(build_zip(entries))
    return CountingStore(path)


def read(store: ArchiveStore, key: str, byte_range: object = None) -> bytes:
    buffer = store.get_sync(key, byte_range=byte_range)  # type: ignore[arg-type]
    assert buffer is not None
    return buffer.to_bytes()


def test_a_whole_entry_takes_one_read(tmp_path: Path) -> None:
    store = store_of(tmp_path, Entry("0/c/0", PIXELS, zip64_local=True), Entry("b", PIXELS))
    assert read(store, "0/c/0") == PIXELS
    assert store.reads == 1


def test_a_long_local_header_takes_two(tmp_path: Path) -> None:
    store = store_of(tmp_path, Entry("a", PIXELS, extra=b"\xfe\xca\x2c\x01" + bytes(300)))
    assert read(store, "a") == PIXELS
    assert store.reads == 2


def test_a_range_reads_its_bytes_and_one_local_header(tmp_path: Path) -> None:
    store = store_of(tmp_path, Entry("a", PIXELS))
    assert read(store, "a", RangeByteRequest(1000, 1010)) == PIXELS[1000:1010]
    assert store.bytes_read == 30 + 10
    assert read(store, "a", SuffixByteRequest(7)) == PIXELS[-7:]
    assert read(store, "a", OffsetByteRequest(len(PIXELS) - 3)) == PIXELS[-3:]
    assert store.bytes_read == 30 + 10 + 7 + 3


def test_ranges_that_touch_are_read_at_once_and_gaps_are_not(tmp_path: Path) -> None:
    store = store_of(tmp_path, Entry("a", PIXELS))
    touching = [RangeByteRequest(i * 100, i * 100 + 100) for i in (2, 0, 1)]
    apart = [RangeByteRequest(5000, 5100), RangeByteRequest(9000, 9100)]
    found = store.get_ranges_sync("a", touching + apart, prototype=default_buffer_prototype())
    expected = {i: PIXELS[r.start : r.end] for i, r in enumerate(touching + apart)}
    assert {i: buffer.to_bytes() for i, buffer in found if buffer is not None} == expected
    assert store.reads == 1 + 3
    assert store.bytes_read == 30 + 500


async def test_ranges_are_the_same_without_waiting(tmp_path: Path) -> None:
    store = store_of(tmp_path, Entry("a", PIXELS), Entry("b", PIXELS, DEFLATE))
    requests = [RangeByteRequest(0, 10), None, SuffixByteRequest(5), RangeByteRequest(99, 120)]
    prototype = default_buffer_prototype()
    for key in "ab":
        found = {}
        async for batch in store.get_ranges(key, requests, prototype=prototype):
            found |= {i: buffer.to_bytes() for i, buffer in batch if buffer is not None}
        waited = store.get_ranges_sync(key, requests, prototype=prototype)
        assert found == {i: buffer.to_bytes() for i, buffer in waited if buffer is not None}
    with pytest.raises(BaseExceptionGroup) as caught:
        store.get_ranges_sync("none", requests, prototype=prototype)
    assert caught.group_contains(FileNotFoundError)


async def test_long_reads_are_the_same_as_short_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(tmp_path, Entry("a", PIXELS))
    monkeypatch.setattr(module, "_LONG_READ", 1)
    buffer = await store.get("a", default_buffer_prototype())
    assert buffer is not None
    assert buffer.to_bytes() == PIXELS


def zstd(data: bytes) -> bytes:
    return bytes(Zstd(3).encode(data))


def lzma_payload(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", data)
        (info,) = archive.infolist()
    start = 30 + len("a")
    return target.getvalue()[start : start + info.compress_size]


def compressed(method: int, data: bytes = PIXELS) -> Entry:
    payloads = {BZIP2: bz2.compress, LZMA: lzma_payload, ZSTD: zstd}
    flags = 2 if method == LZMA else None  # the standard library marks the end of the stream
    payload = payloads[method](data) if method in payloads else None
    return Entry("a", data, method, payload=payload, flags=flags)


@pytest.mark.parametrize("method", [DEFLATE, BZIP2, LZMA, ZSTD])
def test_compressed_entries_are_decoded_once_for_all_their_ranges(
    tmp_path: Path, method: int
) -> None:
    store = store_of(tmp_path, compressed(method))
    assert read(store, "a", RangeByteRequest(1000, 1010)) == PIXELS[1000:1010]
    assert read(store, "a") == PIXELS
    assert read(store, "a", SuffixByteRequest(10)) == PIXELS[-10:]
    assert store.reads == 1


@pytest.mark.parametrize("method", [DEFLATE, BZIP2, LZMA, ZSTD])
def test_empty_entries_may_be_compressed(tmp_path: Path, method: int) -> None:
    assert read(store_of(tmp_path, compressed(method, b"")), "a") == b""


@pytest.mark.parametrize("method", [DEFLATE, BZIP2, LZMA, ZSTD])
@pytest.mark.parametrize("change", [-1, 1])
def test_a_wrong_size_of_a_compressed_entry_is_damage(
    tmp_path: Path, method: int, change: int
) -> None:
    entry = compressed(method)
    entry.size = len(PIXELS) + change
    with pytest.raises(DamagedEntryError, match=r"'a' is damaged"):
        read(store_of(tmp_path, entry), "a")


@pytest.mark.parametrize("method", [DEFLATE, BZIP2, LZMA, ZSTD])
def test_bytes_that_do_not_unpack_are_damage(tmp_path: Path, method: int) -> None:
    entry = Entry("a", PIXELS, method, payload=b"\xff" * 2000)
    with pytest.raises(DamagedEntryError, match=r"'a' is damaged"):
        read(store_of(tmp_path, entry), "a")


@pytest.mark.parametrize("method", [DEFLATE, BZIP2, LZMA, ZSTD])
def test_what_claims_too_much_is_refused_by_its_claim(tmp_path: Path, method: int) -> None:
    store = store_of(tmp_path, Entry("a", b"", method, payload=b"x" * 50, size=(1 << 30) + 1))
    with pytest.raises(ArchiveError, match=r"more than the 1,073,741,824"):
        store.get_sync("a")
    assert store.reads == 0


@pytest.mark.parametrize("method", [DEFLATE, ZSTD])
def test_what_cannot_unpack_to_its_claim_is_damage(tmp_path: Path, method: int) -> None:
    store = store_of(tmp_path, Entry("a", b"", method, payload=b"x" * 50, size=1 << 29))
    with pytest.raises(DamagedEntryError, match="cannot unpack"):
        store.get_sync("a")


def test_a_stream_longer_than_its_claim_is_not_unpacked_further(tmp_path: Path) -> None:
    zeros = bytes(50 << 20)
    entry = Entry("a", zeros, DEFLATE, size=100)
    with pytest.raises(DamagedEntryError, match="more than 100 bytes"):
        read(store_of(tmp_path, entry), "a")


def test_decoded_content_is_kept_up_to_a_number_of_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DECODED_CACHE_BYTES", 25_000)
    store = store_of(tmp_path, *(Entry(name, PIXELS, DEFLATE) for name in "abc"))
    for name in "abab":
        assert read(store, name) == PIXELS
    assert store.reads == 2
    assert read(store, "c") == PIXELS  # takes the place of a, the longest unused
    assert read(store, "b") == PIXELS
    assert store.reads == 3
    assert read(store, "a") == PIXELS
    assert store.reads == 4


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Entry("a", PIXELS, crc=5), "checksum"),
        (Entry("a", PIXELS, DEFLATE, crc=5), "checksum"),
        (Entry("a", PIXELS, offset=3), "does not begin where"),
        (Entry("a", PIXELS, offset=10**9), "file ends before"),
        (Entry("a", PIXELS, size=10**9, compressed_size=10**9), "file ends before"),
        (Entry("a", PIXELS, size=3), "its sizes differ"),
        (Entry("a", PIXELS, local_signature=b"PK\x01\x01"), "does not begin where"),
    ],
)
def test_damage_is_named(tmp_path: Path, entry: Entry, words: str) -> None:
    store = store_of(tmp_path, entry)
    with pytest.raises(DamagedEntryError, match=words) as caught:
        store.get_sync("a")
    assert caught.value.entry == "a"
    assert isinstance(caught.value, OSError)


def test_ranges_beyond_the_file_are_damage(tmp_path: Path) -> None:
    store = store_of(tmp_path, Entry("a", PIXELS, size=10**9, compressed_size=10**9))
    with pytest.raises(DamagedEntryError, match="file ends before"):
        store.get_sync("a", byte_range=RangeByteRequest(10**8, 10**8 + 5))
    store = store_of(tmp_path, Entry("a", PIXELS, offset=10**9))
    with pytest.raises(DamagedEntryError, match="does not begin where"):
        store.get_sync("a", byte_range=RangeByteRequest(0, 5))


def test_the_directory_is_believed_where_a_local_header_differs(tmp_path: Path) -> None:
    store = store_of(
        tmp_path,
        Entry("a", PIXELS, local_name="other"),
        Entry("b", PIXELS, flags=DATA_DESCRIPTOR),
        Entry("c", PIXELS, DEFLATE, flags=DATA_DESCRIPTOR),
    )
    for name in "abc":
        assert read(store, name) == PIXELS


def test_another_file_in_its_place_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    store = store_of(tmp_path, Entry("zarr.json", b"old"))
    other = tmp_path / "other"
    other.write_bytes(build_zip({"zarr.json": b"new content"}))
    other.replace(tmp_path / "a.ozx")
    assert read(store, "zarr.json") == b"old"
    assert store != ArchiveStore(tmp_path / "a.ozx")
    store.close()
    assert read(store, "zarr.json") == b"old"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_the_file_is_closed_with_the_last_store(tmp_path: Path) -> None:
    def descriptors() -> Iterator[str]:
        for link in Path("/proc/self/fd").iterdir():
            if link.exists():
                yield str(link.readlink())

    store: ArchiveStore | None = store_of(tmp_path, Entry("x/zarr.json", b"{}"))
    assert store is not None
    path = str(store.source)
    inner: ArchiveStore | None = store.at_root("x")
    store = None
    assert inner is not None
    assert path in descriptors()
    inner = None
    assert path not in descriptors()


def test_listing_is_relative_to_the_root(tmp_path: Path) -> None:
    path = tmp_path / "a.ozx"
    names = ["x/zarr.json", "x/0/zarr.json", "x/0/c/0", "xy/zarr.json", "z"]
    path.write_bytes(build_zip(dict.fromkeys(names, b"{}")))
    store = ArchiveStore(path, "x")
    assert list(store.keys()) == ["zarr.json", "0/zarr.json", "0/c/0"]
    assert store.child_names("") == ("0", "zarr.json")
    assert store.child_names("0") == store.child_names("0/") == ("c", "zarr.json")
    assert store.child_names("0/c/0") == store.child_names("none") == ()
    assert store.group_paths() == ("", "0")
    assert store == ArchiveStore(path).at_root("x")
    assert store != ArchiveStore(path)


@pytest.mark.parametrize("pipeline", ["BatchedCodecPipeline", "FusedCodecPipeline"])
def test_a_plane_of_a_sharded_array_reads_little_more_than_its_chunks(
    tmp_path: Path, pipeline: str
) -> None:
    with zarr.config.set({"codec_pipeline.path": f"zarr.core.codec_pipeline.{pipeline}"}):
        written: dict[str, Buffer] = {}
        pixels = np.random.default_rng(0).integers(0, 4000, (16, 256, 256), np.uint16)
        array = zarr.create_array(
            MemoryStore(written), name="0", data=pixels, chunks=(1, 64, 64), shards=(16, 256, 256)
        )
        assert array.shards == (16, 256, 256)
        files = {key: value.to_bytes() for key, value in written.items()}
        path = tmp_path / "a.ozx"
        path.write_bytes(build_zip(files, comment=ome_comment()))
        store = CountingStore(path)
        opened = zarr.open_array(store, path="0", mode="r")
        (shard,) = (files[name] for name in files if name.startswith("0/c/"))
        index = np.frombuffer(shard[-16 * 256 - 4 : -4], "<u8").reshape(16, 4, 4, 2)
        for plane in (0, 7, 15):
            store.bytes_read = 0
            np.testing.assert_array_equal(opened[plane], pixels[plane])
            assert store.bytes_read <= 2 * int(index[plane, :, :, 1].sum())


def test_zlib_is_what_checksums_mean(tmp_path: Path) -> None:
    entry = store_of(tmp_path, Entry("a", PIXELS)).entry("a")
    assert entry is not None
    assert entry.crc == zlib.crc32(PIXELS)
    assert entry.method_name == "stored"
    assert not entry.is_encrypted
