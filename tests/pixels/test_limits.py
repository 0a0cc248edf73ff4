"""Contrast limits from few pixels."""

from __future__ import annotations

import math

import dask.array as da
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.pixels.limits import MAX_SAMPLE, estimate_limits, middle

dtypes = st.sampled_from(["u2", "u4", "u8", "i2", "i8", "f2", "f4", "f8"])
pixels = dtypes.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(max_dims=3, max_side=4)))


@settings(deadline=None)
@given(pixels)
@example(np.full((2, 3), np.nan))
def test_limits_are_finite_rise_and_hold_all_ordinary_pixels(values: np.ndarray) -> None:
    limits = estimate_limits((da.from_array(values),))
    finite = values[np.isfinite(values)].astype(float)
    if limits is None:
        assert not finite.size
        return
    low, high = limits
    assert math.isfinite(high - low)
    assert low < high
    ordinary = finite[np.abs(finite) < 1e37]
    assert ((low <= ordinary) & (ordinary <= high)).all()


@pytest.mark.parametrize(
    ("value", "expected"), [(0, (0, 1)), (7, (0, 7)), (-7, (-7, 0)), (-1e300, (-1e300, 0))]
)
def test_of_one_value_only_the_other_limit_is_0(value: float, expected: tuple[float, ...]) -> None:
    assert estimate_limits((da.full((2, 2), value, dtype=float),)) == expected


@given(st.lists(st.integers(1, 10**5), min_size=1, max_size=5), st.integers(1, MAX_SAMPLE))
def test_the_middle_is_in_the_middle_and_small(shape: list[int], size: int) -> None:
    array = da.zeros(shape, chunks=shape, dtype="u1")
    cut = middle(array, size)
    assert math.prod(cut.shape) <= max(size, 1)
    assert all(1 <= part <= full for part, full in zip(cut.shape, shape, strict=True))


def test_leading_axes_are_cut_before_the_plane() -> None:
    array = da.from_array(np.arange(5 * 4 * 4).reshape(5, 4, 4))
    np.testing.assert_array_equal(middle(array, 16), np.arange(32, 48).reshape(1, 4, 4))


@given(st.lists(st.integers(1, 50), min_size=2, max_size=4), st.integers(1, 10**4), st.data())
def test_axes_in_another_order_are_cut_as_if_they_were_in_order(
    shape: list[int], size: int, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(shape))))
    array = da.zeros(shape, chunks=shape, dtype="u1")
    cut = middle(array, size, order=order)
    assert cut.transpose(order).shape == middle(array.transpose(order), size).shape


@pytest.mark.parametrize("axes", ["tyx", "ytx", "yxt", "yx"])
def test_limits_of_a_layer_are_those_of_its_pixels_however_its_axes_lie(axes: str) -> None:
    values = ramp((4, 3, 5)[: len(axes)])
    entries = HierarchyBuilder().image(values, axes).entries
    ((_, keywords, _),) = to_layer_data(open_image(entries))
    assert keywords["contrast_limits"] == (values.min(), values.max())
