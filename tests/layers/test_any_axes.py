"""Images of any axes in a viewer (RFC-3): what is a slider, where pixels lie, and what is kept."""

from __future__ import annotations

import itertools
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Layer

from hierarchy_builder import HierarchyBuilder, ramp, resized
from layer_comparison import open_layers
from napari_layers import layers_of, pixels, value_in_world, view
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data
from napari_ome_zip.layers.layer_data import SHOWN_PLANE

SPACE = {"type": "space", "unit": "micrometer"}
TIME = {"type": "time", "unit": "second"}
CHANNEL = {"type": "channel"}


def axes(**stated: dict[str, Any]) -> list[dict[str, Any]]:
    """Axes as a document lists them, by their names."""
    return [{"name": name, **said} for name, said in stated.items()]


def image(listed: Sequence[dict[str, Any]], shape: Sequence[int]) -> HierarchyBuilder:
    """An image of 0.9.dev1 whose pixels are 2, 3, 4, … long along its axes, in their order."""
    scale = {"type": "scale", "scale": [2.0 + number for number in range(len(shape))]}
    builder = HierarchyBuilder()
    return builder.image_of_0_6(ramp(shape), list(listed), level=scale, version="0.9.dev1")


# Axes as they are stored, the shape, and the dimensions of a layer, the last two of the picture.
IMAGES: dict[str, tuple[list[dict[str, Any]], tuple[int, ...], str]] = {
    "a profile": (axes(x=SPACE), (7,), "y x"),
    "a decay": (axes(t=TIME), (7,), "y t"),
    "a spectrum": (axes(c=CHANNEL), (7,), "y c"),
    "profiles": (axes(c=CHANNEL, x=SPACE), (3, 7), "y x"),
    "a kymograph": (axes(t=TIME, x=SPACE), (4, 7), "t x"),
    "x first": (axes(x=SPACE, y=SPACE, z=SPACE), (2, 3, 4), "z y x"),
    "channels last": (axes(y=SPACE, x=SPACE, c=CHANNEL), (3, 4, 2), "y x"),
    "channels amid space": (axes(x=SPACE, c=CHANNEL, y=SPACE), (3, 2, 4), "y x"),
    "time last": (axes(y=SPACE, x=SPACE, t=TIME), (3, 4, 2), "t y x"),
    "diffraction": (axes(y=SPACE, x=SPACE, dy=SPACE, dx=SPACE), (2, 3, 4, 5), "dy dx y x"),
    "capitals": (axes(X=SPACE, x=SPACE, Y=SPACE, y=SPACE), (2, 3, 4, 5), "X Y y x"),
    "Fourier": (axes(w=SPACE, v=SPACE, u=SPACE), (2, 3, 4), "w v u"),
    "lifetimes": (
        axes(t=TIME, c=CHANNEL, u={"type": "time", "unit": "nanosecond"}, y=SPACE, x=SPACE),
        (2, 3, 4, 2, 3),
        "t u y x",
    ),
    "phases and views": (
        axes(v={"type": "view"}, h={}, z=SPACE, y=SPACE, x=SPACE, t=TIME),
        (2, 3, 2, 3, 4, 2),
        "t v h z y x",
    ),
    "eight of no type": (axes(**{name: {} for name in "abdefghi"}), (2,) * 8, "a b d e f g h i"),
}


@pytest.mark.parametrize(("listed", "shape", "shown"), IMAGES.values(), ids=IMAGES)
class TestEveryAxis:
    def test_what_is_no_channel_is_a_dimension_with_its_name(
        self, listed: list[dict[str, Any]], shape: tuple[int, ...], shown: str
    ) -> None:
        viewer = view(image(listed, shape).entries)
        assert viewer.dims.axis_labels == tuple(shown.split())
        channels = [
            n for n, said in zip(shape, listed, strict=True) if said.get("type") == "channel"
        ]
        assert len(viewer.layers) == (channels[0] if channels and len(shape) > 1 else 1)

    def test_every_pixel_lies_at_its_coordinates(
        self, listed: list[dict[str, Any]], shape: tuple[int, ...], shown: str
    ) -> None:
        layers = layers_of(image(listed, shape).entries)
        names = [said["name"] for said in listed]
        truth = ramp(shape)
        for index in itertools.product(*(range(0, n, max(1, n - 1)) for n in shape)):
            place = {
                name: i * (2.0 + n) for n, (name, i) in enumerate(zip(names, index, strict=True))
            }
            channel = index[names.index("c")] if "c" in names and len(layers) > 1 else 0
            if len(layers) > 1:
                place.pop("c")
            assert value_in_world(layers[channel], **place) == truth[index]

    def test_names_types_units_and_order_come_back_from_a_file_that_is_saved(
        self, listed: list[dict[str, Any]], shape: tuple[int, ...], shown: str, tmp_path: Path
    ) -> None:
        path = image(listed, shape).archive(tmp_path / "any.ozx")
        saved = tmp_path / "saved.ozx"
        save_image([layer.as_layer_data_tuple() for layer in open_layers(path)], saved)
        assert axes_in(saved) == listed
        for before, after in zip(open_layers(path), open_layers(saved), strict=True):
            np.testing.assert_array_equal(pixels(before), pixels(after))


