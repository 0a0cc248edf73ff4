"""Saving a part, in a real window: what the canvas shows, and ranges of the sliders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from napari_layers import pixels, value_in_world
from napari_ome_zip import save_image
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.save.question import CANCEL, SAVE
from napari_ome_zip.plugin.save.widget import SaveWidget

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

WAIT = 20_000
TITLE = "Save as single-image archive"
SHAPE = (4, 6, 200, 240)
PLACE = {
    "scale": (1, 2, 0.5, 0.5),
    "translate": (0, 10, 0, 0),
    "units": ("s", "um", "um", "um"),
    "axis_labels": ("t", "z", "y", "x"),
}


def numbered() -> np.ndarray:
    """Return pixels that say where they are, as far as 16 bits allow."""
    t, z, y, x = np.indices(SHAPE, sparse=True)
    return (t * 10_000 + z * 1_500 + (y % 30) * 40 + x % 37).astype(np.uint16)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file of an image with labels, both of several time points and planes."""
    image = (numbered(), {"name": "cells", "contrast_limits": (0, 50_000), **PLACE}, "image")
    labels = (numbered().astype(np.int32), {"name": "nuclei", **PLACE}, "labels")
    return save_image([image, labels], tmp_path / "cells.ome.zip")


@pytest.fixture
def widget(window: napari.Viewer, file: Path) -> SaveWidget:
    """Return the form in a window that shows the file."""
    window.open(file, plugin=PLUGIN)
    _, widget = window.window.add_plugin_dock_widget(PLUGIN, TITLE)
    return widget


def wait_for(qtbot: QtBot, widget: SaveWidget, text: str) -> None:
    qtbot.waitUntil(lambda: text in widget.footer.summary.text(), timeout=WAIT)


def check(qtbot: QtBot, widget: SaveWidget) -> None:
    """Click on the box *Visible region only*."""
    box = widget.visible_only.native
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(9, box.height() // 2))


def save(qtbot: QtBot, widget: SaveWidget) -> Path:
    qtbot.waitUntil(widget.footer.save.isEnabled, timeout=WAIT)
    qtbot.mouseClick(widget.footer.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: widget.job.saved is not None, timeout=WAIT)
    assert widget.job.saved is not None
    return widget.job.saved


def test_what_the_canvas_shows_is_saved_where_it_lies(
    qtbot: QtBot, window: napari.Viewer, drop: Callable[..., None], widget: SaveWidget
) -> None:
    check(qtbot, widget)
    window.scene.camera.zoom *= 4
    window.scene.camera.center = (70, 40)
    wait_for(qtbot, widget, "Only a part is saved: the visible region")
    qtbot.waitUntil(lambda: widget.file.value.name == "cells part.ome.zip", timeout=WAIT)
    path = save(qtbot, widget)
    assert path.name == "cells part.ome.zip"
    assert "It holds a part only: the visible region (y " in widget.footer.result.text()

    height, width = window.canvas.size
    half = np.array([height, width]) / window.scene.camera.zoom / 2
    # Pixels that the edge of the canvas cuts belong to the part, but none beyond those.
    rows, columns = ((middle - h, middle + h) for middle, h in zip((70, 40), half, strict=True))
    expected = [
        slice(max(0, round(low / 0.5)), round(high / 0.5) + 1) for low, high in (rows, columns)
    ]
    window.layers.clear()
    drop(window, [path])
    qtbot.waitUntil(lambda: len(window.layers) == 2, timeout=WAIT)
    for layer in window.layers:
        np.testing.assert_array_equal(pixels(layer), numbered()[:, :, *expected])
        assert value_in_world(layer, t=3, z=14, y=70, x=40) == numbered()[3, 2, 140, 80]


def test_ranges_of_time_and_depth_are_saved_with_all_layers(
    qtbot: QtBot, window: napari.Viewer, drop: Callable[..., None], widget: SaveWidget
) -> None:
    # Typed, as a person does.
    for field, number in ((widget.time.first, "1"), (widget.time.last, "2")):
        line = field.native
        line.setFocus()
        line.selectAll()
        qtbot.keyClicks(line, number)
        qtbot.keyClick(line, Qt.Key.Key_Return)
    widget.depth.value = (4, 5)
    wait_for(qtbot, widget, "Only a part is saved: t 1 to 2 of 0 to 3, z 4 to 5 of 0 to 5.")
    path = save(qtbot, widget)
    window.layers.clear()
    drop(window, [path])
    qtbot.waitUntil(lambda: len(window.layers) == 2, timeout=WAIT)
    for layer in window.layers:
        np.testing.assert_array_equal(pixels(layer), numbered()[1:3, 4:6])
        assert value_in_world(layer, t=2, z=18, y=70, x=40) == numbered()[2, 4, 140, 80]


def test_ranges_are_offered_where_there_are_sliders(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget
) -> None:
    assert widget.time.native.isVisible()
    assert widget.depth.native.isVisible()
    assert (widget.time.value, widget.depth.value) == ((0, 3), (0, 5))
    window.layers.clear()
    window.add_image(np.ones((40, 50)), name="flat")
    qtbot.waitUntil(lambda: not widget.time.native.isVisible(), timeout=WAIT)
    assert not widget.depth.native.isVisible()
    window.add_image(np.ones((9, 40, 50)), name="stack")
    qtbot.waitUntil(widget.depth.native.isVisible, timeout=WAIT)
    assert not widget.time.native.isVisible()
    assert widget.depth.value == (0, 8)


def test_in_3d_the_visible_region_cannot_be_chosen(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget
) -> None:
    widget.visible_only.value = True
    window.dims.ndisplay = 3
    wait_for(qtbot, widget, "In 3D there is no visible region to save.")
    assert not widget.footer.save.isEnabled()
    assert widget.visible_only.enabled  # to be unchecked
    check(qtbot, widget)
    qtbot.waitUntil(widget.footer.save.isEnabled, timeout=WAIT)
    assert not widget.visible_only.enabled


@pytest.mark.parametrize("agrees", [False, True])
def test_the_file_is_not_replaced_by_a_part_of_it_unasked(
    qtbot: QtBot, widget: SaveWidget, file: Path, answer: Callable[[str], list[str]], agrees: bool
) -> None:
    before = file.read_bytes()
    widget.time.value = (0, 0)
    widget.use_source.native.click()
    wait_for(qtbot, widget, "Replaces the existing file.")
    qtbot.waitUntil(widget.footer.save.isEnabled, timeout=WAIT)
    asked = answer(SAVE if agrees else CANCEL)
    qtbot.mouseClick(widget.footer.save, Qt.MouseButton.LeftButton)
    (question,) = asked
    assert "Only a part of it would be left: t 0 of 0 to 3." in question
    if agrees:
        qtbot.waitUntil(lambda: widget.job.saved == file, timeout=WAIT)
        assert file.stat().st_size < len(before)
    else:
        assert widget.footer.result.text().startswith("Cancelled: cells.ome.zip is as it was")
        assert not widget.job.running
        assert file.read_bytes() == before
