"""A link that is dropped, pasted or named on the command line is opened while the window lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.utils import progress
from qtpy.QtWidgets import QApplication

from heartbeat import Heartbeat
from link_windows import PATIENCE, drop_links, press, told, wait_for_layers
from napari_layers import pixels
from napari_ome_zip.files import Link
from napari_ome_zip.plugin.links.opening import open_links
from range_server import RangeServer

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot
    from tests.plugin.conftest import BrightArchive

pytestmark = pytest.mark.usefixtures("errors_become_notifications")

SECRET = "a5ecret"


@pytest.fixture
def server(two_bright_archives: tuple[BrightArchive, BrightArchive]) -> Iterator[RangeServer]:
    """Serves left.ome.zip and right.ozx."""
    files = {archive.path.name: archive.path.read_bytes() for archive in two_bright_archives}
    with RangeServer(files) as server:
        yield server


@pytest.mark.parametrize("rest", ["", f"?signature={SECRET}&x=a.b", "|zip:|zarr3:", "#top"])
def test_a_dropped_link_is_shown(
    qtbot: QtBot,
    window: napari.Viewer,
    server: RangeServer,
    two_bright_archives: tuple[BrightArchive, BrightArchive],
    rest: str,
) -> None:
    drop_links(window, server.url("right.ozx") + rest)
    wait_for_layers(qtbot, window)
    np.testing.assert_array_equal(pixels(window.layers[0]).squeeze(), two_bright_archives[1].pixels)
    source = window.layers[0].metadata["napari_ome_zip"]["source"]
    assert source.startswith(server.url("right.ozx"))
    assert SECRET not in source


def test_the_window_lives_while_the_server_takes_its_time(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer
) -> None:
    server.hold()
    drop_links(window, server.url("right.ozx"))
    qtbot.waitUntil(server.asked.is_set, timeout=PATIENCE)
    beats = Heartbeat()
    qtbot.waitUntil(lambda: beats.count > 10, timeout=PATIENCE)
    assert len(window.layers) == 0
    server.release()
    wait_for_layers(qtbot, window)


def test_layers_lie_in_the_order_of_their_links(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer
) -> None:
    with RangeServer({"slow.ozx": server.files["left.ome.zip"]}) as slow:
        slow.hold()
        drop_links(window, slow.url("slow.ozx"), server.url("right.ozx"))
        wait_for_layers(qtbot, window)
        slow.release()
        wait_for_layers(qtbot, window, 2)
    sources = [layer.metadata["napari_ome_zip"]["source"] for layer in window.layers]
    assert sources == [slow.url("slow.ozx"), server.url("right.ozx")]


def test_a_file_is_opened_while_a_link_is(
    qtbot: QtBot,
    window: napari.Viewer,
    server: RangeServer,
    two_bright_archives: tuple[BrightArchive, BrightArchive],
    drop: Callable[..., None],
) -> None:
    server.hold()
    drop_links(window, server.url("right.ozx"))
    qtbot.waitUntil(server.asked.is_set, timeout=PATIENCE)
    drop(window, [two_bright_archives[0].path])
    wait_for_layers(qtbot, window)
    server.release()
    wait_for_layers(qtbot, window, 2)


def test_the_same_link_is_opened_once_at_a_time(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer
) -> None:
    server.hold()
    url = server.url("right.ozx")
    drop_links(window, url)
    qtbot.waitUntil(server.asked.is_set, timeout=PATIENCE)
    drop_links(window, url)
    qtbot.waitUntil(lambda: "right.ozx is already being opened." in told(window), timeout=PATIENCE)
    server.release()
    wait_for_layers(qtbot, window)
    drop_links(window, url)
    wait_for_layers(qtbot, window, 2)


def test_it_can_be_cancelled_in_the_activity_dialog(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer
) -> None:
    server.hold()
    drop_links(window, server.url("right.ozx"))
    qtbot.waitUntil(server.asked.is_set, timeout=PATIENCE)
    (bar,) = [bar for bar in progress._all_instances if "right.ozx" in bar.desc]
    bar.cancel()
    said = "Cancelled: right.ozx was not opened."
    qtbot.waitUntil(lambda: said in told(window), timeout=PATIENCE)
    assert not [bar for bar in progress._all_instances if "right.ozx" in bar.desc]
    server.release()
    qtbot.wait(300)
    assert len(window.layers) == 0


def test_a_link_to_nothing_is_one_notification(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer
) -> None:
    drop_links(window, server.url("gone.ozx") + f"?signature={SECRET}")
    qtbot.waitUntil(lambda: told(window) != [], timeout=PATIENCE)
    qtbot.wait(300)
    (text,) = told(window)
    assert "gone.ozx" in text
    assert SECRET not in text


def test_a_link_in_the_clipboard_is_opened(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer
) -> None:
    clipboard = QApplication.clipboard()
    before = clipboard.text()
    clipboard.setText(server.url("right.ozx") + f"?signature={SECRET}")
    window.window._qt_viewer._image_from_clipboard()
    clipboard.setText(before)
    wait_for_layers(qtbot, window)


def test_a_script_gets_layers_at_once(window: napari.Viewer, server: RangeServer) -> None:
    url = f"{server.url('right.ozx')}?signature={SECRET}"
    (layer,) = window.open(url, plugin="napari-ome-zip")
    assert list(window.layers) == [layer]
    assert SECRET not in f"{layer.source} {layer.metadata}"
    assert layer.source.path.startswith(server.url("right.ozx"))


def test_options_for_layers_are_not_lost(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer
) -> None:
    window.window._qt_viewer._qt_open([server.url("right.ozx")], stack=False, name="mine")
    assert [layer.name for layer in window.layers] == ["mine"]


def test_what_takes_long_is_said_and_can_be_cancelled_there(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_ome_zip.plugin.links.opening.SAID_AFTER_MS", 0)
    server.hold()
    open_links(window, [Link(server.url(name)) for name in ("right.ozx", "left.ome.zip")])
    said = "Opening right.ozx from 127.0.0.1, and 1 more …"
    qtbot.waitUntil(lambda: said in told(window), timeout=PATIENCE)
    press(window, said, "Cancel")
    cancelled = {f"Cancelled: {name} was not opened." for name in ("right.ozx", "left.ome.zip")}
    qtbot.waitUntil(lambda: cancelled <= set(told(window)), timeout=PATIENCE)


def test_it_is_no_longer_said_once_it_is_open(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_ome_zip.plugin.links.opening.SAID_AFTER_MS", 0)
    server.hold()
    drop_links(window, server.url("right.ozx"))
    said = "Opening right.ozx from 127.0.0.1 …"
    qtbot.waitUntil(lambda: said in told(window), timeout=PATIENCE)
    server.release()
    wait_for_layers(qtbot, window)
    qtbot.waitUntil(lambda: said not in told(window), timeout=PATIENCE)
