"""A part of a layer has the pixels that lay in a box, where they lay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from napari.layers import Layer

from napari_layers import layers_of, pixels, value_in_world
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.layers.cropping import cropped
from napari_ome_zip.layers.layer_data import SHOWN_PLANE
from napari_ome_zip.layers.world_box import WorldBox
from napari_ome_zip.saving.plan import plan_save

SHAPE = (6, 40, 60)
PLACE = {"name": "a", "scale": (2, 0.5, 0.25), "translate": (100, 10, -5)}
LABELS = ("z", "y", "x")


def stack() -> np.ndarray:
    """Return pixels each of which has another value."""
    return np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE)


def cut(data: Any, keywords: dict[str, Any], *bounds: Any, **more: Any) -> tuple[Any, dict]:
    part = cropped((data, keywords, "image"), WorldBox(bounds, **more))
    assert part is not None
    return np.asarray(part[0]), part[1]


def test_pixels_that_the_box_touches_are_in_it() -> None:
    # Plane 2 lies at 104; row 8 covers 13.75 to 14.25, column 20 covers -0.125 to 0.125.
    part, keywords = cut(stack(), PLACE, (104, 104), (14, 15), (0.1, 2))
    np.testing.assert_array_equal(part, stack()[2:3, 8:11, 20:29])
    assert keywords["translate"] == (104, 14, 0)


def test_dimensions_without_bounds_are_kept_whole() -> None:
    part, keywords = cut(stack(), PLACE, None, (14, 14), None)
    np.testing.assert_array_equal(part, stack()[:, 8:9])
    assert keywords["translate"] == (100, 14, -5)


def test_a_layer_of_fewer_dimensions_has_the_last_ones() -> None:
    flat = {"name": "a", "scale": (0.5, 0.25)}
    part, _ = cut(stack()[0], flat, (104, 104), (2, 2), (5, 5))
    assert part.tolist() == [[4 * 60 + 20]]


def test_units_of_the_box_are_converted_to_those_of_the_layer() -> None:
    keywords = {"name": "a", "scale": (1, 1), "units": ("nm", "nm")}
    part, _ = cut(stack()[0], keywords, (0.01, 0.012), (0.02, 0.02), units=("micrometer",) * 2)
    np.testing.assert_array_equal(part, stack()[0][10:13, 20:21])


@pytest.mark.parametrize(
    "place",
    [
        {"scale": (2, 0.5, -0.25)},
        {"rotate": 30, "scale": (2, 0.5, 0.5)},
        {"rotate": 75, "shear": (0, 0, 0.4), "translate": (1, 2, 3)},
        {"affine": np.diag([1, 2, 3, 1.0]), "rotate": 20, "translate": (3, 2, 1)},
    ],
    ids=["flipped", "turned", "sheared", "affine"],
)
def test_every_pixel_of_the_part_lies_where_it_lay(place: dict[str, Any]) -> None:
    whole = Layer.create(stack(), {"name": "a", **place}, "image")
    row, column = 20, 30
    middle = whole.data_to_world((3, row, column))
    bounds = [(at - 2, at + 2) for at in middle]
    part, keywords = cut(stack(), {"name": "a", **place}, *bounds)
    cut_out = Layer.create(part, keywords, "image")
    assert part.size < stack().size
    corners = [0, 0, 0], [n - 1 for n in part.shape]
    for corner in corners:
        before = np.unravel_index(int(part[tuple(corner)]), SHAPE)
        np.testing.assert_allclose(
            cut_out.data_to_world(corner), whole.data_to_world(before), atol=1e-9
        )
    # All that lies in the box is there.
    low, high = np.array(bounds).T
    near = list(np.ndindex(6, 20, 20))
    lies = np.array([whole.data_to_world((z, 10 + y, 20 + x)) for z, y, x in near])
    inside = ((lies >= low) & (lies <= high)).all(axis=1)
    assert inside.any()
    values = {int(stack()[z, 10 + y, 20 + x]) for z, y, x in np.array(near)[inside]}
    assert values <= set(part.ravel().tolist())


def test_a_layer_that_lies_in_the_box_is_left_as_it_is() -> None:
    layer = (stack(), PLACE, "image")
    assert cropped(layer, WorldBox(((99, 115), (0, 99), (-99, 99)))) is layer


def test_a_layer_beside_the_box_has_no_part_in_it() -> None:
    assert cropped((stack(), PLACE, "image"), WorldBox((None, (50, 60), None))) is None


def test_layers_without_pixels_are_left_as_they_are() -> None:
    points = (np.zeros((1, 3)), {"name": "p"}, "points")
    assert cropped(points, WorldBox((None, (50, 60), None))) is points


def test_colors_of_an_rgb_layer_are_kept() -> None:
    picture = np.arange(40 * 60 * 3, dtype=np.uint16).reshape(40, 60, 3)
    part, _ = cut(picture, {"name": "a", "rgb": True}, (3, 4), (5, 7))
    np.testing.assert_array_equal(part, picture[3:5, 5:8])


def test_no_pixel_is_read() -> None:
    def fail(block: np.ndarray) -> np.ndarray:
        raise AssertionError

    lazy = da.zeros((400, 400), dtype=np.uint8, chunks=100).map_blocks(
        fail, dtype=np.uint8, meta=np.empty((0, 0), np.uint8)
    )
    part = cropped((lazy, {"name": "a"}, "image"), WorldBox(((10, 20), (10, 20))))
    assert part is not None
    assert part[0].shape == (11, 11)


def test_the_plane_that_is_shown_stays_shown_where_it_is_in_the_part() -> None:
    _, keywords = cut(stack(), {**PLACE, SHOWN_PLANE: [3, 0, 59]}, (104, 108), (14, 15), (0, 2))
    assert keywords[SHOWN_PLANE] == [1, 0, 8]


@pytest.fixture
def several_levels(tmp_path: Path) -> Path:
    """Return a file of an image of three levels with labels, each pixel another value."""
    full = np.arange(80 * 96, dtype=np.uint16).reshape(80, 96)
    image = [full, full[::2, ::2], full[::4, ::4]]
    place = {"scale": (0.5, 0.5), "units": ("um", "um"), "axis_labels": ("y", "x")}
    layers = [
        (image, {"name": "cells", "contrast_limits": (0, 9), **place}, "image"),
        (full.astype(np.int32), {"name": "nuclei", **place}, "labels"),
    ]
    return save_image(layers, tmp_path / "whole.ozx")


def test_a_part_of_a_file_is_saved_with_levels_of_its_own(
    several_levels: Path, tmp_path: Path
) -> None:
    layers = to_layer_data(open_image(several_levels))
    box = WorldBox(((5, 20), (10, 30)), ("micrometer", "micrometer"))
    parts = [part for layer in layers if (part := cropped(layer, box)) is not None]
    plan = plan_save(from_layer_data(parts))
    assert (plan.layout, plan.copies, plan.origin) == ("image", (), None)
    save_image(parts, tmp_path / "part.ozx")
    image, labels = layers_of(tmp_path / "part.ozx")
    full = np.arange(80 * 96).reshape(80, 96)
    for layer in (image, labels):
        np.testing.assert_array_equal(pixels(layer), full[10:41, 20:61])
        for row, column in ((10, 20), (25, 40), (40, 60)):
            value = value_in_world(layer, y=row / 2, x=column / 2)
            assert value == full[row, column]
        assert value_in_world(layer, y=4.4, x=12) is None


def test_what_was_opened_from_a_file_is_not_taken_for_unchanged(several_levels: Path) -> None:
    (layer, *_) = to_layer_data(open_image(several_levels))
    box = WorldBox(((0, 100), (0, 20)), ("micrometer", "micrometer"))
    part = cropped(layer, box)
    assert part is not None
    image = from_layer_data([part])
    assert image.opened is None
    assert all(each.kept is None for each in image.parts)
