"""Vector fields against maps that are known in closed form."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry import Affine, VectorField
from napari_ome_zip.geometry.interpolation import linear, nearest
from napari_ome_zip.geometry.vector_field import INTERPOLATIONS, MAX_VECTOR_FIELD_BYTES

YX = ("y", "x")


def on_grid(shape: tuple[int, ...], step: float = 1.0, first: float = 0.0) -> np.ndarray:
    """Places of the samples, shape (…, N)."""
    return np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) * step + first


def field_of(
    vectors: np.ndarray, step: float = 1.0, first: float = 0.0, **options: Any
) -> VectorField:
    count = vectors.ndim - 1
    to_input = Affine.from_parts(np.eye(count) * step, [first] * count, YX[:count], YX[:count])
    return VectorField(vectors, count, to_input, YX[: vectors.shape[-1]], **options)


def turned(angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def sine(points: np.ndarray, height: float = 0.5) -> np.ndarray:
    y, x = points[..., 0], points[..., 1]
    return points + height * np.stack([np.sin(x / 3), np.cos(y / 4)], -1)


def sine_field(kind: str = "displacements", **options: Any) -> VectorField:
    grid = on_grid((30, 40), 0.5)
    vectors = sine(grid) - (grid if kind == "displacements" else 0)
    return field_of(vectors, 0.5, kind=kind, **options)


WITHIN = np.random.default_rng(0).uniform(0, 14, (200, 2))


@pytest.mark.parametrize("kind", ["displacements", "coordinates"])
@pytest.mark.parametrize("angle", [0.3, np.pi / 2, 2.8])
def test_a_rotation_written_as_a_field_is_the_rotation(kind: str, angle: float) -> None:
    grid = on_grid((8, 9), 2.0)
    vectors = grid @ turned(angle).T - (grid if kind == "displacements" else 0)
    field = field_of(vectors, 2.0, kind=kind)
    np.testing.assert_allclose(field.apply(WITHIN), WITHIN @ turned(angle).T, atol=1e-12)
    found, converged = field.inverse_apply(WITHIN @ turned(angle).T, 1e-10)
    assert converged.all()
    np.testing.assert_allclose(found, WITHIN, atol=1e-9)


@pytest.mark.parametrize("kind", ["displacements", "coordinates"])
def test_between_samples_vectors_are_interpolated_as_asked(kind: str) -> None:
    worst = {}
    for interpolation in INTERPOLATIONS:
        field = sine_field(kind, interpolation=interpolation)
        worst[interpolation] = abs(field.apply(WITHIN) - sine(WITHIN)).max()
    # Bounds of the method: half a step times the slope; an eighth of the squared step times the
    # curvature; less.
    assert worst["linear"] < 0.5**2 / 8 * (0.5 / 9 + 0.5 / 16) + 1e-12
    assert worst["bspline-cubic"] < worst["linear"] / 4
    if kind == "displacements":
        assert worst["nearest"] < 0.25 * (0.5 / 3) + 1e-12


def test_samples_themselves_are_exact_in_every_interpolation() -> None:
    grid = on_grid((30, 40), 0.5)
    for interpolation in INTERPOLATIONS:
        field = sine_field(interpolation=interpolation)
        np.testing.assert_allclose(field.apply(grid), sine(grid), atol=1e-9)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_components_may_stand_on_any_axis(axis: int) -> None:
    vectors = np.random.default_rng(1).normal(size=(5, 6, 2))
    plain = field_of(vectors)
    moved = VectorField(np.moveaxis(vectors, -1, axis), axis, plain.to_input, YX)
    points = WITHIN / 4
    np.testing.assert_array_equal(plain.apply(points), moved.apply(points))


def test_beyond_the_samples_a_displacement_goes_on_as_at_the_edge() -> None:
    vectors = np.random.default_rng(2).normal(size=(4, 5, 2))
    found = field_of(vectors).apply([[-10.0, 2.0], [50.0, 60.0]])
    np.testing.assert_allclose(found, [[-10.0, 2.0] + vectors[0, 2], [50.0, 60.0] + vectors[3, 4]])


def test_a_coordinate_field_maps_nothing_from_beyond_half_a_sample() -> None:
    grid = on_grid((4, 5))
    field = field_of(2 * grid, kind="coordinates")
    found = field.apply([[-0.4, 4.4], [-0.6, 2.0], [2.0, 4.6]])
    np.testing.assert_allclose(found[0], [-0.8, 8.8])
    assert np.isnan(found[1:]).all()
    assert not field.inverse_apply([[20.0, 2.0]]).converged.any()


@given(
    height=st.floats(-0.9, 0.9),
    seed=st.integers(0, 2**16),
    kind=st.sampled_from(["displacements", "coordinates"]),
)
def test_the_inverse_undoes_the_field(height: float, seed: int, kind: str) -> None:
    grid = on_grid((12, 14))
    vectors = sine(grid, height) - (grid if kind == "displacements" else 0)
    field = field_of(vectors, kind=kind)
    points = np.random.default_rng(seed).uniform(0.5, 10.5, (20, 2))
    found, converged = field.inverse_apply(field.apply(points), 1e-9)
    assert converged.all()
    np.testing.assert_allclose(found, points, atol=1e-7)


def test_points_without_an_origin_are_told_apart_from_the_others() -> None:
    grid = on_grid((4, 21))
    folded = grid.astype(float)
    folded[..., 1] = abs(grid[..., 1] - 6)  # nothing is mapped below 0
    field = field_of(folded, kind="coordinates")
    found, converged = field.inverse_apply([[1.0, -5.0], [1.0, 10.0], [2.0, 13.0]], 1e-6)
    assert converged.tolist() == [False, True, True]
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1:], [[1.0, 16.0], [2.0, 19.0]], atol=1e-6)


def test_vectors_that_are_no_numbers_say_nothing_and_leave_their_neighbors_alone() -> None:
    vectors = np.zeros((4, 4, 2))
    vectors[3, 3] = np.nan
    found = field_of(vectors).apply([[1.0, 1.0], [2.0, 2.0], [2.5, 2.5], [np.nan, 1.0]])
    np.testing.assert_array_equal(np.isnan(found).any(axis=1), [False, False, True, True])


def test_samples_are_read_once_and_when_needed() -> None:
    class Counted:
        shape, dtype, reads = (3, 3, 2), np.dtype(float), 0

        def __getitem__(self, key: Any) -> np.ndarray:
            self.reads += 1
            return np.zeros(self.shape)[key]

    samples = Counted()
    field = VectorField(samples, 2, Affine.identity(YX), YX)
    assert samples.reads == 0
    field.apply([[1.0, 1.0]])
    field.inverse_apply([[1.0, 1.0]])
    assert samples.reads == 1


def test_a_field_can_be_pickled() -> None:
    field = sine_field()
    before = field.apply(WITHIN)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(field)).apply(WITHIN), before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"component_axis": 0}, "component"),
        ({"interpolation": "lanczos"}, "'lanczos' is unknown"),
        ({"output_axes": ("x",)}, "component"),
        ({"to_input": Affine.identity(("x",))}, "besides that of the components"),
        ({"to_input": Affine(np.zeros((2, 3)), YX, YX)}, "flat"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    parts: dict[str, Any] = {
        "samples": np.zeros((3, 4, 2)),
        "component_axis": 2,
        "to_input": Affine.identity(YX),
        "output_axes": YX,
    }
    with pytest.raises(TransformationError, match=message):
        VectorField(**(parts | changes))


def test_a_field_that_is_too_large_is_refused_and_the_bound_named() -> None:
    vectors = np.broadcast_to(np.float32(0), (MAX_VECTOR_FIELD_BYTES // 8 // 1000, 1001, 2))
    with pytest.raises(TransformationError, match="at most 256 MiB"):
        field_of(vectors)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**16))
def test_interpolation_agrees_with_scipy(rows: int, columns: int, seed: int) -> None:
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    values, places = rng.normal(size=(rows, columns)), rng.uniform(-2, 5, (10, 2))
    expected = ndimage.map_coordinates(values, places.T, order=1, mode="nearest")
    np.testing.assert_allclose(linear(values, places), expected, atol=1e-12)
    expected = ndimage.map_coordinates(values, places.T, order=0, mode="nearest")
    np.testing.assert_array_equal(nearest(values, places), expected)
