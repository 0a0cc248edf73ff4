"""Affine maps: the laws they obey, then examples whose values were worked out by hand."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.strategies import affines, counts, exact_affines, invertible_affines, names, points
from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry.affine import Affine, strays

# --- laws


@given(st.data(), counts)
def test_the_inverse_undoes_the_map(data: st.DataObject, count: int) -> None:
    affine = data.draw(invertible_affines(count))
    there = data.draw(points(count))

    inverse = affine.inverse()

    assert inverse is not None
    np.testing.assert_allclose(inverse.apply(affine.apply(there)), there, rtol=1e-6, atol=1e-6)


@given(st.data(), counts)
def test_the_inverse_of_the_inverse_is_the_map(data: st.DataObject, count: int) -> None:
    affine = data.draw(invertible_affines(count))

    inverse = affine.inverse()

    assert inverse is not None
    again = inverse.inverse()
    assert again is not None
    assert again.is_close(affine, tolerance=1e-6)


def test_an_axis_of_another_size_leaves_the_inverse_an_inverse() -> None:
    """A millimetre beside gigametres: condition numbers of single scalings say it is flat."""
    linear = np.array([[1e9, 1e9, 1e9], [0, 0, 1e-3], [0, 1e9, 1e9]])
    affine = Affine.from_parts(linear, np.zeros(3), names(3), names(3))

    inverse = affine.inverse()

    assert inverse is not None
    again = inverse.inverse()
    assert again is not None
    assert again.is_close(affine, tolerance=1e-9)


@given(st.data(), counts, counts, counts)
def test_a_composition_is_one_map_applied_after_the_other(
    data: st.DataObject, first_count: int, middle_count: int, last_count: int
) -> None:
    first = data.draw(affines(first_count, middle_count))
    second = data.draw(affines(middle_count, last_count))
    start = data.draw(points(first_count))

    np.testing.assert_array_equal(first.then(second).apply(start), second.apply(first.apply(start)))


@given(st.data(), counts, counts)
def test_composition_is_associative(data: st.DataObject, one: int, other: int) -> None:
    first = data.draw(affines(one, other))
    second = data.draw(affines(other, one))
    third = data.draw(affines(one, other))

    assert first.then(second).then(third) == first.then(second.then(third))


@given(st.data(), counts, counts)
def test_the_identity_changes_no_map(data: st.DataObject, inputs: int, outputs: int) -> None:
    affine = data.draw(affines(inputs, outputs))

    assert Affine.identity(affine.input_axes).then(affine) == affine
    assert affine.then(Affine.identity(affine.output_axes)) == affine


@given(st.data(), counts)
def test_a_composition_is_undone_in_reverse_order(data: st.DataObject, count: int) -> None:
    first, second = data.draw(exact_affines(count)), data.draw(exact_affines(count))
    undo_first, undo_second = first.inverse(), second.inverse()

    assert undo_first is not None
    assert undo_second is not None
    assert first.then(second).inverse() == undo_second.then(undo_first)
    assert first.then(undo_first) == Affine.identity(first.input_axes)


@given(st.data(), counts, counts)
def test_the_matrix_is_what_a_textbook_applies(
    data: st.DataObject, inputs: int, outputs: int
) -> None:
    affine = data.draw(affines(inputs, outputs))
    start = data.draw(points(inputs))[0]

    expected = [
        sum(row[column] * start[column] for column in range(inputs)) + row[inputs]
        for row in affine.matrix.tolist()
    ]

    np.testing.assert_array_equal(affine.apply(start), expected)


@given(st.data(), counts, counts)
def test_a_copy_is_equal_and_as_unchangeable(
    data: st.DataObject, inputs: int, outputs: int
) -> None:
    affine = data.draw(affines(inputs, outputs))

    for twin in (pickle.loads(pickle.dumps(affine)), copy.deepcopy(affine)):
        assert twin == affine
        assert hash(twin) == hash(affine)
        assert not twin.matrix.flags.writeable


@given(st.data(), counts)
def test_selecting_all_axes_in_another_order_reorders_coordinates(
    data: st.DataObject, count: int
) -> None:
    affine = data.draw(affines(count, count))
    order = data.draw(st.permutations(range(count)))
    start = data.draw(points(count))
    shuffled = [affine.input_axes[i] for i in order]

    selected = affine.select(inputs=shuffled, outputs=shuffled)

    np.testing.assert_array_equal(selected.apply(start[:, order]), affine.apply(start)[:, order])


# --- construction


def test_the_matrix_is_copied_and_cannot_be_written() -> None:
    matrix = np.eye(2, 3)
    affine = Affine(matrix, ("y", "x"), ("y", "x"))

    matrix[0, 0] = 5

    assert affine.linear[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        affine.matrix[0, 0] = 5
    with pytest.raises(ValueError, match="read-only"):
        affine.linear[0, 0] = 5


def test_minus_zero_equals_zero() -> None:
    plus = Affine([[1, 0.0]], ("x",), ("x",))
    minus = Affine([[1, -0.0]], ("x",), ("x",))

    assert plus == minus
    assert hash(plus) == hash(minus)


def test_maps_of_other_axes_or_values_are_not_equal() -> None:
    affine = Affine.identity(("y", "x"))

    assert affine != Affine.identity(("z", "x"))
    assert affine != Affine([[1, 0, 0], [0, 1, 1]], ("y", "x"), ("y", "x"))
    assert affine != "affine"


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 0], [0, 1]], "found 2×2, expected 2×3"),
        ([1, 0, 0], "found 3, expected 2×3"),
        ([[1, 0, 0], [0, 1]], "differ in length"),
        ([[1, 0, np.nan], [0, 1, 0]], "infinite or undefined"),
        ([[1, 0, np.inf], [0, 1, 0]], "infinite or undefined"),
        ([["1", "0", "0"], ["0", "1", "0"]], "expected real numbers"),
        ([[1j, 0, 0], [0, 1, 0]], "expected real numbers"),
    ],
)
def test_a_matrix_that_cannot_be_meant_is_refused(matrix: object, message: str) -> None:
    with pytest.raises(TransformationError, match=message):
        Affine(matrix, ("y", "x"), ("y", "x"))  # type: ignore[arg-type]


# --- application


def test_points_keep_their_leading_shape() -> None:
    section = Affine([[0, 0, 4], [1, 0, 1], [0, 1, 2]], ("y", "x"), ("z", "y", "x"))

    assert section.apply([10, 20]).tolist() == [4, 11, 22]
    assert section.apply(np.zeros((5, 7, 2))).shape == (5, 7, 3)
    assert section.apply(np.zeros((0, 2))).shape == (0, 3)


@pytest.mark.parametrize("points", [3.0, [1.0, 2.0, 3.0]])
def test_points_with_other_coordinates_than_axes_are_refused(points: object) -> None:
    with pytest.raises(TransformationError, match="2 coordinates each"):
        Affine.identity(("y", "x")).apply(points)  # type: ignore[arg-type]


# --- composition


def test_maps_join_only_where_names_agree() -> None:
    first = Affine.identity(("y", "x"))

    with pytest.raises(TransformationError, match=r"ends in 2 axes \(y, x\)"):
        first.then(Affine.identity(("x", "y")))
    with pytest.raises(TransformationError, match=r"expects 3 axes \(z, y, x\)"):
        first.then(Affine.identity(("z", "y", "x")))


def test_an_axis_without_a_name_joins_any() -> None:
    unnamed = Affine(np.eye(2, 3), ("y", "x"), ("", ""))

    assert unnamed.then(Affine.identity(("b", "a"))).output_axes == ("b", "a")


def test_a_composition_beyond_all_numbers_is_refused() -> None:
    huge = Affine([[1e300, 0]], ("x",), ("x",))

    with pytest.raises(TransformationError, match="infinite"):
        huge.then(huge)


# --- inversion


@pytest.mark.parametrize("size", [1e-300, 1e-9, 1.0, 1e9, 1e300])
def test_voxels_of_any_size_invert_exactly(size: float) -> None:
    voxel = Affine(np.diag([size, 1.0, 2.0])[:, [0, 1, 2, 2]] * [1, 1, 1, 0], *[names(3)] * 2)

    inverse = voxel.inverse()

    assert inverse is not None
    assert np.diag(inverse.linear).tolist() == [1 / size, 1.0, 0.5]


def test_a_quarter_turn_of_uneven_tiny_voxels_inverts() -> None:
    affine = Affine([[0, -1e-9, 3e-9], [2e3, 0, 5]], ("y", "x"), ("y", "x"))

    inverse = affine.inverse()

    assert inverse is not None
    np.testing.assert_allclose(inverse.apply(affine.apply([7, 11])), [7, 11])


@pytest.mark.parametrize(
    "linear",
    [
        [[1.0, 1.0], [1.0, 1.0]],
        [[1.0, 0.0], [0.0, 0.0]],
        [[0.1, 0.3], [0.2, 0.6]],
        [[1.0, 1.0], [1.0, 1.0 + 1e-14]],
        [[1e-320, 0.0], [0.0, 1.0]],  # its inverse would be infinite
    ],
)
def test_a_map_that_flattens_an_axis_has_no_inverse(linear: list[list[float]]) -> None:
    assert Affine.from_parts(linear, [0, 0], ("y", "x"), ("y", "x")).inverse() is None


def test_a_map_between_other_numbers_of_axes_has_no_inverse() -> None:
    assert Affine(np.eye(3, 3), ("y", "x"), ("z", "y", "x")).inverse() is None
    assert Affine(np.eye(2, 4), ("z", "y", "x"), ("y", "x")).inverse() is None


def test_an_inverse_whose_offset_overflows_is_none() -> None:
    assert Affine([[1e-200, 1e200]], ("x",), ("x",)).inverse() is None


def test_the_map_without_axes_is_its_own_inverse() -> None:
    nothing = Affine.identity(())

    assert nothing.inverse() == nothing


# --- comparison


def test_closeness_is_relative_to_the_voxel() -> None:
    tiny = Affine([[1e-9, 0]], ("x",), ("x",))

    assert tiny.is_close(Affine([[1e-9 * (1 + 1e-12), 1e-20]], ("x",), ("x",)))
    assert not tiny.is_close(Affine([[1e-9, 1e-10]], ("x",), ("x",)))
    assert not tiny.is_close(Affine([[1.1e-9, 0]], ("x",), ("x",)))
    assert not tiny.is_close(Affine([[1e-9, 0]], ("y",), ("x",)))


# --- what lies beside the diagonal


@pytest.mark.parametrize(
    ("linear", "shape", "expected"),
    [
        ([[1, 0.5], [0, 1e6]], (3, 1000), [500, 0]),
        ([[1e6, 0], [0.5, 1]], (1000, 3), [0, 500]),
        ([[-1e9, 0], [0, 1e-9]], (10, 10), [0, 0]),
        ([[2, -1, 3], [0, 1, 0], [0, 0, -1]], (7, 10, 100), [155, 0, 0]),
        ([[0, 0], [0, 1]], (3, 3), [0, 0]),
        ([[0, 1e-300], [1, 1]], (3, 3), [np.inf, 3]),
    ],
)
def test_a_shear_is_judged_by_its_own_row_across_the_image(
    linear: list[list[float]], shape: tuple[int, ...], expected: list[float]
) -> None:
    np.testing.assert_allclose(strays(np.array(linear, dtype=float), shape), expected)


# --- axes by name


def test_dropping_the_channel_axis_keeps_the_plane() -> None:
    affine = Affine([[1, 0, 0, 0], [0, 2, 0, 5], [0, 0, 3, 6]], ("c", "y", "x"), ("c", "y", "x"))

    plane = affine.select(inputs=("y", "x"), outputs=("y", "x"))

    assert plane == Affine([[2, 0, 5], [0, 3, 6]], ("y", "x"), ("y", "x"))


def test_outputs_are_put_into_the_order_asked_for() -> None:
    affine = Affine([[0, 2, 5], [3, 0, 6]], ("y", "x"), ("x", "y"))

    assert affine.select(outputs=("y", "x")) == Affine([[3, 0, 6], [0, 2, 5]], *[("y", "x")] * 2)


@pytest.mark.parametrize("axes", [("z",), ("y", "z")])
def test_an_axis_that_is_not_there_cannot_be_selected(axes: tuple[str, ...]) -> None:
    with pytest.raises(TransformationError, match=r"'z' not found among 2 axes \(y, x\)"):
        Affine.identity(("y", "x")).select(inputs=axes)


def test_a_name_that_two_axes_share_selects_neither() -> None:
    with pytest.raises(TransformationError, match="found 2 times"):
        Affine.identity(("x", "x")).select(outputs=("x",))
