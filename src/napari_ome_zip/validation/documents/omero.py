"""Rules on display settings of channels (``omero``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import (
    MUST,
    SHOULD,
    Place,
    Rule,
    describe,
    is_list,
    is_number,
    is_object,
)

SECTION = "omero metadata"
_HEX_COLOR = re.compile(r"[0-9A-Fa-f]{6}")
_LIMITS = ("min", "max", "start", "end")

CHANNELS_MISSING = Rule(
    "omero-channels-missing",
    MUST,
    SECTION,
    "Display settings list the channels.",
    'Add "channels", one entry per channel, or remove the omero block.',
)
COLOR_MISSING = Rule(
    "omero-color-missing",
    MUST,
    SECTION,
    "Every channel has a color.",
    'Add the color as six hexadecimal digits, for instance "00FF00" for green.',
)
COLOR_INVALID = Rule(
    "omero-color-invalid",
    MUST,
    SECTION,
    "The color of a channel is a text of six hexadecimal digits.",
    'Write the color as six hexadecimal digits, without "#", for instance "00FF00" for green.',
)
WINDOW_MISSING = Rule(
    "omero-window-missing",
    MUST,
    SECTION,
    "Every channel has a window, which gives its contrast limits.",
    'Add "window" with min, max, start and end.',
)
WINDOW_INCOMPLETE = Rule(
    "omero-window-incomplete",
    MUST,
    SECTION,
    "A window holds the four numbers min, max, start and end.",
    "Write all four as numbers: min and max of the data, start and end of what is displayed.",
)
WINDOW_ORDER = Rule(
    "omero-window-order",
    SHOULD,
    SECTION,
    "A window starts below its end; otherwise there is no contrast to show.",
    'Set "start" to the value shown black and "end" to the larger value shown in full color.',
)
CHANNEL_COUNT = Rule(
    "omero-channel-count",
    SHOULD,
    SECTION,
    "There are as many display settings as the image has channels.",
    "List one channel entry per channel of the image, in its order.",
)


def check_omero(raw: object, at: Place) -> Iterator[Issue]:
    """Check the value of ``omero``."""
    if not is_object(raw):
        yield at.wrong_type(raw, "an object", SECTION)
        return
    channels = raw.get("channels")
    if channels is None:
        if at.spec.details:
            yield at.issue(CHANNELS_MISSING, "Display settings (omero) without channels")
    elif not is_list(channels):
        yield at.at("channels").wrong_type(channels, "a list of channels", SECTION)
    else:
        for i, channel in enumerate(channels):
            yield from _check_channel(channel, at.at("channels", i))


def _check_channel(raw: object, at: Place) -> Iterator[Issue]:
    if not is_object(raw):
        yield at.wrong_type(raw, "a channel object", SECTION)
        return
    if "color" in raw:
        color = raw["color"]
        if not (isinstance(color, str) and _HEX_COLOR.fullmatch(color)):
            message = f"Channel color is no color: {describe(color)}, expected six hex digits"
            yield at.at("color").issue(COLOR_INVALID, message)
    elif at.spec.details:
        yield at.issue(COLOR_MISSING, "Channel without a color")
    if "window" in raw:
        yield from _check_window(raw["window"], at.at("window"))
    elif at.spec.details:
        yield at.issue(WINDOW_MISSING, "Channel without a window (contrast limits)")
    for field, kind, expected in (("label", str, "a text"), ("active", bool, "true or false")):
        if field in raw and not isinstance(raw[field], kind):
            yield at.at(field).wrong_type(raw[field], expected, SECTION)


def _check_window(raw: object, at: Place) -> Iterator[Issue]:
    if not is_object(raw):
        yield at.wrong_type(raw, "an object", SECTION)
        return
    wrong = [name for name in _LIMITS if not is_number(raw.get(name))]
    if wrong:
        found = ", ".join(f"{n} {describe(raw[n]) if n in raw else 'missing'}" for n in wrong)
        yield at.issue(WINDOW_INCOMPLETE, f"Contrast limits incomplete: {found}")
    start, end = raw.get("start"), raw.get("end")
    if is_number(start) and is_number(end) and start >= end:
        message = f"Contrast limits leave no contrast: start {start}, end {end}"
        yield at.issue(WINDOW_ORDER, message)
