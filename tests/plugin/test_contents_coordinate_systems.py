"""Layers move between the coordinate systems of their archive, and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from qtpy.QtCore import Qt

from hierarchy_builder import HierarchyBuilder, multiscale, ramp
from napari_layers import value_in_world
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.errors import TransformationError
from napari_ome_zip.layers.layer_data import METADATA_KEY, note_of
from napari_ome_zip.layers.orientations import noted_orientations
from napari_ome_zip.plugin.contents.coordinate_systems import choice_of, move

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

PICTURE = ramp((6, 8), np.uint8)
SPACE = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]


def system(name: str) -> dict[str, Any]:
    return {"name": name, "axes": SPACE}


def scene() -> HierarchyBuilder:
    """Two images in ``world``, shifted; ``turned`` is world with y and x exchanged, times 2."""
    shift = {"type": "translation", "translation": [0.0, 10.0]}
    turn = {"type": "affine", "affine": [[0.0, 2.0, 0.0], [2.0, 0.0, 0.0]]}
    to_world = {"output": {"name": "world"}}
    builder = HierarchyBuilder()
    builder.group(
        version="0.6",
        scene={
            "coordinateSystems": [system("world"), system("turned")],
            "coordinateTransformations": [
                {"type": "identity", "input": {"path": "a", "name": "own"}, **to_world},
                {**shift, "input": {"path": "b", "name": "own"}, **to_world},
                {**turn, "input": {"name": "world"}, "output": {"name": "turned"}},
            ],
        },
    )
    for path in "ab":
        scale = {
            "type": "scale",
            "scale": [0.5, 0.5],
            "input": {"path": "0"},
            "output": {"name": "own"},
        }
        entry = multiscale([], [("0", [scale])], coordinateSystems=[system("own")])
        del entry["axes"]
        builder.group(path, version="0.6", multiscales=[entry])
        builder.array(f"{path}/0", PICTURE + (100 if path == "b" else 0))
    return builder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return Path(scene().archive(tmp_path / "scene.ozx"))


@pytest.fixture
def viewer(archive: Path) -> ViewerModel:
    viewer = ViewerModel()
    for item in to_layer_data(open_image(archive)):
        viewer.add_layer(Layer.create(*item))
    return viewer


def test_the_default_comes_first_and_the_others_are_offered(viewer: ViewerModel) -> None:
    for layer in viewer.layers:
        choice = choice_of(layer)
        assert choice is not None
        assert choice.current == "world"
        assert choice.systems == ("world", "turned", "a:own", "b:own")


@pytest.mark.parametrize("name", ["turned", "a:own", "b:own", "world"])
def test_moved_layers_lie_where_opening_in_that_system_puts_them(
    viewer: ViewerModel, archive: Path, name: str
) -> None:
    before = [layer.data for layer in viewer.layers]
    assert move(viewer.layers, str(archive), name, open_image) == []
    assert [layer.data for layer in viewer.layers] == before
    opened = [Layer.create(*item) for item in to_layer_data(open_image(archive, system=name))]
    for layer, fresh in zip(viewer.layers, opened, strict=True):
        for y, x in ((0.0, 0.0), (2.5, 1.0), (1.0, 2.5), (14.0, 2.0), (0.5, -9.0)):
            place = {"y": y, "x": x}
            assert value_in_world(layer, **place) == value_in_world(fresh, **place)
        assert layer.metadata[METADATA_KEY]["system"] == name
        assert fresh.metadata[METADATA_KEY]["system"] == name


def test_every_pixel_moves_as_the_transformation_says(viewer: ViewerModel, archive: Path) -> None:
    move(viewer.layers, str(archive), "turned", open_image)
    _, second = viewer.layers
    for row, column in ((0, 0), (3, 5)):
        world = (0.5 * row, 0.5 * column + 10)
        value = value_in_world(second, y=2 * world[1], x=2 * world[0])
        assert value == PICTURE[row, column] + 100
    move(viewer.layers, str(archive), "world", open_image)
    assert value_in_world(second, y=1.5, x=12.5) == PICTURE[3, 5] + 100


def test_layers_from_elsewhere_stay(viewer: ViewerModel, archive: Path) -> None:
    other = viewer.add_image(PICTURE, scale=(3, 3), translate=(4, 5))
    move(viewer.layers, str(archive), "turned", open_image)
    assert (other.scale.tolist(), other.translate.tolist()) == ([3, 3], [4, 5])


def test_a_layer_whose_image_is_gone_stays_and_is_named(viewer: ViewerModel, archive: Path) -> None:
    lost = viewer.layers[0]
    note = {**lost.metadata[METADATA_KEY], "path": "gone"}
    lost.metadata = {METADATA_KEY: note}
    assert move(viewer.layers, str(archive), "turned", open_image) == [lost.name]
    assert lost.metadata[METADATA_KEY]["system"] == "world"


def test_an_unknown_system_moves_nothing_and_those_there_are_are_listed(
    viewer: ViewerModel, archive: Path
) -> None:
    with pytest.raises(TransformationError, match="'world', 'turned', 'a:own', 'b:own'"):
        move(viewer.layers, str(archive), "nowhere", open_image)
    assert viewer.layers[0].scale.tolist() == [0.5, 0.5]


def test_an_image_with_one_system_leaves_nothing_to_choose() -> None:
    builder = HierarchyBuilder().image(PICTURE, "yx")
    composite = open_image(builder.entries)
    assert composite.systems == ()
    (item,) = to_layer_data(composite)
    assert choice_of(Layer.create(*item)) is None
    assert choice_of(None) is None


def test_choosing_in_the_widget_moves_the_layers(
    window: napari.Viewer, qtbot: QtBot, archive: Path
) -> None:
    window.open(archive, plugin="napari-ome-zip")
    _, widget = window.window.add_plugin_dock_widget("napari-ome-zip", "Show contents")
    system = widget.parts.system
    qtbot.waitUntil(lambda: system.currentText() == "world", timeout=20_000)
    qtbot.waitUntil(system.isVisible, timeout=20_000)
    system.setFocus()
    qtbot.keyClick(system, Qt.Key.Key_Down)  # as a person does, who has the next one in the list
    assert system.currentText() == "turned"
    assert value_in_world(window.layers[1], y=25.0, x=3.0) == PICTURE[3, 5] + 100
    assert not widget.parts.message.text()


def test_where_there_is_nothing_to_choose_nothing_is_offered(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    path = HierarchyBuilder().image(PICTURE, "yx").archive(tmp_path / "one.ozx")
    window.open(path, plugin="napari-ome-zip")
    _, widget = window.window.add_plugin_dock_widget("napari-ome-zip", "Show contents")
    qtbot.waitUntil(lambda: widget.source == str(path), timeout=20_000)
    qtbot.waitUntil(widget.parts.tree.isVisible, timeout=20_000)
    assert not widget.parts.system.isVisible()
    assert not widget.parts.tiles.isVisible()


def test_where_the_axes_lead_in_a_body_is_said_by_the_system_shown(tmp_path: Path) -> None:
    def leading(name: str, *words: str) -> dict[str, Any]:
        pairs = zip(SPACE, words, strict=True)
        return {
            "name": name,
            "axes": [
                {**axis, "orientation": {"type": "anatomical", "value": word}}
                for axis, word in pairs
            ],
        }

    scene_of = {"coordinateSystems": [leading("world", "cranial-to-caudal", "left-to-right")]}
    scene_of["coordinateSystems"].append(leading("turned", "left-to-right", "cranial-to-caudal"))
    builder = scene()
    document = json.loads(builder.entries["zarr.json"])
    document["attributes"]["ome"]["scene"] |= scene_of
    path = builder.put("zarr.json", json.dumps(document).encode()).archive(tmp_path / "a.ozx")
    viewer = ViewerModel()
    for item in to_layer_data(open_image(path)):
        viewer.add_layer(Layer.create(*item))
    for name, words in (
        ("turned", ("left-to-right", "cranial-to-caudal")),
        ("world", ("cranial-to-caudal", "left-to-right")),
    ):
        assert move(viewer.layers, str(path), name, open_image) == []
        for layer in viewer.layers:
            said = noted_orientations(note_of(layer))
            assert tuple(each.value for each in said if each is not None) == words
