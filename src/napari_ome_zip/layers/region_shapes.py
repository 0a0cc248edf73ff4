"""Boxes in an image as rectangles in the world.

A box that has ends in depth or time is a rectangle on each plane that it covers. Where all boxes
cover all of an image, rectangles have no such dimension: a viewer shows them on every plane.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.image.tables.regions import Regions

MAX_SHAPES = 2_000
"""Rectangles of one layer, at most: viewers make each by itself."""

_NEAR = 1e-6
"""Fraction of a plane by which the end of a box may be off."""

_EDGES = ((0, 0, 1, 1), (0, 1, 1, 0))
"""Which end of a box a corner is at along y, and along x: once around it."""


class Rectangles(NamedTuple):
    """Rectangles in world coordinates."""

    corners: npt.NDArray[np.float64]
    """Of shape (n, 4, dimensions)."""
    boxes: npt.NDArray[np.intp]
    """The box that each is of, shape (n,)."""
    axes: list[int]
    """The display axes that they have, the last ones of all."""


def rectangles(regions: Regions, image: PlacedPart) -> Rectangles:
    """The rectangles of boxes, of each in the middle only where there were too many.

    Parameters
    ----------
    regions : Regions
    image : PlacedPart
        The image that they lie in.
    """
    linear, offset = image.to_display.linear, image.to_display.offset
    planes = _planes(regions, image)
    whole = [axis for axis, each in planes.items() if _are_whole(each, image.shape[axis])]
    axes = _axes_needed(image, whole)
    needed = {axis: each for axis, each in planes.items() if np.any(linear[axes, axis])}
    corners, boxes = [], []
    count = int(np.count_nonzero(regions.good))
    for box, places in enumerate(_few(needed, count)):
        for place in itertools.product(*places):
            index = np.zeros((4, len(image.axes)))
            index[:, list(needed)] = place
            for axis, ends in zip(regions.plane, _EDGES, strict=True):
                index[:, axis] = regions.bounds[axis][box][list(ends)]
            corners.append(index @ linear.T + offset)
            boxes.append(box)
    return Rectangles(np.array(corners)[:, :, axes], np.array(boxes, np.intp), axes)


def _planes(regions: Regions, image: PlacedPart) -> dict[int, list[range]]:
    """The planes that each box covers, by axis of the image but those shown and channels."""
    count = int(np.count_nonzero(regions.good))
    found = {}
    for axis in range(len(image.axes)):
        if axis not in (*regions.plane, image.channel_axis):
            ends = regions.bounds.get(axis)
            size = int(image.shape[axis])
            found[axis] = (
                [range(size)] * count
                if ends is None
                else [_covered(first, last, size) for first, last in ends.tolist()]
            )
    return found


def _covered(first: float, last: float, size: int) -> range:
    """The planes whose middle lies in a box, or the one that is nearest to it."""
    start, stop = math.ceil(first - _NEAR), math.ceil(last - _NEAR)
    if start >= stop:
        start = round((first + last) / 2)
        stop = start + 1
    start = min(max(start, 0), size - 1)
    return range(start, min(max(stop, start + 1), size))


def _are_whole(planes: Sequence[range], size: int) -> bool:
    return all(each == range(size) for each in planes)


def _axes_needed(image: PlacedPart, whole: Sequence[int]) -> list[int]:
    """The display axes that rectangles have: a viewer counts them from the last.

    The first ones are left out as long as only axes run along them that all boxes cover.
    """
    linear = image.to_display.linear
    others = [n for n in range(len(image.axes)) if n not in (*whole, image.channel_axis)]
    own = list(range(len(linear)))
    while len(own) > 2 and not np.any(linear[own[0], others]) and np.any(linear[own[0]]):
        own = own[1:]
    return own


def _few(planes: Mapping[int, Sequence[range]], count: int) -> list[list[Sequence[int]]]:
    """Planes of each box, along all axes; where that is too many, the one in the middle."""
    each = [[planes[axis][box] for axis in planes] for box in range(count)]
    if sum(math.prod(map(len, ranges)) for ranges in each) <= MAX_SHAPES:
        return [[*ranges] for ranges in each]
    return [[[r[len(r) // 2]] for r in ranges] for ranges in each]
