"""Collections of RFC-8 with one fault each, made by one change to a valid one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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

type Make = Callable[[], HierarchyBuilder]

FAULTS: list[tuple[str, Make]] = []
"""The code of the rule that is broken, and how the hierarchy is made."""


def breaks(code: str) -> Callable[[Make], Make]:
    """Register a function that makes a collection which breaks this rule, and no other."""

    def register(make: Make) -> Make:
        FAULTS.append((code, make))
        return make

    return register


def of(*nodes: dict[str, Any], **more: Any) -> CollectionBuilder:
    """Return a collection of these nodes and an image."""
    return CollectionBuilder().node(collection("r", *nodes, entry("a"), **more)).image_node("a")


def of_image(node: dict[str, Any]) -> HierarchyBuilder:
    """Return an image at the root with one array."""
    return CollectionBuilder().node(node).array("s0", ramp((3, 4)))


def valid_scene() -> HierarchyBuilder:
    """Return a collection that places its image, in which nothing is wrong."""
    move = {
        "type": "translation",
        "translation": [0, 8],
        "input": {"id": "physical", "path": path_to("./a")},
        "output": {"id": "world"},
    }
    steps = {"coordinateSystems": [system("world")], "coordinateTransformations": [move]}
    return of(attributes={"scene": steps})


def valid() -> HierarchyBuilder:
    """Return a collection with one of everything, in which nothing is wrong."""
    said = {
        "source": [{"id": "a", "path": path_to("./zarr.json", "json")}],
        "labelAttributes": [{"labelValue": 1, "color": [1, 2, 3, 4], "lab:class": "x"}],
    }
    field = entry("f", attributes={"acquisition": {"id": "second"}})
    screen = plate(well("rB", "c2", field), well("rA", "c1"))
    inner = image("written out", level("./in/0", id_="in0", system="own"))
    inner["attributes"]["coordinateSystems"] = [system("own")]
    nodes = [
        entry("a", id="a", attributes={"org:note": 3}),
        entry("mask", attributes={"labels": said}),
        inner,
        screen,
        entry("more", "./more.json", "collection"),
    ]
    builder = CollectionBuilder().node(collection("r", *nodes))
    builder.image_node("a").image_node("mask", ramp((3, 4), "uint8")).image_node("far")
    builder.image_node("f").group("in").array("in/0", ramp((3, 4)))
    return builder.json("more.json", collection("more", entry("far")))


@breaks("collections-draft-older")
def older_draft() -> HierarchyBuilder:
    builder = CollectionBuilder().node(collection("r", entry("a")), version="0.8")
    return builder.image_node("a")


@breaks("collections-draft-newer")
def newer_draft() -> HierarchyBuilder:
    builder = CollectionBuilder().node(collection("r", entry("a")), version="0.9.dev7")
    return builder.image_node("a")


@breaks("collections-version")
def version_without_collections() -> HierarchyBuilder:
    builder = CollectionBuilder().node(collection("r", entry("a")), version="0.6")
    return builder.image_node("a")


@breaks("version-missing")
def no_version() -> HierarchyBuilder:
    builder = CollectionBuilder().node(collection("r", entry("a")), version=None)
    return builder.image_node("a")


@breaks("node-type-missing")
def no_type() -> HierarchyBuilder:
    node = collection("r", entry("a"))
    del node["type"]
    return CollectionBuilder().node(node).image_node("a")


@breaks("node-type-undefined")
def unknown_type() -> HierarchyBuilder:
    return of({"type": "table", "name": "t"})


@breaks("node-name-missing")
def no_name() -> HierarchyBuilder:
    node = entry("b")
    del node["name"]
    return of(node).image_node("b")


@breaks("node-name-missing")
def empty_name() -> HierarchyBuilder:
    return of(entry("b") | {"name": ""}).image_node("b")


@breaks("node-name-duplicate")
def two_of_one_name() -> HierarchyBuilder:
    return of(entry("a", "./b")).image_node("b")


@breaks("node-id-invalid")
def id_with_a_space() -> HierarchyBuilder:
    return of(entry("b", id="b 1")).image_node("b")


@breaks("node-id-duplicate")
def two_nodes_of_one_id() -> HierarchyBuilder:
    return of(entry("b", id="x"), entry("c", id="x")).image_node("b").image_node("c")


@breaks("node-id-duplicate")
def a_level_and_a_system_of_one_id() -> HierarchyBuilder:
    return of_image(image("im", level(id_="physical")))


@breaks("node-id-duplicate")
def a_row_and_an_acquisition_of_one_id() -> HierarchyBuilder:
    node = plate(well("rA", "c1", entry("f")), acquisitions=[{"id": "rA"}])
    return CollectionBuilder().node(node).image_node("f")


@breaks("node-content")
def nodes_and_a_path() -> HierarchyBuilder:
    return of(entry("b", kind="collection", nodes=[])).image_node("b")


@breaks("node-content")
def neither_nodes_nor_a_path() -> HierarchyBuilder:
    return of({"type": "multiscale", "name": "b"})


@breaks("node-version-differs")
def another_version_inside() -> HierarchyBuilder:
    return of(entry("b", version="0.8")).image_node("b")


@breaks("node-path-invalid")
def path_without_a_type() -> HierarchyBuilder:
    return of({"type": "multiscale", "name": "b", "path": {"path": "./b"}}).image_node("b")


@breaks("node-path-kind-unknown")
def path_of_an_unknown_type() -> HierarchyBuilder:
    return of({"type": "multiscale", "name": "n", "path": path_to("./a.n5", "n5")})


@breaks("node-reference-invalid")
def reference_without_an_id() -> HierarchyBuilder:
    return of(entry("b", attributes={"labels": {"source": [{"name": "a"}]}})).image_node(
        "b", ramp((3, 4), "uint8")
    )


@breaks("node-reference-unknown")
def reference_to_nothing() -> HierarchyBuilder:
    return of(entry("b", attributes={"labels": {"source": [{"id": "gone"}]}})).image_node(
        "b", ramp((3, 4), "uint8")
    )


@breaks("node-older-form")
def path_is_a_string() -> HierarchyBuilder:
    return of({"type": "multiscale", "name": "b", "path": "./b"}).image_node("b")


@breaks("node-older-form")
def references_with_ref() -> HierarchyBuilder:
    node = level()
    ends = {"input": {"ref": "s0"}, "output": {"ref": "physical"}}
    node["attributes"]["coordinateTransformations"] = [placed((1, 1)) | ends]
    return of_image(image("im", node))


@breaks("coordinate-system-id-missing")
def system_without_an_id() -> HierarchyBuilder:
    node = image("im", level(system="world"))
    node["attributes"]["coordinateSystems"] = [{"name": "world", "axes": system()["axes"]}]
    return of_image(node)


@breaks("multiscale-systems-missing")
def image_without_systems() -> HierarchyBuilder:
    node = image("im", {key: value for key, value in level().items() if key != "attributes"})
    del node["attributes"]
    own = level() | {"version": "0.9.dev3"}
    own["attributes"]["coordinateSystems"] = [system()]
    del own["path"]
    return CollectionBuilder().node(node).array("s0", ramp((3, 4))).attribute("s0", "ome", own)


@breaks("coordinate-system-unknown")
def level_of_an_unknown_system() -> HierarchyBuilder:
    return of_image(image("im", level(system="gone")))


@breaks("level-input-mismatch")
def level_of_another_input() -> HierarchyBuilder:
    node = level()
    node["attributes"]["coordinateTransformations"][0]["input"] = {"id": "physical"}
    return of_image(image("im", node))


@breaks("level-transformation-count")
def level_of_two_transformations() -> HierarchyBuilder:
    node = level()
    node["attributes"]["coordinateTransformations"] *= 2
    return of_image(image("im", node))


@breaks("transformations-missing")
def level_without_transformations() -> HierarchyBuilder:
    return of_image(image("im", level() | {"attributes": {}}))


@breaks("multiscale-node-level")
def image_among_levels() -> HierarchyBuilder:
    return of_image(image("im", level(), collection("b")))


@breaks("singlescale-path-unusable")
def level_without_a_path() -> HierarchyBuilder:
    node = level(id_="s1")
    del node["path"]
    return of_image(image("im", level(), node))


@breaks("dataset-not-found")
def level_is_missing() -> HierarchyBuilder:
    return of_image(image("im", level(), level("./gone", id_="s1")))


@breaks("dataset-not-found")
def level_of_an_image_in_json_is_missing() -> HierarchyBuilder:
    builder = of(entry("b", "./b.json")).array("s0", ramp((3, 4)))
    assert isinstance(builder, CollectionBuilder)
    return builder.json("b.json", image("b", level(), level("./gone", id_="s1")))


@breaks("label-attributes-value-missing")
def attributes_of_no_label() -> HierarchyBuilder:
    said = {"labels": {"labelAttributes": [{"color": [1, 2, 3, 4]}]}}
    return of(entry("b", attributes=said)).image_node("b", ramp((3, 4), "uint8"))


@breaks("label-rgba-invalid")
def color_of_three_numbers() -> HierarchyBuilder:
    said = {"labels": {"labelAttributes": [{"labelValue": 1, "color": [1, 2, 3]}]}}
    return of(entry("b", attributes=said)).image_node("b", ramp((3, 4), "uint8"))


@breaks("scene-transformations-missing")
def scene_without_transformations() -> HierarchyBuilder:
    return of(attributes={"scene": {"coordinateSystems": [system("world")]}})


@breaks("node-plate-lines-missing")
def plate_without_columns() -> HierarchyBuilder:
    node = plate()
    del node["attributes"]["plate"]["columns"]
    return of(node)


@breaks("node-well-incomplete")
def well_without_a_column() -> HierarchyBuilder:
    node = well("rA", "c1", entry("f"))
    del node["attributes"]["well"]["column"]
    return of(plate(node)).image_node("f")


@breaks("node-well-place-unknown")
def well_of_an_unknown_row() -> HierarchyBuilder:
    return of(plate(well("gone", "c1", entry("f")))).image_node("f")


@breaks("node-well-place-unknown")
def image_of_an_unknown_acquisition() -> HierarchyBuilder:
    field = entry("f", attributes={"acquisition": {"id": "gone"}})
    return of(plate(well("rA", "c1", field))).image_node("f")


@breaks("node-not-found")
def path_to_nothing() -> HierarchyBuilder:
    return of(entry("gone"))


@breaks("node-not-found")
def path_to_a_bare_group() -> HierarchyBuilder:
    return of(entry("bare")).group("bare")


@breaks("node-outside")
def link() -> HierarchyBuilder:
    return of(entry("far", "https://example.com/a.zarr"))


@breaks("node-outside")
def path_out_of_the_file() -> HierarchyBuilder:
    return of(entry("far", "../../a"))


@breaks("node-foreign")
def node_of_another_program() -> HierarchyBuilder:
    return of(entry("mesh", kind="org:mesh"))


@breaks("node-foreign")
def path_of_another_program() -> HierarchyBuilder:
    return of({"type": "multiscale", "name": "z", "path": path_to("./a.zip", "org:zip")})


@breaks("node-circular")
def circle() -> HierarchyBuilder:
    return of(entry("me", "./zarr.json", "collection") | {"path": path_to(".")})


@breaks("node-repeated")
def two_nodes_of_one_document() -> HierarchyBuilder:
    return of(entry("again", "./a"))


@breaks("nodes-many")
def too_many() -> HierarchyBuilder:
    return of(collection("many", *(collection(str(n)) for n in range(3))))


RULES_OF_COLLECTIONS = {code for code, _ in FAULTS} | {"collections-draft"}
"""Rules that one of these breaks, and that which says of every collection that it is a draft."""
