"""Compiled transformations against the specification, other libraries, and values made by hand.

The oracle of the property tests, `evaluate`, follows a point through a transformation coordinate by
coordinate, as the specification's text says, and knows no matrices but those in the document.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geometry.strategies import counts, names, points
from napari_ome_zip.errors import ArchiveError, TransformationError
from napari_ome_zip.geometry.affine import Affine
from napari_ome_zip.geometry.compile import compile_pair
from napari_ome_zip.geometry.matrices import LoadArray
from napari_ome_zip.ome.transformations import transformation as tf

YX = ("y", "x")
ZYX = ("z", "y", "x")
TURN = ((0.0, -1.0), (1.0, 0.0))
FIELD = tf.Displacements("field")


def no_array(path: str) -> np.ndarray:
    raise KeyError(path)


def compiled(
    transformation: tf.Transformation,
    inputs: Sequence[str] = YX,
    outputs: Sequence[str] | None = None,
) -> Affine:
    return affine_of(transformation, inputs, outputs or inputs, no_array)


def affine_of(
    transformation: tf.Transformation,
    inputs: Sequence[str],
    outputs: Sequence[str],
    load: LoadArray,
) -> Affine:
    found = compile_pair(transformation, inputs, outputs, load)
    if not isinstance(found.forward, Affine):
        raise TransformationError(found.problem)
    return found.forward


# --- the oracle


def evaluate(transformation: tf.Transformation, point: list[float]) -> list[float]:
    match transformation:
        case tf.Identity():
            return point
        case tf.Scale(scale=tuple(factors)):
            return [factor * value for factor, value in zip(factors, point, strict=True)]
        case tf.Translation(translation=tuple(shifts)):
            return [shift + value for shift, value in zip(shifts, point, strict=True)]
        case tf.Rotation(rotation=tuple(rows)):
            return [sum(a * v for a, v in zip(row, point, strict=True)) for row in rows]
        case tf.AffineTransformation(affine=tuple(rows)):
            return [sum(a * v for a, v in zip(row, [*point, 1.0], strict=True)) for row in rows]
        case tf.MapAxis(map_axis=order):
            return [point[index] for index in order]
        case tf.ProjectAxis(dropped_inputs=dropped, created_outputs=created):
            kept = [value for index, value in enumerate(point) if index not in dropped]
            for index in sorted(created):
                kept.insert(index, 0.0)
            return kept
        case tf.SequenceTransformation(transformations=parts):
            for part in parts:
                point = evaluate(part, point)
            return point
        case tf.ByDimension(items=items):
            result = {}
            for item in items:
                chosen = [point[int(index)] for index in item.input_axes]
                values = evaluate(item.transformation, chosen)
                result.update(zip(item.output_axes, values, strict=True))
            return [result[index] for index in range(len(result))]
        case tf.Bijection(forward=forward):
            return evaluate(forward, point)
    raise NotImplementedError(transformation.kind)


# --- random transformations, all of whole numbers, so that results are exact


def numbers(count: int) -> st.SearchStrategy[tuple[float, ...]]:
    return st.tuples(*[st.integers(-3, 3).map(float)] * count)


def tables(rows: int, columns: int) -> st.SearchStrategy[tuple[tuple[float, ...], ...]]:
    return st.tuples(*[numbers(columns)] * rows)


def subsets(count: int, size: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.permutations(range(count)).map(lambda order: tuple(order[:size]))


@st.composite
def projections(draw: st.DrawFn, inputs: int, outputs: int) -> tf.ProjectAxis:
    dropped = draw(st.integers(max(0, inputs - outputs), inputs))
    created = outputs - (inputs - dropped)
    return tf.ProjectAxis(draw(subsets(inputs, dropped)), draw(subsets(outputs, created)))


@st.composite
def by_dimensions(draw: st.DrawFn, inputs: int, outputs: int, depth: int) -> tf.ByDimension:
    order = draw(st.permutations(range(outputs)))
    items = []
    while order:
        taken = draw(st.integers(1, len(order)))
        rows, order = order[:taken], order[taken:]
        columns = draw(st.integers(1, inputs).flatmap(lambda size: subsets(inputs, size)))
        part = draw(transformations(len(columns), len(rows), depth - 1))
        items.append(tf.ByDimensionItem(part, columns, tuple(rows)))
    return tf.ByDimension(tuple(items))


@st.composite
def sequences(draw: st.DrawFn, inputs: int, outputs: int, depth: int) -> tf.SequenceTransformation:
    middle = draw(st.lists(st.integers(1, 4), max_size=2))
    steps = [inputs, *middle, outputs]
    return tf.SequenceTransformation(
        tuple(
            draw(transformations(start, end, depth - 1)) for start, end in itertools.pairwise(steps)
        )
    )


@st.composite
def bijections(draw: st.DrawFn, count: int, depth: int) -> tf.Bijection:
    part = transformations(count, count, depth - 1)
    return tf.Bijection(draw(part), draw(part))


def transformations(
    inputs: int, outputs: int, depth: int = 2
) -> st.SearchStrategy[tf.Transformation]:
    """Any transformation of the affine family between so many axes."""
    kinds: list[st.SearchStrategy[tf.Transformation]] = [
        tables(outputs, inputs + 1).map(tf.AffineTransformation),
        projections(inputs, outputs),
    ]
    if inputs == outputs:
        kinds += [
            st.just(tf.Identity()),
            numbers(inputs).map(tf.Scale),
            numbers(inputs).map(tf.Translation),
            tables(inputs, inputs).map(tf.Rotation),
            subsets(inputs, inputs).map(tf.MapAxis),
        ]
    if depth:
        kinds += [sequences(inputs, outputs, depth), by_dimensions(inputs, outputs, depth)]
        if inputs == outputs:
            kinds.append(bijections(inputs, depth))
    return st.one_of(kinds)


# --- laws


@given(st.data(), counts, counts)
def test_a_compiled_transformation_does_what_the_specification_says(
    data: st.DataObject, inputs: int, outputs: int
) -> None:
    transformation = data.draw(transformations(inputs, outputs))
    start = data.draw(points(inputs))

    found = compiled(transformation, names(inputs), names(outputs)).apply(start)

    expected = [evaluate(transformation, point) for point in start.tolist()]
    np.testing.assert_array_equal(found, expected)


@given(st.data(), counts, counts, counts)
def test_a_sequence_is_its_parts_one_after_the_other(
    data: st.DataObject, first_count: int, middle_count: int, last_count: int
) -> None:
    first = data.draw(transformations(first_count, middle_count))
    second = data.draw(transformations(middle_count, last_count))
    start, middle, end = names(first_count), names(middle_count), names(last_count)

    whole = compiled(tf.SequenceTransformation((first, second)), start, end)

    assert whole == compiled(first, start, middle).then(compiled(second, middle, end))


@given(st.data(), counts, counts)
def test_identities_in_a_sequence_change_nothing(
    data: st.DataObject, inputs: int, outputs: int
) -> None:
    inner = data.draw(transformations(inputs, outputs))
    axes = names(inputs), names(outputs)

    assert compiled(
        tf.SequenceTransformation((tf.Identity(), inner, tf.Identity())), *axes
    ) == compiled(inner, *axes)
    assert compiled(
        tf.SequenceTransformation(
            (tf.SequenceTransformation(()), tf.SequenceTransformation((inner,)))
        ),
        *axes,
    ) == compiled(inner, *axes)


@given(st.data(), counts)
def test_backward_undoes_forward(data: st.DataObject, count: int) -> None:
    # Without bijections, whose inverse here is arbitrary.
    transformation = data.draw(
        transformations(count, count).filter(
            lambda one: not any(isinstance(part, tf.Bijection) for part in one.walk())
        )
    )
    start = data.draw(points(count))

    found = compile_pair(transformation, names(count), names(count), no_array)

    assert found.forward is not None
    assert (found.problem is None) == (found.backward is not None)
    if found.backward is not None:
        undone = found.backward.apply(found.forward.apply(start))
        np.testing.assert_allclose(undone, start, rtol=1e-6, atol=1e-6)


@given(st.data(), counts)
def test_a_bijection_backward_is_its_inverse_as_given(data: st.DataObject, count: int) -> None:
    forward, inverse = (data.draw(transformations(count, count)) for _ in range(2))
    axes = names(count)

    found = compile_pair(tf.Bijection(forward, inverse), axes, axes, no_array)

    assert found.forward == compiled(forward, axes)
    assert found.backward == compiled(inverse, axes)


# --- other libraries as oracles


def as_document(transformation: tf.Transformation) -> dict[str, Any]:
    """Write a transformation as the specification's JSON."""
    document: dict[str, Any] = {"type": transformation.kind}
    match transformation:
        case tf.Scale(scale=values):
            document["scale"] = values
        case tf.Translation(translation=values):
            document["translation"] = values
        case tf.Rotation(rotation=rows):
            document["rotation"] = rows
        case tf.AffineTransformation(affine=rows):
            document["affine"] = rows
        case tf.MapAxis(map_axis=order):
            document["mapAxis"] = order
        case tf.ProjectAxis(dropped_inputs=dropped, created_outputs=created):
            document |= {"droppedInputs": dropped} if dropped else {}
            document |= {"createdOutputs": created} if created else {}
        case tf.SequenceTransformation(transformations=parts):
            document["transformations"] = [as_document(part) for part in parts]
        case tf.ByDimension(items=items):
            document["transformations"] = [
                {
                    "transformation": as_document(item.transformation),
                    "inputAxes": item.input_axes,
                    "outputAxes": item.output_axes,
                }
                for item in items
            ]
    return document


