"""Composites that are legal, or nearly, and easily shown wrong."""

from __future__ import annotations

import numpy as np
import pytest

import napari_ome_zip.storage.hierarchy as hierarchy_module
from hierarchy_builder import HierarchyBuilder, axes_of, multiscale, placement, ramp, to_world
from napari_layers import codes, layers_of, pixels, view
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.image.mosaic import FUSE_FROM

SIDE = 16


def test_labels_in_another_unit_lie_on_their_image() -> None:
    builder = HierarchyBuilder()
    builder.image(ramp((8, 8)), axes_of("yx"), scale=[1.0, 1.0])
    nanometres = {"y": "nanometer", "x": "nanometer"}
    builder.labels("cells")
    mask = np.ones((8, 8), np.uint8)
    builder.image(mask, axes_of("yx", nanometres), "labels/cells", scale=[1000.0, 1000.0])
    image, labels = layers_of(builder.entries)
    np.testing.assert_allclose(labels.extent.world, image.extent.world)


def test_axes_that_a_scene_lacks_keep_their_units() -> None:
    builder = HierarchyBuilder()
    builder.scene("yx", *(
        to_world(name, "affine", affine=[[0, 1, 0, 0], [0, 0, 1, 0]]) for name in "ab"
    ))  # fmt: skip
    for name, unit, step in (("a", "second", 1.0), ("b", "millisecond", 1000.0)):
        axes = axes_of("tyx", {"t": unit})
        level = {"type": "scale", "scale": [step, 1.0, 1.0]}
        builder.image_of_0_6(ramp((3, 8, 8)), axes, name, level=level)
    first, second = layers_of(builder.entries)
    assert first.scale[0] == pytest.approx(1.0)
    assert second.scale[0] == pytest.approx(1.0), "1000 ms are one second"


def test_a_level_without_all_channels_is_not_shown() -> None:
    full = np.stack([np.full((8, 8), value, np.uint16) for value in (10, 20, 30)])
    builder = HierarchyBuilder().group(
        multiscales=[multiscale("cyx", [("0", placement([1, 1, 1])), ("1", placement([1, 2, 2]))])]
    )
    builder.array("0", full).array("1", full[:1, ::2, ::2])
    composite = open_image(builder.entries)
    assert codes(composite) == ["level-channels-differ"]
    for value, layer in zip((10, 20, 30), layers_of(composite), strict=True):
        assert not layer.multiscale
        assert (pixels(layer) == value).all()


def test_tiles_of_other_channels_are_not_one_image() -> None:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    stains = [("DAPI", "0000FF"), ("GFP", "00FF00"), ("RFP", "FF0000")]
    for number in range(3 * FUSE_FROM):
        label, color = stains[number % 3]
        window = {"min": 0, "max": 9, "start": 0, "end": 9}
        omero = {"channels": [{"label": label, "color": color, "active": True, "window": window}]}
        tile = np.full((SIDE, SIDE), number % 3 + 1, np.uint16)
        place = [0.0, float(number * SIDE)]
        builder.image(tile, "yx", str(number), translation=place, omero=omero)
    layers = layers_of(builder.entries)
    assert len(layers) == 3
    for value, layer in enumerate(layers, start=1):
        assert set(np.unique(pixels(layer)).tolist()) <= {0, value}


def test_tiles_of_odd_size_meet_at_every_level() -> None:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number in range(FUSE_FROM):
        tile = np.full((21, 21), 7, np.uint16)
        levels = [tile, tile[:10, :10]]  # half of 21, rounded down as most writers do
        place = [0.0, float(number * 21)]
        builder.image(levels, "yx", str(number), translation=place)
    (part,) = open_image(builder.entries).parts
    assert len(part.levels) == 2
    for level in part.levels:
        assert (np.asarray(level) == 7).all(), "no dark line between tiles that touch"


@pytest.mark.parametrize(
    ("affine", "reason"),
    [
        ([[0, 1, 1, 0], [0, 1, 1, 5]], "onto one"),
        ([[0, 1e300, 0, 0], [0, 0, 1, 0]], "too large"),
        ([[1, 1, 0, 0], [0, 0, 1, 0]], "onto one"),
    ],
)
def test_a_map_that_no_viewer_can_show_leaves_the_image_unplaced(
    affine: list[list[float]], reason: str
) -> None:
    builder = HierarchyBuilder().scene("yx", to_world("a", "affine", affine=affine))
    builder.image_of_0_6(ramp((2, 4, 4)), "zyx", "a")
    composite = open_image(builder.entries)
    assert codes(composite) == ["image-unplaced"]
    assert "'a'" in composite.findings[0].message
    assert reason in composite.findings[0].message
    assert len(layers_of(composite)) == 1


