"""Every kind of transformation is known wherever kinds are told apart."""

from __future__ import annotations

import pytest

from napari_ome_zip.ome.at import At, Departures, Document
from napari_ome_zip.ome.transformations import transformation as tf
from napari_ome_zip.ome.transformations.reader import TransformationReader
from napari_ome_zip.ome.transformations.writer import transformation_to_json
from napari_ome_zip.ome.versions import SPECS

ENDS = {"input": tf.SystemRef(name="a"), "output": tf.SystemRef(name="b")}
ONE_OF_EACH = (
    tf.Identity(**ENDS),
    tf.MapAxis((1, 0), **ENDS),
    tf.ProjectAxis((2,), (0,), **ENDS),
    tf.Translation((1.0, 2.0), **ENDS),
    tf.Scale((1.0, 2.0), **ENDS),
    tf.AffineTransformation(((1.0, 0.0, 3.0), (0.0, 1.0, 4.0)), **ENDS),
    tf.Rotation(((0.0, -1.0), (1.0, 0.0)), **ENDS),
    tf.SequenceTransformation((tf.Scale((1.0, 2.0)), tf.Translation((1.0, 2.0))), **ENDS),
    tf.ByDimension((tf.ByDimensionItem(tf.Scale((2.0,)), (0,), (0,)),), **ENDS),
    tf.Bijection(tf.Displacements("f"), tf.Displacements("g"), **ENDS),
    tf.Displacements("f", **ENDS),
    tf.Coordinates("f", **ENDS),
)
KINDS = [kind for kind in tf.Transformation.__subclasses__() if kind is not tf.Unknown]


def test_there_is_one_of_each_kind() -> None:
    assert {type(each) for each in ONE_OF_EACH} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_says_of_itself_what_rules_ask(kind: type[tf.Transformation]) -> None:
    assert {"kind", "keeps_axis_count", "has_closed_form"} <= vars(kind).keys()


@pytest.mark.parametrize("transformation", ONE_OF_EACH, ids=lambda each: each.kind)
def test_what_is_written_is_read_without_complaint(transformation: tf.Transformation) -> None:
    departures = Departures(judging=True)
    at = At(Document("", spec=SPECS["0.6"]), departures)
    reader = TransformationReader(lambda name: tf.SystemRef(name=name), tf.SystemRef)
    assert reader.read(transformation_to_json(transformation), at) == transformation
    assert departures.all() == ()
