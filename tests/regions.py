"""Regions of arrays: which to look at, their parts, and whether their pixels are the same."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_ome_zip.pixels.grid import Region


def regions_of(shape: tuple[int, ...], chunks: Sequence[int], seed: int) -> list[Region]:
    """All pixels, any box, boxes of whole chunks, a plane across each axis, one pixel."""
    rng = np.random.default_rng(seed)
    whole = tuple(slice(0, n) for n in shape)
    regions = [whole, *(_box(rng, shape, (1,) * len(shape)) for _ in range(2))]
    regions.append(_box(rng, shape, chunks))
    for axis, size in enumerate(shape):
        at = int(rng.integers(size))
        regions.append((*whole[:axis], slice(at, at + 1), *whole[axis + 1 :]))
    pixel = [int(rng.integers(size)) for size in shape]
    return [*regions, tuple(slice(n, n + 1) for n in pixel)]


def _box(rng: np.random.Generator, shape: Sequence[int], step: Sequence[int]) -> Region:
    """A box whose sides lie at multiples of a step, or at the border."""
    box = []
    for size, by in zip(shape, step, strict=True):
        first, last = sorted(rng.choice(-(-size // by) + 1, 2, replace=False).tolist())
        box.append(slice(first * by, min(last * by, size)))
    return tuple(box)


def parts_of(region: Region, cell: Sequence[int]) -> list[Region]:
    """The parts of a region that lie in one cell of a grid each, in C order."""
    axes = []
    for wanted, size in zip(region, cell, strict=True):
        lines = range((wanted.start // size + 1) * size, wanted.stop, size)
        ends = [wanted.start, *lines, wanted.stop]
        axes.append([slice(start, stop) for start, stop in itertools.pairwise(ends)])
    return list(itertools.product(*axes))


def within(part: Region, region: Region) -> Region:
    """Where a part of a region lies in an array of the region's shape."""
    sides = zip(part, region, strict=True)
    return tuple(slice(p.start - r.start, p.stop - r.start) for p, r in sides)


def assert_same(found: np.ndarray, expected: np.ndarray, what: Any = "") -> None:
    """Of one type and shape, bit by bit: NaN is NaN, and -0.0 is not 0.0.

    What was found is written over. It is the caller's own, so nothing that is kept changes with
    it; and memory that is used again holds no right pixels by chance.
    """
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype), what
    if np.ascontiguousarray(found).tobytes() != np.ascontiguousarray(expected).tobytes():
        np.testing.assert_array_equal(found, expected, f"{what}")
        raise AssertionError(f"Pixels differ in bits that compare equal: {what}")
    found.fill(77)
