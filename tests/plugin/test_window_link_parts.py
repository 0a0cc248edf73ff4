"""A file behind a link in the dialog, the download, Contents, the check and the form for saving."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QPushButton

from heartbeat import Heartbeat
from hierarchy_builder import HierarchyBuilder
from link_windows import PATIENCE, drop_links, notifications, post_links, told, wait_for_layers
from napari_layers import pixels
from napari_ome_zip.image.attachments import Attachment, Form
from napari_ome_zip.plugin.check.widget import CheckWidget
from napari_ome_zip.plugin.contents.text_window import TextWindow
from napari_ome_zip.plugin.contents.widget import ContentsWidget
from napari_ome_zip.plugin.docks import PLUGIN, open_contents
from napari_ome_zip.plugin.links.dialog import NO_LINK, LinkDialog, open_link
from napari_ome_zip.plugin.links.recent import recent_links
from napari_ome_zip.plugin.messages import DOWNLOAD
from range_server import RangeServer
from web_faults import whole

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot
    from tests.plugin.conftest import BrightArchive

pytestmark = pytest.mark.usefixtures("errors_become_notifications")

SECRET = "a5ecret"
NAME = "my cells.ome.zip"


@pytest.fixture
def server(bright_archive: BrightArchive) -> Iterator[RangeServer]:
    """Serves ``my cells.ome.zip``."""
    with RangeServer({NAME: bright_archive.path.read_bytes()}) as server:
        yield server


@pytest.fixture
def clipboard() -> Iterator[Any]:
    clipboard = QApplication.clipboard()
    before = clipboard.text()
    clipboard.setText("")
    yield clipboard
    clipboard.setText(before)


def asked(window: napari.Viewer) -> LinkDialog:
    open_link(window)
    return window.window._qt_window.findChildren(LinkDialog)[-1]


def type_link(qtbot: QtBot, dialog: LinkDialog, text: str) -> None:
    dialog.link.setEditText(text)
    qtbot.keyClick(dialog.link.lineEdit(), Qt.Key.Key_Return)


def test_a_link_that_is_typed_is_opened_and_remembered(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, clipboard: Any
) -> None:
    dialog = asked(window)
    assert dialog.link.currentText() == ""
    type_link(qtbot, dialog, server.url(NAME))
    wait_for_layers(qtbot, window)
    assert recent_links() == [server.url(NAME)]
    again = asked(window)
    assert [again.link.itemText(n) for n in range(again.link.count())] == [server.url(NAME)]
    again.reject()


def test_any_name_can_be_opened(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, clipboard: Any
) -> None:
    server.files["content"] = server.files[NAME]
    type_link(qtbot, asked(window), server.url("content"))
    wait_for_layers(qtbot, window)


def test_a_link_in_the_clipboard_is_filled_in(
    window: napari.Viewer, server: RangeServer, clipboard: Any
) -> None:
    clipboard.setText(f"{server.url(NAME)}\n")
    dialog = asked(window)
    assert dialog.link.currentText() == server.url(NAME)
    assert dialog.link.lineEdit().selectedText() == server.url(NAME)
    dialog.reject()


def test_what_is_no_link_is_said_in_the_dialog(
    qtbot: QtBot, window: napari.Viewer, clipboard: Any
) -> None:
    dialog = asked(window)
    type_link(qtbot, dialog, "my cells")
    assert dialog.isVisible()
    assert dialog.problem.text() == NO_LINK
    assert dialog.problem.isVisible()
    dialog.link.setEditText("https://")
    assert not dialog.problem.isVisible()
    dialog.reject()


def test_a_file_without_ranges_is_downloaded_and_opened(
    qtbot: QtBot,
    window: napari.Viewer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # One that is smaller than what is asked for first needs no ranges.
    noise = np.random.default_rng(0).integers(0, 255, (1000, 1000), np.uint8)
    content = HierarchyBuilder().image(noise, "yx").archive(tmp_path / "large.ozx").read_bytes()
    target = tmp_path / "downloaded.ozx"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    with RangeServer({"large.ozx": content}, fault=whole(content)) as stubborn:
        drop_links(window, f"{stubborn.url('large.ozx')}?signature={SECRET}")

        def button() -> QPushButton | None:
            toasts = notifications(window)
            found = [b for toast in toasts for b in toast.findChildren(QPushButton)]
            return next((b for b in found if b.text() == DOWNLOAD), None)

        qtbot.waitUntil(lambda: button() is not None, timeout=PATIENCE)
        assert not any(SECRET in text for text in told(window))
        button().click()
        wait_for_layers(qtbot, window)
    assert target.read_bytes() == content
    np.testing.assert_array_equal(pixels(window.layers[0]).squeeze(), noise)
    assert window.layers[0].metadata["napari_ome_zip"]["source"] == str(target)


def test_contents_shows_and_checks_what_lies_behind_a_link(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, clipboard: Any
) -> None:
    drop_links(window, f"{server.url(NAME)}?signature={SECRET}")
    wait_for_layers(qtbot, window)
    open_contents(window)
    (contents,) = [w for w in window.window.dock_widgets.values() if isinstance(w, ContentsWidget)]
    assert contents.parts.files.itemText(0) == NAME
    contents.parts.copy.click()
    assert clipboard.text().startswith(server.url(NAME))
    assert SECRET not in clipboard.text()
    assert "without what is secret" in contents.parts.message.text()
    server.forget()
    contents.parts.check.click()
    (check,) = [w for w in window.window.dock_widgets.values() if isinstance(w, CheckWidget)]
    qtbot.waitUntil(lambda: check.model.report is not None, timeout=PATIENCE)
    assert check.model.report.kind == "archive"
    assert check.parts.name.text() == NAME
    assert SECRET not in check.model.export("text") + check.model.state.path
    assert all(SECRET in request.target for request in server.requests)


def test_a_link_is_checked_that_is_typed_or_dropped(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, clipboard: Any
) -> None:
    _, check = window.window.add_plugin_dock_widget(PLUGIN, "Check an archive")
    check.parts.choose_link.click()
    (dialog,) = check.findChildren(LinkDialog)
    (buttons,) = dialog.findChildren(QDialogButtonBox)
    assert "Check" in [button.text() for button in buttons.buttons()]
    type_link(qtbot, dialog, server.url(NAME))
    qtbot.waitUntil(lambda: check.model.report is not None, timeout=PATIENCE)
    assert check.model.state.path == server.url(NAME)
    server.forget()
    post_links(check, server.url(NAME))
    qtbot.waitUntil(server.asked.is_set, timeout=PATIENCE)
    qtbot.waitUntil(lambda: check.model.report is not None, timeout=PATIENCE)


def test_a_window_that_is_closed_meanwhile_takes_the_opening_along(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer
) -> None:
    from napari_ome_zip.plugin.links.opening import LinkRun

    server.hold()
    drop_links(window, server.url(NAME))
    qtbot.waitUntil(server.asked.is_set, timeout=PATIENCE)
    (run,) = window.window._qt_window.findChildren(LinkRun)
    task = run.task
    del run
    window.close()
    qtbot.waitUntil(task.stopping.is_set, timeout=PATIENCE)
    server.release()
    qtbot.wait(300)
    assert len(window.layers) == 0


def test_an_attachment_behind_a_link_is_read_while_the_window_goes_on(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    builder = HierarchyBuilder().image(np.zeros((8, 8), np.uint8), "yx")
    # Far from both ends of the file, which are there already.
    builder.put("notes/far.bin", bytes(1 << 19))
    builder.put("notes/read me.txt", b"all is well")
    builder.put("other/far.bin", bytes(1 << 19))
    content = builder.archive(tmp_path / "a.ozx").read_bytes()
    with RangeServer({"a.ozx": content}) as server:
        drop_links(window, server.url("a.ozx"))
        wait_for_layers(qtbot, window)
        open_contents(window)
        (contents,) = [
            w for w in window.window.dock_widgets.values() if isinstance(w, ContentsWidget)
        ]
        server.hold()
        attachment = Attachment("notes/read me.txt", "read me.txt", Form.ENTRY, 11)
        contents._read(attachment)
        beats = Heartbeat()
        qtbot.waitUntil(lambda: beats.count > 10, timeout=PATIENCE)
        server.release()
        qtbot.waitUntil(lambda: bool(contents.findChildren(TextWindow)), timeout=PATIENCE)
        (shown,) = contents.findChildren(TextWindow)
        assert shown.text.toPlainText() == "all is well"
        shown.close()
