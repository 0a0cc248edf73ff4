"""Arrays that will be written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dask.array as da
import numpy as np

from napari_ome_zip.pixels.reduction import Kind
from napari_ome_zip.saving.encoding.arrays import ArrayLayout


@dataclass(frozen=True)
class ArrayPlan:
    """One array that will be written."""

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    layout: ArrayLayout
    source: da.Array | None = field(repr=False)
    """Where its pixels come from; None where they are made from the array `made_from`."""
    made_from: str | None = None
    step: tuple[int, ...] = ()
    """Pixels of `made_from` that become one, along each axis."""
    kind: Kind = "mean"
    title: str = "image"
    """Name of the layer or image that the pixels come from, for messages."""

    @property
    def nbytes(self) -> int:
        """Uncompressed size in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


def chains(arrays: Sequence[ArrayPlan]) -> list[list[ArrayPlan]]:
    """Each array that has a source, with those that are made from it one after the other."""
    found: list[list[ArrayPlan]] = []
    for array in arrays:
        if array.source is None:
            found[-1].append(array)
        else:
            found.append([array])
    return found
