"""Levels as an independent evaluation expects them, whatever the sizes, blocks and types."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage.measure import block_reduce
from skimage.transform import downscale_local_mean

from napari_ome_zip.pixels import reduction
from napari_ome_zip.pixels.reduction import reduce_block
from napari_ome_zip.saving.encoding.pyramid import level_transforms, plan_levels

SPACE = ("space", "space", "space")

_integers = st.sampled_from(["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", ">u2", ">i4", ">u8"])
_shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=7)


@st.composite
def _reductions(draw: st.DrawFn, dtypes: st.SearchStrategy[str], shrunk: bool = False):
    """An array and factors."""
    dtype = np.dtype(draw(dtypes))
    elements = st.integers(0, 3) if shrunk else None
    pixels = draw(hnp.arrays(dtype, draw(_shapes), elements=elements))
    factors = tuple(draw(st.integers(1, 3)) for _ in pixels.shape)
    return pixels, factors


def blocks(pixels: np.ndarray, factors: tuple[int, ...]):
    """Index of every pixel of the result, and the values it stands for, as Python's own."""
    shape = tuple(math.ceil(n / f) for n, f in zip(pixels.shape, factors, strict=True))
    for index in product(*map(range, shape)):
        place = tuple(slice(i * f, (i + 1) * f) for i, f in zip(index, factors, strict=True))
        yield index, pixels[place].ravel().tolist()


