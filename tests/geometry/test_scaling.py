"""Scales and translations without matrices give what compiling them gives, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.geometry import compile_pair, scaling
from napari_ome_zip.ome.transformations import transformation as tf

AXES = ("t", "z", "y", "x")
numbers = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.sampled_from(
    [-0.0, 1e300]
)


@st.composite
def steps(draw: st.DrawFn) -> tf.Transformation:
    """A scale or translation, mostly of as many numbers as there are axes."""
    values = draw(st.lists(numbers, min_size=1, max_size=4).map(tuple))
    kind = draw(st.sampled_from(["scale", "translation", "path", "identity"]))
    if kind == "scale":
        return tf.Scale(values)
    if kind == "translation":
        return tf.Translation(values)
    return tf.Scale(None, "somewhere") if kind == "path" else tf.Identity()


def no_array(path: str) -> None:
    raise AssertionError(path)


@given(steps() | st.lists(steps(), max_size=4).map(tuple).map(tf.SequenceTransformation))
def test_it_is_the_map_that_is_compiled(transformation: tf.Transformation) -> None:
    for count in range(1, 5):
        found = scaling(transformation, AXES[:count])
        if found is not None:
            expected = compile_pair(transformation, AXES[:count], AXES[:count], no_array).forward
            assert found == expected


def test_a_level_of_a_plate_is_such_a_map() -> None:
    parts = (tf.Scale((1.0, 0.5, 0.25)), tf.Translation((0.0, 10.0, 20.0)))
    found = scaling(tf.SequenceTransformation(parts), ("c", "y", "x"))
    assert found is not None
    assert found.apply([1, 2, 4]).tolist() == [1.0, 11.0, 21.0]


@pytest.mark.parametrize(
    "transformation",
    [
        tf.Scale((1.0, 2.0, 3.0)),
        tf.Scale(None, "parameters"),
        tf.MapAxis((1, 0)),
        tf.SequenceTransformation((tf.Scale((1e300, 1.0)), tf.Scale((1e300, 1.0)))),
    ],
)
def test_what_it_does_not_know_is_left_to_the_compiler(transformation: tf.Transformation) -> None:
    assert scaling(transformation, ("y", "x")) is None
