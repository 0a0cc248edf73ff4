"""Several channels in one array, as scripts have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import zarr

from napari_ome_zip import PlacedImage, SaveError, crop, open_image, render, save_image

PIXELS = np.random.default_rng(3).integers(0, 999, (5, 2, 12, 16), np.uint16)
"""z, channel, y and x."""
SPACE = {"scale": (2.0, 0.5, 0.5), "units": "micrometer", "axis_labels": ("z", "y", "x")}


def saved(folder: Path, data: Any, **keywords: Any) -> PlacedImage:
    path = save_image([(data, keywords, "image")], folder / "cells.ozx")
    (image,) = open_image(path).images
    return image


@pytest.mark.parametrize("axis", [1, -3])
def test_an_axis_of_channels_becomes_that_of_the_image(tmp_path: Path, axis: int) -> None:
    image = saved(tmp_path, PIXELS, channel_axis=axis, name=["DAPI", "GFP"], **SPACE)
    assert image.name == "cells"
    assert [channel.name for channel in image.channels] == ["DAPI", "GFP"]
    assert image.scale == {"z": 2.0, "y": 0.5, "x": 0.5}
    for number in range(2):
        np.testing.assert_array_equal(image.channel_levels(number)[0], PIXELS[:, number])


def test_without_a_name_the_file_gives_one(tmp_path: Path) -> None:
    assert saved(tmp_path, PIXELS, channel_axis=1).name == "cells"


def test_one_name_is_that_of_the_image(tmp_path: Path) -> None:
    image = saved(tmp_path, PIXELS, channel_axis=1, name="embryo", **SPACE)
    assert image.name == "embryo"
    assert [channel.name for channel in image.channels] == ["1", "2"]


def test_names_may_be_those_of_the_image_and_its_channels(tmp_path: Path) -> None:
    image = saved(tmp_path, PIXELS, channel_axis=1, name=["embryo: DAPI", "embryo: GFP"])
    assert image.name == "embryo"
    assert [channel.name for channel in image.channels] == ["DAPI", "GFP"]


def test_images_of_one_file_are_told_apart(tmp_path: Path) -> None:
    names = [[f"field {n}: DAPI", f"field {n}: GFP"] for n in range(3)]
    layers = [
        (PIXELS + n, {"channel_axis": 1, "name": name, "translate": (0, 20 * n, 0)}, "image")
        for n, name in enumerate(names)
    ]
    composite = open_image(save_image(layers, tmp_path / "cells.ozx"))
    assert [image.name for image in composite.images] == ["field 0", "field 1", "field 2"]
    for number, image in enumerate(composite.images):
        np.testing.assert_array_equal(image.channel_levels("GFP")[0], PIXELS[:, 1] + number)


def test_other_keywords_are_of_each_channel_or_of_all(tmp_path: Path) -> None:
    image = saved(
        tmp_path,
        PIXELS,
        channel_axis=1,
        name=["DAPI", "GFP"],
        colormap=["blue", "green"],
        contrast_limits=[(0, 500), (100, 900)],
    )
    assert [channel.color for channel in image.channels] == ["#0000FF", "#00FF00"]
    assert [channel.limits for channel in image.channels] == [(0.0, 500.0), (100.0, 900.0)]
    image = saved(tmp_path, PIXELS, channel_axis=1, contrast_limits=(0, 700), visible=[True, False])
    assert [channel.limits for channel in image.channels] == [(0.0, 700.0)] * 2
    assert [channel.visible for channel in image.channels] == [True, False]


def test_levels_are_kept(tmp_path: Path) -> None:
    image = saved(tmp_path, [PIXELS, PIXELS[..., ::2, ::2]], channel_axis=1)
    assert [level.shape for level in image.channel_levels(1)] == [(5, 12, 16), (5, 6, 8)]


@pytest.mark.parametrize("kind", ["dask", "zarr", "list"])
def test_arrays_of_other_libraries_are_taken(tmp_path: Path, kind: str) -> None:
    other = {
        "dask": lambda: da.from_array(PIXELS, chunks=(1, 1, 12, 16)),
        "zarr": lambda: zarr.array(PIXELS, chunks=(1, 1, 12, 16)),
        "list": lambda: [PIXELS],
    }
    image = saved(tmp_path, other[kind](), channel_axis=1)
    np.testing.assert_array_equal(image.channel_levels(1)[0], PIXELS[:, 1])


def test_a_part_and_a_picture_have_the_channels_too() -> None:
    bright = np.zeros((2, 8, 8), np.uint8)
    bright[1, :, 4:] = 255
    keywords = {"channel_axis": 0, "colormap": ["blue", "red"], "contrast_limits": (0, 255)}
    layer = (bright, {**keywords, "axis_labels": ("y", "x")}, "image")
    part = crop([layer], {"x": (4, 7)})
    assert [data.shape for data, _, _ in part] == [(8, 4), (8, 4)]
    picture = render([layer], 8)
    assert picture[0, 0].tolist() == [0, 0, 0, 255]
    assert picture[0, 7, 0] == 255


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"channel_axis": 4}, "channel_axis 4, expected 0 to 3"),
        ({"channel_axis": 1, "name": ["a", "b", "c"]}, "name has 3 values, expected 2"),
        ({"channel_axis": 1, "scale": (1, 1, 1, 1)}, "expected 3 numbers"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path: Path, keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(SaveError, match=message):
        saved(tmp_path, PIXELS, **keywords)


def test_labels_lie_over_the_image(tmp_path: Path) -> None:
    labels = np.zeros((5, 12, 16), np.uint16)
    layers = [
        (PIXELS, {"channel_axis": 1, **SPACE}, "image"),
        (labels, {"name": "nuclei", **SPACE}, "labels"),
    ]
    composite = open_image(save_image(layers, tmp_path / "cells.ozx"))
    assert composite.labels[0].image_path == composite.images[0].path
