"""The status bar of a real window names what lies under a real pointer."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QObject, QPointF, Qt
from qtpy.QtGui import QEnterEvent, QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLabel, QMainWindow, QWidget

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip.image.wells import GAP

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

SIDE = 20
"""Pixels along each side of a field; two of them lie side by side in a well."""
PITCH = np.array([SIDE * (1 + GAP), 2 * SIDE * (1 + GAP)])
"""From well to well, in y and x."""
TIMEOUT = 60_000
BETWEEN_MOVES = 40
"""Milliseconds: the canvas drops moves that follow each other faster than a hand's."""


def plate(path: Path) -> Path:
    """A plate of 2 × 3 wells with two fields each, of two channels; well B2 is empty."""
    wells = [place for place in product(range(2), range(3)) if place != (1, 1)]
    listed = [
        {"path": f"{'AB'[row]}/{column + 1}", "rowIndex": row, "columnIndex": column}
        for row, column in wells
    ]
    builder = HierarchyBuilder().group(
        plate={
            "rows": [{"name": name} for name in "AB"],
            "columns": [{"name": str(number + 1)} for number in range(3)],
            "wells": listed,
        }
    )
    for well in listed:
        builder.group(str(well["path"]), well={"images": [{"path": "0"}, {"path": "1"}]})
        for number in range(2):
            place = [0, 0, number * SIDE]
            pixels = np.full((2, SIDE, SIDE), 100, np.uint8)
            builder.image(pixels, "cyx", f"{well['path']}/{number}", translation=place)
    return builder.archive(path / "plate.ozx")


def tiles(path: Path, count: int) -> Path:
    """Tiles in a row, each 15 pixels right of the one before, the last of them in front."""
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number in range(count):
        pixels = np.full((SIDE, SIDE), 50 + number, np.uint8)
        builder.image(pixels, "yx", str(number), translation=[0, 15 * number], name=f"pos {number}")
    return builder.archive(path / "tiles.ozx")


def canvas(window: napari.Viewer) -> QWidget:
    native: QWidget = window.window._qt_viewer.canvas.native
    return native


class Mouse(QObject):
    """Whose events a canvas gets, and no others: the pointer of the screen is one for all tests."""

    _KINDS = (QEvent.Type.Enter, QEvent.Type.Leave, QEvent.Type.MouseMove)

    def __init__(self, target: QWidget) -> None:
        super().__init__(target)
        self._target = target
        self._is_moving = False
        target.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        return event is not None and event.type() in self._KINDS and not self._is_moving

    def send(self, event: QEvent) -> None:
        """Let the canvas get an event."""
        self._is_moving = True
        QApplication.sendEvent(self._target, event)
        self._is_moving = False


def mouse_of(window: napari.Viewer) -> Mouse:
    return canvas(window).findChild(Mouse) or Mouse(canvas(window))


def point_at(window: napari.Viewer, y: float, x: float) -> None:
    """Move the mouse to a place in the world."""
    camera, target, mouse = window.scene.camera, canvas(window), mouse_of(window)
    right, down = (x - camera.center[-1]) * camera.zoom, (y - camera.center[-2]) * camera.zoom
    place = QPointF(target.rect().center()) + QPointF(right, down)
    on_screen = QPointF(target.mapToGlobal(place.toPoint()))
    # napari computes its status from when a mouse entered the window.
    QApplication.sendEvent(main_window(window), QEnterEvent(place, place, on_screen))
    if not window.mouse_over_canvas:
        mouse.send(QEnterEvent(place, place, on_screen))
    for away in (3.0, 0.0):  # a mouse that was there already moves, too
        QTest.qWait(BETWEEN_MOVES)
        at = place + QPointF(away, 0)
        no_button, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        kind = QEvent.Type.MouseMove
        mouse.send(QMouseEvent(kind, at, on_screen, no_button, no_button, no_key))


def main_window(window: napari.Viewer) -> QMainWindow:
    """The one that has the canvas."""
    found = canvas(window).window()
    assert isinstance(found, QMainWindow)
    return found


def status(window: napari.Viewer) -> str:
    """All that the status bar says."""
    bar = main_window(window).statusBar()
    assert bar is not None
    return " ".join(label.text() for label in bar.findChildren(QLabel))


def shows(qtbot: QtBot, window: napari.Viewer, place: tuple[float, float], *texts: str) -> None:
    """Wait until all texts are in the status while the pointer is at a place."""

    def is_shown() -> bool:
        found = all(text in status(window) for text in texts)
        point_at(window, *place)
        return found

    qtbot.waitUntil(is_shown, timeout=TIMEOUT)


def hides(qtbot: QtBot, window: napari.Viewer, place: tuple[float, float], text: str) -> None:
    """Wait until a text is not in the status while the pointer is at a place."""

    def is_hidden() -> bool:
        found = text not in status(window)
        point_at(window, *place)
        return found

    qtbot.waitUntil(is_hidden, timeout=TIMEOUT)


