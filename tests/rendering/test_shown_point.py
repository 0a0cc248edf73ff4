"""Where the sliders of a picture are: where a viewer's are when the same layers are added."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import open_image
from napari_ome_zip.rendering.scene import scene_of
from napari_ome_zip.rendering.shown_point import shown_point

type LayerTuple = tuple[Any, dict[str, Any], str]


def zeros(*shape: int, **keywords: Any) -> LayerTuple:
    return np.zeros(shape, np.uint8), keywords, "image"


@pytest.mark.parametrize(
    "layers",
    [
        [zeros(5, 8, 8)],
        [zeros(4, 8, 8), zeros(9, 8, 8)],
        [zeros(4, 8, 8, scale=(0.5, 1, 1)), zeros(9, 8, 8, scale=(0.25, 1, 1))],
        [zeros(8, 8), zeros(3, 6, 8, 8, translate=(2, 5, 0, 0))],
        [zeros(6, 8, 8, translate=(-7, 0, 0), scale=(-2, 1, 1))],
    ],
)
def test_in_the_middle_of_the_lowest_layer(layers: list[LayerTuple]) -> None:
    from napari.components import ViewerModel
    from napari.layers import Layer

    viewer = ViewerModel()
    for layer in layers:
        viewer.add_layer(Layer.create(*layer))
    scene = scene_of(layers)
    assert shown_point(scene) == pytest.approx(viewer.dims.point[:-2])
    ranges = viewer.dims.range[:-2]
    assert [each.start for each in scene.sliders] == pytest.approx([each.start for each in ranges])
    assert [each.step for each in scene.sliders] == pytest.approx([each.step for each in ranges])
    assert [each.count for each in scene.sliders] == list(viewer.dims.nsteps[:-2])


def test_where_it_was_when_the_file_was_saved() -> None:
    sliders = {"order": [0, 1, 2], "point": [3000.0, 0.0, 0.0], "units": ["nanometer"] * 3}
    group = {"version": 1, "view": {"sliders": sliders}}
    omero = {"rdefs": {"defaultZ": 1}}
    builder = HierarchyBuilder().image(np.zeros((5, 8, 8), np.uint8), "zyx", omero=omero)
    builder.group("napari").attribute("napari", "napari", group)
    assert shown_point(scene_of(open_image(builder.entries))) == pytest.approx((3.0,))


def test_what_the_file_asks_for_is_a_plane_of_its_image() -> None:
    omero = {"rdefs": {"defaultZ": 1, "defaultT": 2}}
    builder = HierarchyBuilder().image(
        np.zeros((3, 5, 8, 8), np.uint8),
        "tzyx",
        omero=omero,
        scale=(10, 2, 1, 1),
        translation=(0, 7, 0, 0),
    )
    scene = scene_of(open_image(builder.entries))
    assert shown_point(scene) == (20.0, 9.0)
    assert shown_point(scene, {"t": 0}) == (0.0, 9.0)
