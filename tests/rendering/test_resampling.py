"""Means over intervals, against counting small parts of pixels one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.rendering.resampling import block_means, means_along

PARTS = 4
"""Each pixel is of so many parts, at whose edges intervals begin and end."""


@given(st.data())
def test_means_are_those_of_all_parts_of_pixels(data: st.DataObject) -> None:
    pixels = np.array(
        data.draw(st.lists(st.integers(0, 255), min_size=1, max_size=40)), dtype=float
    )
    size = PARTS * len(pixels)
    edges = sorted(data.draw(st.sets(st.integers(0, size), min_size=2, max_size=20)))
    parts = pixels.repeat(PARTS)
    wanted = [parts[a:b].mean() for a, b in itertools.pairwise(edges)]
    low, high = np.array(edges[:-1]) / PARTS, np.array(edges[1:]) / PARTS
    for axis in (0, 1):
        plane = np.repeat(np.expand_dims(pixels, 1 - axis), 2, axis=1 - axis)
        found = means_along(plane, low, high, axis)
        np.testing.assert_allclose(found.take(0, 1 - axis), wanted)
        np.testing.assert_allclose(found.take(1, 1 - axis), wanted)


@pytest.mark.parametrize("length", [3, 30])
def test_what_is_not_a_number_has_no_weight(length: int) -> None:
    pixels = np.full(2 * length, np.nan)
    pixels[1] = 7.0
    ends = np.array([0.0, length, 2 * length])
    found = means_along(pixels[:, None], ends[:-1], ends[1:], 0)
    np.testing.assert_allclose(found[:, 0], [7.0, np.nan])


def test_blocks_at_the_end_may_be_smaller() -> None:
    found = block_means(np.arange(10.0).reshape(2, 5), (2, 2))
    np.testing.assert_array_equal(found, [[3.0, 5.0, 6.5]])
