"""Archives of several images as they are found: all of them, in one space, by distinct names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, axes_of, multiscale, placement, ramp, to_world
from napari_layers import codes, kind_of, layers_of, pixels, value_in_world, view, world_box
from napari_ome_zip import open_image
from napari_ome_zip.layers.layer_data import METADATA_KEY


def series(*shapes: tuple[int, ...], listed: list[str] | None = None) -> HierarchyBuilder:
    """A bioformats2raw collection of images in the last of t, c, z, y, x."""
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number, shape in enumerate(shapes):
        builder.image(ramp(shape) + 1000 * number, "tczyx"[-len(shape) :], str(number))
    if listed is not None:
        builder.group("OME", series=listed)
    return builder


class TestSeries:
    def test_without_a_list_all_numbered_groups_are_shown_in_natural_order(self) -> None:
        builder = series(*[(2, 3)] * 11)
        composite = open_image(builder.entries)
        assert [part.path for part in composite.parts] == [str(i) for i in range(11)]
        assert not composite.findings

    def test_with_a_list_the_images_come_in_its_order(self) -> None:
        composite = open_image(series((2, 3), (2, 3), (2, 3), listed=["2", "0"]).entries)
        assert [part.path for part in composite.parts] == ["2", "0"]
        assert not composite.findings

    def test_one_that_is_listed_and_missing_is_said(self) -> None:
        composite = open_image(series((2, 3), (2, 3), listed=["0", "5", "1"]).entries)
        assert [part.path for part in composite.parts] == ["0", "1"]
        assert codes(composite) == ["series-not-found"]

    def test_without_the_layout_key_groups_of_images_are_shown_too(self) -> None:
        builder = HierarchyBuilder().group().image(ramp((2, 3)), "yx", "b/deep")
        builder.image(ramp((2, 3)), "yx", "a")
        assert [part.path for part in open_image(builder.entries).parts] == ["a", "b/deep"]

    def test_a_plate_wins_over_a_series(self) -> None:
        builder = plate({"A/1": ((4, 6),)}, **{"bioformats2raw.layout": 3})
        assert [part.path for part in open_image(builder.entries).parts] == ["A/1/0"]


class TestNames:
    def test_images_of_the_same_name_get_distinct_layer_names(self) -> None:
        builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
        for number in "012":
            builder.image(ramp((2, 3)), "yx", number, name="cell")
        names = [layer.name for layer in layers_of(builder.entries)]
        assert names == ["cell [1]", "cell [2]", "cell [3]"]

    def test_a_number_that_is_taken_is_passed_over(self) -> None:
        builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
        for number, name in enumerate(["cell", "cell [1]", "cell"]):
            builder.image(ramp((2, 3)), "yx", str(number), name=name)
        names = [layer.name for layer in layers_of(builder.entries)]
        assert names == ["cell [2]", "cell [1]", "cell [3]"]

    @pytest.mark.parametrize("name", [None, "", "/", "image", "Default"])
    def test_a_name_that_says_nothing_gives_way_to_the_groups(self, name: str | None) -> None:
        builder = HierarchyBuilder().group().image(ramp((2, 3)), "yx", "membrane", name=name)
        assert [layer.name for layer in layers_of(builder.entries)] == ["membrane"]

    def test_several_multiscales_of_one_group_are_all_shown(self) -> None:
        both = [
            multiscale("yx", [("a", placement([1, 1]))], name="raw"),
            multiscale("yx", [("b", placement([2, 2], [5, 5]))], name="filtered"),
        ]
        builder = HierarchyBuilder().group(multiscales=both)
        builder.array("a", ramp((4, 6))).array("b", ramp((2, 3)))
        raw, filtered = layers_of(builder.entries)
        assert (raw.name, filtered.name) == ("raw", "filtered")
        assert world_box(filtered) == {"y": (5, 7), "x": (5, 9)}
        assert filtered.metadata[METADATA_KEY]["multiscale"] == 1
        np.testing.assert_array_equal(pixels(raw), ramp((4, 6)))


class TestDimensions:
    def test_images_of_two_and_three_dimensions_share_the_sliders(self) -> None:
        builder = series((4, 6), (3, 4, 6), (2, 1, 3, 4, 6))
        viewer = view(builder.entries)
        assert viewer.dims.ndim == 4
        assert {layer.ndim for layer in viewer.layers} == {4}
        assert {layer.axis_labels for layer in viewer.layers} == {("t", "z", "y", "x")}
        flat, stack, movie = viewer.layers
        assert value_in_world(flat, y=3, x=5) == 23
        assert value_in_world(stack, z=2, y=3, x=5) == 1000 + 71
        assert value_in_world(movie, t=1, z=2, y=3, x=5) == 2000 + 143
        assert value_in_world(flat, z=1) is None

    @pytest.mark.parametrize(
        ("axes", "shown"),
        [
            ("xy", ("y", "x")),
            ("yxz", ("z", "y", "x")),
            ("xyt", ("t", "y", "x")),
            ("yxc", ("y", "x")),
            ("zct", None),
        ],
    )
    def test_unusual_orders_of_axes_are_put_in_order_lazily(
        self, axes: str, shown: tuple[str, ...] | None
    ) -> None:
        size = {"t": 2, "c": 2, "z": 3, "y": 4, "x": 5}
        data = ramp([size[a] for a in axes])
        scale = {"t": 1.0, "c": 1.0, "z": 2.0, "y": 0.5, "x": 0.25}
        builder = HierarchyBuilder().image(data, axes, scale=[scale[a] for a in axes])
        layers = layers_of(builder.entries)
        if shown is not None:
            assert {layer.axis_labels for layer in layers} == {shown}
        for index in np.ndindex(data.shape):
            at = dict(zip(axes, index, strict=True))
            layer = layers[at.pop("c", 0)]
            world = {axis: i * scale[axis] for axis, i in at.items()}
            assert value_in_world(layer, **world) == data[index]
            assert not np.any(layer.affine.affine_matrix - np.eye(layer.ndim + 1))

    def test_six_dimensions_and_custom_types_can_be_shown(self) -> None:
        t, *others = axes_of("tczyx")
        axes = [t, {"name": "angle", "type": "angle"}, *others]
        data = ramp((2, 2, 2, 2, 2, 3))
        builder = HierarchyBuilder().image(data, axes)
        first, second = layers_of(builder.entries)
        assert first.ndim == 5
        assert value_in_world(second, angle=1, t=0, x=2) == data[0, 1, 1, 0, 0, 2]
        assert codes(open_image(builder.entries)) == ["axis-count"]


class TestUnits:
    def shown(self, *units: Any) -> list[Any]:
        builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
        for number, unit in enumerate(units):
            axes = [{"name": n, "type": "space", "unit": unit} for n in "yx"]
            axes = [{k: v for k, v in axis.items() if v is not None} for axis in axes]
            builder.image(ramp((2, 3)), axes, str(number), scale=(2, 2))
        viewer = view(builder.entries)
        assert len({layer.units for layer in viewer.layers}) == 1
        return list(viewer.layers)

    @pytest.mark.parametrize(
        ("unit", "shown"),
        [
            ("micrometer", "micrometer"),
            ("MICROMETER", "micrometer"),
            ("micrometre", "micrometer"),
            ("µm", "micrometer"),
            ("nanometer", "nanometer"),
            ("angstrom", "angstrom"),
            ("parsec", "parsec"),
            ("yoctometer", "yoctometer"),
            (None, "pixel"),
            ("", "pixel"),
            ("pixel", "pixel"),
            ("frame", "pixel"),
            ("arbitrary", "pixel"),
            ("a.u.", "pixel"),
            ("second", "second"),
        ],
    )
    def test_every_unit_gives_one_that_napari_knows_and_the_original_is_kept(
        self, unit: str | None, shown: str
    ) -> None:
        (layer,) = self.shown(unit)
        assert [str(u) for u in layer.units] == [shown, shown]
        note = layer.metadata[METADATA_KEY]
        assert [axis["unit"] for axis in note["axes"]] == [unit or None] * 2

    def test_lengths_of_different_images_are_converted_to_one_unit(self) -> None:
        first, second, third = self.shown("micrometer", "nanometer", "millimeter")
        assert [str(u) for u in first.units] == ["micrometer"] * 2
        for layer, factor in ((first, 1), (second, 0.001), (third, 1000)):
            np.testing.assert_allclose(layer.scale, 2 * factor)

    def test_an_image_without_a_unit_takes_that_of_the_others_as_it_is(self) -> None:
        for layer in self.shown(None, "micrometer", "frame"):
            assert [str(u) for u in layer.units] == ["micrometer"] * 2
            np.testing.assert_allclose(layer.scale, 2)

    def test_units_per_axis_may_differ(self) -> None:
        axes = [
            {"name": "t", "type": "time", "unit": "Seconds"},
            {"name": "z", "type": "space"},
            {"name": "y", "type": "space", "unit": "nanometer"},
            {"name": "x", "type": "space", "unit": "micrometer"},
        ]
        (layer,) = layers_of(HierarchyBuilder().image(ramp((2, 2, 2, 3)), axes).entries)
        assert [str(u) for u in layer.units] == ["second", "pixel", "nanometer", "micrometer"]


def plate(wells: dict[str, tuple[tuple[int, ...], ...]], **ome: Any) -> HierarchyBuilder:
    """A plate of 3 rows and 4 columns with fields of the given shapes, pixels of one value each."""
    rows, columns = "ABC", "1234"
    listed = [
        {"path": path, "rowIndex": rows.index(path[0]), "columnIndex": columns.index(path[2])}
        for path in wells
    ]
    document = {
        "rows": [{"name": row} for row in rows],
        "columns": [{"name": column} for column in columns],
        "wells": listed,
    }
    builder = HierarchyBuilder().group(plate=document, **ome)
    for row in {path[0] for path in wells}:
        builder.group(row)
    value = 0
    for path, shapes in wells.items():
        builder.group(path, well={"images": [{"path": str(i)} for i in range(len(shapes))]})
        for number, shape in enumerate(shapes):
            value += 1
            builder.image(np.full(shape, value, np.uint8), "yx", f"{path}/{number}")
    return builder


def fields_of(builder: HierarchyBuilder) -> list[Any]:
    """Return the layers of a plate, one for each field of view."""
    return layers_of(open_image(builder.entries, fuse_from=0))


class TestPlates:
    """Where fields lie, seen one by one."""

    def test_ragged_wells_and_fields_of_different_size_lie_apart_in_order(self) -> None:
        wells = {"A/1": ((4, 6), (2, 3)), "A/3": ((5, 5),), "C/2": ((1, 1),)}
        layers = fields_of(plate(wells))
        assert len(layers) == 4
        boxes = {layer.name: (layer.extent.world[0], layer.extent.world[1]) for layer in layers}
        assert list(boxes) == ["A/1 0", "A/1 1", "A/3 0", "C/2 0"]
        assert boxes["A/3 0"][0][1] > boxes["A/1 1"][1][1]
        assert boxes["C/2 0"][0][0] > boxes["A/3 0"][1][0]
        assert boxes["A/1 0"][0][1] < boxes["C/2 0"][0][1] < boxes["A/3 0"][0][1]

    def test_wells_that_are_absent_leave_a_gap_and_are_said(self) -> None:
        wells = {"A/1": ((4, 6),), "A/2": ((4, 6),), "A/3": ((4, 6),)}
        full = {x.name: x.translate for x in fields_of(plate(wells))}
        builder = plate(wells).remove("A/2/")
        composite = open_image(builder.entries, fuse_from=0)
        assert codes(composite) == ["plate-well-not-found"]
        for layer in layers_of(composite):
            np.testing.assert_allclose(layer.translate, full[layer.name])

    def test_fields_that_tell_their_stage_position_keep_it_within_the_well(self) -> None:
        builder = plate({"B/2": ()})
        builder.remove("B/2/zarr.json").group(
            "B/2", well={"images": [{"path": "0"}, {"path": "1"}]}
        )
        for number, corner in enumerate([(100, 200), (100, 206)]):
            data = np.full((4, 6), number + 1, np.uint8)
            builder.image(data, "yx", f"B/2/{number}", translation=corner)
        first, second = fields_of(builder)
        np.testing.assert_allclose(second.translate - first.translate, [0, 6])

    def test_several_acquisitions_of_a_field_lie_on_each_other(self) -> None:
        images = [{"path": str(i), "acquisition": i} for i in range(2)]
        builder = plate({"A/1": ()}).remove("A/1/zarr.json").group("A/1", well={"images": images})
        for number in range(2):
            builder.image(np.full((4, 6), number, np.uint8), "yx", f"A/1/{number}")
        first, second = fields_of(builder)
        np.testing.assert_allclose(first.translate, second.translate)

    def test_labels_of_some_wells_lie_on_their_field(self) -> None:
        builder = plate({"A/1": ((4, 6),), "A/2": ((4, 6),)}).labels("cells", path="A/2/0")
        builder.image(ramp((4, 6), np.uint8), "yx", "A/2/0/labels/cells")
        layers = {layer.name: layer for layer in fields_of(builder)}
        assert kind_of(layers["A/2 0: cells"]) == "labels"
        np.testing.assert_allclose(layers["A/2 0: cells"].translate, layers["A/2 0"].translate)

    def test_a_well_without_a_readable_field_is_said(self) -> None:
        builder = plate({"A/1": ((4, 6),), "A/2": ((4, 6),)}).put("A/2/0/zarr.json", b"[]")
        composite = open_image(builder.entries, fuse_from=0)
        assert [part.path for part in composite.parts] == ["A/1/0"]
        assert "A/2/0" in " ".join(finding.message for finding in composite.findings)


def scene(*transformations: dict[str, Any]) -> HierarchyBuilder:
    """Two images ``a`` and ``b`` of version 0.6 in a scene with a system ``world``."""
    builder = HierarchyBuilder().scene("yx", *transformations)
    for number, name in enumerate("ab"):
        level = {"type": "scale", "scale": [0.5, 0.5]}
        builder.image_of_0_6(ramp((4, 6)) + 100 * number, "yx", name, level=level)
    return builder


class TestScenes:
    MOVE_A = to_world("a", "translation", translation=[10, 20])

    def test_images_are_placed_by_the_scene(self) -> None:
        move_b = to_world("b", "affine", affine=[[0, 1, 5], [-1, 0, 7]])
        builder = scene(self.MOVE_A, move_b)
        assert not codes(open_image(builder.entries))
        a, b = layers_of(builder.entries)
        for y, x in np.ndindex(4, 6):
            assert value_in_world(a, y=10 + y / 2, x=20 + x / 2) == 6 * y + x
            assert value_in_world(b, y=x / 2 + 5, x=7 - y / 2) == 100 + 6 * y + x
        # A rotation by a right angle is done by transposing: slicing stays exact.
        assert b.data.shape == (6, 4)
        assert not np.any(b.affine.affine_matrix - np.eye(3))

    @pytest.mark.parametrize(
        "broken",
        [
            to_world("b", "thinPlateSpline", landmarks=[]),
            to_world("b", "displacements", path="field"),
            to_world("b", "affine", affine=[[1, 0], [0, 1]]),
            to_world("b", "affine", path="not/there"),
            to_world("b", "scale", scale=[1, 2, 3]),
            {**to_world("b", "identity"), "input": {"path": "b", "name": "elsewhere"}},
            {**to_world("b", "identity"), "output": {"name": "nowhere"}},
            None,
        ],
    )
    def test_an_image_that_cannot_be_placed_is_shown_in_its_own_system_and_named(
        self, broken: dict[str, Any] | None
    ) -> None:
        builder = scene(self.MOVE_A, *([] if broken is None else [broken]))
        composite = open_image(builder.entries)
        (finding,) = [f for f in composite.findings if f.code == "image-unplaced"]
        assert "'b'" in finding.message
        a, b = layers_of(composite)
        assert value_in_world(a, y=10, x=20.5) == 1
        assert value_in_world(b, y=0.5, x=1.0) == 108

    def test_a_reference_to_the_scene_itself_ends(self) -> None:
        looped = {"type": "identity", "input": {"path": "."}, "output": {"name": "world"}}
        composite = open_image(
            scene(self.MOVE_A, looped, {**looped, "input": {"path": ".."}}).entries
        )
        assert [part.path for part in composite.parts] == ["a", "b"]

    def test_rotation_in_the_plane_is_exact(self) -> None:
        c, s = np.cos(0.3), np.sin(0.3)
        turn = to_world("b", "rotation", rotation=[[c, -s], [s, c]])
        _, b = layers_of(scene(self.MOVE_A, turn).entries)
        for y, x in np.ndindex(4, 6):
            wy, wx = np.array([[c, -s], [s, c]]) @ [y / 2, x / 2]
            assert value_in_world(b, y=wy, x=wx) == 100 + 6 * y + x

    def test_a_projection_to_a_line_does_not_hide_the_image(self) -> None:
        flat = to_world("b", "affine", affine=[[1, 0, 0], [0, 0, 4]])
        layers = layers_of(scene(self.MOVE_A, flat).entries)
        assert len(layers) == 2
        np.testing.assert_array_equal(np.sort(pixels(layers[1]).ravel()), np.arange(100, 124))


def test_rotation_out_of_the_plane_is_applied() -> None:
    c, s = np.cos(0.3), np.sin(0.3)
    rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    level = {"type": "rotation", "rotation": rotation.tolist()}
    builder = HierarchyBuilder().image_of_0_6(ramp((3, 4, 6)), "zyx", level=level)
    composite = open_image(builder.entries)
    (part,) = composite.parts
    np.testing.assert_allclose(part.to_display.apply([2, 3, 5]), rotation @ [2, 3, 5])
    with pytest.warns(UserWarning, match="Non-orthogonal slicing"):
        (layer,) = layers_of(composite)
    np.testing.assert_allclose(layer.data_to_world([2, 3, 5]), rotation @ [2, 3, 5])
