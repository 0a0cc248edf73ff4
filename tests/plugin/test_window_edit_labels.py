"""Labels are edited where they are, in a real window: found, painted, undone, saved over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
from napari.layers import Labels
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication, QPushButton, QRadioButton

from labeled_archive import (
    LARGEST,
    assert_only_labels_changed,
    entries,
    labeled_archive,
    stored_labels,
)
from napari_ome_zip.pixels.edited_pixels import EditedPixels
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.edit_labels import model
from napari_ome_zip.plugin.edit_labels.command import edit_labels
from napari_ome_zip.plugin.edit_labels.hint import BUTTON, HELP
from napari_ome_zip.plugin.edit_labels.widget import EditLabelsWidget
from napari_ome_zip.plugin.window import attend

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

WAIT = 20_000


@pytest.fixture(autouse=True)
def no_records() -> Iterator[None]:
    notification_manager.records.clear()
    yield
    notification_manager.records.clear()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return labeled_archive(tmp_path / "cells.ozx")


@pytest.fixture
def opened(window: napari.Viewer, archive: Path) -> napari.Viewer:
    """Return a window with the archive, its labels selected, and their first plane."""
    window.open(archive, plugin=PLUGIN)
    window.layers.selection.active = window.layers["nuclei"]
    window.dims.current_step = (1, 0, 0)
    return window


@pytest.fixture
def all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let even the smallest labels be too large to be read at once."""
    monkeypatch.setattr(model, "AT_ONCE_BYTES", 100)


def told() -> list[str]:
    return [record.message for record in notification_manager.records]


def choose_in_menu(window: napari.Viewer) -> None:
    menu = window.window.layers_menu
    for text in ("Annotate", "Edit labels"):
        (action,) = (a for a in menu.actions() if text in a.text().replace("&", ""))
        menu = action.menu()
    action.trigger()


def can_be_painted(window: napari.Viewer) -> bool:
    return not window.layers["nuclei"].multiscale


def canvas_of(window: napari.Viewer) -> Any:
    return window.window._qt_viewer.canvas.native


def position(window: napari.Viewer, layer: Labels, pixel: tuple[int, ...]) -> QPoint:
    """Return where the canvas shows the middle of a pixel."""
    canvas, camera = canvas_of(window), window.scene.camera
    place = np.array(layer.data_to_world(pixel))[-2:]
    y, x = (place - np.array(camera.center)[-2:]) * camera.zoom
    return QPoint(round(canvas.width() / 2 + x), round(canvas.height() / 2 + y))


def drag(canvas: Any, place: QPoint) -> None:
    """Move the mouse with its left button held, which ``qtbot.mouseMove`` does not."""
    left = Qt.MouseButton.LeftButton
    ends = QPointF(place), QPointF(canvas.mapToGlobal(place))
    move = QEvent.Type.MouseMove, *ends, Qt.MouseButton.NoButton, left
    QApplication.sendEvent(canvas, QMouseEvent(*move, Qt.KeyboardModifier.NoModifier))


def paint_row(
    qtbot: QtBot, window: napari.Viewer, layer: Labels, first: tuple[int, ...], columns: int
) -> None:
    """Paint pixels of one row with the mouse: press, move, release."""
    layer.brush_size = 1
    qtbot.keyClick(canvas_of(window), Qt.Key.Key_2)
    assert layer.mode == "paint"
    canvas = canvas_of(window)
    start = position(window, layer, first)
    end = position(window, layer, (*first[:-1], first[-1] + columns - 1))
    qtbot.mouseMove(canvas, start)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    for place in (start + (end - start) / 2, end):
        qtbot.wait(30)  # the canvas drops moves that follow each other faster than a hand's
        drag(canvas, place)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)


def test_small_labels_are_replaced_by_the_menu_painted_with_the_mouse_and_saved_over_their_file(
    qtbot: QtBot, opened: napari.Viewer, archive: Path
) -> None:
    before = entries(archive)
    choose_in_menu(opened)
    qtbot.waitUntil(lambda: can_be_painted(opened), timeout=WAIT)
    layer = opened.layers["nuclei"]
    assert [each.name for each in opened.layers] == ["cells", "nuclei"]
    assert opened.layers.selection.active is layer
    assert isinstance(layer.data, np.ndarray)
    assert told() == ["'nuclei' can be painted now. Saving replaces the labels in the file."]
    layer.selected_label = 700
    paint_row(qtbot, opened, layer, (1, 9, 10), 12)
    expected = stored_labels()
    expected[1, 9, 10:22] = 700
    np.testing.assert_array_equal(layer.data, expected)
    opened.layers.save(str(archive), plugin=PLUGIN)
    assert_only_labels_changed(before, archive, expected)


