"""Layer data: dimensions in order, exact world coordinates, keywords that napari takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from napari.components import ViewerModel

from hierarchy_builder import HierarchyBuilder, ramp
from napari_layers import layers_of, pixels, value_in_world, view
from napari_ome_zip import CompositeImage, open_image, save_image, to_layer_data
from napari_ome_zip.geometry import Affine
from napari_ome_zip.layers.layer_data import METADATA_KEY
from napari_ome_zip.ome import Axis, CoordinateSystem

SIZES = {"t": 2, "z": 2, "y": 3, "x": 4}


def placed(axes: str, world: str, matrix: Any) -> CompositeImage:
    """An image of ``axes`` that ``matrix`` maps to a system of the axes ``world``."""
    data = ramp([SIZES[axis] for axis in axes])
    composite = open_image(HierarchyBuilder().image(data, axes).entries)
    (part,) = composite.parts
    system = CoordinateSystem("world", tuple(Axis(name, "space") for name in world))
    affine = Affine(np.asarray(matrix, dtype=float), tuple(axes), tuple(world))
    return replace(composite, system=system, parts=(replace(part, to_display=affine),))


def assert_every_voxel_found(composite: CompositeImage) -> Any:
    (layer,) = layers_of(composite)
    (part,) = composite.parts
    data = np.asarray(part.levels[0])
    names = [axis.name for axis in composite.system.axes]
    for index in np.ndindex(data.shape):
        place = dict(zip(names, part.to_display.apply(index), strict=True))
        assert value_in_world(layer, **place) == data[index]
    return layer


def exact(layer: Any) -> bool:
    """Whether slicing the layer is exact: its array's axes lie along the world's."""
    return not np.any(layer.affine.affine_matrix - np.eye(layer.ndim + 1))


small = st.integers(-3, 3).map(float)


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
class TestPlaces:
    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_every_voxel_is_found_where_any_affine_map_puts_it(self, data: Any) -> None:
        axes = data.draw(st.sampled_from(["yx", "xy", "zyx", "yxz", "tyx"]))
        world = data.draw(st.sampled_from(["yx", "zyx", "tzyx"]))
        assume(len(world) >= len(axes))
        matrix = data.draw(hnp.arrays(float, (len(world), len(axes) + 1), elements=small))
        assume(np.linalg.matrix_rank(matrix[:, :-1]) == len(axes))
        layer = assert_every_voxel_found(placed(axes, world, matrix))
        assert layer.ndim == len(world)
        assert layer.axis_labels == tuple(world)

    @settings(max_examples=15, deadline=None)
    @given(st.permutations("tzyx"), st.lists(st.sampled_from([-2.0, 0.5, 3.0]), min_size=4))
    def test_axes_that_are_only_exchanged_stay_exact(
        self, world: Sequence[str], factors: list[float]
    ) -> None:
        matrix = np.zeros((4, 5))
        for column, (axis, factor) in enumerate(zip("tzyx", factors, strict=False)):
            matrix[world.index(axis), column] = factor
        assert exact(assert_every_voxel_found(placed("tzyx", "".join(world), matrix)))

    @pytest.mark.parametrize(
        ("axes", "world", "matrix"),
        [
            ("yx", "zyx", [[0, 0, 7], [2, 0, 0], [0, 3, 0]]),
            ("yx", "zyx", [[2, 0, 0], [0, 0, 7], [0, 3, 0]]),
            ("yx", "zyx", [[2, 0, 0], [0, 3, 0], [0, 0, 7]]),
            ("yx", "tzyx", [[0, 0, 5], [0, 0, 7], [0, 2, 0], [3, 0, 0]]),
            ("zyx", "tzyx", [[0, 0, 0, 1], [2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]]),
        ],
    )
    def test_a_plane_in_space_gets_axes_of_length_1(
        self, axes: str, world: str, matrix: Any
    ) -> None:
        layer = assert_every_voxel_found(placed(axes, world, matrix))
        assert exact(layer)
        lengths = [*(SIZES[axis] for axis in axes), *[1] * (len(world) - len(axes))]
        assert sorted(layer.data.shape) == sorted(lengths)

    @pytest.mark.parametrize(
        "turn", [[[1, 0, 0], [0, 1, 0], [0, 1, 0]], [[1, 1, 0], [1, 1, 0], [1, -1, 0]]]
    )
    def test_a_plane_that_stands_askew_can_be_shown(self, turn: Any) -> None:
        assert_every_voxel_found(placed("yx", "zyx", turn))

    def test_voxel_sizes_stay_visible_beside_a_rotation(self) -> None:
        c, s = np.cos(0.4), np.sin(0.4)
        matrix = np.array([[c, -s], [s, c]]) @ np.diag([2.0, 0.5])
        layer = assert_every_voxel_found(placed("yx", "yx", np.column_stack([matrix, [10, 20]])))
        np.testing.assert_allclose(layer.scale, [2, 0.5])
        np.testing.assert_allclose(layer.affine.translate, [10, 20])

    def test_rounding_errors_do_not_make_a_map_crooked(self) -> None:
        matrix = [[0.1 + 0.2, 1e-17, 3], [-1e-17, 0.3, 4]]
        (layer,) = layers_of(placed("yx", "yx", matrix))
        assert exact(layer)

    @pytest.mark.parametrize("large", [1e6, 1e9, 1e12])
    def test_voxels_of_very_different_sizes_are_not_taken_for_rounding(self, large: float) -> None:
        matrix = [[0, 1, 0], [large, large, 0]]
        assert_every_voxel_found(placed("yx", "yx", matrix))

    def test_a_channel_axis_that_moves_places_each_channel(self) -> None:
        data = ramp((2, 3, 4))
        composite = open_image(HierarchyBuilder().image(data, "cyx").entries)
        (part,) = composite.parts
        affine = Affine(np.array([[0.0, 1, 0, 0], [10, 0, 1, 0]]), ("c", "y", "x"), ("y", "x"))
        moved = replace(composite, parts=(replace(part, to_display=affine),))
        first, second = layers_of(moved)
        assert value_in_world(first, y=1, x=2) == data[0, 1, 2]
        assert value_in_world(second, y=1, x=12) == data[1, 1, 2]


class TestNames:
    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(st.sampled_from(["a", "b", "a [1]", "a [2]", "", None]), min_size=1, max_size=8)
    )
    def test_all_layers_are_named_and_no_two_alike(self, names: list[str | None]) -> None:
        builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
        for number, name in enumerate(names):
            builder.image(ramp((2, 2), np.uint8), "yx", str(number), name=name)
        layers = to_layer_data(open_image(builder.entries, fuse_from=0))
        found = [keywords["name"] for _, keywords, _ in layers]
        assert len(found) == len(names) == len(set(found))
        assert all(found)

    @pytest.mark.parametrize(
        "names", [["a", "a", "a"], ["a", "a [1]", "a"], ["a", "b", "a"], ["a [1]", "a"]]
    )
    def test_layers_that_were_saved_by_one_name_are_numbered_as_napari_does(
        self, names: list[str], tmp_path: Path
    ) -> None:
        viewer = ViewerModel()
        for name in names:
            viewer.add_image(ramp((2, 2), np.uint8), name=name)
        plain = [
            (ramp((2, 2 + n), np.uint8), {"name": name, "contrast_limits": (0, 9)}, "image")
            for n, name in enumerate(names)
        ]
        found = [layer.name for layer in layers_of(save_image(plain, tmp_path / "a.ozx"))]
        assert found == [layer.name for layer in viewer.layers]

    def test_layers_renamed_alike_in_a_viewer_come_back_with_their_names(
        self, tmp_path: Path
    ) -> None:
        builder = HierarchyBuilder().image(ramp((3, 4, 5)), "cyx").labels("cells")
        builder.image(ramp((4, 5), np.uint8), "yx", "labels/cells")
        viewer = view(builder.entries)
        for layer in viewer.layers:
            layer.name = "mine"
        names = [layer.name for layer in viewer.layers]
        assert names == ["mine", "mine [1]", "mine [2]", "mine [3]"]
        path = save_image(
            [layer.as_layer_data_tuple() for layer in viewer.layers], tmp_path / "a.ozx"
        )
        assert [layer.name for layer in layers_of(path)] == names

    def test_channels_of_several_images_carry_the_images_name(self) -> None:
        builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
        omero = {"channels": [{"label": "DAPI"}, {}]}
        for number, name in enumerate(["left", "right"]):
            builder.image(ramp((2, 2, 2), np.uint8), "cyx", str(number), name=name, omero=omero)
        names = [layer.name for layer in layers_of(builder.entries)]
        assert names == ["left: DAPI", "left: channel 1", "right: DAPI", "right: channel 1"]

    def test_a_single_image_is_called_as_its_file(self, tmp_path: Any) -> None:
        builder = HierarchyBuilder().image(ramp((2, 2)), "yx")
        (layer,) = layers_of(builder.archive(tmp_path / "My cells.OME.zip"))
        assert layer.name == "My cells"


class TestKeywords:
    def test_everything_of_one_archive_shares_axes_and_units(self) -> None:
        builder = HierarchyBuilder().image(ramp((2, 3, 4)), "zyx").labels("cells")
        builder.image(ramp((3, 4), np.uint8), "yx", "labels/cells")
        layers = to_layer_data(open_image(builder.entries))
        shared = [(k["axis_labels"], k["units"]) for _, k, _ in layers]
        assert set(shared) == {(("z", "y", "x"), ("micrometer",) * 3)}

    def test_metadata_tells_the_source(self, tmp_path: Any) -> None:
        path = HierarchyBuilder().image(ramp((2, 3, 4)), "cyx").archive(tmp_path / "a.ozx")
        notes = [k["metadata"][METADATA_KEY] for _, k, _ in to_layer_data(open_image(path))]
        assert [(n["source"], n["path"], n["channel"]) for n in notes] == [
            (str(path), "", 0),
            (str(path), "", 1),
        ]
        assert [axis["name"] for axis in notes[0]["axes"]] == ["c", "y", "x"]

    def test_pixels_stay_lazy_and_levels_shrink(self) -> None:
        levels = [ramp((8, 8)), ramp((4, 4)), ramp((2, 2))]
        ((data, _, _),) = to_layer_data(open_image(HierarchyBuilder().image(levels, "yx").entries))
        assert isinstance(data, list)
        assert all(isinstance(level, da.Array) for level in data)
        assert [level.shape for level in data] == [(8, 8), (4, 4), (2, 2)]

    @pytest.mark.parametrize(
        "note",
        [
            5,
            {"layers": 5},
            {"layers": [5]},
            {"layers": [{"rgb": True}]},
            {"layers": [{"order": "first", "opacity": 7, "gamma": -1, "blending": "?", "name": 3}]},
            {"layers": [{"colormap": {"name": "x", "colors": [[1]], "controls": [0, 1]}}]},
            {"layers": [{"rendering": "none", "iso_threshold": "high", "visible": 1}] * 9},
        ],
    )
    def test_odd_notes_on_display_never_hide_an_image(self, note: Any) -> None:
        builder = HierarchyBuilder().image(ramp((2, 3, 4)), "cyx")
        builder.attribute("", "napari_ome_zip", note)
        first, second = layers_of(builder.entries)
        np.testing.assert_array_equal(pixels(first), ramp((2, 3, 4))[0])
        np.testing.assert_array_equal(pixels(second), ramp((2, 3, 4))[1])
