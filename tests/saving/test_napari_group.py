"""The group for napari, read by zarr alone as ``docs/format.md`` says, and what saving does."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from napari.layers import Layer, Shapes
from zarr.storage import ZipStore

import drawn_layers
from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data, validate
from napari_ome_zip.image.napari_group import MAX_BYTES
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.to_layers import layer_findings
from napari_ome_zip.saving.plan import plan_save
from whole_archives import whole_plate, whole_scene, whole_series

FORMAT = Path(__file__).parents[2] / "docs" / "format.md"
PIXELS = np.arange(12 * 16, dtype=np.uint16).reshape(12, 16)
UNITS = {"units": ("micrometer", "micrometer")}
CELLS: LayerData = (PIXELS, {"name": "cells", **UNITS}, "image")
SPOTS: LayerData = (np.array([[1.0, 2], [3, 4]]), {"name": "spots", "size": [5, 6]}, "points")
FLOW: LayerData = (np.ones((3, 2, 2)), {"name": "flow"}, "vectors")
VIEW = {"ndisplay": 3, "camera": {"zoom": 2.5}}


def entries(path: Path, below: str = "") -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith(below)]
        return {name: archive.read(name) for name in names}


def rewritten(path: Path, changes: Mapping[str, bytes | None]) -> Path:
    """Write an archive again with other entries; those that are None are left out."""
    kept = {name: content for name, content in entries(path).items() if name not in changes}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**kept, **changes}.items():
            if content is not None:
                archive.writestr(name, content)
        archive.comment = json.dumps({"ome": {"version": "0.5"}}).encode()
    return path


@contextmanager
def group_of(path: Path) -> Iterator[zarr.Group]:
    store = ZipStore(path, mode="r")
    try:
        yield zarr.open_group(store, path="napari", mode="r", zarr_format=3)
    finally:
        store.close()


def said_of(group: zarr.Group) -> Any:
    return group.attrs["napari"]


def array(layer: zarr.Group, value: Any) -> np.ndarray:
    [name] = value.values()
    return np.asarray(layer[name][...])


def strings(layer: zarr.Group, value: Any) -> list[str]:
    """Read a list of strings as the format describes it."""
    name = value["zarr_strings"]
    content, ends = bytes(layer[f"{name}-bytes"][:]), layer[f"{name}-ends"][:].tolist()
    return [content[a:b].decode() for a, b in zip([0, *ends], ends, strict=False)]


def names(path: Path) -> list[str]:
    return [keywords["name"] for _, keywords, _ in to_layer_data(open_image(path))]


def lost(path: Path, layers: list[LayerData], **options: Any) -> list[str]:
    composite = from_layer_data(layers, target=path)
    return [finding.message for finding in plan_save(composite, SaveOptions(**options)).lost]


# As others read it


def test_points_are_plain_arrays(tmp_path: Path) -> None:
    layer = drawn_layers.points()
    with group_of(save_image([CELLS, layer.as_layer_data_tuple()], tmp_path / "a.ozx")) as group:
        assert said_of(group)["version"] == 1
        (name,) = said_of(group)["layers"]
        spots = group[name]
        said = said_of(spots)
        assert (said["type"], said["name"], said["order"]) == ("points", "spots", 1)
        np.testing.assert_array_equal(array(spots, said["data"]["points"]), layer.data)
        np.testing.assert_array_equal(array(spots, said["settings"]["size"]), [1, 2, 5])
        assert said["settings"]["symbol"] == ["disc", "cross", "star"]
        assert said["settings"]["scale"] == [2, 0.5, 0.25]
        assert said["settings"]["units"] == ["micrometer"] * 3
        columns = {column["name"]: column for column in said["features"]}
        assert array(spots, columns["count"]["values"]).tolist() == [3, -1, 7]
        assert array(spots, columns["count"]["values"]).dtype == np.int16
        assert strings(spots, columns["name"]["values"]) == ["α", "", "β"]
        assert array(spots, columns["note"]["missing"]).tolist() == [False, True, False]
        assert array(spots, columns["class"]["codes"]).tolist() == [1, 2, -1]
        assert strings(spots, columns["class"]["categories"]["values"]) == ["c", "b", "a"]
        assert said["metadata"] == drawn_layers.NOTED["metadata"]


def test_shapes_are_vertices_and_ends(tmp_path: Path) -> None:
    shapes = [[[0, 0], [0, 9], [9, 9]], [[1, 1], [2, 5]]]
    layer = Shapes([np.array(shape, float) for shape in shapes], shape_type=["polygon", "line"])
    with group_of(save_image([layer.as_layer_data_tuple(), CELLS], tmp_path / "a.ozx")) as group:
        regions = group["0"]
        data = said_of(regions)["data"]
        assert array(regions, data["ends"]).tolist() == [3, 5]
        np.testing.assert_array_equal(array(regions, data["vertices"]), np.concatenate(shapes))
        assert said_of(regions)["settings"]["shape_type"] == ["polygon", "line"]


def test_what_another_program_writes_as_the_format_says_is_shown(tmp_path: Path) -> None:
    path = save_image([CELLS], tmp_path / "a.ozx")
    made = tmp_path / "made.zip"
    store = ZipStore(made, mode="w")
    root = zarr.create_group(store, zarr_format=3)
    group = root.create_group("napari", attributes={"napari": {"version": 1, "layers": ["x"]}})
    said = {"type": "points", "data": {"points": {"zarr": "at"}}, "colour": "of later versions"}
    layer = group.create_group("x", attributes={"napari": said})
    layer.create_array("at", data=np.array([[3, 4], [5, 6]], np.int32), chunks=(1, 2))
    store.close()
    rewritten(path, {n: c for n, c in entries(made).items() if n.startswith("napari/")})
    composite = open_image(path)
    assert not composite.findings
    _, (data, keywords, kind) = to_layer_data(composite)
    assert (kind, keywords["name"], data.tolist()) == ("points", "points", [[3, 4], [5, 6]])


@pytest.mark.parametrize("version", ["0.5", "0.6"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_check_finds_nothing_to_say(tmp_path: Path, version: str, count: int) -> None:
    images = [
        (PIXELS, {"name": f"image {n}", "translate": (n * 100, 0), **UNITS}, "image")
        for n in range(count)
    ]
    drawings = [make().as_layer_data_tuple() for make in drawn_layers.ALL]
    path = save_image([*images, *drawings], tmp_path / "a.ozx", SaveOptions(version=version))
    assert not validate(path, deep=True).issues
    assert [part.name for part in open_image(path).images] == [f"image {n}" for n in range(count)]


def test_an_image_of_this_name_gives_way(tmp_path: Path) -> None:
    images = [
        (PIXELS, {"name": name, "translate": (n * 100, 0), "rotate": 10}, "image")
        for n, name in enumerate(("napari", "other"))
    ]
    path = save_image([*images, SPOTS], tmp_path / "a.ozx")
    assert names(path) == ["napari", "other", "spots"]
    with group_of(path) as group:
        assert said_of(group)["layers"] == ["0"]


def test_the_example_of_the_format_reads_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = FORMAT.read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    save_image([CELLS, FLOW, SPOTS], tmp_path / "spots.ozx")
    monkeypatch.chdir(tmp_path)
    exec(example, {})
    assert capsys.readouterr().out == "spots [[1. 2.]\n [3. 4.]]\n"


# Saving over


def test_layers_that_are_gone_are_gone_from_the_file(tmp_path: Path) -> None:
    path = save_image([CELLS, SPOTS, FLOW], tmp_path / "a.ozx")
    layers = to_layer_data(open_image(path))
    assert [keywords["name"] for _, keywords, _ in layers] == ["cells", "spots", "flow"]
    left = [layers[0], layers[2]]
    assert lost(path, left) == [
        "'spots' of a is not among the layers: the saved file is without it."
    ]
    save_image(left, path)
    assert names(path) == ["cells", "flow"]
    save_image(to_layer_data(open_image(path))[:1], path)
    assert not entries(path, "napari/")


def test_what_a_file_for_others_would_lose_is_gone_from_the_file(tmp_path: Path) -> None:
    path = save_image([CELLS, SPOTS], tmp_path / "a.ozx")
    layers = to_layer_data(open_image(path))
    plan = plan_save(from_layer_data([*layers, FLOW]), SaveOptions(for_others=True))
    assert [finding.code for finding in plan.lost] == ["drawing-removed", "layer-not-saved"]


def test_layers_that_were_moved_replace_those_of_the_file(tmp_path: Path) -> None:
    path = save_image([CELLS, SPOTS], tmp_path / "a.ozx")
    cells, (points, keywords, kind) = to_layer_data(open_image(path))
    moved = (points + 1, {**keywords, "name": "moved"}, kind)
    assert lost(path, [cells, moved]) == []
    save_image([cells, moved, FLOW], path)
    _, (again, _, _), _ = to_layer_data(open_image(path))
    np.testing.assert_array_equal(again, [[2, 3], [4, 5]])
    assert names(path) == ["cells", "moved", "flow"]
    assert len(entries(path)) == len({*entries(path)})


@pytest.mark.parametrize("make", [whole_plate, whole_scene, whole_series])
def test_a_file_keeps_its_arrangement_with_drawings(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "a.ozx"
    make(path)
    before = entries(path)
    layers = [Layer.create(*item).as_layer_data_tuple() for item in to_layer_data(open_image(path))]
    save_image([*layers, SPOTS], path)
    after = entries(path)
    added = {name for name in after if name.startswith("napari/")}
    assert added
    assert {name for name in after if name not in before} <= {
        *added,
        "OME/METADATA.ome.xml",
        "thumbnail-2.png",  # beside a picture that nothing names
    }
    assert "spots" in names(path)


def test_a_composite_that_is_saved_again_keeps_the_group_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.ozx"
    first = from_layer_data([CELLS, SPOTS], view=VIEW)
    save_image(first, path)
    before = entries(path, "napari/")
    for options in (SaveOptions(), SaveOptions(version="0.6"), SaveOptions(chunk=8, shard=8)):
        save_image(open_image(path), path, options)
        assert entries(path, "napari/") == before
    assert not validate(path).issues


def test_the_view_stays_where_a_script_saves_without_one(tmp_path: Path) -> None:
    path = tmp_path / "a.ozx"
    save_image(from_layer_data([CELLS, SPOTS], view=VIEW), path)
    save_image([*to_layer_data(open_image(path)), FLOW], path)
    view = open_image(path).napari.view
    assert view is not None
    assert view.to_json() == VIEW


def test_a_file_for_others_has_no_group(tmp_path: Path) -> None:
    path = tmp_path / "a.ozx"
    save_image(from_layer_data([CELLS, SPOTS], view=VIEW), path)
    for composite in (open_image(path), from_layer_data(to_layer_data(open_image(path)))):
        target = save_image(composite, tmp_path / "b.ozx", SaveOptions(for_others=True))
        assert not entries(target, "napari")
        assert names(target) == ["cells"]


def test_consolidated_metadata_follow(tmp_path: Path) -> None:
    path = save_image([CELLS, SPOTS], tmp_path / "a.ozx")
    root = json.loads(entries(path)["zarr.json"])
    copies = {
        name.removesuffix("/zarr.json"): json.loads(content)
        for name, content in entries(path).items()
        if name.endswith("/zarr.json")
    }
    root["consolidated_metadata"] = {
        "kind": "inline", "must_understand": False, "metadata": copies,
    }  # fmt: skip
    rewritten(path, {"zarr.json": json.dumps(root).encode()})
    save_image([*to_layer_data(open_image(path)), FLOW], path)
    with group_of(path) as group:
        assert {said_of(layer)["name"] for _, layer in group.groups()} == {"spots", "flow"}
    assert not open_image(path).findings


# What is there already


def test_a_group_of_another_program_stays(tmp_path: Path) -> None:
    path = save_image([CELLS], tmp_path / "a.ozx")
    other = {"zarr_format": 3, "node_type": "group", "attributes": {"theirs": 1}}
    rewritten(path, {"napari/zarr.json": json.dumps(other).encode(), "napari/note.txt": b"hello"})
    layers = [*to_layer_data(open_image(path)), SPOTS]
    (said,) = lost(path, layers)
    assert said.startswith("'spots' is not saved: the file has something else under the name")
    save_image(layers, path)
    assert entries(path, "napari/")["napari/note.txt"] == b"hello"
    assert names(path) == ["cells"]


def changed_group(path: Path, name: str, **changes: Any) -> None:
    document = json.loads(entries(path)[f"{name}/zarr.json"])
    document["attributes"]["napari"] |= changes
    rewritten(path, {f"{name}/zarr.json": json.dumps(document).encode()})


def test_layers_of_an_unknown_kind_stay_as_they_are(tmp_path: Path) -> None:
    path = save_image([CELLS, SPOTS, FLOW], tmp_path / "a.ozx")
    changed_group(path, "napari/0", type="clouds")
    composite = open_image(path)
    assert names(path) == ["cells", "flow"]
    assert [finding.where for finding in composite.findings] == ["napari/0"]
    before = entries(path, "napari/0/")
    save_image(to_layer_data(composite)[:1], path)
    assert entries(path, "napari/0/") == before
    with group_of(path) as group:
        assert said_of(group)["layers"] == ["0"]


def test_a_later_layout_is_not_read_and_stays_unless_it_is_replaced(tmp_path: Path) -> None:
    path = save_image([CELLS, SPOTS], tmp_path / "a.ozx")
    changed_group(path, "napari", version=2)
    composite = open_image(path)
    (finding,) = composite.findings
    assert "version 2" in finding.message
    before = entries(path, "napari/")
    save_image(to_layer_data(composite), path)
    assert entries(path, "napari/") == before
    save_image([*to_layer_data(open_image(path)), FLOW], path)
    assert names(path) == ["cells", "flow"]


# What is wrong with it


def array_document(path: Path, name: str, **changes: Any) -> None:
    document = json.loads(entries(path)[f"{name}/zarr.json"]) | changes
    rewritten(path, {f"{name}/zarr.json": json.dumps(document).encode()})


def grid(*chunk: int) -> dict[str, Any]:
    return {"name": "regular", "configuration": {"chunk_shape": list(chunk)}}


def spoil_size(path: Path) -> None:
    array_document(path, "napari/0/points", shape=[MAX_BYTES, 2])


def spoil_size_in_small_chunks(path: Path) -> None:
    array_document(path, "napari/0/points", shape=[19_000_000, 2], chunk_grid=grid(1, 1))


def spoil_chunk(path: Path) -> None:
    array_document(path, "napari/0/points", chunk_grid=grid(10**12, 2))


def spoil_type(path: Path) -> None:
    array_document(path, "napari/0/points", data_type="string", fill_value="")


def spoil_document(path: Path) -> None:
    rewritten(path, {"napari/0/points/zarr.json": b"{"})


def spoil_bytes(path: Path) -> None:
    chunk = next(n for n in entries(path, "napari/0/points/c"))
    rewritten(path, {chunk: b"not zstd"})


def spoil_array(path: Path) -> None:
    rewritten(path, {"napari/0/points/zarr.json": None})


def spoil_layer(path: Path) -> None:
    rewritten(path, {"napari/0/zarr.json": None})


def spoil_kind(path: Path) -> None:
    changed_group(path, "napari/0", type=7)


def spoil_reference(path: Path) -> None:
    changed_group(path, "napari/0", data={"points": {"zarr": "../../0"}})


def spoil_depth(path: Path) -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    changed_group(path, "napari/0", settings={"text": deep})


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_size, spoil_size_in_small_chunks, spoil_chunk, spoil_type, spoil_document,
        spoil_bytes, spoil_array, spoil_layer, spoil_kind, spoil_reference, spoil_depth,
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_layer_costs_this_layer_and_is_told(
    tmp_path: Path, spoil: Any
) -> None:
    path = save_image([CELLS, SPOTS, FLOW], tmp_path / "a.ozx")
    spoil(path)
    composite = open_image(path)
    layers = to_layer_data(composite)
    assert [keywords["name"] for _, keywords, _ in layers] == ["cells", "flow"]
    (finding,) = [*composite.findings, *layer_findings(composite, layers)]
    assert finding.code == "napari-layer-unusable"
    assert finding.where == "napari/0"


@pytest.mark.parametrize(
    "said",
    [
        {"version": 1},
        {"version": 1, "layers": 3},
        {"version": 1, "layers": [1, None, "../0", "", "."]},
        {"version": 1, "layers": [], "view": [1, 2]},
        {"version": "1", "layers": ["0"]},
        "nothing",
    ],
)
def test_a_group_that_says_nothing_usable_shows_nothing(tmp_path: Path, said: Any) -> None:
    path = save_image([CELLS, SPOTS], tmp_path / "a.ozx")
    document = {"zarr_format": 3, "node_type": "group", "attributes": {"napari": said}}
    rewritten(path, {"napari/zarr.json": json.dumps(document).encode()})
    composite = open_image(path)
    assert names(path) == ["cells"]
    assert composite.napari.view is None


def test_a_group_for_napari_is_no_image_of_a_collection() -> None:
    builder = HierarchyBuilder().image(PIXELS, "yx", path="one").image(PIXELS, "yx", path="two")
    hidden = dict(HierarchyBuilder().image(PIXELS, "yx", path="napari/three").entries)
    said = {"napari": {"version": 1, "layers": []}}
    document = {"zarr_format": 3, "node_type": "group", "attributes": said}
    hidden["napari/zarr.json"] = json.dumps(document).encode()
    composite = open_image({**hidden, **builder.entries})
    assert [part.path for part in composite.images] == ["one", "two"]
