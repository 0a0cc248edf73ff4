"""A draft of OME-Zarr is written where a person wants it, and nothing is split unasked."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data, validate
from napari_ome_zip.errors import SaveError
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.saving.draft import DraftNeededError
from napari_ome_zip.saving.plan import plan_save
from napari_ome_zip.saving.planned import SavePlan
from shared_material import SHARED

DRAFT = "0.9.dev1"
FLIM = ("t", "c", "u", "z", "y", "x")
FLIM_TYPES = ("time", "channel", "time", "space", "space", "space")
LPS = {
    "z": "inferior-to-superior",
    "y": "anterior-to-posterior",
    "x": "right-to-left",
}


def layer(shape: tuple[int, ...], names: str | tuple[str, ...], **keywords: Any) -> Any:
    pixels = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    return pixels, {"name": "a", "axis_labels": tuple(names), **keywords}, "image"


def file_of(
    axes: list[dict[str, Any]], shape: tuple[int, ...], version: str = DRAFT
) -> dict[str, bytes]:
    pixels = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    return HierarchyBuilder().image_of_0_6(pixels, axes, version=version).entries


def oriented_file(version: str = DRAFT) -> dict[str, bytes]:
    axes = [
        {
            "name": name,
            "type": "space",
            "unit": "millimeter",
            "orientation": {"type": "anatomical", "value": way},
        }
        for name, way in LPS.items()
    ]
    return file_of(axes, (4, 5, 6), version)


def layers_of(entries: dict[str, bytes]) -> list[Any]:
    return list(to_layer_data(open_image(entries)))


def plan(layers: Any, **choices: Any) -> SavePlan:
    return plan_save(from_layer_data(layers), SaveOptions(**choices))


def written_axes(found: SavePlan, path: str = "") -> list[dict[str, Any]]:
    name = f"{path}/zarr.json" if path else "zarr.json"
    (image,) = json.loads(found.documents[name])["attributes"]["ome"]["multiscales"]
    systems = image.get("coordinateSystems")
    axes: list[dict[str, Any]] = image["axes"] if systems is None else systems[0]["axes"]
    return axes


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("tabzyx", r"has 6 axes \(t, a, b, z, y, x\)"),
        ("tx", r"has 1 axis of space \(t, x\)"),
        ("x", r"has 1 axis \(x\)"),
        ("abyx", r"has 2 axes that are neither of space nor of time \(a, b, y, x\)"),
        ("zyxt", r"has axes in the order z, y, x, t"),
    ],
)
def test_axes_that_no_released_version_holds_are_saved_in_a_draft_that_was_chosen(
    names: str, why: str, tmp_path: Path
) -> None:
    item = layer(tuple(range(2, 2 + len(names))), names)
    with pytest.raises(DraftNeededError, match=f"'a' {why}, which no released version"):
        plan([item])
    assert plan([item], version=DRAFT).version == DRAFT
    path = save_image([item], tmp_path / "a.ozx", SaveOptions(version=DRAFT))
    (part,) = open_image(path).images
    assert [axis.name for axis in part.axes] == list(names)
    np.testing.assert_array_equal(part.levels[0], item[0])
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.comment)["ome"]["version"] == DRAFT


def test_what_released_versions_hold_needs_no_draft() -> None:
    assert plan([layer((2, 3, 4), "zyx")]).version == "0.5"
    assert plan([layer((2, 3, 4), "zyx", rotate=20)]).version == "0.6"
    assert plan([layer((2, 3, 4, 5), "azyx")] * 2).layout == "series"


def flim_layers() -> list[Any]:
    axes = [{"name": name, "type": kind} for name, kind in zip(FLIM, FLIM_TYPES, strict=True)]
    return layers_of(file_of(axes, (2, 2, 3, 4, 5, 6)))


def moved(layers: list[Any]) -> list[Any]:
    """Layers that their file no longer places, so that they are arranged anew."""
    place = {"translate": (1.0,) * len(layers[0][1]["axis_labels"])}
    return [(data, {**keywords, **place}, kind) for data, keywords, kind in layers]


def of_no_file(layers: list[Any]) -> list[Any]:
    """Layers with what is noted of them, and without the file that they came from."""
    found = []
    for data, keywords, kind in layers:
        note = dict(keywords["metadata"]["napari_ome_zip"])
        note.pop("opened")
        found.append((data, {**keywords, "metadata": {"napari_ome_zip": note}}, kind))
    return found


@pytest.mark.parametrize("change", [moved, of_no_file])
def test_names_types_and_order_of_axes_survive_in_every_arrangement(change: Any) -> None:
    found = plan(change(flim_layers()), version=DRAFT)
    assert found.layout == "image"
    axes = written_axes(found)
    assert [(axis["name"], axis["type"]) for axis in axes] == list(
        zip(FLIM, FLIM_TYPES, strict=True)
    )


def test_a_file_of_a_draft_stays_of_it_and_nobody_is_asked() -> None:
    assert plan(flim_layers()).layout == "kept"
    found = plan(moved(flim_layers()))
    assert (found.version, found.layout) == (DRAFT, "image")


def test_a_channel_and_a_lifetime_become_a_series_only_on_demand(tmp_path: Path) -> None:
    layers = of_no_file(flim_layers())
    with pytest.raises(DraftNeededError) as raised:
        plan(layers)
    assert raised.value.released is None, "two axes of time are left"

    axes = [{"name": n, "type": "space" if n in "zyx" else n} for n in "tapzyx"]
    axes[0]["type"], axes[1] = "time", {"name": "c", "type": "channel"}
    layers = of_no_file(layers_of(file_of(axes, (2, 2, 3, 4, 5, 6))))
    with pytest.raises(DraftNeededError) as raised:
        plan(layers)
    assert raised.value.draft == SaveOptions(version=DRAFT)
    assert raised.value.released == SaveOptions(version="0.5", split=True)
    assert "SaveOptions(version='0.5', split=True), one image per channel" in str(raised.value)
    again = pickle.loads(pickle.dumps(raised.value))
    assert (str(again), again.released) == (str(raised.value), raised.value.released)

    found = plan(layers, split=True)
    assert (found.version, found.layout) == ("0.5", "series")
    assert any("2 channels are saved as images of their own" in f.message for f in found.lost)
    assert plan(layers, split=True, version=DRAFT).layout == "image"
    with pytest.raises(SaveError, match=r"draft .* or to split it into a series of images\."):
        plan(layers, version="0.6")


def test_a_file_of_a_draft_is_split_where_that_was_chosen() -> None:
    axes = [{"name": n, "type": "space" if n in "zyx" else "custom"} for n in "tapzyx"]
    axes[0]["type"], axes[1] = "time", {"name": "c", "type": "channel"}
    found = plan(layers_of(file_of(axes, (2, 2, 3, 4, 5, 6))), split=True)
    assert found.version in ("0.5", "0.6")
    assert found.layout in ("series", "scene")
    assert plan(moved(flim_layers()), split=True).version == DRAFT, "it has two axes of time"


def test_where_axes_lead_in_a_body_needs_a_draft_or_is_left_out_as_said() -> None:
    layers = of_no_file(layers_of(oriented_file()))
    with pytest.raises(
        DraftNeededError, match="says how its axes are oriented in a body"
    ) as raised:
        plan(layers)
    assert raised.value.released == SaveOptions(version="0.5")
    found = plan(layers, version="0.5")
    assert [f.code for f in found.lost] == ["orientation-left-out"]
    assert "z: inferior-to-superior, y: anterior-to-posterior, x: right-to-left" in (
        found.lost[0].message
    )
    assert all("orientation" not in axis for axis in written_axes(found))


@pytest.mark.parametrize("change", [moved, of_no_file])
def test_where_axes_lead_in_a_body_survives_in_every_arrangement(change: Any) -> None:
    found = plan(change(layers_of(oriented_file())), version=DRAFT)
    said = {axis["name"]: axis["orientation"] for axis in written_axes(found)}
    assert said == {n: {"type": "anatomical", "value": way} for n, way in LPS.items()}
    assert [f.code for f in found.lost] == []


def test_other_fields_of_axes_survive() -> None:
    axes: list[dict[str, Any]] = [
        {"name": "energy", "type": "spectral", "discrete": True, "longName": "photon energy"},
        {"name": "y", "type": "space", "unit": "furlong", "org:note": 7},
        {"name": "x", "type": "space", "unit": "furlong"},
    ]
    layers = layers_of(file_of(axes, (3, 4, 5), "0.6"))
    assert written_axes(plan(moved(layers))) == axes
    found = plan(layers, version="0.5")
    assert {f.code for f in found.lost} == {"version-changes", "axis-details-left-out"}


# Files of other software


NEXT = SHARED / "next" / "samples"
# Of the third one a channel leads in a body, which is not written.
ORIENTED = ["orientation/lps.ozx", "orientation/partial_null.ozx"]


def axes_of(image: CompositeImage) -> list[tuple[Any, ...]]:
    return [part.axes for part in image.parts]


@pytest.mark.skipif(not NEXT.is_dir(), reason=f"the archives are not there: {NEXT}")
@pytest.mark.parametrize(
    "name", [path.relative_to(NEXT).as_posix() for path in sorted(NEXT.glob("a*/*.ozx"))] + ORIENTED
)
def test_axes_of_other_writers_survive_open_and_save(name: str, tmp_path: Path) -> None:
    before = open_image(NEXT / name)
    for change in (list, moved):
        options = SaveOptions(version=DRAFT) if "rfc3" in name else None
        path = save_image(change(to_layer_data(before)), tmp_path / "a.ozx", options)
        after = open_image(path)
        assert axes_of(after) == axes_of(before)
        for one, other in zip(after.parts, before.parts, strict=True):
            np.testing.assert_array_equal(one.levels[0], other.levels[0])
        with zipfile.ZipFile(path) as archive:
            assert json.loads(archive.comment)["ome"]["version"] == DRAFT


def test_a_dialect_of_0_5_is_only_read() -> None:
    plain = [{"name": name, "type": "space"} for name in "zyx"]
    builder = HierarchyBuilder().image(np.zeros((3, 4, 5), np.uint8), plain)
    entries = {
        name: bytes(content).replace(b'"0.5"', b'"0.5+rfc3"')
        for name, content in builder.entries.items()
    }
    found = plan(layers_of(entries))
    assert (found.version, found.layout) == ("0.5", "image")
    assert [f.code for f in found.lost] == ["version-changes"]


def test_a_file_of_the_draft_of_collections_stays_of_it() -> None:
    axes: list[dict[str, Any]] = [{"name": name, "type": "space"} for name in "wzyx"]
    layers = layers_of(file_of(axes, (2, 3, 4, 5), "0.9.dev3"))
    assert (plan(layers).version, plan(layers).layout) == ("0.9.dev3", "kept")
    drawn = (np.ones((2, 3, 4, 5), np.uint8), {"name": "drawn", "axis_labels": tuple("wzyx")})
    found = plan([*layers, (*drawn, "labels")])
    assert (found.version, found.layout) == ("0.9.dev3", "kept")
    assert [axis["name"] for axis in written_axes(found, "labels/drawn")] == list("wzyx")
    assert plan(moved(layers)).version == DRAFT


def test_labels_drawn_on_six_axes_are_saved_with_them(tmp_path: Path) -> None:
    layers = flim_layers()
    ways = {"name": "drawn", "axis_labels": layers[0][1]["axis_labels"]}
    pixels = np.random.default_rng(0).integers(0, 5, (2, 3, 4, 5, 6), np.uint8)
    path = save_image([*layers, (pixels, ways, "labels")], tmp_path / "a.ozx")
    assert not [issue for issue in validate(path).issues if issue.code.startswith("label")]
    (labels,) = open_image(path).labels
    assert [axis.name for axis in labels.axes] == ["t", "u", "z", "y", "x"]
    np.testing.assert_array_equal(labels.levels[0], pixels)


@pytest.mark.parametrize("kind", ["image", "labels"])
def test_what_is_added_along_a_second_axis_of_channels_stays_one_layer(
    kind: str, tmp_path: Path
) -> None:
    types = {"excitation": "channel", "emission": "channel", "y": "space", "x": "space"}
    axes = [{"name": name, "type": type_} for name, type_ in types.items()]
    layers = layers_of(file_of(axes, (2, 3, 4, 5)))
    pixels = np.random.default_rng(0).integers(1, 5, (3, 4, 5), np.uint8)
    added = (pixels, {"name": "added", "axis_labels": ("emission", "y", "x")}, kind)
    path = save_image([*layers, added], tmp_path / "a.ozx")
    assert not [issue for issue in validate(path).issues if issue.code.startswith("omero")]
    after = open_image(path)
    assert after.findings == ()
    (found,) = (layer for layer in to_layer_data(after) if layer[1]["name"].startswith("added"))
    assert found[2] == kind
    np.testing.assert_array_equal(found[0], pixels)
    assert [axis.type for axis in after.images[0].axes] == list(types.values())


def test_pixels_painted_on_more_axes_than_a_version_wants_stay_in_their_file(
    tmp_path: Path,
) -> None:
    axes = [{"name": name, "type": "space"} for name in "wzyx"]
    builder = HierarchyBuilder().image(np.zeros((2, 3, 4, 5), np.uint8), axes)
    ((_, keywords, kind),) = layers_of(builder.entries)
    painted = np.arange(120, dtype=np.uint8).reshape(2, 3, 4, 5)
    found = plan([(painted, keywords, kind)])
    assert (found.version, found.layout) == ("0.5", "kept")
    path = save_image([(painted, keywords, kind)], tmp_path / "a.ozx")
    np.testing.assert_array_equal(open_image(path).images[0].levels[0], painted)
    drawn = (painted, {"name": "drawn", "axis_labels": tuple("wzyx")}, "labels")
    with pytest.raises(DraftNeededError):
        plan([*layers_of(builder.entries), drawn])


def test_labels_alone_of_any_axes_need_a_draft_as_well(tmp_path: Path) -> None:
    labels = (np.ones((4, 5), np.uint8), {"name": "a", "axis_labels": ("t", "x")}, "labels")
    with pytest.raises(DraftNeededError) as raised:
        plan([labels], labels_alone=True)
    assert raised.value.draft == SaveOptions(version=DRAFT, labels_alone=True)
    path = save_image([labels], tmp_path / "a.ozx", raised.value.draft)
    assert [axis.name for axis in open_image(path).labels[0].axes] == ["t", "x"]
