"""A series has OME/METADATA.ome.xml, as readers of others want it."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import dask.array as da
import numpy as np
import pytest

from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data, validate

XML = "OME/METADATA.ome.xml"
NAMESPACE = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"
MOVIE = np.random.default_rng(1).integers(0, 255, (2, 3, 20, 30), np.uint8)
PLANE = np.random.default_rng(2).random((20, 30), np.float32)


def layers() -> list[Any]:
    """Two channels of a movie of volumes, and a picture without units, named oddly."""
    movie = {
        "axis_labels": ("t", "z", "y", "x"),
        "units": ("minute", "micrometer", "nanometer", "nanometer"),
        "scale": (2, 1.5, 250, 125),
    }
    return [
        (MOVIE, {"name": "dna", "colormap": "#00FF00", **movie}, "image"),
        (MOVIE // 2, {"name": "rna", "colormap": "#FF0000", **movie}, "image"),
        (PLANE, {"name": "<&> \x07 µ", "scale": (0.5, 0.5)}, "image"),
    ]


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """Return an archive of a series of two images."""
    return save_image(layers(), tmp_path / "series.ozx", SaveOptions(version="0.5"))


def xml_of(path: Path) -> ET.Element:
    with zipfile.ZipFile(path) as archive:
        return ET.fromstring(archive.read(XML))


def test_each_image_tells_its_sizes_steps_and_channels(series: Path) -> None:
    first, second = xml_of(series).iter(f"{NAMESPACE}Pixels")
    expected = {
        **{"SizeX": "30", "SizeY": "20", "SizeZ": "3", "SizeC": "2", "SizeT": "2"},
        **{"Type": "uint8", "DimensionOrder": "XYZCT", "TimeIncrement": "120"},
        **{"PhysicalSizeX": "0.125", "PhysicalSizeY": "0.25", "PhysicalSizeZ": "1.5"},
        **{f"PhysicalSize{axis}Unit": "µm" for axis in "XYZ"},
    }
    assert {key: first.get(key) for key in expected} == expected
    channels = [c.attrib for c in first.iter(f"{NAMESPACE}Channel")]
    assert [c["Name"] for c in channels] == ["dna", "rna"]
    # Red, green, blue and opacity as one signed number (OME-XML, "Color").
    assert [int(c["Color"]) & 0xFFFFFFFF for c in channels] == [0x00FF00FF, 0xFF0000FF]
    assert (second.get("Type"), second.get("SizeZ"), second.get("SizeC")) == ("float", "1", "1")
    names = [image.get("Name") for image in xml_of(series).iter(f"{NAMESPACE}Image")]
    assert names[1] == "<&> ? µ"


def test_ome_types_reads_and_validates_it(series: Path) -> None:
    ome_types = pytest.importorskip("ome_types")
    with zipfile.ZipFile(series) as archive:
        text = archive.read(XML).decode()
    ome_types.validate_xml(text)
    found = ome_types.from_xml(text)
    assert [image.id for image in found.images] == ["Image:0", "Image:1"]
    pixels = found.images[0].pixels
    assert (pixels.size_x, pixels.size_t, pixels.physical_size_x) == (30, 2, 0.125)
    assert pixels.channels[0].color.as_rgb_tuple()[:3] == (0, 255, 0)


def test_napari_ome_zarr_shows_every_image_of_the_unpacked_series(
    series: Path, tmp_path: Path
) -> None:
    napari_get_reader = pytest.importorskip("napari_ome_zarr._reader").napari_get_reader
    folder = tmp_path / "series.zarr"
    with zipfile.ZipFile(series) as archive:
        archive.extractall(folder)
    reader = napari_get_reader(str(folder))
    assert reader is not None
    shown = [np.asarray(data[0]) for data, *_ in reader(str(folder))]
    assert len(shown) == 3
    for found, expected in zip(shown, (MOVIE, MOVIE // 2, PLANE), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_series_is_valid_and_what_it_says_beside_is_found(series: Path) -> None:
    assert not validate(series, deep=True).issues


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]
)
def test_every_type_of_pixel_has_one_of_the_schema(dtype: str, tmp_path: Path) -> None:
    ome_types = pytest.importorskip("ome_types")
    flat = (np.zeros((4, 5), dtype), {"name": "a", "contrast_limits": (0, 1)}, "image")
    other = (np.zeros((7, 5), dtype), {"name": "b", "contrast_limits": (0, 1)}, "image")
    path = save_image([flat, other], tmp_path / "a.ozx")
    with zipfile.ZipFile(path) as archive:
        found = ome_types.from_xml(archive.read(XML).decode())
    assert found.images[0].pixels.type.numpy_dtype


def test_one_image_has_none(tmp_path: Path) -> None:
    path = save_image(layers()[:2], tmp_path / "a.ozx")
    with zipfile.ZipFile(path) as archive:
        assert XML not in archive.namelist()


def test_the_one_that_a_file_has_is_kept(series: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.ozx"
    with zipfile.ZipFile(series) as old, zipfile.ZipFile(own, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<OME/>" if name == XML else old.read(name))
    opened = to_layer_data(open_image(own))
    more = (da.ones((9, 9), dtype=np.uint8), {"name": "more", "contrast_limits": (0, 1)}, "image")
    for number, saved in enumerate(([*opened], [*opened, more])):
        path = save_image(saved, tmp_path / f"{number}.ozx", SaveOptions(version="0.5"))
        with zipfile.ZipFile(path) as archive:
            assert archive.read(XML) == b"<OME/>"


def test_a_series_of_others_without_it_gets_one_and_is_else_left_as_it_is(
    series: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.ozx"
    with zipfile.ZipFile(series) as old, zipfile.ZipFile(bare, "w") as new:
        new.comment = old.comment
        for name in old.namelist():
            if name != XML:
                new.writestr(name, old.read(name))
    again = save_image(to_layer_data(open_image(bare)), tmp_path / "again.ozx")
    expected, found = (
        [pixels.attrib for pixels in xml_of(path).iter(f"{NAMESPACE}Pixels")]
        for path in (series, again)
    )
    assert found == expected
    with zipfile.ZipFile(again) as archive, zipfile.ZipFile(bare) as old:
        assert set(archive.namelist()) == {*old.namelist(), XML}
