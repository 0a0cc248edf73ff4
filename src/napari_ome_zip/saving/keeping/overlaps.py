"""Where fields of view overlap: labels of a field that a later field hid, and nobody painted."""

from __future__ import annotations

from collections.abc import Iterator

import dask.array as da
import numpy as np

from napari_ome_zip.image.composite import PlacedLabels
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.saving.original.stored import stored_multiscale


def with_hidden(pixels: da.Array, labels: PlacedLabels, path: str, opened: Opened) -> da.Array:
    """New labels of one field, with those of its own that were hidden and are not painted.

    A mosaic shows the later of two fields that overlap. What is still as it was shown stays as the
    field has it; what was painted is painted in all the fields that are there.

    Parameters
    ----------
    pixels : dask array
        What the mosaic has now, where the field lies.
    labels : PlacedLabels
        The mosaic.
    path : str
        Of the field's labels in the file, one of the mosaic's fields.
    opened : Opened
        The file.
    """
    own = _stored(path, opened)
    if own is None or own.shape != pixels.shape:
        return pixels
    own = own.astype(pixels.dtype)
    hidden = list(_hidden(labels, path, own.shape, opened))
    if not hidden:
        return pixels
    shown = own.copy()
    for region, other in hidden:
        shown[region] = other
    found: da.Array = da.where(pixels == shown, own, pixels)
    return found


def _hidden(
    labels: PlacedLabels, path: str, shape: tuple[int, ...], opened: Opened
) -> Iterator[tuple[Region, da.Array]]:
    """What later fields show of themselves over a field: where in it, and their pixels."""
    paths = [field.path for field in labels.fields]
    if path not in paths:
        return
    number = paths.index(path)
    start = np.array(labels.fields[number].offset)
    for field in labels.fields[number + 1 :]:
        other = np.array(field.offset) - start
        first = np.maximum(other, 0)
        array = None
        if np.all(first < shape):
            array = _stored(field.path, opened)
        if array is None or array.ndim != len(shape):
            continue
        last = np.minimum(other + array.shape, shape)
        if np.all(first < last):
            inside = tuple(map(slice, (first - other).tolist(), (last - other).tolist()))
            yield tuple(map(slice, first.tolist(), last.tolist())), array[inside]


def _stored(path: str, opened: Opened) -> da.Array | None:
    """Level 0 of the labels of a field, as the file has them."""
    stored = stored_multiscale(opened, path)
    return None if stored is None else lazy(stored.levels[0].array)
