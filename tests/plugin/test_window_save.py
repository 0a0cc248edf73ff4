"""Saving in a real window, by its menu and its dialog, and by the form; then opened by a drop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.layers import Layer
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QMessageBox

from layer_comparison import assert_same_layers

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot


@pytest.fixture(autouse=True)
def qt_dialogs() -> Iterator[None]:
    """Use Qt's own dialogs: those of a desktop cannot be driven from here."""
    application = QApplication.instance()
    native = Qt.ApplicationAttribute.AA_DontUseNativeDialogs
    before = application.testAttribute(native)
    application.setAttribute(native, True)
    notification_manager.records.clear()
    yield
    notification_manager.records.clear()
    application.setAttribute(native, before)


@pytest.fixture
def filled(window: napari.Viewer) -> napari.Viewer:
    """Return a window with two channels, labels and points."""
    random = np.random.default_rng(6)
    place = {"scale": (0.5, 0.25), "units": ("um", "um"), "axis_labels": ("y", "x")}
    for name, color in (("red", "red"), ("green", "green")):
        pixels = random.integers(0, 60_000, (60, 80), np.uint16)
        window.add_image(pixels, name=name, colormap=color, blending="additive", **place)
    window.add_labels(random.integers(0, 5, (60, 80), np.uint8), name="nuclei", **place)
    window.add_points([[3, 4]], name="spots", **place)
    return window


def save_by_menu(
    qtbot: QtBot, window: napari.Viewer, action: str, path: Path, name_filter: str
) -> None:
    """Choose a menu entry, a filter and a name, and confirm; agree to replace a file."""

    def drive() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            QTimer.singleShot(50, drive)
            return
        filters = dialog.findChild(QComboBox, "fileTypeCombo")
        wanted = [i for i in range(filters.count()) if name_filter in filters.itemText(i)]
        filters.setCurrentIndex(wanted[0])
        filters.activated.emit(wanted[0])
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        line.setText(str(path))
        QTimer.singleShot(50, agree)
        qtbot.keyClick(line, Qt.Key.Key_Return)

    def agree() -> None:
        question = QApplication.activeModalWidget()
        if isinstance(question, QMessageBox):
            question.button(QMessageBox.StandardButton.Yes).click()

    QTimer.singleShot(0, drive)
    (found,) = (a for a in window.window.file_menu.actions() if action in a.text().replace("&", ""))
    found.trigger()


def assert_drop_shows(
    qtbot: QtBot,
    window: napari.Viewer,
    drop: Callable[..., None],
    path: Path,
    expected: list[Layer],
) -> None:
    """Drop a file onto the emptied window, and compare the layers."""
    window.layers.clear()
    drop(window, [path])
    qtbot.waitUntil(lambda: len(window.layers) == len(expected), timeout=20_000)
    assert_same_layers(expected, list(window.layers))


@pytest.mark.parametrize(
    ("name_filter", "typed", "written"),
    [
        ("*.ome.zip", "a", "a.ome.zip"),
        ("*.ozx", "a", "a.ozx"),
        ("*.ome.zip", "a.ome.zip", "a.ome.zip"),
        ("*.ozx", "a.ozx", "a.ozx"),
        ("*.ome.zip", "a.zip", "a.ome.zip"),
        ("*.ozx", "a.zip", "a.ozx"),
        ("*.ome.zip", "a.ome.zip.zip", "a.ome.zip"),
        ("*.ozx", "A.OZX", "A.ozx"),
        ("*.ome.zip", "a.tif", "a.ome.zip"),
        ("*.ome.zip", "a.zarr", "a.ome.zip"),
    ],
)
def test_save_all_layers_under_any_name(
    qtbot: QtBot,
    filled: napari.Viewer,
    drop: Callable[..., None],
    tmp_path: Path,
    name_filter: str,
    typed: str,
    written: str,
) -> None:
    expected = [layer for layer in filled.layers if layer.name != "spots"]
    save_by_menu(qtbot, filled, "Save All Layers", tmp_path / typed, name_filter)
    assert [path.name for path in tmp_path.iterdir()] == [written]
    told = [record.message for record in notification_manager.records]
    assert told[0].startswith("Not saved: 'spots' is a points layer")
    assert told[1:] == ([] if typed == written else [f"Saved as {written}"])
    assert_drop_shows(qtbot, filled, drop, tmp_path / written, expected)


def test_save_selected_layers_saves_those_alone(
    qtbot: QtBot, filled: napari.Viewer, drop: Callable[..., None], tmp_path: Path
) -> None:
    expected = [filled.layers["green"], filled.layers["nuclei"]]
    filled.layers.selection = set(expected)
    save_by_menu(qtbot, filled, "Save Selected Layers", tmp_path / "some", "*.ozx")
    assert_drop_shows(qtbot, filled, drop, tmp_path / "some.ozx", expected)


def test_a_file_that_the_dialog_asked_about_is_replaced(
    qtbot: QtBot, filled: napari.Viewer, drop: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "a.ozx").write_bytes(b"old")
    expected = [layer for layer in filled.layers if layer.name != "spots"]
    save_by_menu(qtbot, filled, "Save All Layers", tmp_path / "a.ozx", "*.ozx")
    assert_drop_shows(qtbot, filled, drop, tmp_path / "a.ozx", expected)


def test_the_form_is_in_the_file_menu_and_saves_by_clicks(
    qtbot: QtBot, filled: napari.Viewer, drop: Callable[..., None], tmp_path: Path
) -> None:
    from napari_ome_zip.plugin.save_widget import SaveWidget

    menu = filled.window.file_menu
    for text in ("IO Utilities", "Save as single-image archive"):
        (action,) = (a for a in menu.actions() if text in a.text().replace("&", ""))
        menu = action.menu()
    action.trigger()
    (widget,) = (w for w in filled.window.dock_widgets.values() if isinstance(w, SaveWidget))
    line = widget.file.line_edit.native
    qtbot.keyClicks(line, str(tmp_path / "by form"))
    qtbot.waitUntil(widget.save_button.isEnabled, timeout=5_000)
    assert widget.summary.text().startswith("by form.ome.zip, about ")
    expected = [layer for layer in filled.layers if layer.name != "spots"]
    qtbot.mouseClick(widget.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: widget.job.saved is not None, timeout=20_000)
    assert widget.result.text() == "Saved by form.ome.zip."
    assert widget.check_button.isVisible()
    assert_drop_shows(qtbot, filled, drop, tmp_path / "by form.ome.zip", expected)
