"""Nodes as the model has them, and what is said where they depart from the draft."""

from __future__ import annotations

from typing import Any

import pytest

from collection_builder import (
    VERSION,
    collection,
    entry,
    image,
    level,
    path_to,
    placed,
    plate,
    system,
    well,
)
from napari_ome_zip.ome import ParsedGroup, parse_group
from napari_ome_zip.ome.collections.node import Node, NodePath, NodeReference
from napari_ome_zip.ome.transformations import transformation as tf


def parsed(node: Any, version: str | None = VERSION) -> ParsedGroup:
    stated = {} if version is None else {"version": version}
    return parse_group({"ome": {**stated, **node}}, path="", zarr_format=3)


def read(node: Any) -> Node:
    found = parsed(node).group.node
    assert found is not None
    return found


def said(node: Any) -> list[tuple[str, str]]:
    return [(finding.code, finding.where) for finding in parsed(node).findings]


class TestStructure:
    def test_a_node_has_what_is_written(self) -> None:
        node = read(collection("r", entry("a", id="x"), id="root"))
        assert (node.kind, node.name, node.id, node.path) == ("collection", "r", "root", None)
        (inner,) = node.nodes or ()
        assert (inner.kind, inner.name, inner.id) == ("multiscale", "a", "x")
        assert (inner.path, inner.nodes) == (NodePath("zarr", "./a"), None)

    def test_all_nodes_are_walked_in_the_order_of_the_document(self) -> None:
        node = read(collection("r", collection("c", entry("a")), entry("b")))
        assert [each.name for each in node.walk()] == ["r", "c", "a", "b"]

    def test_a_document_of_a_released_version_is_no_node(self) -> None:
        assert parse_group({"ome": {"version": "0.5"}}, path="", zarr_format=3).group.node is None
        with_type = {"version": "0.6", "multiscales": [], "type": "multiscale"}
        assert parse_group({"ome": with_type}, path="", zarr_format=3).group.node is None

    def test_the_type_may_be_told_by_what_is_inside(self) -> None:
        node = image("im")
        del node["type"]
        assert read(node).kind == "multiscale"
        assert said(node) == [("node-type-missing", "")]
        assert read({"nodes": []}).kind == "collection"

    @pytest.mark.parametrize("value", [None, 3, "x", [], [3], {"a": 1}])
    def test_any_json_in_place_of_nodes_is_read(self, value: Any) -> None:
        assert read({"type": "collection", "name": "r", "nodes": value}).nodes in (None, ())

    @pytest.mark.parametrize("value", [3, [], "x"])
    def test_attributes_that_are_no_object_are_ignored_and_that_is_said(self, value: Any) -> None:
        node = {"type": "collection", "name": "r", "nodes": [], "attributes": value}
        assert said(node) == [("wrong-type", "attributes")]


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "absolute"),
        [
            ("./a", False),
            ("a/b", False),
            ("../a", False),
            ("./a:b", False),
            ("/a", True),
            ("file:///a", True),
            ("https://example.com/a", True),
            ("S3://bucket/a", True),
            ("C:/a", True),
            ("\\\\server\\a", True),
        ],
    )
    def test_links_and_paths_from_a_root_are_told_from_others(
        self, path: str, absolute: bool
    ) -> None:
        assert NodePath("zarr", path).is_absolute is absolute

    @pytest.mark.parametrize(
        ("written", "path"),
        [
            (path_to("./a", "json"), NodePath("json", "./a")),
            (path_to("./a", "org:zip"), NodePath("org:zip", "./a")),
            ("./a", NodePath("zarr", "./a")),
            ("./a.json", NodePath("json", "./a.json")),
            ({"path": "./a.json"}, NodePath("json", "./a.json")),
            ({"type": "zarr"}, None),
            ({"type": "zarr", "path": 3}, None),
            (7, None),
        ],
    )
    def test_a_path_is_read_as_far_as_it_can_be(self, written: Any, path: NodePath | None) -> None:
        assert read({"type": "multiscale", "name": "a", "path": written}).path == path


