"""What images of one scan have in common: axes, channels, and pixels of one size and direction."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.composite import PlacedImage, PlacedLabels, PlacedPart

_SAME_SIZE = 1e-4
"""Fraction by which pixels of one scan may differ in size or direction."""


def kinship(part: PlacedPart, *, turned: bool = False) -> Any:
    """What parts of one scan have in common, as something that is equal or not.

    Parameters
    ----------
    part : PlacedPart
    turned : bool
        Whether pixels may be turned: the parts then have no common grid.
    """
    position = part.position
    names = tuple(axis.name for axis in part.axes)
    linear = part.to_display.linear
    sizes, turn = _size_and_turn(linear.tobytes(), linear.shape)
    place = None if position is None else (position.plate, position.acquisition)
    label = _label(part) if isinstance(part, PlacedLabels) else None
    kind = part.dtype.kind
    look = _look(part) if position is None else None
    direction = b"" if turned else turn
    return type(part), place, label, names, part.channel_count, sizes, direction, kind, look


def _label(part: PlacedPart) -> str:
    """What labels are called in each image of a scan."""
    if part.position is not None and "/labels/" not in part.path:  # beside their image (RFC-8)
        return part.name
    return part.path.rpartition("/labels/")[2]


@lru_cache(maxsize=256)
def _size_and_turn(linear: bytes, shape: tuple[int, int]) -> tuple[tuple[int | None, ...], bytes]:
    """Size of a pixel along each axis, and how its axes are turned, both as whole numbers."""
    factors = np.frombuffer(linear).reshape(shape)
    lengths = np.linalg.norm(factors, axis=0)
    sizes = tuple(
        round(math.log(length) / _SAME_SIZE) if 0 < length < math.inf else None
        for length in lengths.tolist()
    )
    # Rows first: a shear of the finer axis is small beside the pixels of the coarser one.
    balanced = factors / largest(factors, axis=1)
    turn = np.round(balanced / largest(balanced, axis=0) / _SAME_SIZE).astype(int)
    return sizes, turn.tobytes()


def _look(part: PlacedPart) -> Any:
    """What tiles show, as far as the file says: tiles of other channels are other images.

    Fields of one plate are imaged alike; there only a name may differ.
    """
    if isinstance(part, PlacedImage):
        return tuple((channel.name, channel.color) for channel in part.channels)
    if isinstance(part, PlacedLabels) and part.label is not None:
        # Properties go by numbers, which mean other objects in every tile.
        return part.label.colors, id(part) if part.label.properties else None
    return None


def largest(linear: npt.NDArray[np.float64], axis: int) -> npt.NDArray[np.float64]:
    """The largest entry of each row or column, to divide by: 1 where all are 0."""
    largest: npt.NDArray[np.float64] = np.abs(linear).max(axis=axis, keepdims=True, initial=0.0)
    largest[largest == 0] = 1
    return largest
