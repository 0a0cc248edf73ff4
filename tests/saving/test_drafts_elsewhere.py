"""What is saved in 0.9.dev1 is read alike by another program, which knows that draft."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, write_archive
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data, unpack, validate
from napari_ome_zip.rules import INFO

ngff_zarr = pytest.importorskip("ngff_zarr")

DRAFT = SaveOptions(version="0.9.dev1")
NAMES = ("t", "angle", "lifetime", "z", "y", "x")
UNITS = ("second", "pixel", "nanosecond", "micrometer", "micrometer", "micrometer")
PIXELS = np.random.default_rng(0).integers(0, 99, (2, 3, 2, 4, 20, 24), np.uint16)
PLACE = {
    "axis_labels": NAMES,
    "units": UNITS,
    "scale": (1.0, 2.0, 3.0, 4.0, 5.0, 6.0),
    "translate": (6.0, 5.0, 4.0, 3.0, 2.0, 1.0),
}
SIX = (PIXELS, {"name": "flim", "contrast_limits": (3, 9), **PLACE}, "image")
NUCLEI = (PIXELS % 5, {"name": "nuclei", **PLACE}, "labels")


@pytest.fixture(autouse=True)
def _what_others_say() -> Iterator[None]:
    """Let the other library warn about itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read(path: Path) -> Any:
    """Return the image as the other program reads it, once it has held it against its schemas."""
    return ngff_zarr.from_ngff_zarr(str(path), validate=True)


def serious(path: Path) -> list[str]:
    """Return what our own check says of a file, but for remarks such as that it is of a draft."""
    issues = validate(path, deep=True).issues
    return [issue.code for issue in issues if issue.severity is not INFO]


def axes_with(**fields: dict[str, Any]) -> list[dict[str, Any]]:
    common = {"type": "space", "unit": "millimeter"}
    return [{"name": name, **common, **fields.get(name, {})} for name in "zyx"]


def source(pixels: np.ndarray, axes: list[dict[str, Any]], path: Path) -> Path:
    """Write an archive of 0.9.dev1 by zarr and zipfile alone."""
    builder = HierarchyBuilder().image_of_0_6(pixels, axes, version="0.9.dev1", name="a")
    return write_archive(path, builder.entries)


def test_six_axes_and_their_labels(tmp_path: Path) -> None:
    path = save_image([SIX, NUCLEI], tmp_path / "a.ozx", DRAFT)
    assert set(serious(path)) == {"axis-type-missing"}, "nobody said of what type two of them are"
    folder = unpack(path, tmp_path / "folder")
    for place, pixels in ((path, PIXELS), (folder / "labels" / "nuclei", PIXELS % 5)):
        image = read(place).images[0]
        assert tuple(image.dims) == NAMES
        assert tuple(image.scale.values()) == PLACE["scale"]
        assert tuple(image.translation.values()) == PLACE["translate"]
        assert [image.axes_units[name] for name in NAMES] == [
            None if unit == "pixel" else unit for unit in UNITS
        ]
        np.testing.assert_array_equal(np.asarray(image.data), pixels)
    (channel,) = read(path).metadata.omero.channels
    assert (channel.window.start, channel.window.end) == (3, 9)


@pytest.mark.parametrize("place", [{}, {"translate": (1.0, 1.0, 1.0)}], ids=["kept", "anew"])
def test_where_axes_lead_in_a_body(place: dict[str, Any], tmp_path: Path) -> None:
    lps = {"z": "inferior-to-superior", "y": "anterior-to-posterior", "x": "right-to-left"}
    said = {n: {"orientation": {"type": "anatomical", "value": way}} for n, way in lps.items()}
    pixels = PIXELS[0, 0, 0]
    opened = open_image(source(pixels, axes_with(**said), tmp_path / "source.ozx"))
    ((data, keywords, kind),) = to_layer_data(opened)
    path = save_image([(data, {**keywords, **place}, kind)], tmp_path / "a.ozx")
    assert serious(path) == []
    image = read(path).images[0]
    assert {n: way.value.value for n, way in image.axes_orientations.items()} == lps
    np.testing.assert_array_equal(np.asarray(image.data), pixels)


def test_custom_types_and_units(tmp_path: Path) -> None:
    axes = axes_with(z={"type": "spectral", "unit": "electronvolt", "longName": "energy"})
    opened = open_image(source(PIXELS[0, 0, 0], axes, tmp_path / "source.ozx"))
    ((data, keywords, kind),) = to_layer_data(opened)
    moved = {**keywords, "translate": (1.0, 2.0, 3.0)}
    path = save_image([(data, moved, kind)], tmp_path / "a.ozx")
    (first, *_) = read(path).metadata.axes
    assert (first.name, first.type, first.unit) == ("z", "spectral", "electronvolt")


def test_channels_without_windows(tmp_path: Path) -> None:
    axes = axes_with(z={"type": "channel"})
    opened = open_image(source(PIXELS[0, 0, 0], axes, tmp_path / "source.ozx"))
    path = save_image(opened, tmp_path / "a.ozx")
    assert serious(path) == []
    np.testing.assert_array_equal(np.asarray(read(path).images[0].data), PIXELS[0, 0, 0])
