"""Where windows listen, and what is said there."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import pytest

from napari_ome_zip.desktop.window_socket import (
    MAX_MESSAGE_BYTES,
    is_accepted,
    is_go_ahead,
    lock_of,
    places_of,
    remove_socket,
    request_of,
    sockets_folder,
)
from napari_ome_zip.errors import HandOverError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such sockets")

ODD = ["/a b/é ü.ozx", "/-x.ozx", "/100%.ome.zip", "/a,b\n.ozx", "/\udcff.ozx", "https://h/a.ozx"]


def test_the_folder_is_in_the_runtime_directory(sockets: Path) -> None:
    assert sockets_folder() == sockets


def test_the_folder_is_made_for_its_user_alone(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_path))
    folder = sockets_folder()
    assert folder == short_path / "napari-ome-zip"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_folder_goes_with_the_last_socket(sockets: Path) -> None:
    left, right = sockets / "a.socket", sockets / "b.socket"
    left.touch()
    right.touch()
    remove_socket(left)
    assert list(sockets.iterdir()) == [right]
    remove_socket(right)
    assert not sockets.exists()
    remove_socket(right)  # as when the folder was emptied meanwhile


def test_the_folder_stays_while_it_is_locked(sockets: Path) -> None:
    # By who starts napari: in a new folder nobody would know of that.
    with lock_of(sockets) as starting:
        assert starting()
        remove_socket(sockets / "a.socket")
        assert sockets.exists()
        with lock_of(sockets) as another:
            assert not another()
    remove_socket(sockets / "a.socket")
    assert not sockets.exists()


def test_a_folder_that_went_meanwhile_holds_nobody_up(tmp_path: Path) -> None:
    with lock_of(tmp_path / "gone") as mine, lock_of(tmp_path / "gone") as also_mine:
        assert mine()
        assert also_mine()


@pytest.mark.parametrize("runtime", [None, "", "relative", "open to others", "missing"])
def test_without_a_runtime_directory_it_is_a_temporary_one_of_the_user(
    short_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str | None
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(short_path))
    if runtime is None:
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    elif runtime in ("", "relative"):
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    else:
        place = short_path / "runtime"
        if runtime != "missing":
            place.mkdir()
            place.chmod(0o755)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))
    folder = sockets_folder()
    assert folder == short_path / f"napari-ome-zip-{os.getuid()}"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_enter_is_not_used(sockets: Path) -> None:
    sockets.chmod(0o710)
    assert sockets_folder() is None


def test_a_link_in_its_place_is_not_followed(sockets: Path, tmp_path: Path) -> None:
    sockets.rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    sockets.symlink_to(elsewhere)
    assert sockets_folder() is None


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives away")
def test_a_folder_of_another_user_is_not_used(sockets: Path) -> None:
    os.chown(sockets, 65534, 65534)
    assert sockets_folder() is None


def test_a_folder_whose_path_no_socket_can_have_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / ("x" * 90)
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert sockets_folder() is None


def test_odd_names_come_through_in_one_line() -> None:
    line = request_of(ODD)
    assert line.count(b"\n") == 1
    assert places_of(line) == ODD


def test_too_many_files_are_refused() -> None:
    with pytest.raises(HandOverError, match="too many"):
        request_of(["/a.ozx"] * (MAX_MESSAGE_BYTES // 5))


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\n",
        b"\xff\xfe\n",
        b"[" * 100_000,
        b'{"open": ["/a.ozx"]}',
        b'{"version": 2, "open": ["/a.ozx"]}',
        b'{"version": 1}',
        *(
            json.dumps({"version": 1, "open": places}).encode()
            for places in (
                "/a.ozx",
                [],
                [1],
                [None],
                [["/a.ozx"]],
                ["a.ozx"],
                ["../a.ozx"],
                ["/a.ozx", "/a.py"],
                ["/a.ozx\0.ozx"],
                ["/folder/"],
                ["file:///a.ozx"],
                ["https://h/a.tif"],
                ["javascript:a.ozx"],
            )
        ),
    ],
)
def test_whatever_is_no_list_of_archives_is_refused(said: bytes) -> None:
    with pytest.raises(HandOverError):
        places_of(said)


def test_only_true_is_yes() -> None:
    for value in (False, 1, "true", None):
        line = json.dumps({"version": 1, "accepted": value, "go": value}).encode()
        assert not is_accepted(line)
        assert not is_go_ahead(line)
