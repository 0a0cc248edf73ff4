"""What makes an array a label image that a viewer can show beside its image."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import UnreadableChunkError, raise_line_failure
from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.lazy import block_shape
from napari_ome_zip.pixels.parallel import read
from napari_ome_zip.pixels.source import AnySource
from napari_ome_zip.pixels.strictness import strict_reading

MAX_JUDGED = 2**27
"""Stored pixels of floating point labels that are looked at on opening, at most."""


class Integers(NamedTuple):
    """Label values as integers, or why they stay what they are."""

    sources: tuple[AnySource, ...] | None
    """Lazy levels of an integer type, largest first; None where values would be lost."""
    remark: str = ""
    """What a person should know, the end of a sentence about the labels; empty for integers."""


def as_integers(part: PlacedPart, stored: Sequence[ChunkedArray], *, affordable: bool) -> Integers:
    """Label values as integers without loss, lazily.

    Booleans become 8-bit. Floating point labels become integers when every value of level 0 is
    a whole number that an integer type holds: all of them are read, for one fraction in one
    chunk would silently become another object. Smaller levels that hold other numbers, as means
    of labels do, are left out.

    Parameters
    ----------
    part : PlacedPart
        The labels, as they are shown.
    stored : sequence of ChunkedArray
        The levels as they lie in the file, largest first.
    affordable : bool
        Whether they may be read on opening (see `can_be_judged`).

    Notes
    -----
    OME-Zarr, section "labels": label images MUST be of integer type.
    """
    dtype = part.dtype
    if dtype.kind in "iu":
        return Integers(part.sources)
    if dtype.kind == "b":
        return Integers(tuple(level.astype(np.uint8) for level in part.levels))
    if dtype.kind != "f":
        return Integers(None, f"hold {dtype}, not object numbers")
    if not affordable:
        return Integers(
            None, f"are stored as {dtype}, and too large to see whether all are whole numbers"
        )
    found = _whole_numbers(stored[0])
    if isinstance(found, str):
        return Integers(None, found)
    integer = next((dtype for dtype in _INTEGER_TYPES if _holds(dtype, found)), None)
    if integer is None:
        return Integers(None, "hold numbers too large for any type of integers")
    smaller = itertools.takewhile(lambda s: _holds(integer, _whole_numbers(s)), stored[1:])
    count = 1 + len(list(smaller))
    remark = f"are stored as {dtype}; all are whole numbers, shown as {integer}"
    if count < len(stored):
        remark += f". Of {len(stored)} levels only {count} hold object numbers; the others are left"
        remark += " out"
    return Integers(tuple(level.astype(integer) for level in part.levels[:count]), remark)


def can_be_judged(levels: Iterable[ChunkedArray]) -> bool:
    """Whether all pixels of some arrays can be looked at on opening; chunks not stored are free."""
    return sum(map(_stored_pixels, levels)) <= MAX_JUDGED


def _stored_pixels(source: ChunkedArray) -> int:
    boxes = source.stored_boxes(_whole(source))
    if boxes is None:
        return math.prod(source.shape)
    return int((boxes[:, 1] - boxes[:, 0]).prod(axis=1).sum())


def _whole(source: ChunkedArray) -> tuple[slice, ...]:
    return tuple(slice(0, size) for size in source.shape)


def _regions(source: ChunkedArray) -> Iterator[tuple[slice, ...]]:
    """Regions that cover all that is stored of an array, each of one stored object or a few."""
    boxes = source.stored_boxes(_whole(source))
    if boxes is not None:
        return (tuple(map(slice, *box.tolist())) for box in boxes)
    block = block_shape(source.shape, source.grid_chunk_shape, source.dtype.itemsize)
    axes = [
        [slice(start, min(start + step, size)) for start in range(0, size, step)]
        for size, step in zip(source.shape, block, strict=True)
    ]
    return itertools.product(*axes)


def _whole_numbers(source: ChunkedArray) -> tuple[int, int] | str:
    """The smallest and largest value where all are whole numbers, else what is wrong with them."""
    low = high = 0.0
    seen = [] if _stored_pixels(source) == math.prod(source.shape) else [source.fill_value]
    try:
        for values in itertools.chain(map(np.asarray, seen), _read_strictly(source)):
            if not (np.isfinite(values).all() and (values == np.rint(values)).all()):
                return "hold numbers with fractions, not object numbers"
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    except UnreadableChunkError as error:
        raise_line_failure(error)
        found = error.found.rstrip(".")
        return f"are stored as {source.dtype}, and not all can be read: {found}"
    return int(low), int(high)


def _read_strictly(source: ChunkedArray) -> Iterator[npt.NDArray[Any]]:
    """All that is stored: a fill value in the place of a damaged chunk would tell nothing."""
    for region in _regions(source):
        with strict_reading():
            values = read(source, region)
        yield values


_INTEGER_TYPES = tuple(map(np.dtype, (np.int32, np.int64, np.uint64)))


def _holds(dtype: np.dtype[Any], found: tuple[int, int] | str) -> bool:
    bounds = np.iinfo(dtype)
    return not isinstance(found, str) and bounds.min <= found[0] and found[1] <= bounds.max


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
            axes=(replace(axis, name=name), *labels.axes),
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
