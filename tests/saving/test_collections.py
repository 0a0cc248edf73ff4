"""What saving does with a collection (RFC-8): its documents stay, or what is lost is said."""

from __future__ import annotations

import json
import zipfile
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
    plate,
    system,
    well,
)
from hierarchy_builder import ramp, write_archive
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data, validate
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.saving.plan import plan_save

type Layer = tuple[Any, dict[str, Any], str]

WITHOUT = SaveOptions(thumbnail=False)
"""Where the document of the root is to stay as it is."""


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


SETTINGS = ("omero", "napari_ome_zip", "napari_ome_zip:display")


def without_settings(document: bytes) -> Any:
    """A document without how its images are shown, which every save states."""
    whole = json.loads(document)

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if k not in SETTINGS}
        return [strip(each) for each in value] if isinstance(value, list) else value

    return strip(whole)


def everything(path: Path) -> Path:
    """Write a collection with one of everything."""
    said = {
        "source": [{"id": "a"}],
        "labelAttributes": [{"labelValue": 1, "color": [255, 0, 0, 255], "lab:class": "x"}],
    }
    moves = [
        {
            "type": "translation",
            "translation": [0, 8 * number],
            "input": {"id": "physical", "path": path_to(f"./{name}")},
            "output": {"id": "world"},
        }
        for number, name in enumerate(("a", "mask", "old"))
    ]
    moves.append(
        {
            "type": "translation",
            "translation": [50, 0],
            "input": {"id": "own"},
            "output": {"id": "world"},
        }
    )
    scene = {"coordinateSystems": [system("world")], "coordinateTransformations": moves}
    inner = image("written out", level("./in/0", (0.5, 0.5), "in0", system="own"))
    inner["attributes"]["coordinateSystems"] = [system("own")]
    nodes = [
        entry("a", id="a", attributes={"org:note": {"isDisabled": True}}),
        entry("mask", attributes={"labels": said}),
        collection("inner", inner, **{"org:extra": 3}),
        entry("old"),
        entry("mesh", kind="org:mesh"),
        entry("far", "https://example.com/a"),
    ]
    attributes = {"scene": scene, "org:grid": "true"}
    builder = CollectionBuilder().node(collection("r", *nodes, attributes=attributes))
    builder.image_node("a", ramp((6, 8)), (2, 2)).image_node("mask", ramp((6, 8), np.uint8), (2, 2))
    builder.array("in/0", ramp((3, 4))).image(ramp((5, 6)), "yx", "old")
    builder.put("mesh/mesh.stl", b"solid")
    return write_archive(path, builder.entries)


def opened(path: Path) -> tuple[CompositeImage, list[Layer]]:
    composite = open_image(path)
    return composite, to_layer_data(composite)


def world(composite: CompositeImage) -> dict[str, Any]:
    return {
        part.name: (part.to_display.matrix.round(9).tolist(), np.asarray(part.levels[0]).tolist())
        for part in composite.parts
    }


def placed_as(layers: list[Layer], name: str) -> dict[str, Any]:
    """Keywords that put another layer where one lies."""
    keywords = next(layer for layer in layers if layer[1]["name"] == name)[1]
    kept = ("axis_labels", "units", "affine", "scale", "translate")
    return {key: keywords[key] for key in kept if key in keywords}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return everything(tmp_path / "a.ozx")


