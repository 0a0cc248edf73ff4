"""A bad file ends in a notification that says which file, and why; the window lives on."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari.utils.notifications import notification_manager

from napari_layers import pixels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot
    from tests.plugin.conftest import BrightArchive


pytestmark = pytest.mark.usefixtures("errors_become_notifications")


def told_by_the_plugin(window: napari.Viewer) -> list[str]:
    """Return the notifications that the window shows, without napari's own on the same error."""
    found = window.window._qt_window.findChildren(NapariQtNotification)
    texts = [toast.message.text() for toast in found]
    return [text for text in texts if not text.startswith("Tried to read")]


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
        assert len(told_by_the_plugin(window)) == 1

    qtbot.waitUntil(told, timeout=20_000)
    (text,) = told_by_the_plugin(window)
    assert bright_archive.path.name in text
    assert reason in text
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
    qtbot.waitUntil(lambda: len(told_by_the_plugin(window)) == 1, timeout=20_000)
    drop(window, [good.path])
    qtbot.waitUntil(lambda: len(window.layers) == 1, timeout=20_000)
    (layer,) = window.layers
    np.testing.assert_array_equal(pixels(layer).squeeze(), good.pixels)


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
    np.testing.assert_array_equal(pixels(window.layers[0]).squeeze(), bright_archive.pixels)
    told = [record.message for record in notification_manager.records]
    assert len(told) == 1
    assert "cells.zarr" in told[0]
    assert path.name in told[0]


@pytest.mark.filterwarnings("default::napari_ome_zip.image.arrays.DamagedChunkWarning")
def test_a_damaged_chunk_is_told_by_name_and_the_rest_is_drawn(
    qtbot: QtBot,
    window: napari.Viewer,
    bright_archive: BrightArchive,
    drop: Callable[..., None],
) -> None:
    path = bright_archive.path
    with zipfile.ZipFile(path) as archive:
        damaged = archive.getinfo("0/c/1/2")
    content = bytearray(path.read_bytes())
    # Past the local header's 30 bytes and the name lie the chunk's own.
    first = damaged.header_offset + 30 + len(damaged.filename)
    content[first : first + damaged.compress_size] = b"\xff" * damaged.compress_size
    path.write_bytes(content)

    drop(window, [path])
    qtbot.waitUntil(lambda: len(told_by_the_plugin(window)) == 1, timeout=20_000)
    assert "0/c/1/2" in told_by_the_plugin(window)[0]
    (layer,) = window.layers
    shown = pixels(layer).squeeze()
    np.testing.assert_array_equal(shown[:16], bright_archive.pixels[:16])
    told = [record.message for record in notification_manager.records]
    assert len(told) == 1, told
