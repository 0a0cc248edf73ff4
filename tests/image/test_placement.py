"""Where voxels lie in the world, against an independent computation from the documents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hierarchy_builder import (
    HierarchyBuilder,
    axes_of,
    multiscale,
    placement,
    ramp,
    to_world,
    write_archive,
)
from napari_layers import codes, layers_of, value_in_world
from napari_ome_zip import SaveOptions, open_image, save_image, validate

METRES = {"micrometer": 1e-6, "nanometer": 1e-9, "millimeter": 1e-3}
SIZES = {"t": 2, "c": 2, "z": 2, "y": 3, "x": 4}


def matrices(rows: int, columns: int) -> st.SearchStrategy[np.ndarray]:
    numbers = st.integers(-3, 3).map(float)
    return hnp.arrays(np.float64, (rows, columns), elements=numbers)


def invertible(size: int) -> st.SearchStrategy[np.ndarray]:
    return matrices(size, size).filter(lambda m: abs(np.linalg.det(m)) > 0.5)


@st.composite
def placed(draw: st.DrawFn) -> tuple[HierarchyBuilder, list[Any], tuple[str, ...]]:
    """Images of any axes and units, placed in a scene by random affine maps.

    Of each image: its pixels, its axes, and the matrix from its voxels to the world's axes.
    """
    spatial = draw(st.sampled_from(["yx", "zyx", "xyz"]))
    unit = draw(st.sampled_from(sorted(METRES)))
    world_axes = axes_of(spatial, dict.fromkeys(spatial, unit))
    steps, images = [], []
    builder = HierarchyBuilder()
    for number in range(draw(st.integers(1, 3))):
        others = draw(st.sampled_from(["", "c"]))
        own = others + "".join(draw(st.permutations(spatial)))
        size = len(spatial)
        level = [draw(st.sampled_from([0.5, 1.0, 2.0])) for _ in own]
        linear, offset = draw(invertible(size)), draw(matrices(size, 1))
        matrix = np.column_stack([np.zeros((size, len(others))), linear, offset])
        path = f"image {number}"
        pixels = ramp([SIZES[a] for a in own]) + 1000 * number
        axes = axes_of(own, dict.fromkeys(spatial, unit))
        builder.image_of_0_6(pixels, axes, path, level={"type": "scale", "scale": level})
        steps.append(to_world(path, "affine", affine=matrix.tolist()))
        to_voxels = np.diag([*level, 1.0])
        images.append((path, pixels, own, matrix @ to_voxels))
    entries = builder.entries
    whole = HierarchyBuilder().scene(world_axes, *steps)
    for name, content in entries.items():
        if name != "zarr.json":
            whole.put(name, content)
    return whole, images, tuple(spatial)


@settings(max_examples=30, deadline=None)
@given(placed())
def test_every_voxel_lies_where_the_documents_put_it(case: Any) -> None:
    builder, images, world = case
    composite = open_image(builder.entries)
    assert not composite.findings
    names = [axis.name for axis in composite.system.axes]
    assert sorted(names) == sorted(world)
    parts = {part.path: part for part in composite.parts}
    for path, pixels, _, matrix in images:
        indices = np.array(list(np.ndindex(pixels.shape)))
        expected = indices @ matrix[:, :-1].T + matrix[:, -1]
        found = parts[path].to_display.apply(indices)
        np.testing.assert_allclose(found, expected[:, [world.index(n) for n in names]], atol=1e-9)


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
@settings(max_examples=15, deadline=None)
@given(placed())
def test_every_voxel_is_found_in_a_layer_at_its_place_in_the_world(case: Any) -> None:
    builder, images, world = case
    layers: dict[Any, Any] = {}
    for layer in layers_of(builder.entries):
        note = layer.metadata["napari_ome_zip"]
        layers[note["path"], note["channel"]] = layer
    for path, pixels, axes, matrix in images:
        for index in np.ndindex(pixels.shape):
            place = matrix @ [*index, 1]
            channel = index[axes.index("c")] if "c" in axes else 0
            found = value_in_world(layers[path, channel], **dict(zip(world, place, strict=True)))
            assert found == pixels[index]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_units_are_converted_to_those_of_the_first_image(data: Any) -> None:
    units = data.draw(st.lists(st.sampled_from([*METRES, None]), min_size=2, max_size=4))
    builder = HierarchyBuilder().group()
    for number, unit in enumerate(units):
        axes = axes_of("yx", {} if unit is None else dict.fromkeys("yx", unit))
        builder.image(ramp((2, 2)), axes, str(number), scale=(2, 3), translation=(5, 7))
    composite = open_image(builder.entries)
    shown = next((unit for unit in units if unit), None)
    assert [axis.unit for axis in composite.system.axes] == [shown] * 2
    for part, unit in zip(composite.parts, units, strict=True):
        factor = METRES[unit] / METRES[shown] if unit and shown else 1
        found = part.to_display.apply([1, 1])
        np.testing.assert_allclose(found, [7 * factor, 10 * factor])


class TestDisplaySystem:
    def system(self, *listed: str) -> list[dict[str, Any]]:
        return [{"name": name, "axes": axes_of("yx")} for name in listed]

    def test_it_is_the_first_of_the_scenes_own(self) -> None:
        move = {"type": "translation", "translation": [1, 2]}
        step = {"input": {"path": "a", "name": "physical"}}
        document = {
            "coordinateSystems": self.system("second", "first"),
            "coordinateTransformations": [
                {**move, **step, "output": {"name": "first"}},
                {**move, "input": {"name": "first"}, "output": {"name": "second"}},
            ],
        }
        builder = HierarchyBuilder().group(version="0.6", scene=document)
        composite = open_image(builder.image_of_0_6(ramp((2, 2)), "yx", "a").entries)
        assert composite.system.name == "second"
        np.testing.assert_array_equal(composite.parts[0].to_display.offset, [2, 4])

    def test_without_one_it_is_that_which_most_images_reach(self) -> None:
        target = {"path": "c", "name": "physical"}
        steps = [to_world(path, "translation", translation=[10, 0]) for path in "bd"]
        links = [{**step, "output": target} for step in steps]
        document = {"coordinateTransformations": links}
        builder = HierarchyBuilder().group(version="0.6", scene=document)
        for path in "abcd":
            builder.image_of_0_6(ramp((2, 2)), "yx", path)
        composite = open_image(builder.entries)
        offsets = {part.path: part.to_display.offset[0] for part in composite.parts}
        assert offsets["b"] - offsets["c"] == offsets["d"] - offsets["c"] == 10
        assert [f.where for f in composite.findings if f.code == "image-unplaced"] == ["a"]

    def test_several_spaces_of_one_image_show_the_intrinsic_one(self) -> None:
        other = {
            "type": "scale",
            "scale": [7, 7],
            "input": {"name": "physical"},
            "output": {"name": "atlas"},
        }
        entry = {"coordinateSystems": [*self.system("atlas"), *self.system("physical")]}
        builder = HierarchyBuilder().image_of_0_6(
            ramp((2, 2)), "yx", **entry, coordinateTransformations=[other]
        )
        composite = open_image(builder.entries)
        assert composite.system.name == "physical"
        np.testing.assert_array_equal(composite.parts[0].to_display.linear, np.eye(2))


class TestSpatialData:
    """Spaces that elements share by name, each bringing the axes it knows."""

    def element(self, axes: str, target: str = "global", **step: Any) -> dict[str, Any]:
        def space(name: str) -> dict[str, Any]:
            return {"name": name, "axes": axes_of(axes)}

        transformation = {**step, "input": space(axes), "output": space(target)}
        return {"coordinateTransformations": [transformation]}

    @pytest.mark.parametrize("first", ["image", "labels"])
    def test_elements_of_different_axes_meet_in_one_space(self, first: str) -> None:
        builder = HierarchyBuilder().group()
        names = {"image": ("a", "b"), "labels": ("b", "a")}[first]
        shift = [[1, 0, 0, 0], [0, 2, 0, 10], [0, 0, 2, 20]]
        image = multiscale("cyx", [("0", None)], **self.element("cyx", type="affine", affine=shift))
        flat = multiscale("yx", [("0", None)], **self.element("yx", type="scale", scale=[4, 4]))
        builder.group(names[0], multiscales=[image]).array(f"{names[0]}/0", ramp((2, 3, 3)))
        builder.group(names[1], multiscales=[flat], **{"image-label": {}})
        builder.array(f"{names[1]}/0", ramp((3, 3), np.uint8))
        composite = open_image(builder.entries)
        assert "image-unplaced" not in codes(composite)
        one, two, labels = layers_of(composite)
        assert value_in_world(one, y=12, x=24) == 5
        assert value_in_world(two, y=12, x=24) == 14
        assert value_in_world(labels, y=4, x=8) == 5

    def test_parameters_count_the_axes_of_the_reference(self) -> None:
        step = self.element("xy", type="affine", affine=[[2, 0, 10], [0, 3, 20]])
        image = multiscale("yx", [("0", None)], **step)
        builder = HierarchyBuilder().group().group("a", multiscales=[image])
        (layer,) = layers_of(builder.array("a/0", ramp((3, 3))).entries)
        assert value_in_world(layer, x=10 + 2 * 2, y=20 + 3 * 1) == 5


class TestFlips:
    """A negative scale is legal: the axis runs the other way."""

    def flipped(self, version: str, path: str = "", shift: float = 0) -> HierarchyBuilder:
        pixels, steps = ramp((4, 6)), placement([-0.5, 2], [shift, 10])
        if version == "0.6":
            builder = HierarchyBuilder()
            level = {"type": "sequence", "transformations": steps}
            return builder.image_of_0_6(pixels, "yx", path, level=level)
        builder = HierarchyBuilder(2 if version == "0.4" else 3)
        entry = multiscale("yx", [("0", steps)], **({"version": "0.4"} if version == "0.4" else {}))
        return builder.group(path, multiscales=[entry]).array("0", pixels)

    @pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
    def test_they_are_applied(self, version: str) -> None:
        composite = open_image(self.flipped(version).entries)
        assert not composite.findings
        (layer,) = layers_of(composite)
        for y, x in np.ndindex(4, 6):
            assert value_in_world(layer, y=-0.5 * y, x=10 + 2 * x) == 6 * y + x

    @pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
    def test_the_check_has_nothing_to_say_of_them(self, version: str, tmp_path: Path) -> None:
        straight = self.flipped(version).entries
        turned = {name: content.replace(b"-0.5", b"0.5") for name, content in straight.items()}
        reports = [
            validate(write_archive(tmp_path / f"{number}.ozx", entries))
            for number, entries in enumerate((straight, turned))
        ]
        assert [issue.code for issue in reports[0].issues] == [
            issue.code for issue in reports[1].issues
        ]

    @pytest.mark.parametrize("version", ["auto", "0.5", "0.6"])
    def test_they_are_saved(self, version: Any, tmp_path: Path) -> None:
        composite = open_image(self.flipped("0.5", shift=3).entries)
        path = save_image(composite, tmp_path / "a.ozx", SaveOptions(version=version))
        (layer,) = layers_of(path)
        for y, x in np.ndindex(4, 6):
            assert value_in_world(layer, y=3 - 0.5 * y, x=10 + 2 * x) == 6 * y + x

    def test_smaller_levels_lie_over_the_flipped_pixels(self, tmp_path: Path) -> None:
        ngff_zarr = pytest.importorskip("ngff_zarr")
        pixels = ramp((8, 8))
        data = (pixels, {"name": "a", "scale": (-0.5, 0.5), "translate": (3, 10)}, "image")
        path = save_image([data], tmp_path / "a.ozx", SaveOptions(levels=2))
        (image,) = ngff_zarr.from_ngff_zarr(str(path)).images[1:]
        # The first pixel is the mean of rows 0 and 1, which lie at 3 and 2.5.
        assert image.scale == {"y": -1, "x": 1}
        assert image.translation == {"y": 2.75, "x": 10.25}

    def test_flipped_tiles_make_one_mosaic(self) -> None:
        builder, whole = HierarchyBuilder().group(), ramp((12, 12))
        for row, column in np.ndindex(3, 3):
            tile = whole[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
            place = (100 - 0.5 * 4 * row, 2.0 * 4 * column)
            path = f"{row}{column}"
            builder.image(tile, "yx", path, scale=(-0.5, 2), translation=place)
        (layer,) = layers_of(builder.entries)
        for y, x in np.ndindex(12, 12):
            assert value_in_world(layer, y=100 - 0.5 * y, x=2 * x) == whole[y, x]

    def test_of_tiles_that_are_flipped_otherwise_none_is_misplaced(self) -> None:
        builder = HierarchyBuilder().group()
        for number in range(9):
            flip = -1 if number % 2 else 1
            place = (10 * number + (3 if flip < 0 else 0), 0)
            pixels = ramp((4, 4)) + 100 * number
            builder.image(pixels, "yx", str(number), scale=(flip, 1), translation=place)
        layers = layers_of(builder.entries)
        for number in range(9):
            for y in range(4):
                row = 3 - y if number % 2 else y
                found = [value_in_world(each, y=10 * number + row, x=1) for each in layers]
                assert 100 * number + 4 * y + 1 in found


def test_a_level_that_runs_the_other_way_than_the_first_shows_another_region(
    tmp_path: Path,
) -> None:
    levels = [("0", placement([-1, 1])), ("1", placement([2, 2]))]
    builder = HierarchyBuilder().group(multiscales=[multiscale("yx", levels)])
    builder.array("0", ramp((64, 64))).array("1", ramp((32, 32)))
    report = validate(builder.archive(tmp_path / "a.ozx"))
    assert "level-misaligned" in [issue.code for issue in report.issues]


class TestLabelsOf06:
    """Labels lie where a declared transformation puts them, else in the space of their image."""

    LABELS = "labels/cells"

    def labelled(
        self,
        of_image: Sequence[Any] = (),
        of_labels: Sequence[Any] = (),
    ) -> HierarchyBuilder:
        builder = HierarchyBuilder()
        builder.image_of_0_6(ramp((8, 8)), "yx", coordinateTransformations=list(of_image))
        builder.labels("cells")
        pixels = ramp((4, 4), np.uint8)
        more = {"coordinateTransformations": list(of_labels)}
        builder.image_of_0_6(pixels, "yx", self.LABELS, **more)
        return builder

    def step(self, kind: str, source: str | None, target: str | None, **more: Any) -> Any:
        ends = [
            {"name": "physical", **({} if path is None else {"path": path})}
            for path in (source, target)
        ]
        return {"type": kind, "input": ends[0], "output": ends[1], **more}

    def place(self, builder: HierarchyBuilder) -> tuple[Any, Any]:
        """Where the first pixel of the labels lies, and how far the next ones are."""
        composite = open_image(builder.entries)
        assert not codes(composite)
        (labels,) = composite.labels
        return labels.to_display.offset.tolist(), labels.to_display.linear.diagonal().tolist()

    def test_a_translation_from_the_image_is_undone(self) -> None:
        step = self.step("translation", None, self.LABELS, translation=[3, 4])
        assert self.place(self.labelled([step])) == ([-3, -4], [1, 1])

    def test_a_scale_from_the_image_is_undone(self) -> None:
        step = self.step("scale", None, self.LABELS, scale=[2, 4])
        assert self.place(self.labelled([step])) == ([0, 0], [0.5, 0.25])

    def test_a_sequence_from_the_image_is_undone(self) -> None:
        parts = [
            {"type": "scale", "scale": [2, 4]},
            {"type": "translation", "translation": [6, 2]},
        ]
        step = self.step("sequence", None, self.LABELS, transformations=parts)
        assert self.place(self.labelled([step])) == ([-3, -0.5], [0.5, 0.25])

    @pytest.mark.parametrize("image", ["../..", "../../", "/"])
    def test_one_from_the_labels_is_followed(self, image: str) -> None:
        step = self.step("translation", None, image, translation=[3, 4])
        assert self.place(self.labelled(of_labels=[step])) == ([3, 4], [1, 1])

    def test_one_to_the_labels_in_their_own_document_is_undone(self) -> None:
        step = self.step("translation", "../..", None, translation=[3, 4])
        assert self.place(self.labelled(of_labels=[step])) == ([-3, -4], [1, 1])

    def test_one_through_another_system_of_the_image_is_followed(self) -> None:
        step = self.step("translation", None, self.LABELS, translation=[3, 4])
        step["input"]["name"] = "other"
        inner = self.step("scale", None, None, scale=[2, 2])
        inner["output"]["name"] = "other"
        builder = self.labelled([step, inner])
        document = json.loads(builder.entries["zarr.json"])
        entry = document["attributes"]["ome"]["multiscales"][0]
        entry["coordinateSystems"].append({"name": "other", "axes": axes_of("yx")})
        builder.edit("zarr.json", attributes=document["attributes"])
        assert self.place(builder) == ([-1.5, -2], [0.5, 0.5])

    def test_where_nothing_is_declared_they_share_the_space(self) -> None:
        assert self.place(self.labelled()) == ([0, 0], [1, 1])

    def test_what_the_image_says_of_itself_leaves_its_labels_where_they_are(self) -> None:
        step = self.step("scale", None, None, scale=[7, 7])
        step["output"]["name"] = "elsewhere"
        builder = self.labelled([step])
        (labels,) = open_image(builder.entries).labels
        assert labels.to_display.offset.tolist() == [0, 0]

    def test_a_viewer_finds_each_label_at_its_place(self) -> None:
        step = self.step("translation", None, self.LABELS, translation=[-3, -4])
        _, labels = layers_of(self.labelled([step]).entries)
        for y, x in np.ndindex(4, 4):
            assert value_in_world(labels, y=y + 3, x=x + 4) == 4 * y + x

    @pytest.mark.parametrize(
        "change", [{"type": "spline"}, {"output": {"name": "unknown", "path": "labels/cells"}}]
    )
    def test_one_that_cannot_be_used_is_said(self, change: Any) -> None:
        step = self.step("translation", None, self.LABELS, translation=[3, 4]) | change
        composite = open_image(self.labelled([step]).entries)
        assert [f.where for f in composite.findings if f.code == "image-unplaced"] == [self.LABELS]

    def test_in_a_scene_they_go_where_their_image_goes(self) -> None:
        move = to_world("a", "translation", translation=[100, 200])
        builder = HierarchyBuilder().scene("yx", move)
        step = self.step("translation", None, self.LABELS, translation=[3, 4])
        builder.image_of_0_6(ramp((8, 8)), "yx", "a", coordinateTransformations=[step])
        builder.labels("cells", path="a")
        builder.image_of_0_6(ramp((4, 4), np.uint8), "yx", f"a/{self.LABELS}")
        (labels,) = open_image(builder.entries).labels
        assert labels.to_display.offset.tolist() == [97, 196]

    def test_two_label_images_are_each_at_their_own_place(self) -> None:
        step = self.step("translation", None, self.LABELS, translation=[3, 4])
        builder = self.labelled([step])
        builder.image_of_0_6(ramp((4, 4), np.uint8), "yx", "labels/nuclei")
        labels = open_image(builder.entries).labels
        places = {part.path: part.to_display.offset.tolist() for part in labels}
        assert places == {self.LABELS: [-3, -4], "labels/nuclei": [0, 0]}
