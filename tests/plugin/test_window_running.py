"""A window that is running opens files that it is asked to open from outside, as after a drop."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.settings import get_plugin_settings
from npe2 import PluginManifest
from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QApplication, QDialog
from tests.plugin.conftest import write_bright_archive

from link_windows import PATIENCE, press, told, wait_for_layers
from napari_layers import pixels
from napari_ome_zip.desktop import running_window as client
from napari_ome_zip.desktop.running_window import hand_over, window_sockets
from napari_ome_zip.desktop.window_socket import MAX_MESSAGE_BYTES, go_ahead, request_of
from napari_ome_zip.plugin import running_window
from napari_ome_zip.plugin.running_window import MAX_VISITORS, Door, take_files
from range_server import RangeServer

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot
    from tests.plugin.conftest import BrightArchive

pytestmark = [
    pytest.mark.usefixtures("errors_become_notifications"),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such sockets"),
]

type HandOver = Callable[[Sequence[Path | str]], bool]


@pytest.fixture
def door(
    window: napari.Viewer, short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Door]:
    """Let the window be asked, by a user of the test's own."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_path))
    # A machine that runs other tests meanwhile is slow to answer.
    for name in ("ANSWERED_WITHIN", "TRIED_WITHIN"):
        monkeypatch.setattr(client, name, PATIENCE / 1000)
    door = Door(QApplication.instance())
    yield door
    door.close()
    door.setParent(None)
    door.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def handed(qtbot: QtBot, door: Door) -> HandOver:
    """Return what hands files over from another thread, as another process does."""

    def hand(places: Sequence[Path | str]) -> bool:
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(hand_over, [str(place) for place in places])
            qtbot.waitUntil(done.done, timeout=PATIENCE)
            return done.result()

    return hand


