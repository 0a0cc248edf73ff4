"""Contrast limits for images whose file gives none, from few pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.lazy import chunk_shape, is_remote, pixels_of

MAX_SAMPLE = 2**22
"""Pixels looked at, at most."""
MAX_REMOTE_SAMPLE = 2**19
"""As above, where they are fetched from a server: a picture is waiting for them."""
MAX_CHUNKS = 2**12
"""Chunks (of dask arrays: blocks) read for that, at most."""


def estimate_limits(
    levels: tuple[da.Array, ...],
    order: Sequence[int] | None = None,
    unit: Sequence[int] | None = None,
) -> tuple[float, float] | None:
    """Smallest and largest value of the coarsest level, or of its middle where that is large.

    Parameters
    ----------
    levels : tuple of dask.array.Array
        Levels of one channel, largest first.
    order : sequence of int, optional
        Axes as a viewer has them, the plane last; all in their own order where not given. Pixels
        whose axes were put in order would be computed by dask, which takes longer than reading.
    unit : sequence of int, optional
        Pixels along each axis of what counts as one chunk; by default those of what is read as one.

    Returns
    -------
    tuple of float or None
        ``(low, high)`` with ``low < high``; None for 8-bit and boolean pixels, which have
        natural limits, and where there is no finite value.
    """
    coarsest = levels[-1]
    if not needs_pixels(coarsest):
        return None
    pixels = pixels_of(sample(coarsest, order, unit))
    if pixels.dtype.kind == "c":
        pixels = np.abs(pixels)
    return _range(pixels)


def natural_limits(dtype: np.dtype[Any]) -> tuple[float, float] | None:
    """Limits of 8-bit and boolean pixels, which need no look at any; None for all others."""
    if dtype.kind == "b":
        return 0.0, 1.0
    if dtype.kind in "iu" and dtype.itemsize == 1:
        info = np.iinfo(dtype)
        return float(info.min), float(info.max)
    return None


def needs_pixels(coarsest: da.Array) -> bool:
    """Whether limits of an image are found by looking at pixels."""
    return coarsest.dtype.itemsize > 1 and bool(coarsest.size)


def sample(
    array: da.Array, order: Sequence[int] | None = None, unit: Sequence[int] | None = None
) -> da.Array:
    """The middle of ``array``: at most `MAX_SAMPLE` pixels, of about `MAX_CHUNKS` chunks."""
    most = MAX_REMOTE_SAMPLE if is_remote(array) else MAX_SAMPLE
    few = middle(array, most, order=order)
    return middle(few, MAX_CHUNKS, unit or chunk_shape(array), order)


def middle(
    array: da.Array, size: int, unit: Sequence[int] = (), order: Sequence[int] | None = None
) -> da.Array:
    """The middle of ``array``, of at most ``size`` elements; leading axes are cut first.

    Leading axes (time, depth) are cut before the plane, since a whole plane in the middle of
    a stack tells more than a thin column through it.

    Parameters
    ----------
    array : dask.array.Array
    size : int
    unit : sequence of int, optional
        Elements along each axis that count as one, such as those of a chunk.
    order : sequence of int, optional
        The axes, leading ones first; as they are where not given.
    """
    unit = unit or (1,) * array.ndim
    shape = [-(-n // u) for n, u in zip(array.shape, unit, strict=True)]
    for axis in range(array.ndim) if order is None else order:
        rest = math.prod(shape) // max(1, shape[axis])
        shape[axis] = max(1, min(shape[axis], size // max(1, rest)))
    parts = [min(n * u, full) for n, u, full in zip(shape, unit, array.shape, strict=True)]
    region = tuple(
        slice((full - part) // 2, (full - part) // 2 + part)
        for full, part in zip(array.shape, parts, strict=True)
    )
    cut: da.Array = array[region]
    return cut


def _range(pixels: npt.NDArray[Any]) -> tuple[float, float] | None:
    bound = np.inf
    if pixels.dtype.kind == "f":
        pixels = pixels[np.isfinite(pixels)]
        if not pixels.size:
            return None
        # Viewers subtract limits from each other and from pixels, in single precision or better.
        bound = float(np.finfo(np.result_type(pixels.dtype, np.float32)).max) / 4
    low = max(float(pixels.min()), -bound)
    high = min(float(pixels.max()), bound)
    if low < high:
        return low, high
    return (min(low, 0.0), max(low, 0.0)) if low else (0.0, 1.0)
