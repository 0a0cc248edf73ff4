"""What will be written is decided before the first byte, and what cannot be held is named."""

from __future__ import annotations

import json
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import zarr

from napari_ome_zip import SaveOptions, save_image
from napari_ome_zip.errors import SaveError
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.saving.arranging.names import safe_names
from napari_ome_zip.saving.plan import plan_save
from napari_ome_zip.saving.planned import SavePlan

PLACE = {"axis_labels": ("z", "y", "x"), "units": ("micrometer",) * 3}


def image(name: str, shape: tuple[int, ...] = (4, 50, 60), **keywords: Any) -> Any:
    pixels = da.zeros(shape, dtype=np.uint16, chunks=-1)
    return pixels, {"name": name, "contrast_limits": (0, 9), **PLACE, **keywords}, "image"


def labels(name: str, shape: tuple[int, ...] = (4, 50, 60), **keywords: Any) -> Any:
    return da.zeros(shape, dtype=np.uint8, chunks=-1), {"name": name, **PLACE, **keywords}, "labels"


def plan(*layers: Any, **choices: Any) -> SavePlan:
    return plan_save(from_layer_data(layers), SaveOptions(**choices))


def ome(plan: SavePlan, path: str = "") -> dict[str, Any]:
    name = f"{path}/zarr.json" if path else "zarr.json"
    found: dict[str, Any] = json.loads(plan.documents[name])["attributes"]["ome"]
    return found


def test_channels_of_equal_shape_type_and_place_are_one_image() -> None:
    found = plan(image("a"), image("b"))
    assert (found.version, found.layout) == ("0.5", "image")
    assert [array.shape for array in found.arrays] == [(2, 4, 50, 60)]
    assert [channel["label"] for channel in ome(found)["omero"]["channels"]] == ["a", "b"]


@pytest.mark.parametrize(
    "other",
    [
        image("b", shape=(4, 50, 61)),
        image("b", scale=(1, 1, 2)),
        image("b", translate=(0, 0, 1)),
        (da.zeros((4, 50, 60), dtype=np.uint8), {"name": "b", **PLACE}, "image"),
    ],
    ids=["shape", "scale", "place", "type"],
)
def test_others_are_images_of_a_series(other: Any) -> None:
    found = plan(image("a"), other)
    assert (found.version, found.layout) == ("0.5", "series")
    assert ome(found)["bioformats2raw.layout"] == 3
    assert ome(found, "OME")["series"] == ["0", "1"]


@pytest.mark.parametrize(
    "tilt",
    [{"rotate": 20}, {"shear": (0, 0, 0.5)}, {"affine": np.eye(4)[::-1]}],
)
def test_what_scale_and_translation_cannot_say_becomes_a_scene_of_0_6(tilt: Any) -> None:
    if "affine" in tilt:
        tilt = {"affine": np.eye(4)[[1, 0, 2, 3]]}
    found = plan(image("a"), image("b", **tilt))
    assert (found.version, found.layout) == ("0.6", "scene")
    assert ome(found)["scene"]["coordinateTransformations"]
    with pytest.raises(SaveError, match=r"0\.5 cannot hold .* 'b'"):
        plan(image("a"), image("b", **tilt), version="0.5")


def test_a_flip_is_a_scale_that_every_version_holds() -> None:
    found = plan(image("a", scale=(1, -2, 1)))
    assert (found.version, found.layout) == ("0.5", "image")
    steps = ome(found)["multiscales"][0]["datasets"][0]["coordinateTransformations"]
    assert steps[0]["scale"] == [1, -2, 1]


def test_a_version_that_is_chosen_is_written() -> None:
    assert plan(image("a"), version="0.6").version == "0.6"
    assert plan(image("a"), image("b", scale=(1, 1, 2)), version="0.6").layout == "scene"


