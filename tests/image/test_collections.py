"""Collections of RFC-8 as composite images; truth from how the documents and arrays were made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from collection_builder import (
    CollectionBuilder,
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
from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip import open_image
from napari_ome_zip.errors import MetadataError
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.ome.collections.node import Node
from napari_ome_zip.ome.collections.reader import MAX_NODES


def write_folder(folder: Path, entries: dict[str, bytes]) -> None:
    for name, content in entries.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def opened(builder: HierarchyBuilder) -> CompositeImage:
    return open_image(builder.entries)


def paths(composite: CompositeImage) -> list[str]:
    return [part.path for part in composite.parts]


def names(composite: CompositeImage) -> list[str]:
    return [part.name for part in composite.parts]


def codes(composite: CompositeImage) -> list[str]:
    return [finding.code for finding in composite.findings if finding.code != "collections-draft"]


def message(composite: CompositeImage, code: str) -> str:
    (found,) = [finding.message for finding in composite.findings if finding.code == code]
    return found


def offsets(composite: CompositeImage) -> dict[str, list[float]]:
    return {part.name: part.to_display.offset.tolist() for part in composite.parts}


class TestNodes:
    def test_paths_to_groups_are_followed_in_the_order_of_the_document(self) -> None:
        builder = CollectionBuilder().node(collection("two", entry("b"), entry("a")))
        composite = opened(builder.image_node("a").image_node("b", scale=(2, 3)))
        assert paths(composite) == ["b", "a"]
        assert composite.parts[0].to_display.linear.tolist() == [[2, 0], [0, 3]]
        assert codes(composite) == []

    @pytest.mark.parametrize("kind", ["collection", "multiscale"])
    def test_a_path_is_followed_where_there_are_no_nodes_beside_it(self, kind: str) -> None:
        root = collection("r", entry("a"), entry("b", kind=kind, nodes=[]))
        composite = opened(CollectionBuilder().node(root).image_node("a").image_node("b"))
        assert names(composite) == ["a", "b"]
        assert codes(composite) == []

    def test_a_path_beside_nodes_is_not_followed_and_that_is_said(self) -> None:
        root = collection("r", entry("b", kind="collection", nodes=[entry("a")]))
        composite = opened(CollectionBuilder().node(root).image_node("a").image_node("b"))
        assert names(composite) == ["a"]
        assert "the path is not followed" in message(composite, "node-content")

    def test_an_image_without_levels_is_told_in_the_words_of_its_document(self) -> None:
        with pytest.raises(MetadataError, match="lists no resolution level") as caught:
            opened(CollectionBuilder().node({"type": "multiscale", "name": "a", "nodes": []}))
        assert "datasets" not in str(caught.value)

    def test_that_it_is_a_draft_is_said_once(self) -> None:
        builder = CollectionBuilder().node(collection("two", entry("a"), entry("b")))
        composite = opened(builder.image_node("a").image_node("b"))
        assert [f.code for f in composite.findings] == ["collections-draft"]

    def test_an_image_may_be_the_root(self) -> None:
        node = image("im", level("./s0"), level("./s1", (2, 2), "s1"))
        builder = CollectionBuilder().node(node).array("s0", ramp((4, 6))).array("s1", ramp((2, 3)))
        (part,) = opened(builder).parts
        assert (part.path, part.name) == ("", "im")
        assert [each.shape for each in part.levels] == [(4, 6), (2, 3)]
        assert np.array_equal(part.levels[0].compute(), ramp((4, 6)))

    def test_collections_nest_in_one_document_and_by_paths(self) -> None:
        inner = collection("inner", entry("c", "./deep/c"))
        root = collection("outer", inner, entry("far", "./far", "collection"))
        builder = CollectionBuilder().node(root).image_node("deep/c")
        builder.node(collection("far", entry("d", "../d")), "far").image_node("d")
        assert paths(opened(builder)) == ["deep/c", "d"]

    def test_images_written_out_in_the_collection_are_known_by_the_folder_of_their_levels(
        self,
    ) -> None:
        one = image("one", level("./a/0", id_="a0"))
        two = image("two", level("./b/0", id_="b0"))
        builder = CollectionBuilder().node(collection("both", one, two))
        builder.array("a/0", ramp((3, 4))).array("b/0", ramp((5, 6)))
        composite = opened(builder)
        assert paths(composite) == ["a", "b"]
        assert [part.shape for part in composite.parts] == [(3, 4), (5, 6)]

    def test_images_whose_levels_lie_in_one_folder_are_told_apart(self) -> None:
        nodes = [image(name, level(f"./{name}", id_=name)) for name in ("x", "y")]
        builder = CollectionBuilder().node(collection("both", *nodes))
        composite = opened(builder.array("x", ramp((3, 4))).array("y", ramp((5, 6))))
        assert len(set(paths(composite))) == 2
        assert names(composite) == ["x", "y"]
        for part in composite.parts:
            assert np.array_equal(part.levels[0].compute(), ramp(part.shape))

    def test_json_documents_hold_nodes_whose_paths_are_relative_to_them(self) -> None:
        builder = CollectionBuilder().node(collection("r", entry("more", "./x/more.json")))
        builder.json("x/more.json", collection("more", entry("a", "./a"), entry("b", "../b")))
        assert paths(opened(builder.image_node("x/a").image_node("b"))) == ["x/a", "b"]

    def test_an_image_of_json_has_the_levels_that_it_names(self) -> None:
        builder = CollectionBuilder().node(collection("r", entry("im", "./x/im.json")))
        builder.json("x/im.json", image("im", level("./a/s0")))
        (part,) = opened(builder.array("x/a/s0", ramp((3, 4)))).parts
        assert (part.name, part.shape) == ("im", (3, 4))

    def test_a_chain_of_paths_is_followed(self) -> None:
        builder = CollectionBuilder().node(entry("one", "./one.json"))
        builder.json("one.json", entry("two", "./two.json")).json("two.json", entry("a", "./a"))
        assert paths(opened(builder.image_node("a"))) == ["a"]

    def test_a_single_level_is_an_image(self) -> None:
        lone = level("./a", (2, 2), "lone")
        root = collection("r", lone, attributes={"coordinateSystems": [system()]})
        (part,) = opened(CollectionBuilder().node(root).array("a", ramp((3, 4)))).parts
        assert part.name == "lone"
        assert part.to_display.linear.tolist() == [[2, 0], [0, 2]]

    def test_an_array_at_the_root_that_is_a_level_is_an_image(self) -> None:
        builder = CollectionBuilder().array("", ramp((3, 4)))
        node = level(scale=(2, 2)) | {"version": "0.9.dev3", "name": "lone"}
        node["attributes"]["coordinateSystems"] = [system()]
        del node["path"]
        builder.edit("zarr.json", attributes={"ome": node})
        (part,) = opened(builder).parts
        assert np.array_equal(part.levels[0].compute(), ramp((3, 4)))
        assert part.to_display.linear.tolist() == [[2, 0], [0, 2]]

    def test_equal_names_of_images_are_made_distinct_as_layers(self) -> None:
        from napari_ome_zip import to_layer_data

        inner = [collection(side, entry("em", f"./{side}/em")) for side in ("left", "right")]
        builder = CollectionBuilder().node(collection("r", *inner))
        composite = opened(builder.image_node("left/em").image_node("right/em"))
        shown = [keywords["name"] for _, keywords, _ in to_layer_data(composite)]
        assert len(set(shown)) == 2


class TestLevels:
    def test_transformations_may_stand_with_the_array(self) -> None:
        bare = {key: value for key, value in level().items() if key != "attributes"}
        builder = CollectionBuilder().node(image("im", bare)).array("s0", ramp((3, 4)))
        own = level() | {"version": "0.9.dev3"}
        own["attributes"]["coordinateTransformations"][0] |= {
            "scale": [5, 7],
            "output": {"id": "physical", "path": path_to("../zarr.json", "json")},
        }
        del own["path"]
        builder.attribute("s0", "ome", own)
        composite = opened(builder)
        assert composite.parts[0].to_display.linear.tolist() == [[5, 0], [0, 7]]
        assert codes(composite) == []

    def test_the_coordinate_system_may_stand_with_the_array_as_well(self) -> None:
        bare = {key: value for key, value in level().items() if key != "attributes"}
        node = {"type": "multiscale", "name": "im", "nodes": [bare]}
        own = level(scale=(5, 7)) | {"version": "0.9.dev3"}
        own["attributes"]["coordinateSystems"] = [system()]
        builder = CollectionBuilder().node(node).array("s0", ramp((3, 4)))
        composite = opened(builder.attribute("s0", "ome", own))
        (part,) = composite.parts
        assert [axis.name for axis in part.axes] == ["y", "x"]
        assert part.to_display.linear.tolist() == [[5, 0], [0, 7]]
        assert codes(composite) == ["multiscale-systems-missing"]
        assert "those of its document are used" in message(composite, "multiscale-systems-missing")
        assert not any(f.is_seen for f in composite.findings if f.code != "collections-draft")

    def test_transformations_may_stand_with_the_image(self) -> None:
        bare = {key: value for key, value in level().items() if key != "attributes"}
        node = image("im", bare, coordinateTransformations=[placed((4, 6))])
        composite = opened(CollectionBuilder().node(node).array("s0", ramp((3, 4))))
        assert composite.parts[0].to_display.linear.tolist() == [[4, 0], [0, 6]]
        assert codes(composite) == []

    def test_a_sequence_places_a_level(self) -> None:
        steps = [
            {"type": "scale", "scale": [0.5, 0.25]},
            {"type": "translation", "translation": [3, -2]},
        ]
        one = level()
        one["attributes"]["coordinateTransformations"] = [
            {
                "type": "sequence",
                "transformations": steps,
                "input": {"id": "s0"},
                "output": {"id": "physical"},
            }
        ]
        (part,) = opened(CollectionBuilder().node(image("im", one)).array("s0", ramp((3, 4)))).parts
        assert part.to_display.offset.tolist() == [3, -2]

    def test_levels_may_lead_to_a_system_of_the_collection(self) -> None:
        one = image("im", level("./a/0", (2, 2), system="shared"))
        del one["attributes"]["coordinateSystems"]
        root = collection("r", one, attributes={"coordinateSystems": [system("shared")]})
        composite = opened(CollectionBuilder().node(root).array("a/0", ramp((3, 4))))
        assert composite.parts[0].to_display.linear.tolist() == [[2, 0], [0, 2]]
        assert not any(f.is_seen for f in composite.findings if f.code != "collections-draft")

    def test_one_without_any_transformation_is_placed_by_its_size_and_that_is_said(self) -> None:
        bare = {key: value for key, value in level().items() if key != "attributes"}
        composite = opened(CollectionBuilder().node(image("im", bare)).array("s0", ramp((3, 4))))
        assert codes(composite) == ["transformations-missing"]
        assert composite.parts[0].to_display.linear.tolist() == [[1, 0], [0, 1]]

    def test_a_missing_level_leaves_the_others(self) -> None:
        node = image("im", level("./gone"), level("./s1", (2, 2), "s1"))
        composite = opened(CollectionBuilder().node(node).array("s1", ramp((2, 3))))
        assert codes(composite) == ["dataset-not-found"]
        assert composite.parts[0].shape == (2, 3)

    def test_one_outside_of_the_file_is_left_out_and_named(self) -> None:
        node = image("im", level("../../far"), level("./s1", (2, 2), "s1"))
        composite = opened(CollectionBuilder().node(node).array("s1", ramp((2, 3))))
        assert "'im: s0'" in message(composite, "node-outside")


class TestAttributes:
    def test_those_of_an_entry_are_over_those_of_the_node(self) -> None:
        red = {"channels": [{"label": "red", "color": "FF0000"}]}
        blue = {"channels": [{"label": "blue", "color": "0000FF"}]}
        one = entry("a", attributes={"omero": red})
        builder = CollectionBuilder().node(collection("r", one, entry("b")))
        builder.image_node("a", omero=blue).image_node("b", omero=blue)
        assert [i.channels[0].name for i in opened(builder).images] == ["red", "blue"]

    def test_labels_belong_to_the_image_that_they_name(self) -> None:
        said = {
            "source": [{"id": "raw"}],
            "labelAttributes": [
                {"labelValue": 1, "color": [255, 0, 0, 255], "lab:class": "a"},
                {"labelValue": 7, "lab:class": "b"},
            ],
        }
        nodes = [
            entry("mask", attributes={"labels": said}),
            entry("other"),
            entry("raw", id="raw"),
        ]
        builder = CollectionBuilder().node(collection("r", *nodes))
        builder.image_node("raw").image_node("other").image_node("mask", ramp((3, 4), np.uint8))
        composite = opened(builder)
        (labels,) = composite.labels
        assert (labels.name, labels.image_path) == ("mask", "raw")
        assert paths(composite) == ["other", "raw", "mask"]
        assert labels.label is not None
        assert [(c.value, c.rgba) for c in labels.label.colors] == [(1, (255, 0, 0, 255))]
        assert [(r.value, r.mapping["lab:class"]) for r in labels.label.table] == [
            (1, "a"),
            (7, "b"),
        ]
        assert codes(composite) == []

    def test_labels_in_a_document_of_their_own_name_an_image_of_another_document(self) -> None:
        said = {"source": [{"id": "raw", "path": path_to("../zarr.json", "json")}]}
        nodes = [entry("raw", id="raw"), entry("else"), entry("mask")]
        builder = CollectionBuilder().node(collection("r", *nodes)).image_node("raw")
        builder.image_node("else").image_node("mask", ramp((3, 4), np.uint8), labels=said)
        assert [labels.image_path for labels in opened(builder).labels] == ["raw"]

    def test_labels_of_the_only_image_beside_them_need_no_source(self) -> None:
        nodes = [entry("raw"), entry("mask", attributes={"labels": {}})]
        builder = CollectionBuilder().node(collection("r", *nodes)).image_node("raw")
        composite = opened(builder.image_node("mask", ramp((3, 4), np.uint8)))
        assert [labels.image_path for labels in composite.labels] == ["raw"]

    def test_labels_of_an_image_that_is_not_there_are_shown_and_that_is_said(self) -> None:
        said = {"source": [{"id": "gone"}]}
        nodes = [entry("a"), entry("b"), entry("mask", attributes={"labels": said})]
        builder = CollectionBuilder().node(collection("r", *nodes)).image_node("a").image_node("b")
        composite = opened(builder.image_node("mask", ramp((3, 4), np.uint8)))
        assert [labels.image_path for labels in composite.labels] == [None]
        assert "'gone'" in message(composite, "node-reference-unknown")

    def test_a_bare_string_as_source_is_taken_for_an_id(self) -> None:
        nodes = [
            entry("a", id="a"),
            entry("b"),
            entry("mask", attributes={"labels": {"source": ["a"]}}),
        ]
        builder = CollectionBuilder().node(collection("r", *nodes)).image_node("a").image_node("b")
        composite = opened(builder.image_node("mask", ramp((3, 4), np.uint8)))
        assert [labels.image_path for labels in composite.labels] == ["a"]
        assert codes(composite) == ["node-older-form"]


class TestScenes:
    def move(self, source: Any, amount: list[float], target: str = "world") -> dict[str, Any]:
        return {
            "type": "translation",
            "translation": amount,
            "input": source,
            "output": {"id": target},
        }

    def scene(self, *steps: dict[str, Any]) -> dict[str, Any]:
        found = {"coordinateSystems": [system("world")], "coordinateTransformations": list(steps)}
        return {"scene": found}

    def test_systems_of_other_documents_are_found_by_path_and_id(self) -> None:
        steps = [
            self.move({"id": "physical", "path": path_to(f"./{name}")}, shift)
            for name, shift in (("a", [0, 0]), ("b", [0, 8]))
        ]
        root = collection("r", entry("a"), entry("b"), attributes=self.scene(*steps))
        composite = opened(CollectionBuilder().node(root).image_node("a").image_node("b"))
        assert offsets(composite) == {"a": [0, 0], "b": [0, 8]}
        assert (composite.system.name, codes(composite)) == ("world", [])

    def test_systems_of_images_in_the_same_document_are_found_by_id(self) -> None:
        nodes = [
            image("a", level("./a/0", id_="a0")),
            {**image("b", level("./b/0", id_="b0", system="of_b"))},
        ]
        nodes[1]["attributes"]["coordinateSystems"] = [system("of_b")]
        root = collection("r", *nodes, attributes=self.scene(self.move({"id": "of_b"}, [5, 6])))
        builder = CollectionBuilder().node(root).array("a/0", ramp((3, 4)))
        assert offsets(opened(builder.array("b/0", ramp((3, 4)))))["b"] == [5, 6]

    def test_images_of_0_6_are_placed_by_the_names_of_their_systems(self) -> None:
        step = self.move({"id": "physical", "path": path_to("./old")}, [3, 4])
        root = collection("r", entry("old"), attributes=self.scene(step))
        builder = CollectionBuilder().node(root).image_of_0_6(ramp((3, 4)), "yx", "old")
        assert opened(builder).parts[0].to_display.offset.tolist() == [3, 4]

    def test_a_nested_collection_has_a_scene_of_its_own(self) -> None:
        step = self.move({"id": "physical", "path": path_to("./b")}, [0, 9])
        inner = collection("inner", entry("b"), attributes=self.scene(step))
        builder = CollectionBuilder().node(collection("r", inner, entry("c")))
        composite = opened(builder.image_node("b").image_node("c"))
        assert offsets(composite) == {"b": [0, 9], "c": [0, 0]}
        assert codes(composite) == []

    def test_an_image_that_the_scene_of_its_collection_leaves_out_is_named(self) -> None:
        step = self.move({"id": "physical", "path": path_to("./b")}, [0, 9])
        root = collection("r", entry("b"), entry("c"), attributes=self.scene(step))
        composite = opened(CollectionBuilder().node(root).image_node("b").image_node("c"))
        assert codes(composite) == ["image-unplaced"]

    def test_an_id_that_is_not_in_the_document_of_its_path_is_named(self) -> None:
        step = self.move({"id": "gone", "path": path_to("./old")}, [3, 4])
        root = collection("r", entry("old"), attributes=self.scene(step))
        builder = CollectionBuilder().node(root).image_of_0_6(ramp((3, 4)), "yx", "old")
        composite = opened(builder)
        assert composite.parts[0].to_display.offset.tolist() == [3, 4]
        assert codes(composite) == ["node-reference-unknown"]
        text = message(composite, "node-reference-unknown")
        assert "'gone'" in text
        assert "the image at the path beside it is meant" in text

    def test_a_reference_that_leads_nowhere_is_named(self) -> None:
        root = collection("r", entry("a"), attributes=self.scene(self.move({"id": "gone"}, [1, 1])))
        composite = opened(CollectionBuilder().node(root).image_node("a"))
        assert "'gone'" in message(composite, "node-reference-unknown")


class TestPlates:
    def builder(self, *wells: Any, **more: Any) -> CollectionBuilder:
        return CollectionBuilder().node(plate(*wells, **more))

    def test_wells_lie_by_the_order_of_rows_and_columns(self) -> None:
        wells = [
            well("rB", "c1", entry("b1", "./b1", attributes={"acquisition": {"id": "second"}})),
            well("rA", "c2", entry("a2", "./a2")),
        ]
        composite = opened(self.builder(*wells).image_node("b1").image_node("a2"))
        positions = [(p.position.row, p.position.column) for p in composite.parts if p.position]
        assert positions == [(1, 0), (0, 1)]
        assert [p.position.acquisition for p in composite.parts if p.position] == [1, None]
        assert {w.name for w in composite.wells} == {"B1", "A2"}
        (b1, a2) = composite.parts
        assert b1.to_display.offset[0] > a2.to_display.offset[0]
        assert b1.to_display.offset[1] < a2.to_display.offset[1]
        assert codes(composite) == []

    def test_acquisitions_may_group_the_images_of_a_well(self) -> None:
        rounds = [
            collection(
                name,
                entry(f"{name}_im", f"./{name}", id=name),
                entry(
                    f"{name}_im_nuclei",
                    f"./{name}_nuclei",
                    attributes={"labels": {"source": [{"id": name}]}},
                ),
                attributes={"acquisition": {"id": name}},
            )
            for name in ("first", "second")
        ]
        builder = self.builder(well("rA", "c1", *rounds))
        for name in ("first", "second"):
            builder.image_node(name).image_node(f"{name}_nuclei", ramp((3, 4), np.uint8))
        composite = opened(builder)
        assert [p.position.acquisition for p in composite.images if p.position] == [0, 1]
        assert [labels.image_path for labels in composite.labels] == ["first", "second"]
        assert [labels.position for labels in composite.labels] == [
            each.position for each in composite.images
        ]
        assert {labels.name for labels in composite.labels} == {"nuclei"}

    def test_fields_of_nine_wells_and_more_are_one_layer(self) -> None:
        lines = {
            key: [{"id": f"{key}{n}", "name": str(n)} for n in range(3)]
            for key in ("rows", "columns")
        }
        builder_wells = [
            well(f"rows{n // 3}", f"columns{n % 3}", entry(f"f{n}"), id=f"w{n}") for n in range(9)
        ]
        for number, each in enumerate(builder_wells):
            each["name"] = f"well {number}"
        builder = self.builder(*builder_wells, **lines)
        for n in range(9):
            builder.image_node(f"f{n}")
        (mosaic,) = opened(builder).images
        assert len(mosaic.fields) == 9

    def test_a_well_of_an_unknown_row_is_shown_beside_the_plate(self) -> None:
        wells = [well("rA", "c1", entry("a")), well("gone", "c1", entry("b"))]
        composite = opened(self.builder(*wells).image_node("a").image_node("b"))
        assert [part.position is None for part in composite.parts] == [False, True]
        assert "'well gonec1'" in message(composite, "node-well-place-unknown")

    def test_a_well_may_be_described_in_its_own_document(self) -> None:
        far = {"type": "collection", "name": "w", "path": path_to("./A1")}
        builder = self.builder(far)
        builder.node(well("rA", "c1", entry("f", "./f")), "A1").image_node("A1/f")
        (part,) = opened(builder).parts
        assert part.position is not None
        assert part.position.well == "A1"

    def test_a_well_without_its_plate_opens(self) -> None:
        builder = CollectionBuilder().node(well("rA", "c1", entry("f"), entry("g")))
        assert paths(opened(builder.image_node("f").image_node("g"))) == ["f", "g"]


class TestReleasedVersions:
    def test_images_of_0_4_to_0_6_are_shown_with_their_labels(self) -> None:
        builder = CollectionBuilder().node(collection("r", entry("v5"), entry("v6"), entry("v9")))
        builder.image(ramp((3, 4)), "yx", "v5", scale=(2, 2)).labels("cells", path="v5")
        builder.image(ramp((3, 4), np.uint8), "yx", "v5/labels/cells")
        builder.image_of_0_6(ramp((3, 4)), "yx", "v6").image_node("v9")
        composite = opened(builder)
        assert paths(composite) == ["v5", "v5/labels/cells", "v6", "v9"]
        assert names(composite)[0] == "v5"
        assert composite.labels[0].image_path == "v5"

    def test_a_plate_of_0_5_is_a_plate(self) -> None:
        well_ = {"path": "A/1", "rowIndex": 0, "columnIndex": 0}
        document = {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": [well_]}
        builder = CollectionBuilder().node(collection("r", entry("p", kind="collection")))
        builder.group("p", plate=document).group("p/A").group(
            "p/A/1", well={"images": [{"path": "0"}]}
        )
        composite = opened(builder.image(ramp((3, 4)), "yx", "p/A/1/0"))
        assert [well.name for well in composite.wells] == ["A1"]

    def test_an_image_of_0_5_may_be_said_to_be_labels(self) -> None:
        said = {"labels": {"source": [{"id": "a"}]}}
        nodes = [entry("a", id="a"), entry("m", attributes=said)]
        builder = CollectionBuilder().node(collection("r", *nodes)).image(ramp((3, 4)), "yx", "a")
        composite = opened(builder.image(ramp((3, 4), np.uint8), "yx", "m"))
        assert [(labels.path, labels.image_path) for labels in composite.labels] == [("m", "a")]

    def test_a_collection_below_a_plain_root_is_found(self) -> None:
        builder = CollectionBuilder().group().node(collection("c", entry("a", "../a")), "c")
        builder.image_node("a").image(ramp((3, 4)), "yx", "old")
        assert set(paths(opened(builder))) == {"a", "old"}

    def test_a_released_image_with_the_keys_of_a_node_stays_one(self) -> None:
        builder = HierarchyBuilder().image(ramp((2, 2)), "yx", type="multiscale", nodes=[])
        assert paths(opened(builder)) == [""]


class TestOfOtherPrograms:
    def test_nodes_and_paths_of_unknown_types_are_skipped_with_one_remark(self) -> None:
        nodes = [
            entry("em"),
            entry("mesh", kind="webknossos:mesh"),
            {"type": "multiscale", "name": "zipped", "path": path_to("./a.zip", "myorg:zip")},
        ]
        composite = opened(CollectionBuilder().node(collection("r", *nodes)).image_node("em"))
        assert codes(composite) == ["node-foreign"]
        assert "2 nodes" in message(composite, "node-foreign")
        assert "'mesh', 'zipped'" in message(composite, "node-foreign")

    def test_a_type_without_a_prefix_that_does_not_exist_is_named(self) -> None:
        nodes = [entry("em"), entry("table", kind="table")]
        composite = opened(CollectionBuilder().node(collection("r", *nodes)).image_node("em"))
        assert "'table'" in message(composite, "node-type-undefined")


class TestElsewhere:
    @pytest.mark.parametrize(
        "path",
        [
            "https://example.com/a.zarr",
            "http://example.com/a",
            "file:///etc/passwd",
            "s3://bucket/a",
            "../../a",
            "/etc/passwd",
            "..\\..\\a".replace("..\\", "\\"),
        ],
    )
    def test_paths_out_of_the_file_are_not_followed(self, path: str) -> None:
        nodes = [entry("in"), entry("out", path)]
        composite = opened(CollectionBuilder().node(collection("r", *nodes)).image_node("in"))
        assert paths(composite) == ["in"]
        text = message(composite, "node-outside")
        assert text == "1 node lies outside this archive and is not opened: 'out'."

    def test_they_are_counted_and_named_once(self) -> None:
        nodes = [entry("in"), *(entry(f"out {n}", "https://example.com") for n in range(5))]
        composite = opened(CollectionBuilder().node(collection("r", *nodes)).image_node("in"))
        text = message(composite, "node-outside")
        assert text.startswith("5 nodes lie outside this archive and are not opened: 'out 0', ")
        assert text.endswith(" and 2 more.")

    def test_a_path_may_climb_inside_the_file(self) -> None:
        builder = CollectionBuilder().node(collection("r", entry("c", kind="collection")))
        builder.node(collection("c", entry("a", "../x/../a")), "c")
        assert paths(opened(builder.image_node("a"))) == ["a"]

    def test_a_folder_is_not_left_either(self, tmp_path: Path) -> None:
        folder = tmp_path / "in"
        root = collection("r", entry("a"), entry("out", "../beside"), entry("j", "../b.json"))
        builder = CollectionBuilder().node(root).image_node("a")
        write_folder(folder, builder.entries)
        write_folder(tmp_path / "beside", CollectionBuilder().image_node("").entries)
        (tmp_path / "b.json").write_text(json.dumps({"ome": entry("x", "./beside")}))
        composite = open_image(folder)
        assert paths(composite) == ["a"]
        assert "'out', 'j'" in message(composite, "node-outside")

    def test_what_is_missing_is_named(self) -> None:
        nodes = [entry("a"), entry("gone"), entry("json", "./gone.json")]
        composite = opened(CollectionBuilder().node(collection("r", *nodes)).image_node("a"))
        assert "'gone', 'json'" in message(composite, "node-not-found")

    def test_a_group_without_metadata_is_nothing_to_show(self) -> None:
        builder = CollectionBuilder().node(collection("r", entry("a"), entry("bare"))).group("bare")
        assert "'bare'" in message(opened(builder.image_node("a")), "node-not-found")


class TestCircles:
    def test_a_document_that_leads_to_itself(self) -> None:
        root = collection("r", entry("me", "./zarr.json", "collection"), entry("a"))
        composite = opened(CollectionBuilder().node(root).image_node("a"))
        assert paths(composite) == ["a"]
        assert "'me'" in message(composite, "node-circular")

    def test_documents_that_lead_to_each_other(self) -> None:
        builder = CollectionBuilder().node(
            collection("r", entry("b", kind="collection"), entry("a"))
        )
        builder.node(collection("b", entry("back", "..", "collection")), "b")
        assert "'back'" in message(opened(builder.image_node("a")), "node-circular")

    def test_one_image_in_two_collections_is_shown_once(self) -> None:
        inner = [collection(name, entry("a")) for name in ("one", "two")]
        composite = opened(CollectionBuilder().node(collection("r", *inner)).image_node("a"))
        assert paths(composite) == ["a"]
        assert codes(composite) == ["node-repeated"]

    def test_diamonds_upon_diamonds_take_no_time(self) -> None:
        builder = CollectionBuilder().node(collection("r", entry("d0", "./d0.json", "collection")))
        for n in range(40):
            both = [entry(side, f"./d{n + 1}.json", "collection") for side in "ab"]
            builder.json(f"d{n}.json", collection(f"d{n}", *both))
        builder.json("d40.json", collection("last", entry("a")))
        assert paths(opened(builder.image_node("a"))) == ["a"]

    def test_a_chain_that_is_too_long_ends(self) -> None:
        builder = CollectionBuilder().node(collection("r", entry("0", "./0.json"), entry("a")))
        for n in range(200):
            builder.json(f"{n}.json", entry(str(n + 1), f"./{n + 1}.json", "collection"))
        composite = opened(builder.image_node("a"))
        assert paths(composite) == ["a"]
        text = message(composite, "metadata-too-deep")
        assert text == "1 node is nested too deeply and is not opened: '0'."

    def test_nodes_nested_too_deeply_are_left_out(self) -> None:
        node = collection("inmost", entry("lost"))
        for n in range(80):
            node = collection(str(n), node)
        composite = opened(
            CollectionBuilder().node(collection("r", node, entry("a"))).image_node("a")
        )
        assert paths(composite) == ["a"]
        assert "metadata-too-deep" in codes(composite)

    def test_whoever_nests_all_images_too_deeply_is_told_why_there_are_none(self) -> None:
        node = collection("inmost", entry("a"))
        for n in range(80):
            node = collection(str(n), node)
        with pytest.raises(MetadataError, match="Nodes are nested more than 64 deep"):
            opened(CollectionBuilder().node(node).image_node("a"))

    def test_too_many_nodes_are_counted_out(self) -> None:
        many = [{"type": "x:y", "name": str(n)} for n in range(MAX_NODES + 5)]
        builder = CollectionBuilder().node(collection("r", entry("a"))).image_node("a")
        node = {"version": "0.9.dev3", **collection("r", entry("a"), *many)}
        document = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": node}}
        builder.put("zarr.json", json.dumps(document).encode())
        composite = opened(builder)
        assert paths(composite) == ["a"]
        assert "nodes-many" in codes(composite)

    def test_the_systems_of_a_document_are_gathered_once_for_all_its_images(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gathered: list[str | None] = []
        systems_by_id = Node.systems_by_id

        def counted(node: Node) -> Any:
            gathered.append(node.name)
            return systems_by_id(node)

        monkeypatch.setattr(Node, "systems_by_id", counted)
        images = [image(f"i{n}", level("./s0")) for n in range(20)]
        builder = CollectionBuilder().node(collection("r", *images)).array("s0", ramp((4, 6)))
        assert len(paths(opened(builder))) == 20
        assert gathered == ["r", "r"]  # when it is parsed, and when it is walked

    def test_images_of_one_name_in_one_folder_are_told_apart(self) -> None:
        images = [image("im", level("./s0")) for _ in range(4)]
        builder = CollectionBuilder().node(collection("r", *images)).array("s0", ramp((4, 6)))
        assert paths(opened(builder)) == ["im", "im_2", "im_3", "im_4"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("node", "said"),
        [
            (collection("empty"), "The collection 'empty' holds no image"),
            ({"type": "collection"}, "no nodes and no usable path .* one without a name"),
            ({"type": "org:x", "name": "mine"}, "'mine'"),
            ({"type": "surface", "name": "mine"}, "unknown type and is not opened: 'mine'"),
            (entry("far", "https://example.com/a"), "outside this archive"),
            (collection("r", entry("gone")), "leads to nothing"),
            (image("im", level("./gone")), "No usable resolution level|gone"),
            ({"type": 7, "name": "odd", "nodes": []}, "holds no image"),
            ({"type": None}, "no nodes and no usable path"),
            ({"type": "multiscale", "name": "im", "path": 7}, "no usable path .*: 'im'"),
        ],
    )
    def test_a_root_without_an_image_is_refused_by_name(self, node: Any, said: str) -> None:
        builder = CollectionBuilder().node(node).image(ramp((3, 4)), "yx", "beside")
        with pytest.raises(MetadataError, match=said):
            opened(builder)

    @pytest.mark.parametrize("version", ["0.7", "0.7dev0", "0.8"])
    def test_older_drafts_are_read_silently(self, version: str) -> None:
        builder = CollectionBuilder().node(collection("r", entry("a")), version=version)
        composite = opened(builder.image_node("a"))
        assert codes(composite) == ["collections-draft-older"]
        two = CollectionBuilder().node(collection("r", entry("a"), entry("b")), version=version)
        for name in "ab":
            two.node(image(name, level()), name, version).array(f"{name}/s0", ramp((3, 4)))
        assert codes(opened(two)) == ["collections-draft-older"]
        assert not any(f.is_seen for f in composite.findings if f.code != "collections-draft")

    @pytest.mark.parametrize("version", ["0.9.dev4", "0.10", "1.0", "newest"])
    def test_a_newer_draft_is_named_as_such(self, version: str) -> None:
        builder = CollectionBuilder().node(collection("r", entry("a")), version=version)
        composite = opened(builder.image_node("a"))
        text = message(composite, "collections-draft-newer")
        assert "written for a newer draft" in text
        assert version in text

    def test_the_form_of_the_first_examples_is_read(self) -> None:
        node = {
            "node_type": "collection",
            "name": "r",
            "nodes": [{"node_type": "multiscale", "name": "a", "path": "./a"}],
        }
        composite = opened(CollectionBuilder().node(node, version="0.7").image_node("a"))
        assert paths(composite) == ["a"]
        assert set(codes(composite)) == {"collections-draft-older", "node-older-form"}
