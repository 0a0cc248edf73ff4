"""Exactly one complete set of display settings per channel, whatever the document says."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.image.channels import complete_channels, default_colors
from napari_ome_zip.ome import Omero, OmeroChannel, Window

numbers = st.one_of(st.none(), st.floats(), st.integers(-(2**70), 2**70))
windows = st.builds(Window, min=numbers, max=numbers, start=numbers, end=numbers)
channels = st.builds(
    OmeroChannel,
    label=st.one_of(st.none(), st.text(max_size=3)),
    color=st.one_of(st.none(), st.from_regex(r"[0-9A-F]{6}", fullmatch=True)),
    active=st.one_of(st.none(), st.booleans()),
    window=st.one_of(st.none(), windows),
)
settings_ = st.builds(
    Omero,
    channels=st.lists(channels, max_size=6).map(tuple),
    model=st.sampled_from([None, "color", "greyscale", "GreyScale", "?"]),
)


@given(st.one_of(st.none(), settings_), st.integers(1, 8))
def test_there_are_always_as_many_complete_channels_as_the_array_has(
    omero: Omero | None, count: int
) -> None:
    completed, findings = complete_channels(omero, count, "a")
    assert len(completed) == count
    for channel in completed:
        assert re.fullmatch("#[0-9A-F]{6}", channel.color or "")
        assert channel.name != ""
        if channel.limits is not None:
            low, high = channel.limits
            assert math.isfinite(low)
            assert math.isfinite(high)
            assert low < high
    assert len({finding.code for finding in findings}) == len(findings) <= 3
    if omero is not None and omero.channels:
        found = "omero-channel-count" in {finding.code for finding in findings}
        assert found == (len(omero.channels) != count)


@given(settings_, st.integers(1, 8))
def test_what_the_document_says_properly_is_kept(omero: Omero, count: int) -> None:
    completed, _ = complete_channels(omero, count, "a")
    for given_channel, channel in zip(omero.channels, completed, strict=False):
        assert channel.name == (given_channel.label or None)
        assert channel.visible == (given_channel.active is not False)
        if (omero.model or "").lower() == "greyscale":
            assert channel.color == "#FFFFFF"
        elif given_channel.color is not None:
            assert channel.color == f"#{given_channel.color}"


@given(st.integers(1, 40))
def test_default_colors_of_neighboring_channels_differ(count: int) -> None:
    colors = default_colors(count)
    assert len(colors) == count
    assert all(a != b for a, b in pairwise(colors))