def test_labels_lie_below_the_image_at_their_place_and_have_its_levels() -> None:
    levels = [da.zeros((4, n, n), dtype=np.uint8, chunks=-1) for n in (100, 50, 25)]
    found = plan(
        image("a", shape=(4, 100, 100)),
        image("b", shape=(4, 30, 30), translate=(0, 7, 7)),
        labels("of b", shape=(4, 30, 30), translate=(0, 7, 7)),
        (levels, {"name": "of a", **PLACE}, "labels"),
    )
    paths = [array.path for array in found.arrays]
    assert [p for p in paths if p.startswith("0/")] == [
        *("0/0", "0/1", "0/2"),
        *("0/labels/of a/0", "0/labels/of a/1", "0/labels/of a/2"),
    ]
    assert [p for p in paths if p.startswith("1/")] == ["1/0", "1/labels/of b/0"]
    assert ome(found, "0/labels")["labels"] == ["of a"]
    assert "source" not in ome(found, "0/labels/of a")["image-label"], "the default is right"


def test_levels_that_are_there_are_kept_and_others_made() -> None:
    two = [da.zeros((4, n, n), dtype=np.uint8, chunks=-1) for n in (100, 50)]
    item = (two, {"name": "a", **PLACE}, "image")
    assert [a.source is None for a in plan(item).arrays] == [False, False]
    assert [a.source is None for a in plan(item, levels=4).arrays] == [False, False, True, True]
    assert [a.source is None for a in plan(item, levels=1).arrays] == [False]


@pytest.mark.parametrize("layer", [image("a"), labels("a")], ids=["image", "labels"])
def test_levels_name_the_method_that_makes_them(layer: Any, tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 5, (4, 50, 60), np.uint8)
    saved = save_image([(pixels, *layer[1:])], tmp_path / "a.ozx", SaveOptions(levels=2))
    with zipfile.ZipFile(saved) as archive:
        [said] = json.loads(archive.read("zarr.json"))["attributes"]["ome"]["multiscales"]
    module, _, name = said["metadata"]["method"].rpartition(".")
    method = getattr(import_module(module), name)
    # Called as the file says it was, it makes of the first level what the second level is.
    with zarr.storage.ZipStore(saved, mode="r") as store:
        first, second = (zarr.open_array(store, path=str(n), mode="r")[:] for n in (0, 1))
    np.testing.assert_array_equal(first, pixels)
    steps = tuple(-(-n // m) for n, m in zip(first.shape, second.shape, strict=True))
    assert steps != (1, 1, 1)
    np.testing.assert_array_equal(method(first, steps, **said["metadata"]["kwargs"]), second)
    assert said["type"] == said["metadata"]["kwargs"]["kind"]


def test_a_level_s_first_pixel_lies_in_the_middle_of_those_it_stands_for() -> None:
    found = plan(image("a", scale=(9.0, 2.0, 2.0), translate=(1.0, 10.0, 20.0)), levels=3)
    steps = [d["coordinateTransformations"] for d in ome(found)["multiscales"][0]["datasets"]]
    assert [step[0]["scale"] for step in steps] == [[9, 2, 2], [9, 4, 4], [9, 8, 8]]
    assert [step[1]["translation"] for step in steps] == [[1, 10, 20], [1, 11, 21], [1, 13, 23]]


def test_layers_that_cannot_be_saved_alone_are_refused() -> None:
    with pytest.raises(SaveError, match="Nothing to save"):
        plan((np.zeros((1, 2)), {"name": "spots"}, "points"))


@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_more_axes_than_a_chosen_version_has_are_refused_by_name(version: str) -> None:
    six = (np.zeros((1,) * 6, np.uint8), {"name": "six"}, "image")
    with pytest.raises(SaveError, match=r"'six' has 6 axes .* Choose version 0\.9\.dev1, a draft"):
        plan(six, version=version)


def test_names_are_safe_and_distinct_whatever_their_case() -> None:
    found = safe_names(["a/b", "A_B", "", "..", "labels", "Zellen µ", "__x", "a/b"])
    assert found[0] == "a_b"
    assert len({name.casefold() for name in found}) == len(found)
    assert not any(
        "/" in name or name.startswith("__") or name in ("", ".", "..") for name in found
    )
    assert "labels" not in found
    assert "Zellen µ" in found


def test_the_size_counts_all_levels() -> None:
    found = plan(image("a", shape=(4, 512, 512), scale=(9, 1, 1)), levels=2)
    assert found.nbytes == 2 * (4 * 512 * 512 + 4 * 256 * 256)
