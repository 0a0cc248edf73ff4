"""What saving keeps of the file that layers came from: everything that they do not stand for."""

from __future__ import annotations

import json
import shutil
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from napari.layers import Image, Labels, Layer
from zarr.storage import ZipStore

from hierarchy_builder import HierarchyBuilder, axes_of, ramp
from layer_comparison import assert_same_layers, open_layers
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data, validate
from napari_ome_zip.errors import SaveError
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.saving.plan import plan_save
from whole_archives import (
    WHOLE_ARCHIVES,
    whole_archive,
    whole_archive_of_0_4,
    whole_plate,
    whole_scene,
    whole_series,
)
from whole_hierarchy import Truth

KINDS = [kind for kind in WHOLE_ARCHIVES if kind != "of 0.4"]
OWN = "napari_ome_zip"
PLACES = ("the same file", "a new file")
WITHOUT = SaveOptions(thumbnail=False)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Let the archives say that one of their images cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def save(layers: list[Layer], path: Path, **options: Any) -> dict[str, bytes]:
    """Save without a new thumbnail: what becomes of thumbnails is in `test_thumbnails`."""
    options = {"thumbnail": False, **options}
    save_image([layer.as_layer_data_tuple() for layer in layers], path, SaveOptions(**options))
    return entries(path)


def lost(layers: list[Layer], target: Path | None = None, **options: Any) -> str:
    """Return what a person is told before anything is written."""
    data = [layer.as_layer_data_tuple() for layer in layers]
    plan = plan_save(from_layer_data(data, target=target), SaveOptions(**options))
    return " ".join(finding.message for finding in plan.lost)


def target_of(where: str, truth: Truth) -> Path:
    return truth.path if where == PLACES[0] else truth.path.with_name("new.ozx")


def documents_of_images(truth: Truth) -> set[str]:
    groups = (*truth.images, *truth.labels)
    return {f"{group}/zarr.json" if group else "zarr.json" for group in groups}


def without_display(document: bytes) -> dict[str, Any]:
    """Return a document of an image without what a viewer shows: settings of its channels."""
    found = json.loads(document)
    attributes = found["attributes"]
    attributes.pop(OWN, None)
    omero = attributes["ome"].pop("omero", {})
    for channel in omero.get("channels", ()):
        window = channel.pop("window", {})
        for known in ("label", "color", "active"):
            channel.pop(known, None)
        channel["window"] = {k: v for k, v in window.items() if k.startswith("acme")}
    omero.pop("rdefs", None)
    attributes["ome"]["omero"] = {k: v for k, v in omero.items() if k != "channels"}
    attributes["channels"] = omero.get("channels")
    return dict(found)


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_an_unchanged_image_keeps_every_byte_but_what_viewers_set(
    kind: str, where: str, tmp_path: Path
) -> None:
    truth = WHOLE_ARCHIVES[kind](tmp_path / "whole.ozx")
    found = save(open_layers(truth.path), target_of(where, truth))
    assert set(found) == set(truth.entries)
    changeable = documents_of_images(truth)
    for name, content in truth.entries.items():
        if name not in changeable:
            assert found[name] == content, name
    for name in changeable:
        before, after = without_display(truth.entries[name]), without_display(found[name])
        # A plate's settings are noted once, and other images may get channels by themselves.
        if before["attributes"]["channels"] is None:
            before["attributes"].pop("channels"), after["attributes"].pop("channels")
        assert after == before, name


