"""The status bar of a real window names what lies under a real pointer."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QPoint
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
TIMEOUT = 20_000


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


def point_at(qtbot: QtBot, window: napari.Viewer, y: float, x: float) -> None:
    """Move the pointer to a place in the world."""
    camera = window.scene.camera
    middle = canvas(window).rect().center()
    right, down = (x - camera.center[-1]) * camera.zoom, (y - camera.center[-2]) * camera.zoom
    for away in (3, 0):  # a pointer that was there already moves, too
        qtbot.mouseMove(canvas(window), middle + QPoint(round(right) + away, round(down)))


def status(window: napari.Viewer) -> str:
    """All that the status bar says."""
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QMainWindow) and widget.isVisible():
            labels = widget.statusBar().findChildren(QLabel)
            return " ".join(label.text() for label in labels)
    raise AssertionError("no window")


def shows(qtbot: QtBot, window: napari.Viewer, place: tuple[float, float], *texts: str) -> None:
    """Wait until all texts are in the status while the pointer is at a place."""

    def is_shown() -> bool:
        point_at(qtbot, window, *place)
        return all(text in status(window) for text in texts)

    qtbot.waitUntil(is_shown, timeout=TIMEOUT)


def hides(qtbot: QtBot, window: napari.Viewer, place: tuple[float, float], text: str) -> None:
    """Wait until a text is not in the status while the pointer is at a place."""

    def is_hidden() -> bool:
        point_at(qtbot, window, *place)
        return text not in status(window)

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
    shows(qtbot, plate_window, in_well(0, 0, 5, 5), "well A1, field 0", ": 100")


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
    hides(qtbot, plate_window, in_well(1, 1, 5, 5), "well")


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