def test_painting_is_undone_by_the_key_and_by_the_layer(
    qtbot: QtBot, opened: napari.Viewer
) -> None:
    edit_labels(opened)
    qtbot.waitUntil(lambda: can_be_painted(opened), timeout=WAIT)
    layer = opened.layers["nuclei"]
    layer.selected_label = 700
    paint_row(qtbot, opened, layer, (1, 9, 10), 12)
    assert (layer.data == 700).sum() == 12
    qtbot.keyClick(canvas_of(opened), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(layer.data, stored_labels())
    layer.redo()
    assert (layer.data == 700).sum() == 12
    layer.undo()
    np.testing.assert_array_equal(layer.data, stored_labels())


def test_the_palette_offers_the_command(qtbot: QtBot, opened: napari.Viewer) -> None:
    from napari._app_model import get_app_model

    get_app_model().commands.execute_command("napari-ome-zip.edit_labels").result()
    qtbot.waitUntil(lambda: can_be_painted(opened), timeout=WAIT)


# Where the tools are greyed


def tool(window: napari.Viewer, name: str) -> QRadioButton:
    buttons = window.window.main_menu.window().findChildren(QRadioButton)
    (found,) = (b for b in buttons if b.property("mode") == name and b.isVisible())
    return found


def edit_button(window: napari.Viewer) -> QPushButton | None:
    found: QPushButton | None = window.window.main_menu.window().findChild(QPushButton, BUTTON)
    return found


def test_locked_labels_say_so_in_the_status_bar_and_beside_their_tools(
    qtbot: QtBot, opened: napari.Viewer
) -> None:
    assert opened.help == opened.layers["nuclei"].help == HELP
    button = edit_button(opened)
    assert button is not None
    assert button.isVisible()
    assert button.text() == "Edit labels (12 KiB of memory)"
    assert not tool(opened, "paint").isEnabled()
    assert tool(opened, "paint").toolTip().startswith("'nuclei' is locked: press Edit labels.")
    opened.layers.selection.active = opened.layers["cells"]
    assert opened.help != HELP
    assert not button.isVisible()
    opened.layers.selection.active = opened.layers["nuclei"]
    assert opened.help == HELP
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: can_be_painted(opened), timeout=WAIT)
    assert opened.help != HELP
    assert tool(opened, "paint").isEnabled()
    qtbot.waitUntil(lambda: edit_button(opened) is None, timeout=WAIT)


@pytest.mark.parametrize("key", [Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_P, Qt.Key.Key_F])
def test_the_key_of_a_greyed_tool_offers_to_edit_once(
    qtbot: QtBot, opened: napari.Viewer, key: Qt.Key
) -> None:
    for _ in range(2):
        qtbot.keyClick(canvas_of(opened), key)
    (record,) = notification_manager.records
    assert record.message.startswith("'nuclei' is locked: press Edit labels.")
    assert record.message.endswith("That needs 12 KiB of memory.")
    ((text, act),) = record.actions
    assert text == "Edit labels"
    act(record)
    qtbot.waitUntil(lambda: can_be_painted(opened), timeout=WAIT)
    act(record)  # it stays on the screen for a while
    assert len(opened.layers) == 2


def test_a_click_on_a_greyed_tool_offers_to_edit(qtbot: QtBot, opened: napari.Viewer) -> None:
    qtbot.mouseClick(tool(opened, "fill"), Qt.MouseButton.LeftButton)
    (record,) = notification_manager.records
    assert [text for text, _ in record.actions] == ["Edit labels"]


