"""Label images in files as they are found: visible, aligned, without loss."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, multiscale, placement, ramp
from napari_layers import codes, kind_of, layers_of, pixels, value_in_world, view, world_box
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.layers.layer_data import METADATA_KEY
from recording import RecordingStore

SCALE = (2.0, 0.5, 0.25)


def image() -> HierarchyBuilder:
    return HierarchyBuilder().image(ramp((3, 4, 6)), "zyx", scale=SCALE)


def with_labels(stored: Any, axes: Any = "zyx", **options: Any) -> HierarchyBuilder:
    """An image of z, y, x with one label image ``cells``."""
    options.setdefault("scale", SCALE if np.ndim(stored[0]) == 2 else None)
    return image().labels("cells").image(stored, axes, "labels/cells", **options)


def only_labels(builder: HierarchyBuilder) -> Any:
    (layer,) = [x for x in layers_of(builder.entries) if kind_of(x) == "labels"]
    return layer


class TestShapes:
    def test_an_axis_of_one_channel_is_squeezed(self) -> None:
        stored = ramp((1, 3, 4, 6), np.uint8)
        layer = only_labels(with_labels(stored, "czyx", scale=(1, *SCALE)))
        np.testing.assert_array_equal(pixels(layer), stored[0])
        assert layer.name == "cells"
        assert value_in_world(layer, z=4, y=0.5, x=0.25) == stored[0, 2, 1, 1]

    def test_an_axis_of_several_channels_is_split(self) -> None:
        stored = ramp((2, 3, 4, 6), np.int32)
        builder = with_labels(stored, "czyx", scale=(1, *SCALE))
        layers = [x for x in layers_of(builder.entries) if kind_of(x) == "labels"]
        assert [layer.name for layer in layers] == ["cells 0", "cells 1"]
        for number, layer in enumerate(layers):
            np.testing.assert_array_equal(pixels(layer), stored[number])

    def test_labels_of_a_plane_lie_on_every_plane_of_a_stack(self) -> None:
        stored = ramp((4, 6), np.uint8)
        layer = only_labels(with_labels(stored, "yx", scale=SCALE[1:]))
        for z in (0, 2, 4):
            assert value_in_world(layer, z=z, y=1.5, x=1.25) == stored[3, 5]
        assert world_box(layer) == {"z": (0, 4), "y": (0, 1.5), "x": (0, 1.25)}

    def test_labels_of_a_plane_follow_an_image_that_lies_elsewhere(self) -> None:
        place = {"scale": SCALE, "translation": (10, 20, 30)}
        builder = HierarchyBuilder().image(ramp((3, 4, 6)), "zyx", **place).labels("cells")
        stored = ramp((4, 6), np.uint8)
        at = {"scale": SCALE[1:], "translation": (20, 30)}
        builder.image(stored, "yx", "labels/cells", **at)
        layer = only_labels(builder)
        assert world_box(layer) == {"z": (10, 14), "y": (20, 21.5), "x": (30, 31.25)}
        assert value_in_world(layer, z=12, y=21.5, x=31.25) == stored[3, 5]

    def test_labels_of_a_movie_lie_on_every_plane_and_keep_their_time(self) -> None:
        builder = HierarchyBuilder().image(ramp((2, 3, 4, 6)), "tzyx").labels("cells")
        stored = ramp((2, 4, 6), np.uint8)
        builder.image(stored, "tyx", "labels/cells")
        layer = only_labels(builder)
        assert layer.ndim == 4
        for t in (0, 1):
            assert value_in_world(layer, t=t, z=2, y=3, x=5) == stored[t, 3, 5]

    def test_labels_of_another_resolution_are_aligned_by_their_own_transformations(self) -> None:
        stored = ramp((3, 2, 3), np.uint16)
        place = {"scale": (2.0, 1.0, 0.5), "translation": (0, 0.25, 0.125)}
        layer = only_labels(with_labels(stored, **place))
        assert value_in_world(layer, z=2, y=1.25, x=1.125) == stored[1, 1, 2]
        # The edges of the labels' voxels are those of the image's.
        extent = layer.extent
        np.testing.assert_allclose(extent.world[0] - [1, 0.5, 0.25], [-1, -0.25, -0.125])

    def test_labels_of_fewer_levels_than_the_image(self) -> None:
        builder = HierarchyBuilder().image([ramp((8, 8)), ramp((4, 4)), ramp((2, 2))], "yx")
        builder.labels("cells").image(ramp((8, 8), np.uint8), "yx", "labels/cells")
        shown, labels = layers_of(builder.entries)
        assert [level.shape for level in shown.data] == [(8, 8), (4, 4), (2, 2)]
        assert labels.data.shape == (8, 8)

    def test_labels_of_several_levels(self) -> None:
        stored = [ramp((3, 4, 6), np.uint8), ramp((3, 2, 3), np.uint8)]
        builder = image().labels("cells").image(stored, "zyx", "labels/cells", scale=SCALE)
        layer = only_labels(builder)
        assert [level.shape for level in layer.data] == [(3, 4, 6), (3, 2, 3)]


class TestLists:
    def test_one_that_is_missing_is_skipped_with_one_warning_and_the_others_load(self) -> None:
        builder = image().labels("gone", "cells", "lost")
        builder.image(ramp((3, 4, 6), np.uint8), "zyx", "labels/cells", scale=SCALE)
        composite = open_image(builder.entries)
        assert codes(composite) == ["label-not-found"]
        assert "'gone', 'lost'" in composite.findings[0].message
        assert [layer.name for layer in layers_of(composite)] == ["memory", "cells"]

    def test_one_without_pixels_is_skipped_too(self) -> None:
        builder = with_labels(ramp((3, 4, 6), np.uint8)).remove("labels/cells/0/zarr.json")
        composite = open_image(builder.entries)
        assert codes(composite) == ["image-unusable"]
        assert "labels/cells" in composite.findings[0].message
        assert len(composite.parts) == 1

    @pytest.mark.parametrize("listed", [(), ("nuclei",)])
    def test_unlisted_ones_are_shown_after_those_listed(self, listed: tuple[str, ...]) -> None:
        builder = image().labels(*listed)
        for name in ("cells", "nuclei"):
            builder.image(ramp((3, 4, 6), np.uint8), "zyx", f"labels/{name}", scale=SCALE)
        composite = open_image(builder.entries)
        order = ["nuclei", "cells"] if listed else ["cells", "nuclei"]
        assert [part.name for part in composite.labels] == order
        assert not composite.findings
        assert len(layers_of(composite)) == 3

    def test_a_folder_of_labels_without_metadata_of_its_own(self) -> None:
        builder = image().image(ramp((3, 4, 6), np.uint8), "zyx", "labels/cells", scale=SCALE)
        builder.remove("labels/zarr.json")
        assert [part.path for part in open_image(builder.entries).labels] == ["labels/cells"]

    def test_names_with_slashes_are_paths(self) -> None:
        builder = image().labels("deep/cells", "other")
        builder.image(ramp((3, 4, 6), np.uint8), "zyx", "labels/deep/cells", scale=SCALE)
        builder.image(ramp((3, 4, 6), np.uint8), "zyx", "labels/other", scale=SCALE)
        composite = open_image(builder.entries)
        assert [part.name for part in composite.labels] == ["deep/cells", "other"]
        assert not composite.findings

    def test_the_same_name_twice_is_shown_once(self) -> None:
        builder = image().labels("cells", "cells")
        builder.image(ramp((3, 4, 6), np.uint8), "zyx", "labels/cells", scale=SCALE)
        assert len(open_image(builder.entries).labels) == 1

    @pytest.mark.parametrize("name", ["../..", "..", ".", "", "../../outside"])
    def test_a_name_that_leads_elsewhere_shows_nothing_twice(self, name: str) -> None:
        builder = image().labels(name)
        composite = open_image(builder.entries)
        assert [part.path for part in composite.parts] == [""]


class TestValues:
    @pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i1", "i2", "i4", "i8", ">u2", ">i4"])
    def test_integers_are_kept(self, dtype: str) -> None:
        stored = ramp((3, 4, 6), dtype)
        layer = only_labels(with_labels(stored))
        assert pixels(layer).dtype == stored.dtype.newbyteorder("=")
        np.testing.assert_array_equal(pixels(layer), stored)

    def test_large_ids_survive(self) -> None:
        stored = ramp((3, 4, 6), np.uint64) + np.uint64(2**63 + 1)
        layer = only_labels(with_labels(stored))
        np.testing.assert_array_equal(pixels(layer), stored)
        assert value_in_world(layer, z=2, y=1.0, x=0.5) == int(stored[1, 2, 2])

    def test_negative_ids_survive(self) -> None:
        stored = ramp((3, 4, 6), np.int64) - 2**60
        np.testing.assert_array_equal(pixels(only_labels(with_labels(stored))), stored)

    def test_booleans_become_8_bit(self) -> None:
        stored = ramp((3, 4, 6)) % 3 == 0
        layer = only_labels(with_labels(stored))
        assert pixels(layer).dtype == np.uint8
        np.testing.assert_array_equal(pixels(layer), stored.astype(np.uint8))

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
    def test_whole_floats_become_integers_and_that_is_said_once(self, dtype: Any) -> None:
        stored = ramp((3, 4, 6), dtype)
        builder = with_labels(stored)
        layer = only_labels(builder)
        assert pixels(layer).dtype.kind == "i"
        np.testing.assert_array_equal(pixels(layer), stored)
        composite = open_image(builder.entries)
        assert codes(composite) == ["label-dtype"]
        assert "all are whole numbers" in composite.findings[0].message

    @pytest.mark.parametrize("largest", [2.0**31, -(2.0**63), 2.0**53, 2.0**63, 2.0**64 - 2048])
    def test_large_whole_floats_are_cast_without_loss(self, largest: float) -> None:
        stored = ramp((3, 4, 6), np.float64)
        stored[2, 3, 5] = largest
        found = pixels(only_labels(with_labels(stored)))
        assert [int(n) for n in found.ravel()] == [int(n) for n in stored.ravel()]

    @pytest.mark.parametrize(("low", "high"), [(0, 2.0**64), (-1, 2.0**63), (0, 1e300)])
    def test_floats_beyond_any_integer_are_shown_as_an_image(self, low: float, high: float) -> None:
        stored = ramp((3, 4, 6), np.float64)
        stored[0, 0, 0], stored[2, 3, 5] = low, high
        composite = open_image(with_labels(stored).entries)
        assert codes(composite) == ["label-dtype"]
        assert "too large for any type of integers" in composite.findings[0].message
        np.testing.assert_array_equal(pixels(layers_of(composite)[1]), stored)

    def test_a_fraction_that_the_coarsest_level_does_not_show_is_noticed(self) -> None:
        full = np.full((3, 64, 64), 0.7, np.float32)
        coarse = np.zeros((3, 32, 32), np.float32)
        composite = open_image(with_labels([full, coarse], options={"chunks": (1, 16, 16)}).entries)
        assert codes(composite) == ["label-dtype"]
        layer = layers_of(composite)[1]
        assert kind_of(layer) == "image"
        np.testing.assert_array_equal(pixels(layer), full)

    def test_one_fraction_in_one_chunk_is_noticed(self) -> None:
        stored = np.zeros((3, 200, 200), np.float32)
        stored[2, 199, 3] = 0.7
        composite = open_image(with_labels(stored, options={"chunks": (1, 16, 16)}).entries)
        assert codes(composite) == ["label-dtype"]
        np.testing.assert_array_equal(pixels(layers_of(composite)[1]), stored)

    def test_levels_of_means_are_left_out_and_that_is_said(self) -> None:
        stored = [ramp((3, 4, 6), np.float32), np.full((3, 2, 3), 0.5, np.float32)]
        builder = with_labels(stored)
        layer = only_labels(builder)
        assert not layer.multiscale
        np.testing.assert_array_equal(pixels(layer), stored[0])
        (finding,) = open_image(builder.entries).findings
        assert "Of 2 levels only 1" in finding.message

    def test_chunks_that_are_not_stored_are_not_decoded(self) -> None:
        shape = (40, 20_000, 20_000)  # 60 GiB, of which one chunk is stored
        options = {"chunks": (1, 2000, 2000), "fill_value": 0}
        builder = image().labels("cells")
        builder.group("labels/cells", multiscales=[multiscale("zyx", [("0", None)])])
        builder.sparse_array("labels/cells/0", shape, np.float32, {(3, 7, 9): 5.0}, **options)
        composite = open_image(builder.entries)
        (labels,) = composite.labels
        assert labels.dtype.kind == "i"
        assert int(labels.levels[0][3, 7, 9].compute()) == 5

    def test_a_fill_value_with_a_fraction_counts(self) -> None:
        options = {"chunks": (1, 16, 16), "fill_value": 0.5}
        builder = image().labels("cells")
        builder.group("labels/cells", multiscales=[multiscale("zyx", [("0", None)])])
        builder.sparse_array("labels/cells/0", (3, 64, 64), np.float32, {(1, 2, 3): 5.0}, **options)
        composite = open_image(builder.entries)
        assert not composite.labels
        assert "label-dtype" in codes(composite)

    def test_those_too_large_to_look_at_are_shown_as_an_image_and_why(self) -> None:
        builder = image().labels("cells")
        builder.group("labels/cells", multiscales=[multiscale("zyx", [("0", None)])])
        builder.array("labels/cells/0", np.ones((1, 1, 1), np.float32))
        # As if all of them were stored in one chunk, which is not read.
        size = [1, 1 << 15, 1 << 14]
        grid = {"name": "regular", "configuration": {"chunk_shape": size}}
        builder.edit("labels/cells/0/zarr.json", shape=size, chunk_grid=grid)
        store = RecordingStore.of(builder.entries)
        composite = open_image(store)
        assert not composite.labels
        assert not store.chunks_read
        message = next(f.message for f in composite.findings if f.code == "label-dtype")
        assert "too large to see whether all are whole numbers; they are shown as an" in message

    def test_a_damaged_chunk_is_not_taken_for_whole_numbers(self) -> None:
        builder = with_labels(ramp((3, 4, 6), np.float32), options={"chunks": (1, 4, 6)})
        builder.put("labels/cells/0/c/1/0/0", b"no zstd")
        composite = open_image(builder.entries)
        assert not composite.labels
        (finding,) = composite.findings
        assert "not all can be read: Chunk labels/cells/0/c/1/0/0" in finding.message

    def test_the_fields_of_a_plate_are_all_labels_or_all_images(self, monkeypatch: Any) -> None:
        builder = HierarchyBuilder()
        wells = [{"path": f"A/{n}", "rowIndex": 0, "columnIndex": n - 1} for n in (1, 2)]
        columns = [{"name": "1"}, {"name": "2"}]
        builder.group(plate={"rows": [{"name": "A"}], "columns": columns, "wells": wells})
        for well in wells:
            builder.group(str(well["path"]), well={"images": [{"path": "0"}]})
            field = f"{well['path']}/0"
            builder.image(ramp((4, 6)), "yx", field).labels("cells", path=field)
            builder.image(ramp((4, 6), np.float32), "yx", f"{field}/labels/cells")
        assert len(open_image(builder.entries).labels) == 1
        # One field would do, two together are too many.
        monkeypatch.setattr("napari_ome_zip.image.labels.MAX_JUDGED", 30)
        composite = open_image(builder.entries)
        assert not composite.labels
        assert codes(composite) == ["label-dtype"] * 2

    @pytest.mark.parametrize("odd", [0.5, np.nan, np.inf])
    def test_floats_with_fractions_are_shown_as_an_image_with_a_warning(self, odd: float) -> None:
        stored = ramp((3, 4, 6), np.float32)
        stored[1, 2, 3] = odd
        composite = open_image(with_labels(stored).entries)
        assert codes(composite) == ["label-dtype"]
        assert "'cells'" in composite.findings[0].message
        _, layer = layers_of(composite)
        assert kind_of(layer) == "image"
        np.testing.assert_array_equal(pixels(layer), stored)


class TestColors:
    def labels(self, **image_label: Any) -> HierarchyBuilder:
        return with_labels(ramp((3, 4, 6), np.uint8), **{"image-label": image_label})

    def test_each_value_has_its_color_and_the_others_are_transparent(self) -> None:
        colors = [
            {"label-value": 1, "rgba": [255, 0, 0, 255]},
            {"label-value": 2, "rgba": [0, 0, 255, 51]},
        ]
        layer = only_labels(self.labels(colors=colors))
        np.testing.assert_allclose(layer.get_color(1), [1, 0, 0, 1])
        np.testing.assert_allclose(layer.get_color(2), [0, 0, 1, 0.2])

    def test_a_color_of_background_is_kept(self) -> None:
        black, red = [0, 0, 0, 128], [255, 0, 0, 255]
        colors = [{"label-value": 0, "rgba": black}, {"label-value": 1, "rgba": red}]
        layer = only_labels(self.labels(colors=colors))
        assert layer.colormap.color_dict[0][3] == pytest.approx(128 / 255)

    @pytest.mark.parametrize("value", [70000, 2**40, -3])
    def test_a_color_of_a_large_or_negative_value_opens(self, value: int) -> None:
        if value > 2**16:
            pytest.importorskip("numba", reason="without it napari is not given such a color")
        stored = np.full((3, 4, 6), value, np.int64)
        colors = [{"label-value": value, "rgba": [0, 255, 0, 255]}]
        layer = only_labels(with_labels(stored, **{"image-label": {"colors": colors}}))
        np.testing.assert_allclose(layer.get_color(value), [0, 1, 0, 1])

    def test_properties_are_a_table_with_one_row_per_value(self) -> None:
        properties = [
            {"label-value": 1, "area": 12.5, "class": "A"},
            {"label-value": 4, "class": "B", "nested": {"a": 1}},
        ]
        layer = only_labels(self.labels(properties=properties))
        table = layer.features
        assert table["index"].tolist() == [1, 4]
        assert table["class"].tolist() == ["A", "B"]
        assert table["area"].iloc[0] == 12.5
        assert table["area"].isna().tolist() == [False, True]

    @pytest.mark.parametrize(
        "image_label",
        [
            {"colors": "red"},
            {"colors": [{"label-value": 1, "rgba": [999, 0, 0, 0]}]},
            {"colors": [{"label-value": "one", "rgba": [1, 0, 0, 0]}]},
            {"properties": [{"label-value": 1}, {"label-value": 1, "a": 2}]},
            {"properties": [{"index": 7, "label-value": 1}]},
            {"properties": [{"label-value": 1, "": None}]},
            {"source": {"image": "../../../.."}},
        ],
    )
    def test_odd_colors_and_properties_never_hide_the_labels(self, image_label: Any) -> None:
        layer = only_labels(self.labels(**image_label))
        np.testing.assert_array_equal(pixels(layer), ramp((3, 4, 6), np.uint8))


def test_labels_lie_above_images_and_note_the_image_they_belong_to() -> None:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for series in ("0", "1"):
        builder.image(ramp((4, 6)), "yx", series, name=f"field {series}")
        builder.labels("cells", path=series)
        builder.image(ramp((4, 6), np.uint8), "yx", f"{series}/labels/cells")
    layers = to_layer_data(open_image(builder.entries))
    assert [kind for *_, kind in layers] == ["image", "image", "labels", "labels"]
    names = [keywords["name"] for _, keywords, _ in layers]
    assert names == ["field 0", "field 1", "field 0: cells", "field 1: cells"]
    notes = [keywords["metadata"][METADATA_KEY] for _, keywords, _ in layers]
    assert [note.get("image") for note in notes] == [None, None, "0", "1"]


def test_the_archive_of_one_label_image_alone() -> None:
    builder = HierarchyBuilder().image(ramp((4, 6), np.uint8), "yx", **{"image-label": {}})
    (layer,) = layers_of(builder.entries)
    assert kind_of(layer) == "labels"


def test_labels_that_cannot_be_read_leave_the_image() -> None:
    builder = with_labels(ramp((3, 4, 6), np.uint8)).put("labels/cells/zarr.json", b"{broken")
    composite = open_image(builder.entries)
    assert [part.path for part in composite.parts] == [""]
    assert any("labels/cells/zarr.json" in finding.message for finding in composite.findings)


def test_labels_of_version_0_4_in_zarr_v2() -> None:
    builder = HierarchyBuilder(zarr_format=2).image(ramp((4, 6)), "yx").labels("cells")
    builder.image(ramp((4, 6), ">u2"), "yx", "labels/cells", **{"image-label": {"version": "0.4"}})
    attributes = json.loads(builder.entries["labels/.zattrs"])
    assert attributes == {"labels": ["cells"]}
    layer = only_labels(builder)
    np.testing.assert_array_equal(pixels(layer), ramp((4, 6)))


def test_labels_at_another_time_and_place_share_the_sliders() -> None:
    builder = HierarchyBuilder().image(ramp((2, 3, 4, 6)), "tzyx").labels("cells")
    steps = placement([1, 1], [1, 2])
    builder.image(ramp((2, 2), np.uint8), "yx", "labels/cells", translation=steps[1]["translation"])
    viewer = view(builder.entries)
    assert viewer.dims.ndim == 4
    np.testing.assert_array_equal(viewer.layers["cells"].extent.world[0], [0, 0, 1, 2])
