"""Files are handed to a window that is running; where none takes them, nobody opens them later."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_ome_zip.desktop import running_window
from napari_ome_zip.desktop.running_window import hand_over, window_sockets
from talking import FakeWindow, accepts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such sockets")

PLACES = ["/data/my cells.ozx", "/data/-é%,\n.ome.zip"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_window, "ANSWERED_WITHIN", 0.2)


def test_without_a_window_nothing_is_handed_over(sockets: Path) -> None:
    assert not hand_over(PLACES)


def test_a_window_is_told_the_paths_and_then_to_go_ahead(sockets: Path) -> None:
    with FakeWindow(sockets / "a.socket", accepts) as window:
        assert hand_over(PLACES)
    assert window.said == [{"version": 1, "open": PLACES}, {"version": 1, "go": True}]


def test_the_window_that_was_used_last_is_asked_first(sockets: Path) -> None:
    with (
        FakeWindow(sockets / "a.socket", accepts) as older,
        FakeWindow(sockets / "b.socket", accepts) as newer,
    ):
        os.utime(sockets / "a.socket", (1_000, 1_000))
        assert hand_over(PLACES)
    assert newer.said
    assert not older.said


def test_a_window_that_refuses_leaves_them_to_the_next(sockets: Path) -> None:
    def refuses(_said: bytes) -> bytes:
        return b'{"version": 1, "accepted": false, "reason": "busy"}\n'

    with (
        FakeWindow(sockets / "a.socket", accepts) as accepting,
        FakeWindow(sockets / "b.socket", refuses) as refusing,
    ):
        os.utime(sockets / "a.socket", (1_000, 1_000))
        assert hand_over(PLACES)
    assert len(refusing.said) == 1
    assert len(accepting.said) == 2


@pytest.mark.usefixtures("impatient")
def test_a_window_that_hangs_is_left_without_the_word_to_go_ahead(sockets: Path) -> None:
    with FakeWindow(sockets / "a.socket", lambda _: None) as window:
        assert not hand_over(PLACES)
    assert window.said == [{"version": 1, "open": PLACES}]


@pytest.mark.usefixtures("impatient")
def test_a_window_that_does_not_even_listen_is_left(sockets: Path) -> None:
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(str(sockets / "a.socket"))
        hanging.listen(0)
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(str(sockets / "a.socket"))  # and no other can
            assert not hand_over(PLACES)
    assert window_sockets()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "answer", [b"{" * 10_000, b"yes\n", b'{"version": 1}\n', b"[]\n", b"\xff\n", b"\n", b"{"]
)
def test_an_answer_that_is_none_is_a_refusal(sockets: Path, answer: bytes) -> None:
    with FakeWindow(sockets / "a.socket", lambda _: answer) as window:
        assert not hand_over(PLACES)
    assert len(window.said) == 1


def test_the_socket_of_a_window_that_was_killed_is_removed(sockets: Path) -> None:
    left = sockets / "a.socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(left))
    assert not hand_over(PLACES)
    assert not left.exists()


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir])
def test_what_is_no_socket_is_not_a_window(sockets: Path, make: Callable[[Path], None]) -> None:
    make(sockets / "a.socket")
    assert not hand_over(PLACES)


def test_in_an_unsafe_folder_nobody_is_asked(sockets: Path) -> None:
    with FakeWindow(sockets / "a.socket", accepts) as window:
        sockets.chmod(0o755)
        assert not hand_over(PLACES)
    assert not window.said
