"""What layers become when they are saved, and what is said of that which they cannot become."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.layers import from_layer_data, incomplete_layers, unsaved_layers
from napari_ome_zip.layers.channel_stack import ChannelStack
from napari_ome_zip.plugin.save.model import SaveChoices, resolve, summary

PIXELS = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)
NUCLEI = (PIXELS % 7).astype(np.uint8)
LIMITS = {"contrast_limits": (0, 4000)}


def image(data: Any, name: str = "cells", **keywords: Any) -> Any:
    return data, {"name": name, **keywords}, "image"


def labels(data: Any = NUCLEI, **keywords: Any) -> Any:
    return data, {"name": "nuclei", **keywords}, "labels"


def again(path: Path, *layers: Any) -> list[Any]:
    """Save layers, and open what was saved."""
    return to_layer_data(open_image(save_image(layers, path / "a.ozx")))


def full(layer: Any) -> np.ndarray:
    data = layer[0][0] if isinstance(layer[0], list) else layer[0]
    return np.asarray(data)


def told(*layers: Any) -> str:
    return " ".join(finding.message for finding in incomplete_layers(layers))


# Channels


def test_the_channels_of_a_stack_are_read_one_by_one() -> None:
    read: list[int] = []

    def channel(number: int) -> da.Array:
        def block(shape: Any, **_: Any) -> np.ndarray:
            read.append(number)
            return np.full(shape, number, np.uint8)

        blocks: da.Array = da.map_blocks(
            lambda x: block(x.shape), da.zeros((6, 8), np.uint8, chunks=(2, 8)), dtype=np.uint8,
            meta=np.empty((0, 0), np.uint8),
        )  # fmt: skip
        return blocks

    composite = from_layer_data([image(channel(n), str(n)) for n in range(3)])
    (part,) = composite.parts
    assert isinstance(part.sources[0], ChannelStack)
    assert part.shape == (3, 6, 8)
    read.clear()
    found = part.levels[0][2:3, 2:4].compute(scheduler="synchronous")
    assert (found == 2).all()
    assert read == [2], "one block of one channel"


def test_a_region_of_a_stack_holds_what_numpy_would_stack() -> None:
    random = np.random.default_rng(1)
    arrays = [random.integers(0, 99, (4, 5, 6), np.uint8) for _ in range(3)]
    stack = ChannelStack(tuple(da.from_array(array, chunks=2) for array in arrays), 1)
    expected = np.stack(arrays, axis=1)
    for key in [..., np.s_[1], np.s_[:, 1], np.s_[1:3, ::2, 1:4:2], np.s_[0, 2, :, -1]]:
        if key is not ...:
            np.testing.assert_array_equal(stack[key], expected[key])
    np.testing.assert_array_equal(stack[:], expected)


def test_blocks_of_another_type_than_said_are_not_squeezed_into_it() -> None:
    lying = da.zeros((4, 4), np.float64).map_blocks(lambda block: block + 300.5, dtype=np.uint8)
    stack = ChannelStack((lying, lying), 0)
    assert stack.dtype == np.uint8
    np.testing.assert_array_equal(stack[:], np.full((2, 4, 4), 300.5))


def test_the_colours_of_a_picture_are_channels() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (5, 20, 30, 3), np.uint8)
    (part,) = from_layer_data([image(picture, rgb=True)]).parts
    np.testing.assert_array_equal(np.asarray(part.levels[0]), np.moveaxis(picture, -1, 0))


def test_layers_whose_axes_mean_something_else_stay_apart() -> None:
    stack = np.ones((2, 8, 8), np.uint8)
    depth = image(stack, "depth", axis_labels=("z", "y", "x"))
    time = image(stack, "time", axis_labels=("t", "y", "x"))
    assert len(from_layer_data([depth, time]).parts) == 2
    assert len(from_layer_data([depth, depth]).parts) == 1


def test_images_in_memory_stay_apart_although_they_have_one_path() -> None:
    one = from_layer_data([image(PIXELS, "a", **LIMITS), image(PIXELS + 1, "b", **LIMITS)], "one")
    layers = [*to_layer_data(one), *to_layer_data(one)]
    parts = from_layer_data(layers).parts
    assert [part.channel_count for part in parts] == [2, 2]


def test_channels_that_would_make_a_sixth_dimension_stay_images(tmp_path: Path) -> None:
    data = np.arange(2 * 3 * 2 * 8 * 8, dtype=np.uint16).reshape(2, 3, 2, 8, 8)
    found = again(tmp_path, image(data, "a", **LIMITS), image(data + 1, "b", **LIMITS))
    assert len(found) == 2
    np.testing.assert_array_equal(full(found[0]), data)
    np.testing.assert_array_equal(full(found[1]), data + 1)


def test_an_axis_named_c_stays_an_axis(tmp_path: Path) -> None:
    data = np.stack([PIXELS, PIXELS + 1, PIXELS + 2])
    (found,) = again(tmp_path, image(data, axis_labels=("c", "y", "x"), **LIMITS))
    np.testing.assert_array_equal(full(found), data)
    assert found[1]["axis_labels"] == ("c", "y", "x")


# Pixels


def test_levels_of_another_type_are_made_anew(tmp_path: Path) -> None:
    data = np.full((64, 64), 200, np.uint8)
    (found,) = again(tmp_path, image([data, np.full((32, 32), 300.7)]))
    levels = found[0] if isinstance(found[0], list) else [found[0]]
    assert all((np.asarray(level) == 200).all() for level in levels)


def test_a_masked_array_is_one_image(tmp_path: Path) -> None:
    masked = np.ma.masked_array(PIXELS, mask=PIXELS > 9)
    (found,) = again(tmp_path, image(masked, **LIMITS))
    np.testing.assert_array_equal(full(found), PIXELS)
    assert "without its mask" in told(image(masked))


def test_labels_are_saved_as_they_were_when_saving_began() -> None:
    lazy = da.zeros((8, 8), np.uint8, chunks=4)
    (part,) = from_layer_data([labels(lazy)]).parts
    lazy[2, 2] = 5  # painting changes a dask array in place
    assert int(part.levels[0].max()) == 0


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (np.float64(3), "is a single number"),
        (np.ones((4, 4), np.longdouble), "which Zarr cannot store"),
        (np.ones((4, 4), np.clongdouble), "which Zarr cannot store"),
        (np.zeros((4, 4), "M8[s]"), "which is not a type of pixel"),
        (np.zeros((4, 4), [("a", int)]), "which is not a type of pixel"),
    ],
)
def test_a_layer_that_cannot_be_held_is_left_out_with_its_reason(
    data: np.ndarray, reason: str, tmp_path: Path
) -> None:
    layers = [image(data, "odd"), image(PIXELS, **LIMITS)]
    (finding,) = unsaved_layers(layers)
    assert reason in finding.message
    assert finding.message.startswith("'odd'")
    assert len(again(tmp_path, *layers)) == 1


# Names, labels and their tables


def test_names_that_no_file_can_hold_are_cleaned(tmp_path: Path) -> None:
    (found,) = again(tmp_path, image(PIXELS, "a\udcff", **LIMITS))
    assert found[1]["name"] == "a?"


def test_colours_given_by_name_are_kept(tmp_path: Path) -> None:
    colors = {1: "red", 2: "#0f0", 3: "#0000ff80", None: "transparent"}
    layer = labels(colormap=colors)
    assert not told(layer)
    kept = again(tmp_path, layer)[0][1]["colormap"]
    assert [tuple(np.round(255 * kept[n])) for n in (1, 2, 3)] == [
        (255, 0, 0, 255),
        (0, 255, 0, 255),
        (0, 0, 255, 128),
    ]


def test_colours_that_cannot_be_kept_are_told() -> None:
    message = told(labels(colormap={1: "no colour", None: "yellow"}))
    assert "'no colour' of label 1" in message
    assert "labels that have none of their own" in message


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        ([(1, 2), (3,)], [[1, 2], [3]]),
        ([np.arange(2), np.array([0.5])], [[0, 1], [0.5]]),
        ([[np.int64(1)], [np.float32(2)]], [[1], [2.0]]),
        ([{"a": np.int64(1)}, {"b": (1,)}], [{"a": 1}, {"b": [1]}]),
        ([datetime(2020, 1, 2), np.datetime64("2020-01")], ["2020-01-02T00:00:00", "2020-01"]),
        ([np.inf, 1.5], ["inf", 1.5]),
        (["a\ud800", 1 + 2j], ["a?", "(1+2j)"]),
    ],
)  # fmt: skip
def test_cells_of_any_kind_are_kept(cells: list[Any], kept: list[Any], tmp_path: Path) -> None:
    features = {"index": [1, 2], "cell": cells}
    (found,) = again(tmp_path, labels(features=features))
    assert list(found[1]["features"]["cell"]) == kept


def test_a_column_with_a_reserved_name_gives_way(tmp_path: Path) -> None:
    features = {"index": [1, 2], "label-value": [7, 8], "label-value_": [5, 6]}
    (found,) = again(tmp_path, labels(features=features))
    kept = found[1]["features"]
    assert (kept["label-value__"], kept["label-value_"]) == ([7, 8], [5, 6])


def test_of_two_rows_for_one_label_the_first_is_kept_and_it_is_told(tmp_path: Path) -> None:
    layer = labels(features={"index": [1, 1, 2], "area": [10, 11, 12]})
    (found,) = again(tmp_path, layer)
    assert found[1]["features"] == {"index": [1, 2], "area": [10, 12]}
    assert "further rows of features for label 1" in told(layer)


# What is told


def test_transparency_and_phase_are_told_where_there_are_any() -> None:
    picture = np.full((4, 4, 4), 255, np.uint8)
    assert not told(image(picture, rgb=True))
    picture[0, 0, 3] = 7
    assert "without its transparency" in told(image(picture, rgb=True))
    assert "without its phase" in told(image(np.ones((4, 4), np.complex64)))


def test_the_form_says_what_a_layer_loses(tmp_path: Path) -> None:
    layer = image(np.zeros((4, 4, 4), np.uint8), rgb=True)
    view = resolve(SaveChoices(file=str(tmp_path / "a")), [(0, layer)])
    assert "Not all saved: 'cells' is saved without its transparency." in summary(view)
    assert not view.problem


def test_a_flat_layer_beside_a_stack_loses_nothing() -> None:
    stack = image(np.stack([PIXELS, PIXELS]), "stack")
    assert not told(stack, image(PIXELS, "flat"))


@pytest.mark.parametrize(
    ("labels_of_flat", "axes"),
    [(("z", "x"), "zx"), (("y", "x"), "yx"), (("x", "y"), "yx"), (("a", "b"), "yx"), ((), "yx")],
)
def test_a_flat_layer_s_axes_are_those_it_names_in_their_order(
    labels_of_flat: tuple[str, ...], axes: str
) -> None:
    stack = (np.stack([PIXELS, PIXELS]), {"name": "s", "axis_labels": ("z", "y", "x")}, "image")
    flat = (PIXELS, {"name": "flat", "axis_labels": labels_of_flat}, "image")
    composite = from_layer_data([stack, flat])
    assert [axis.name for axis in composite.images[1].axes] == list(axes)


def test_labels_that_lie_nowhere_in_particular_belong_to_a_whole_image() -> None:
    flat = image(PIXELS[:9], "flat")
    stack = image(np.stack([PIXELS, PIXELS]), "stack")
    composite = from_layer_data([flat, stack, labels()])
    assert composite.labels[0].image_path == composite.images[1].path
