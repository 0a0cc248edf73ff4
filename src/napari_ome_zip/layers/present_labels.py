"""Of what is said of labels, what is said of those that are there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import dask.array as da
import numpy as np

from napari_ome_zip.image.composite import CompositeImage, PlacedLabels
from napari_ome_zip.ome import ImageLabel
from napari_ome_zip.ome.images.label_table import LabelTable
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.pixels.lazy import pixels_of
from napari_ome_zip.progress import Cancelled

MANY = 1_000
"""Rows of properties from which on it is worth a look at all pixels."""
MAX_PIXELS = 2**28
"""Pixels that are looked at, at most; what is said of more labels stays as it is."""
_AT_ONCE = 2**24


def about_present_labels(
    image: CompositeImage, cancelled: Cancelled | None = None
) -> CompositeImage:
    """A composite whose labels have properties and colors of those values alone that they hold.

    A part of a slide may show a hundred cells; a file has properties of a hundred thousand of
    them, in a document that every program reads as a whole. Few properties stay as they are.

    Parameters
    ----------
    image : CompositeImage
        Made of layers of no file.
    cancelled : callable, optional
        Asked now and then; once it returns True, the rest stays as it is.
    """
    parts = tuple(
        _about_present(part, cancelled) if isinstance(part, PlacedLabels) else part
        for part in image.parts
    )
    return replace(image, parts=parts)


def _about_present(part: PlacedLabels, cancelled: Cancelled | None) -> PlacedLabels:
    label = part.label
    many = label is not None and max(len(label.properties), len(label.colors)) > MANY
    if label is None or not many or math.prod(part.shape) > MAX_PIXELS:
        return part
    there: set[int] = set()
    for region in _slabs(part.levels[0]):
        if cancelled is not None and cancelled():
            return part
        there.update(np.unique(pixels_of(part.levels[0][region])).tolist())
    return replace(part, label=_of(label, there))


def _slabs(array: da.Array) -> Iterator[Region]:
    """Regions of few enough pixels, along the longest axis."""
    shape = tuple(int(n) for n in array.shape)
    axis = shape.index(max(shape))
    step = max(1, _AT_ONCE * shape[axis] // math.prod(shape))
    for start in range(0, shape[axis], step):
        whole = [slice(0, n) for n in shape]
        whole[axis] = slice(start, min(start + step, shape[axis]))
        yield tuple(whole)


def _of(label: ImageLabel, there: set[int]) -> ImageLabel:
    table = label.table
    rows = [row for row, value in enumerate(table.values) if value in there]
    place = {row: number for number, row in enumerate(rows)}
    columns = {
        name: {place[row]: cell for row, cell in cells.items() if row in place}
        for name, cells in table.columns.items()
    }
    values = [table.values[row] for row in rows]
    colors = tuple(color for color in label.colors if color.value in there or color.value == 0)
    return replace(label, properties=LabelTable(values, columns), colors=colors)
