"""The command ``ome-zip`` on links, as a person or a script calls it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from command import run
from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import pack, repack, unpack, validate
from napari_ome_zip.errors import (
    ArchiveError,
    CheckCancelledError,
    LinkError,
    SaveCancelledError,
    SaveError,
)
from napari_ome_zip.progress import Cancelled
from range_server import Answer, RangeServer
from whole_archives import whole_archive

SECRET = "sig=do-not-tell"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "cells.ozx"
    whole_archive(path)
    return path


@pytest.fixture
def server(archive: Path) -> Iterator[RangeServer]:
    whole = archive.read_bytes()
    files = {
        "cells.ozx": whole,
        "cut.ozx": whole[:-9_000],
        "zarr.json": b"{}",
        "page.ozx": b"<html>",
    }
    with RangeServer(files) as server:
        yield server


@pytest.fixture
def large(tmp_path: Path, server: RangeServer) -> Path:
    """An archive of 6 MB and 600 entries."""
    noise = np.random.default_rng(5).integers(0, 2**16, (150, 200, 100), np.uint16)
    options = {"chunks": (1, 100, 50), "compressors": None}
    path = tmp_path / "large.ozx"
    HierarchyBuilder().image(noise, "zyx", options=options).archive(path)
    server.files["large.ozx"] = path.read_bytes()
    return path


def content(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("deep", [False, True])
def test_the_report_of_a_link_is_that_of_the_file(
    archive: Path, server: RangeServer, deep: bool
) -> None:
    here, there = validate(archive, deep), validate(server.url("cells.ozx"), deep)
    assert there.issues == here.issues
    assert (there.kind, there.version) == (here.kind, here.version)
    assert there.path == server.url("cells.ozx")


def test_a_link_is_described_checked_unpacked_and_repacked(
    archive: Path, server: RangeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = server.url("cells.ozx")
    assert run("validate", "--deep", url) == run("validate", "--deep", archive)
    assert run("info", url) == 0
    assert f"{url}\n" in capsys.readouterr().out
    assert run("unpack", url, tmp_path / "folder") == 0
    assert run("repack", url, tmp_path / "copy.ozx") == 0
    repack(archive, tmp_path / "expected.ozx")
    assert content(tmp_path / "copy.ozx") == content(tmp_path / "expected.ozx")
    unpack(archive, tmp_path / "expected")
    files = [path for path in (tmp_path / "expected").rglob("*") if path.is_file()]
    assert len(files) > 50
    for path in files:
        again = tmp_path / "folder" / path.relative_to(tmp_path / "expected")
        assert again.read_bytes() == path.read_bytes()


def test_what_is_left_behind_a_link_is_salvaged(
    server: RangeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("repack", server.url("cut.ozx"), tmp_path / "a.ozx") == 2
    (tmp_path / "cut.ozx").write_bytes(server.files["cut.ozx"])
    notes: list[str] = []
    expected = repack(
        tmp_path / "cut.ozx",
        tmp_path / "expected.ozx",
        salvage=True,
        noted=lambda found: notes.append(found.message),
    )
    assert run("repack", "--salvage", server.url("cut.ozx"), tmp_path / "rest.ozx") == 0
    assert content(tmp_path / "rest.ozx") == content(expected)
    said = capsys.readouterr().err
    assert all(note in said for note in notes)


def test_what_is_secret_in_a_link_is_not_told(
    server: RangeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = server.url("cells.ozx").replace("http://", "http://me:word@") + f"?{SECRET}"
    lost = server.url("none.ozx").replace("http://", "http://me:word@") + f"?{SECRET}"
    for arguments in (
        ("validate", secret),
        ("validate", "--json", secret, lost),
        ("info", secret),
        ("info", "--json", secret),
        ("info", lost),
        ("repack", secret, tmp_path / "a.ozx"),
        ("repack", lost, tmp_path / "b.ozx"),
        ("repack", "--salvage", lost, tmp_path / "b.ozx"),
        ("repack", secret, secret),
        ("pack", tmp_path, secret),
        ("unpack", secret, lost),
        ("unpack", lost, tmp_path / "folder"),
        ("pack", secret, tmp_path / "c.ozx"),
    ):
        run(*arguments)
        said = "".join(capsys.readouterr())
        assert said
        assert not any(word in said for word in ("word", "do-not-tell"))
    assert not any(b"do-not-tell" in item for item in content(tmp_path / "a.ozx").values())


def test_what_is_not_there_is_one_sentence_and_could_not_run(
    server: RangeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (
        ("validate", server.url("none.ozx")),
        ("info", server.url("none.ozx")),
        ("unpack", server.url("none.ozx"), tmp_path / "folder"),
        ("repack", server.url("none.ozx"), tmp_path / "copy.ozx"),
    ):
        assert run(*arguments) == 2
        said = capsys.readouterr().err
        assert said.startswith("ome-zip: ")
        assert "none.ozx" in said
        assert said.count("\n") == 1
    assert not [*tmp_path.glob("*copy*"), *tmp_path.glob("*folder*")]


def test_several_files_and_links_are_checked_together(
    archive: Path, server: RangeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("validate", "--json", archive, server.url("none.ozx"), server.url("cells.ozx")) == 2
    here, lost, there = json.loads(capsys.readouterr().out)["files"]
    assert there["issues"] == here["issues"]
    assert (lost["path"], there["path"]) == (server.url("none.ozx"), server.url("cells.ozx"))
    assert lost["failure"]["code"] == "link-not-found"


def test_a_file_behind_a_link_that_is_no_archive_has_a_report(server: RangeServer) -> None:
    report = validate(server.url("page.ozx"))
    assert [issue.code for issue in report.errors] == ["not-a-zip"]


@pytest.mark.parametrize("name", ["zarr.json", "cells.ome.zarr", "cells.zarr/", "notes.json"])
def test_documents_and_folders_behind_links_are_not_checked(server: RangeServer, name: str) -> None:
    with pytest.raises(LinkError, match="Download it"):
        validate(server.url(name))
    assert not server.requests


def test_nothing_is_written_to_a_link(server: RangeServer, archive: Path, tmp_path: Path) -> None:
    url = server.url("cells.ozx")
    unpack(archive, tmp_path / "folder")
    with pytest.raises(SaveError, match="links are only read"):
        repack(url, url)
    with pytest.raises(SaveError, match="links are only read"):
        unpack(archive, url)
    assert run("pack", tmp_path / "folder", url) == 2
    assert not server.requests


def test_what_waits_for_the_server_can_be_cancelled(
    server: RangeServer, large: Path, tmp_path: Path
) -> None:
    url = server.url("large.ozx")
    works: list[Callable[[Cancelled], object]] = [
        lambda cancelled: validate(url, deep=True, cancelled=cancelled),
        lambda cancelled: unpack(url, tmp_path / "folder", cancelled=cancelled),
        lambda cancelled: repack(url, tmp_path / "copy.ozx", cancelled=cancelled),
        lambda cancelled: repack(url, tmp_path / "copy.ozx", salvage=True, cancelled=cancelled),
    ]
    for work in works:
        server.forget()
        server.hold()
        with pytest.raises((CheckCancelledError, SaveCancelledError)):
            work(server.asked.is_set)
        server.release()
    assert not [*tmp_path.glob("*copy*"), *tmp_path.glob("*folder*")]


def test_a_line_that_fails_is_not_taken_for_damage(
    server: RangeServer, large: Path, tmp_path: Path
) -> None:
    url = server.url("large.ozx")
    works: list[Callable[[], object]] = [
        lambda: validate(url, deep=True),
        lambda: unpack(url, tmp_path / "folder"),
        lambda: repack(url, tmp_path / "copy.ozx"),
        lambda: repack(url, tmp_path / "copy.ozx", salvage=True, noted=pytest.fail),
    ]
    for work in works:
        server.forget()
        server.fault = lambda _, right: Answer(404) if len(server.requests) > 4 else right
        with pytest.raises(LinkError, match="large"):
            work()
    assert not [*tmp_path.glob("*copy*"), *tmp_path.glob("*folder*")]


def test_all_of_a_link_is_read_by_few_requests_and_once(
    server: RangeServer, large: Path, tmp_path: Path
) -> None:
    url = server.url("large.ozx")
    works: list[Callable[[], object]] = [
        lambda: validate(url, deep=True),
        lambda: unpack(url, tmp_path / "folder"),
        lambda: repack(url, tmp_path / "copy.ozx"),
    ]
    for work in works:
        server.forget()
        work()
        assert len(server.requests) < 80
        assert server.sent < 1.1 * large.stat().st_size
    server.forget()
    repack(url, tmp_path / "shards.ozx", shard=True)
    repack(large, tmp_path / "expected.ozx", shard=True)
    assert content(tmp_path / "shards.ozx") == content(tmp_path / "expected.ozx")
    assert len(server.requests) < 80
    server.forget()
    repack(url, tmp_path / "rest.ozx", salvage=True)
    assert len(server.requests) < 50
    assert server.sent < 2.2 * large.stat().st_size  # looked through, and copied


def test_a_link_is_not_packed(
    server: RangeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("pack", server.url("cells.ozx"), tmp_path / "a.ozx") == 2
    assert "repack" in capsys.readouterr().err
    with pytest.raises(ArchiveError):
        pack(server.url("cells.ozx"), tmp_path / "a.ozx")
