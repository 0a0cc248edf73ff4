"""Omero: how the channels of an image are to be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.reading import Notes, Place, integer, number, shown, text

_COLOR = re.compile(r"#?([0-9A-Fa-f]{6})")


@dataclass(frozen=True, slots=True)
class Window:
    """Contrast limits as found: they may be equal, or the wrong way round."""

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


@dataclass(frozen=True, slots=True)
class Omero:
    """Rendering settings of an image (section "omero", transitional)."""

    channels: tuple[OmeroChannel, ...] = ()
    """As many as written, which need not be as many as the image has."""
    model: str | None = None
    """``color`` or ``greyscale``."""
    default_t: int | None = None
    default_z: int | None = None


def parse_omero(value: Any, place: Place, notes: Notes) -> Omero | None:
    """Read rendering settings; None, with a finding, where they are no object."""
    place = place.owned()
    if not isinstance(value, dict):
        notes.add("wrong-type", place, f"Display settings are {shown(value)}, no object; ignored.")
        return None
    rdefs = value.get("rdefs")
    if not isinstance(rdefs, dict):
        rdefs = {}
    model = rdefs.get("model")
    return Omero(
        _channels(value.get("channels"), place.key("channels"), notes),
        model if isinstance(model, str) and model else None,
        integer(rdefs.get("defaultT")),
        integer(rdefs.get("defaultZ")),
    )


def _channels(value: Any, place: Place, notes: Notes) -> tuple[OmeroChannel, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        notes.add(
            "wrong-type", place, f"Channels of the display settings are {shown(value)}; ignored."
        )
        return ()
    read = tuple(_channel(item, place.item(index), notes) for index, item in enumerate(value))
    # Channels with nothing but a name set nothing; settings without a color are incomplete.
    lacking = [
        index
        for index, item in enumerate(value)
        if isinstance(item, dict) and item.get("color") is None and set(item) & _SETTINGS
    ]
    if not lacking and any(channel.color for channel in read):
        lacking = [
            i
            for i, item in enumerate(value)
            if isinstance(item, dict) and item.get("color") is None
        ]
    if lacking:
        notes.add(
            # Null stands for a color that is not known, but is none.
            "omero-color-invalid" if "color" in value[lacking[0]] else "omero-color-missing",
            place.item(lacking[0]),
            f"{len(lacking)} of {len(value)} channels without color; default colors are used.",
        )
    return read


_SETTINGS = {"window", "active", "family", "coefficient", "inverted"}


def _channel(value: Any, place: Place, notes: Notes) -> OmeroChannel:
    if not isinstance(value, dict):
        notes.add(
            "wrong-type", place, f"Display settings of a channel are {shown(value)}; ignored."
        )
        return OmeroChannel()
    active = value.get("active")
    if active is not None and not isinstance(active, bool):
        shown_as = integer(active)
        active = bool(shown_as) if shown_as in (0, 1) else None
    return OmeroChannel(
        text(value.get("label")),
        _color(value.get("color"), place.key("color"), notes),
        active,
        _window(value.get("window"), place.key("window"), notes),
    )


def _color(value: Any, place: Place, notes: Notes) -> str | None:
    if value is None:
        return None
    match = _COLOR.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        notes.add(
            "omero-color-invalid",
            place,
            f"Channel color {shown(value)} is not six hex digits; a default is used.",
        )
        return None
    return match.group(1).upper()


def _window(value: Any, place: Place, notes: Notes) -> Window | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        notes.add("wrong-type", place, f"Contrast limits (window) are {shown(value)}; ignored.")
        return None
    limits = {key: number(value.get(key)) for key in ("min", "max", "start", "end")}
    # Null is how a writer says that it does not know: the image floor fills in what is missing.
    for key, limit in limits.items():
        if limit is None and value.get(key) is not None:
            notes.add(
                "omero-window-incomplete",
                place.key(key),
                f"Contrast limits: {key} is {shown(value[key])}, not a number; ignored.",
            )
    window = Window(**limits)
    return None if window == Window() else window
