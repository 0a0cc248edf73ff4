"""Labels are saved in an archive of their own, which says of what image they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data, validate
from napari_ome_zip.errors import SaveError
from napari_ome_zip.image.composite import CompositeImage, PlacedLabels, PlacedPart
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.saving.plan import plan_save
from range_server import RangeServer
from whole_archives import whole_archive, whole_scene, whole_series

ALONE = SaveOptions(labels_alone=True)


@pytest.fixture
def server() -> Iterator[RangeServer]:
    with RangeServer({}) as server:
        yield server


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "My cells.ome.zip"
    build = HierarchyBuilder()
    build.image(ramp((4, 60, 80)), "zyx", scale=(2.0, 0.5, 0.5), translation=(7.0, 3.0, 1.0))
    build.archive(path)
    return path


def served(server: RangeServer, path: Path) -> str:
    server.files[path.name] = path.read_bytes()
    return server.url(path.name)


def drawn_over(layers: list[LayerData], number: int = 0, name: str = "drawn") -> list[LayerData]:
    """The layers, and labels drawn over one of their images."""
    pixels, keywords, _ = [layer for layer in layers if layer[2] == "image"][number]
    level = pixels[0] if isinstance(pixels, list) else pixels
    drawn = np.zeros(level.shape, np.int32)
    drawn[..., 2:5, 3:9] = 7 + number
    kept = ("scale", "translate", "affine", "axis_labels", "units")
    place = {key: keywords[key] for key in kept if key in keywords}
    return [*layers, (drawn, {"name": name, **place}, "labels")]


def world_corners(part: PlacedPart, composite: CompositeImage) -> np.ndarray:
    """First and last pixel in the world, along the axes of space."""
    linear, offset = part.to_display.matrix[:, :-1], part.to_display.matrix[:, -1]
    ends = np.array([[0] * len(part.shape), np.array(part.shape) - 1])
    space = [n for n, axis in enumerate(composite.system.axes) if axis.type == "space"]
    return (ends @ linear.T + offset)[:, space]


def documents(path: Path) -> dict[str, Any]:
    with ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith("zarr.json")]
        return {name: json.loads(archive.read(name)) for name in names}


def source_of(path: Path, group: str = "") -> str:
    name = f"{group}/zarr.json" if group else "zarr.json"
    found: str = documents(path)[name]["attributes"]["ome"]["image-label"]["source"]["image"]
    return found


def test_labels_of_a_link_name_the_link(tmp_path: Path, image: Path, server: RangeServer) -> None:
    url = served(server, image)
    layers = drawn_over(to_layer_data(open_image(url)))
    server.forget()
    written = save_image(layers, tmp_path / "drawn.ome.zip", ALONE)
    assert not server.requests  # none of the image's pixels is needed
    assert source_of(written) == url
    assert not any("multiscales" in name for name in documents(written))
    saved = open_image(written)
    (labels,) = saved.parts
    assert isinstance(labels, PlacedLabels)
    np.testing.assert_array_equal(labels.levels[0].compute(), layers[-1][0])
    assert validate(written, deep=True).valid


def test_labels_lie_on_their_image_again(tmp_path: Path, image: Path, server: RangeServer) -> None:
    url = served(server, image)
    layers = drawn_over(to_layer_data(open_image(url)))
    written = save_image(layers, tmp_path / "drawn.ome.zip", ALONE)
    (_, of_image, _), *_ = to_layer_data(open_image(url))
    ((_, of_labels, kind),) = to_layer_data(open_image(written))
    assert kind == "labels"
    for key in ("scale", "translate", "axis_labels", "units"):
        np.testing.assert_array_equal(of_labels[key], of_image[key])
    assert of_labels["metadata"]["napari_ome_zip"]["labels_of"] == url


def test_labels_of_a_turned_image_lie_on_it_again(tmp_path: Path, server: RangeServer) -> None:
    turned = np.array([[0.0, -1.0, 40.0], [1.0, 0.0, 5.0], [0.0, 0.0, 1.0]])
    layers = [(ramp((30, 20)), {"name": "a", "affine": turned}, "image")]
    path = save_image(layers, tmp_path / "turned.ome.zip")
    opened = to_layer_data(open_image(served(server, path)))
    written = save_image(drawn_over(opened), tmp_path / "drawn.ome.zip", ALONE)
    of_labels, of_image = open_image(written), open_image(path)
    np.testing.assert_allclose(
        world_corners(of_labels.parts[0], of_labels), world_corners(of_image.parts[0], of_image)
    )
    ((group, document),) = [
        (name, found)
        for name, found in documents(written).items()
        if "image-label" in found["attributes"].get("ome", {})
    ]
    source = document["attributes"]["ome"]["image-label"]["source"]["image"]
    assert source.startswith(server.url(path.name))
    assert group


def test_labels_of_a_file_name_it_as_lying_beside_them(tmp_path: Path, image: Path) -> None:
    layers = drawn_over(to_layer_data(open_image(image)))
    written = save_image(layers, tmp_path / "drawn.ome.zip", ALONE)
    assert source_of(written) == "../My cells.ome.zip"
    report = validate(written)
    assert report.valid
    assert "label-source-elsewhere" in [issue.code for issue in report.issues]


def test_several_labels_of_several_images_each_name_their_own(
    tmp_path: Path, server: RangeServer
) -> None:
    path = tmp_path / "series.ome.zip"
    whole_series(path)
    for place, root in ((path, "../../series.ome.zip"), (served(server, path), None)):
        layers = to_layer_data(open_image(place))
        layers = [layer for layer in layers if layer[2] == "image"]
        layers = drawn_over(drawn_over(layers, 0, "first"), len(layers) - 1, "last")
        written = save_image(layers, tmp_path / "drawn.ome.zip", ALONE)
        found = [source_of(written, group) for group in ("0", "1")]
        start = root or server.url(path.name)
        assert sorted(found) == [f"{start}/0", f"{start}/map"]
        assert validate(written).valid


@pytest.mark.parametrize("write", [whole_archive, whole_scene], ids=lambda f: f.__name__)
def test_labels_that_the_file_has_are_saved_alone_too(
    tmp_path: Path, server: RangeServer, write: Any
) -> None:
    path = tmp_path / "whole.ome.zip"
    write(path)
    before = open_image(served(server, path))
    for source in (before, to_layer_data(before)):
        written = save_image(source, tmp_path / "labels.ome.zip", ALONE)
        after = open_image(written)
        for one, other in zip(after.parts, before.labels, strict=True):
            np.testing.assert_array_equal(one.levels[0].compute(), other.levels[0].compute())
            np.testing.assert_allclose(world_corners(one, after), world_corners(other, before))
        assert validate(written).valid


def test_what_is_secret_in_the_link_is_not_kept_and_that_is_said(
    tmp_path: Path, image: Path, server: RangeServer
) -> None:
    plain = served(server, image)
    url = f"{plain.replace('http://', 'http://me:passw0rd@')}?sig=do-not-tell"
    layers = drawn_over(to_layer_data(open_image(url)))
    plan = plan_save(from_layer_data(layers), ALONE)
    assert [finding.code for finding in plan.lost] == ["link-key-not-kept"]
    written = save_image(layers, tmp_path / "drawn.ome.zip", ALONE)
    assert source_of(written) == plain
    assert not any(word in written.read_bytes() for word in (b"passw0rd", b"do-not-tell"))


def test_saving_again_keeps_what_they_are_of(
    tmp_path: Path, image: Path, server: RangeServer
) -> None:
    url = served(server, image)
    layers = drawn_over(to_layer_data(open_image(url)))
    for of, start in (
        (layers, url),
        (drawn_over(to_layer_data(open_image(image))), "../My cells.ome.zip"),
    ):
        written = save_image(of, tmp_path / "drawn.ome.zip", ALONE)
        again = to_layer_data(open_image(written))
        for number, options in enumerate((SaveOptions(), SaveOptions(version="0.6"), ALONE)):
            target = save_image(again, tmp_path / f"again-{number}.ome.zip", options)
            assert source_of(target) == start
        data, keywords, kind = again[0]
        edited = np.asarray(data[0] if isinstance(data, list) else data).copy()
        edited[..., 0, 0] = 9
        changed = [(edited, {**keywords, "multiscale": False}, kind)]
        assert source_of(save_image(changed, tmp_path / "changed.ome.zip")) == start


def test_there_must_be_labels(tmp_path: Path, image: Path) -> None:
    with pytest.raises(SaveError, match="No labels"):
        save_image(open_image(image), tmp_path / "labels.ome.zip", ALONE)


def test_labels_of_nothing_name_nothing(tmp_path: Path) -> None:
    labels = np.ones((20, 30), np.int16)
    written = save_image([(labels, {"name": "a"}, "labels")], tmp_path / "a.ome.zip", ALONE)
    assert "source" not in documents(written)["zarr.json"]["attributes"]["ome"]["image-label"]