def test_a_single_number_as_parameters_leaves_the_image_unplaced() -> None:
    builder = HierarchyBuilder().scene("yx", to_world("a", "scale", path="s"))
    builder.image_of_0_6(ramp((4, 4)), "yx", "a").array("s", np.array(2.0), compressors=[])
    composite = open_image(builder.entries)
    assert codes(composite) == ["image-unplaced"]
    assert "a single number" in composite.findings[0].message
    assert len(layers_of(composite)) == 1


def test_a_second_channel_axis_is_an_axis_to_look_along() -> None:
    axes = [
        {"name": "c", "type": "channel"},
        {"name": "lambda", "type": "channel"},
        *axes_of("yx"),
    ]
    builder = HierarchyBuilder().image(ramp((2, 3, 4, 4)), axes)
    first, second = layers_of(builder.entries)
    assert first.axis_labels == ("lambda", "y", "x")
    np.testing.assert_array_equal(pixels(first), ramp((2, 3, 4, 4))[0])
    np.testing.assert_array_equal(pixels(second), ramp((2, 3, 4, 4))[1])


def test_an_unusable_document_below_costs_only_what_it_describes() -> None:
    builder = HierarchyBuilder().image(ramp((8, 8)), "yx").labels("a", "b")
    builder.image(np.ones((8, 8), np.uint8), "yx", "labels/a")
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    builder.put("labels/b/zarr.json", pointer)
    composite = open_image(builder.entries)
    assert [part.path for part in composite.parts] == ["", "labels/a"]
    assert any("Git LFS" in finding.message for finding in composite.findings)


def test_metadata_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchy_module, "MAX_ALL_DOCUMENTS", 1000)
    builder = HierarchyBuilder().image(ramp((8, 8)), "yx", note="x" * 2000)
    with pytest.raises(ArchiveError, match="metadata documents"):
        open_image(builder.entries)


def test_three_channels_that_were_apart_stay_apart(tmp_path) -> None:  # type: ignore[no-untyped-def]
    colors = {"red": "#FF0000", "green": "#00FF00", "blue": "#0000FF"}
    layers = [
        (np.full((8, 8), n, np.uint8), {"name": name, "colormap": c, "opacity": 0.5}, "image")
        for n, (name, c) in enumerate(colors.items())
    ]
    again = to_layer_data(open_image(save_image(layers, tmp_path / "a.ozx")))
    assert [keywords["name"] for _, keywords, _ in again] == ["red", "green", "blue"]
    assert [keywords["opacity"] for _, keywords, _ in again] == [0.5] * 3


def test_a_hidden_color_picture_stays_hidden(tmp_path) -> None:  # type: ignore[no-untyped-def]
    picture = ramp((8, 8, 3), np.uint8)
    keywords = {"name": "he", "rgb": True, "visible": False}
    path = save_image([(picture, keywords, "image")], tmp_path / "a.ozx")
    (layer,) = layers_of(path)
    assert layer.rgb
    assert not layer.visible
    np.testing.assert_array_equal(pixels(layer), picture)


@pytest.mark.parametrize("degrees", [10.0, 50.0, 83.0])
def test_a_turned_layer_keeps_its_axes(degrees: float, tmp_path) -> None:  # type: ignore[no-untyped-def]
    image = ramp((6, 8))
    keywords = {"name": "turned", "rotate": degrees, "axis_labels": ("y", "x")}
    path = save_image([(image, keywords, "image")], tmp_path / "a.ozx")
    (layer,) = view(path).layers
    np.testing.assert_array_equal(pixels(layer), image)
    angle = np.deg2rad(degrees)
    expected = [3 * np.cos(angle) - 5 * np.sin(angle), 3 * np.sin(angle) + 5 * np.cos(angle)]
    np.testing.assert_allclose(layer.data_to_world((3, 5)), expected, atol=1e-9)


def test_numbers_beyond_all_floats_in_display_settings_are_ignored() -> None:
    entries = HierarchyBuilder().image(ramp((8, 8)), "yx").entries
    document = entries["zarr.json"].decode()
    settings = '"napari_ome_zip": {"layers": [{"gamma": 1' + "0" * 400 + "}]}, "
    entries["zarr.json"] = document.replace('"ome"', settings + '"ome"', 1).encode()
    (layer,) = layers_of(entries)
    assert layer.gamma == 1.0
