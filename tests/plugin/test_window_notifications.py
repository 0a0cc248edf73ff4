"""Files that are opened together share one notification, with the point of it in sight."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari._qt.dialogs.qt_reader_dialog import QtReaderDialog
from napari.settings import get_settings
from napari.utils.notifications import notification_manager
from npe2 import DynamicPlugin
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QMenu, QPushButton

from collection_builder import CollectionBuilder, collection, entry
from napari_layers import pixels
from napari_ome_zip import open_image
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.plugin import messages
from napari_ome_zip.plugin.check.widget import CheckWidget
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.messages import CHECK_FILE, CHECK_FILES, GATHERED_FOR_MS
from spoiling import change_root, damage, two_channels_for_one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot
    from tests.plugin.conftest import BrightArchive

    type Pair = tuple[BrightArchive, BrightArchive]
    type Drop = Callable[..., None]

WAIT = 20_000

pytestmark = pytest.mark.usefixtures("errors_become_notifications")


def toasts(window: napari.Viewer) -> list[NapariQtNotification]:
    return window.window._qt_window.findChildren(NapariQtNotification)


def the_only_toast(qtbot: QtBot, window: napari.Viewer) -> NapariQtNotification:
    """Return the notification that the window shows, once all that comes has come."""
    qtbot.waitUntil(lambda: bool(toasts(window)), timeout=WAIT)
    qtbot.wait(3 * GATHERED_FOR_MS)
    (toast,) = toasts(window)
    assert len(notification_manager.records) == 1, notification_manager.records
    return toast


def button(toast: NapariQtNotification, text: str) -> QPushButton:
    (found,) = [b for b in toast.findChildren(QPushButton) if b.text() == text]
    return found


def emptied(path: Path) -> None:
    path.write_bytes(b"")


# Several files


def test_of_files_dropped_together_every_good_one_opens_and_the_bad_ones_share_a_notification(
    qtbot: QtBot, window: napari.Viewer, two_bright_archives: Pair, tmp_path: Path, drop: Drop
) -> None:
    left, right = two_bright_archives
    first, last = tmp_path / "first.ozx", tmp_path / "last.ozx"
    emptied(first)
    emptied(last)
    drop(window, [first, left.path, last, right.path])
    toast = the_only_toast(qtbot, window)
    assert [pixels(layer).squeeze().tolist() for layer in window.layers] == [
        archive.pixels.tolist() for archive in two_bright_archives
    ]
    headline, *lines = toast.message.text().split("\n")
    assert headline == "2 files cannot be opened."
    assert [line.partition(":")[0] for line in lines] == ["first.ozx", "last.ozx"]
    assert all("empty" in line for line in lines)


def test_what_is_told_waits_for_the_last_file_however_long_that_takes(
    qtbot: QtBot,
    window: napari.Viewer,
    tmp_path: Path,
    drop: Drop,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # napari handles events between two files: with no time to gather, all timers fire there.
    monkeypatch.setattr(messages, "GATHERED_FOR_MS", 0)
    bad = [tmp_path / f"bad-{number}.ozx" for number in range(5)]
    for path in bad:
        emptied(path)
    drop(window, bad)
    toast = the_only_toast(qtbot, window)
    assert toast.message.text().startswith("5 files cannot be opened.")


def test_repairs_of_files_dropped_together_are_one_notification_with_a_line_for_each(
    qtbot: QtBot, window: napari.Viewer, two_bright_archives: Pair, drop: Drop
) -> None:
    for archive in two_bright_archives:
        change_root(archive.path, two_channels_for_one)
    drop(window, [archive.path for archive in two_bright_archives])
    toast = the_only_toast(qtbot, window)
    headline, *lines = toast.message.text().split("\n")
    assert headline == "2 files may not look as they should."
    for line, archive in zip(lines, two_bright_archives, strict=True):
        assert line.startswith(f"{archive.path.name}: Display settings do not fit")


def test_damage_in_files_dropped_together_and_a_repair_are_one_notification(
    qtbot: QtBot, window: napari.Viewer, two_bright_archives: Pair, drop: Drop
) -> None:
    left, right = two_bright_archives
    change_root(right.path, two_channels_for_one)
    damage(left.path, "0/c/1/2")
    damage(right.path, "0/c/1/2")
    drop(window, [left.path, right.path])
    toast = the_only_toast(qtbot, window)
    _, first, second = toast.message.text().split("\n")
    assert first.startswith("left.ome.zip: Damaged chunk 0/c/1/2")
    assert second.startswith("right.ozx: Display settings do not fit")
    assert second.endswith("And 1 more.")


def test_of_several_files_one_is_chosen_to_be_checked(
    qtbot: QtBot, window: napari.Viewer, two_bright_archives: Pair, drop: Drop
) -> None:
    left, right = two_bright_archives
    damage(right.path, "0/c/1/2")
    emptied(left.path)
    drop(window, [left.path, right.path])
    toast = the_only_toast(qtbot, window)
    qtbot.mouseClick(button(toast, CHECK_FILES), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None, timeout=WAIT)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    actions = {action.text(): action for action in menu.actions()}
    assert set(actions) == {left.path.name, right.path.name}
    spot = menu.actionGeometry(actions[right.path.name]).center()
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=spot)

    def checked() -> list[Any]:
        widgets = [w for w in window.window.dock_widgets.values() if isinstance(w, CheckWidget)]
        return [w.model.report for w in widgets if w.model.report is not None]

    qtbot.waitUntil(lambda: bool(checked()), timeout=WAIT)
    (report,) = checked()
    assert report.path == str(right.path)
    assert report.pixels_checked


def test_a_script_is_told_by_an_error_too(window: napari.Viewer, two_bright_archives: Pair) -> None:
    left, right = two_bright_archives
    emptied(left.path)
    with pytest.raises(ArchiveError, match="empty"):
        window.open([left.path, right.path], plugin=PLUGIN)


@pytest.fixture
def another_reader(window: napari.Viewer) -> Iterator[None]:
    """Offer another plugin for some of our names."""
    with DynamicPlugin("another") as plugin:

        @plugin.contribute.reader(filename_patterns=["*.zarr.zip"])
        def get_reader(path: object) -> None:
            return None

        yield


def answer(monkeypatch: pytest.MonkeyPatch, chosen: str) -> list[str]:
    """Choose this reader whenever napari asks, and return the files that it asks about."""
    asked: list[str] = []

    def choose(dialog: QtReaderDialog) -> tuple[str, bool]:
        asked.append(dialog._current_file)
        return chosen, False

    monkeypatch.setattr(QtReaderDialog, "get_user_choices", choose)
    return asked


@pytest.mark.usefixtures("another_reader")
def test_a_bad_file_for_which_our_plugin_was_chosen_is_told_of_once(
    qtbot: QtBot,
    window: napari.Viewer,
    tmp_path: Path,
    drop: Drop,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = answer(monkeypatch, "OME-Zarr archives")
    shared = tmp_path / "a.zarr.zip"
    emptied(shared)
    drop(window, [shared])
    assert "empty" in the_only_toast(qtbot, window).message.text()
    assert asked == [str(shared)]


@pytest.mark.usefixtures("another_reader")
def test_where_another_plugin_may_open_a_bad_file_napari_still_offers_that(
    qtbot: QtBot,
    window: napari.Viewer,
    tmp_path: Path,
    drop: Drop,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    get_settings().plugins.extension2reader = {"*.zarr.zip": PLUGIN}
    asked = answer(monkeypatch, "")
    shared = tmp_path / "a.zarr.zip"
    emptied(shared)
    drop(window, [shared])
    assert "empty" in the_only_toast(qtbot, window).message.text()
    assert asked == [str(shared)]


# Files with and without units


def without_units(path: Path) -> None:
    def change(ome: dict[str, Any]) -> None:
        for axis in ome["multiscales"][0]["axes"]:
            del axis["unit"]

    change_root(path, change)


def has_layers(window: napari.Viewer, count: int) -> bool:
    return len(window.layers) == count


def units(window: napari.Viewer) -> list[list[str]]:
    return [[str(unit) for unit in layer.units] for layer in window.layers]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("bare", [0, 1])
def test_files_with_and_without_units_share_them_and_one_notification_says_so(
    qtbot: QtBot,
    window: napari.Viewer,
    two_bright_archives: Pair,
    drop: Drop,
    bare: int,
    together: bool,
) -> None:
    archives = two_bright_archives
    without_units(archives[bare].path)
    for group in [archives] if together else [archives[:1], archives[1:]]:
        wanted = len(window.layers) + len(group)
        drop(window, [archive.path for archive in group])
        qtbot.waitUntil(partial(has_layers, window, wanted), timeout=WAIT)
        window.screenshot(flash=False)  # napari warns when it draws
    toast = the_only_toast(qtbot, window)
    assert units(window) == [["micrometer", "micrometer"]] * 2
    text = toast.message.text()
    assert text.startswith("Its size may be wrong: no unit is stated.")
    assert archives[bare].path.name in text
    assert archives[1 - bare].path.name not in text
    assert button(toast, CHECK_FILE)


def test_no_unit_is_saved_that_the_file_does_not_state(
    qtbot: QtBot, window: napari.Viewer, two_bright_archives: Pair, tmp_path: Path
) -> None:
    bare, measured = two_bright_archives
    without_units(bare.path)
    window.open(bare.path, plugin=PLUGIN)
    window.open(measured.path, plugin=PLUGIN)
    for layer, unit in zip(list(window.layers), (None, "micrometer"), strict=True):
        layer.translate = layer.translate + 1.5  # else the documents of the file are copied
        target = tmp_path / f"saved {unit}.ome.zip"
        layer.save(str(target), plugin=PLUGIN)
        saved = open_image(target).images[0]
        assert {axis.unit for axis in saved.axes} == {unit}
    qtbot.wait(3 * GATHERED_FOR_MS)


def test_beside_layers_of_others_units_are_left_out_and_saved_nevertheless(
    qtbot: QtBot,
    window: napari.Viewer,
    bright_archive: BrightArchive,
    tmp_path: Path,
    drop: Drop,
) -> None:
    window.add_image(np.eye(5, dtype=np.uint8), axis_labels=("y", "x"), name="drawn")
    drop(window, [bright_archive.path])
    qtbot.waitUntil(lambda: len(window.layers) == 2, timeout=WAIT)
    window.screenshot(flash=False)
    toast = the_only_toast(qtbot, window)
    assert toast.message.text().startswith("Its units are not used: other layers have none.")
    assert units(window) == [["pixel", "pixel"]] * 2
    target = tmp_path / "saved.ome.zip"
    window.layers[1].translate = window.layers[1].translate + 1.5
    window.layers[1].save(str(target), plugin=PLUGIN)
    assert {axis.unit for axis in open_image(target).images[0].axes} == {"micrometer"}


# What is seen of a notification


def test_the_point_of_a_notification_is_seen_before_it_is_opened(
    qtbot: QtBot, window: napari.Viewer, bright_archive: BrightArchive, drop: Drop
) -> None:
    change_root(bright_archive.path, partial(two_channels_for_one))
    drop(window, [bright_archive.path])
    toast = the_only_toast(qtbot, window)
    line = toast.message
    room, letters = line.width(), line.fontMetrics()
    assert letters.horizontalAdvance("Display settings do not fit the channels") <= room
    assert letters.horizontalAdvance("n" * 45) <= 2 * room


def test_what_is_missing_is_told_before_that_the_file_is_of_a_draft(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, drop: Drop
) -> None:
    nodes = collection("images", entry("a"), entry("far", "../../far"))
    path = CollectionBuilder().node(nodes).image_node("a").archive(tmp_path / "a.ozx")
    drop(window, [path])
    text = the_only_toast(qtbot, window).message.text()
    assert text.startswith("Not everything is shown: it lies elsewhere.")
    assert text.index("'far'") < text.index("Written by a draft of OME-Zarr")
