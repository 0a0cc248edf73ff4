"""What was read of a link is read from the disk the next time, as long as the file is the same."""

from __future__ import annotations

import logging
import os
import random
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import napari_ome_zip
from fake_remote import FakeServer
from gated_fetch import in_thread
from napari_ome_zip.errors import ChangedFileError, ReadCancelledError
from napari_ome_zip.files.byte_file import HEAD_BYTES as HEAD
from napari_ome_zip.files.byte_file import TAIL_BYTES as TAIL
from napari_ome_zip.files.disk_cache import cache_folder as folders
from napari_ome_zip.files.disk_cache import segments
from napari_ome_zip.files.disk_cache.range_cache import LinkCache
from napari_ome_zip.files.disk_cache.segments import LONGEST_RECORD
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.remote_file import RemoteFile
from napari_ome_zip.files.remote_object import Validator
from napari_ome_zip.files.watching import reading_once, watching
from napari_ome_zip.progress import Watch

KIB, MIB = 1 << 10, 1 << 20
CONTENT = random.Random(14).randbytes(3 * MIB)
LINK = Link("https://me:password@host.org/a.ozx?sig=hidden")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let the cache be on, and in a folder of the test's own."""
    place = tmp_path / "cache" / "links"
    monkeypatch.setenv(folders.LINK_CACHE_FOLDER_VARIABLE, str(place.parent))
    monkeypatch.setattr(folders, "_state", folders._State(64 * MIB))
    return place


@pytest.fixture
def server() -> FakeServer:
    return FakeServer(CONTENT)


def opened(server: FakeServer, link: Link = LINK) -> RemoteFile:
    server.asked.clear()
    return RemoteFile(link, server.connect)


def files_of(folder: Path, ending: str = "") -> list[Path]:
    return sorted(path for path in folder.rglob(f"*{ending}") if path.is_file())


def read_and_close(server: FakeServer, start: int = MIB, length: int = 100_000) -> None:
    assert opened(server).read(start, length) == CONTENT[start : start + length]
    _settle()


def _settle() -> None:
    while threads := [each for each in threading.enumerate() if each.name == "ome-zip-link"]:
        threads[0].join(60)


def test_what_the_first_contact_brought_needs_no_request(server: FakeServer) -> None:
    file = opened(server)
    assert file.size == len(CONTENT)
    assert file.read(0, HEAD) == CONTENT[:HEAD]
    assert file.read(len(CONTENT) - TAIL, TAIL) == CONTENT[-TAIL:]
    assert server.asked == ["open"]


def test_a_second_opening_is_one_request_and_all_else_is_on_disk(server: FakeServer) -> None:
    read_and_close(server)
    file = opened(server)
    assert file.read(0, 1000) == CONTENT[:1000]
    assert file.read(len(CONTENT) - 1000, 1000) == CONTENT[-1000:]
    assert file.read(MIB + 500, 50_000) == CONTENT[MIB + 500 : MIB + 50_500]
    with file.expect([(MIB, MIB + 100_000)]):
        buffer = memoryview(bytearray(100_000))
        assert file.read_into(MIB, buffer) == 100_000
    assert buffer == CONTENT[MIB : MIB + 100_000]
    assert server.asked == ["open again"]


def test_what_was_read_a_moment_ago_is_on_disk(server: FakeServer) -> None:
    assert opened(server).read(MIB, 100_000) == CONTENT[MIB : MIB + 100_000]
    assert opened(server).read(MIB, 100_000) == CONTENT[MIB : MIB + 100_000]
    assert server.asked == ["open again"]


def test_only_what_is_missing_is_fetched(server: FakeServer) -> None:
    read_and_close(server, MIB, 1000)
    file = opened(server)
    assert file.read(MIB - 500, 2000) == CONTENT[MIB - 500 : MIB + 1500]
    assert sorted(server.asked[1:]) == sorted([f"{MIB - 500}-{MIB}", f"{MIB + 1000}-{MIB + 1500}"])


def test_little_that_is_on_disk_does_not_split_a_request(server: FakeServer) -> None:
    file = opened(server)
    for at in range(MIB, 2 * MIB, 10 * KIB):
        file.read(at, 66)
    _settle()
    file = opened(server)
    with file.expect([(MIB, MIB + 400 * KIB)]):
        assert file.read(MIB, 400 * KIB) == CONTENT[MIB : MIB + 400 * KIB]
    assert len(server.asked) == 2


def test_another_version_has_nothing_of_the_former_one(server: FakeServer, folder: Path) -> None:
    read_and_close(server)
    server.content, server.etag = CONTENT[::-1], '"2"'
    file = opened(server)
    assert file.read(MIB, 1000) == server.content[MIB : MIB + 1000]
    assert server.asked == ["open again", f"{MIB}-{MIB + 1000}"]
    _settle()
    file = opened(server)
    assert file.read(MIB, 1000) == server.content[MIB : MIB + 1000]
    assert server.asked == ["open again"]
    assert len({path.name.partition("-")[0] for path in files_of(folder, ".data")}) == 1


