"""Tables of regions are rectangles around what they are about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Layer, Shapes

from hierarchy_builder import HierarchyBuilder, axes_of, ramp
from labeled_tables import about, put_lists
from napari_layers import codes, view
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.errors import SaveWarning
from napari_ome_zip.layers.from_layers import from_layer_data
from napari_ome_zip.layers.region_shapes import MAX_SHAPES
from napari_ome_zip.layers.to_layers import layer_findings
from napari_ome_zip.saving.plan import plan_save

ROIS = {"type": "roi_table", "table_version": "1", "index_key": "name"}


def box(unit: str = "micrometer", **ends: tuple[float, float]) -> dict[str, list[float]]:
    """Columns of one box: where it begins along axes, and how long it is."""
    starts = {f"{axis}_{unit}": [start] for axis, (start, _) in ends.items()}
    return {**starts, **{f"len_{axis}_{unit}": [length] for axis, (_, length) in ends.items()}}


def image_with(
    columns: dict[str, Any], axes: str = "yx", path: str = "", **options: Any
) -> HierarchyBuilder:
    """An image of 2 times, 6 planes and 10 × 12 pixels, with a table of regions."""
    shape = [{"t": 2, "c": 2, "z": 6, "y": 10, "x": 12}[axis] for axis in axes]
    builder = HierarchyBuilder()
    if path:
        builder.group()
    builder.image(ramp(shape), options.pop("listed", axes), path, **options)
    where = f"{path}/tables/boxes" if path else "tables/boxes"
    rows = len(next(iter(columns.values())))
    names = columns.pop("name", [f"box {n}" for n in range(rows)])
    return put_lists(builder, where, ROIS, {"name": names, **columns})


def shapes_of(builder: HierarchyBuilder) -> Any:
    viewer = view(builder.entries)
    assert viewer.layers["boxes"].visible is False
    return viewer.layers["boxes"]


def corners(shape: Any) -> list[tuple[float, ...]]:
    """Lowest and highest corner."""
    found = np.round(np.asarray(shape, dtype=float), 5)
    return [tuple(found.min(axis=0)), tuple(found.max(axis=0))]


def test_a_box_covers_the_pixels_that_it_is_about() -> None:
    # Pixels of half a micrometer: 3 to 7 along y, 4 to 5 along x.
    columns = {**box(y=(1.5, 2.5), x=(2.0, 1.0)), "note": ["a"]}
    layer = shapes_of(image_with(columns, scale=(0.5, 0.5)))
    (shape,) = layer.data
    assert layer.shape_type == ["rectangle"]
    assert corners(shape) == [(1.25, 1.75), (3.75, 2.75)]  # edges, half a pixel from centers
    assert layer.features.to_dict("list") == {"name": ["box 0"], "note": ["a"]}


@pytest.mark.parametrize(
    ("unit", "factor"), [("nanometer", 1e3), ("millimeter", 1e-3), ("micrometer", 1)]
)
def test_units_of_the_image_are_heeded(unit: str, factor: float) -> None:
    listed = axes_of("yx", {"y": unit, "x": unit})
    columns = box(y=(1.5, 2.5), x=(2.0, 1.0))
    layer = shapes_of(image_with(columns, scale=(0.5 * factor,) * 2, listed=listed))
    expected = np.array([(1.25, 1.75), (3.75, 2.75)]) * factor
    np.testing.assert_allclose(corners(layer.data[0]), expected)


def test_boxes_count_from_the_first_pixel_of_their_image() -> None:
    layer = shapes_of(image_with(box(y=(0, 5), x=(0, 6)), scale=(0.5, 0.5), translation=(100, 200)))
    assert corners(layer.data[0]) == [(99.75, 199.75), (104.75, 205.75)]


@pytest.mark.parametrize(
    ("axes", "planes"), [("yxc", [()]), ("xyz", [(2,), (4,)]), ("xzy", [(2,), (4,)])]
)
def test_boxes_lie_in_the_plane_that_is_shown_however_axes_are_stored(
    axes: str, planes: list[tuple[float, ...]]
) -> None:
    # Pixels of half a micrometer, and planes of two.
    sizes = {"z": 2.0, "y": 0.5, "x": 0.5, "c": 1.0}
    shape = [{"c": 2, "z": 6, "y": 10, "x": 12}[axis] for axis in axes]
    level = {"type": "scale", "scale": [sizes[axis] for axis in axes]}
    builder = HierarchyBuilder()
    builder.image_of_0_6(ramp(shape), axes_of(axes), level=level, version="0.9.dev1")
    ends = box(y=(1.5, 2.5), x=(2.0, 1.0)) | (box(z=(2.0, 4.0)) if "z" in axes else {})
    put_lists(builder, "tables/boxes", ROIS, {"name": ["a"], **ends})
    layer = shapes_of(builder)
    assert tuple(layer.axis_labels)[-2:] == ("y", "x")
    assert [corners(shape) for shape in layer.data] == [
        [(*place, 1.25, 1.75), (*place, 3.75, 2.75)] for place in planes
    ]


class TestDepth:
    def test_one_that_covers_all_planes_is_seen_on_each(self) -> None:
        columns = box(z=(0, 12), y=(1, 2), x=(2, 1))
        layer = shapes_of(image_with(columns, "zyx", scale=(2, 1, 1)))
        assert layer.ndim == 2
        assert tuple(layer.axis_labels) == ("y", "x")
        assert corners(layer.data[0]) == [(0.5, 1.5), (2.5, 2.5)]

    @pytest.mark.parametrize(
        ("z", "planes"),
        [
            ((2, 6), [2, 4, 6]),
            ((0, 2), [0]),
            ((10, 2), [10]),
            ((3, 0.5), [2]),
            ((-10, 40), [0, 2, 4, 6, 8, 10]),
        ],
    )
    def test_others_are_a_rectangle_on_each_plane(
        self, z: tuple[float, float], planes: list[float]
    ) -> None:
        columns = box(z=z, y=(1, 2), x=(2, 1))
        columns = {
            key: [*cells, other]
            for (key, cells), other in zip(columns.items(), (0, 0, 0, 2, 1, 1), strict=True)
        }
        layer = shapes_of(image_with(columns, "zyx", scale=(2, 1, 1)))
        found = [
            shape
            for shape, name in zip(layer.data, layer.features["name"], strict=True)
            if name == "box 0"
        ]
        assert [shape[0, 0] for shape in found] == planes
        assert all(np.ptp(shape[:, 0]) == 0 for shape in found)

    def test_times_too(self) -> None:
        columns = {**box("second", t=(3, 3)), **box(y=(1, 2), x=(2, 1)), **box(z=(0, 6))}
        listed = axes_of("tczyx", {"t": "second", **dict.fromkeys("zyx", "micrometer")})
        layer = shapes_of(image_with(columns, "tczyx", scale=(3, 1, 1, 1, 1), listed=listed))
        assert [tuple(shape[0, :2]) for shape in layer.data] == [(3, z) for z in range(6)]

    def test_too_many_are_drawn_in_the_middle(self) -> None:
        count = MAX_SHAPES // 3
        columns = {key: cells * count for key, cells in box(z=(0, 5), y=(1, 2), x=(2, 1)).items()}
        layer = shapes_of(image_with(columns, "zyx"))
        assert [shape[0, 0] for shape in layer.data] == [2] * count


class TestWhatIsNotDrawn:
    def shown(self, builder: HierarchyBuilder) -> list[str]:
        composite = open_image(builder.entries)
        assert codes(composite) == []
        layers = to_layer_data(composite)
        assert list(layer_findings(composite, layers)) == []
        return [keywords["name"] for _, keywords, kind in layers if kind == "shapes"]

    def test_very_many_boxes(self) -> None:
        columns = {key: cells * (MAX_SHAPES + 1) for key, cells in box(y=(1, 2), x=(2, 1)).items()}
        assert self.shown(image_with(columns)) == []

    @pytest.mark.parametrize(
        "columns",
        [
            box(y=(1, 2)),
            box("pixel", y=(1, 2), x=(2, 1)),
            {"x_micrometer": [1.0], "y_micrometer": [1.0]},
            {**box(y=(1, 2), x=(2, 1)), "x_micrometer": ["a"]},
        ],
    )
    def test_tables_without_places(self, columns: dict[str, Any]) -> None:
        assert self.shown(image_with(columns)) == []

    def test_boxes_of_no_size_or_place(self) -> None:
        columns = box(y=(1, 2), x=(2, 1))
        for number, other in enumerate((float("nan"), float("inf"), -1.0, 1e300)):
            for name, cells in columns.items():
                changed = number % 4 == list(columns).index(name)
                cells.append(other if changed else cells[0])
        columns["len_x_micrometer"][-1] = 0.0
        builder = image_with(columns)
        (shape,) = view(builder.entries).layers["boxes"].data
        assert corners(shape) == [(0.5, 1.5), (2.5, 2.5)]

    def test_tables_of_a_plate_as_a_whole(self) -> None:
        builder = HierarchyBuilder().group().image(ramp((4, 4)), "yx", "a")
        put_lists(builder, "tables/boxes", ROIS, {"name": ["a"], **box(y=(1, 2), x=(2, 1))})
        assert self.shown(builder) == []


def test_regions_of_labels_are_called_by_them() -> None:
    said = {"type": "masking_roi_table", "table_version": "1", "instance_key": "label"}
    builder = HierarchyBuilder().image(ramp((10, 12)), "yx").labels("cells")
    builder.image(ramp((10, 12), np.uint8), "yx", "labels/cells")
    columns = {"label": [7], **box(y=(1, 2), x=(2, 1))}
    layer = shapes_of(put_lists(builder, "tables/boxes", said | about("cells"), columns))
    assert layer.features.to_dict("list") == {"label": [7]}


def assert_same_regions(layer: Shapes, expected: Shapes) -> None:
    assert layer.name == expected.name
    assert len(layer.data) == len(expected.data)
    for found, drawn in zip(layer.data, expected.data, strict=True):
        np.testing.assert_allclose(found, drawn)
    np.testing.assert_allclose(layer.translate, expected.translate)
    np.testing.assert_allclose(layer.edge_color, expected.edge_color)
    assert layer.features.to_dict("list") == expected.features.to_dict("list")


def lost_of(layers: list[Layer]) -> list[str]:
    plan = plan_save(from_layer_data([each.as_layer_data_tuple() for each in layers]))
    return [finding.code for finding in plan.lost]


class TestSaving:
    @pytest.mark.parametrize(
        "change",
        [
            lambda layer: setattr(layer, "data", [layer.data[0] + 1]),
            lambda layer: layer.add_rectangles(np.array([[0, 0], [1, 1]])),
            lambda layer: setattr(layer, "translate", (1, 0)),
            lambda layer: setattr(layer, "name", "mine"),
            lambda layer: setattr(layer, "edge_color", "red"),
            lambda layer: setattr(layer, "features", {"name": ["other"]}),
        ],
    )
    def test_what_a_person_changed_is_saved_beside_the_table(
        self, change: Any, tmp_path: Path
    ) -> None:
        path = image_with(box(y=(1, 2), x=(2, 1))).archive(tmp_path / "a.ozx")
        layers = [*view(path).layers]
        change(layers[-1])
        data = [each.as_layer_data_tuple() for each in layers]
        (finding,) = plan_save(from_layer_data(data)).lost
        assert finding.code == "table-older"
        assert "'tables/boxes'" in finding.message
        with pytest.warns(SaveWarning, match="'tables/boxes' that it came from is older"):
            save_image(data, tmp_path / "b.ozx")
        shown = [*view(tmp_path / "b.ozx").layers]
        assert [type(layer).__name__ for layer in shown] == ["Image", "Shapes"]
        assert_same_regions(shown[-1], layers[-1])
        # It stays so, and nobody is told again.
        assert lost_of(shown) == []
        save_image([each.as_layer_data_tuple() for each in shown], tmp_path / "c.ozx")
        again = [*view(tmp_path / "c.ozx").layers]
        assert [type(layer).__name__ for layer in again] == ["Image", "Shapes"]
        assert_same_regions(again[-1], layers[-1])

    def test_they_are_shown_instead_of_the_table_wherever_it_goes(self, tmp_path: Path) -> None:
        path = image_with(box(y=(1, 2), x=(2, 1))).archive(tmp_path / "a.ozx")
        layers = [*view(path).layers]
        layers[-1].data = [layers[-1].data[0] + 1]
        # Beside another image the one of the file, and its tables, leave the root.
        new = Image(ramp((5, 6)), name="new")
        data = [each.as_layer_data_tuple() for each in (*layers, new)]
        with pytest.warns(SaveWarning, match="is older"):
            save_image(data, tmp_path / "b.ozx")
        composite = open_image(tmp_path / "b.ozx")
        (table,) = composite.tables
        assert table.path != "tables/boxes"
        (regions,) = (each for each in view(tmp_path / "b.ozx").layers if isinstance(each, Shapes))
        assert_same_regions(regions, layers[-1])

    def test_a_table_of_another_file_is_shown_beside_what_was_changed_here(
        self, tmp_path: Path
    ) -> None:
        path = image_with(box(y=(1, 2), x=(2, 1))).archive(tmp_path / "a.ozx")
        boxes = view(path).layers["boxes"]
        boxes.data = [boxes.data[0] + 1]
        boxes.name = "moved"
        other = image_with(box(y=(3, 1), x=(0, 1))).archive(tmp_path / "b.ozx")
        layers = [*view(other).layers, boxes]
        save_image([each.as_layer_data_tuple() for each in layers], tmp_path / "c.ozx")
        shown = [layer.name for layer in view(tmp_path / "c.ozx").layers]
        assert sorted(shown) == sorted(layer.name for layer in layers)

    @pytest.mark.parametrize(
        "change",
        [
            lambda layer: None,
            lambda layer: setattr(layer, "visible", True),
            lambda layer: setattr(layer, "selected_data", {0}),
        ],
    )
    def test_what_nobody_changed_stays_in_the_table(self, change: Any, tmp_path: Path) -> None:
        # Numbers that no floating point number is equal to.
        builder = image_with(
            box(y=(1.1, 2.3), x=(2.7, 1.9)), scale=(0.3, 0.7), translation=(1e4, 9)
        )
        path = builder.archive(tmp_path / "a.ozx")
        layers = [*view(path).layers]
        change(layers[-1])
        save_image([each.as_layer_data_tuple() for each in layers], tmp_path / "b.ozx")
        assert [kind for _, _, kind in to_layer_data(open_image(tmp_path / "b.ozx"))] == [
            "image", "shapes"
        ]  # fmt: skip

    def test_in_a_file_without_the_table_they_are_drawn(self, tmp_path: Path) -> None:
        path = image_with(box(y=(1, 2), x=(2, 1))).archive(tmp_path / "a.ozx")
        (shapes,) = (each for each in to_layer_data(open_image(path)) if each[2] == "shapes")
        other = to_layer_data(open_image(HierarchyBuilder().image(ramp((4, 4)), "yx").entries))
        layers = [*other, view(path).layers["boxes"].as_layer_data_tuple()]
        assert layers[-1][1]["metadata"].keys() == shapes[1]["metadata"].keys()
        save_image(layers, tmp_path / "b.ozx")
        assert [kind for _, _, kind in to_layer_data(open_image(tmp_path / "b.ozx"))] == [
            "image", "shapes"
        ]  # fmt: skip