def test_without_the_controls_of_this_napari_the_help_and_the_keys_are_left(
    qtbot: QtBot, opened: napari.Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_ome_zip.plugin.edit_labels import controls

    monkeypatch.setattr(controls, "_CONTROLS", "elsewhere")
    units = opened.layers["nuclei"].units
    opened.add_labels(pyramid(), name="more", units=units)
    notification_manager.records.clear()
    assert opened.help == HELP
    qtbot.keyClick(canvas_of(opened), Qt.Key.Key_2)
    assert [text[:16] for text in told()] == ["'more' is locked"]


# Labels that are too large to be read at once


def pyramid() -> list[da.Array]:
    full = stored_labels()
    return [da.from_array(full[:, ::f, ::f], chunks=(1, 16, 16)) for f in (1, 2)]


def form_of(window: napari.Viewer) -> EditLabelsWidget:
    widgets = window.window.dock_widgets.values()
    (found,) = (each for each in widgets if isinstance(each, EditLabelsWidget))
    return found


@pytest.mark.usefixtures("all_are_large")
def test_large_labels_are_edited_at_full_resolution_with_memory_for_what_is_painted(
    qtbot: QtBot, opened: napari.Viewer, archive: Path
) -> None:
    before = entries(archive)
    choose_in_menu(opened)
    form = form_of(opened)
    assert form.message.value == (
        "Needs 3 KiB of memory for a plane, and more for what is painted."
    )
    qtbot.mouseClick(form.button.native, Qt.MouseButton.LeftButton)
    layer = opened.layers["nuclei"]
    assert isinstance(layer.data, EditedPixels)
    assert layer.data.shape == (4, 32, 48)
    assert not opened.window.dock_widgets
    layer.selected_label = 700
    paint_row(qtbot, opened, layer, (1, 9, 10), 12)
    expected = stored_labels()
    expected[1, 9, 10:22] = 700
    np.testing.assert_array_equal(np.asarray(layer.data), expected)
    qtbot.keyClick(canvas_of(opened), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(np.asarray(layer.data), stored_labels())
    layer.redo()
    # A bucket, a polygon, and the picker.
    layer.fill((2, 9, 9), 800)
    region = expected[2] == expected[2, 9, 9]
    filled = flood(region, (9, 9))
    expected[2][filled] = 800
    layer.paint_polygon([(0, 20, 20), (0, 20, 30), (0, 28, 30), (0, 28, 20)], 900)
    expected[0, 20:29, 20:31] = 900
    np.testing.assert_array_equal(np.asarray(layer.data), expected)
    assert layer.get_value((1, 9, 10)) == 700
    opened.layers.save(str(archive), plugin=PLUGIN)
    assert_only_labels_changed(before, archive, expected)


def flood(region: np.ndarray, seed: tuple[int, int]) -> np.ndarray:
    from skimage.measure import label

    found = label(region, connectivity=1)
    return found == found[seed]


@pytest.mark.usefixtures("all_are_large")
def test_a_range_of_time_points_is_put_into_the_labels_of_the_file(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    path = labeled_archive(tmp_path / "film.ozx", "tyx")
    before = entries(path)
    window.open(path, plugin=PLUGIN)
    window.layers.selection.active = window.layers["nuclei"]
    edit_labels(window)
    form = form_of(window)
    first, last = form.ranges[0]
    assert (first.label, last.label, last.value) == ("t from", "t to", 3)
    first.value, last.value = 2, 3
    assert form.message.value.endswith(
        "Outside of this region the labels stay as they are in the file."
    )
    qtbot.mouseClick(form.button.native, Qt.MouseButton.LeftButton)
    layer = window.layers["nuclei"]
    assert layer.data.shape == (2, 32, 48)
    window.dims.set_point(0, 3 * 2.0)
    layer.selected_label = 700
    paint_row(qtbot, window, layer, (1, 9, 10), 12)
    expected = stored_labels()
    expected[3, 9, 10:22] = 700
    window.layers.save(str(path), plugin=PLUGIN)
    assert_only_labels_changed(before, path, expected)


@pytest.mark.usefixtures("all_are_large")
def test_what_is_visible_is_put_into_the_labels_of_the_file(
    qtbot: QtBot, opened: napari.Viewer, archive: Path
) -> None:
    before = entries(archive)
    layer = opened.layers["nuclei"]
    edit_labels(opened)
    form = form_of(opened)
    qtbot.waitUntil(lambda: canvas_of(opened).width() == opened.canvas.size[1], timeout=WAIT)
    form.only_visible.value = True
    # The rows that fit, of 16 columns of which the first and the last are seen in half.
    opened.scene.camera.center = layer.data_to_world((1, 15, 23))
    opened.scene.camera.zoom = canvas_of(opened).width() / (15 * 0.5)
    qtbot.mouseClick(form.button.native, Qt.MouseButton.LeftButton)
    edited = opened.layers["nuclei"]
    start, shape = edited.data.start, edited.data.shape
    assert (start[0], shape[0]) == (0, 4)
    assert start[2] in (15, 16)
    assert shape[2] in (15, 16)
    np.testing.assert_allclose(edited.data_to_world((0, 0, 0)), layer.data_to_world(start))
    edited.selected_label = 700
    edited.data[1, 2, 3] = 700
    expected = stored_labels()
    expected[1, start[1] + 2, start[2] + 3] = 700
    opened.layers.save(str(archive), plugin=PLUGIN)
    assert_only_labels_changed(before, archive, expected)


@pytest.mark.usefixtures("all_are_large")
def test_a_coarser_level_takes_the_place_of_the_finer_ones(
    qtbot: QtBot, opened: napari.Viewer
) -> None:
    source = opened.layers["nuclei"]
    edit_labels(opened)
    form = form_of(opened)
    form.level.value = 1
    assert not form.only_visible.enabled
    assert "in the place of the finer ones" in form.message.value
    qtbot.mouseClick(form.button.native, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: can_be_painted(opened), timeout=WAIT)
    layer = opened.layers["nuclei"]
    np.testing.assert_array_equal(layer.data, stored_labels()[:, ::2, ::2])
    np.testing.assert_allclose(layer.data_to_world((1, 3, 5)), source.data_to_world((1, 6.5, 10.5)))


@pytest.mark.usefixtures("all_are_large")
def test_planes_that_are_too_large_are_edited_where_they_are_visible(
    qtbot: QtBot, opened: napari.Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "MAX_READ_BYTES", 2_500)
    edit_labels(opened)
    form = form_of(opened)
    assert form.only_visible.value
    assert not form.button.enabled
    assert "zoom in and edit what is visible" in form.message.value
    opened.scene.camera.zoom *= 4
    qtbot.waitUntil(lambda: form.button.enabled, timeout=WAIT)


@pytest.mark.usefixtures("all_are_large")
def test_the_form_goes_with_its_labels(opened: napari.Viewer) -> None:
    edit_labels(opened)
    form = form_of(opened)
    opened.layers.remove("nuclei")
    assert form.title.value == "These labels are no longer in the window."
    assert not form.button.enabled
    form.edit()
    assert [layer.name for layer in opened.layers] == ["cells"]


@pytest.mark.usefixtures("all_are_large")
def test_the_form_that_is_open_shows_the_labels_that_are_asked_for(opened: napari.Viewer) -> None:
    opened.add_labels(pyramid(), name="more")
    edit_labels(opened)
    assert form_of(opened).title.value == "Which part of 'more' do you want to edit?"
    opened.layers.selection.active = opened.layers["nuclei"]
    edit_labels(opened)
    assert form_of(opened).title.value == "Which part of 'nuclei' do you want to edit?"
    assert len(form_of(opened).ranges) == 1


@pytest.mark.usefixtures("all_are_large", "errors_become_notifications")
def test_a_volume_that_is_too_large_for_3d_is_said_to_be_and_the_window_is_back_in_2d(
    qtbot: QtBot, opened: napari.Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_ome_zip.pixels import edited_pixels

    monkeypatch.setattr(edited_pixels, "MAX_READ_BYTES", 4_000)
    monkeypatch.setattr(model, "MAX_READ_BYTES", 4_000)
    edit_labels(opened)
    assert "too large for 3D" in form_of(opened).message.value
    form_of(opened).edit()
    notification_manager.records.clear()
    with qtbot.captureExceptions():
        button = opened.window._qt_viewer.viewerButtons.ndisplayButton
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: opened.dims.ndisplay == 2, timeout=WAIT)
    layer = opened.layers["nuclei"]
    layer.selected_label = 700
    paint_row(qtbot, opened, layer, (1, 9, 10), 12)
    assert (layer.data[1] == 700).sum() == 12


@pytest.mark.usefixtures("all_are_large")
@pytest.mark.parametrize("by", ["key", "button"])
def test_a_new_label_is_one_that_nothing_in_the_file_has(
    qtbot: QtBot, opened: napari.Viewer, by: str
) -> None:
    edit_labels(opened)
    form = form_of(opened)
    form.ranges[0][1].value = 1  # the largest label lies beyond
    form.edit()
    layer = opened.layers["nuclei"]

    def ask() -> None:
        if by == "key":
            qtbot.keyClick(canvas_of(opened), Qt.Key.Key_M)
        else:
            buttons = opened.window.main_menu.window().findChildren(QPushButton, "newLabelButton")
            (button,) = (b for b in buttons if b.isVisible())
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    ask()
    qtbot.waitUntil(lambda: layer.selected_label == LARGEST + 1, timeout=WAIT)
    layer.data[0, 0, 0] = 50
    ask()
    assert layer.selected_label == 51


# While pixels are read


class Gate:
    """Labels of several levels, of which nothing can be read while the gate is shut."""

    def __init__(self) -> None:
        self.open = Event()
        self.reached = Event()
        self.error: Exception | None = None

    def levels(self) -> list[da.Array]:
        full, coarse = pyramid()

        def read(block: np.ndarray) -> np.ndarray:
            self.reached.set()
            self.open.wait(WAIT / 1000)
            if self.error is not None:
                raise self.error
            return block

        return [full.map_blocks(read, dtype=full.dtype), coarse]


@pytest.fixture
def gate(qtbot: QtBot, window: napari.Viewer) -> Iterator[Gate]:
    """Add labels behind a gate; what waits at it is let through in the end."""
    gate = Gate()
    gate.open.set()  # what a layer reads when it is made
    attend(window)
    window.add_labels(gate.levels(), name="nuclei", visible=False)
    gate.open.clear()
    gate.reached.clear()
    yield gate
    gate.open.set()


def test_the_window_lives_while_pixels_are_read_and_a_second_edit_is_refused(
    qtbot: QtBot, window: napari.Viewer, gate: Gate
) -> None:
    edit_labels(window)
    assert gate.reached.wait(WAIT / 1000)
    assert window.layers["nuclei"].multiscale
    edit_labels(window)
    assert told() == ["'nuclei' is already being read, and can be painted soon."]
    window.layers["nuclei"].name = "kernels"
    gate.open.set()
    qtbot.waitUntil(lambda: not window.layers["kernels"].multiscale, timeout=WAIT)
    assert len(window.layers) == 1
    np.testing.assert_array_equal(window.layers["kernels"].data, stored_labels())


def test_lazy_labels_that_are_painted_while_they_are_read_stay_as_they_are(
    qtbot: QtBot, window: napari.Viewer, gate: Gate
) -> None:
    window.layers.clear()
    gate.open.set()
    layer = window.add_labels(gate.levels()[0], name="plain", visible=False)
    gate.open.clear()
    gate.reached.clear()
    edit_labels(window)
    assert gate.reached.wait(WAIT / 1000)
    layer.data[0, 0, 0] = 77
    gate.open.set()
    qtbot.waitUntil(lambda: told() != [], timeout=WAIT)
    assert told() == ["'plain' was changed while it was read: choose Edit labels again."]
    assert list(window.layers) == [layer]


def test_labels_that_are_deleted_while_they_are_read_stay_deleted(
    qtbot: QtBot, window: napari.Viewer, gate: Gate
) -> None:
    edit_labels(window)
    assert gate.reached.wait(WAIT / 1000)
    layer = window.layers["nuclei"]
    window.layers.clear()
    gate.open.set()
    from napari_ome_zip.plugin.edit_labels.command import _BEING_READ

    qtbot.waitUntil(lambda: layer not in _BEING_READ, timeout=WAIT)
    assert not window.layers
    assert not told()


def test_a_window_can_be_closed_while_pixels_are_read(
    qtbot: QtBot, window: napari.Viewer, gate: Gate
) -> None:
    edit_labels(window)
    assert gate.reached.wait(WAIT / 1000)
    window.close()
    gate.open.set()


def test_reading_can_be_cancelled_and_the_labels_stay_as_they_are(
    qtbot: QtBot, window: napari.Viewer, gate: Gate
) -> None:
    from napari_ome_zip.plugin.window_run import WorkRun

    edit_labels(window)
    assert gate.reached.wait(WAIT / 1000)
    (run,) = window.window.main_menu.window().findChildren(WorkRun)
    run._bar.cancel()
    qtbot.waitUntil(run.task.stopping.is_set, timeout=WAIT)
    gate.open.set()
    qtbot.waitUntil(lambda: told() != [], timeout=WAIT)
    assert told() == ["Cancelled: the labels stay as they are, locked."]
    assert window.layers["nuclei"].multiscale


def test_labels_that_cannot_be_read_stay_as_they_are_and_it_is_said_why(
    qtbot: QtBot, window: napari.Viewer, gate: Gate
) -> None:
    gate.error = OSError("the disk is gone")
    gate.open.set()
    edit_labels(window)
    qtbot.waitUntil(lambda: told() != [], timeout=WAIT)
    assert told() == ["'nuclei' cannot be edited, it stays as it is. the disk is gone"]
    assert window.layers["nuclei"].multiscale


@pytest.mark.usefixtures("all_are_large")
def test_a_form_that_was_closed_hears_of_nothing(qtbot: QtBot, opened: napari.Viewer) -> None:
    edit_labels(opened)
    form = form_of(opened)
    heard: list[Any] = []
    form._follower._changed = lambda *_: heard.append(1)
    opened.scene.camera.zoom *= 2
    assert heard
    gone = Event()
    form.destroyed.connect(lambda: gone.set())
    opened.window.remove_dock_widget(form)
    form.deleteLater()
    qtbot.waitUntil(gone.is_set, timeout=WAIT)
    heard.clear()
    opened.scene.camera.zoom *= 2
    opened.layers.remove("nuclei")
    assert not heard