def open_all(window: napari.Viewer, path: Path) -> None:
    window.open(path, plugin="napari-ome-zip")
    window.reset_view()  # napari shows the first layer that is added


@pytest.fixture
def plate_window(window: napari.Viewer, tmp_path: Path) -> napari.Viewer:
    open_all(window, plate(tmp_path))
    return window


def in_well(row: int, column: int, y: float, x: float) -> tuple[float, float]:
    """A place in a well, in pixels from its upper left corner."""
    corner = np.array([row, column]) * PITCH - 0.5
    return float(corner[0] + y), float(corner[1] + x)


def test_the_well_and_the_field_under_the_pointer_are_named(
    qtbot: QtBot, plate_window: napari.Viewer
) -> None:
    shows(qtbot, plate_window, in_well(0, 0, 5, 5), "well A1, field 0")
    shows(qtbot, plate_window, in_well(0, 0, 5, SIDE + 5), "well A1, field 1")
    shows(qtbot, plate_window, in_well(1, 2, 15, 5), "well B3, field 0")


def test_the_value_under_the_pointer_is_shown_as_before(
    qtbot: QtBot, plate_window: napari.Viewer
) -> None:
    plate_window.layers.selection.active = plate_window.layers[0]

    def is_shown() -> bool:
        point_at(plate_window, *in_well(0, 0, 5, 5))
        # napari does this in a thread, which ends when the screen's pointer leaves the window.
        plate_window.update_status_from_cursor()
        return all(text in status(plate_window) for text in ("well A1, field 0", ": 100"))

    qtbot.waitUntil(is_shown, timeout=TIMEOUT)


@pytest.mark.parametrize("selected", [0, 1, 2])
def test_a_name_is_shown_whatever_is_selected(
    qtbot: QtBot, plate_window: napari.Viewer, selected: int
) -> None:
    plate_window.layers.selection = set(list(plate_window.layers)[:selected])
    shows(qtbot, plate_window, in_well(0, 0, 5, 5), "well A1, field 0")
    shows(qtbot, plate_window, in_well(0, 1, 5, 5), "well A2, field 0")


def test_nothing_is_named_where_nothing_is(qtbot: QtBot, plate_window: napari.Viewer) -> None:
    plate_window.layers.selection = set()
    shows(qtbot, plate_window, in_well(1, 2, 5, 5), "well B3")
    point_at(plate_window, *in_well(1, 1, 5, 5))
    hides(qtbot, plate_window, in_well(1, 1, 5, 5), "well")


def test_a_mouse_that_left_and_comes_back_is_told_again(
    qtbot: QtBot, plate_window: napari.Viewer
) -> None:
    plate_window.layers.selection = set()
    for place in (in_well(0, 0, 5, 5), in_well(1, 1, 5, 5), in_well(0, 0, 5, 5)):
        for _ in range(2):
            point_at(plate_window, *place)
            mouse_of(plate_window).send(QEvent(QEvent.Type.Leave))
            assert not plate_window.mouse_over_canvas
            hides(qtbot, plate_window, in_well(1, 1, 5, 5), "well")
    shows(qtbot, plate_window, in_well(0, 0, 5, 5), "well A1, field 0")


def test_a_moved_layer_takes_its_names_with_it(qtbot: QtBot, plate_window: napari.Viewer) -> None:
    shows(qtbot, plate_window, in_well(0, 1, 5, 5), "well A2, field 0")
    for layer in plate_window.layers:
        layer.translate = layer.translate + np.array([0, PITCH[1]])
    shows(qtbot, plate_window, in_well(0, 1, 5, 5), "well A1, field 0")
    qtbot.wait(500)  # napari answers a layer that was moved a little later


def test_a_message_of_others_stays(qtbot: QtBot, plate_window: napari.Viewer) -> None:
    shows(qtbot, plate_window, in_well(0, 0, 5, 5), "well A1")
    plate_window.status = "Saved 3 layers"
    assert "Saved 3 layers" in status(plate_window)
    assert "well" not in status(plate_window)


@pytest.mark.parametrize("count", [3, 9])
def test_the_tile_in_front_is_named_fused_or_not(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, count: int
) -> None:
    open_all(window, tiles(tmp_path, count))
    assert len(window.layers) == (3 if count == 3 else 1)
    name = "tile pos 1" if count == 3 else "tile 1"
    shows(qtbot, window, (10, 22), name)
    after = name.replace("1", "2")
    shows(qtbot, window, (10, 32), after)  # where both are


def test_hidden_images_are_not_named(qtbot: QtBot, window: napari.Viewer, tmp_path: Path) -> None:
    open_all(window, tiles(tmp_path, 3))
    shows(qtbot, window, (10, 32), "tile pos 2")
    window.layers[2].visible = False
    shows(qtbot, window, (10, 32), "tile pos 1")