@pytest.mark.parametrize(
    ("transformation", "inputs", "outputs"),
    [
        (tf.Identity(), YX, YX),
        (tf.Scale((2.0, 3.0, 5.0)), ZYX, ZYX),
        (tf.Translation((-1.0, 0.5)), YX, YX),
        (tf.Rotation(TURN), YX, YX),
        (tf.AffineTransformation(((3.0, 0.4, 30.0), (0.3, 2.0, 20.0))), YX, YX),
        (tf.AffineTransformation(((0.0, 0.0, 1.0), (3.0, 4.0, 2.0), (6.0, 7.0, 5.0))), YX, ZYX),
        (tf.MapAxis((1, 2, 0)), ZYX, ZYX),
        (tf.ProjectAxis(created_outputs=(0, 1)), YX, ("c", *ZYX)),
        (tf.ProjectAxis((0,), (2,)), ZYX, ZYX),
        (tf.ProjectAxis((0, 2)), ZYX, ("y",)),
        (
            tf.SequenceTransformation(
                (tf.Scale((1.0, 2.0)), tf.Rotation(TURN), tf.Translation((10.0, 20.0)))
            ),
            YX,
            YX,
        ),
        (
            tf.SequenceTransformation(
                (tf.ProjectAxis(created_outputs=(0,)), tf.Translation((4.0, 1.0, 2.0)))
            ),
            YX,
            ZYX,
        ),
        (
            tf.ByDimension(
                (
                    tf.ByDimensionItem(tf.Scale((3.0,)), (1,), (0,)),
                    tf.ByDimensionItem(tf.Translation((5.0,)), (0,), (1,)),
                )
            ),
            YX,
            YX,
        ),
        (
            tf.ByDimension(
                (
                    tf.ByDimensionItem(tf.Rotation(TURN), (2, 0), (0, 2)),
                    tf.ByDimensionItem(tf.Translation((5.0,)), (1,), (1,)),
                )
            ),
            ZYX,
            ZYX,
        ),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_ome_zarr_maps_the_same_points_to_the_same_places(
    transformation: tf.Transformation, inputs: tuple[str, ...], outputs: tuple[str, ...]
) -> None:
    utils = pytest.importorskip(
        "ome_zarr.classes.tnd_utils", reason="this ome-zarr has no transformations"
    )
    models = pytest.importorskip("ome_zarr_models.v06.coordinate_transforms")
    pydantic = pytest.importorskip("pydantic")
    systems = [
        models.CoordinateSystem(name=name, axes=tuple({"name": axis} for axis in axes))
        for name, axes in (("in", inputs), ("out", outputs))
    ]
    document = as_document(transformation) | {"input": {"name": "in"}, "output": {"name": "out"}}
    parsed = pydantic.TypeAdapter(models.AnyTransform).validate_python(document)
    spaced = utils.ozmp_tf_to_tnd_spaced(parsed, "", *systems)
    start = np.random.default_rng(0).normal(size=(7, len(inputs)))

    found = compiled(transformation, inputs, outputs).apply(start)

    np.testing.assert_allclose(found, spaced.transform.apply(start), atol=1e-12)


def test_a_rotation_in_space_is_the_one_scipy_makes() -> None:
    rotation = pytest.importorskip("scipy.spatial.transform").Rotation.from_euler(
        "xyz", [10, 20, 30], degrees=True
    )
    # SciPy's points are x, y, z; ours are z, y, x.
    rows = tuple(tuple(row) for row in rotation.as_matrix()[::-1, ::-1])
    start = np.random.default_rng(1).normal(size=(9, 3))

    found = compiled(tf.Rotation(rows), ZYX).apply(start)

    np.testing.assert_allclose(found, rotation.apply(start[:, ::-1])[:, ::-1])


# --- examples worked out by hand


def test_a_rotation_by_90_degrees_turns_the_first_axis_into_the_second() -> None:
    affine = compiled(tf.Rotation(TURN))

    assert affine.apply([1, 0]).tolist() == [0, 1]
    assert affine.apply([0, 1]).tolist() == [-1, 0]


def test_a_cyclic_map_axis_is_not_its_inverse() -> None:
    affine = compiled(tf.MapAxis((1, 2, 0)), ZYX)

    assert affine.apply([10, 20, 30]).tolist() == [20, 30, 10]


def test_map_axis_keeps_meaning_where_the_world_orders_its_axes_otherwise() -> None:
    affine = compiled(tf.MapAxis((1, 0)), YX, ("x", "y"))

    assert affine.select(outputs=YX) == Affine.identity(YX)


def test_a_section_is_placed_in_its_volume() -> None:
    placed = tf.SequenceTransformation(
        (tf.ProjectAxis(created_outputs=(0,)), tf.Translation((4.0, 1.0, 2.0)))
    )

    found = compile_pair(placed, YX, ZYX, no_array)

    assert found.forward == Affine([[0, 0, 4], [1, 0, 1], [0, 1, 2]], YX, ZYX)
    assert found.backward is None
    assert found.problem is not None
    assert found.problem.startswith("projectAxis leads from 2 to 3 axes")


def test_a_channel_axis_is_projected_away() -> None:
    affine = compiled(tf.ProjectAxis((0,)), ("c", "y", "x"), YX)

    assert affine.apply([7, 1, 2]).tolist() == [1, 2]


def test_what_a_sequence_creates_and_drops_again_can_be_followed_backwards() -> None:
    there_and_back = tf.SequenceTransformation(
        (
            tf.ProjectAxis(created_outputs=(0,)),
            tf.Translation((9.0, 1.0, 2.0)),
            tf.ProjectAxis((0,)),
        )
    )

    found = compile_pair(there_and_back, YX, YX, no_array)

    assert found.forward == Affine([[1, 0, 1], [0, 1, 2]], YX, YX)
    assert found.backward == Affine([[1, 0, -1], [0, 1, -2]], YX, YX)
    assert found.problem is None


def test_by_dimension_may_swap_axes() -> None:
    swapped = tf.ByDimension(
        (
            tf.ByDimensionItem(tf.Scale((3.0,)), (1,), (0,)),
            tf.ByDimensionItem(tf.Translation((5.0,)), (0,), (1,)),
        )
    )

    # y' = 3x, x' = y + 5
    assert compiled(swapped) == Affine([[0, 3, 0], [1, 0, 5]], YX, YX)


def test_by_dimension_may_leave_input_axes_unused() -> None:
    """The specification's second example: l j k i to z y x, with l unused."""
    leaving = tf.ByDimension(
        (
            tf.ByDimensionItem(tf.Translation((0.5, 1.5)), (3, 2), (1, 2)),
            tf.ByDimensionItem(tf.Scale((2.0,)), (1,), (0,)),
        )
    )

    affine = compiled(leaving, ("l", "j", "k", "i"), ZYX)

    assert affine.apply([1000, 1, 10, 100]).tolist() == [2, 100.5, 11.5]


def test_by_dimension_reads_names_of_either_system() -> None:
    by_name = tf.ByDimension(
        (
            tf.ByDimensionItem(tf.Scale((2.0,)), ("dim_1",), ("x",)),
            tf.ByDimensionItem(tf.Translation((-10.0,)), ("dim_0",), ("y",)),
        )
    )

    affine = compiled(by_name, ("dim_0", "dim_1"), YX)

    assert affine.apply([1, 1]).tolist() == [-9, 2]


def test_by_dimension_reads_names_within_a_sequence_that_keeps_them() -> None:
    by_name = tf.ByDimension(
        (
            tf.ByDimensionItem(tf.Translation((1.0,)), ("x",), ("x",)),
            tf.ByDimensionItem(tf.Identity(), ("y",), ("y",)),
        )
    )
    parts = (tf.Scale((2.0, 2.0)), by_name, tf.Scale((3.0, 3.0)))

    assert compiled(tf.SequenceTransformation(parts)).apply([1, 1]).tolist() == [6, 9]


def test_by_dimension_nests() -> None:
    inner = tf.ByDimension(
        (
            tf.ByDimensionItem(tf.Translation((1.0,)), (1,), (0,)),
            tf.ByDimensionItem(tf.Scale((10.0,)), (0,), (1,)),
        )
    )
    outer = tf.ByDimension(
        (tf.ByDimensionItem(inner, (2, 0), (1, 2)), tf.ByDimensionItem(tf.Identity(), (1,), (0,)))
    )

    # The inner one gets (x, z): its outputs are (z + 1, 10 x).
    assert compiled(outer, ZYX).apply([3, 4, 5]).tolist() == [4, 4, 50]


def test_a_bijection_whose_forward_part_is_a_field_serves_backward() -> None:
    back = tf.AffineTransformation(((0.0, 2.0, 1.0), (-2.0, 0.0, 3.0)))

    found = compile_pair(tf.Bijection(FIELD, back), YX, YX, no_array)

    assert found.forward is None
    assert found.backward == Affine([[0, 2, 1], [-2, 0, 3]], YX, YX)
    assert found.problem is not None
    assert found.problem.startswith("displacements is a vector field (at 'field')")


def test_a_bijection_whose_inverse_is_a_field_is_inverted_in_closed_form() -> None:
    found = compile_pair(tf.Bijection(tf.Scale((2.0, 4.0)), FIELD), YX, YX, no_array)

    assert found.backward == Affine([[0.5, 0, 0], [0, 0.25, 0]], YX, YX)
    assert found.problem is None


def test_a_bijection_within_a_sequence_keeps_its_own_inverse() -> None:
    parts = (tf.Scale((2.0, 2.0)), tf.Bijection(FIELD, tf.Translation((1.0, 0.0))))

    found = compile_pair(tf.SequenceTransformation(parts), YX, YX, no_array)

    assert found.forward is None
    assert found.backward is not None
    assert found.backward.apply([3, 4]).tolist() == [2, 2]
    assert found.problem is not None
    assert found.problem.endswith("(Part 2 of a sequence.)")


def test_a_bijection_within_by_dimension_keeps_its_own_inverse() -> None:
    items = (
        tf.ByDimensionItem(tf.Bijection(FIELD, tf.Translation((1.0,))), (1,), (0,)),
        tf.ByDimensionItem(tf.Scale((2.0,)), (0,), (1,)),
    )

    found = compile_pair(tf.ByDimension(items), YX, YX, no_array)

    assert found.forward is None
    assert found.backward is not None
    assert found.backward.apply([3, 4]).tolist() == [2, 4]


# --- arrays at a path


@pytest.mark.parametrize(
    ("transformation", "array", "expected"),
    [
        (tf.Scale(path="p"), np.array([2, 3], ">i2"), [[2, 0, 0], [0, 3, 0]]),
        (tf.Translation(path="p"), np.array([2, 3], "<f4"), [[1, 0, 2], [0, 1, 3]]),
        (tf.Rotation(path="p"), np.array(TURN), [[0, -1, 0], [1, 0, 0]]),
        (tf.AffineTransformation(path="p"), np.arange(6.0).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
        (
            tf.AffineTransformation(path="p"),
            np.array([[1.0, 2, 3], [4, 5, 6], [0, 0, 1]]),
            [[1, 2, 3], [4, 5, 6]],
        ),
    ],
    ids=["scale", "translation", "rotation", "affine", "homogeneous affine"],
)
def test_parameters_are_read_from_the_array_at_their_path(
    transformation: tf.Transformation, array: np.ndarray, expected: list[list[float]]
) -> None:
    found = affine_of(transformation, YX, YX, {"p": array}.__getitem__)

    assert found == Affine(expected, YX, YX)


def test_an_array_that_cannot_be_read_is_named() -> None:
    def unreadable(path: str) -> np.ndarray:
        raise ArchiveError("the entry is encrypted")

    with pytest.raises(TransformationError, match=r"affine needs the array 'a/b'.*encrypted"):
        affine_of(tf.AffineTransformation(path="a/b"), YX, YX, unreadable)
    with pytest.raises(TransformationError, match="affine needs the array 'a/b'"):
        affine_of(tf.AffineTransformation(path="a/b"), YX, YX, no_array)


def test_an_array_of_an_image_is_no_matrix() -> None:
    with pytest.raises(TransformationError, match="'p', an array of 512×512"):
        affine_of(tf.Rotation(path="p"), YX, YX, lambda _: np.zeros((512, 512)))


# --- matrices in homogeneous coordinates

FULL = tf.AffineTransformation(((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (0.0, 0.0, 1.0)))
UPPER = tf.AffineTransformation(((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda affine: affine,
        lambda affine: tf.SequenceTransformation((affine, tf.Scale((2.0, 3.0)))),
        lambda affine: tf.SequenceTransformation((affine, tf.Identity(), FULL)),
        lambda affine: tf.SequenceTransformation(
            (tf.SequenceTransformation((affine,)), tf.Rotation(TURN))
        ),
        lambda affine: tf.SequenceTransformation((affine, tf.MapAxis((1, 0)))),
        lambda affine: tf.SequenceTransformation((affine, tf.Identity())),
    ],
)
def test_the_last_row_of_a_homogeneous_matrix_is_left_out(wrap: Any) -> None:
    assert compiled(wrap(FULL)) == compiled(wrap(UPPER))


def test_a_matrix_that_fits_as_it_is_is_taken_as_it_is() -> None:
    # Two axes to three: the last output axis is constant 1, as the specification reads it.
    assert compiled(FULL, YX, ZYX).apply([0, 0]).tolist() == [3, 6, 1]
    followed = tf.SequenceTransformation((FULL, tf.Translation((0.0, 0.0, 9.0))))
    assert compiled(followed, YX, ZYX).apply([0, 0]).tolist() == [3, 6, 10]


# --- what is refused


@pytest.mark.parametrize(
    ("transformation", "message"),
    [
        (tf.Scale((2.0,)), r"scale has 1 number, expected 2: one for each of 2 axes \(y, x\)"),
        (tf.Translation((1.0, 2.0, 3.0)), "translation has 3 numbers, expected 2"),
        (tf.Scale(), "scale has neither parameters nor a path"),
        (tf.Scale((1.0, float("nan"))), "scale transformation holds infinite or undefined"),
        (tf.Rotation(((1.0,),)), "rotation is 1×1, expected 2×2"),
        (tf.AffineTransformation(((1.0, 0.0), (0.0, 1.0))), "affine is 2×2, expected 2×3"),
        (
            tf.AffineTransformation(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 1.0, 1.0))),
            "affine is 3×3, expected 2×3",
        ),
        (tf.MapAxis((0, 0)), "mapAxis names axis 0 twice"),
        (tf.MapAxis((0, 2)), "mapAxis names axis 2, expected different indices below 2"),
        (tf.MapAxis((0, 1, 2)), "mapAxis has 3 entries, expected 2"),
        (tf.ProjectAxis((2,), (0,)), r"projectAxis \(droppedInputs\) names axis 2"),
        (tf.ProjectAxis((0,), (2,)), r"projectAxis \(createdOutputs\) names axis 2"),
        (tf.ProjectAxis((0,)), r"projectAxis makes 1 axis of 2 .*, expected 2 axes \(y, x\)"),
        (
            tf.ByDimension((tf.ByDimensionItem(tf.Scale((1.0,)), (0,), (0,)),)),
            r"byDimension produces output axis 1 \('x'\) 0 times",
        ),
        (
            tf.ByDimension(
                (
                    tf.ByDimensionItem(tf.Identity(), (0, 1), (0, 1)),
                    tf.ByDimensionItem(tf.Identity(), (0,), (0,)),
                )
            ),
            r"output axis 0 \('y'\) 2 times",
        ),
        (
            tf.ByDimension((tf.ByDimensionItem(tf.Identity(), (0, 2), (0, 1)),)),
            "byDimension's inputAxes names axis 2",
        ),
        (
            tf.ByDimension((tf.ByDimensionItem(tf.Identity(), ("y", "q"), (0, 1)),)),
            "byDimension's inputAxes cannot be resolved: Axis 'q' not found",
        ),
        (
            tf.ByDimension(
                (
                    tf.ByDimensionItem(tf.Identity(), (0, 1), (0,)),
                    tf.ByDimensionItem(tf.Identity(), (1,), (1,)),
                )
            ),
            r"identity keeps the number of axes.*\(Part 1 of a byDimension",
        ),
        (tf.ByDimension(()), "byDimension produces output axis 0"),
        (
            tf.SequenceTransformation((tf.Identity(), tf.Scale((1.0,)))),
            r"scale has 1 number.*\(Part 2 of a sequence.\)",
        ),
        (tf.Displacements("field"), r"displacements is a vector field \(at 'field'\)"),
        (tf.Coordinates("field"), r"coordinates is a vector field \(at 'field'\)"),
        (tf.Unknown("thinPlateSpline"), "'thinPlateSpline' is not a kind of transformation"),
        (tf.Unknown("scale", "it has no scale"), "scale cannot be applied: it has no scale"),
        (tf.Unknown("", "it has no type"), "transformation cannot be applied: it has no type"),
        (
            tf.SequenceTransformation((tf.Scale((1.0, 1.0)), tf.Coordinates("f"))),
            "coordinates is a vector field",
        ),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_what_cannot_be_applied_is_refused_by_name(
    transformation: tf.Transformation, message: str
) -> None:
    with pytest.raises(TransformationError, match=message):
        compiled(transformation)

    found = compile_pair(transformation, YX, YX, no_array)
    assert (found.forward, found.backward) == (None, None)
    assert found.problem is not None


@pytest.mark.parametrize(
    "transformation",
    [
        tf.Identity(),
        tf.Scale((1.0, 1.0)),
        tf.Translation((1.0, 1.0)),
        tf.Rotation(TURN),
        tf.Bijection(tf.Identity(), tf.Identity()),
    ],
    ids=lambda value: value.kind,
)
def test_kinds_that_keep_the_number_of_axes_say_so(transformation: tf.Transformation) -> None:
    expected = f"{transformation.kind} keeps the number of axes.*2 axes .*, its output 3 axes"
    with pytest.raises(TransformationError, match=expected):
        compiled(transformation, YX, ZYX)


def test_numbers_beyond_all_bounds_are_refused() -> None:
    huge = tf.Scale((1e300, 1.0))

    with pytest.raises(TransformationError, match="infinite"):
        compiled(tf.SequenceTransformation((huge, huge)))


def test_a_scale_of_zero_maps_forward_only() -> None:
    found = compile_pair(tf.Scale((0.0, 1.0)), YX, YX, no_array)

    assert found.forward is not None
    assert found.backward is None
    assert found.problem == "scale flattens an axis, so it cannot be followed backwards."


@pytest.mark.parametrize(
    "transformation",
    [
        tf.SequenceTransformation(
            (tf.ProjectAxis(created_outputs=tuple(range(10_000))), tf.Identity())
        ),
        tf.SequenceTransformation((tf.MapAxis(tuple(range(10_000))), tf.Identity())),
        tf.ByDimension((tf.ByDimensionItem(tf.Identity(), (0,) * 10_000, (0, 1)),)),
        tf.SequenceTransformation(
            (tf.AffineTransformation(((0.0, 0.0, 0.0),) * 10_000), tf.ProjectAxis((0,)))
        ),
    ],
    ids=lambda value: value.kind,
)
def test_a_document_cannot_ask_for_huge_matrices(transformation: tf.Transformation) -> None:
    with pytest.raises(TransformationError, match=r"1000\d axes, expected at most 64"):
        compiled(transformation)


# --- the specification's own documents


def test_the_conformance_documents_compile(conformance: Path) -> None:
    """Points worked out by hand from the parameters in the documents."""
    folder = conformance / "attributes" / "spec" / "valid" / "transforms"
    found = {}
    for kind in ("affine", "mapAxis", "rotation"):
        document = json.loads((folder / f"{kind}.json").read_text())
        (listed,) = document["ome"]["multiscales"][0]["coordinateTransformations"]
        found[kind] = listed[kind]

    rows = tuple(map(tuple, found["affine"]))
    assert compiled(tf.AffineTransformation(rows)).apply([1, 10]).tolist() == [37, 40.3]
    assert compiled(tf.MapAxis(tuple(found["mapAxis"]))).apply([1, 10]).tolist() == [10, 1]
    rotation = tuple(map(tuple, found["rotation"]))
    assert compiled(tf.Rotation(rotation)).apply([1, 10]).tolist() == [10, -1]
