"""Coarser pixels in place of those that are not known yet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.files.byte_file import Expectation
from napari_ome_zip.pixels.best_known import BestKnown, Missing, stop_if_unwanted
from napari_ome_zip.pixels.decoded_chunks import keeping
from napari_ome_zip.pixels.expecting import Together, expect
from napari_ome_zip.pixels.grid import Region, pieces, shape_of
from napari_ome_zip.pixels.parallel import decoded_bytes
from napari_ome_zip.pixels.source import PixelSource

TILE = 512
"""Pixels along an edge of what is looked for in coarser levels at once."""


def with_coarser(
    known: BestKnown, source: PixelSource, region: Region, coarser: Sequence[PixelSource]
) -> BestKnown:
    """Show what is in memory of coarser levels where pixels are missing.

    Where nothing is, pixels of the coarsest level are to come first (`BestKnown.underlay`).

    Parameters
    ----------
    known : BestKnown
        Of the region; it is changed.
    source : PixelSource
        The level that is asked for.
    region : tuple of slice
        Of that level.
    coarser : sequence of PixelSource
        Levels of the same axes, largest first.
    """
    nothing = sum(math.prod(shape_of(each.target)) for each in known.missing) == known.whole.size
    # A second array of a whole canvas would take time to be had.
    stand_in = known.whole if nothing else known.whole.copy()
    seen = known.shown(stand_in)
    is_complete = True
    tile = [TILE if axis >= source.ndim - 2 else n for axis, n in enumerate(source.shape)]
    for _, _, target in pieces(_at_zero(region), tile):
        sides = zip(region, target, strict=True)
        part = tuple(slice(r.start + t.start, r.start + t.stop) for r, t in sides)
        found = next(filter(_is_there, (_recalled(c, source, part) for c in coarser)), None)
        if found is None:
            is_complete = False
        else:
            seen[target] = found
    for missing in () if nothing else known.missing:
        known.whole[missing.target] = stand_in[missing.target]
    if is_complete or not coarser:
        return known
    return _with_underlay(known, source, region, coarser[-1])


def _is_there(pixels: npt.NDArray[Any] | None) -> bool:
    return pixels is not None


def _at_zero(region: Region) -> Region:
    return tuple(slice(0, n) for n in shape_of(region))


def _recalled(level: PixelSource, finer: PixelSource, region: Region) -> npt.NDArray[Any] | None:
    """Pixels of a level where those of a region of a finer one lie, as many as these."""
    behind = _behind(level, finer, region)
    around = _around(behind)
    pixels = np.empty(shape_of(around), level.dtype)
    return _spread(pixels, behind) if level.recall(around, pixels) else None


def _behind(level: PixelSource, finer: PixelSource, region: Region) -> list[npt.NDArray[np.intp]]:
    """Pixels along each axis that stand behind those of a region of a finer level.

    Of a plane the one that napari shows of that level: it rounds where it divides.
    """
    sides = zip(region, level.shape, finer.shape, strict=True)
    return [
        np.array([min(round(s.start * own / n), own - 1)], np.intp)
        if s.stop == s.start + 1
        else np.minimum(((np.arange(s.start, s.stop) + 0.5) * (own / n)).astype(np.intp), own - 1)
        for s, own, n in sides
    ]


def _around(behind: Sequence[npt.NDArray[np.intp]]) -> Region:
    return tuple(slice(int(places[0]), int(places[-1]) + 1) for places in behind)


def _spread(pixels: npt.NDArray[Any], behind: Sequence[npt.NDArray[np.intp]]) -> npt.NDArray[Any]:
    # Whole rows last: they are copied fastest.
    for axis in reversed(range(pixels.ndim)):
        pixels = pixels.take(behind[axis] - behind[axis][0], axis=axis)
    return pixels


def _with_underlay(
    known: BestKnown, source: PixelSource, region: Region, coarsest: PixelSource
) -> BestKnown:
    behind = _behind(coarsest, source, region)
    around = _around(behind)
    shape, dtype, shown = known.whole.shape, known.whole.dtype, known.shown

    def read() -> npt.NDArray[Any]:
        stop_if_unwanted()
        with keeping(decoded_bytes(coarsest, around)):
            pixels = coarsest.read(around)
        whole = np.empty(shape, dtype)
        shown(whole)[...] = _spread(pixels, behind)
        return whole

    everything = tuple(slice(0, n) for n in shape)
    key = "underlay", source, tuple((s.start, s.stop) for s in region)
    first = partial(expect, coarsest, [around])
    return replace(
        known,
        underlay=Missing(key, read, everything, everything),
        expect=first if known.expect is None else partial(_both, first, known.expect),
    )


def _both(first: Callable[[], Expectation], then: Callable[[], Expectation]) -> Expectation:
    return Together([first(), then()])
