"""The camera and the sliders go where a part of a file lies; a viewer without a window will do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.layers.layer_data import layer_note
from napari_ome_zip.plugin.contents.file_state import FileState
from napari_ome_zip.plugin.contents.looked_at import WellFinder
from napari_ome_zip.plugin.contents.model import Item, Kind
from napari_ome_zip.plugin.contents.places import go_to, item_box
from napari_ome_zip.plugin.contents.shown import OpenLayer

SHAPE = (4, 10, 20)
SCALE = (3.0, 0.5, 0.25)
SIZE = np.array(SHAPE) * SCALE
CANVAS = np.array([600, 800])


def opened(path: Path) -> tuple[ViewerModel, FileState]:
    viewer = ViewerModel()
    viewer.canvas.size = tuple(CANVAS.tolist())
    for item in to_layer_data(open_image(path)):
        viewer.add_layer(Layer.create(*item))
    layers = [
        OpenLayer(layer.unique_id, layer.name, "image", layer_note({"metadata": layer.metadata}))
        for layer in viewer.layers
    ]
    return viewer, FileState(str(path), tuple(layers))


def images(path: Path, *corners: tuple[float, float, float]) -> tuple[ViewerModel, FileState]:
    """Images at some corners: the centers of their first voxels."""
    builder = HierarchyBuilder().group()
    for number, corner in enumerate(corners):
        pixels = np.zeros(SHAPE, np.uint8)
        builder.image(pixels, "zyx", f"i{number}", scale=SCALE, translation=corner)
    return opened(builder.archive(path))


def named(item: Item, name: str) -> Item:
    """The first item of a name in a branch."""
    waiting = [item]
    while waiting:
        item = waiting.pop(0)
        if item.name == name:
            return item
        waiting += item.children
    raise AssertionError(f"nothing is called {name}")


def test_a_box_reaches_from_border_to_border(tmp_path: Path) -> None:
    viewer, state = images(tmp_path / "a.ozx", (0, 0, 0), (50, 60, 70))
    box = item_box(named(state.images, "i1"), viewer)
    assert box is not None
    low = np.array([50, 60, 70]) - np.array(SCALE) / 2
    np.testing.assert_allclose(box, [low, low + SIZE])


def test_the_file_reaches_over_all_of_its_images(tmp_path: Path) -> None:
    viewer, state = images(tmp_path / "a.ozx", (0, 0, 0), (50, 60, 70))
    box = item_box(state.images, viewer)
    low = -np.array(SCALE) / 2
    np.testing.assert_allclose(box, [low, low + SIZE + [50, 60, 70]])


def test_a_layer_that_was_moved_by_hand_is_gone_to_where_it_is(tmp_path: Path) -> None:
    viewer, state = images(tmp_path / "a.ozx", (0, 0, 0), (50, 60, 70))
    viewer.layers[1].translate = (0, 500, 700)
    assert go_to(viewer, named(state.images, "i1"))
    assert viewer.scene.camera.center[-2:] == pytest.approx((502.25, 702.375))


def test_exchanged_axes_exchange_the_middle_of_the_view(tmp_path: Path) -> None:
    viewer, state = images(tmp_path / "a.ozx", (0, 0, 0), (50, 60, 70))
    viewer.dims.order = (1, 2, 0)
    assert go_to(viewer, named(state.images, "i1"))
    middle = np.array([50, 60, 70]) + (SIZE - SCALE) / 2
    assert viewer.scene.camera.center[-2:] == pytest.approx((middle[2], middle[0]))
    assert 60 - 0.25 <= viewer.dims.point[1] <= 60 - 0.25 + SIZE[1]
    zoom = 0.95 * np.min(CANVAS / SIZE[[2, 0]])
    assert viewer.scene.camera.zoom == pytest.approx(zoom)


def test_in_3d_all_of_it_fits_into_the_view(tmp_path: Path) -> None:
    viewer, state = images(tmp_path / "a.ozx", (0, 0, 0), (50, 60, 70))
    viewer.dims.ndisplay = 3
    assert go_to(viewer, named(state.images, "i1"))
    middle = np.array([50, 60, 70]) + (SIZE - SCALE) / 2
    assert viewer.scene.camera.center == pytest.approx(tuple(middle))
    assert viewer.scene.camera.zoom * SIZE.max() <= CANVAS.min()


def test_a_slider_outside_of_an_image_goes_to_its_nearest_plane(tmp_path: Path) -> None:
    viewer, state = images(tmp_path / "a.ozx", (0, 0, 0), (50, 60, 70))
    viewer.dims.point = (0, 0, 0)
    go_to(viewer, named(state.images, "i1"))
    assert 48.5 <= viewer.dims.point[0] <= 51.5
    viewer.dims.point = (54, 0, 0)
    go_to(viewer, named(state.images, "i1"))
    assert viewer.dims.point[0] == 54


def test_layers_that_are_gone_are_nowhere(tmp_path: Path) -> None:
    viewer, state = images(tmp_path / "a.ozx", (0, 0, 0), (50, 60, 70))
    viewer.layers.clear()
    assert not go_to(viewer, named(state.images, "i1"))


def plate(path: Path, fields: int) -> tuple[ViewerModel, FileState]:
    """Two wells side by side, each with fields of view in a row, of which the second is far off."""
    wells = [{"path": f"A/{n + 1}", "rowIndex": 0, "columnIndex": n} for n in range(2)]
    names = {"rows": [{"name": "A"}], "columns": [{"name": "1"}, {"name": "2"}]}
    builder = HierarchyBuilder().group(plate={**names, "wells": wells, "version": "0.5"})
    builder.group("A")
    listed = [{"path": str(number)} for number in range(fields)]
    for well in wells:
        builder.group(well["path"], well={"images": listed, "version": "0.5"})
        for number in range(fields):
            field, place = f"{well['path']}/{number}", (0, 10.0 * number)
            builder.image(np.zeros((20, 10), np.uint8), "yx", field, translation=place)
    return opened(builder.archive(path))


@pytest.mark.parametrize("fields", [1, 6])
def test_the_well_that_was_gone_to_is_the_one_that_is_looked_at(
    fields: int, tmp_path: Path
) -> None:
    viewer, state = plate(tmp_path / "plate.ozx", fields)
    finder = WellFinder(state.wells)
    for well in state.wells:
        item = named(state.images, well.name)
        assert item.kind is Kind.WELL
        go_to(viewer, item)
        assert finder.well_looked_at(viewer) is well
        if fields > 1:
            go_to(viewer, item.children[-1])
            assert finder.well_looked_at(viewer) is well
    viewer.scene.camera.zoom /= 30
    assert finder.well_looked_at(viewer) is None


def test_outside_of_all_wells_none_is_looked_at(tmp_path: Path) -> None:
    viewer, state = plate(tmp_path / "plate.ozx", 1)
    go_to(viewer, named(state.images, "A1"))
    viewer.scene.camera.center = (500, 500)
    assert WellFinder(state.wells).well_looked_at(viewer) is None