class TestKept:
    def test_what_did_not_change_stays(self, path: Path) -> None:
        before = entries(path)
        composite, layers = opened(path)
        target = path.with_name("b.ozx")
        save_image(layers, target, WITHOUT)
        after = entries(target)
        assert set(after) == set(before)
        for name, content in before.items():
            if name.endswith(".json"):
                assert without_settings(after[name]) == without_settings(content)
            else:
                assert after[name] == content
        assert world(open_image(target)) == world(composite)

    def test_nothing_is_lost(self, path: Path) -> None:
        _, layers = opened(path)
        plan = plan_save(from_layer_data(layers))
        assert (plan.layout, plan.lost) == ("kept", ())

    def test_a_saved_one_breaks_no_more_rules_than_it_did(self, path: Path) -> None:
        _, layers = opened(path)
        before = {issue.code for issue in validate(path).issues}
        save_image(layers, path)
        assert {issue.code for issue in validate(path).issues} <= before | {"arrays-unsharded"}

    def test_new_pixels_take_the_place_of_the_old_ones(self, path: Path) -> None:
        before = entries(path)
        composite, layers = opened(path)
        number = next(i for i, layer in enumerate(layers) if layer[1]["name"] == "a")
        data, keywords, kind = layers[number]
        pixels = np.asarray(data[0] if isinstance(data, list) else data) + 7
        layers[number] = (pixels, keywords, kind)
        save_image(layers, path, WITHOUT)
        after = entries(path)
        assert without_settings(after["zarr.json"]) == without_settings(before["zarr.json"])
        assert without_settings(after["a/zarr.json"]) == without_settings(before["a/zarr.json"])
        again = open_image(path)
        expected = world(composite)
        expected["a"] = (expected["a"][0], pixels.tolist())
        assert world(again) == expected

    def test_colors_that_a_person_chose_are_found_again(self, path: Path) -> None:
        _, layers = opened(path)
        number = next(i for i, layer in enumerate(layers) if layer[1]["name"] == "written out")
        layers[number][1].update(colormap="#00FF00", contrast_limits=(3, 9))
        save_image(layers, path)
        (channel,) = next(i for i in open_image(path).images if i.name == "written out").channels
        assert (channel.color, channel.limits) == ("#00FF00", (3, 9))
        node = json.loads(entries(path)["zarr.json"])["attributes"]["ome"]["nodes"][2]
        assert node["org:extra"] == 3
        assert node["nodes"][0]["attributes"]["omero"]["channels"][0]["color"] == "00FF00"

    def test_what_is_said_of_labels_is_changed_where_it_stands(self, path: Path) -> None:
        _, layers = opened(path)
        number = next(i for i, layer in enumerate(layers) if layer[1]["name"].endswith("mask"))
        features = {"index": [1, 2], "lab:class": ["y", "z"]}
        layers[number][1]["features"] = features
        save_image(layers, path)
        root = json.loads(entries(path)["zarr.json"])["attributes"]["ome"]
        labels = root["nodes"][1]["attributes"]["labels"]
        assert labels["source"] == [{"id": "a"}]
        found = {each["labelValue"]: each.get("lab:class") for each in labels["labelAttributes"]}
        assert (found[1], found[2]) == ("y", "z")
        (again,) = open_image(path).labels
        assert again.label is not None
        classes = {row.value: row.mapping["lab:class"] for row in again.label.table}
        assert (classes[1], classes[2]) == ("y", "z")

    def test_new_labels_become_a_node_beside_their_image(self, path: Path) -> None:
        composite, layers = opened(path)
        keywords = placed_as(layers, "a")
        cells = np.zeros((6, 8), np.uint16)
        cells[2:4, 3:5] = 9
        save_image([*layers, (cells, {"name": "cells", **keywords}, "labels")], path)
        again = open_image(path)
        new = next(labels for labels in again.labels if labels.name == "cells")
        assert new.image_path == "a"
        assert np.array_equal(np.asarray(new.levels[0]), cells)
        raw = next(each for each in again.images if each.name == "a")
        assert new.to_display.matrix.tolist() == raw.to_display.matrix.tolist()
        expected = world(composite)
        assert {k: v for k, v in world(again).items() if k in expected} == expected
        root = json.loads(entries(path)["zarr.json"])["attributes"]["ome"]
        (node,) = [each for each in root["nodes"] if each["name"] == "cells"]
        assert node["attributes"]["labels"]["source"] == [{"id": "a"}]
        codes = {issue.code for issue in validate(path).issues}
        assert not {code for code in codes if code.startswith(("node-", "coordinate-"))} - {
            "node-foreign",
            "node-outside",
        }

    def test_two_new_label_images_of_one_name(self, path: Path) -> None:
        _, layers = opened(path)
        keywords = placed_as(layers, "a")
        new = [(np.full((6, 8), n, np.uint8), {"name": "a", **keywords}, "labels") for n in (1, 2)]
        save_image([*layers, *new], path)
        values = {int(np.asarray(labels.levels[0])[0, 0]) for labels in open_image(path).labels}
        assert values == {0, 1, 2}

    def test_a_json_document_is_changed_too(self, tmp_path: Path) -> None:
        builder = CollectionBuilder().node(collection("r", entry("im", "./x/im.json")))
        builder.json("x/im.json", image("im", level("./a/s0"))).array("x/a/s0", ramp((3, 4)))
        path = write_archive(tmp_path / "a.ozx", builder.entries)
        _, layers = opened(path)
        layers[0][1]["colormap"] = "#FF0000"
        save_image(layers, path)
        (im,) = open_image(path).images
        assert im.channels[0].color == "#FF0000"
        assert "omero" in json.loads(entries(path)["x/im.json"])["ome"]["attributes"]

    def test_an_older_draft_stays_one(self, tmp_path: Path) -> None:
        builder = CollectionBuilder().node(collection("r", entry("a")), version="0.7dev0")
        path = write_archive(tmp_path / "a.ozx", builder.image_node("a").entries)
        _, layers = opened(path)
        save_image(layers, path)
        assert json.loads(entries(path)["zarr.json"])["attributes"]["ome"]["version"] == "0.7dev0"

    def test_a_plate_stays_one(self, tmp_path: Path) -> None:
        wells = [well("rA", "c1", entry("f")), well("rB", "c2", entry("g"))]
        builder = CollectionBuilder().node(plate(*wells)).image_node("f").image_node("g")
        path = write_archive(tmp_path / "a.ozx", builder.entries)
        before = entries(path)
        composite, layers = opened(path)
        save_image(layers, path, WITHOUT)
        after = entries(path)
        assert without_settings(after["zarr.json"]) == without_settings(before["zarr.json"])
        assert world(open_image(path)) == world(composite)


