"""Rendering settings: one set per channel as written, legal values only."""

from __future__ import annotations

from typing import Any

import pytest

from napari_ome_zip.ome import Omero, OmeroChannel, Window, parse_group


def read(omero: Any, version: str = "0.5") -> tuple[Omero | None, list[str]]:
    parsed = parse_group({"ome": {"version": version, "omero": omero}}, path="", zarr_format=3)
    return parsed.group.omero, [finding.code for finding in parsed.findings]


def read_channels(
    *channels: Any, version: str = "0.5"
) -> tuple[tuple[OmeroChannel, ...], list[str]]:
    omero, found = read({"channels": list(channels)}, version)
    assert omero is not None
    return omero.channels, found


WINDOW = {"min": 0, "max": 65535, "start": 100, "end": 1500}


def test_complete_settings_are_read_as_written() -> None:
    omero, found = read(
        {
            "channels": [{"label": "DAPI", "color": "0000ff", "active": False, "window": WINDOW}],
            "rdefs": {"model": "greyscale", "defaultT": 1, "defaultZ": 7},
        }
    )

    channel = OmeroChannel("DAPI", "0000FF", False, Window(0, 65535, 100, 1500))
    assert omero == Omero((channel,), "greyscale", 1, 7)
    assert found == []


def test_every_field_may_be_absent() -> None:
    assert read({}) == (Omero(), [])
    assert read_channels({}, {"label": "GFP"}) == ((OmeroChannel(), OmeroChannel("GFP")), [])


@pytest.mark.parametrize("omero", [3, "color", ["channels"]])
def test_settings_that_are_no_object_are_told(omero: Any) -> None:
    assert read(omero) == (None, ["wrong-type"])


def test_channels_that_are_no_objects_keep_their_position() -> None:
    channels, found = read_channels("DAPI", {"color": "00FF00"}, None)

    assert channels == (OmeroChannel(), OmeroChannel(color="00FF00"), OmeroChannel())
    assert found == ["wrong-type"]


@pytest.mark.parametrize(
    ("written", "color"), [("00ff00", "00FF00"), ("#00FF00", "00FF00"), ("abcdef", "ABCDEF")]
)
def test_a_color_is_six_hex_digits(written: str, color: str) -> None:
    assert read_channels({"color": written}) == ((OmeroChannel(color=color),), [])


@pytest.mark.parametrize(
    "written", ["F00", "red", "", "00FF00FF", 255, [0, 255, 0], "00FF0G", "٠" * 6]
)
def test_other_colors_are_left_to_the_default_and_told_once(written: Any) -> None:
    channels, found = read_channels({"color": written}, {"color": written})

    assert channels == (OmeroChannel(), OmeroChannel())
    assert found == ["omero-color-invalid"]


def test_settings_without_a_color_are_told_once() -> None:
    _, found = read_channels({"label": "A", "window": WINDOW}, {"label": "B", "active": True})

    assert found == ["omero-color-missing"]


def test_a_color_that_only_some_channels_have_is_told() -> None:
    assert read_channels({"color": "FF0000"}, {"label": "B"})[1] == ["omero-color-missing"]


def test_a_list_of_names_is_no_incomplete_setting() -> None:
    # As SpatialData writes it, which numbers channels without a name.
    channels, found = read_channels({"label": "r"}, {"label": 0})

    assert [channel.label for channel in channels] == ["r", "0"]
    assert found == []


@pytest.mark.parametrize(
    ("written", "window"),
    [
        ({"min": 0, "max": 0, "start": 7, "end": 7}, Window(0, 0, 7, 7)),
        ({"min": 0, "max": 10, "start": 50, "end": 5}, Window(0, 10, 50, 5)),
        ({"min": None, "max": None, "start": None, "end": None}, None),
        ({"start": 3}, Window(start=3)),
        ({}, None),
    ],
)
def test_windows_are_kept_as_found_for_those_who_know_the_pixels(
    written: Any, window: Window | None
) -> None:
    assert read_channels({"color": "FF0000", "window": written}) == (
        (OmeroChannel(color="FF0000", window=window),),
        [],
    )


@pytest.mark.parametrize("written", [3, [0, 1], {"start": "0"}, {"end": float("nan")}])
def test_windows_that_are_no_numbers_are_told(written: Any) -> None:
    channels, found = read_channels({"color": "FF0000", "window": written})

    assert channels[0].window is None
    assert found == ["omero-window-incomplete" if isinstance(written, dict) else "wrong-type"]


@pytest.mark.parametrize(
    ("written", "inverted"), [(True, True), (False, False), (1, True), (0, False), ("yes", None)]
)
def test_whether_a_channel_is_inverted_is_read_in_every_version(
    written: Any, inverted: bool | None
) -> None:
    for version in ("0.5", "0.9.dev1"):
        channels, found = read_channels({"color": "FF0000", "inverted": written}, version=version)
        assert channels == (OmeroChannel(color="FF0000", inverted=inverted),)
        assert found == []


def judged(omero: Any, version: str) -> list[str]:
    """The codes of all that a check says of these settings."""
    document = {"ome": {"version": version, "omero": omero}}
    parsed = parse_group(document, path="", zarr_format=3, judging=True)
    codes = [each.rule.code for each in parsed.departures.all()]
    return [code for code in codes if code != "version-prerelease"]


class TestSettingsOfTheDraft:
    """Display settings of 0.9.dev1, where a channel may leave out anything."""

    @pytest.mark.parametrize(
        "channel",
        [
            {},
            {"color": "FF00FF"},
            {"label": "off", "active": False, "inverted": True},
            {"window": {"start": 3, "end": 7}},
            {"window": {"start": 3, "end": 7, "max": 9}},
        ],
    )
    def test_what_a_channel_leaves_out_is_not_missed(self, channel: dict[str, Any]) -> None:
        omero = {"channels": [channel, {"color": "00FF00"}, {"label": "GFP"}]}
        assert judged(omero, "0.9.dev1") == []
        assert read(omero, "0.9.dev1")[1] == []

    @pytest.mark.parametrize(
        ("omero", "code"),
        [
            ({}, "omero-channels-missing"),
            ({"channels": [{"window": {"min": 0, "max": 9, "end": 7}}]}, "omero-window-incomplete"),
            (
                {"channels": [{"window": {"start": 1, "end": 7, "min": None}}]},
                "omero-window-incomplete",
            ),
            ({"channels": [{"color": "red"}]}, "omero-color-invalid"),
            ({"channels": [{"inverted": 1}]}, "wrong-type"),
            ({"channels": [{"window": None}]}, "wrong-type"),
        ],
    )
    def test_what_is_there_is_judged(self, omero: Any, code: str) -> None:
        assert judged(omero, "0.9.dev1") == [code]

    def test_the_released_versions_still_want_a_color_and_a_window(self) -> None:
        for version in ("0.5", "0.6"):
            assert judged({"channels": [{}]}, version) == [
                "omero-window-missing",
                "omero-color-missing",
            ]
