"""Compare what napari shows of two sets of layers: before a save, and after opening again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from napari.layers import Image, Labels, Layer, Shapes

from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.layers.well_names import is_well_names

MAX_COMPARED = 3 * 10**7
"""Pixels of a level that are compared; of larger ones the corners."""

SETTINGS = ("name", "units", "visible", "blending", "opacity", "projection_mode")
IMAGE_SETTINGS = ("gamma", "rendering", "interpolation2d", "rgb", "iso_threshold", "attenuation")


def open_layers(path: Path) -> list[Layer]:
    """Return the layers that napari makes of a file; names of wells are not saved."""
    layers = to_layer_data(open_image(path))
    return [Layer.create(*item) for item in layers if not is_well_names(item)]


def assert_same_layers(before: Sequence[Layer], after: Sequence[Layer]) -> None:
    """Check everything a person can see; levels may have been added."""
    assert [layer.name for layer in before] == [layer.name for layer in after]
    for one, other in zip(before, after, strict=True):
        assert_same_layer(one, other)


def assert_same_layer(one: Layer, other: Layer) -> None:
    """Check one layer."""
    assert type(one) is type(other)
    assert one.ndim == other.ndim
    for name in SETTINGS:
        assert getattr(one, name) == getattr(other, name), (one.name, name)
    if not all(label.lstrip("-").isdigit() for label in one.axis_labels):
        assert one.axis_labels == other.axis_labels
    assert_same_place(one, other)
    if isinstance(one, Shapes) and isinstance(other, Shapes):
        assert_same_shapes(one, other)
    else:
        assert_same_pixels(one, other)
    if isinstance(one, Image) and isinstance(other, Image):
        assert_same_image_settings(one, other)
    if isinstance(one, Labels) and isinstance(other, Labels):
        assert_same_label_settings(one, other)


def assert_same_place(one: Layer, other: Layer) -> None:
    """Check the world coordinates of the corners of a layer, and of points beyond it."""
    corners = np.vstack([np.zeros(one.ndim), np.eye(one.ndim), 1000 * np.eye(one.ndim)])
    for corner in corners:
        np.testing.assert_allclose(
            one.data_to_world(corner), other.data_to_world(corner), rtol=1e-9, atol=1e-9
        )


def assert_same_shapes(one: Shapes, other: Shapes) -> None:
    """Check the corners of shapes, and what is known of each."""
    assert one.shape_type == other.shape_type
    for corners, again in zip(one.data, other.data, strict=True):
        np.testing.assert_allclose(corners, again)
    assert one.features.equals(other.features)


def assert_same_pixels(one: Layer, other: Layer) -> None:
    """Check the pixels of every level."""
    levels, others = (
        list(layer.data) if layer.multiscale else [layer.data] for layer in (one, other)
    )
    assert len(levels) <= len(others), one.name
    for level, again in zip(levels, others, strict=False):
        assert level.shape == again.shape
        assert level.dtype == again.dtype
        region = (...,)
        if level.size > MAX_COMPARED:
            region = tuple(slice(-200, None) for _ in level.shape)
        np.testing.assert_array_equal(np.asarray(level[region]), np.asarray(again[region]))


def assert_same_image_settings(one: Image, other: Image) -> None:
    """Check limits, colours, and how an image is drawn."""
    for name in IMAGE_SETTINGS:
        assert getattr(one, name) == getattr(other, name), (one.name, name)
    if not one.rgb:
        assert list(one.contrast_limits) == list(other.contrast_limits)
        np.testing.assert_allclose(
            one.colormap.map(np.linspace(0, 1, 9)),
            other.colormap.map(np.linspace(0, 1, 9)),
            atol=1 / 500,
        )


def assert_same_label_settings(one: Labels, other: Labels) -> None:
    """Check features and the colours that were given."""
    assert one.features.equals(other.features)
    tables = [getattr(layer.colormap, "color_dict", None) for layer in (one, other)]
    assert (tables[0] is None) == (tables[1] is None)
    for value in tables[0] or ():
        np.testing.assert_allclose(tables[0][value], tables[1][value], atol=1 / 500)