def axes_in(path: Path) -> list[dict[str, Any]]:
    """The axes that the document of an image at the root states."""
    with zipfile.ZipFile(path) as archive:
        ome = json.loads(archive.read("zarr.json"))["attributes"]["ome"]
    listed: list[dict[str, Any]] = ome["multiscales"][0]["coordinateSystems"][0]["axes"]
    return listed


class TestThePictureOfAnyOrder:
    def test_coarser_levels_are_made_of_y_and_x_wherever_they_are_stored(self) -> None:
        listed = axes(x=SPACE, y=SPACE, z=SPACE)
        builder = image(listed, (2, 2, 2))
        document = resized(builder.entries["0/zarr.json"], (9000, 9000, 4), (64, 64, 4))
        (part,) = open_image({**builder.entries, "0/zarr.json": document}).images
        assert part.overviews
        assert all(level.shape[0] == level.shape[1] < 9000 for level in part.overviews)
        assert part.overviews[0].shape[2] == 4

    @pytest.mark.parametrize(
        ("listed", "shape"),
        [
            (axes(x=SPACE, y=SPACE, z=SPACE), (2, 3, 9)),
            (axes(z=SPACE, y=SPACE, x=SPACE, dy=SPACE, dx=SPACE), (9, 2, 3, 2, 3)),
        ],
    )
    def test_the_plane_that_a_file_asks_for_is_one_of_z(
        self, listed: list[dict[str, Any]], shape: tuple[int, ...], tmp_path: Path
    ) -> None:
        ((data, keywords, kind),) = to_layer_data(open_image(image(listed, shape).entries))
        asked = [5 if name == "z" else 1 for name in keywords["axis_labels"]]
        layer = (data, {**keywords, SHOWN_PLANE: asked}, kind)
        path = save_image([layer], tmp_path / "a.ozx", SaveOptions(version="0.9.dev1"))
        with zipfile.ZipFile(path) as archive:
            ome = json.loads(archive.read("zarr.json"))["attributes"]["ome"]
        assert ome["omero"]["rdefs"]["defaultZ"] == 5


class TestSeveralAxesOfChannels:
    def test_the_first_becomes_layers_and_the_others_sliders(self) -> None:
        listed = axes(excitation=CHANNEL, emission=CHANNEL, detector=CHANNEL, y=SPACE, x=SPACE)
        layers = layers_of(image(listed, (2, 3, 2, 4, 5)).entries)
        truth = ramp((2, 3, 2, 4, 5))
        assert [layer.axis_labels for layer in layers] == [("emission", "detector", "y", "x")] * 2
        for number, layer in enumerate(layers):
            np.testing.assert_array_equal(pixels(layer), truth[number])


UNITS = {
    "degree": ("angle", "degree"),
    "radian": ("angle", "radian"),
    "1/micrometer": ("space", "1 / micrometer"),
    "micrometer^-1": ("frequency", "1 / micrometer"),
    "hertz": ("frequency", "hertz"),
    "kelvin": ("temperature", "kelvin"),
    "nanosecond": ("time", "nanosecond"),
    "kiloelectronvolt": ("energy", "kiloelectron_volt"),
    "micrometer/second": ("velocity", "micrometer / second"),
}
"""Units of an axis, its type, and what napari's registry calls them."""
UNHELD = ["degree_celsius", "5", "1", "furlongs per fortnight", "a.u.", "µ" * 500, "1/", "__x__"]


