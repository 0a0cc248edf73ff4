"""Layers of fewer dimensions than others come back as they were, and no slider grows."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from hierarchy_builder import HierarchyBuilder, to_world
from napari_layers import value_in_world, view
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data, validate

VOLUME = np.random.default_rng(1).integers(1, 99, (20, 30, 40), np.uint8)
MICROMETERS = {"units": "um"}
IN_SPACE = {"scale": (2.0, 0.5, 0.25), "translate": (7.0, 1.0, 2.0), **MICROMETERS}
IN_PLANE = {"scale": (0.5, 0.25), "translate": (1.0, 2.0), **MICROMETERS}


def beside_a_volume(**options: Any) -> ViewerModel:
    """A volume, its projection, and labels of the projection."""
    viewer = ViewerModel()
    viewer.add_image(VOLUME, name="volume", axis_labels=("z", "y", "x"), **IN_SPACE)
    viewer.add_image(VOLUME.max(axis=0), name="projection", **IN_PLANE, **options)
    viewer.add_labels(VOLUME.max(axis=0) % 5, name="cells", **IN_PLANE, **options)
    return viewer


def beside_a_movie() -> ViewerModel:
    """A movie of a volume, and its projection over time."""
    viewer = ViewerModel()
    movie = np.stack([VOLUME, VOLUME // 2, VOLUME // 3])
    place = {"scale": (5.0, 2.0, 0.5, 0.5), "axis_labels": ("t", "z", "y", "x")}
    units = {"units": ("s", "um", "um", "um")}
    viewer.add_image(movie, name="movie", **place, **units)
    place = {"scale": (5.0, 0.5, 0.5), "axis_labels": ("t", "y", "x")}
    viewer.add_image(movie.max(axis=1), name="projection", **place, units=("s", "um", "um"))
    return viewer


def saved(viewer: ViewerModel, path: Path, version: Any = "auto") -> Path:
    layers = [layer.as_layer_data_tuple() for layer in viewer.layers]
    return save_image(layers, path, SaveOptions(version=version))


def again(path: Path) -> ViewerModel:
    viewer = ViewerModel()
    for item in to_layer_data(open_image(path)):
        viewer.add_layer(Layer.create(*item))
    return viewer


def assert_same_sliders(before: ViewerModel, after: ViewerModel) -> None:
    assert after.dims.ndim == before.dims.ndim
    assert after.dims.nsteps == before.dims.nsteps
    assert after.dims.range == before.dims.range


@pytest.mark.parametrize("version", ["0.5", "0.6"])
@pytest.mark.parametrize("options", [{}, {"axis_labels": ("y", "x")}], ids=["", "named"])
def test_a_projection_beside_a_volume_stays_flat(
    tmp_path: Path, version: str, options: dict[str, Any]
) -> None:
    before = beside_a_volume(**options)
    after = again(saved(before, tmp_path / "a.ozx", version))
    assert_same_sliders(before, after)
    assert [layer.ndim for layer in after.layers] == [3, 2, 2]
    for one, other in zip(before.layers, after.layers, strict=True):
        assert one.name == other.name
        np.testing.assert_allclose(one.scale, other.scale)
        np.testing.assert_allclose(one.translate, other.translate)
        np.testing.assert_array_equal(np.asarray(one.data), np.asarray(other.data))
        assert one.units == other.units
    assert after.layers["projection"].axis_labels == ("y", "x")


def test_a_flat_layer_is_seen_at_every_depth(tmp_path: Path) -> None:
    after = again(saved(beside_a_volume(), tmp_path / "a.ozx"))
    for step in (0, 7, 19):
        after.dims.set_current_step(0, step)
        for name in ("projection", "cells"):
            place = (*after.dims.point[:1], 1.0 + 3 * 0.5, 2.0 + 5 * 0.25)
            shown = after.layers[name].get_value(place, world=True)
            expected = VOLUME.max(axis=0)[3, 5]
            assert shown == (expected if name == "projection" else expected % 5)


@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_a_projection_over_time_keeps_its_time(tmp_path: Path, version: str) -> None:
    before = beside_a_movie()
    path = saved(before, tmp_path / "a.ozx", version)
    after = again(path)
    assert_same_sliders(before, after)
    projection = after.layers["projection"]
    assert projection.axis_labels == ("t", "y", "x")
    np.testing.assert_allclose(projection.scale, (5, 0.5, 0.5))
    assert list(projection.units) == list(before.layers["projection"].units)
    assert [axes for axes in axes_in(path) if len(axes) == 3] == [["t", "y", "x"]]


def axes_in(path: Path) -> list[list[str]]:
    """The names of the axes of each image in a file, as another reader finds them."""
    found = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith("zarr.json"):
                ome = json.loads(archive.read(name))["attributes"].get("ome", {})
                for multiscale in ome.get("multiscales", ()):
                    [system] = multiscale.get("coordinateSystems", [multiscale])
                    found.append([axis["name"] for axis in system["axes"]])
    return found


@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_the_file_holds_a_plane_as_a_plane_and_is_valid(tmp_path: Path, version: str) -> None:
    path = saved(beside_a_volume(), tmp_path / "a.ozx", version)
    assert sorted(axes_in(path)) == [["y", "x"], ["y", "x"], ["z", "y", "x"]]
    assert not validate(path, deep=True).issues


def test_what_was_saved_flat_is_saved_flat_again(tmp_path: Path) -> None:
    first = again(saved(beside_a_volume(), tmp_path / "a.ozx"))
    second = again(saved(first, tmp_path / "b.ozx"))
    assert_same_sliders(first, second)
    assert [layer.ndim for layer in second.layers] == [3, 2, 2]


@pytest.mark.parametrize("note", [{"ndim": 3}, {"ndim": "2"}, {"ndim": None}, {}, {"ndim": [2]}])
def test_a_note_that_does_not_fit_is_not_believed(note: dict[str, Any]) -> None:
    flat = foreign().attribute("1", "napari_ome_zip", {"layers": [note]})
    assert [layer.ndim for layer in view(flat.entries).layers] == [3, 3]


def test_a_note_that_fits_is_believed_unless_the_file_says_where_the_plane_lies() -> None:
    flat = foreign().attribute("1", "napari_ome_zip", {"layers": [{"ndim": 2}]})
    assert [layer.ndim for layer in view(flat.entries).layers] == [3, 2]
    standing = [[0, 0, 3], [1, 0, 0], [0, 1, 0]]
    scene = to_world("0", "identity"), to_world("1", "affine", affine=standing)
    builder = HierarchyBuilder().scene("zyx", *scene)
    builder.image_of_0_6(VOLUME, "zyx", "0").image_of_0_6(VOLUME[0], "yx", "1")
    builder.attribute("1", "napari_ome_zip", {"layers": [{"ndim": 2}]})
    _, plane = view(builder.entries).layers
    assert plane.ndim == 3
    assert value_in_world(plane, z=3, y=5, x=6) == VOLUME[0, 5, 6]


def foreign(first: float = 100.0) -> HierarchyBuilder:
    """A volume whose planes lie at 100, 102, ..., and a picture, as other programs write them."""
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    builder.image(VOLUME, "zyx", "0", scale=[2, 1, 1], translation=[first, 0, 0])
    return builder.image(VOLUME[0], "yx", "1", scale=[1, 1])


@pytest.mark.parametrize(("first", "plane"), [(100.0, 100.0), (-7.5, 0.5), (-60.0, -22.0)])
def test_a_picture_in_a_foreign_file_lies_on_a_plane_of_the_volume(
    first: float, plane: float
) -> None:
    viewer = view(foreign(first).entries)
    assert viewer.dims.nsteps == (20, 30, 40)
    assert viewer.dims.range[0] == (first, first + 38, 2)
    volume, picture = viewer.layers
    assert value_in_world(picture, z=plane, y=3, x=4) == VOLUME[0, 3, 4]
    assert value_in_world(picture, z=plane + 2, y=3, x=4) is None
    assert value_in_world(volume, z=first, y=3, x=4) == VOLUME[0, 3, 4]


def test_a_picture_of_a_foreign_file_is_saved_where_that_puts_it(tmp_path: Path) -> None:
    viewer = again(foreign().archive(tmp_path / "foreign.ozx"))
    viewer.add_image(VOLUME[:, :9], name="new", scale=(2, 1, 1), units="um")
    path = saved(viewer, tmp_path / "a.ozx")
    with zipfile.ZipFile(path) as archive:
        ome = json.loads(archive.read("1/zarr.json"))["attributes"]["ome"]
    assert ome["version"] == "0.5", "no scene is needed to place it"
    [axes, steps] = [ome["multiscales"][0]["axes"], ome["multiscales"][0]["datasets"][0]]
    assert [axis["name"] for axis in axes] == ["y", "x"]
    assert steps["coordinateTransformations"] == [{"type": "scale", "scale": [1, 1]}]


def test_pictures_over_time_in_a_foreign_file_keep_their_time() -> None:
    movie = np.stack([VOLUME, VOLUME])
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    builder.image(movie, "tzyx", "0", scale=[3, 2, 1, 1])
    builder.image(movie[:, 0], "tyx", "1", scale=[3, 1, 1])
    viewer = view(builder.entries)
    assert viewer.dims.nsteps == (2, 20, 30, 40)
    assert viewer.layers[1].data.shape == (2, 1, 30, 40)
    np.testing.assert_allclose(viewer.layers[1].scale, (3, 2, 1, 1))
