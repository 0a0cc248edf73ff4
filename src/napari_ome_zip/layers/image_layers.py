"""Layers of intensity images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from napari_ome_zip.files import Expectation
from napari_ome_zip.image.channels import GRAY
from napari_ome_zip.image.composite import Channel, PlacedImage
from napari_ome_zip.layers import display_state
from napari_ome_zip.layers.channel_array import ChannelArray, PlanesOfAxes, channel_array
from napari_ome_zip.layers.display_values import inverted_colormap
from napari_ome_zip.layers.layer_data import CONTRAST_RANGE, LayerData
from napari_ome_zip.layers.layer_names import channel_name
from napari_ome_zip.layers.layer_notes import layer_levels, layer_notes
from napari_ome_zip.layers.overlaying import BLENDED, SCAN, Overlay
from napari_ome_zip.pixels.arranged import in_true_color, magnitudes
from napari_ome_zip.pixels.lazy import expect_pixels, is_remote

_RGB_COLORS = ("#FF0000", "#00FF00", "#0000FF")


def image_layers(
    part: PlacedImage, prefix: str, planes: PlanesOfAxes, overlay: Overlay, *, limits: bool = True
) -> Iterator[LayerData]:
    """One layer for each channel of an image, or one for a color picture.

    Parameters
    ----------
    part : PlacedImage
    prefix : str
        What the name of the image puts before that of a channel.
    planes : PlanesOfAxes
    overlay : Overlay
        How images lie over one another.
    limits : bool
        Whether contrast limits that the file does not state are found in its pixels.
    """
    if is_rgb(part):
        yield _rgb_layer(part, planes)
        return
    arrays = [channel_array(part, number, planes) for number in range(len(part.channels))]
    if not limits:
        yield from _channel_layers(part, arrays, prefix, overlay, limits=False)
        return
    with _limits_expected(part, arrays):
        yield from _channel_layers(part, arrays, prefix, overlay, limits=True)


def _limits_expected(part: PlacedImage, arrays: Sequence[ChannelArray]) -> Expectation:
    """Let come together what all channels' limits are estimated from."""
    stored = len(part.sources)
    pairs = zip(arrays, part.channels, strict=True)
    lacking = (a for a, c in pairs if not c.limits and is_remote(a.stored[stored - 1]))
    return expect_pixels(each for a in lacking for each in a.looked_at(a.levels[:stored]))


def _channel_layers(
    part: PlacedImage,
    arrays: Sequence[ChannelArray],
    prefix: str,
    overlay: Overlay,
    *,
    limits: bool,
) -> Iterator[LayerData]:
    scan = overlay.scan(part)
    stored = len(part.sources)
    for number, (channel, array) in enumerate(zip(part.channels, arrays, strict=True)):
        levels = array.levels
        magnitude = levels[0].dtype.kind == "c"
        if magnitude:  # a viewer cannot show complex numbers; the name says what it shows
            levels = tuple(map(magnitudes, levels))
        name = channel_name(part, channel, number, prefix)
        keywords = {
            **array.keywords,
            "name": f"{name} (magnitude)" if magnitude else name,
            "colormap": _colormap(channel),
            "blending": overlay.blending(part, number),
            "visible": channel.visible,
            "note": {
                **layer_notes(part, array, levels),
                **({} if scan is None else {SCAN: scan}),
                "channel": number,
            },
            **display_state.restore(part.display, number, "image"),
        }
        if scan is not None and keywords["blending"] != overlay.blending(part, number):
            keywords["note"][BLENDED] = True
        keywords.pop("rgb", None)  # one channel is not a color picture, whatever the note says
        found = channel.limits or (array.limits(levels[:stored]) if limits else None)
        if found is not None:
            keywords["contrast_limits"] = found
        keywords["note"] |= _range_note(channel, found)
        yield layer_levels(levels), keywords, "image"


def _colormap(channel: Channel) -> str | dict[str, Any]:
    if channel.inverted:
        return inverted_colormap(channel.color)
    return "gray" if channel.color in (None, GRAY) else channel.color


def _range_note(channel: Channel, limits: tuple[float, float] | None) -> dict[str, Any]:
    if channel.contrast_range is None:
        return {}
    low, high = channel.contrast_range
    start, end = limits or channel.contrast_range
    return {CONTRAST_RANGE: [min(low, start), max(high, end)]}


def is_rgb(part: PlacedImage) -> bool:
    """Whether three 8-bit channels are the red, green and blue of one color picture."""
    if part.channel_count == 3 and display_state.restore(part.display, 0, "image"):
        # It was saved from a viewer, which knew.
        return bool(display_state.restore(part.display, 0, "image").get("rgb"))
    return (
        part.channel_count == 3
        and part.dtype == np.uint8
        and tuple(channel.color for channel in part.channels) == _RGB_COLORS
        and all(channel.visible and channel.limits in (None, (0, 255)) for channel in part.channels)
        and part.channel_axis is not None
        and all(source.shape[part.channel_axis] == 3 for source in part.sources)
    )


def _rgb_layer(part: PlacedImage, planes: PlanesOfAxes) -> LayerData:
    first = channel_array(part, 0, planes)
    axis = part.channel_axis or 0
    sources = (*part.sources, *part.overviews)
    levels = tuple(in_true_color(source, axis, first.order) for source in sources)
    note = {**layer_notes(part, first, levels), "channel": None}
    keywords = {**first.keywords, "name": part.name, "note": note}
    keywords |= display_state.restore(part.display, 0, "image")
    return layer_levels(levels), {**keywords, "rgb": True}, "image"