def test_an_opening_whose_ends_are_not_all_on_disk_is_one_round_trip(server: FakeServer) -> None:
    version = server.version
    LinkCache(LINK).of(version).put(MIB, CONTENT[MIB : MIB + 1000])
    file = opened(server)
    assert file.read(0, 10) + file.read(MIB, 1000) == CONTENT[:10] + CONTENT[MIB : MIB + 1000]
    assert server.asked == ["open"]
    opened(server)
    assert server.asked == ["open again"]


def test_both_ends_stay_in_memory(server: FakeServer, folder: Path) -> None:
    read_and_close(server)
    file = opened(server)
    napari_ome_zip.clear_link_cache()
    assert file.read(0, HEAD) == CONTENT[:HEAD]
    assert file.read(len(CONTENT) - TAIL, TAIL) == CONTENT[-TAIL:]
    assert server.asked == ["open again"]
    assert (file.traffic.requests, file.traffic.received) == (1, 0)


def test_a_date_is_a_version_too(server: FakeServer) -> None:
    server.etag, server.modified = "", "Sun, 29 Nov 2026 20:00:00 GMT"
    read_and_close(server)
    opened(server)
    assert server.asked == ["open again"]


def test_nothing_is_kept_of_files_whose_versions_cannot_be_told_apart(
    server: FakeServer, folder: Path
) -> None:
    server.etag = ""
    read_and_close(server)
    assert files_of(folder) == []
    file = opened(server)
    assert server.asked == ["open"]
    assert file.is_current
    server.content = CONTENT[:-1] + b"?"
    assert not file.is_current


def test_a_file_that_changes_while_it_is_open_says_so_from_then_on(server: FakeServer) -> None:
    file = opened(server)
    file.read(MIB, 1000)
    assert file.is_current
    server.etag = '"2"'
    for start in (2 * MIB, MIB, 0):
        with pytest.raises(ChangedFileError, match="Open it again"):
            file.read(start, 1000)
    assert not file.is_current
    assert opened(server).fingerprint() != file.fingerprint()


def test_links_with_other_secrets_share_nothing_and_no_name_shows_any(
    server: FakeServer, folder: Path
) -> None:
    read_and_close(server)
    opened(server, Link("https://me:password@host.org/a.ozx?sig=another"))
    assert server.asked == ["open"]
    for path in files_of(folder):
        for secret in ("password", "hidden", "host.org", "a.ozx"):
            assert secret not in str(path.relative_to(folder))
            assert path.suffix == ".data" or secret.encode() not in path.read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has these modes")
def test_only_the_person_can_read_it(server: FakeServer, folder: Path) -> None:
    read_and_close(server)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files_of(folder, ".data"))


@pytest.mark.parametrize("ending", [".data", ".index"])
@pytest.mark.parametrize("harm", ["cut", "empty", "flip", "gone", "noise"])
def test_damage_is_noticed_and_fetched_again(
    server: FakeServer, folder: Path, ending: str, harm: str
) -> None:
    read_and_close(server)
    (path,) = files_of(folder, ending)
    data = bytearray(path.read_bytes())
    if harm == "flip":
        for position in range(8, len(data), 7):
            data[position] ^= 0x10
    elif harm == "noise":
        data = bytearray(random.Random(1).randbytes(len(data)))
    path.write_bytes(data[: len(data) // 2] if harm == "cut" else b"" if harm == "empty" else data)
    if harm == "gone":
        path.unlink()
    file = opened(server)
    for start, length in ((0, 1000), (MIB, 100_000), (len(CONTENT) - 1000, 1000)):
        assert file.read(start, length) == CONTENT[start : start + length]
    _settle()
    file = opened(server)  # and now it is there
    assert file.read(MIB, 100_000) == CONTENT[MIB : MIB + 100_000]
    assert server.asked == ["open again"]


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b'{"size": "x", "etag": 1, "modified": 2}'])
def test_a_damaged_note_of_the_version_is_as_none(
    server: FakeServer, folder: Path, text: bytes
) -> None:
    read_and_close(server)
    (path,) = files_of(folder, "version.json")
    path.write_bytes(text)
    assert opened(server).read(MIB, 100) == CONTENT[MIB : MIB + 100]
    assert server.asked[0] == "open"


def test_what_was_not_used_for_longest_goes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_state", folders._State(4 * MIB))
    data = CONTENT[: 512 * KIB]
    for number in range(20):
        link = Link(f"https://host.org/{number}.ozx")
        cache = LinkCache(link).of(Validator(len(data), f'"{number}"'))
        cache.put(0, data)
        for path in files_of(folder, ".index"):
            if path.parent == LinkCache(link).folder:
                os.utime(path, (number, number))
                os.utime(path.with_suffix(".data"), (number, number))
        assert folders.kept_bytes() <= (4 + 4 / 16) * MIB + 2 * len(data)
    there = [
        LinkCache(Link(f"https://host.org/{number}.ozx")).known() is not None
        for number in range(20)
    ]
    assert there == sorted(there)
    assert 4 <= sum(there) <= 9
    assert len(list(folder.iterdir())) == sum(there)


