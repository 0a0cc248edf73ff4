"""The dialog that lets a double click open archives says what it does, does it, and undoes it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from napari_ome_zip.desktop.integrate import environment
from napari_ome_zip.plugin.integrate.dialog import (
    NOTHING,
    REMOVE,
    REMOVED,
    SET_UP,
    IntegrateDialog,
    open_dialog,
)
from written_files import written

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

pytestmark = [
    pytest.mark.usefixtures("errors_become_notifications"),
    pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="files of Linux desktops"),
]

LAUNCHER = Path(".local/share/napari-ome-zip/open")


def shown(window: napari.Viewer) -> IntegrateDialog:
    open_dialog(window)
    return window.window._qt_window.findChildren(IntegrateDialog)[-1]


def press(qtbot: QtBot, dialog: IntegrateDialog, text: str) -> None:
    (button,) = (each for each in dialog.findChildren(QPushButton) if each.text() == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def states(dialog: IntegrateDialog) -> set[str]:
    rows = (dialog.list.topLevelItem(row) for row in range(dialog.list.topLevelItemCount()))
    return {row.text(1) for row in rows}


def test_it_says_where_it_writes_before_it_writes(window: napari.Viewer, own_home: Path) -> None:
    dialog = shown(window)
    said = " ".join(label.text() for label in dialog.findChildren(type(dialog.headline)))
    for part in ("double click", "for you alone", str(own_home / ".local/share"), "removed"):
        assert part in said
    assert dialog.headline.text() == "Not set up."
    assert states(dialog) == {"not there"}
    assert not dialog.remove.isEnabled()
    assert written(own_home) == []
    dialog.reject()


def test_it_is_set_up_and_removed(qtbot: QtBot, window: napari.Viewer, own_home: Path) -> None:
    dialog = shown(window)
    press(qtbot, dialog, SET_UP)
    assert sys.executable in (own_home / LAUNCHER).read_text()
    assert "in place" in states(dialog)
    assert "log" in dialog.notes.text()
    assert dialog.notes.isVisible()
    press(qtbot, dialog, REMOVE)
    assert dialog.notes.text().startswith(REMOVED)
    assert dialog.headline.text() == "Not set up."
    assert written(own_home) == []
    assert not dialog.remove.isEnabled()
    dialog.reject()


def test_what_was_removed_meanwhile_is_no_error(
    qtbot: QtBot, window: napari.Viewer, own_home: Path
) -> None:
    first, second = shown(window), shown(window)
    press(qtbot, first, SET_UP)
    second.remove.setEnabled(True)
    press(qtbot, first, REMOVE)
    press(qtbot, second, REMOVE)
    assert second.notes.text() == NOTHING
    first.reject()
    second.reject()


def test_what_is_in_the_way_is_said_and_stays(
    qtbot: QtBot, window: napari.Viewer, own_home: Path
) -> None:
    foreign = own_home / LAUNCHER
    foreign.parent.mkdir(parents=True)
    foreign.write_text("of another program")
    dialog = shown(window)
    press(qtbot, dialog, SET_UP)
    assert str(foreign) in dialog.notes.text()
    assert foreign.read_text() == "of another program"
    assert states(dialog) == {"not there", "someone else's"}
    dialog.reject()


def test_what_cannot_be_read_is_said(qtbot: QtBot, window: napari.Viewer, own_home: Path) -> None:
    (own_home / ".config" / "mimeapps.list").mkdir(parents=True)
    dialog = shown(window)
    assert "mimeapps.list cannot be read" in dialog.headline.text()
    press(qtbot, dialog, SET_UP)
    assert "mimeapps.list cannot be read" in dialog.notes.text()
    assert written(own_home) == [".config", ".config/mimeapps.list"]
    dialog.reject()


def test_without_an_interpreter_it_says_so(
    window: napari.Viewer, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment.sys, "executable", "")
    open_dialog(window)
    assert "which Python" in notification_manager.records[-1].message
    assert window.window._qt_window.findChildren(IntegrateDialog) == []
