"""Display settings in files as they are found: what a person sees of each channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, ramp
from napari_layers import codes, layers_of, pixels
from napari_ome_zip import open_image, to_layer_data
from recording import RecordingStore

WINDOW = {"min": 0, "max": 65535, "start": 100, "end": 2000}


def channel(**changes: Any) -> dict[str, Any]:
    """A complete channel of ``omero``; a change to None takes a key away."""
    full = {"label": "DAPI", "color": "00FF00", "active": True, "window": WINDOW} | changes
    return {key: value for key, value in full.items() if value is not None}


def image(count: int, omero: Any = None, dtype: Any = np.uint16) -> HierarchyBuilder:
    ome = {} if omero is None else {"omero": omero}
    return HierarchyBuilder().image(ramp((count, 4, 5), dtype), "cyx", **ome)


def colors(layers: list[Any]) -> list[str]:
    """Color of the brightest value of each layer."""
    brightest = [(layer.colormap.colors[-1, :3] * 255).astype(np.uint8) for layer in layers]
    return [f"#{color.tobytes().hex().upper()}" for color in brightest]


class TestWithoutSettings:
    @pytest.mark.parametrize(
        ("count", "expected"),
        [
            (1, ["#FFFFFF"]),
            (2, ["#FF00FF", "#00FF00"]),
            (3, ["#00FFFF", "#FF00FF", "#FFFF00"]),
            (7, ["#00FFFF", "#FF00FF", "#FFFF00", "#FF0000", "#00FF00", "#0000FF", "#00FFFF"]),
        ],
    )
    def test_each_channel_is_a_layer_in_a_color_of_its_own(
        self, count: int, expected: list[str]
    ) -> None:
        source = image(count)
        layers = layers_of(source.entries)
        assert colors(layers) == expected
        for number, layer in enumerate(layers):
            np.testing.assert_array_equal(pixels(layer), ramp((count, 4, 5))[number])
            assert layer.visible
            assert layer.blending == ("additive" if count > 1 else "translucent_no_depth")
        assert len({layer.name for layer in layers}) == count
        assert not codes(open_image(source.entries))

    def test_limits_are_those_of_the_coarsest_level_and_no_other_is_read(self) -> None:
        levels = [ramp((2, 64, 64)), ramp((2, 16, 16)) + 7, ramp((2, 4, 4)) + 1000]
        options = {"chunks": (1, 4, 4)}
        builder = HierarchyBuilder().image(levels, "cyx", options=options)
        store = RecordingStore.of(builder.entries)
        composite = open_image(store)
        assert not store.chunks_read
        layers = to_layer_data(composite)
        assert [k["contrast_limits"] for _, k, _ in layers] == [(1000, 1015), (1016, 1031)]
        assert {key.partition("/")[0] for key in store.chunks_read} == {"2"}

    def test_of_a_large_single_level_only_the_middle_is_read_for_limits(self) -> None:
        pixels = np.zeros((9, 1024, 1024), np.uint16)
        pixels[4] = 1234
        pixels[0], pixels[8] = 60000, 60000  # at the ends, which are not looked at
        builder = HierarchyBuilder().image(pixels, "zyx", options={"chunks": (1, 1024, 1024)})
        store = RecordingStore.of(builder.entries)
        ((_, keywords, _),) = to_layer_data(open_image(store))
        assert keywords["contrast_limits"] == (0, 1234)
        assert 1 <= len(store.chunks_read) <= 4

    @pytest.mark.parametrize("dtype", [np.uint8, np.int8, bool])
    def test_one_byte_pixels_are_not_read_for_limits(self, dtype: Any) -> None:
        store = RecordingStore.of(image(2, dtype=dtype).entries)
        layers = to_layer_data(open_image(store))
        assert not store.chunks_read
        assert all("contrast_limits" not in keywords for _, keywords, _ in layers)


class TestIncompleteSettings:
    """Exactly one complete set of settings per channel, and one warning."""

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ([channel(), channel(color=None), channel()], "omero-color"),
            ([channel(color="green"), channel(), channel(color=[1, 2])], "omero-color"),
            ([channel(), channel()], "omero-channel-count"),
            ([channel()] * 5, "omero-channel-count"),
            ([channel(window={**WINDOW, "start": 7, "end": 7}), *[channel()] * 2], "omero-window"),
            ([*[channel()] * 2, channel(window={**WINDOW, "start": 9, "end": 7})], "omero-window"),
            ([channel(window={**WINDOW, "start": None}), *[channel()] * 2], "omero-window"),
            ([channel(window="auto"), channel(window=[0, 1]), channel()], "wrong-type"),
            ([channel(window={**WINDOW, "end": "high"}), *[channel()] * 2], "omero-window"),
            ([channel(), None, "DAPI"], "wrong-type"),
        ],
    )
    def test_it_is_completed_and_said_once(self, given: list[Any], code: str) -> None:
        source = image(3, {"channels": given})
        found = codes(open_image(source.entries))
        assert len(set(found)) == 1
        assert found[0].startswith(code)
        layers = layers_of(source.entries)
        assert len(layers) == 3
        for number, layer in enumerate(layers):
            low, high = layer.contrast_limits
            assert low < high
            np.testing.assert_array_equal(pixels(layer), ramp((3, 4, 5))[number])
            if number < len(given) and given[number] == channel():
                assert colors([layer]) == ["#00FF00"]
                assert (low, high) == (100, 2000)
                assert layer.name.startswith("DAPI")

    @pytest.mark.parametrize(
        "window", [None, {}, {"min": 0, "max": 65535}, {"start": None, "end": None}]
    )
    def test_a_window_without_ends_leaves_the_limits_to_the_pixels_without_a_word(
        self, window: Any
    ) -> None:
        source = image(2, {"channels": [channel(window=window), channel(label="GFP")]})
        assert not codes(open_image(source.entries))
        first, second = layers_of(source.entries)
        assert first.contrast_limits == [0, 19]
        assert second.contrast_limits == [100, 2000]

    def test_a_reversed_window_is_turned_round(self) -> None:
        reverse = {**WINDOW, "start": 2000, "end": 100}
        (layer,) = layers_of(image(1, {"channels": [channel(window=reverse)]}).entries)
        assert layer.contrast_limits == [100, 2000]

    def test_a_missing_label_gives_the_channels_number(self) -> None:
        source = image(2, {"channels": [channel(label=None), channel(label="")]})
        assert not codes(open_image(source.entries))
        first, second = (layer.name for layer in layers_of(source.entries))
        assert "0" in first
        assert "1" in second

    @pytest.mark.parametrize("omero", [{}, {"channels": []}, {"channels": None}])
    def test_empty_settings_are_no_settings(self, omero: Any) -> None:
        layers = layers_of(image(2, omero).entries)
        assert colors(layers) == ["#FF00FF", "#00FF00"]

    @pytest.mark.parametrize("omero", [5, "red", [1]])
    def test_settings_that_are_no_object_are_ignored_with_a_warning(self, omero: Any) -> None:
        source = image(2, omero)
        assert len(codes(open_image(source.entries))) == 1
        assert colors(layers_of(source.entries)) == ["#FF00FF", "#00FF00"]

    def test_an_inactive_channel_is_hidden_and_still_there(self) -> None:
        given = [channel(active=False), channel(label="GFP")]
        layers = layers_of(image(2, {"channels": given}).entries)
        assert [layer.visible for layer in layers] == [False, True]

    def test_greyscale_shows_every_channel_in_gray(self) -> None:
        omero = {"channels": [channel(), channel(label="b")], "rdefs": {"model": "greyscale"}}
        assert colors(layers_of(image(2, omero).entries)) == ["#FFFFFF", "#FFFFFF"]

    def test_without_a_channel_axis_they_are_used_for_the_single_layer(self) -> None:
        source = HierarchyBuilder().image(ramp((4, 5)), "yx", omero={"channels": [channel()]})
        (layer,) = layers_of(source.entries)
        assert layer.name == "DAPI"
        assert colors([layer]) == ["#00FF00"]
        assert layer.contrast_limits == [100, 2000]


class TestColorPictures:
    RGB = tuple(
        {"label": name, "color": color, "active": True, "window": {"start": 0, "end": 255}}
        for name, color in (("red", "FF0000"), ("green", "00FF00"), ("blue", "0000FF"))
    )

    @pytest.mark.parametrize("axes", ["cyx", "zcyx", "tczyx"])
    def test_three_8_bit_channels_of_red_green_blue_are_one_rgb_layer(self, axes: str) -> None:
        shape = tuple({"t": 2, "z": 2, "c": 3, "y": 4, "x": 6}[axis] for axis in axes)
        stored = ramp(shape, np.uint8)
        smaller = stored[..., ::2, ::2]
        source = HierarchyBuilder().image([stored, smaller], axes, omero={"channels": self.RGB})
        (layer,) = layers_of(source.entries)
        assert layer.rgb
        assert layer.axis_labels == tuple(axis for axis in axes if axis != "c")
        for level, expected in zip(layer.data, (stored, smaller), strict=True):
            np.testing.assert_array_equal(level, np.moveaxis(expected, axes.index("c"), -1))

    @pytest.mark.parametrize(
        ("dtype", "colors"),
        [(np.uint16, "FF0000 00FF00 0000FF"), (np.uint8, "00FF00 FF0000 0000FF")],
    )
    def test_other_pixels_or_colors_are_channels(self, dtype: Any, colors: str) -> None:
        channels = [channel(color=color) for color in colors.split()]
        source = HierarchyBuilder().image(
            ramp((3, 4, 5), dtype), "cyx", omero={"channels": channels}
        )
        layers = layers_of(source.entries)
        assert len(layers) == 3
        assert not any(layer.rgb for layer in layers)
