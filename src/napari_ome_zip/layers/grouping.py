"""Which layers are the channels of one image, or of one label image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.composite import PlacedImage
from napari_ome_zip.layers.dimensions import layer_axes, with_channels
from napari_ome_zip.layers.understanding import UnderstoodLayer
from napari_ome_zip.ome import CoordinateSystem
from napari_ome_zip.ome.images.held_axes import why_not_held
from napari_ome_zip.ome.versions import NEWEST, SPECS


def label_groups(layers: Sequence[UnderstoodLayer]) -> list[list[UnderstoodLayer]]:
    """Layers that are the channels of one label image of a file; each other layer by itself."""
    groups: dict[Any, list[UnderstoodLayer]] = {}
    for number, layer in enumerate(layers):
        if layer.kind != "labels":
            continue
        opened, channel = layer.opened, layer.note.get("channel")
        several = opened is not None and opened.part.channel_count > 1
        full = (layer.levels[0].shape, layer.levels[0].dtype, layer.matrix.tobytes())
        key = (id(opened.part), *full) if opened is not None and several else (number, None)
        fits = all(other.note.get("channel") != channel for other in groups.get(key, ()))
        groups.setdefault(key if fits else (number, None), []).append(layer)
    return [_of_equal_levels(sorted(group, key=_channel_number)) for group in groups.values()]


def image_groups(
    layers: Sequence[UnderstoodLayer], system: CoordinateSystem
) -> list[list[UnderstoodLayer]]:
    """Layers that are the channels of one image in a coordinate system."""
    groups: dict[Any, list[UnderstoodLayer]] = {}
    seen: Counter[Any] = Counter()
    for number, layer in enumerate(layers):
        origin = _told_apart(layer, seen)
        # What came from one image stays one: saving says where that needs a draft of OME-Zarr.
        alone = layer.colors or (not layer.note and _has_no_room_for_channels(layer, system))
        key = (
            origin,
            _shapes(layer),
            layer.levels[0].dtype,
            layer.matrix.tobytes(),
            layer.units,
            layer.labels,
            number if alone else None,
        )
        groups.setdefault(key, []).append(layer)
    return [_of_equal_levels(sorted(group, key=_channel_number)) for group in groups.values()]


def _has_no_room_for_channels(layer: UnderstoodLayer, system: CoordinateSystem) -> bool:
    """Whether released versions hold a layer by itself, and not as a channel of an image."""
    axes, released = layer_axes(layer, system), SPECS[NEWEST]
    alone = why_not_held(axes, released) is None
    return alone and why_not_held(with_channels(layer, axes)[0], released) is not None


def _shapes(layer: UnderstoodLayer) -> tuple[tuple[int, ...], ...]:
    """Shapes of the levels; of a file's image the first one: a channel may be replaced by one."""
    shapes = tuple(level.shape for level in layer.levels)
    return shapes if layer.opened is None else shapes[:1]


def _of_equal_levels(group: list[UnderstoodLayer]) -> list[UnderstoodLayer]:
    """The channels of an image with the levels that all of them have; the rest is made anew."""
    count = 0
    for shapes in zip(*([level.shape for level in layer.levels] for layer in group), strict=False):
        if len(set(shapes)) > 1:
            break
        count += 1
    return [replace(layer, levels=layer.levels[:count]) for layer in group]


def _told_apart(layer: UnderstoodLayer, seen: Counter[Any]) -> tuple[Any, ...]:
    """The image that a layer came from; in memory, where all have one path, by name and turn.

    An image has each channel once: a channel that comes again is another image's.
    """
    if layer.opened is None and (not layer.note or layer.note.get("source") is not None):
        return layer.origin
    own = () if layer.opened is None else (id(layer.opened.part),)
    image = (*layer.origin, layer.image_name, *own)
    channel = (image, layer.note.get("channel"))
    seen[channel] += 1
    return (*image, seen[channel])


def _channel_number(layer: UnderstoodLayer) -> int:
    number = layer.note.get("channel")
    return number if isinstance(number, int) else 0


def image_of_labels(
    layer: UnderstoodLayer, affine: Affine, images: Sequence[tuple[UnderstoodLayer, PlacedImage]]
) -> PlacedImage | None:
    """The image of labels: the one they came with, else one in the same place, else a large one."""
    if not images:
        return None
    source, parent = layer.note.get("source"), layer.note.get("image")
    own = (
        []
        if parent is None
        else [image for first, image in images if first.origin[:2] == (source, parent)]
    )
    if len(own) == 1:
        return own[0]
    candidates = own or [image for _, image in images]
    there = [
        image
        for first, image in images
        if any(image is each for each in candidates)
        and (_covers(layer, first) or _lies_with(layer, affine, image))
    ]
    if there:
        return there[0]
    return max(candidates, key=lambda image: len(image.axes) - (image.channel_axis is not None))


def _covers(layer: UnderstoodLayer, image: UnderstoodLayer) -> bool:
    """Whether labels have the shape and the place of the layer that shows an image."""
    size = image.levels[0].shape[: image.ndim]
    return (
        size == layer.levels[0].shape
        and layer.units == image.units
        and np.allclose(layer.matrix, image.matrix)
    )


def _lies_with(layer: UnderstoodLayer, affine: Affine, image: PlacedImage) -> bool:
    """Whether an image has the shape of labels and lies where they lie."""
    kept = [i for i in range(len(image.axes)) if i != image.channel_axis]
    own = image.to_display.select(inputs=[image.axes[i].name for i in kept])
    size = tuple(image.shape[i] for i in kept)
    return size == layer.levels[0].shape and own.is_close(affine)
