"""Saving in a real window, by its menu and its dialog, and by the form; then opened by a drop."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari._qt.widgets.qt_progress_bar import QtLabeledProgressBar
from napari.layers import Layer
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt, QThreadPool, QTimer
from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
)

from layer_comparison import assert_same_layers
from napari_layers import layers_of, pixels
from napari_ome_zip.plugin.check.widget import CheckWidget
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.save.model import SaveChoices
from napari_ome_zip.plugin.save.run import SaveRun
from napari_ome_zip.plugin.save.widget import SaveWidget

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

CHECK_WIDGET = "Check an archive"

WAIT = 20_000


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
    """Return a window with two channels, labels, points, and what no file can hold."""
    random = np.random.default_rng(6)
    place = {"scale": (0.5, 0.25), "units": ("um", "um"), "axis_labels": ("y", "x")}
    for name, color in (("red", "red"), ("green", "green")):
        pixels = random.integers(0, 60_000, (60, 80), np.uint16)
        window.add_image(pixels, name=name, colormap=color, blending="additive", **place)
    window.add_labels(random.integers(0, 5, (60, 80), np.uint8), name="nuclei", **place)
    window.add_points([[3, 4]], name="spots", **place)
    window.add_image(
        np.zeros((60, 80), np.longdouble), name="wide", visible=False, units=("um",) * 2
    )
    return window


def saved_layers(window: napari.Viewer) -> list[Layer]:
    """Return the layers that a file can hold."""
    return [layer for layer in window.layers if layer.name != "wide"]


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


def test_save_all_layers_under_any_name(
    qtbot: QtBot, filled: napari.Viewer, drop: Callable[..., None], tmp_path: Path
) -> None:
    expected = saved_layers(filled)
    files = []
    for number, (name_filter, typed, written) in enumerate(
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
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        notification_manager.records.clear()
        save_by_menu(qtbot, filled, "Save All Layers", folder / typed, name_filter)
        assert [path.name for path in folder.iterdir()] == [written]
        (told,) = [record.message for record in notification_manager.records]
        assert told.startswith("Not saved: 'wide' holds ")
        assert told.endswith(f"Saved {'' if typed == written else 'as '}{written} in {folder}.")
        files.append(folder / written)
    for file in files:
        assert_drop_shows(qtbot, filled, drop, file, expected)


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
    expected = saved_layers(filled)
    save_by_menu(qtbot, filled, "Save All Layers", tmp_path / "a.ozx", "*.ozx")
    assert_drop_shows(qtbot, filled, drop, tmp_path / "a.ozx", expected)


def test_the_form_is_in_the_file_menu_and_saves_by_clicks(
    qtbot: QtBot, filled: napari.Viewer, drop: Callable[..., None], tmp_path: Path
) -> None:
    menu = filled.window.file_menu
    for text in ("IO Utilities", "Save as single-image archive"):
        (action,) = (a for a in menu.actions() if text in a.text().replace("&", ""))
        menu = action.menu()
    action.trigger()
    (widget,) = (w for w in filled.window.dock_widgets.values() if isinstance(w, SaveWidget))
    line = widget.file.line_edit.native
    line.selectAll()
    qtbot.keyClicks(line, str(tmp_path / "by form"))
    said = "by form.ome.zip, about "
    qtbot.waitUntil(lambda: widget.footer.summary.text().startswith(said), timeout=WAIT)
    expected = saved_layers(filled)
    qtbot.mouseClick(widget.footer.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: widget.job.saved is not None, timeout=20_000)
    assert widget.footer.result.text().startswith("Not saved: 'wide' holds ")
    assert widget.footer.result.text().endswith(f"Saved as by form.ome.zip in {tmp_path}.")
    assert widget.footer.check.isVisible()
    assert_drop_shows(qtbot, filled, drop, tmp_path / "by form.ome.zip", expected)


# What is told of a save, and a save whose form or window is closed


class Gate:
    """Pixels that are read one plane after the other, and stop coming while the gate is shut."""

    def __init__(self) -> None:
        self.shut = Event()
        self.open = Event()
        self.reached = Event()
        self.error: Exception | None = None
        """What reading ends with behind the gate."""

    def layer(self) -> tuple[Any, dict[str, Any]]:
        """Return 40 planes, of which the first comes at once."""

        def read(block: np.ndarray, block_info: Any = None) -> np.ndarray:
            if self.shut.is_set() and block_info[0]["chunk-location"][0]:
                self.reached.set()
                self.open.wait(WAIT / 1000)
                if self.error is not None:
                    raise self.error
            return block + np.uint16(7)

        planes = da.zeros((40, 64, 64), dtype=np.uint16, chunks=(1, 64, 64))
        slow = planes.map_blocks(read, dtype=np.uint16, meta=np.empty((0, 0, 0), np.uint16))
        return slow, {"name": "slow", "contrast_limits": (0, 9)}


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Return a gate that is opened at the end, so that no thread waits for ever."""
    gate = Gate()
    yield gate
    gate.open.set()