def test_one_large_file_stays_within_the_limit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "_state", folders._State(2 * MIB))
    size = 40 * MIB
    cache = LinkCache(LINK).of(Validator(size, '"1"'))
    for start in range(0, size, 256 * KIB):
        cache.put(start, CONTENT[: 256 * KIB])
    assert folders.kept_bytes() <= 3 * MIB
    assert cache.load(size - 256 * KIB, size) == [(size - 256 * KIB, CONTENT[: 256 * KIB])]
    assert cache.load(0, 1000) == []
    assert cache.holes(0, 256 * KIB) == [(0, 256 * KIB)]


def test_what_another_process_removes_is_fetched(server: FakeServer, folder: Path) -> None:
    read_and_close(server)
    file = opened(server)
    assert napari_ome_zip.clear_link_cache() > 0
    assert folders.kept_bytes() == 0
    assert file.read(MIB, 1000) == CONTENT[MIB : MIB + 1000]
    _settle()
    assert folders.kept_bytes() >= 1000  # a new segment


def test_size_zero_keeps_nothing_and_removes_what_is_there(
    server: FakeServer, folder: Path
) -> None:
    read_and_close(server)
    napari_ome_zip.set_link_cache_size(0)
    assert napari_ome_zip.link_cache_size() == 0
    assert files_of(folder) == []
    read_and_close(server)
    assert files_of(folder) == []
    with pytest.raises(ValueError, match="negative"):
        napari_ome_zip.set_link_cache_size(-1)


def test_what_is_read_once_is_not_kept(server: FakeServer, folder: Path) -> None:
    with reading_once():
        file = opened(server)
        with file.expect([(MIB, MIB + 1000)]):
            file.read(MIB, 1000)
        file.read(2 * MIB, 1000)
    _settle()
    assert files_of(folder) == []


def test_without_a_folder_that_can_be_written_everything_works_and_it_is_said_once(
    server: FakeServer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.parent.mkdir()
    folder.write_bytes(b"a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        read_and_close(server)
        read_and_close(server)
    assert len(caplog.records) == 1
    assert "cannot be written" in caplog.text
    assert "hidden" not in caplog.text


def test_a_full_disk_is_no_error(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(segments.os, "write", full)
    with caplog.at_level(logging.WARNING):
        read_and_close(server)
    monkeypatch.undo()
    assert "No space left on device" in caplog.text


def test_records_are_short_and_any_range_of_them_is_found() -> None:
    version = Validator(len(CONTENT), '"1"')
    cache = LinkCache(LINK).of(version)
    cache.put(100, CONTENT[100 : 100 + 2 * LONGEST_RECORD])
    cache.put(50, CONTENT[50:300])  # overlaps: only the rest is written
    again = LinkCache(LINK).of(version)
    for start, stop in ((60, 400), (LONGEST_RECORD, LONGEST_RECORD + 300), (90, 110)):
        assert again.holes(start, stop) == []
        got = bytearray(CONTENT[start:stop])
        for at, data in again.load(start, stop):
            assert data == CONTENT[at : at + len(data)]
            got[max(0, at - start) : at + len(data) - start] = b""
        assert len(data) <= LONGEST_RECORD
    assert again.holes(0, 200) == [(0, 50)]


def test_two_at_a_time_share_a_folder() -> None:
    version = Validator(len(CONTENT), '"1"')
    one, other = LinkCache(LINK).of(version), LinkCache(LINK).of(version)
    one.put(0, CONTENT[:1000])
    other.put(500, CONTENT[500:2000])
    again = LinkCache(LINK).of(version)
    assert again.holes(0, 3000) == [(2000, 3000)]
    assert dict(again.load(0, 2000))[0] == CONTENT[:1000]


def test_opening_can_be_cancelled_while_the_server_says_nothing(server: FakeServer) -> None:
    server.gate.clear()
    cancelled = threading.Event()
    watch = Watch(None, cancelled.is_set, lambda: ReadCancelledError("Cancelled."))

    def opening() -> RemoteFile:
        with watching(watch):
            return RemoteFile(LINK, server.connect)

    with in_thread(opening) as results:
        cancelled.set()
    assert isinstance(results[0], ReadCancelledError)
    server.gate.set()
    _settle()


def test_an_error_of_opening_is_raised_where_it_is_watched(server: FakeServer) -> None:
    class Refused(Exception):
        pass

    def connect(link: Link) -> object:
        remote = server.connect(link)
        remote.open = lambda **_: (_ for _ in ()).throw(Refused)  # type: ignore[method-assign]
        return remote

    with (
        watching(Watch(None, lambda: False, lambda: ReadCancelledError("Cancelled."))),
        pytest.raises(Refused),
    ):
        RemoteFile(LINK, connect)  # type: ignore[arg-type]
