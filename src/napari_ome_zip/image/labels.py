"""What makes an array a label image that a viewer can show beside its image."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np

from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.arrays import PixelSource
from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.image.limits import sample
from napari_ome_zip.ome import Axis


def as_integers(part: PlacedPart) -> tuple[PixelSource, ...] | None:
    """Label values as integers without loss, lazily; None where they are no integers.

    Booleans become 8-bit. Floating point labels count as integers when every value of the
    coarsest level (or its middle, where that is large) is one.

    Notes
    -----
    OME-Zarr, section "labels": label images MUST be of integer type.
    """
    kind = part.dtype.kind
    if kind in "iu":
        return part.sources
    if kind == "b":
        return tuple(level.astype(np.uint8) for level in part.levels)
    if kind != "f":
        return None
    values = sample(part.levels[-1])
    if not (np.isfinite(values).all() and (values == np.rint(values)).all()):
        return None
    wide = np.int64 if values.dtype.itemsize > 4 or abs(values).max() >= 2**31 else np.int32
    return tuple(level.astype(wide) for level in part.levels)


def spread_over_image(labels: PlacedPart, image: PlacedPart) -> PlacedPart:
    """Repeat labels along the axes that their image has and they lack.

    Labels of a plane (y, x) beside a stack (z, y, x) belong to every plane of it. The added
    axes take the image's extent and spacing; no pixel is copied.
    """
    for row, name in enumerate(image.to_display.output_axes):
        column = _only_axis_along(image.to_display, row)
        if column is None or column == image.channel_axis:
            continue
        if np.any(labels.to_display.matrix[row]):
            continue  # the labels say themselves where they lie along this axis
        size = int(image.shape[column])
        levels = tuple(da.broadcast_to(level, (size, *level.shape)) for level in labels.levels)
        linear, offset = labels.to_display.linear, labels.to_display.offset.copy()
        added = np.zeros((linear.shape[0], 1))
        added[row] = image.to_display.linear[row, column]
        offset[row] = image.to_display.offset[row]
        affine = Affine(
            np.column_stack([added, linear, offset]),
            (name, *labels.to_display.input_axes),
            labels.to_display.output_axes,
        )
        axis = image.axes[column]
        channel = None if labels.channel_axis is None else labels.channel_axis + 1
        labels = replace(
            labels,
            axes=(Axis(name, axis.type, axis.unit), *labels.axes),
            sources=levels,
            to_display=affine,
            channel_axis=channel,
        )
    return labels


def _only_axis_along(affine: Affine, row: int) -> int | None:
    """The one array axis that runs along display axis ``row``, and along no other."""
    columns = np.flatnonzero(affine.linear[row])
    if len(columns) != 1 or np.count_nonzero(affine.linear[:, columns[0]]) != 1:
        return None
    return int(columns[0])
