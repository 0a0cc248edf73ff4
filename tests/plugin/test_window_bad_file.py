"""A bad file ends in a notification that says which file, and why; the window lives on."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari.utils.notifications import notification_manager
from qtpy.QtWidgets import QPushButton

from napari_layers import pixels
from napari_ome_zip import validate
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.plugin.messages import CHECK_FILE, GATHERED_FOR_MS
from spoiling import change_root, damage, two_channels_for_one

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


def test_several_bad_files_that_are_opened_together_are_one_notification(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    bad = [tmp_path / f"bad-{number}.ozx" for number in range(3)]
    for path in bad:
        path.write_bytes(b"")
    with pytest.raises(ArchiveError):
        window.open([str(path) for path in bad], stack=True, plugin="napari-ome-zip")
    qtbot.waitUntil(lambda: len(told_by_the_plugin(window)) > 0, timeout=20_000)
    qtbot.wait(300)
    (text,) = told_by_the_plugin(window)
    assert text.startswith("3 files cannot be opened.")
    assert all(path.name in text for path in bad)


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


def toasts(window: napari.Viewer) -> list[NapariQtNotification]:
    """Return the notifications that the window shows."""
    return window.window._qt_window.findChildren(NapariQtNotification)


def buttons(toast: NapariQtNotification) -> list[str]:
    """Return what the buttons of a notification say."""
    return [b.text() for b in toast.findChildren(QPushButton) if b.text()]


def test_a_fault_that_changes_what_is_seen_is_told_once_and_the_image_shows(
    qtbot: QtBot, window: napari.Viewer, bright_archive: BrightArchive, drop: Callable[..., None]
) -> None:
    path = bright_archive.path
    change_root(path, two_channels_for_one)
    drop(window, [path])
    qtbot.waitUntil(lambda: len(window.layers) == 1, timeout=20_000)
    np.testing.assert_array_equal(pixels(window.layers[0]).squeeze(), bright_archive.pixels)
    qtbot.waitUntil(lambda: bool(toasts(window)), timeout=20_000)
    (toast,) = toasts(window)
    told = toast.message.text()
    assert told.startswith("Display settings do not fit the channels.")
    assert "2 channels" in told
    assert path.name in told
    assert CHECK_FILE in buttons(toast)
    assert len(notification_manager.records) == 1


def all_in_one_folder(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        entries = {f"cells.zarr/{name}": archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def labels_that_are_an_object(path: Path) -> None:
    change_root(path, lambda ome: ome.update(labels={"cells": 1}))


def with_files_of_a_mac(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        documents = sorted(name for name in entries if name.rpartition("/")[2] == "zarr.json")
        for name in ("zarr.json", *(n for n in documents if n != "zarr.json")):
            archive.writestr(name, entries.pop(name))
        for name, content in entries.items():
            archive.writestr(name, content)
        for name in ("__MACOSX/._zarr.json", "._zarr.json", "0/._zarr.json", "0/c/._0"):
            archive.writestr(name, b"\0\x05\x16\x07")
        comment = {"ome": {"version": "0.5", "zipFile": {"centralDirectory": {"jsonFirst": True}}}}
        archive.comment = json.dumps(comment).encode()


@pytest.mark.parametrize(
    "spoil", [all_in_one_folder, labels_that_are_an_object, with_files_of_a_mac]
)
def test_what_nobody_can_see_is_left_to_the_check(
    qtbot: QtBot,
    window: napari.Viewer,
    bright_archive: BrightArchive,
    drop: Callable[..., None],
    spoil: Callable[[Path], None],
) -> None:
    spoil(bright_archive.path)
    drop(window, [bright_archive.path])
    qtbot.waitUntil(lambda: len(window.layers) == 1, timeout=20_000)
    np.testing.assert_array_equal(pixels(window.layers[0]).squeeze(), bright_archive.pixels)
    qtbot.wait(3 * GATHERED_FOR_MS)
    assert notification_manager.records == []
    assert validate(bright_archive.path).issues


def test_several_kinds_of_faults_are_one_notification_for_two_would_hide_each_other(
    qtbot: QtBot, window: napari.Viewer, bright_archive: BrightArchive, drop: Callable[..., None]
) -> None:
    def spoil(ome: dict[str, Any]) -> None:
        two_channels_for_one(ome)
        del ome["multiscales"][0]["datasets"][0]["coordinateTransformations"]

    change_root(bright_archive.path, spoil)
    drop(window, [bright_archive.path])
    qtbot.waitUntil(lambda: bool(toasts(window)), timeout=20_000)
    (toast,) = toasts(window)
    first, second = toast.message.text().split("\n")
    assert first.startswith("The pixel size of a level was guessed")
    assert second.startswith("Display settings do not fit the channels")


def test_damaged_chunks_are_told_once_with_the_file_and_its_check_and_the_rest_is_drawn(
    qtbot: QtBot,
    window: napari.Viewer,
    bright_archive: BrightArchive,
    drop: Callable[..., None],
) -> None:
    path = bright_archive.path
    damage(path, "0/c/1/1")
    damage(path, "0/c/1/2")

    drop(window, [path])
    qtbot.waitUntil(lambda: len(told_by_the_plugin(window)) == 1, timeout=20_000)
    (layer,) = window.layers
    shown = pixels(layer).squeeze()
    np.testing.assert_array_equal(shown[:16], bright_archive.pixels[:16])
    (toast,) = toasts(window)
    assert "Damaged chunk 0/c/1/" in toast.message.text()[:45]
    assert path.name in toast.message.text()
    assert CHECK_FILE in buttons(toast)
    assert len(notification_manager.records) == 1, notification_manager.records
