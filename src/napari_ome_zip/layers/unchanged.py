"""Layers that came from a file, as the part of the file that they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import dask.array as da
import numpy as np

from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.composite import Kept, PlacedPart
from napari_ome_zip.layers.appearance import has_same_appearance
from napari_ome_zip.layers.channel_stack import ChannelStack
from napari_ome_zip.layers.label_tables import label_colors, label_properties
from napari_ome_zip.layers.understanding import UnderstoodLayer, layer_units, world_matrix
from napari_ome_zip.ome import ImageLabel
from napari_ome_zip.pixels.source import AnySource

_SAME_PLACE = 1e-9
"""Rounding of napari's arithmetic, relative to a pixel and to the coordinate."""


def as_opened[P: PlacedPart](
    part: P, group: Sequence[UnderstoodLayer], made: Affine, label: ImageLabel | None = None
) -> P | None:
    """The part that layers were made from, in its current state; None where they are another image.

    Axes are those of the file: their order, names and types, and the channel axis where it was.

    Parameters
    ----------
    part : PlacedImage or PlacedLabels
        What was opened.
    group : sequence of UnderstoodLayer
        Layers of it, by channel.
    made : Affine
        From the layers' dimensions to the display system.
    label : ImageLabel, optional
        Of labels, the colors and properties that the layers have now.
    """
    order = _order(group[0], part)
    if order is None:
        return None
    is_whole = _channels(group) == list(range(part.channel_count))
    pixels = is_whole and all(layer.is_unchanged for layer in group)
    if not is_whole and part.channel_axis is None:
        return None
    place = all(map(_has_same_place, group))
    look = label is None or has_same_look(group[0], label)
    shown = look and all(map(has_same_appearance, group))
    unplaced = _unplaced(part) if place else ()
    kept = Kept(pixels, place, look, shown, unplaced=unplaced)
    to_display = _from_file_axes(part, made, order)
    if pixels:
        return replace(part, to_display=to_display, kept=kept)
    sources = _in_file_order(part, group, order)
    if sources is None:
        return None
    return replace(
        part, sources=sources, overviews=(), nonlinear=False, to_display=to_display, kept=kept
    )


def _channels(group: Sequence[UnderstoodLayer]) -> list[int]:
    """Which channels of the file layers show."""
    if group[0].colors:
        return list(range(group[0].colors))
    found = [layer.note.get("channel") for layer in group]
    return [channel if isinstance(channel, int) else 0 for channel in found]


def _order(layer: UnderstoodLayer, part: PlacedPart) -> list[int] | None:
    """Which axis of the file, or added to it, each dimension of a layer is."""
    order = layer.note.get("order") or range(layer.ndim)
    found = list(order)
    count = len(part.axes) - (part.channel_axis is not None)
    return found if sorted(found) == list(range(layer.ndim)) and layer.ndim >= count else None


def _has_same_place(layer: UnderstoodLayer) -> bool:
    if layer.opened is None:
        return False
    if layer.units != layer_units(layer.opened.keywords, layer.ndim):
        return False
    then = world_matrix(layer.opened.keywords, layer.ndim)
    pixel = np.abs(then[:, :-1]).max(axis=1, keepdims=True)
    return bool(np.all(np.abs(layer.matrix - then) <= _SAME_PLACE * (np.abs(then) + pixel)))


def has_same_look(layer: UnderstoodLayer, label: ImageLabel) -> bool:
    """Whether labels have the colors and the properties that they were opened with."""
    if layer.opened is None:
        return False
    # Converted as those of now were: the file may say the same in another way.
    then = layer.opened.without_tables(layer.opened.keywords)
    return label_colors(then)[0] == label.colors and label_properties(then)[0] == label.properties


def _from_file_axes(part: PlacedPart, made: Affine, order: Sequence[int]) -> Affine:
    """From indices of the stored array to the display system: dimensions go back to their axes."""
    count = len(part.axes) - (part.channel_axis is not None)
    linear = np.zeros((len(made.output_axes), count))
    for dimension, axis in enumerate(order):
        if axis < count:
            linear[:, axis] = made.linear[:, dimension]
    if part.channel_axis is not None:
        linear = np.insert(linear, part.channel_axis, 0.0, axis=1)
    names = tuple(axis.name for axis in part.axes)
    return Affine(np.column_stack([linear, made.offset]), names, made.output_axes)


def _unplaced(part: PlacedPart) -> tuple[str, ...]:
    """Display axes along which the file places a part nowhere: a viewer shows it on some plane."""
    placed = np.any(part.to_display.matrix != 0, axis=1)
    axes = part.to_display.output_axes
    return tuple(name for name, said in zip(axes, placed, strict=True) if not said)


def _in_file_order(
    part: PlacedPart, group: Sequence[UnderstoodLayer], order: Sequence[int]
) -> tuple[AnySource, ...] | None:
    """New pixels with the axes of the file; None where they extend along others."""
    levels: list[AnySource] = []
    names = tuple(layer.name for layer in group) * max(1, group[0].colors)
    count = len(part.axes) - (part.channel_axis is not None)
    for level in zip(*(layer.levels for layer in group), strict=True):
        arrays = [_back(array, order, count) for array in level]
        if any(array is None for array in arrays):
            return None
        found = tuple(array for array in arrays if array is not None)
        if part.channel_axis is None:
            levels.append(found[0])
        elif group[0].colors:
            colors = found * group[0].colors
            levels.append(ChannelStack(colors, part.channel_axis, colors=True, names=names))
        else:
            levels.append(ChannelStack(found, part.channel_axis, names=names))
    return tuple(levels)


def _back(array: da.Array, order: Sequence[int], count: int) -> da.Array | None:
    colors = [array.ndim - 1] if array.ndim > len(order) else []
    back = [list(order).index(axis) for axis in range(len(order))]
    added = back[count:]
    if any(array.shape[axis] != 1 for axis in added):
        return None
    moved = array if back == sorted(back) else array.transpose([*back, *colors])
    cut: da.Array = moved[(slice(None),) * count + (0,) * len(added)] if added else moved
    return cut
