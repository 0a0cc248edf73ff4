"""Means of blocks of pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def block_mean(pixels: npt.NDArray[Any], step: Sequence[int]) -> npt.NDArray[Any]:
    """Mean of each block of ``step`` pixels in the type of the pixels; the last may be smaller."""
    total: npt.NDArray[Any] = pixels
    count = np.ones((1,) * pixels.ndim)
    for axis, n in enumerate(step):
        if n == 1:
            continue
        size = pixels.shape[axis]
        total = _block_sum(total, axis, n, _sum_type(pixels.dtype, math.prod(step)))
        shape = [1] * pixels.ndim
        shape[axis] = -1
        lengths = np.minimum(n, size - np.arange(0, size, n))
        count = count * lengths.reshape(shape)
    mean = total / count
    if pixels.dtype.kind in "biu":
        mean = np.rint(mean)
    return mean.astype(pixels.dtype)


def _block_sum(
    pixels: npt.NDArray[Any], axis: int, n: int, dtype: np.dtype[Any]
) -> npt.NDArray[Any]:
    shape = list(pixels.shape)
    shape[axis] = -(-shape[axis] // n)
    total = np.zeros(shape, dtype)
    across = (slice(None),) * axis
    for first in range(min(n, pixels.shape[axis])):
        part = pixels[(*across, slice(first, None, n))]
        total[(*across, slice(0, part.shape[axis]))] += part
    return total


def _sum_type(dtype: np.dtype[Any], count: int) -> np.dtype[Any]:
    if dtype.kind == "c":
        return np.dtype(np.complex128)
    if dtype.kind in "biu" and dtype.itemsize <= 2 and count <= 2**15:
        return np.dtype(np.int32 if dtype.kind == "i" else np.uint32)
    return np.dtype(np.float64)