class TestUnits:
    @pytest.mark.parametrize(("unit", "type_and_held"), UNITS.items())
    def test_stay_on_the_layer(self, unit: str, type_and_held: tuple[str, str]) -> None:
        kind, held = type_and_held
        listed = axes(q={"type": kind, "unit": unit}, y=SPACE, x=SPACE)
        (layer,) = layers_of(image(listed, (2, 3, 4)).entries)
        assert [str(each) for each in layer.units] == [held, "micrometer", "micrometer"]

    @pytest.mark.parametrize("unit", UNHELD)
    def test_those_that_napari_cannot_hold_are_pixels_there(self, unit: str) -> None:
        listed = axes(q={"type": "thing", "unit": unit}, y=SPACE, x=SPACE)
        (layer,) = layers_of(image(listed, (2, 3, 4)).entries)
        assert [str(each) for each in layer.units] == ["pixel", "micrometer", "micrometer"]

    @pytest.mark.parametrize("moved", [False, True])
    @pytest.mark.parametrize("unit", [*UNITS, *UNHELD])
    def test_come_back_as_they_are_written(self, unit: str, moved: bool, tmp_path: Path) -> None:
        kind, _ = UNITS.get(unit, ("thing", ""))
        listed = axes(q={"type": kind, "unit": unit}, y=SPACE, x=SPACE)
        layers = open_layers(image(listed, (2, 3, 4)).archive(tmp_path / "any.ozx"))
        if moved:
            layers[0].translate = (1, 2, 3)
        save(layers, tmp_path / "saved.ozx")
        assert axes_in(tmp_path / "saved.ozx") == listed

    def test_one_that_a_person_chose_is_saved(self, tmp_path: Path) -> None:
        listed = axes(q={"type": "angle", "unit": "degree"}, y=SPACE, x=SPACE)
        (layer,) = open_layers(image(listed, (2, 3, 4)).archive(tmp_path / "any.ozx"))
        layer.units = ("radian", "micrometer", "micrometer")
        save([layer], tmp_path / "saved.ozx")
        (again,) = open_layers(tmp_path / "saved.ozx")
        assert [str(each) for each in again.units] == ["radian", "micrometer", "micrometer"]

    def test_those_of_one_axis_are_converted(self) -> None:
        builder = HierarchyBuilder().group(version="0.9.dev1", **{"bioformats2raw.layout": 3})
        for name, unit in enumerate(("degree", "radian")):
            listed = axes(q={"type": "angle", "unit": unit}, x=SPACE)
            builder.image_of_0_6(ramp((2, 3)), listed, str(name), version="0.9.dev1")
        a, b = layers_of(builder.entries)
        assert [str(unit) for unit in a.units] == [str(unit) for unit in b.units]
        np.testing.assert_allclose(a.scale, (1, 1))
        np.testing.assert_allclose(b.scale, (180 / np.pi, 1))


def save(layers: Sequence[Layer], path: Path) -> None:
    data = [layer.as_layer_data_tuple() for layer in layers]
    save_image(data, path, SaveOptions(version="0.9.dev1"))


class TestInvertedChannels:
    """``inverted`` of display settings: low values are bright, high ones dark."""

    @staticmethod
    def inverted(**channel: Any) -> HierarchyBuilder:
        omero = {"channels": [{"inverted": True, **channel}, {"color": "FF0000"}]}
        return HierarchyBuilder().image(ramp((2, 3, 4)), "cyx", version="0.9.dev1", omero=omero)

    @pytest.mark.parametrize(
        ("channel", "bright"),
        [({"color": "00FF00"}, (0, 1, 0)), ({"color": "FFFFFF"}, (1, 1, 1)), ({}, (1, 0, 1))],
    )
    def test_are_shown_so(self, channel: dict[str, Any], bright: tuple[float, ...]) -> None:
        first, second = layers_of(self.inverted(**channel).entries)
        np.testing.assert_allclose(first.colormap.map(np.array([0.0]))[0, :3], bright)
        np.testing.assert_allclose(first.colormap.map(np.array([1.0]))[0, :3], (0, 0, 0))
        np.testing.assert_allclose(second.colormap.map(np.array([0.0]))[0, :3], (0, 0, 0))

    @pytest.mark.parametrize("color", ["00FF00", "FFFFFF"])
    def test_are_saved_so_in_every_version(self, color: str, tmp_path: Path) -> None:
        layers = open_layers(self.inverted(color=color).archive(tmp_path / "a.ozx"))
        for version in ("0.5", "0.6", "0.9.dev1"):
            data = [layer.as_layer_data_tuple() for layer in layers]
            path = save_image(data, tmp_path / f"{version}.ozx", SaveOptions(version=version))
            first, second = channels_in(path)
            assert (first["inverted"], first["color"]) == (True, color)
            assert "inverted" not in second
            again, _ = open_layers(path)
            np.testing.assert_allclose(again.colormap.colors, layers[0].colormap.colors)

    def test_one_that_a_person_turns_back_is_saved_as_it_is(self, tmp_path: Path) -> None:
        layers = open_layers(self.inverted(color="00FF00").archive(tmp_path / "a.ozx"))
        layers[0].colormap = "gray"
        data = [layer.as_layer_data_tuple() for layer in layers]
        first, _ = channels_in(save_image(data, tmp_path / "b.ozx"))
        assert (first["inverted"], first["color"]) == (False, "FFFFFF")

    def test_one_of_napari_is_saved_as_inverted(self, tmp_path: Path) -> None:
        data = [(ramp((3, 4)), {"name": "a", "colormap": "gray_r"}, "image")]
        (first,) = channels_in(save_image(data, tmp_path / "a.ozx"))
        assert (first["inverted"], first["color"]) == (True, "FFFFFF")


def channels_in(path: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        ome = json.loads(archive.read("zarr.json"))["attributes"]["ome"]
    listed: list[dict[str, Any]] = ome["omero"]["channels"]
    return listed
