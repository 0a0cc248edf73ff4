"""What Contents shows of a collection (RFC-8) is what its nodes hold; without a window."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from collection_builder import (
    CollectionBuilder,
    collection,
    entry,
    image,
    level,
    path_to,
    plate,
    system,
    well,
)
from hierarchy_builder import ramp, write_archive
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.layers.layer_data import layer_note
from napari_ome_zip.plugin.contents.details import facts_of
from napari_ome_zip.plugin.contents.file_state import FileState
from napari_ome_zip.plugin.contents.model import Item, Kind
from napari_ome_zip.plugin.contents.plate import Content
from napari_ome_zip.plugin.contents.shown import OpenLayer


def state_of(builder: CollectionBuilder, path: Path) -> FileState:
    write_archive(path, builder.entries)
    data = to_layer_data(open_image(path))
    layers = [
        OpenLayer(number, keywords["name"], kind, layer_note(keywords))
        for number, (_, keywords, kind) in enumerate(data)
    ]
    return FileState(str(path), tuple(layers))


def tree(item: Item) -> object:
    """Names of the items in a branch, with those below them."""
    below = [tree(child) for child in item.children]
    return {item.name: below} if below else item.name


def a_plate() -> CollectionBuilder:
    said = {"labels": {"source": [{"id": "f"}]}}
    nodes = [entry("f", id="f"), entry("f_nuclei", attributes=said)]
    builder = CollectionBuilder().node(plate(well("rA", "c2", *nodes), well("rB", "c1")))
    return builder.image_node("f").image_node("f_nuclei", ramp((3, 4), np.uint8))


def test_labels_lie_under_the_image_that_they_name(tmp_path: Path) -> None:
    said = {"labels": {"source": [{"id": "a"}]}}
    root = collection("r", entry("mask", attributes=said), entry("b"), entry("a", id="a"))
    builder = CollectionBuilder().node(root).image_node("a").image_node("b")
    state = state_of(builder.image_node("mask", ramp((3, 4), np.uint8)), tmp_path / "x.ozx")
    assert tree(state.images) == {"x.ozx": ["b", {"a": ["mask"]}]}


def test_a_plate_has_its_wells_with_their_fields(tmp_path: Path) -> None:
    state = state_of(a_plate(), tmp_path / "x.ozx")
    (wells,) = [item for item in state.images.children if item.kind is Kind.WELLS]
    assert tree(wells) == {"wells": [{"A2": [{"field f": ["nuclei"]}]}]}


def test_the_grid_of_a_plate_has_the_rows_and_columns_that_it_lists(tmp_path: Path) -> None:
    (grid,) = state_of(a_plate(), tmp_path / "x.ozx").grids
    assert (grid.name, grid.rows, grid.columns) == ("plate", ("A", "B"), ("1", "2"))
    cells = [grid.cell(row, column) for row in (0, 1) for column in (0, 1)]
    assert {cell.name: cell.content for cell in cells} == {
        "A1": Content.UNLISTED,
        "A2": Content.IMAGED,
        "B1": Content.EMPTY,
        "B2": Content.UNLISTED,
    }


def test_facts_of_an_image_that_a_collection_writes_out_are_those_of_its_levels(
    tmp_path: Path,
) -> None:
    one = image("one", level("./a/0", (0.5, 0.5), "a0"))
    builder = CollectionBuilder().node(collection("r", one)).group("a")
    builder.array("a/0", ramp((6, 8)), chunks=(2, 4))
    state = state_of(builder, tmp_path / "x.ozx")
    (item,) = state.images.children
    facts = dict(facts_of([item], state.opened))
    assert facts["Chunks"] == "2 × 4"
    assert facts["OME-Zarr"] == "0.9.dev3"


def test_systems_of_a_scene_are_offered(tmp_path: Path) -> None:
    move = {
        "type": "translation",
        "translation": [0, 8],
        "input": {"id": "physical", "path": path_to("./a")},
        "output": {"id": "world"},
    }
    steps = {"coordinateSystems": [system("world")], "coordinateTransformations": [move]}
    builder = CollectionBuilder().node(collection("r", entry("a"), attributes={"scene": steps}))
    path = write_archive(tmp_path / "x.ozx", builder.image_node("a").entries)
    assert open_image(path).systems == ("world", "a:physical")
