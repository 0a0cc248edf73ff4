"""A whole file is downloaded, or nothing of it is left."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from napari_ome_zip.errors import LinkError, ReadCancelledError, SaveError
from napari_ome_zip.files import Link
from napari_ome_zip.files.download import download
from range_server import Answer, RangeServer, Request

CONTENT = bytes(range(256)) * 4096


def test_all_of_it_is_there_and_progress_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with RangeServer({"a.ozx": CONTENT}) as server:
        link = Link(server.url("a.ozx"))
        path = download(link, tmp_path / "b.ozx", progress=lambda *of: told.append(of))
        assert len(server.requests) == 1
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_there_is_replaced_only_by_all_of_it(tmp_path: Path) -> None:
    target = tmp_path / "a.ozx"
    target.write_bytes(b"before")

    def short(request: Request, answer: Answer) -> Answer:
        answer.sends = 1000
        return answer

    with RangeServer({"a.ozx": CONTENT}, fault=short) as server, pytest.raises(LinkError):
        download(Link(server.url("a.ozx")), target)
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


def test_it_is_cancelled_while_the_server_is_silent(tmp_path: Path) -> None:
    stop = threading.Event()
    with RangeServer({"a.ozx": CONTENT}) as server:
        server.hold()
        watch = threading.Thread(target=lambda: (server.asked.wait(60), stop.set()))
        watch.start()
        with pytest.raises(ReadCancelledError):
            download(Link(server.url("a.ozx")), tmp_path / "a.ozx", cancelled=stop.is_set)
        watch.join()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with RangeServer({"a.ozx": CONTENT}) as server, pytest.raises(SaveError, match="folder"):
        download(Link(server.url("a.ozx")), tmp_path / "none" / "a.ozx")
