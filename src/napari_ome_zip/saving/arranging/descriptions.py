"""What the documents of an archive say of an image: its levels, channels and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_ome_zip.image.axis_order import axes_of_space
from napari_ome_zip.image.composite import PlacedImage, PlacedLabels, PlacedPart
from napari_ome_zip.ome import (
    CoordinateSystem,
    Dataset,
    FrozenMapping,
    ImageLabel,
    LabelColor,
    Multiscale,
    OmeGroup,
    Omero,
    OmeroChannel,
    Window,
)
from napari_ome_zip.ome.transformations import transformation as tf
from napari_ome_zip.pixels.reduction import reduce_block
from napari_ome_zip.saving.arranging.placement import Placed
from napari_ome_zip.saving.encoding.pyramid import level_transforms

INTRINSIC = "physical"
WORLD = "world"


def level_dataset(path: str, placed: Placed, factors: Sequence[float]) -> Dataset:
    """One level: its array, with scale and translation in the part's own coordinate system."""
    return placed_dataset(path, *level_transforms(placed.scale, placed.translation, factors))


def placed_dataset(path: str, scale: Sequence[float], translation: Sequence[float]) -> Dataset:
    """One level that lies at a place of its own in the part's coordinate system."""
    scale, translation = tuple(scale), tuple(translation)
    parts: tuple[tf.Transformation, ...] = (tf.Scale(scale),)
    if any(translation):
        parts = (tf.Scale(scale), tf.Translation(translation))
    start, end = tf.SystemRef(path=path), tf.SystemRef(name=INTRINSIC)
    if len(parts) == 1:
        return Dataset(path, replace(parts[0], input=start, output=end))
    return Dataset(path, tf.SequenceTransformation(transformations=parts, input=start, output=end))


def to_world_transformation(
    placed: Placed, path: str, world: CoordinateSystem
) -> tf.Transformation:
    """The transformation from a part's intrinsic system to the world, as simple as it can be."""
    names = tuple(axis.name for axis in placed.part.axes)
    outputs = tuple(axis.name for axis in world.axes)
    start, end = tf.SystemRef(path=path, name=INTRINSIC), tf.SystemRef(name=WORLD)
    if placed.to_world is None:
        if names == outputs:
            return tf.Identity(input=start, output=end)
        matrix = np.array([[float(a == b) for b in names] + [0.0] for a in outputs])
    else:
        matrix = placed.to_world.matrix
        shift = placed.to_world.offset
        if names == outputs and np.array_equal(placed.to_world.linear, np.eye(len(names))):
            return tf.Translation(tuple(shift.tolist()), input=start, output=end)
    rows = tuple(tuple(row) for row in matrix.tolist())
    return tf.AffineTransformation(rows, input=start, output=end)


def downsampling(part: PlacedPart, levels: int) -> tuple[str, FrozenMapping]:
    """How smaller levels were made, as versions up to 0.6 want it said (SHOULD)."""
    there = len(part.levels)
    made = "mode" if isinstance(part, PlacedLabels) else "mean"
    if levels <= there:
        said = "Levels are as they were in what was saved." if there > 1 else "There is one level."
        return ("unknown" if levels > 1 else "none"), FrozenMapping({"description": said})
    said = {
        "mean": "Mean of 2 pixels along each axis that is halved.",
        "mode": "Most frequent label of 2 pixels along each axis that is halved.",
    }[made]
    method = f"{reduce_block.__module__}.{reduce_block.__qualname__}"
    return made, FrozenMapping({"description": said, "method": method, "kwargs": {"kind": made}})


def part_group(
    part: PlacedPart, multiscale: Multiscale | None, version: str, source: str | None = None
) -> OmeGroup:
    """The document of an image or label image: levels, channels, colors, display settings.

    Labels that lie below no image say in ``source`` which one they are of.
    """
    omero = _omero(part) if isinstance(part, PlacedImage) else None
    label = None
    if isinstance(part, PlacedLabels):
        found = part.label or ImageLabel()
        if not found.colors:
            # Colors SHOULD be there; what a viewer chooses by itself is left to each of them.
            found = replace(found, colors=(LabelColor(0, (0, 0, 0, 0)),))
        # The image two levels up is the default; said, it is a path that some stores refuse.
        label = replace(found, source=source)
    return OmeGroup(
        version=version,
        multiscales=() if multiscale is None else (multiscale,),
        omero=omero,
        image_label=label,
        display=part.display,
    )


def _omero(part: PlacedImage) -> Omero:
    channels = []
    for number, channel in enumerate(part.channels):
        dtype = part.levels[0].dtype
        low, high = channel.limits or _natural_limits(dtype)
        first, last = channel.contrast_range or _natural_range(dtype, low, high)
        window = Window(min(first, low), max(last, high), low, high)
        channels.append(
            OmeroChannel(
                label=channel.name
                or (part.name if part.channel_count == 1 else f"channel {number}"),
                color=(channel.color or "#FFFFFF").lstrip("#"),
                active=channel.visible,
                window=window,
                inverted=channel.inverted or None,
            )
        )
    # Without all of the defaults some readers take none of the metadata.
    times, planes = _sizes(part)
    default_t, default_z = min(part.default_t, times - 1), min(part.default_z, planes - 1)
    return Omero(tuple(channels), model="color", default_t=default_t, default_z=default_z)


def _sizes(part: PlacedPart) -> tuple[int, int]:
    """Numbers of times and of planes in depth."""
    axes = zip(part.axes, part.shape, strict=True)
    times = [size for axis, size in axes if axis.role == "time"]
    planes = [part.shape[number] for number in axes_of_space(part.axes)[:-2]]
    return (*times, 1)[0], (1, *planes)[-1]


def _natural_limits(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Limits where none are known: version 0.5 wants a window for each channel."""
    if dtype.kind not in "iu":
        return 0.0, 1.0
    return float(np.iinfo(dtype).min), float(np.iinfo(dtype).max)


def _natural_range(dtype: np.dtype[Any], low: float, high: float) -> tuple[float, float]:
    """Lowest and highest value a contrast slider should offer."""
    if dtype.kind in "iu" and dtype.itemsize <= 2:
        info = np.iinfo(dtype)
        return min(float(info.min), low), max(float(info.max), high)
    return low, high
