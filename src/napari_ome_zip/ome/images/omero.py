"""Reads ``omero``: how the channels of an image are displayed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import described, integer, number, string
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule

SECTION = "omero metadata"

CHANNELS_MISSING = Rule(
    "omero-channels-missing",
    MUST,
    SECTION,
    "Display settings list the channels.",
    'Add "channels", one entry per channel, or remove the omero block.',
    effect=Effect.COLORS,
)
COLOR_MISSING = Rule(
    "omero-color-missing",
    MUST,
    SECTION,
    "Every channel has a color (until 0.6).",
    'Add the color as six hexadecimal digits, for instance "00FF00" for green.',
    effect=Effect.COLORS,
)
COLOR_INVALID = Rule(
    "omero-color-invalid",
    MUST,
    SECTION,
    "The color of a channel is a string of six hexadecimal digits.",
    'Write the color as six hexadecimal digits, without "#", for instance "00FF00" for green.',
    effect=Effect.COLORS,
)
WINDOW_MISSING = Rule(
    "omero-window-missing",
    MUST,
    SECTION,
    "Every channel has a window, which gives its contrast limits (until 0.6).",
    'Add "window" with min, max, start and end.',
    effect=Effect.COLORS,
)
WINDOW_INCOMPLETE = Rule(
    "omero-window-incomplete",
    MUST,
    SECTION,
    "A window holds the four numbers min, max, start and end (since 0.9, start and end at least).",
    "Write all four as numbers: min and max of the data, start and end of what is displayed.",
    effect=Effect.COLORS,
)
WINDOW_ORDER = Rule(
    "omero-window-order",
    SHOULD,
    SECTION,
    "A window starts below its end; otherwise there is no contrast to show.",
    'Set "start" to the value shown black and "end" to the larger value shown in full color.',
    effect=Effect.COLORS,
)
CHANNEL_COUNT = Rule(
    "omero-channel-count",
    SHOULD,
    SECTION,
    "There are as many display settings as the image has channels.",
    "List one channel entry per channel of the image, in its order.",
    effect=Effect.COLORS,
)

_COLOR = re.compile(r"(#?)([0-9A-Fa-f]{6})")
_SETTINGS = {"window", "active", "family", "coefficient", "inverted"}


@dataclass(frozen=True, slots=True)
class Window:
    """Contrast limits as written: they may be equal, or in the wrong order."""

    min: float | None = None
    max: float | None = None
    start: float | None = None
    """Lower contrast limit."""
    end: float | None = None
    """Upper contrast limit."""


@dataclass(frozen=True, slots=True)
class OmeroChannel:
    """Settings of one channel; None where absent or illegal."""

    label: str | None = None
    color: str | None = None
    """Six hexadecimal digits, red, green, blue, upper case, without ``#``."""
    active: bool | None = None
    window: Window | None = None
    inverted: bool | None = None
    """Whether low values are shown bright, and high ones dark."""


@dataclass(frozen=True, slots=True)
class Omero:
    """Rendering settings of an image (section "omero", transitional)."""

    channels: tuple[OmeroChannel, ...] = ()
    """One for each entry of the document; the image may have more or fewer channels."""
    model: str | None = None
    """``color`` or ``greyscale``."""
    default_t: int | None = None
    default_z: int | None = None


def parse_omero(value: Any, at: At) -> Omero | None:
    """Read rendering settings; None where they are not an object."""
    at = at.owned()
    if not isinstance(value, dict):
        done = "display settings are ignored" if value is not None else ""
        at.wrong_type(value, "an object", SECTION, done)
        return None
    rdefs = value.get("rdefs")
    if not isinstance(rdefs, dict):
        rdefs = {}
    model = rdefs.get("model")
    return Omero(
        _channels(value.get("channels"), at),
        model if isinstance(model, str) and model else None,
        integer(rdefs.get("defaultT")),
        integer(rdefs.get("defaultZ")),
    )


