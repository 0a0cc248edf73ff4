"""Fields of view on the grid of a plate, by hypothesis."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.found import FieldPosition
from napari_ome_zip.image.wells import lay_out

Part = tuple[FieldPosition, tuple[int, int], tuple[float, float]]
AXES = ("y", "x")


@st.composite
def plates(draw: st.DrawFn) -> list[Part]:
    """Position, shape and pixel size of each field of one plate; wells are ragged."""
    wells = draw(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=5))
    parts: list[Part] = []
    for row, column in sorted(wells):
        for number in range(draw(st.integers(1, 4))):
            position = FieldPosition("", row, column, number, None)
            shape = (draw(st.integers(1, 9)), draw(st.integers(1, 9)))
            size = (draw(st.sampled_from([0.25, 1.0, 3.0])), 0.5)
            parts.append((position, shape, size))
    return parts


def laid_out(parts: list[Part]) -> list[np.ndarray]:
    """Lowest and highest y and x of each field."""
    affines = [Affine(np.array([[y, 0, 0], [0, x, 0]]), AXES, AXES) for _, _, (y, x) in parts]
    found = lay_out(affines, [shape for _, shape, _ in parts], [place for place, _, _ in parts])
    corners = []
    for affine, before, (_, shape, _) in zip(found, affines, parts, strict=True):
        np.testing.assert_array_equal(affine.linear, before.linear)
        corners.append(affine.apply([[-0.5, -0.5], [n - 0.5 for n in shape]]))
    return corners


@settings(deadline=None)
@given(plates())
def test_no_field_covers_another(parts: list[Part]) -> None:
    for a, b in combinations(laid_out(parts), 2):
        assert np.any(a[1] <= b[0] + 1e-9) or np.any(b[1] <= a[0] + 1e-9)


@settings(deadline=None)
@given(plates())
def test_rows_go_down_and_columns_to_the_right(parts: list[Part]) -> None:
    boxes = laid_out(parts)
    for (one, _, _), (other, _, _) in combinations(parts, 2):
        a, b = (boxes[[p for p, _, _ in parts].index(position)] for position in (one, other))
        if one.row < other.row:
            assert a[1][0] <= b[0][0] + 1e-9
        if one.column < other.column:
            assert a[1][1] <= b[0][1] + 1e-9


def test_parts_that_are_no_fields_stay_where_they_are() -> None:
    affine = Affine(np.array([[1.0, 0, 5], [0, 1, 6]]), AXES, AXES)
    field = FieldPosition("", 1, 1, 0, None)
    alone, _ = lay_out([affine, affine], [(4, 4), (4, 4)], [None, field])
    assert alone == affine


def test_labels_move_with_their_field() -> None:
    affine = Affine(np.array([[1.0, 0, 0], [0, 1, 0]]), AXES, AXES)
    first, second = FieldPosition("", 0, 0, 0, None), FieldPosition("", 0, 0, 1, None)
    places = [first, first, second, second]
    image, labels, image_2, labels_2 = lay_out([affine] * 4, [(4, 4)] * 4, places)
    assert image == labels != image_2 == labels_2


def test_two_plates_are_laid_out_each_by_itself() -> None:
    affine = Affine(np.array([[1.0, 0, 0], [0, 1, 0]]), AXES, AXES)
    places = [FieldPosition(plate, 3, 4, 0, None) for plate in ("one", "two")]
    assert set(lay_out([affine] * 2, [(4, 4)] * 2, places)) == {affine}


@given(st.tuples(st.sampled_from([-1, 1]), st.sampled_from([-1, 1])), st.floats(0, 1e4))
def test_stage_positions_hold_within_a_well_and_wells_follow_the_plate(
    sign: tuple[int, int], spacing: float
) -> None:
    places, affines = [], []
    for row, column, number in np.ndindex(2, 3, 2):
        stage = np.array([row, column]) * sign * spacing + [0, 7 * number]
        affines.append(Affine(np.column_stack([np.eye(2), stage]), AXES, AXES))
        places.append(FieldPosition("", row, column, number, None))
    found = np.array([a.offset for a in lay_out(affines, [(4, 6)] * 12, places)])
    found = found.reshape(2, 3, 2, 2)
    np.testing.assert_allclose(found[:, :, 1] - found[:, :, 0], np.broadcast_to([0, 7], (2, 3, 2)))
    assert (np.diff(found[:, :, 0, 0], axis=0) > 4 - 1e-6).all()
    assert (np.diff(found[:, :, 0, 1], axis=1) > 13 - 1e-6).all()
