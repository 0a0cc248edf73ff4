"""Pixels behind a line for someone who looks at them: what is in memory, and what is to be fetched.

Which chunks are in memory is known at once; anything else, even whether a chunk is stored, may take
the time of the line, and is left to threads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.pixels.best_known import BestKnown, Missing, stop_if_unwanted
from napari_ome_zip.pixels.decoded_chunks import keeping
from napari_ome_zip.pixels.expecting import expect
from napari_ome_zip.pixels.grid import Region, pieces_from_the_middle, shape_of
from napari_ome_zip.pixels.parallel import decoded_bytes
from napari_ome_zip.pixels.source import PixelSource

BLOCK_BYTES = 1 << 19
"""What is shown as one, about (512 KiB), where chunks are smaller: each look takes time."""
MAX_BLOCKS = 2**10
"""Blocks of one view, about, at most."""


def remote_best_known(source: PixelSource, region: Region) -> BestKnown:
    """Pixels of a region as far as they are in memory; the rest is fetched together.

    Parameters
    ----------
    source : PixelSource
        Whose `recall` knows what is in memory.
    region : tuple of slice
    """
    whole = np.full(shape_of(region), source.fill_value, source.dtype)
    if not whole.size:
        return BestKnown(whole, ())
    missing: list[Missing] = []
    parts: list[Region] = []
    for _, _, target in pieces_from_the_middle(region, _block_shape(source, region)):
        part = tuple(
            slice(t.start + s.start, t.stop + s.start) for t, s in zip(target, region, strict=True)
        )
        if source.recall(part, whole[target] if target else whole):
            continue
        key = source, tuple((s.start, s.stop) for s in part)
        inside = tuple(slice(0, s.stop - s.start) for s in part)
        missing.append(Missing(key, partial(_read, source, part), inside, target))
        parts.append(part)
    return BestKnown(whole, tuple(missing), expect=partial(expect, source, parts))


def _read(source: PixelSource, region: Region) -> npt.NDArray[Any]:
    stop_if_unwanted()
    with keeping(decoded_bytes(source, region)):
        return source.read(region)


def _block_shape(source: PixelSource, region: Region) -> tuple[int, ...]:
    """Whole chunks, some of a plane together where they are small."""
    shape = shape_of(region)
    block = [max(1, min(c, n)) for c, n in zip(source.chunks, source.shape, strict=True)]

    def grow(axes: Sequence[int]) -> bool:
        growing = [axis for axis in axes if block[axis] < shape[axis]]
        if growing:
            block[min(growing, key=lambda axis: (block[axis], -axis))] *= 2
        return bool(growing)

    plane = range(max(0, len(block) - 2), len(block))
    while 2 * math.prod(block) * source.dtype.itemsize <= BLOCK_BYTES and grow(plane):
        pass
    while math.prod(-(-n // b) for n, b in zip(shape, block, strict=True)) > MAX_BLOCKS:
        if not grow(range(len(block))):
            break
    return tuple(block)
