"""What saving keeps where levels lie by more than scale and translation, or are named otherwise."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from napari.layers import Image, Labels, Layer
from zarr.storage import ZipStore

from hierarchy_builder import HierarchyBuilder, ramp
from layer_comparison import open_layers
from napari_ome_zip import SaveOptions, save_image, validate

SHAPE = (6, 10, 12)
PLACES = {
    "an affine of scale and shift": (
        [[4.0, 0.0, 0.0, 32.0], [0.0, 3.0, 0.0, 21.0], [0.0, 0.0, 2.0, 10.0]]
    ),
    "a turned plane": [[4.0, 0.0, 0.0, 32.0], [0.0, 0.0, -3.0, 21.0], [0.0, 2.0, 0.0, 10.0]],
}
PIXELS = ((0, 0, 0), (1, 2, 3), (5, 5, 4))
every_place = pytest.mark.parametrize("rows", PLACES.values(), ids=list(PLACES))


def image_placed_by(rows: list[list[float]], path: Path) -> Path:
    level = {"type": "affine", "affine": rows}
    return HierarchyBuilder().image_of_0_6(ramp(SHAPE), "zyx", level=level).archive(path)


def value_where(layer: Layer, rows: list[list[float]], pixel: tuple[int, ...]) -> Any:
    """Return what a layer shows where the file was made to have a pixel."""
    where = np.array(rows) @ [*pixel, 1]
    found = np.asarray(layer.world_to_data(where))
    np.testing.assert_allclose(found, np.rint(found), atol=1e-6)
    full = layer.data[0] if layer.multiscale else layer.data
    return np.asarray(full)[tuple(np.rint(found).astype(int))]


def save(layers: list[Layer], path: Path, **options: Any) -> None:
    save_image([layer.as_layer_data_tuple() for layer in layers], path, SaveOptions(**options))


def document(path: Path, name: str) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        return dict(json.loads(archive.read(name)))


def error_codes(path: Path) -> set[str]:
    return {issue.code for issue in validate(path).issues if issue.severity == "error"}


@every_place
def test_labels_on_an_image_lie_where_it_lies_whatever_its_level_is_placed_by(
    rows: list[list[float]], tmp_path: Path
) -> None:
    path = image_placed_by(rows, tmp_path / "a.ozx")
    (image,) = open_layers(path)
    values = (np.asarray(image.data) % 251).astype(np.uint8)
    drawn = Labels(values, name="drawn", scale=image.scale, translate=image.translate,
                   rotate=image.rotate, shear=image.shear, affine=image.affine,
                   units=image.units, axis_labels=image.axis_labels)  # fmt: skip
    save([image, drawn], path)
    after = {type(layer): layer for layer in open_layers(path)}
    for pixel in PIXELS:
        assert value_where(after[Image], rows, pixel) == ramp(SHAPE)[pixel]
        assert value_where(after[Labels], rows, pixel) == ramp(SHAPE)[pixel] % 251


def cropped(image: Layer) -> Layer:
    data, keywords, _ = image.as_layer_data_tuple()
    full = data[0] if image.multiscale else data
    return Image(np.asarray(full)[:, :6, :6], **{**keywords, "multiscale": False})


@every_place
@pytest.mark.parametrize(
    ("change", "options"),
    [(cropped, {}), (lambda image: image, {"levels": 2})],
    ids=["cropped", "two levels"],
)
def test_an_image_whose_levels_are_written_anew_stays_where_it_lies(
    rows: list[list[float]],
    change: Callable[[Layer], Layer],
    options: dict[str, Any],
    tmp_path: Path,
) -> None:
    path = image_placed_by(rows, tmp_path / "a.ozx")
    (image,) = open_layers(path)
    save([change(image)], path, **options)
    (after,) = open_layers(path)
    for pixel in PIXELS:
        assert value_where(after, rows, pixel) == ramp(SHAPE)[pixel]


def test_levels_written_anew_lie_in_the_system_that_their_document_names(tmp_path: Path) -> None:
    axes = [{"name": name, "type": "space"} for name in "yx"]
    step = {"type": "scale", "scale": [0.5, 0.5]}
    step |= {"input": {"path": "0"}, "output": {"name": "of the camera"}}
    path = HierarchyBuilder().image_of_0_6(
        ramp((40, 50)),
        "yx",
        coordinateSystems=[{"name": "of the camera", "axes": axes}],
        datasets=[{"path": "0", "coordinateTransformations": [step]}],
    ).archive(tmp_path / "a.ozx")  # fmt: skip
    save(open_layers(path), path, levels=2)
    (multiscale,) = document(path, "zarr.json")["attributes"]["ome"]["multiscales"]
    outputs = [each["coordinateTransformations"][0]["output"] for each in multiscale["datasets"]]
    assert outputs == [{"name": "of the camera"}] * 2
    assert not error_codes(path)


def test_painting_one_channel_of_labels_leaves_the_others(tmp_path: Path) -> None:
    values = (ramp((2, 16, 20)) % 7).astype(np.uint16)
    builder = HierarchyBuilder().image([ramp((2, 16, 20)), ramp((2, 8, 10))], "cyx").labels("cells")
    builder.image([values, values[:, ::2, ::2]], "cyx", "labels/cells", **{"image-label": {}})
    path = builder.archive(tmp_path / "a.ozx")
    layers = open_layers(path)
    number = next(n for n, layer in enumerate(layers) if isinstance(layer, Labels))
    data, keywords, _ = layers[number].as_layer_data_tuple()
    painted = np.array(data[0])
    painted[2:5, 3:9] = 9
    layers[number] = Labels(painted, **{**keywords, "multiscale": False})
    save(layers, path)
    with ZipStore(path, mode="r") as store:
        listed = zarr.open_group(store, path="labels", mode="r").attrs["ome"]["labels"]
        found = zarr.open_array(store, path="labels/cells/0", mode="r")[:]
    assert listed == ["cells"]
    np.testing.assert_array_equal(found, [painted, values[1]])


def test_arrays_taken_over_into_0_5_name_their_dimensions(tmp_path: Path) -> None:
    level = {"type": "scale", "scale": [4.0, 3.0, 2.0]}
    builder = HierarchyBuilder().image_of_0_6(ramp(SHAPE), "zyx", level=level)
    path = builder.archive(tmp_path / "a.ozx")
    save(open_layers(path), path, version="0.5")
    with ZipStore(path, mode="r") as store:
        array = zarr.open_array(store, path="0", mode="r")
        assert array.metadata.dimension_names == ("z", "y", "x")
        np.testing.assert_array_equal(array[:], ramp(SHAPE))
    with zipfile.ZipFile(path) as archive:
        assert archive.read("0/c/0/0/0") == builder.entries["0/c/0/0/0"]


def test_new_labels_get_no_more_levels_than_their_image_is_taken_over_with(tmp_path: Path) -> None:
    builder = HierarchyBuilder().image(np.zeros((1100, 1100), np.uint8), "yx")
    layers = open_layers(builder.archive(tmp_path / "a.ozx"))
    drawn = Labels(np.ones((1100, 1100), np.uint8), name="drawn", scale=layers[0].scale)
    save([*layers, drawn], tmp_path / "b.ozx", version="0.6")
    assert error_codes(tmp_path / "b.ozx") == set()