class TestArrangedAnew:
    """What nodes cannot say (yet): the collection becomes what versions that are written have."""

    def test_a_chosen_version_keeps_every_place(self, path: Path) -> None:
        composite, layers = opened(path)
        target = path.with_name("b.ozx")
        save_image(layers, target, SaveOptions(version="0.6"))
        assert world(open_image(target)) == world(composite)

    @pytest.mark.parametrize("version", ["0.5", "0.6", "0.9.dev1"])
    def test_no_document_is_a_node_any_more(self, path: Path, version: Any) -> None:
        _, layers = opened(path)
        target = path.with_name("b.ozx")
        save_image(layers, target, SaveOptions(version=version))
        for name, content in entries(target).items():
            if name.endswith("zarr.json"):
                ome = json.loads(content).get("attributes", {}).get("ome", {})
                assert not {"type", "nodes"} & set(ome), name

    def test_what_other_programs_noted_stays(self, path: Path) -> None:
        _, layers = opened(path)
        target = path.with_name("b.ozx")
        save_image(layers, target, SaveOptions(version="0.6"))
        after = entries(target)
        assert json.loads(after["zarr.json"])["attributes"]["org:grid"] == "true"
        assert json.loads(after["a/zarr.json"])["attributes"]["org:note"] == {"isDisabled": True}
        assert after["mesh/mesh.stl"] == b"solid"

    def test_what_is_lost_is_said(self, path: Path) -> None:
        _, layers = opened(path)
        plan = plan_save(from_layer_data(layers), SaveOptions(version="0.6"))
        said = {finding.code: finding.message for finding in plan.lost}
        assert "nodes of other programs are not kept" in said["collection-dissolved"]
        assert "plate" not in said["collection-dissolved"]

    def test_a_plate_that_is_lost_is_said(self, tmp_path: Path) -> None:
        builder = CollectionBuilder().node(plate(well("rA", "c1", entry("f")))).image_node("f")
        _, layers = opened(write_archive(tmp_path / "a.ozx", builder.entries))
        plan = plan_save(from_layer_data(layers), SaveOptions(version="0.6"))
        said = {finding.code: finding.message for finding in plan.lost}
        assert "rows, columns and wells" in said["collection-dissolved"]

    def test_a_part_that_was_moved_stays_where_it_was_put(self, path: Path) -> None:
        composite, layers = opened(path)
        number = next(i for i, layer in enumerate(layers) if layer[1]["name"] == "a")
        data, keywords, kind = layers[number]
        affine = np.array(keywords.get("affine", np.eye(3)), float)
        affine[:2, -1] += (100, 200)
        layers[number] = (data, {**keywords, "affine": affine}, kind)
        save_image(layers, path)
        again = world(open_image(path))
        before = world(composite)
        moved = np.array(again["a"][0]) - np.array(before["a"][0])
        assert moved[:2, -1].tolist() == [100, 200]
        assert again["written out"] == before["written out"]

    def test_labels_that_were_removed_are_not_there(self, path: Path) -> None:
        _, layers = opened(path)
        kept = [layer for layer in layers if layer[2] != "labels"]
        save_image(kept, path)
        assert open_image(path).labels == ()

    def test_an_image_that_no_node_leads_to_stays_and_that_is_said(self, tmp_path: Path) -> None:
        builder = CollectionBuilder().node(collection("r", entry("a"), entry("b")))
        for name in ("a", "b", "unlisted"):
            builder.image_node(name)
        path = write_archive(tmp_path / "a.ozx", builder.entries)
        before = entries(path)
        _, layers = opened(path)
        plan = plan_save(from_layer_data(layers), SaveOptions(version="0.6"))
        assert "unlisted-image-shown" in [finding.code for finding in plan.lost]
        save_image(layers, path, SaveOptions(version="0.6"))
        assert entries(path)["unlisted/zarr.json"] == before["unlisted/zarr.json"]

    def test_labels_drawn_over_a_plate_become_nodes_of_its_wells(self, tmp_path: Path) -> None:
        lines = {k: [{"id": f"{k}{n}"} for n in range(3)] for k in ("rows", "columns")}
        wells = [
            {**well(f"rows{n // 3}", f"columns{n % 3}", entry(f"f{n}")), "name": f"well {n}"}
            for n in range(9)
        ]
        builder = CollectionBuilder().node(plate(*wells, **lines))
        for n in range(9):
            builder.image_node(f"f{n}", ramp((8, 8)))
        path = write_archive(tmp_path / "a.ozx", builder.entries)
        composite, layers = opened(path)
        (mosaic,) = composite.images
        drawn = np.zeros(mosaic.shape, np.uint8)
        for number, field in enumerate(mosaic.fields):
            y, x = field.offset
            drawn[y + 2 : y + 4, x + 3 : x + 6] = number + 1
        keywords = placed_as(layers, mosaic.name)
        save_image([*layers, (drawn, {"name": "cells", **keywords}, "labels")], path)
        (cells,) = open_image(path).labels
        assert len(cells.fields) == 9
        assert np.array_equal(np.asarray(cells.levels[0]), drawn)
        assert "collections-draft" in {issue.code for issue in validate(path).issues}

    @pytest.mark.parametrize("version", ["0.9.dev4", "1.0"])
    def test_one_with_an_image_of_a_version_that_is_not_known_is_arranged_anew(
        self, tmp_path: Path, version: str
    ) -> None:
        builder = CollectionBuilder().node(collection("r", entry("a"), entry("new")))
        builder.image_node("a").image_of_0_6(ramp((3, 4)), "yx", "new", version=version)
        path = write_archive(tmp_path / "a.ozx", builder.entries)
        composite, layers = opened(path)
        save_image(layers, path)
        assert world(open_image(path)) == world(composite)
