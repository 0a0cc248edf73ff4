"""A voxel lies at the same place of a body in the viewer and in what other programs read of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data, unpack
from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.composite import PlacedImage
from napari_ome_zip.ome import Axis, CoordinateSystem
from napari_ome_zip.ome.orientation import Orientation
from napari_ome_zip.saving.arranging.placement import own_placement

LPS = {"z": "inferior-to-superior", "y": "anterior-to-posterior", "x": "right-to-left"}
PIXELS = np.arange(4 * 5 * 6, dtype=np.uint16).reshape(4, 5, 6)
SIZES = (2.0, 0.5, 0.25)


@pytest.fixture(autouse=True)
def _what_others_say() -> Iterator[None]:
    """Let the other libraries warn about themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def along_body(ways: Mapping[str, str | None], step: Mapping[str, float]) -> dict[str, float]:
    """Return how far a step leads, by the end of the body that comes last in the alphabet."""
    found = {}
    for name, way in ways.items():
        if way is not None:
            start, end = way.split("-to-")
            found[max(start, end)] = step[name] * (1 if end > start else -1)
    return found


def opened_layer() -> Image:
    """Return the layer of an LPS volume whose first voxel holds 0, and the last one 119."""
    axes = [
        {"name": name, "type": "space", "orientation": {"type": "anatomical", "value": way}}
        for name, way in LPS.items()
    ]
    level = {"type": "scale", "scale": list(SIZES)}
    builder = HierarchyBuilder().image_of_0_6(PIXELS, axes, level=level, version="0.9.dev1")
    ((data, keywords, _),) = to_layer_data(open_image(builder.entries))
    return Image(data, **keywords)


def in_napari(layer: Image) -> dict[str, float]:
    """Return the way from one voxel to another along the body, as the viewer shows it."""
    first, last = (
        np.array(layer.data_to_world(np.argwhere(np.asarray(layer.data) == value)[0]))
        for value in (PIXELS[0, 0, 0], PIXELS[1, 2, 3])
    )
    return along_body(LPS, dict(zip(layer.axis_labels, last - first, strict=True)))


def in_ngff_zarr(path: Path, folder: Path) -> dict[str, float]:
    """Return the same way, as another program reads it of the file."""
    ngff_zarr = pytest.importorskip("ngff_zarr")
    root = unpack(path, folder)
    places = [
        place.parent for place in root.rglob("zarr.json") if "multiscales" in place.read_text()
    ]
    image = ngff_zarr.from_ngff_zarr(str(places[0])).images[0]
    pixels = np.asarray(image.data)
    first, last = (np.argwhere(pixels == value)[0] for value in (PIXELS[0, 0, 0], PIXELS[1, 2, 3]))
    said = image.axes_orientations
    ways = {name: said[name].value.value if name in said else None for name in image.dims}
    step = {
        name: float(there - here) * image.scale[name]
        for name, here, there in zip(image.dims, first, last, strict=True)
    }
    return along_body(ways, step)


def flipped(axis: int) -> dict[str, Any]:
    scale = np.array(SIZES)
    scale[axis] *= -1
    return {"scale": scale}


def by_affine(matrix: Any) -> dict[str, Any]:
    whole = np.eye(4)
    whole[:3, :3] = matrix
    return {"affine": whole}


CHANGES: dict[str, dict[str, Any]] = {
    "as it was": {},
    "moved": {"translate": (7.0, 8.0, 9.0)},
    "x is flipped": flipped(2),
    "z is flipped": flipped(0),
    "half a turn in the plane": {"rotate": 180},
    "y is flipped by an affine": by_affine(np.diag([1, -1, 1])),
    "y and x change places": by_affine(np.eye(3)[[0, 2, 1]]),
    "a quarter turn in the plane": {"rotate": 90},
    "all three, and two of them flipped": by_affine(np.diag([1, -1, -1])[[1, 2, 0]]),
}


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_voxel_stays_where_the_viewer_shows_it_in_the_body(
    change: dict[str, Any], tmp_path: Path
) -> None:
    layer = opened_layer()
    for name, value in change.items():
        setattr(layer, name, value)
    expected = in_napari(layer)
    assert set(expected) == {"superior", "posterior", "right"}
    path = save_image([layer.as_layer_data_tuple()], tmp_path / "a.ozx")
    found = in_ngff_zarr(path, tmp_path / "folder")
    assert found == pytest.approx(expected, abs=1e-9)


def test_axes_of_what_is_turned_a_little_are_named_by_the_nearest(tmp_path: Path) -> None:
    layer = opened_layer()
    layer.rotate = 170
    expected = in_napari(layer)
    found = in_ngff_zarr(
        save_image([layer.as_layer_data_tuple()], tmp_path / "a.ozx"), tmp_path / "f"
    )
    assert {name: np.sign(step) for name, step in found.items()} == {
        name: np.sign(step) for name, step in expected.items()
    }


def test_axes_halfway_between_two_of_a_body_are_not_named(tmp_path: Path) -> None:
    layer = opened_layer()
    layer.scale = (1, 1, 1)
    layer.rotate = 45
    found = in_ngff_zarr(
        save_image([layer.as_layer_data_tuple()], tmp_path / "a.ozx"), tmp_path / "f"
    )
    assert set(found) == {"superior"}


def oriented(name: str, value: str, shape: tuple[int, ...]) -> Any:
    """Return the layer of a file in which x leads one way, without the file."""
    axes: list[dict[str, Any]] = [{"name": each, "type": "space"} for each in "yx"]
    axes[1]["orientation"] = {"type": "anatomical", "value": value}
    builder = HierarchyBuilder().image_of_0_6(np.ones(shape, np.uint8), axes, version="0.9.dev1")
    ((data, keywords, kind),) = to_layer_data(open_image(builder.entries))
    note = {k: v for k, v in keywords["metadata"]["napari_ome_zip"].items() if k != "opened"}
    return data, {**keywords, "name": name, "metadata": {"napari_ome_zip": note}}, kind


def test_images_that_contradict_each_other_each_keep_what_they_say(tmp_path: Path) -> None:
    layers = [oriented("a", "left-to-right", (4, 5)), oriented("b", "right-to-left", (4, 6))]
    options = SaveOptions(version="0.9.dev1")
    found = open_image(save_image(layers, tmp_path / "a.ozx", options))
    ways = [part.axes[1].orientation for part in found.parts]
    assert [way and way.value for way in ways] == ["left-to-right", "right-to-left"]
    assert [axis.orientation for axis in found.system.axes] == [None, None]


def test_where_resampled_axes_lead_is_not_taken_from_before_the_field() -> None:
    way = Orientation("left-to-right")
    axes = (Axis("y", "space"), Axis("x", "space", orientation=way))
    names = ("y", "x")
    pixels = (da.zeros((4, 5), dtype=np.uint8),)
    place = Affine(np.eye(3)[:2], names, names)
    part = PlacedImage("", "a", axes, pixels, place, None, nonlinear=True)
    plain = CoordinateSystem("world", (Axis("y", "space"), Axis("x", "space")))
    stated = CoordinateSystem("world", axes)
    for system, expected in ((plain, None), (stated, way)):
        assert own_placement(part, system).part.axes[1].orientation == expected
