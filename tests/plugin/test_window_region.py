"""*Save visible region…* in a real window: what is seen becomes a file that lies on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt

from hierarchy_builder import HierarchyBuilder
from link_windows import told
from napari_layers import layers_of, pixels, value_in_world
from napari_ome_zip import open_image, save_image
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.region.command import IN_3D, NOTHING, save_region
from napari_ome_zip.plugin.region.dialog import RegionDialog
from range_server import RangeServer

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("errors_become_notifications")

WAIT = 20_000
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
    """Return a file of two channels and labels, both of several time points and planes."""
    look = {"contrast_limits": (0, 50_000), **PLACE}
    image = (numbered(), {"name": "cells", **look}, "image")
    other = (numbered() // 2, {"name": "spots", "visible": False, **look}, "image")
    labels = (numbered().astype(np.int32), {"name": "nuclei", **PLACE}, "labels")
    return save_image([image, other, labels], tmp_path / "cells.ome.zip")


def look_closely(window: napari.Viewer) -> None:
    """Show time 2, the plane at 16 µm, and about a quarter of it around (45, 60)."""
    window.dims.set_point((0, 1), (2, 16))
    window.scene.camera.zoom *= 2
    window.scene.camera.center = (45, 60)


def asked(qtbot: QtBot, window: napari.Viewer) -> RegionDialog:
    """Choose the command, and wait until the dialog says what will be saved."""
    save_region(window)
    dialog = window.window._qt_window.findChildren(RegionDialog)[-1]
    wait_for(qtbot, dialog)
    return dialog


def asked_without_file(qtbot: QtBot, window: napari.Viewer, target: Path) -> RegionDialog:
    """Choose the command where layers are of no file, and type one."""
    save_region(window)
    dialog = window.window._qt_window.findChildren(RegionDialog)[-1]
    dialog.file.clear()
    qtbot.keyClicks(dialog.file, str(target))
    wait_for(qtbot, dialog, target.name)
    return dialog


def wait_for(qtbot: QtBot, dialog: RegionDialog, text: str = "region.ome.zip, ") -> str:
    qtbot.waitUntil(
        lambda: text in dialog.summary.text() and not dialog._timer.isActive(), timeout=WAIT
    )
    return dialog.summary.text()


def save(qtbot: QtBot, window: napari.Viewer, dialog: RegionDialog, path: Path) -> str:
    """Press *Save*, and wait until the result is told."""
    qtbot.waitUntil(dialog.save.isEnabled, timeout=WAIT)
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any(path.name in text for text in told(window)), timeout=WAIT)
    return next(text for text in told(window) if path.name in text)


def rows_and_columns(window: napari.Viewer) -> tuple[slice, slice]:
    """Return the pixels that the canvas shows, those that its edge cuts among them."""
    half = np.array(window.canvas.size) / window.scene.camera.zoom / 2
    found = []
    for middle, h, n in zip(window.scene.camera.center[-2:], half, SHAPE[2:], strict=True):
        low, high = ((middle - h) / 0.5, (middle + h) / 0.5)
        found.append(slice(max(0, round(low)), min(n, round(high) + 1)))
    return found[0], found[1]


def test_what_is_seen_is_saved_and_lies_on_the_original(
    qtbot: QtBot, window: napari.Viewer, file: Path
) -> None:
    window.open(file, plugin=PLUGIN)
    look_closely(window)
    rows, columns = rows_and_columns(window)
    dialog = asked(qtbot, window)
    text = wait_for(qtbot, dialog, "t 2 of 0 to 3, z 3 of 0 to 5.")
    assert text.startswith("cells region.ome.zip, ")
    assert "the visible region (y " in text
    assert "Hidden layers are left out: 'spots'." in text
    target = file.with_name("cells region.ome.zip")
    result = save(qtbot, window, dialog, target)
    assert "It holds a part only: the visible region" in result
    assert "without hidden layers" in result

    cells, _, nuclei = window.layers
    window.open(target, plugin=PLUGIN)
    part, part_of_nuclei = window.layers[3:]
    expected = numbered()[2:3, 3:4, rows, columns]
    assert expected.shape[2:] != SHAPE[2:]
    np.testing.assert_array_equal(pixels(part), expected)
    np.testing.assert_array_equal(pixels(part_of_nuclei), expected)
    for place in ((45, 60), (41.5, 58), (48, 66.5)):
        at = {"t": 2.0, "z": 16.0, "y": place[0], "x": place[1]}
        value = numbered()[2, 3, round(place[0] * 2), round(place[1] * 2)]
        assert value_in_world(part, **at) == value == value_in_world(cells, **at)
        assert value_in_world(part_of_nuclei, **at) == value == value_in_world(nuclei, **at)
    assert part.contrast_limits == [0, 50_000]


def test_other_time_points_planes_and_hidden_layers_can_be_chosen(
    qtbot: QtBot, window: napari.Viewer, file: Path
) -> None:
    window.open(file, plugin=PLUGIN)
    look_closely(window)
    rows, columns = rows_and_columns(window)
    dialog = asked(qtbot, window)
    time, depth = dialog.steps
    assert time.choice.itemText(0) == "This time point (2)"
    assert depth.choice.itemText(1) == "All 6 planes"
    time.choice.setCurrentIndex(2)
    time.first.setValue(1)
    depth.choice.setCurrentIndex(1)
    dialog.layers.setCurrentIndex(1)
    text = wait_for(qtbot, dialog, "t 1 to 3 of 0 to 3.")
    assert "z " not in text.partition("Only a part")[2]
    assert "Hidden" not in text
    target = file.with_name("cells region.ome.zip")
    assert "hidden" not in save(qtbot, window, dialog, target)
    (image,) = open_image(target).images
    cells, spots = (image.channel_levels(number)[0] for number in range(2))
    np.testing.assert_array_equal(cells.compute(), numbered()[1:4, :, rows, columns])
    np.testing.assert_array_equal(spots.compute(), numbered()[1:4, :, rows, columns] // 2)


def test_the_original_is_not_overwritten_by_a_part_of_it(
    qtbot: QtBot, window: napari.Viewer, file: Path
) -> None:
    before = file.read_bytes()
    window.open(file, plugin=PLUGIN)
    dialog = asked(qtbot, window)
    dialog.file.setText("")
    qtbot.keyClicks(dialog.file, str(file))
    wait_for(qtbot, dialog, "cells.ome.zip is the file that this is a part of")
    assert not dialog.save.isEnabled()
    dialog.accept()  # as the return key does
    assert dialog.isVisible()
    dialog.reject()
    assert file.read_bytes() == before


def test_a_file_that_is_there_is_said_to_be_replaced(
    qtbot: QtBot, window: napari.Viewer, file: Path
) -> None:
    other = file.with_name("other.ome.zip")
    other.write_bytes(b"of someone")
    window.open(file, plugin=PLUGIN)
    look_closely(window)
    dialog = asked(qtbot, window)
    dialog.file.setText("")
    qtbot.keyClicks(dialog.file, str(other))
    wait_for(qtbot, dialog, "Replaces the existing file.")
    assert dialog.save.text() == "Replace"
    dialog.reject()


def test_what_cannot_be_saved_is_told_in_a_sentence(
    qtbot: QtBot, window: napari.Viewer, file: Path
) -> None:
    save_region(window)
    window.open(file, plugin=PLUGIN)
    window.dims.ndisplay = 3
    save_region(window)
    assert [record.message for record in notification_manager.records] == [NOTHING, IN_3D]
    assert window.window._qt_window.findChildren(RegionDialog) == []


def test_nothing_that_is_seen_is_a_problem(qtbot: QtBot, window: napari.Viewer, file: Path) -> None:
    window.open(file, plugin=PLUGIN)
    for layer in window.layers:
        layer.visible = False
    save_region(window)
    dialog = window.window._qt_window.findChildren(RegionDialog)[-1]
    wait_for(qtbot, dialog, "No image and no labels are visible")
    assert not dialog.save.isEnabled()
    dialog.layers.setCurrentIndex(1)
    wait_for(qtbot, dialog)
    assert dialog.save.isEnabled()
    dialog.reject()
    window.layers[0].visible = True
    window.scene.camera.center = (5_000, 5_000)
    save_region(window)
    dialog = window.window._qt_window.findChildren(RegionDialog)[-1]
    wait_for(qtbot, dialog, "No layer lies in the chosen part")
    assert not dialog.save.isEnabled()
    dialog.reject()


def test_the_resolution_that_is_shown_is_offered(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    full = np.indices((3000, 4000), sparse=True)[0].astype(np.uint16) + np.arange(4000, dtype="u2")
    levels = [full[:: 2**n, :: 2**n] for n in range(4)]
    path = save_image(
        [(levels, {"name": "slide", "contrast_limits": (0, 7000)}, "image")], tmp_path / "s.ozx"
    )
    window.open(path, plugin=PLUGIN)
    step = 2 ** int(np.log2(1 / window.scene.camera.zoom))  # of the file's pixels, for one seen
    assert step in (2, 4, 8)
    save_region(window)
    dialog = window.window._qt_window.findChildren(RegionDialog)[-1]
    texts = [dialog.resolution.itemText(n) for n in range(2)]
    assert texts == [
        "Full: 4,000 × 3,000 pixels",
        f"As shown: {4000 // step:,} × {3000 // step:,} pixels",
    ]
    dialog.resolution.setCurrentIndex(1)
    wait_for(qtbot, dialog, "in the resolution shown")
    target = tmp_path / "s region.ozx"
    save(qtbot, window, dialog, target)
    window.open(target, plugin=PLUGIN)
    slide, part = window.layers
    np.testing.assert_array_equal(pixels(part), levels[int(np.log2(step))])
    np.testing.assert_allclose(part.extent.world[0], [(step - 1) / 2] * 2)
    assert value_in_world(part, y=80 * step + step / 2, x=16 * step + step / 2) == (
        value_in_world(slide, y=80 * step, x=16 * step)
    )


def test_what_lies_between_two_steps_is_saved_as_it_is_shown(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    planes = np.full((3, 90, 90), [[[50]], [[100]], [[150]]], np.uint8)
    look = {"scale": (0.5, 1, 1), "contrast_limits": (0, 255)}
    window.add_image(planes, translate=(0.2, 0, 0), **look)
    # Steps are counted from another place now, but what is shown stays where it is.
    window.add_image(planes, **look)
    window.add_image(planes, translate=(0.4, 0, 0), **look)
    assert window.dims.point[0] == 0.7
    dialog = asked_without_file(qtbot, window, tmp_path / "between.ome.zip")
    save(qtbot, window, dialog, tmp_path / "between.ome.zip")
    # The second plane of each lies at 0.7, 0.5 and 0.9; at the next step, 0.5, it would be the
    # first one of the last.
    found = layers_of(tmp_path / "between.ome.zip")
    assert [np.unique(pixels(layer)).tolist() for layer in found] == [[100]] * 3


def test_a_single_pixel_can_be_saved(qtbot: QtBot, window: napari.Viewer, file: Path) -> None:
    window.open(file, plugin=PLUGIN)
    window.scene.camera.center = (40, 50)
    window.scene.camera.zoom = 10_000
    dialog = asked(qtbot, window)
    target = file.with_name("cells region.ome.zip")
    save(qtbot, window, dialog, target)
    window.open(target, plugin=PLUGIN)
    step = window.dims.current_step
    assert pixels(window.layers[3]).tolist() == [[[[numbered()[*step[:2], 80, 100]]]]]
    assert value_in_world(window.layers[3], t=step[0], z=10 + 2 * step[1], y=40, x=50) is not None


def test_what_a_side_view_shows_is_saved(qtbot: QtBot, window: napari.Viewer, file: Path) -> None:
    window.open(file, plugin=PLUGIN)
    window.dims.order = (0, 2, 1, 3)  # z down, x to the right, a slider for y
    window.dims.set_point((0, 2), (1, 30))
    window.reset_view()
    window.scene.camera.center = (15, 60)
    window.scene.camera.zoom *= 4
    half = np.array(window.canvas.size) / window.scene.camera.zoom / 2
    columns = slice(max(0, round((60 - half[1]) * 2)), round((60 + half[1]) * 2) + 1)
    dialog = asked(qtbot, window)
    assert [row.slider.name for row in dialog.steps] == ["t", "y"]
    wait_for(qtbot, dialog, "t 1 of 0 to 3, y 60 of 0 to 199")
    target = file.with_name("cells region.ome.zip")
    save(qtbot, window, dialog, target)
    (image,) = open_image(target).images
    planes = [z for z in range(6) if abs(10 + 2 * z - 15) - 1 <= half[0]]
    np.testing.assert_array_equal(
        image.levels[0].compute().squeeze(), numbered()[1, planes, 60, columns]
    )


def test_in_a_grid_what_one_of_its_cells_shows_is_saved(
    qtbot: QtBot, window: napari.Viewer, file: Path
) -> None:
    window.open(file, plugin=PLUGIN)
    window.canvas.grid.enabled = True
    window.reset_view()
    dialog = asked(qtbot, window)
    assert "y 0 to 99.5 μm, x 0 to 119.5 μm" in dialog.summary.text()
    dialog.reject()


def test_drawings_outside_and_what_else_the_file_has_are_told(
    qtbot: QtBot, window: napari.Viewer, file: Path
) -> None:
    window.open(file, plugin=PLUGIN)
    look_closely(window)
    window.add_points(np.array([[2, 16, 45, 60], [2, 16, 1, 1], [0, 16, 45, 60]]), name="marks")
    window.add_points(np.array([[2, 16, 1, 1]]), name="aside")
    dialog = asked(qtbot, window)
    text = dialog.summary.text()
    assert "2 of 3 points of 'marks' lie outside of the part." in text
    assert "Not saved: 'aside' does not lie in the chosen part." in text
    target = file.with_name("cells region.ome.zip")
    save(qtbot, window, dialog, target)
    (drawing,) = open_image(target).napari.drawings
    assert drawing.name == "marks"


@pytest.fixture
def slide() -> HierarchyBuilder:
    """Return 16 chunks of 100 × 100 pixels, not compressed."""
    full = np.random.default_rng(3).integers(0, 2**16, (400, 400), np.uint16)
    return HierarchyBuilder().image(full, "yx", options={"chunks": (100, 100), "compressors": None})


def show_one_chunk(window: napari.Viewer) -> None:
    """Show the middle of the first chunk alone."""
    window.scene.camera.center = (50, 50)
    window.scene.camera.zoom = max(window.canvas.size) / 60


@pytest.fixture
def server(slide: HierarchyBuilder, tmp_path: Path) -> Iterator[RangeServer]:
    path = slide.archive(tmp_path / "whole.ozx")
    with RangeServer({"slide.ozx": path.read_bytes()}) as server:
        yield server


def test_of_a_link_only_what_is_saved_is_fetched(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, tmp_path: Path
) -> None:
    window.open(server.url("slide.ozx"), plugin=PLUGIN)
    qtbot.waitUntil(lambda: len(window.layers) == 1, timeout=WAIT)
    show_one_chunk(window)
    save_region(window)
    dialog = window.window._qt_window.findChildren(RegionDialog)[-1]
    dialog.file.setText("")
    target = tmp_path / "part.ozx"
    qtbot.keyClicks(dialog.file, str(target))
    text = wait_for(qtbot, dialog, "part.ozx, about")
    assert "whatever else lies beside its images" in text
    save(qtbot, window, dialog, target)
    (image,) = open_image(target).images
    assert max(image.shape) <= 62


def test_a_chunk_that_cannot_be_read_is_told_and_nothing_is_written(
    qtbot: QtBot, window: napari.Viewer, slide: HierarchyBuilder, tmp_path: Path
) -> None:
    path = slide.put("0/c/0/0", b"no pixels").archive(tmp_path / "slide.ozx")
    window.open(path, plugin=PLUGIN)
    show_one_chunk(window)
    dialog = asked_of(qtbot, window, tmp_path / "part.ozx")
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: any(text.startswith("Not saved: ") for text in told(window)), timeout=WAIT
    )
    assert not (tmp_path / "part.ozx").exists()


def asked_of(qtbot: QtBot, window: napari.Viewer, target: Path) -> RegionDialog:
    save_region(window)
    dialog = window.window._qt_window.findChildren(RegionDialog)[-1]
    dialog.file.setText("")
    qtbot.keyClicks(dialog.file, str(target))
    wait_for(qtbot, dialog, target.name)
    qtbot.waitUntil(dialog.save.isEnabled, timeout=WAIT)
    return dialog
