"""Sources seen otherwise have the pixels that NumPy makes of theirs, in every region."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from napari_ome_zip.pixels.arranged import Arranged, Magnitude, arranged, magnitudes
from napari_ome_zip.pixels.best_known import BestKnown, Missing
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.pixels.pixel_array import PixelArray
from napari_ome_zip.pixels.source import DirectSource

SHAPE = (3, 4, 5)
REGION = (slice(1, 3), slice(0, 2), slice(2, 5))


@dataclass(frozen=True, eq=False)
class InMemory(DirectSource):
    """Pixels of an array, of which nothing is known at first."""

    pixels: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.pixels.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.pixels.dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        return (1, 2, 5)

    def read_into(self, region: Region, out: np.ndarray) -> None:
        out[...] = self.pixels[region]

    def best_known(self, region: Region) -> BestKnown:
        pixels = self.pixels[region]
        whole = np.zeros(pixels.shape, self.dtype)
        everything = tuple(slice(0, n) for n in pixels.shape)
        missing = Missing("all", pixels.copy, everything, everything)
        return BestKnown(whole, (missing,))


def source() -> InMemory:
    return InMemory(np.arange(60).reshape(SHAPE).astype(np.uint16))


ORDERS = [*permutations(range(3)), (3, 0, 1, 2), (2, 3, 4, 0, 1)]


def expected(order: tuple[int, ...]) -> np.ndarray:
    pixels = source().pixels
    return pixels.reshape(*SHAPE, *(1,) * (len(order) - 3)).transpose(order)


@pytest.mark.parametrize("order", ORDERS)
def test_axes_are_in_the_order_that_is_asked_for(order: tuple[int, ...]) -> None:
    seen = Arranged(source(), order)
    assert seen.shape == expected(order).shape
    everything = tuple(slice(0, n) for n in seen.shape)
    np.testing.assert_array_equal(seen.read(everything), expected(order))
    out = np.zeros(seen.shape, np.uint16)
    seen.read_into(everything, out)
    np.testing.assert_array_equal(out, expected(order))
    assert seen.chunks == tuple((1, 2, 5, 1, 1)[axis] for axis in order)


@pytest.mark.parametrize("order", ORDERS)
def test_what_becomes_known_is_seen_in_what_was_handed_out(order: tuple[int, ...]) -> None:
    seen = Arranged(source(), order)
    region = tuple(slice(n // 2, n) for n in seen.shape)
    known = seen.best_known(region)
    assert known is not None
    shown = known.shown(known.whole)
    assert not shown.any()
    for missing in known.missing:
        known.whole[missing.target] = missing.compute()[missing.inside]
    np.testing.assert_array_equal(shown, expected(order)[region])


@pytest.mark.parametrize("order", ORDERS)
def test_a_lazy_array_stays_one_that_a_viewer_need_not_wait_for(order: tuple[int, ...]) -> None:
    array = arranged(lazy(source()), order)
    assert isinstance(array, PixelArray)
    np.testing.assert_array_equal(array, expected(order))
    np.testing.assert_array_equal(array.compute(), expected(order))


def test_any_other_lazy_array_is_left_to_dask() -> None:
    part = lazy(source())[1:]
    moved = arranged(part, (2, 3, 0, 1))
    np.testing.assert_array_equal(moved, expected((2, 3, 0, 1))[..., 1:, :])


@pytest.mark.parametrize("dtype", ["c8", "c16"])
def test_complex_numbers_are_seen_as_magnitudes(dtype: str) -> None:
    pixels = (source().pixels * (3 + 4j)).astype(dtype)
    array = magnitudes(lazy(InMemory(pixels)))
    assert isinstance(array, PixelArray)
    assert array.dtype == abs(pixels).dtype
    np.testing.assert_allclose(array, 5.0 * source().pixels)
    np.testing.assert_allclose(array.compute(), 5.0 * source().pixels)
    known = Magnitude(InMemory(pixels)).best_known(REGION)
    assert known is not None
    assert not known.whole.any()
    (missing,) = known.missing
    assert missing.key != "all"  # the same block as it is stored is another one
    np.testing.assert_allclose(missing.compute(), 5.0 * source().pixels[REGION])