class TestReferences:
    @pytest.mark.parametrize(
        ("written", "reference"),
        [
            ({"id": "a"}, NodeReference("a")),
            ({"id": "a", "path": path_to("./b")}, NodeReference("a", NodePath("zarr", "./b"))),
            ({"id": "a", "path": "./b"}, NodeReference("a", NodePath("zarr", "./b"))),
            ({"id": "a", "path": None}, NodeReference("a")),
            ({"ref": "a"}, NodeReference("a")),
            ({"$ref": "a"}, NodeReference("a")),
            (
                {"ref": {"id": "a", "path": path_to("./b")}},
                NodeReference("a", NodePath("zarr", "./b")),
            ),
            ("a", NodeReference("a")),
            (7, None),
            ({}, None),
            ({"id": None}, None),
        ],
    )
    def test_a_reference_is_read_as_far_as_it_can_be(
        self, written: Any, reference: NodeReference | None
    ) -> None:
        node = entry("m", attributes={"labels": {"source": [written]}})
        labels = read(node).attributes.labels
        assert labels is not None
        assert labels.sources == (() if reference is None else (reference,))


class TestAttributes:
    def test_those_of_an_entry_come_first(self) -> None:
        own = read(image("a", omero={"channels": []}, labels={})).attributes
        other = read(entry("a", attributes={"labels": {"source": [{"id": "x"}]}})).attributes
        both = other.over(own)
        assert both.labels == other.labels
        assert both.omero == own.omero
        assert both.systems == own.systems

    def test_coordinate_systems_are_called_by_their_ids(self) -> None:
        systems = [system("physical") | {"name": "The physical one"}, system("other", "zyx")]
        node = read(collection("r", attributes={"coordinateSystems": systems}))
        found = [written.system for written in node.attributes.systems or ()]
        assert [each.name for each in found] == ["physical", "other"]
        assert [axis.name for axis in found[1].axes] == ["z", "y", "x"]

    def test_a_plate_keeps_its_order(self) -> None:
        found = read(plate(well("rB", "c2"))).attributes.plate
        assert found is not None
        assert [(line.id, line.name) for line in found.rows] == [("rA", "A"), ("rB", "B")]
        names = [line.name for line in found.acquisitions]
        assert names == ["first", "second round"]

    def test_a_well_names_its_row_and_column(self) -> None:
        (inner,) = read(plate(well("rB", "c2"))).nodes or ()
        found = inner.attributes.well
        assert found is not None
        assert (found.row, found.column) == (NodeReference("rB"), NodeReference("c2"))


class TestImages:
    def test_an_image_is_the_multiscale_of_other_versions(self) -> None:
        node = image("im", level("./s0", (1, 2)), level("./s1", (2, 4), "s1"))
        group = parsed(node).group
        (multiscale,) = group.multiscales
        assert multiscale.name == "im"
        assert [axis.name for axis in multiscale.axes] == ["y", "x"]
        assert [dataset.path for dataset in multiscale.datasets] == ["s0", "s1"]
        steps = [dataset.transformation for dataset in multiscale.datasets]
        assert [step.scale for step in steps if isinstance(step, tf.Scale)] == [(1, 2), (2, 4)]
        ends = {(s.output.name, s.output.path) for s in steps if s is not None and s.output}
        assert ends == {("physical", None)}
        assert parsed(node).findings == ()

    def test_of_levels_whose_transformations_stand_elsewhere_nothing_is_said(self) -> None:
        bare = {key: value for key, value in level().items() if key != "attributes"}
        assert said(image("im", bare)) == []

    def test_transformations_of_the_image_place_the_levels_that_they_name(self) -> None:
        bare = {key: value for key, value in level().items() if key != "attributes"}
        node = image("im", bare, coordinateTransformations=[placed((3, 5))])
        (dataset,) = parsed(node).group.multiscales[0].datasets
        assert isinstance(dataset.transformation, tf.Scale)
        assert dataset.transformation.scale == (3, 5)

    def test_settings_and_labels_are_those_of_the_group(self) -> None:
        node = image("im", omero={"channels": [{"label": "x"}]}, labels={})
        group = parsed(node).group
        assert group.omero is not None
        assert group.omero.channels[0].label == "x"
        assert group.image_label is not None