def open_form(window: napari.Viewer) -> SaveWidget:
    title = "Save as single-image archive"
    _, widget = window.window.add_plugin_dock_widget(PLUGIN, title)
    return widget


def begin(
    qtbot: QtBot, window: napari.Viewer, gate: Gate, target: Path
) -> tuple[SaveWidget, Callable[[], bool]]:
    """Begin to save a layer whose pixels do not come, beside one that no file holds.

    Also returned is what tells whether it goes on.
    """
    pixels, keywords = gate.layer()
    window.add_image(pixels, **keywords)
    window.add_image(np.zeros((4, 4), np.longdouble), name="wide", visible=False)
    gate.shut.set()
    widget = open_form(window)
    unsharded = SaveChoices(file=str(target), as_in_file=False, shard=0, chunk=64)
    widget.choices = unsharded
    qtbot.waitUntil(widget.footer.save.isEnabled, timeout=WAIT)
    qtbot.mouseClick(widget.footer.save, Qt.MouseButton.LeftButton)
    assert widget.job.running
    qtbot.waitUntil(gate.reached.is_set, timeout=WAIT)
    return widget, lambda: bool(window.window._qt_window.findChildren(SaveRun))


def press(qtbot: QtBot, window: napari.Viewer, text: str) -> None:
    """Press a button of the notification that is shown last."""
    toast = window.window._qt_window.findChildren(NapariQtNotification)[-1]
    (button,) = (b for b in toast.findChildren(QPushButton) if b.text() == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def save_as_plain(qtbot: QtBot, window: napari.Viewer, folder: Path, *, by_form: bool) -> None:
    if by_form:
        widget = open_form(window)
        widget.choices = SaveChoices(file=str(folder / "plain"))
        qtbot.waitUntil(widget.footer.save.isEnabled, timeout=WAIT)
        qtbot.mouseClick(widget.footer.save, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: widget.job.saved is not None, timeout=WAIT)
    else:
        save_by_menu(qtbot, window, "Save All Layers", folder / "plain", "*.ome.zip")


@pytest.mark.usefixtures("errors_become_notifications")
@pytest.mark.parametrize("by_form", [True, False])
def test_one_message_says_what_was_left_out_first_and_opens_the_file(
    qtbot: QtBot, filled: napari.Viewer, tmp_path: Path, by_form: bool
) -> None:
    save_as_plain(qtbot, filled, tmp_path, by_form=by_form)
    (toast,) = filled.window._qt_window.findChildren(NapariQtNotification)
    assert toast.message.text()[:45].startswith("Not saved: 'wide' holds ")
    assert toast.message.text().endswith(f"Saved as plain.ome.zip in {tmp_path}.")
    before = list(filled.layers)
    press(qtbot, filled, "Open")
    qtbot.waitUntil(lambda: len(filled.layers) == len(before) + 4, timeout=WAIT)
    opened = [layer for layer in filled.layers if layer not in before]
    assert {layer.source.path for layer in opened} == {str(tmp_path / "plain.ome.zip")}


@pytest.mark.usefixtures("errors_become_notifications")
@pytest.mark.parametrize("by_form", [True, False])
def test_the_message_after_a_save_checks_the_file_in_the_dock_that_is_open(
    qtbot: QtBot, filled: napari.Viewer, tmp_path: Path, by_form: bool
) -> None:
    _, checker = filled.window.add_plugin_dock_widget(PLUGIN, CHECK_WIDGET)
    save_as_plain(qtbot, filled, tmp_path, by_form=by_form)
    press(qtbot, filled, "Check")
    docked = filled.window.dock_widgets.values()
    assert [w for w in docked if isinstance(w, CheckWidget)] == [checker]
    qtbot.waitUntil(lambda: checker.model.report is not None, timeout=WAIT)
    assert Path(checker.model.report.path) == tmp_path / "plain.ome.zip"


@pytest.mark.usefixtures("errors_become_notifications")
def test_cancelling_in_the_form_says_so_and_nothing_else(
    qtbot: QtBot, window: napari.Viewer, gate: Gate, tmp_path: Path
) -> None:
    widget, goes_on = begin(qtbot, window, gate, tmp_path / "a.ozx")
    qtbot.mouseClick(widget.footer.cancel, Qt.MouseButton.LeftButton)
    gate.open.set()
    qtbot.waitUntil(lambda: not goes_on(), timeout=WAIT)
    (record,) = notification_manager.records
    assert record.message.startswith("Cancelled")
    assert widget.footer.result.text() == record.message
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("errors_become_notifications")
def test_a_save_that_fails_says_why_and_nothing_else(
    qtbot: QtBot, window: napari.Viewer, gate: Gate, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    widget, goes_on = begin(qtbot, window, gate, folder / "a.ozx")
    gate.error = OSError(errno.EIO, "the disk with the pixels is gone")
    gate.open.set()
    qtbot.waitUntil(lambda: not goes_on(), timeout=WAIT)
    (record,) = notification_manager.records
    assert "the disk with the pixels is gone" in record.message
    assert record.severity.name == "ERROR"
    assert widget.footer.result.text() == record.message
    assert widget.footer.save.isEnabled()
    assert not list(folder.iterdir())


@pytest.mark.usefixtures("errors_become_notifications")
def test_a_save_goes_on_when_its_form_is_closed_and_tells_all_the_same(
    qtbot: QtBot,
    window: napari.Viewer,
    gate: Gate,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    widget, goes_on = begin(qtbot, window, gate, tmp_path / "a.ozx")
    widget.native.parentWidget().destroyOnClose()
    del widget
    qtbot.wait(200)
    assert goes_on()
    gate.open.set()
    qtbot.waitUntil(lambda: bool(notification_manager.records), timeout=WAIT)
    (record,) = notification_manager.records
    assert record.message.startswith("Not saved: 'wide' holds ")
    assert record.message.endswith(f"Saved a.ozx in {tmp_path}.")
    (saved,) = layers_of(tmp_path / "a.ozx")
    assert (pixels(saved) == 7).all()
    assert "Error" not in capfd.readouterr().err


@pytest.mark.usefixtures("errors_become_notifications")
def test_the_form_that_is_opened_again_shows_the_save_and_cancels_it(
    qtbot: QtBot, window: napari.Viewer, gate: Gate, tmp_path: Path
) -> None:
    widget, goes_on = begin(qtbot, window, gate, tmp_path / "a.ozx")
    widget.native.parentWidget().destroyOnClose()
    again = open_form(window)
    assert again is not widget
    qtbot.waitUntil(again.footer.cancel.isEnabled, timeout=WAIT)
    assert again.footer.progress.isVisible()
    assert not again.footer.save.isEnabled()
    assert again.choices.file == str(tmp_path / "a.ozx")
    qtbot.mouseClick(again.footer.cancel, Qt.MouseButton.LeftButton)
    gate.open.set()
    qtbot.waitUntil(lambda: not goes_on(), timeout=WAIT)
    assert again.footer.result.text().startswith("Cancelled")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("errors_become_notifications")
def test_the_activity_dialog_cancels_a_save_whose_form_is_closed(
    qtbot: QtBot, window: napari.Viewer, gate: Gate, tmp_path: Path
) -> None:
    widget, goes_on = begin(qtbot, window, gate, tmp_path / "a.ozx")
    widget.native.parentWidget().destroyOnClose()
    bars = window.window._qt_window.findChildren(QtLabeledProgressBar)
    (bar,) = (b for b in bars if "a.ozx" in b.description_label.text())
    bar.cancel_button.click()
    qtbot.wait(300)
    gate.open.set()
    qtbot.waitUntil(lambda: not goes_on(), timeout=WAIT)
    assert [r.message[:9] for r in notification_manager.records] == ["Cancelled"]
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("errors_become_notifications")
def test_closing_the_window_cancels_a_save_in_silence(
    qtbot: QtBot,
    window: napari.Viewer,
    gate: Gate,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    begin(qtbot, window, gate, tmp_path / "a.ozx")
    window.close()
    qtbot.wait(200)
    gate.open.set()
    assert QThreadPool.globalInstance().waitForDone(WAIT)
    qtbot.wait(200)
    assert notification_manager.records == []
    assert not list(tmp_path.iterdir())
    assert "Error" not in capfd.readouterr().err