def _channels(value: Any, omero: At) -> tuple[OmeroChannel, ...]:
    at = omero.key("channels")
    if value is None:
        if at.spec.details:
            omero.report(CHANNELS_MISSING, "Display settings (omero) without channels")
        return ()
    if not isinstance(value, list | tuple):
        at.wrong_type(value, "a list of channels", SECTION, "display settings are ignored")
        return ()
    read = tuple(_channel(item, at.item(index)) for index, item in enumerate(value))
    _report_colorless(value, any(channel.color for channel in read), at)
    return read


def _report_colorless(channels: Sequence[Any], any_color: bool, at: At) -> None:
    # Channels with nothing but a name set nothing; settings without a color are incomplete
    # (until 0.6).
    colorless = {
        index: item
        for index, item in enumerate(channels)
        if isinstance(item, dict) and item.get("color") is None
    }
    is_optional = at.spec.optional_display
    incomplete = any_color or any(set(item) & _SETTINGS for item in colorless.values())
    for index, item in colorless.items():
        done = "a default color is used" if incomplete else ""
        if "color" in item:  # null stands for a color that is not known, but is not a color
            found = f"Channel color is {described(None)}, not six hex digits"
            at.down(index, "color").report(COLOR_INVALID, found, done)
        elif not is_optional and (at.spec.details or done):
            at.item(index).report(COLOR_MISSING, "Channel without a color", done)


def _channel(value: Any, at: At) -> OmeroChannel:
    if not isinstance(value, dict):
        at.wrong_type(value, "a channel object", SECTION, "it sets nothing")
        return OmeroChannel()
    label = value.get("label")
    if not isinstance(value.get("label", ""), str):
        at.key("label").wrong_type(label, "a string", SECTION)
    if "window" not in value and at.spec.details and not at.spec.optional_display:
        at.report(WINDOW_MISSING, "Channel without a window (contrast limits)")
    color = value.get("color")
    return OmeroChannel(
        string(label),
        None if color is None else _color(color, at.key("color")),
        _true_or_false(value, "active", at),
        _window(value["window"], at.key("window")) if "window" in value else None,
        _true_or_false(value, "inverted", at),
    )


def _true_or_false(channel: dict[str, Any], key: str, at: At) -> bool | None:
    written = channel.get(key)
    if key not in channel or isinstance(written, bool):
        return written
    at.key(key).wrong_type(written, "true or false", SECTION)
    number = integer(written)
    return bool(number) if number in (0, 1) else None


def _color(value: Any, at: At) -> str | None:
    match = _COLOR.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1]:
        done = "" if match else "a default color is used"
        at.report(COLOR_INVALID, f"Channel color is {described(value)}, not six hex digits", done)
    return match[2].upper() if match else None


def _window(value: Any, at: At) -> Window | None:
    if not isinstance(value, dict):
        # Writers that do not know the limits write null: `image` computes what is missing.
        done = "" if value is None else "contrast limits are taken from the pixels"
        at.wrong_type(value, "an object", SECTION, done)
        return None
    limits = {key: number(value.get(key)) for key in ("min", "max", "start", "end")}
    _judge_window(value, limits, at)
    window = Window(**limits)
    return None if window == Window() else window


def _judge_window(value: dict[str, Any], limits: dict[str, float | None], at: At) -> None:
    needed = ("start", "end") if at.spec.optional_display else tuple(limits)
    wrong = [
        key for key, limit in limits.items() if limit is None and (key in needed or key in value)
    ]
    if wrong:
        found = ", ".join(
            f"{key} is {described(value[key])}" if key in value else f"{key} is missing"
            for key in wrong
        )
        illegal = any(value.get(key) is not None for key in wrong)
        done = "what is missing is taken from the pixels" if illegal else ""
        at.report(WINDOW_INCOMPLETE, f"Contrast limits incomplete: {found}", done)
    start, end = limits["start"], limits["end"]
    if start is not None and end is not None and start >= end:
        message = f"Contrast limits leave no contrast: start {start:g}, end {end:g}"
        at.report(WINDOW_ORDER, message)