@contextmanager
def connected(door: Door) -> Iterator[socket.socket]:
    """Connect to the window, to say anything."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(door.path))
        line.settimeout(PATIENCE / 1000)
        yield line


def hear_all(qtbot: QtBot, line: socket.socket) -> bytes:
    """Return what the window says until it hangs up."""

    def hear() -> bytes:
        got = b""
        try:
            while more := line.recv(1 << 12):
                got += more
        except ConnectionResetError:
            pass
        return got

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(hear)
        qtbot.waitUntil(done.done, timeout=PATIENCE)
        return done.result()


def test_files_with_odd_names_are_added(
    qtbot: QtBot, window: napari.Viewer, handed: HandOver, tmp_path: Path
) -> None:
    names = ["my cells.ome.zip", "-é%20,.ozx", "new\nline.OZX"]
    archives = [
        write_bright_archive(tmp_path / name, (5.0, 7.0 + 40 * n)) for n, name in enumerate(names)
    ]
    assert handed([archive.path for archive in archives])
    wait_for_layers(qtbot, window, 3)
    for layer, archive in zip(window.layers, archives, strict=True):
        np.testing.assert_array_equal(pixels(layer), archive.pixels)
        assert layer.metadata["napari_ome_zip"]["source"] == str(archive.path)


def test_many_files_that_are_opened_one_by_one_at_once_get_into_this_window(
    qtbot: QtBot, window: napari.Viewer, door: Door, tmp_path: Path
) -> None:
    paths = [write_bright_archive(tmp_path / f"{n}.ozx").path for n in range(24)]
    with ThreadPoolExecutor(len(paths)) as pool:
        done = [pool.submit(hand_over, [str(path)]) for path in paths]
        qtbot.waitUntil(lambda: all(each.done() for each in done), timeout=PATIENCE)
    assert [each.result() for each in done] == [True] * len(paths)
    wait_for_layers(qtbot, window, len(paths))


def test_the_window_comes_to_the_front(
    qtbot: QtBot, window: napari.Viewer, handed: HandOver, bright_archive: BrightArchive
) -> None:
    shown = window.window.main_menu.window()
    shown.showMinimized()
    qtbot.waitUntil(shown.isMinimized, timeout=PATIENCE)
    assert handed([bright_archive.path])
    wait_for_layers(qtbot, window)
    qtbot.waitUntil(lambda: not shown.isMinimized(), timeout=PATIENCE)


def test_what_is_opened_is_seen_wherever_it_lies(
    qtbot: QtBot, window: napari.Viewer, handed: HandOver, tmp_path: Path
) -> None:
    window.open(write_bright_archive(tmp_path / "here.ozx").path, plugin="napari-ome-zip")
    camera = window.scene.camera
    before = camera.center, camera.zoom
    beside = write_bright_archive(tmp_path / "beside.ozx", corner=(12.0, 7.0))
    assert handed([beside.path])
    wait_for_layers(qtbot, window, 2)
    assert (camera.center, camera.zoom) == before  # half of it is seen

    far = write_bright_archive(tmp_path / "far.ozx", corner=(5000.0, -7000.0))
    assert handed([far.path])
    wait_for_layers(qtbot, window, 3)
    qtbot.waitUntil(lambda: (camera.center, camera.zoom) != before, timeout=PATIENCE)
    seen = window.screenshot(canvas_only=True, flash=False)[..., :3].max(axis=-1)
    assert (seen > 200).mean() > 0.02


def test_a_link_is_opened_beside_a_file(
    qtbot: QtBot,
    window: napari.Viewer,
    handed: HandOver,
    two_bright_archives: tuple[BrightArchive, BrightArchive],
) -> None:
    left, right = two_bright_archives
    with RangeServer({"right.ozx": right.path.read_bytes()}) as server:
        assert handed([server.url("right.ozx"), left.path])
        wait_for_layers(qtbot, window, 2)
    assert {layer.name for layer in window.layers} == {"block", "block [1]"}


def test_a_file_that_is_gone_is_told_and_the_next_is_opened(
    qtbot: QtBot,
    window: napari.Viewer,
    handed: HandOver,
    two_bright_archives: tuple[BrightArchive, BrightArchive],
) -> None:
    left, right = two_bright_archives
    left.path.unlink()
    assert handed([left.path, right.path])
    wait_for_layers(qtbot, window)
    qtbot.waitUntil(lambda: any("left.ome.zip" in said for said in told(window)), timeout=PATIENCE)


def test_a_file_that_is_open_already_is_not_added_unless_a_person_says_so(
    qtbot: QtBot, window: napari.Viewer, handed: HandOver, bright_archive: BrightArchive
) -> None:
    window.open(bright_archive.path, plugin="napari-ome-zip")
    assert handed([bright_archive.path])
    said = "my cells.ome.zip is open in this window already."
    qtbot.waitUntil(lambda: said in told(window), timeout=PATIENCE)
    assert len(window.layers) == 1
    press(window, said, "Open again")
    wait_for_layers(qtbot, window, 2)


def test_a_file_that_was_replaced_since_is_added(
    qtbot: QtBot, window: napari.Viewer, handed: HandOver, bright_archive: BrightArchive
) -> None:
    window.open(bright_archive.path, plugin="napari-ome-zip")
    bright_archive.path.unlink()
    write_bright_archive(bright_archive.path)
    assert handed([bright_archive.path])
    wait_for_layers(qtbot, window, 2)


def test_a_window_that_is_busy_opens_nothing_later(
    qtbot: QtBot,
    window: napari.Viewer,
    door: Door,
    bright_archive: BrightArchive,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as impatient:
        impatient.setattr(client, "ANSWERED_WITHIN", 0.1)
        # In the window's own thread: it handles no events meanwhile.
        assert not hand_over([str(bright_archive.path)])
    heard = []
    monkeypatch.setattr(Door, "open", lambda _door, places: heard.append(places))
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(hand_over, ["/another.ozx"])
        qtbot.waitUntil(done.done, timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(heard), timeout=PATIENCE)
    assert heard == [["/another.ozx"]]
    assert not door.visitors()


def test_a_window_that_waits_for_an_answer_refuses(
    qtbot: QtBot, window: napari.Viewer, handed: HandOver, bright_archive: BrightArchive
) -> None:
    question = QDialog(window.window.main_menu.window())
    question.setModal(True)
    question.show()
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is question, timeout=PATIENCE)
    assert not handed([bright_archive.path])
    question.close()
    assert len(window.layers) == 0


def test_without_a_window_files_are_refused(
    handed: HandOver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_window.napari, "current_viewer", lambda: None)
    assert not handed(["/a.ozx"])


def test_whoever_wants_windows_of_their_own_gets_them(
    plugin_settings: Any, npe2pm: Any, handed: HandOver
) -> None:
    npe2pm.register(PluginManifest.from_distribution("napari-ome-zip"))
    get_plugin_settings("napari-ome-zip").reading.take_files = False
    assert not handed(["/a.ozx"])


def test_the_socket_is_for_its_user_alone_and_goes_with_the_window(door: Door) -> None:
    assert window_sockets() == [door.path]
    assert door.path.stat().st_mode & 0o077 == 0
    folder = door.path.parent
    door.close()
    assert not folder.exists()
    assert not window_sockets()


def test_processes_of_other_users_are_not_listened_to(
    handed: HandOver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_window, "is_same_user", lambda _: False)
    assert not handed(["/a.ozx"])


def test_whoever_says_something_else_is_left(
    qtbot: QtBot, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.setattr(Door, "open", lambda _door, places: opened.append(places))
    for said in (
        b"x" * (MAX_MESSAGE_BYTES + 1),
        b"[" * 100_000 + b"\n",
        b'{"version": 1, "open": ["/etc/passwd"]}\n',
        b"\n",
        b"GET / HTTP/1.1\r\n\r\n",
        go_ahead(),
        request_of(["/a.ozx"]) * 2,
        request_of(["/a.ozx"]) + b"\n" + go_ahead(),
    ):
        with connected(door) as line, ThreadPoolExecutor(1) as pool:
            sent = pool.submit(_send, line, said)
            qtbot.waitUntil(sent.done, timeout=PATIENCE)
            hear_all(qtbot, line)
        qtbot.waitUntil(lambda: not door.visitors(), timeout=PATIENCE)
        assert not opened, said[:40]


def _send(line: socket.socket, said: bytes) -> None:
    with suppress(OSError):  # it hung up
        line.sendall(said)


def test_whoever_does_not_end_is_left_after_a_while(
    qtbot: QtBot, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_window, "SAID_WITHIN_MS", 100)
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(door.path))
        line.sendall(b'{"version": 1, "open": [')
        assert hear_all(qtbot, line) == b""


def test_few_are_listened_to_at_once(qtbot: QtBot, door: Door) -> None:
    with ExitStack() as open_lines, ThreadPoolExecutor(1) as pool:

        def connected() -> socket.socket:
            line = open_lines.enter_context(socket.socket(socket.AF_UNIX))
            line.connect(str(door.path))
            return line

        def connect_all() -> socket.socket:
            return [connected() for _ in range(3 * MAX_VISITORS)][-1]

        done = pool.submit(connect_all)
        qtbot.waitUntil(done.done, timeout=PATIENCE)
        assert hear_all(qtbot, done.result()) == b""
        assert len(door.visitors()) == MAX_VISITORS
    qtbot.waitUntil(lambda: not door.visitors(), timeout=PATIENCE)


def test_the_window_used_last_is_the_first_to_be_asked(qtbot: QtBot, door: Door) -> None:
    os.utime(door.path, (1_000, 1_000))
    app = QApplication.instance()
    app.applicationStateChanged.emit(app.applicationState().ApplicationActive)
    assert door.path.lstat().st_mtime > 1_000


def test_the_window_of_a_script_is_not_asked(window: napari.Viewer) -> None:
    take_files(window)
    QApplication.processEvents()
    assert not QApplication.instance().findChildren(Door)