def computed(pixels, factors, kind) -> np.ndarray:
    result = reduce_block(pixels, factors, kind)
    assert result.shape == tuple(-(-n // f) for n, f in zip(pixels.shape, factors, strict=True))
    assert result.dtype == pixels.dtype.newbyteorder("=")
    assert result.dtype.isnative
    return result


class TestMean:
    @settings(deadline=None)
    @given(_reductions(_integers))
    def test_integers_are_the_exact_mean_rounded_half_to_even(self, case) -> None:
        pixels, factors = case
        result = computed(pixels, factors, "mean")
        for index, values in blocks(pixels, factors):
            # Python's integers and fractions have no limits; round() is half to even.
            assert int(result[index]) == round(Fraction(sum(values), len(values)))

    @pytest.mark.parametrize("dtype", ["u1", "i1", "u4", "i4", "u8", "i8"])
    @pytest.mark.parametrize("factors", [(2, 2), (3, 3), (17, 19)])
    def test_the_extremes_of_a_type_do_not_overflow(
        self, dtype: str, factors: tuple[int, int]
    ) -> None:
        for extreme in (np.iinfo(dtype).max, np.iinfo(dtype).min):
            pixels = np.full((34, 57), extreme, dtype)
            assert (computed(pixels, factors, "mean") == extreme).all()

    @settings(deadline=None)
    @given(_reductions(st.just("u2")))
    def test_whole_blocks_agree_with_scikit_image(self, case) -> None:
        pixels, factors = case
        whole = tuple(slice(n // f * f) for n, f in zip(pixels.shape, factors, strict=True))
        result = computed(pixels, factors, "mean")
        expected = np.rint(downscale_local_mean(pixels[whole], factors))
        inside = tuple(slice(n) for n in expected.shape)
        np.testing.assert_array_equal(result[inside], expected)

    @pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", "c8"])
    def test_floats_are_plain_means_of_their_own_type(self, dtype: str) -> None:
        pixels = np.random.default_rng(4).normal(size=(5, 8, 12)).astype(dtype)
        result = computed(pixels, (1, 2, 4), "mean")
        wide = pixels.astype("c16" if dtype == "c8" else "f8")
        expected = block_reduce(wide, (1, 2, 4), np.mean).astype(result.dtype)
        np.testing.assert_allclose(result, expected, rtol=1e-3 if dtype == "f2" else 1e-6)

    def test_nan_and_infinity_stay_visible_in_their_own_blocks(self) -> None:
        pixels = np.ones((2, 8), "f4")
        pixels[0, 0] = np.nan
        pixels[1, 2] = np.inf
        pixels[0, 4:6] = np.inf, -np.inf
        np.testing.assert_array_equal(
            computed(pixels, (2, 2), "mean"), [[np.nan, np.inf, np.nan, 1]]
        )

    def test_the_largest_float_of_single_precision_keeps_its_value(self) -> None:
        largest = np.finfo("f4").max
        assert computed(np.full((4, 4), largest), (2, 2), "mean")[0, 0] == largest

    @settings(deadline=None)
    @given(_reductions(st.just("?")))
    def test_booleans_are_true_where_more_than_half_are(self, case) -> None:
        pixels, factors = case
        result = computed(pixels, factors, "mean")
        for index, values in blocks(pixels, factors):
            assert result[index] == (2 * sum(values) > len(values))

    def test_rounding_does_not_brighten_an_image_level_after_level(self) -> None:
        level = np.random.default_rng(5).integers(0, 256, (1024, 1024), "u1")
        mean = level.mean()
        for _ in range(4):
            level = reduce_block(level, (2, 2), "mean")
        assert abs(level.mean() - mean) < 0.06


class TestMode:
    @settings(deadline=None)
    @given(_reductions(_integers, shrunk=True))
    def test_the_most_frequent_value_wins_then_foreground_then_the_smallest(self, case) -> None:
        pixels, factors = case
        result = computed(pixels, factors, "mode")
        for index, values in blocks(pixels, factors):
            votes = Counter(values)
            best = min(votes, key=lambda value: (-votes[value], value == 0, value))
            assert int(result[index]) == best

    @settings(deadline=None)
    @given(_reductions(_integers | st.just("?")))
    def test_no_value_is_invented(self, case) -> None:
        pixels, factors = case
        result = computed(pixels, factors, "mode")
        for index, values in blocks(pixels, factors):
            assert result[index].item() in values

    def test_64_bit_identifiers_survive(self) -> None:
        ids = np.array([[2**64 - 1, 2**64 - 1], [2**53 + 1, 2**64 - 1]], "u8")
        assert computed(ids, (2, 2), "mode")[0, 0] == 2**64 - 1
        assert computed(ids[1:, :1], (2, 2), "mode")[0, 0] == 2**53 + 1

    def test_large_blocks_of_pixels_are_counted_without_overflow(self) -> None:
        pixels = np.zeros((20, 20), "u2")
        pixels[:, :11] = 7
        assert computed(pixels, (20, 20), "mode") == 7


class TestBlocks:
    @settings(deadline=None)
    @given(_reductions(st.just("u2")), st.sampled_from(["mean", "mode"]))
    def test_what_is_reduced_at_once_does_not_matter(self, case, kind) -> None:
        pixels, factors = case
        whole = computed(pixels, factors, kind)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reduction, "CACHED_BYTES", 1)
            np.testing.assert_array_equal(computed(pixels, factors, kind), whole)

    def test_the_source_is_never_changed(self) -> None:
        pixels = np.arange(25, dtype="u8").reshape(5, 5)
        for kind in ("mean", "mode"):
            for factors in ((1, 1), (2, 2)):
                before = pixels.copy()
                computed(pixels, factors, kind)
                np.testing.assert_array_equal(pixels, before)

    def test_an_empty_axis_stays_empty(self) -> None:
        assert computed(np.empty((0, 5), "u2"), (2, 2), "mean").shape == (0, 3)


class TestPlan:
    def test_a_plane_is_halved_down_to_one_screen(self) -> None:
        levels = plan_levels((2, 5000, 3000), ("channel", "space", "space"))
        assert [level.shape for level in levels] == [
            (2, 5000, 3000),
            (2, 2500, 1500),
            (2, 1250, 750),
            (2, 625, 375),
        ]
        assert [level.factors for level in levels] == [(1, f, f) for f in (1, 2, 4, 8)]

    def test_a_small_image_has_one_level(self) -> None:
        (level,) = plan_levels((16, 1024, 1024), SPACE)
        assert level.factors == level.step == (1, 1, 1)

    def test_thick_slices_are_kept_until_the_plane_has_caught_up(self) -> None:
        levels = plan_levels((40, 8192, 8192), SPACE, (3.0, 0.5, 0.5), count=6)
        # In-plane spacing 0.5, 1, 2, 4: at 4 (and from 3 / √2 on) slices of 3 are the finer ones.
        assert [level.factors[0] for level in levels] == [1, 1, 1, 1, 2, 4]
        assert [level.factors[1] for level in levels] == [1, 2, 4, 8, 16, 32]

    def test_thin_slices_are_halved_with_the_plane_at_once(self) -> None:
        levels = plan_levels((300, 2048, 2048), SPACE, (0.1, 0.5, 0.5))
        assert levels[1].step == (2, 2, 2)

    def test_a_large_volume_goes_on_until_it_fits_the_graphics_card(self) -> None:
        levels = plan_levels((1024, 1024, 1024), SPACE)
        assert levels[-1].shape == (256, 256, 256)

    @pytest.mark.parametrize("useless", [0.0, math.nan, math.inf])
    def test_an_unusable_spacing_counts_as_one_and_a_mirrored_one_as_its_size(
        self, useless: float
    ) -> None:
        plain = plan_levels((64, 4096, 4096), SPACE)
        assert plan_levels((64, 4096, 4096), SPACE, (useless, 1, -1)) == plain

    def test_levels_end_at_a_single_pixel(self) -> None:
        levels = plan_levels((5, 3, 1), ("time", "space", "space"), count=10)
        assert [level.shape for level in levels] == [(5, 3, 1), (5, 2, 1), (5, 1, 1)]

    def test_without_spatial_axes_there_is_one_level(self) -> None:
        assert len(plan_levels((9000, 3), ("time", None))) == 1

    def test_what_does_not_fit_together_is_refused(self) -> None:
        with pytest.raises(ValueError, match="2 axes"):
            plan_levels((4, 4), SPACE)
        with pytest.raises(ValueError, match="2 axes"):
            plan_levels((4, 4), SPACE[:2], (1.0,))
        with pytest.raises(ValueError, match="0 levels"):
            plan_levels((4, 4), SPACE[:2], count=0)

    @given(
        st.lists(
            st.tuples(
                st.integers(1, 20_000),
                st.sampled_from(["space", "time", "channel", None]),
                st.floats(0.01, 100),
            ),
            min_size=1,
            max_size=5,
        )
    )
    def test_every_plan_ends_small_and_shrinks_space_alone(self, axes) -> None:
        shape, types, spacing = zip(*axes, strict=True)
        levels = plan_levels(shape, types, spacing)
        assert levels[0].shape == shape
        space = [axis for axis, kind in enumerate(types) if kind == "space"]
        edges = [levels[-1].shape[axis] for axis in space]
        assert max(edges, default=0) <= 1024
        assert math.prod(edges) <= 1 << 26
        for before, level in pairwise(levels):
            assert any(step == 2 for step in level.step)
            for axis, kind in enumerate(types):
                assert level.step[axis] == 1 or kind == "space"
                assert level.factors[axis] == before.factors[axis] * level.step[axis]
                # From the level before or from the full resolution: the same size.
                assert level.shape[axis] == math.ceil(before.shape[axis] / level.step[axis])
                assert level.shape[axis] == math.ceil(shape[axis] / level.factors[axis])

    @given(st.floats(0.05, 20))
    def test_voxels_come_as_close_to_cubes_as_halving_can_bring_them(self, thickness) -> None:
        levels = plan_levels((1 << 12, 1 << 12, 1 << 12), SPACE, (thickness, 1.0, 1.0), count=7)
        for before, level in pairwise(levels):
            ratio = [math.log2(thickness * p.factors[0] / p.factors[1]) for p in (before, level)]
            assert abs(ratio[1]) <= max(abs(ratio[0]), 0.5 + 1e-9)


class TestTransforms:
    def test_a_level_is_moved_by_half_a_block(self) -> None:
        scale, translation = level_transforms((2.0, 0.5, 0.5), (10.0, 0.0, -1.0), (1, 2, 4))
        assert scale == (2.0, 1.0, 2.0)
        assert translation == (10.0, 0.25, -0.25)

    @given(
        st.integers(1, 64),
        st.integers(0, 100),
        st.floats(0.01, 100),
        st.floats(-1000, 1000),
    )
    def test_a_pixel_lies_at_the_mean_of_the_centres_it_stands_for(
        self, factor: int, index: int, spacing: float, start: float
    ) -> None:
        (scale,), (translation,) = level_transforms((spacing,), (start,), (factor,))
        centres = start + spacing * np.arange(index * factor, (index + 1) * factor)
        assert translation + scale * index == pytest.approx(centres.mean(), rel=1e-9, abs=1e-6)

    def test_a_ramp_keeps_its_values_in_place_at_every_level(self) -> None:
        # The value of each pixel is its position: so it must be at every level.
        ramp = np.arange(64, dtype="f8") * 0.5 + 3
        for level in plan_levels((64,), ("space",), count=5)[1:]:
            ramp = reduce_block(ramp, level.step, "mean")
            (scale,), (translation,) = level_transforms((0.5,), (3.0,), level.factors)
            expected = translation + scale * np.arange(level.shape[0])
            np.testing.assert_allclose(ramp, expected)

    def test_lengths_must_agree(self) -> None:
        with pytest.raises(ValueError, match=r"shorter|longer"):
            level_transforms((1.0, 1.0), (0.0,), (2, 2))
