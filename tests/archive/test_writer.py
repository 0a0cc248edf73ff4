"""What the archive writer writes, taken apart by its bytes and read by other programs."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import threading
import zipfile
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_ome_zip.archive.records import end_records
from napari_ome_zip.archive.writer import ArchiveWriter
from napari_ome_zip.errors import ArchiveError
from raw_zip import RawArchive, take_apart

ROOT = {"zarr.json": b'{"zarr_format": 3, "node_type": "group"}'}
COMMENT = b'{"ome": {"version": "0.5", "zipFile": {"centralDirectory": {"jsonFirst": true}}}}'

_part = st.text(st.characters(codec="utf-8", exclude_characters='/\\\0:"*<>|?'), min_size=1).filter(
    lambda part: part not in (".", "..", "zarr.json")
)
_path = st.lists(_part, min_size=1, max_size=4).map("/".join)
_contents = st.binary(max_size=300)
_groups = st.dictionaries(_path.map("{}/zarr.json".format), _contents, max_size=6)
_chunks = st.dictionaries(_path, _contents, max_size=8)


def written(
    path: Path, documents: Mapping[str, bytes], chunks: Mapping[str, bytes], version: str = "0.5"
) -> Path:
    with ArchiveWriter(path, version) as writer:
        writer.write_documents(documents)
        for name, data in chunks.items():
            writer.write(name, data)
        return writer.commit()


def raw(path: Path) -> RawArchive:
    return take_apart(path.read_bytes())


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """An archive with names beyond ASCII, empty entries and many chunks."""
    documents = {**ROOT, "0/zarr.json": b"{}", "Zellkerne µ/zarr.json": b"{}"}
    chunks = {f"0/c/{i}/{j}": bytes([i, j]) * 50 for i in range(20) for j in range(20)}
    return written(
        tmp_path / "sample.ome.zip", documents, {**chunks, "Zellkerne µ/c/0": b"", "日本": b"x"}
    )


class TestRoundTrip:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(groups=_groups, chunks=_chunks)
    def test_what_goes_in_comes_out_of_pythons_zipfile(
        self, tmp_path: Path, groups: dict[str, bytes], chunks: dict[str, bytes]
    ) -> None:
        expected = {**ROOT, **groups, **chunks}
        path = written(tmp_path / "any.ozx", {**groups, **ROOT}, chunks)
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            assert {name: archive.read(name) for name in archive.namelist()} == expected
            assert len(archive.namelist()) == len(expected)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(groups=_groups, chunks=_chunks)
    def test_every_record_is_where_the_specification_wants_it(
        self, tmp_path: Path, groups: dict[str, bytes], chunks: dict[str, bytes]
    ) -> None:
        archive = raw(written(tmp_path / "any.ozx", {**groups, **ROOT}, chunks))
        expected = {**ROOT, **groups, **chunks}
        assert {entry.name.decode("utf-8"): entry.data for entry in archive.entries} == expected
        for entry in archive.entries:
            assert entry.crc == zlib.crc32(entry.data)

    @pytest.mark.parametrize(
        "data",
        [
            bytearray(b"abc"),
            memoryview(b"abc"),
            np.arange(6, dtype=">u2").reshape(2, 3),
            np.empty((0, 4)),
            np.array(7.0),
        ],
    )
    def test_any_contiguous_buffer_is_taken(
        self, tmp_path: Path, data: bytearray | memoryview | np.ndarray
    ) -> None:
        expected = data.tobytes() if isinstance(data, np.ndarray) else bytes(data)
        path = tmp_path / "buffers.ozx"
        with ArchiveWriter(path, "0.5") as writer:
            writer.write_documents(ROOT)
            writer.write("0/c/0", data)
            writer.commit()
        assert raw(path).entries[-1].data == expected


class TestOrder:
    def test_the_root_document_leads_and_the_others_follow_breadth_first(
        self, tmp_path: Path
    ) -> None:
        names = ["b/zarr.json", "a/1/zarr.json", "a-b/0/zarr.json", "zarr.json", "a/zarr.json"]
        names += ["a-b/zarr.json", "a/1/x/zarr.json"]
        path = written(tmp_path / "o.ozx", dict.fromkeys(names, b"{}"), {"a/c/0": b"1"})
        assert raw(path).names == [
            "zarr.json",
            "a/zarr.json",
            "a-b/zarr.json",
            "b/zarr.json",
            "a/1/zarr.json",
            "a-b/0/zarr.json",
            "a/1/x/zarr.json",
            "a/c/0",
        ]

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(groups=_groups, chunks=_chunks)
    def test_file_and_directory_share_one_order_with_documents_first(
        self, tmp_path: Path, groups: dict[str, bytes], chunks: dict[str, bytes]
    ) -> None:
        archive = raw(written(tmp_path / "any.ozx", {**groups, **ROOT}, chunks))
        assert archive.names == archive.names_by_offset
        assert archive.names[0] == "zarr.json"
        documents = archive.names[: 1 + len(groups)]
        assert set(documents) == {"zarr.json", *groups}
        assert archive.names[len(documents) :] == list(chunks)
        depths = [name.count("/") for name in documents]
        assert depths == sorted(depths)
        # Breadth first: folders of one depth come in the order of the folders they lie in.
        for one, two in pairwise(name.split("/")[:-1] for name in documents):
            if len(one) == len(two):
                assert one < two

    def test_the_order_of_the_mapping_does_not_matter(self, tmp_path: Path) -> None:
        documents = {f"{i}/{j}/zarr.json": b"{}" for i in range(3) for j in range(3)} | ROOT
        backwards = dict(reversed(documents.items()))
        one = written(tmp_path / "one.ozx", documents, {"0/c": b"1"})
        two = written(tmp_path / "two.ozx", backwards, {"0/c": b"1"})
        assert one.read_bytes() == two.read_bytes()


class TestRecords:
    def test_entries_are_stored_at_a_fixed_time(self, sample: Path) -> None:
        for entry in raw(sample).entries:
            assert entry.method == 0
            assert (entry.time, entry.date) == (0, 0x21)  # 1980-01-01 00:00

    def test_only_names_beyond_ascii_carry_the_utf8_flag(self, sample: Path) -> None:
        for entry in raw(sample).entries:
            assert entry.flags == (0 if entry.name.isascii() else 0x800)

    @pytest.mark.parametrize("version", ["0.5", "0.6"])
    def test_the_comment_names_the_version_and_promises_the_order(
        self, tmp_path: Path, version: str
    ) -> None:
        comment = raw(written(tmp_path / "c.ozx", ROOT, {}, version)).comment
        assert json.loads(comment.decode("utf-8")) == {
            "ome": {"version": version, "zipFile": {"centralDirectory": {"jsonFirst": True}}}
        }

    def test_more_entries_than_the_old_records_can_count(self, tmp_path: Path) -> None:
        chunks = {f"0/c/{i}": b"" for i in range(70_000)}
        path = written(tmp_path / "many.ozx", ROOT, chunks)
        assert raw(path).names == ["zarr.json", *chunks]
        with zipfile.ZipFile(path) as archive:
            assert len(archive.namelist()) == 70_001

    def test_the_end_record_says_by_itself_where_the_directory_is(self, tmp_path: Path) -> None:
        # Larger than the last 64 KiB, in which some programs look for ZIP64's locator.
        chunks = {f"0/c/{i}": b"p" * 100_000 for i in range(3)}
        data = written(tmp_path / "large.ozx", ROOT, chunks).read_bytes()
        end = len(data) - len(COMMENT) - 22
        assert data[end:].startswith(b"PK\x05\x06")
        assert data.endswith(COMMENT)
        here, count, size, start = struct.unpack_from("<2H2I", data, end + 8)
        assert (here, count) == (4, 4)
        assert start == data.index(b"PK\x01\x02")
        assert start + size == data.index(b"PK\x06\x06")

    @pytest.mark.parametrize(
        ("count", "size", "start", "expected"),
        [
            (0xFFFE, 0xFFFFFFFE, 0xFFFFFFFE, (0xFFFE, 0xFFFFFFFE, 0xFFFFFFFE)),
            (0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, (0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)),
            (0x10000, 50, 2**33, (0xFFFF, 50, 0xFFFFFFFF)),
            (7, 2**32, 70, (7, 0xFFFFFFFF, 70)),
        ],
    )
    def test_only_what_does_not_fit_the_end_record_is_left_to_zip64(
        self, count: int, size: int, start: int, expected: tuple[int, int, int]
    ) -> None:
        records = end_records(count, size, start, b"")
        here, total, length, offset = struct.unpack_from("<2H2I", records, len(records) - 14)
        assert (here, total, length, offset) == (expected[0], *expected)
        assert struct.unpack_from("<4Q", records, 24) == (count, count, size, start)

    @pytest.mark.parametrize("version", ["", "0", "v0.5", "0.5\n", "0.6.", "0.9 dev1"])
    def test_a_version_that_is_not_two_numbers_and_a_name_is_refused(
        self, tmp_path: Path, version: str
    ) -> None:
        with pytest.raises(ArchiveError, match="version"):
            ArchiveWriter(tmp_path / "v.ozx", version)
        assert not list(tmp_path.iterdir())


class TestRefusals:
    @pytest.mark.parametrize(
        "name",
        [
            "",
            "/0/c",
            "0//c",
            "0/c/",
            "../c",
            "0/../../c",
            "./c",
            "0\\c",
            "C:/c",
            "c:c",
            "a\0b",
            "\ud800",
            "x" * 70_000,
        ],
    )
    def test_a_name_that_could_leave_its_folder_is_refused(self, tmp_path: Path, name: str) -> None:
        with ArchiveWriter(tmp_path / "n.ozx", "0.5") as writer:
            with pytest.raises(ArchiveError, match="Illegal entry name"):
                writer.write_documents({**ROOT, f"{name}/zarr.json": b"{}"})
            writer.write_documents(ROOT)
            with pytest.raises(ArchiveError, match="Illegal entry name"):
                writer.write(name, b"1")
            writer.commit()
        assert raw(tmp_path / "n.ozx").names == ["zarr.json"]

    def test_a_second_write_of_one_name_is_refused_and_the_first_stays(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "twice.ozx"
        with ArchiveWriter(path, "0.5") as writer:
            writer.write_documents(ROOT)
            writer.write("0/c/0", b"first")
            with pytest.raises(ValueError, match="Written twice: '0/c/0'"):
                writer.write("0/c/0", b"second")
            writer.commit()
        assert [entry.data for entry in raw(path).entries] == [ROOT["zarr.json"], b"first"]

    def test_documents_come_once_and_first(self, tmp_path: Path) -> None:
        with ArchiveWriter(tmp_path / "d.ozx", "0.5") as writer:
            with pytest.raises(ArchiveError, match="Documents come first"):
                writer.write("0/c", b"1")
            with pytest.raises(ArchiveError, match=r"No root zarr\.json"):
                writer.write_documents({"0/zarr.json": b"{}"})
            with pytest.raises(ArchiveError, match=r"Not a zarr\.json"):
                writer.write_documents({**ROOT, "foozarr.json": b"{}"})
            writer.write_documents(ROOT)
            with pytest.raises(ArchiveError, match="written already"):
                writer.write_documents(ROOT)
            with pytest.raises(ArchiveError, match="Too late"):
                writer.write("0/zarr.json", b"{}")

    def test_a_name_that_merely_ends_like_a_document_is_a_chunk(self, tmp_path: Path) -> None:
        path = written(tmp_path / "foo.ozx", ROOT, {"0/foozarr.json": b"{}"})
        assert raw(path).names == ["zarr.json", "0/foozarr.json"]

    def test_nothing_is_taken_after_the_end(self, tmp_path: Path) -> None:
        writer = ArchiveWriter(tmp_path / "end.ozx", "0.5")
        writer.write_documents(ROOT)
        writer.commit()
        writer.abort()
        with pytest.raises(ArchiveError, match="closed"):
            writer.write("0/c", b"1")
        with pytest.raises(ArchiveError, match="closed"):
            writer.commit()
        assert raw(tmp_path / "end.ozx").names == ["zarr.json"]


class TestParallel:
    def test_sixteen_threads_write_every_entry_once_and_whole(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(1)
        chunks = {f"0/c/{i}": rng.bytes(int(rng.integers(0, 200_000))) for i in range(400)}
        path = tmp_path / "parallel.ome.zip"
        barrier = threading.Barrier(16)

        def write(writer: ArchiveWriter, share: int) -> None:
            barrier.wait()
            for name in list(chunks)[share::16]:
                writer.write(name, chunks[name])

        with ArchiveWriter(path, "0.5") as writer:
            writer.write_documents(ROOT)
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(lambda share: write(writer, share), range(16)))
            assert len(writer) == 401
            writer.commit()
        found = {entry.name.decode(): entry.data for entry in raw(path).entries}
        assert found == {**ROOT, **chunks}

    def test_of_sixteen_threads_with_one_name_one_wins(self, tmp_path: Path) -> None:
        refusals = []

        def write(value: int) -> None:
            try:
                writer.write("0/c/0", bytes([value]) * 1000)
            except ArchiveError as error:
                refusals.append(error)

        with ArchiveWriter(tmp_path / "race.ozx", "0.5") as writer:
            writer.write_documents(ROOT)
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(write, range(16)))
            writer.commit()
        assert len(refusals) == 15
        data = raw(tmp_path / "race.ozx").entries[1].data
        assert data == data[:1] * 1000


JAVA = """
import java.io.*; import java.util.*; import java.util.zip.*;
public class Read {
    public static void main(String[] args) throws Exception {
        try (ZipFile zip = new ZipFile(args[0])) {
            PrintStream out = new PrintStream(System.out, true, "UTF-8");
            for (Enumeration<? extends ZipEntry> e = zip.entries(); e.hasMoreElements();) {
                ZipEntry entry = e.nextElement();
                byte[] data = zip.getInputStream(entry).readAllBytes();
                CRC32 crc = new CRC32();
                crc.update(data);
                if (crc.getValue() != entry.getCrc()) throw new IOException(entry.getName());
                out.println(entry.getName() + " " + data.length);
            }
        }
    }
}
"""


def _program(*names: str) -> str:
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    pytest.skip(f"not installed: {' or '.join(names)}")


class TestOtherPrograms:
    def test_unzip_finds_no_fault(self, sample: Path) -> None:
        done = subprocess.run([_program("unzip"), "-t", sample], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert b"No errors detected" in done.stdout

    def test_zipinfo_counts_every_entry(self, sample: Path) -> None:
        done = subprocess.run(
            [_program("zipinfo"), "-h", sample], capture_output=True, check=False, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "number of entries: 405" in done.stdout

    def test_7zip_finds_no_fault(self, sample: Path) -> None:
        command = [_program("7zz", "7z", "7za"), "t", sample]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert b"Everything is Ok" in done.stdout
        assert b"Warning" not in done.stdout

    def test_java_reads_every_entry(self, sample: Path, tmp_path: Path) -> None:
        java = _program("java")
        source = tmp_path / "Read.java"
        source.write_text(JAVA, encoding="utf-8")
        command = [java, "-Xshare:auto", source, sample]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        with zipfile.ZipFile(sample) as archive:
            expected = {f"{info.filename} {info.file_size}" for info in archive.infolist()}
        assert set(done.stdout.decode("utf-8").splitlines()) == expected

    def test_a_streaming_reader_needs_no_directory(self, sample: Path) -> None:
        # Local headers say all: cut off the directory, and the entries can still be walked.
        data = sample.read_bytes()
        stream = io.BytesIO(data[: data.index(b"PK\x01\x02")])
        count = 0
        while header := stream.read(30):
            assert header[:4] == b"PK\x03\x04"
            name = stream.read(int.from_bytes(header[26:28], "little"))
            extra = stream.read(int.from_bytes(header[28:30], "little"))
            size = int.from_bytes(extra[4:12], "little")
            body = stream.read(size)
            assert zlib.crc32(body) == int.from_bytes(header[14:18], "little"), name
            count += 1
        with zipfile.ZipFile(sample) as archive:
            assert count == len(archive.namelist())


def test_the_document_of_the_root_can_state_what_is_known_last(tmp_path: Path) -> None:
    path = tmp_path / "a.ozx"
    with ArchiveWriter(path, "0.5") as writer:
        writer.write_documents({"zarr.json": b'{"a": 1}  ', "0/zarr.json": b"{}"})
        writer.write("0/c/0", b"pixels")
        writer.renew_root(b'{"a": 456}')
        assert writer.documents["zarr.json"] == b'{"a": 456}'
        writer.write("0/c/1", b"more")
        writer.commit()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "zarr.json": b'{"a": 456}',
            "0/zarr.json": b"{}",
            "0/c/0": b"pixels",
            "0/c/1": b"more",
        }


def test_the_document_of_the_root_keeps_its_length(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "a.ozx", "0.5") as writer:
        with pytest.raises(ArchiveError, match="none was written"):
            writer.renew_root(b"{}")
        writer.write_documents({"zarr.json": b"{}"})
        with pytest.raises(ArchiveError, match="2 bytes, 3 expected"):
            writer.renew_root(b"{} ")
        writer.commit()
        with pytest.raises(ArchiveError, match="closed"):
            writer.renew_root(b"[]")
    assert zipfile.ZipFile(tmp_path / "a.ozx").read("zarr.json") == b"{}"