@pytest.mark.parametrize("kind", KINDS)
def test_a_composite_keeps_what_its_file_has(kind: str, tmp_path: Path) -> None:
    truth = WHOLE_ARCHIVES[kind](tmp_path / "whole.ozx")
    save_image(open_image(truth.path), tmp_path / "new.ozx", WITHOUT)
    found = entries(tmp_path / "new.ozx")
    assert set(found) == set(truth.entries)
    assert all(found[name] == truth.entries[name] for name in truth.foreign | truth.listing)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_saved_looks_the_same(kind: str, tmp_path: Path) -> None:
    truth = WHOLE_ARCHIVES[kind](tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    save(layers, truth.path)
    assert_same_layers(layers, open_layers(truth.path))


def test_documents_still_come_first(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    names = list(save(open_layers(truth.path), truth.path))
    documents = [name for name in names if name.rpartition("/")[2] == "zarr.json"]
    assert names[: len(documents)] == documents
    assert names[0] == "zarr.json"


def test_settings_of_channels_are_saved_beside_what_others_noted(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    first = next(layer for layer in layers if layer.name.endswith("DAPI"))
    assert isinstance(first, Image)
    first.contrast_limits = (3, 33)
    first.colormap = "red"
    omero = json.loads(save(layers, truth.path)["zarr.json"])["attributes"]["ome"]["omero"]
    before = truth.attributes("")["ome"]["omero"]
    channel, old = omero["channels"][0], before["channels"][0]
    assert (channel["window"]["start"], channel["window"]["end"]) == (3, 33)
    assert channel["color"] == "FF0000"
    assert channel["window"]["acme:auto"] is True
    assert {k: channel[k] for k in old if k not in ("color", "window")} == {
        k: old[k] for k in old if k not in ("color", "window")
    }
    assert omero["acme:owner"] == before["acme:owner"]
    assert omero["rdefs"]["projection"] == "normal"


# New and repainted labels


def painted(layers: list[Layer], name: str) -> Labels:
    """Replace labels by a copy in memory, as one that can be painted, and paint it."""
    number = next(n for n, layer in enumerate(layers) if layer.name.endswith(name))
    data, keywords, _ = layers[number].as_layer_data_tuple()
    full = data[0] if isinstance(data, list) or hasattr(data, "_data") else data
    copy = Labels(np.array(full), **{**keywords, "multiscale": False})
    copy.data[..., 2:5, 3:9] = 7
    layers[number] = copy
    return copy


@pytest.mark.parametrize("where", PLACES)
def test_repainted_labels_take_the_place_of_those_they_were_made_from(
    where: str, tmp_path: Path
) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    copy = painted(layers, "tissue")
    path = target_of(where, truth)
    found = save(layers, path)
    own = truth.entries_of("labels/tissue")
    for name, content in truth.entries.items():
        if name not in own and name not in documents_of_images(truth):
            assert found[name] == content, name
    with ZipStore(path, mode="r") as store:
        group = zarr.open_group(store, mode="r")
        listed = group["labels"].attrs["ome"]["labels"]
        dataset = group["labels/tissue"].attrs["ome"]["multiscales"][0]["datasets"][0]
        pixels = group[f"labels/tissue/{dataset['path']}"][:]
    assert listed == truth.attributes("labels")["ome"]["labels"]
    np.testing.assert_array_equal(pixels, np.asarray(copy.data))
    assert_same_layers(layers, open_layers(path))


def test_a_rewritten_pyramid_says_how_it_was_made(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    painted(layers, "tissue")
    found = json.loads(save(layers, truth.path)["labels/tissue/zarr.json"])
    (multiscale,) = found["attributes"]["ome"]["multiscales"]
    assert len(multiscale["datasets"]) == 3  # as many as the image has
    assert multiscale["type"] == "mode"
    module, _, function = multiscale["metadata"]["method"].rpartition(".")
    assert callable(getattr(__import__(module, fromlist=[function]), function))


def test_new_labels_lie_below_their_image_where_it_lies(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    image = layers[0]
    values = np.zeros(image.data[0].shape, np.uint8)
    values[1, 3:9, 4:8] = 5
    layers.append(Labels(values, name="drawn", scale=image.scale, translate=image.translate,
                         units=image.units, axis_labels=image.axis_labels))  # fmt: skip
    found = save(layers, truth.path)
    for name in truth.foreign:
        assert found[name] == truth.entries[name]
    for name in truth.entries_of(""):
        if name != "zarr.json":
            assert found[name] == truth.entries[name], name
    listed = json.loads(found["labels/zarr.json"])["attributes"]
    assert listed["ome"]["labels"] == ["cells", "locked", "tissue", "drawn"]
    assert listed["ome"]["acme:order"] == [1, 0]
    scale, translation = truth.places["s0"]
    said = json.loads(found["labels/drawn/zarr.json"])["attributes"]["ome"]["multiscales"][0]
    steps = said["datasets"][0]["coordinateTransformations"]
    np.testing.assert_allclose(steps[0]["scale"], scale[1:], rtol=1e-12)
    np.testing.assert_allclose(steps[1]["translation"], translation[1:], rtol=1e-12)
    again = {layer.name: layer for layer in open_layers(truth.path)}["drawn"]
    np.testing.assert_array_equal(again.data[0], values)


@pytest.mark.parametrize("make", [whole_scene, whole_series], ids=["scene", "series"])
def test_new_labels_in_a_file_of_several_images_leave_the_others_alone(
    make: Any, tmp_path: Path
) -> None:
    truth = make(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    image = next(layer for layer in layers if layer.name.startswith(("right", "1")))
    full = image.data[0] if image.multiscale else image.data
    values = np.zeros(full.shape, np.uint8)
    values[..., 3:9, 4:8] = 5
    layers.append(Labels(values, name="drawn", scale=image.scale, translate=image.translate,
                         units=image.units, axis_labels=image.axis_labels))  # fmt: skip
    found = save(layers, truth.path)
    group = "right" if make is whole_scene else "1"
    new = {name for name in found if name not in truth.entries}
    assert new
    assert all(name.startswith(f"{group}/labels/") for name in new), sorted(new)
    changeable = documents_of_images(truth)
    same = set(truth.entries) - changeable
    assert all(found[name] == truth.entries[name] for name in same)
    after = open_layers(truth.path)
    again = next(layer for layer in after if layer.name.endswith("drawn"))
    for corner in ((0,) * 3, (1, 5, 7)):
        np.testing.assert_allclose(again.data_to_world(corner), image.data_to_world(corner))


# What is not kept is said


def test_an_image_that_was_removed_is_named_before_it_is_left_out(tmp_path: Path) -> None:
    truth = whole_series(tmp_path / "whole.ozx")
    layers = [layer for layer in open_layers(truth.path) if not layer.name.startswith("map")]
    told = lost(layers, truth.path)
    assert "'map' of whole is not among the layers" in told
    assert "METADATA.ome.xml is kept" in told
    found = save(layers, truth.path)
    assert not [name for name in found if name.startswith("map/")]
    assert json.loads(found["OME/zarr.json"])["attributes"]["ome"]["series"] == ["0", "1"]
    for name in truth.foreign:
        assert found[name] == truth.entries[name], name
    for group in ("0", "1"):
        kept = truth.entries_of(group)
        assert all(found[name] == kept[name] for name in kept if name != f"{group}/zarr.json")


def test_labels_that_were_removed_are_taken_off_the_list(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = [layer for layer in open_layers(truth.path) if not layer.name.endswith("tissue")]
    assert "'labels/tissue' of whole is not among the layers" in lost(layers, truth.path)
    found = save(layers, truth.path)
    assert json.loads(found["labels/zarr.json"])["attributes"]["ome"]["labels"] == [
        "cells",
        "locked",
    ]
    gone = set(truth.entries_of("labels/tissue"))
    assert set(found) == set(truth.entries) - gone


def assert_foreign_entries_of_the_image(found: dict[str, bytes], truth: Truth) -> None:
    """Entries that OME-Zarr does not know stay; tables lie beside the labels that they name."""
    only_there = "labels/locked/zarr.json"
    (image,) = (name.removesuffix(only_there) for name in found if name.endswith(only_there))
    assert image
    for name in truth.foreign - {"OME/zarr.json"}:
        place = image + name if name.startswith("tables/") else name
        assert found[place] == truth.entries[name], name


def test_a_new_image_beside_a_root_image_moves_it_and_loses_nothing(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    layers.insert(0, Image(np.ones((3, 9, 9), np.float32), name="new", units=layers[0].units))
    found = save(layers, truth.path)
    assert_foreign_entries_of_the_image(found, truth)
    # The levels are copied: the same chunks, wherever they lie now.
    moved = {name.partition("/")[2]: content for name, content in found.items() if "/" in name}
    for name in truth.entries_of(""):
        if name != "zarr.json":
            assert moved[name] == truth.entries[name], name
    root = json.loads(found["zarr.json"])["attributes"]
    assert root["acme"] == truth.attributes("")["acme"]
    assert "multiscales" not in root["ome"]
    before = {layer.name: layer for layer in layers}
    for layer in open_layers(truth.path):
        name = layer.name.rpartition(": ")[2]
        assert name in before or name.startswith("whole"), name


@pytest.mark.parametrize("where", PLACES)
def test_a_file_of_zarr_v2_keeps_what_can_be_kept(where: str, tmp_path: Path) -> None:
    truth = whole_archive_of_0_4(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    path = target_of(where, truth)
    told = lost(layers, path)
    assert "The file becomes OME-Zarr 0.5; whole is 0.4" in told
    assert "'tables'" in told
    found = save(layers, path)
    for name in truth.foreign:
        assert found[name] == truth.entries[name], name
    root = json.loads(found["zarr.json"])["attributes"]
    assert root["acme"] == truth.attributes("")["acme"]
    assert root["spatialdata_attrs"] == truth.attributes("")["spatialdata_attrs"]
    assert root["ome"]["multiscales"][0]["acme:id"] == 2**60 + 1
    assert root["ome"]["multiscales"][0]["datasets"][1]["acme:sum"] == "crc32c-00000001"
    assert root["ome"]["omero"]["acme:owner"] == "public"
    assert ".zattrs" not in found
    assert ".zgroup" not in found
    with ZipStore(path, mode="r") as store:
        group = zarr.open_group(store, mode="r")
        datasets = group.attrs["ome"]["multiscales"][0]["datasets"]
        for number, dataset in enumerate(datasets):
            np.testing.assert_array_equal(
                group[dataset["path"]][:], truth.arrays[f"s{number}"].astype("u2")
            )
            scale, translation = truth.places[f"s{number}"]
            steps = dataset["coordinateTransformations"]
            np.testing.assert_allclose(steps[0]["scale"], scale)
            np.testing.assert_allclose(steps[1]["translation"], translation)
    assert_same_layers(layers, open_layers(path))


def test_another_version_keeps_levels_and_what_others_said(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    path = tmp_path / "new.ozx"
    assert "becomes OME-Zarr 0.6; whole is 0.5" in lost(layers, path, version="0.6")
    found = save(layers, path, version="0.6")
    for name in truth.foreign:
        assert found[name] == truth.entries[name], name
    for name in truth.entries_of(""):
        if name != "zarr.json":
            assert found[name] == truth.entries[name], name
    multiscale = json.loads(found["zarr.json"])["attributes"]["ome"]["multiscales"][0]
    for number, dataset in enumerate(multiscale["datasets"]):
        scale, translation = truth.places[f"s{number}"]
        steps = dataset["coordinateTransformations"][0]["transformations"]
        np.testing.assert_allclose(steps[0]["scale"], scale)
        np.testing.assert_allclose(steps[1]["translation"], translation)
    assert_same_layers(layers, open_layers(path))


def test_a_moved_image_keeps_its_levels_each_at_its_odd_place(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    for layer in layers:
        layer.scale = tuple(2 * np.asarray(layer.scale))
        layer.translate = tuple(2 * np.asarray(layer.translate))
    found = save(layers, truth.path)
    for name in truth.entries_of(""):
        if name != "zarr.json":
            assert found[name] == truth.entries[name], name
    multiscale = json.loads(found["zarr.json"])["attributes"]["ome"]["multiscales"][0]
    assert multiscale["acme:id"] == 2**60 + 1
    for number, dataset in enumerate(multiscale["datasets"]):
        scale, translation = truth.places[f"s{number}"]
        steps = dataset["coordinateTransformations"]
        np.testing.assert_allclose(steps[0]["scale"][1:], 2 * np.array(scale[1:]))
        np.testing.assert_allclose(steps[1]["translation"][1:], 2 * np.array(translation[1:]))
    assert_same_layers(layers, open_layers(truth.path))


def test_another_codec_leaves_what_is_not_pixels_alone(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    found = save(layers, truth.path, codec="gzip", chunk=8, shard=0)
    for name in truth.foreign:
        assert found[name] == truth.entries[name], name
    with ZipStore(truth.path, mode="r") as store:
        group = zarr.open_group(store, mode="r")
        for number in range(3):
            array = group[f"s{number}"]
            assert [codec.to_dict()["name"] for codec in array.compressors] == ["gzip"]
            np.testing.assert_array_equal(array[:], truth.arrays[f"s{number}"])
    attributes = json.loads(found["s0/zarr.json"])["attributes"]
    assert attributes == json.loads(truth.entries["s0/zarr.json"])["attributes"]


def test_labels_of_one_field_of_a_plate_are_repainted_there(tmp_path: Path) -> None:
    truth = whole_plate(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    copy = painted(layers, "nuclei")
    found = save(layers, truth.path)
    same = (
        set(truth.entries)
        - documents_of_images(truth)
        - set(truth.entries_of("A/1/0/labels/nuclei"))
    )
    assert all(found[name] == truth.entries[name] for name in same)
    with ZipStore(truth.path, mode="r") as store:
        pixels = zarr.open_array(store, path="A/1/0/labels/nuclei/s0", mode="r")[:]
    np.testing.assert_array_equal(pixels, np.squeeze(np.asarray(copy.data)))


def test_labels_of_a_whole_plate_become_labels_of_its_fields(tmp_path: Path) -> None:
    truth = whole_plate(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    image = layers[0]
    assert isinstance(image, Image)
    values = np.random.default_rng(1).integers(0, 200, image.data.shape, np.uint8)
    fields = [field for part in open_image(truth.path).images for field in part.fields]
    between = np.ones(values.shape[-2:], bool)
    for field in fields:
        row, column = field.offset[-2:]
        between[row : row + 14, column : column + 18] = False
    assert between.any()
    values[..., between] = 0
    layers.append(Labels(values, name="drawn", scale=image.scale, translate=image.translate,
                         units=image.units, axis_labels=image.axis_labels))  # fmt: skip
    assert lost(layers, truth.path) == ""
    row, column = np.argwhere(between)[-1]
    values[..., row, column] = 1
    assert lost(layers, truth.path) == (
        "'drawn' is saved without what lies between the fields of view: no field has a place for "
        "it."
    )
    values[..., row, column] = 0
    found = save(layers, truth.path)
    same = set(truth.entries) - documents_of_images(truth) - {"A/1/0/labels/zarr.json"}
    assert all(found[name] == truth.entries[name] for name in same)
    assert sorted(field.path for field in fields) == ["A/1/0", "A/1/1", "A/2/0", "B/2/0"]
    after = next(layer for layer in open_layers(truth.path) if layer.name.endswith("drawn"))
    shown = np.asarray(after.data[0] if after.multiscale else after.data)
    with ZipStore(truth.path, mode="r") as store:
        for field in fields:
            rows, columns = (slice(n, n + size) for n, size in zip(
                field.offset[-2:], (14, 18), strict=True))  # fmt: skip
            path = f"{field.path}/labels/drawn/0"
            pixels = zarr.open_array(store, path=path, mode="r")[:]
            np.testing.assert_array_equal(pixels, values[rows, columns])
            np.testing.assert_array_equal(shown[rows, columns], values[rows, columns])


def test_pixels_of_a_plate_that_were_replaced_are_saved_as_one_image_and_that_is_said(
    tmp_path: Path,
) -> None:
    truth = whole_plate(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    for number, layer in enumerate(layers):
        if isinstance(layer, Image):
            data, keywords, _ = layer.as_layer_data_tuple()
            layers[number] = Image(np.asarray(data) + np.uint16(1), **keywords)
    assert "is saved as one image: its 4 fields of view" in lost(layers, truth.path)
    found = save(layers, truth.path)
    for name in truth.foreign:
        assert found[name] == truth.entries[name], name
    root = json.loads(found["zarr.json"])["attributes"]
    for key in ("acme", "spatialdata_attrs"):
        assert root[key] == truth.attributes("")[key]
    assert "plate" not in root["ome"]


def test_labels_on_another_grid_than_a_plate_are_not_put_into_one_of_its_fields(
    tmp_path: Path,
) -> None:
    truth = whole_plate(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    image = layers[0]
    assert isinstance(image, Image)
    values = np.ones([(n + 2) // 3 for n in image.data.shape], np.uint8)
    layers.append(Labels(values, name="coarse", scale=3 * np.array(image.scale),
                         translate=image.translate, units=image.units,
                         axis_labels=image.axis_labels))  # fmt: skip
    assert "is saved as one image: its 4 fields of view" in lost(layers, truth.path)


def test_layers_of_two_files_keep_what_the_replaced_one_has(tmp_path: Path) -> None:
    one = whole_archive(tmp_path / "one.ozx")
    two = whole_series(tmp_path / "two.ozx")
    layers = [*open_layers(two.path), *open_layers(one.path)]
    found = save(layers, one.path)
    assert_foreign_entries_of_the_image(found, one)


# Replacing the only copy


def test_layers_can_be_saved_over_their_file_again_and_again(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    for _ in range(3):
        found = save(layers, truth.path)
    assert all(found[name] == truth.entries[name] for name in truth.foreign)


@pytest.mark.parametrize("in_place", [False, True])
def test_a_file_that_another_program_changed_is_not_replaced(
    tmp_path: Path, in_place: bool
) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    changed = truth.path if in_place else tmp_path / "changed.ozx"
    if not in_place:
        shutil.copy(truth.path, changed)
    with zipfile.ZipFile(changed, "a") as archive:
        archive.writestr("tables/new/0", b"measured meanwhile")
    changed.replace(truth.path)
    before = truth.path.read_bytes()
    with pytest.raises(SaveError, match=r"whole\.ozx was changed by another program"):
        save(layers, truth.path)
    assert truth.path.read_bytes() == before
    save(layers, tmp_path / "elsewhere.ozx")


# Sizes


def test_the_size_of_an_unchanged_file_is_known_beforehand(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    data = to_layer_data(open_image(truth.path))
    plan = plan_save(from_layer_data(data), WITHOUT)
    written = save_image(data, tmp_path / "new.ozx", WITHOUT).stat().st_size
    # End records and comment are no entry's.
    assert 0 <= written - plan.known_bytes < 250


def test_channels_that_are_not_saved_are_counted_before_they_are_left_out(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = [layer for layer in open_layers(truth.path) if not layer.name.endswith("GFP")]
    assert "'whole' is saved with 1 of its 2 channels" in lost(layers, truth.path)
    found = save(layers, truth.path)
    for name in truth.foreign:
        assert found[name] == truth.entries[name], name
    with ZipStore(truth.path, mode="r") as store:
        pixels = zarr.open_array(store, path="s0", mode="r")[:]
    np.testing.assert_array_equal(pixels, truth.arrays["s0"][:1])


def test_labels_of_a_coarser_level_say_that_they_replace_finer_ones(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    number = next(n for n, layer in enumerate(layers) if layer.name.endswith("tissue"))
    data, keywords, _ = layers[number].as_layer_data_tuple()
    half = np.asarray(data)[:, ::2, ::2]
    keywords["scale"] = tuple(np.array(keywords["scale"]) * (1, 2, 2))
    layers[number] = Labels(half, **{**keywords, "multiscale": False})
    assert "'tissue' is saved with 5 × 6 × 9 pixels: those of the file, 5 × 11 × 17" in lost(
        layers, truth.path
    )
    save(layers, truth.path)
    again = next(layer for layer in open_layers(truth.path) if layer.name.endswith("tissue"))
    np.testing.assert_array_equal(again.data[0] if again.multiscale else again.data, half)


def test_an_image_of_six_axes_says_what_becomes_of_its_channels() -> None:
    pixels = np.zeros((2, 2, 3, 4, 5, 6), np.uint8)
    kinds = ("time", "channel", "angle", "space", "space", "space")
    axes = [{"name": name, "type": kind} for name, kind in zip("tcpzyx", kinds, strict=True)]
    builder = HierarchyBuilder().image([pixels], axes)
    layers = [Layer.create(*item) for item in to_layer_data(open_image(builder.entries))]
    assert lost(layers) == ""
    assert lost(layers, version="0.6", split=True).startswith(
        "'memory' has 6 axes (t, c, p, z, y, x), which OME-Zarr 0.6 does not hold: its 2 channels "
        "are saved as images of their own."
    )
    assert "images of their own" not in lost(layers, version="0.9.dev1")


def test_axes_that_get_other_names_are_named() -> None:
    shape = (3, 4, 5)
    layers: list[Layer] = [
        Image(np.ones(shape), name="a", axis_labels=("z", "y", "x")),
        Image(np.ones(shape), name="b", axis_labels=("p", "q", "r"), scale=(2, 2, 2)),
        Image(np.ones(shape), name="c", axis_labels=("q", "q", "r"), scale=(3, 3, 3)),
    ]
    assert lost(layers) == (
        "'b': its axes p, q, r are saved as z, y, x. 'c': its axes q, q, r are saved as z, y, x."
    )


def test_what_another_file_holds_besides_its_layers_is_said_to_stay_behind(tmp_path: Path) -> None:
    one = whole_archive(tmp_path / "one.ozx")
    two = whole_series(tmp_path / "two.ozx")
    layers = [*open_layers(two.path), *open_layers(one.path)]
    assert "Only what the layers show of two is saved" in lost(layers, one.path)
    assert "Only what the layers show of one is saved" in lost(layers, two.path)


@pytest.mark.parametrize("value", [1e101, -1e200])
def test_places_that_nobody_would_believe_are_refused_by_name(tmp_path: Path, value: float) -> None:
    layer = Image(np.ones((4, 5)), name="far", translate=(0.0, value))
    with pytest.raises(SaveError, match=r"'far' cannot be placed: .* expected numbers below"):
        save([layer], tmp_path / "a.ozx")
    assert not list(tmp_path.iterdir())


def test_labels_that_cannot_be_read_move_with_their_image_and_stay_listed(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    layers.insert(0, Image(np.ones((3, 9, 9), np.float32), name="new", units=layers[0].units))
    found = save(layers, truth.path)
    for name, content in truth.entries_of("labels/locked").items():
        assert found[f"1/{name}"] == content, name
    listed = json.loads(found["1/labels/zarr.json"])["attributes"]["ome"]
    assert set(listed["labels"]) == {"cells", "tissue", "locked"}
    assert listed["acme:order"] == [1, 0]
    assert not [name for name in found if name.startswith("labels/")]


def test_a_channel_whose_pixels_were_replaced_stays_a_channel_of_its_image(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    number = next(n for n, layer in enumerate(layers) if layer.name.endswith("GFP"))
    data, keywords, _ = layers[number].as_layer_data_tuple()
    halved = np.asarray(data[0]) // 2
    layers[number] = Image(halved, **{**keywords, "multiscale": False})
    assert lost(layers, truth.path) == ""
    found = save(layers, truth.path)
    for name in truth.foreign:
        assert found[name] == truth.entries[name], name
    with ZipStore(truth.path, mode="r") as store:
        pixels = zarr.open_array(store, path="s0", mode="r")[:]
    np.testing.assert_array_equal(pixels[0], truth.arrays["s0"][0])
    np.testing.assert_array_equal(pixels[1], halved)


@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_unknown_fields_of_colors_stay_in_another_arrangement_too(
    tmp_path: Path, version: str
) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    found = save(open_layers(truth.path), truth.path, version=version)
    for group in truth.labels:
        before = truth.attributes(group)["ome"]["image-label"]
        after = json.loads(found[f"{group}/zarr.json"])["attributes"]["ome"]["image-label"]
        assert after["colors"] == before["colors"]
        assert after["source"] == before["source"]


def test_what_stays_of_another_version_is_named(tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "whole.ozx")
    told = lost(open_layers(truth.path), truth.path, version="0.6")
    assert "of another version than 0.6: 'regions'." in told
    assert "locked" not in told  # a document that becomes one of 0.6 although its pixels stay shut


def test_a_scene_that_is_replaced_is_said_to_be(tmp_path: Path) -> None:
    truth = whole_scene(tmp_path / "whole.ozx")
    layers = open_layers(truth.path)
    assert lost(layers, truth.path) == ""
    layers[0].translate = np.array(layers[0].translate) + 3
    assert "other coordinate systems of the file, and transformations between them" in lost(
        layers, truth.path
    )


@pytest.mark.parametrize("make", [whole_archive, whole_archive_of_0_4], ids=["0.5", "0.4"])
def test_what_belonged_to_a_removed_root_image_goes_with_it(make: Any, tmp_path: Path) -> None:
    truth = make(tmp_path / "whole.ozx")
    layers = [layer for layer in open_layers(truth.path) if isinstance(layer, Labels)]
    found = save(layers, truth.path)
    for name in truth.foreign:
        assert found[name] == truth.entries[name], name
    assert not [name for name in found if name.startswith(("s0", "s1", "labels/locked"))]
    label = json.loads(found["labels/cells/zarr.json"])["attributes"]["ome"]["image-label"]
    assert "image" not in label["source"]
    assert label["source"]["acme:source"] == "traced by hand"
    assert not [i for i in validate(truth.path).issues if i.code == "label-source-not-found"]


def test_a_list_of_labels_stays_a_list_when_the_last_of_them_is_removed(tmp_path: Path) -> None:
    truth = whole_archive_of_0_4(tmp_path / "whole.ozx")
    layers = [layer for layer in open_layers(truth.path) if isinstance(layer, Image)]
    found = json.loads(save(layers, truth.path)["labels/zarr.json"])["attributes"]
    assert found == {"acme:order": [0], "ome": {"version": "0.5", "labels": []}}


MICROMETERS = axes_of("yx", {"y": "micrometer", "x": "micrometer"})
MILLIMETERS = axes_of("yx", {"y": "millimeter", "x": "millimeter"})
NO_UNITS = [{"name": name, "type": "space"} for name in "yx"]


def series(*listed: str) -> HierarchyBuilder:
    layout = {"bioformats2raw.layout": 3}
    return HierarchyBuilder().group("", **layout).group("OME", series=list(listed))


def test_an_image_that_a_series_does_not_list_is_reported_when_a_scene_will_show_it(
    tmp_path: Path,
) -> None:
    builder = series("0").image(ramp((4, 6)), "yx", "0").image(ramp((8, 6)), "yx", "1")
    path = builder.archive(tmp_path / "a.ozx")
    layers = open_layers(path)
    assert [layer.name for layer in layers] == ["0"]
    assert "'1' is not in the list of images" in lost(layers, path, version="0.6")
    assert lost(layers, path) == ""
    save(layers, path, version="0.6")
    assert [layer.name for layer in open_layers(path)] == ["0", "1"]


def test_labels_keep_the_units_that_only_their_removed_image_stated(tmp_path: Path) -> None:
    builder = series("0").image(ramp((4, 6)), MICROMETERS, "0", scale=(0.5, 0.5))
    builder.labels("n", path="0")
    builder.image(ramp((4, 6), np.uint8), NO_UNITS, "0/labels/n", scale=(0.5, 0.5))
    path = builder.attribute("0/labels/n", "image-label", {}).archive(tmp_path / "a.ozx")
    labels = [layer for layer in open_layers(path) if isinstance(layer, Labels)]
    save(labels, path)
    (layer,) = open_layers(path)
    assert [str(unit) for unit in layer.units] == ["micrometer", "micrometer"]
    np.testing.assert_allclose(layer.scale, (0.5, 0.5))


def test_images_of_different_units_keep_their_places_when_they_are_arranged_anew(
    tmp_path: Path,
) -> None:
    builder = series("0", "1").image(ramp((4, 6)), MICROMETERS, "0", scale=(0.5, 0.5))
    builder.image(ramp((8, 6)), MILLIMETERS, "1", scale=(0.0005, 0.0005))
    path = builder.archive(tmp_path / "a.ozx")
    layers = open_layers(path)
    layers[0].translate = (2, 2)
    save(layers, path)
    for before, after in zip(layers, open_layers(path), strict=True):
        assert after.units == before.units
        np.testing.assert_allclose(after.scale, before.scale)
        np.testing.assert_allclose(after.translate, before.translate)


def test_levels_that_are_not_wanted_are_counted_before_they_are_left_out(tmp_path: Path) -> None:
    levels = [ramp((16 >> n, 12 >> n)) for n in range(3)]
    path = HierarchyBuilder().image(levels, "yx", name="cells").archive(tmp_path / "a.ozx")
    layers = open_layers(path)
    assert lost(layers, path, levels=2).endswith("is saved with 2 of its 3 resolution levels.")
    assert lost(layers, path, levels=3) == lost(layers, path) == ""
