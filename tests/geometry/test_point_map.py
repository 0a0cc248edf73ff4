"""Transformations that hold vector fields, compiled, in both directions."""

from __future__ import annotations

import numpy as np
import pytest

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry import (
    Affine,
    Edge,
    PointMap,
    SystemNode,
    TransformGraph,
    VectorFieldSamples,
    compile_pair,
)
from napari_ome_zip.ome.transformations import transformation as tf

YX, TYX = ("y", "x"), ("t", "y", "x")
POINTS = np.random.default_rng(0).uniform(1, 8, (30, 2))
FIELD = tf.Displacements("field", "linear")


def no_array(path: str) -> np.ndarray:
    raise KeyError(path)


def wave(points: np.ndarray) -> np.ndarray:
    """What the field at ``field`` adds, exactly linear in y between its samples."""
    return np.stack([0.1 * points[..., 1], 0.05 * points[..., 0]], -1)


def load(transformation: tf.Displacements | tf.Coordinates) -> VectorFieldSamples:
    if transformation.path != "field":
        raise TransformationError(f"The vector field '{transformation.path}' is not there.")
    grid = np.stack(np.meshgrid(np.arange(10.0), np.arange(10.0), indexing="ij"), -1)
    own = wave(grid) + (grid if isinstance(transformation, tf.Coordinates) else 0)
    return VectorFieldSamples(own, 2, Affine.identity(YX))


def both(
    transformation: tf.Transformation, axes: tuple[str, ...] = YX
) -> tuple[PointMap, PointMap]:
    found = compile_pair(transformation, axes, axes, no_array, load)
    assert found.problem is None
    assert isinstance(found.forward, PointMap)
    assert isinstance(found.backward, PointMap)
    return found.forward, found.backward


@pytest.mark.parametrize("field", [FIELD, tf.Coordinates("field")])
def test_a_field_leads_there_and_numerically_back(field: tf.Transformation) -> None:
    forward, back = both(field)
    np.testing.assert_allclose(forward.apply(POINTS), POINTS + wave(POINTS))
    np.testing.assert_allclose(back.apply(forward.apply(POINTS)), POINTS, atol=1e-3)


def test_a_sequence_applies_its_parts_in_order() -> None:
    forward, back = both(
        tf.SequenceTransformation((tf.Translation((1.0, 0.5)), FIELD, tf.Scale((2.0, 4.0))))
    )
    moved = POINTS + np.array([1.0, 0.5])
    expected = (moved + wave(moved)) * [2.0, 4.0]
    np.testing.assert_allclose(forward.apply(POINTS), expected)
    np.testing.assert_allclose(back.apply(expected), POINTS, atol=1e-3)


def test_by_dimension_leaves_the_other_axes_straight() -> None:
    items = (
        tf.ByDimensionItem(FIELD, (1, 2), (1, 2)),
        tf.ByDimensionItem(tf.Scale((3.0,)), (0,), (0,)),
    )
    forward, back = both(tf.ByDimension(items), TYX)
    points = np.column_stack([np.arange(30.0), POINTS])
    found = forward.apply(points)
    np.testing.assert_allclose(found[:, 0], 3 * points[:, 0])
    np.testing.assert_allclose(found[:, 1:], POINTS + wave(POINTS))
    np.testing.assert_allclose(back.apply(found), points, atol=1e-3)
    np.testing.assert_array_equal(forward.dependence(), [[1, 0, 0], [0, 2, 2], [0, 2, 2]])
    np.testing.assert_array_equal(forward.skeleton().linear, np.diag([3.0, 1.0, 1.0]))


def test_the_inverse_that_a_bijection_gives_is_used_as_it_is() -> None:
    _, back = both(
        tf.Bijection(FIELD, tf.SequenceTransformation((FIELD, tf.Translation((7.0, 0.0)))))
    )
    np.testing.assert_allclose(back.apply(POINTS), POINTS + wave(POINTS) + [7.0, 0.0])
    inverted = compile_pair(tf.Bijection(FIELD, tf.Displacements("lost")), YX, YX, no_array, load)
    assert isinstance(inverted.backward, PointMap)
    np.testing.assert_allclose(inverted.backward.apply(POINTS + wave(POINTS)), POINTS, atol=1e-3)


def test_a_field_that_is_not_there_is_named() -> None:
    found = compile_pair(
        tf.SequenceTransformation((tf.Displacements("lost"),)), YX, YX, no_array, load
    )
    assert found.forward is None
    assert "'lost' is not there" in (found.problem or "")


def test_a_way_without_fields_is_preferred_and_stays_an_affine_map() -> None:
    a, b, c = (SystemNode("", name) for name in "abc")
    nodes = dict.fromkeys((a, b, c), YX)
    nonlinear = Edge(a, c, "nonlinear", *compile_pair(FIELD, YX, YX, no_array, load))
    half = Affine.from_parts(np.eye(2), [1.0, 0.0], YX, YX)
    affine = [Edge(a, b, "one", half, half.inverse(), None)]
    affine.append(Edge(b, c, "two", half, half.inverse(), None))
    found = TransformGraph(nodes, (nonlinear, *affine)).resolve(a, c)
    assert isinstance(found, Affine)
    np.testing.assert_array_equal(found.offset, [2.0, 0.0])
    only = TransformGraph(nodes, (nonlinear, *affine[1:]))
    through = only.resolve(a, b)
    assert isinstance(through, PointMap)
    np.testing.assert_allclose(through.apply(POINTS), POINTS + wave(POINTS) - [1.0, 0.0])
    np.testing.assert_allclose(
        only.resolve_back(a, b).apply(through.apply(POINTS)), POINTS, atol=1e-3
    )


def test_a_way_back_that_only_the_other_direction_gives_is_inverted() -> None:
    a, b = SystemNode("", "a"), SystemNode("", "b")
    found = compile_pair(FIELD, YX, YX, no_array, load)
    graph = TransformGraph({a: YX, b: YX}, (Edge(a, b, "field", found.forward, None, None),))
    back = graph.resolve_back(a, b)
    np.testing.assert_allclose(back.apply(POINTS + wave(POINTS)), POINTS, atol=1e-3)
