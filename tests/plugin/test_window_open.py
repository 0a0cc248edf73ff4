"""Every way to open an archive in a real napari window ends in the right picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QFileDialog, QLineEdit

from napari_layers import pixels, value_in_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot
    from tests.plugin.conftest import BrightArchive


def choose_in_dialog(qtbot: QtBot, path: Path) -> None:
    """Type a path into the file dialog that is about to open, and confirm it."""

    def type_path() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            QTimer.singleShot(50, type_path)
            return
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        line.setText(str(path))
        qtbot.keyClick(line, Qt.Key.Key_Return)

    QTimer.singleShot(0, type_path)


def menu_action(menu, *texts: str):
    """Return the action under the texts of a menu and its sub-menus."""
    for text in texts:
        found = [a for a in menu.actions() if text in a.text().replace("&", "")]
        assert found, f"{text!r} is not in {[a.text() for a in menu.actions()]}"
        action = found[0]
        menu = action.menu()
    return action


def colour_at(window: napari.Viewer, world: tuple[float, float]) -> np.ndarray:
    """Return the RGB that the canvas shows at world coordinates (y, x)."""
    picture = window.screenshot(canvas_only=True, flash=False)
    camera = window.scene.camera
    zoom = camera.zoom * window.window._qt_window.devicePixelRatio()
    centre = np.array(picture.shape[:2]) / 2
    row, column = np.rint(centre + (np.array(world) - camera.center[-2:]) * zoom)
    return picture[int(row), int(column), :3]


def assert_shows(qtbot: QtBot, window: napari.Viewer, *archives: BrightArchive) -> None:
    """Check layers, values under world coordinates, and the picture on the screen."""
    qtbot.waitUntil(lambda: len(window.layers) == len(archives), timeout=20_000)
    for layer, archive in zip(window.layers, archives, strict=True):
        np.testing.assert_array_equal(pixels(layer).squeeze(), archive.pixels)
        for (y, x), value in ((archive.bright, 255), (archive.dark, 0)):
            assert value_in_world(layer, y=y, x=x) == value
        assert [str(unit) for unit in layer.units[-2:]] == ["micrometer", "micrometer"]
    window.reset_view()

    def picture_is_right() -> None:
        for archive in archives:
            assert colour_at(window, archive.bright).min() > 200
            assert colour_at(window, archive.dark).max() < 50

    qtbot.waitUntil(picture_is_right, timeout=20_000)


def test_a_dropped_file_is_shown(
    qtbot: QtBot, window: napari.Viewer, bright_archive: BrightArchive, drop: Callable[..., None]
) -> None:
    drop(window, [bright_archive.path])
    assert_shows(qtbot, window, bright_archive)


def test_two_files_dropped_at_once_are_both_shown(
    qtbot: QtBot,
    window: napari.Viewer,
    two_bright_archives: tuple[BrightArchive, BrightArchive],
    drop: Callable[..., None],
) -> None:
    drop(window, [archive.path for archive in two_bright_archives])
    assert_shows(qtbot, window, *two_bright_archives)


def test_a_file_chosen_in_the_open_dialog_is_shown(
    qtbot: QtBot,
    window: napari.Viewer,
    bright_archive: BrightArchive,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A desktop's own dialog cannot be driven from here, Qt's can.
    application = QApplication.instance()
    native = Qt.ApplicationAttribute.AA_DontUseNativeDialogs
    before = application.testAttribute(native)
    application.setAttribute(native, True)
    try:
        choose_in_dialog(qtbot, bright_archive.path)
        menu_action(window.window.file_menu, "Open File(s)").trigger()
    finally:
        application.setAttribute(native, before)
    assert_shows(qtbot, window, bright_archive)


@pytest.mark.parametrize("plugin", [None, "napari-ome-zip"])
def test_viewer_open_shows_the_file(
    qtbot: QtBot, window: napari.Viewer, bright_archive: BrightArchive, plugin: str | None
) -> None:
    window.open(bright_archive.path, plugin=plugin)
    assert_shows(qtbot, window, bright_archive)


def test_open_sample_shows_four_fields_with_two_channels_and_nuclei(
    qtbot: QtBot, window: napari.Viewer
) -> None:
    menu_action(window.window.file_menu, "Open Sample", "four overlapping fields").trigger()
    qtbot.waitUntil(lambda: len(window.layers) == 12, timeout=20_000)
    kinds = [type(layer).__name__ for layer in window.layers]
    assert (kinds.count("Image"), kinds.count("Labels")) == (8, 4)

    def most_of_the_canvas_is_covered() -> None:
        picture = window.screenshot(canvas_only=True, flash=False)[..., :3]
        assert (picture.max(axis=-1) > 20).mean() > 0.3

    qtbot.waitUntil(most_of_the_canvas_is_covered, timeout=20_000)
