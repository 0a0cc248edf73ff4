"""Display settings: exactly one complete set per channel, whatever the file says."""

from __future__ import annotations

import math
from collections.abc import Sequence

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import Channel
from napari_ome_zip.ome import Omero, OmeroChannel, Window
from napari_ome_zip.ome.images.omero import CHANNEL_COUNT, WINDOW_INCOMPLETE, WINDOW_ORDER

GRAY = "#FFFFFF"
MAX_CHANNELS = 512
"""Channels that become layers, at most; spectra with more are looked at along a slider."""
_TWO = ("#FF00FF", "#00FF00")
_MANY = ("#00FFFF", "#FF00FF", "#FFFF00", "#FF0000", "#00FF00", "#0000FF")


def default_colors(count: int) -> tuple[str, ...]:
    """Colors for ``count`` channels of which nothing is known.

    One is gray, two are magenta and green (distinguishable to color-blind people), more follow a
    fixed cycle.
    """
    if count == 1:
        return (GRAY,)
    cycle: Sequence[str] = _TWO if count == 2 else _MANY
    return tuple(cycle[i % len(cycle)] for i in range(count))


def complete_channels(
    omero: Omero | None, count: int, path: str
) -> tuple[tuple[Channel, ...], tuple[Finding, ...]]:
    """One `Channel` for each of ``count`` channels, and what had to be repaired.

    Parameters
    ----------
    omero : Omero or None
        The file's rendering settings (OME-Zarr, section "omero": transitional, often incomplete).
    count : int
        Number of channels in the array; 1 where it has no channel axis.
    path : str
        Group path, for the findings.
    """
    defaults = default_colors(count)
    if omero is None or not omero.channels:
        return tuple(Channel(color=color) for color in defaults), ()
    findings = list(_count_findings(len(omero.channels), count, path))
    given = (*omero.channels, *[None] * count)[:count]
    gray = (omero.model or "").lower() == "greyscale"
    channels: list[Channel] = []
    bad_windows: dict[str, list[int]] = {}
    for number, (channel, default) in enumerate(zip(given, defaults, strict=True)):
        if channel is None:
            channels.append(Channel(color=default))
            continue
        limits, fault = _limits(channel.window)
        if fault is not None:
            bad_windows.setdefault(fault, []).append(number)
        channels.append(_channel(channel, GRAY if gray else default, limits, gray=gray))
    for fault, numbers in bad_windows.items():
        which = ", ".join(str(number) for number in numbers)
        text = f"Contrast limits of channel {which} {_FAULTS[fault]}; they were replaced."
        findings.append(Finding(fault, f"{path}: omero.channels", text))
    return tuple(channels), tuple(findings)


def _channel(
    channel: OmeroChannel, default: str, limits: tuple[float, float] | None, *, gray: bool
) -> Channel:
    color = default if gray or channel.color is None else f"#{channel.color.upper()}"
    return Channel(
        name=channel.label or None,
        color=color,
        limits=limits,
        visible=channel.active is not False,
        contrast_range=_contrast_range(channel.window, limits),
        inverted=channel.inverted is True,
    )


_FAULTS = {
    WINDOW_INCOMPLETE.code: "are incomplete (start or end is missing)",
    WINDOW_ORDER.code: "leave no contrast (start must lie below end)",
}


def _limits(window: Window | None) -> tuple[tuple[float, float] | None, str | None]:
    """Contrast limits of a window, and its fault where it was there but unusable.

    A reversed window is turned round; one without extent, or with half of its ends missing,
    leaves the limits to the pixels.
    """
    if window is None or (window.start is None and window.end is None):
        return None, None
    if window.start is None or window.end is None:
        return None, WINDOW_INCOMPLETE.code
    start, end = float(window.start), float(window.end)
    if not (math.isfinite(start) and math.isfinite(end)) or start == end:
        return None, WINDOW_ORDER.code
    return (min(start, end), max(start, end)), WINDOW_ORDER.code if start > end else None


def _contrast_range(
    window: Window | None, limits: tuple[float, float] | None
) -> tuple[float, float] | None:
    """What a contrast slider offers, by a window's min and max; it reaches the limits at least."""
    if window is None or window.min is None or window.max is None:
        return None
    low, high = float(window.min), float(window.max)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return None
    return (low, high) if limits is None else (min(low, limits[0]), max(high, limits[1]))


def _count_findings(found: int, count: int, path: str) -> tuple[Finding, ...]:
    if found == count:
        return ()
    done = "the rest get default settings" if found < count else "the last ones were ignored"
    return (
        Finding.of(
            CHANNEL_COUNT,
            f"{path}: omero.channels",
            f"Display settings for {found} channels, but the image has {count}; {done}.",
        ),
    )
