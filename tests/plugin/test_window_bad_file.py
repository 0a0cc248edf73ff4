"""A bad file ends in a notification that says which file, and why; the window lives on."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari.utils.notifications import notification_manager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot
    from tests.plugin.conftest import BrightArchive


@pytest.fixture(autouse=True)
def errors_become_notifications(qtbot: QtBot, window: napari.Viewer) -> Iterator[None]:
    """Handle errors as a started napari does, and forget them before the window is closed."""
    notification_manager.records.clear()
    with notification_manager:
        yield
    forget_errors(window)
    qtbot.wait(100)  # what was connected to the notifications goes in the event loop


def forget_errors(window: napari.Viewer) -> None:
    """Drop what holds an error: its traceback holds the window, which would seem to leak."""
    notification_manager.records.clear()
    for name in ("last_exc", "last_value", "last_traceback"):
        if hasattr(sys, name):
            delattr(sys, name)
    for toast in toasts(window):
        toast.close()
        toast.deleteLater()


def toasts(window: napari.Viewer) -> list[NapariQtNotification]:
    """Return the notifications that the window shows."""
    return window.window._qt_window.findChildren(NapariQtNotification)


def texts(window: napari.Viewer) -> list[str]:
    """Return what they say."""
    return [toast.message.text() for toast in toasts(window)]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def a_text(path: Path) -> None:
    path.write_text("Please find the image attached.\n" * 40)


def a_zip_of_something_else(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday.txt", "nothing to see")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (cut_short, "incomplete"),
        (emptied, "empty"),
        (a_text, "Not a ZIP"),
        (a_zip_of_something_else, "OME-Zarr"),
    ],
)
def test_dropping_a_bad_file_tells_its_name_and_what_is_wrong(
    qtbot: QtBot,
    window: napari.Viewer,
    bright_archive: BrightArchive,
    drop: Callable[..., None],
    spoil: Callable[[Path], None],
    reason: str,
) -> None:
    spoil(bright_archive.path)
    drop(window, [bright_archive.path])

    def told() -> None:
        said = texts(window)
        assert any(bright_archive.path.name in text and reason in text for text in said), said

    qtbot.waitUntil(told, timeout=20_000)
    assert len(window.layers) == 0


def test_after_a_bad_file_a_good_one_still_opens(
    qtbot: QtBot,
    window: napari.Viewer,
    two_bright_archives: tuple[BrightArchive, BrightArchive],
    drop: Callable[..., None],
) -> None:
    bad, good = two_bright_archives
    cut_short(bad.path)
    drop(window, [bad.path])
    qtbot.waitUntil(lambda: any(bad.path.name in text for text in texts(window)), timeout=20_000)
    drop(window, [good.path])
    qtbot.waitUntil(lambda: len(window.layers) == 1, timeout=20_000)
    (layer,) = window.layers
    np.testing.assert_array_equal(np.asarray(layer.data).squeeze(), good.pixels)


def test_a_tolerated_fault_is_told_once_and_the_image_shows(
    qtbot: QtBot, window: napari.Viewer, bright_archive: BrightArchive, drop: Callable[..., None]
) -> None:
    path = bright_archive.path
    with zipfile.ZipFile(path) as archive:
        entries = {f"cells.zarr/{name}": archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)

    drop(window, [path])
    qtbot.waitUntil(lambda: len(window.layers) == 1, timeout=20_000)
    np.testing.assert_array_equal(
        np.asarray(window.layers[0].data).squeeze(), bright_archive.pixels
    )
    told = [record.message for record in notification_manager.records]
    assert len(told) == 1
    assert "cells.zarr" in told[0]
    assert path.name in told[0]
