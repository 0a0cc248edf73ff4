"""The part of an image between world coordinates: what is in it, and that it lies where it lay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from hierarchy_builder import HierarchyBuilder, multiscale, placement
from labeled_tables import NGIO, about, labeled, put_lists
from napari_layers import layers_of, pixels, value_in_world
from napari_ome_zip import crop, open_image, save_image, to_layer_data
from napari_ome_zip.errors import CropError, SaveError
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.layers.crop import crop_layers
from napari_ome_zip.layers.layer_data import METADATA_KEY
from napari_ome_zip.layers.opened_layer import NOTE
from napari_ome_zip.layers.present_labels import about_present_labels
from napari_ome_zip.layers.world_box import WorldBox
from napari_ome_zip.pixels.edited_pixels import EditedPixels
from range_server import RangeServer
from whole_archives import whole_archive, whole_plate, whole_scene, whole_series
from whole_hierarchy import Truth

SHAPE = (3, 5, 80, 96)
PLACE = {
    "scale": (2, 0.5, 0.25, 0.25),
    "translate": (0, 10, 5, -3),
    "units": ("s", "um", "um", "um"),
    "axis_labels": ("t", "z", "y", "x"),
}


def numbered() -> np.ndarray:
    return np.arange(np.prod(SHAPE), dtype=np.uint32).reshape(SHAPE)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file of two channels and labels with colors and properties."""
    labels = numbered().astype(np.int32)
    look = {"contrast_limits": (3, 900), **PLACE}
    layers: list[Any] = [
        (numbered(), {"name": "DAPI", "colormap": "#0000FF", **look}, "image"),
        (
            numbered() // 2,
            {"name": "GFP", "colormap": "#00FF00", "visible": False, **look},
            "image",
        ),
        (
            labels,
            {
                "name": "nuclei",
                "colormap": {0: "transparent", 7: "#ff8000", None: "transparent"},
                "features": {"index": [7, 9], "area": [1.5, 2.5]},
                **PLACE,
            },
            "labels",
        ),
    ]
    return save_image(layers, tmp_path / "cells.ome.zip")


def test_a_part_has_the_pixels_between_the_bounds_where_they_lay(
    file: Path, tmp_path: Path
) -> None:
    part = crop(open_image(file), {"t": 2, "z": (10.4, 11.6), "y": (10, 12), "x": (0, 4)})
    saved = save_image(part, tmp_path / "part.ozx")
    # Time 2 is the second; planes at 10.5, 11 and 11.5; row 20 lies at 10, column 12 at 0.
    expected = numbered()[1:2, 1:4, 20:29, 12:29]
    dapi, gfp, nuclei = layers_of(saved)
    np.testing.assert_array_equal(pixels(dapi), expected)
    np.testing.assert_array_equal(pixels(gfp), expected // 2)
    np.testing.assert_array_equal(pixels(nuclei), expected)
    for layer in (dapi, nuclei):
        assert value_in_world(layer, t=2, z=11, y=11, x=2) == numbered()[1, 2, 24, 20]


def test_looks_names_and_units_are_kept(file: Path, tmp_path: Path) -> None:
    saved = save_image(crop(open_image(file), {"x": (0, 4)}), tmp_path / "part.ozx")
    dapi, gfp, nuclei = layers_of(saved)
    assert (dapi.name, gfp.name, nuclei.name) == ("DAPI", "GFP", "nuclei")
    np.testing.assert_allclose(dapi.colormap.map(1.0), [(0, 0, 1, 1)])
    np.testing.assert_allclose(gfp.colormap.map(1.0), [(0, 1, 0, 1)])
    assert (dapi.visible, gfp.visible) == (True, False)
    assert dapi.contrast_limits == [3, 900]
    assert [str(unit) for unit in dapi.units] == ["second", *["micrometer"] * 3]
    np.testing.assert_allclose(nuclei.colormap.color_dict[7], (1, 0x80 / 255, 0, 1), atol=1e-6)
    assert nuclei.features["area"].tolist() == [1.5, 2.5]


def test_a_part_is_not_taken_for_the_file_it_came_from(file: Path) -> None:
    part = crop(open_image(file), {"x": (0, 4)})
    assert all(NOTE not in keywords["metadata"][METADATA_KEY] for _, keywords, _ in part)


def test_everything_stays_what_it_was(file: Path) -> None:
    layers = to_layer_data(open_image(file))
    assert all(a is b for a, b in zip(crop(layers, {"x": (-99, 99)}), layers, strict=True))


@pytest.mark.parametrize(
    ("bounds", "problem"),
    [
        ({"c": 1}, "There is no axis 'c' to crop along: expected t, z, y, x."),
        ({"y": (500, 600)}, "Nothing lies at y (500, 600)"),
        ({"y": "all"}, "Bounds along 'y' are 'all'"),
        ({"y": (1, 2, 3)}, r"Bounds along 'y' are \(1, 2, 3\)"),
        ({"y": float("nan")}, "Bounds along 'y' are nan"),
    ],
)
def test_what_cannot_be_cropped_is_said(file: Path, bounds: Any, problem: str) -> None:
    with pytest.raises(CropError, match=problem.replace("(500, 600)", r"\(500, 600\)")):
        crop(open_image(file), bounds)


@pytest.mark.parametrize("size", [0, -1, float("nan"), "fine"])
def test_a_size_of_pixels_that_is_none_is_said(file: Path, size: Any) -> None:
    with pytest.raises(CropError, match=f"The size of pixels is {size!r}, expected a number"):
        crop(open_image(file), {"y": (10, 12)}, pixel_size=size)


@pytest.mark.parametrize("layers", [[], [(np.zeros((2, 3)), {"name": "p"}, "points")]])
def test_without_pixels_there_is_nothing_to_crop(layers: Any) -> None:
    with pytest.raises(CropError, match="There is no image and no labels to crop"):
        crop(layers, {"y": (10, 12)})


@pytest.mark.parametrize(
    "place",
    [
        {"scale": (0, 1)},
        {"affine": [[1, 1, 0], [1, 1, 0], [0, 0, 1]]},
        {"scale": (np.nan, 1)},
        {"translate": (1, 1, 1)},
        {"units": ("um",)},
    ],
)
def test_a_layer_that_cannot_be_placed_is_named(place: dict[str, Any]) -> None:
    layer = (np.ones((4, 5)), {"name": "odd", **place}, "image")
    with pytest.raises(SaveError, match="'odd' cannot be saved: where it lies is not understood"):
        crop([layer], {"x": (1, 2)})


def test_a_layer_of_no_pixels_has_no_part() -> None:
    empty = (np.ones((0, 5)), {"name": "empty"}, "image")
    whole = (np.ones((4, 5)), {"name": "whole"}, "image")
    assert [layer[1]["name"] for layer in crop([empty, whole], {"y": (1, 2)})] == ["whole"]


@pytest.mark.parametrize("number", [np.int64(2), np.float32(2)])
def test_a_coordinate_may_be_a_number_of_numpy(number: Any) -> None:
    ((data, keywords, _),) = crop([(np.arange(20).reshape(5, 4), {}, "image")], {"y": number})
    assert data.tolist() == [[8, 9, 10, 11]]
    assert keywords["translate"] == (2, 0)


def test_to_a_coordinate_belong_the_planes_that_a_viewer_shows_there() -> None:
    planes = np.arange(6)[:, np.newaxis, np.newaxis] * np.ones((6, 4, 4), int)
    layers: list[Any] = [
        (planes, {"name": "fine"}, "image"),
        # Every second step lies amid two of its planes.
        (planes[:3], {"name": "coarse", "scale": (2, 1, 1)}, "image"),
        (planes[:1], {"name": "one", "scale": (2, 1, 1)}, "labels"),
    ]
    viewer = ViewerModel()
    for layer in layers:
        viewer.add_layer(Layer.create(*layer))
    for step in range(6):
        viewer.dims.set_point(0, step)
        # An index that is not there is that of an empty plane: a layer that is not seen.
        at = [round(layer.world_to_data(viewer.dims.point)[0]) for layer in viewer.layers]
        seen = {
            layer.name: [index]
            for layer, index in zip(viewer.layers, at, strict=True)
            if index < len(layer.data)
        }
        part = crop(layers, {"z": step})
        assert {words["name"]: data[:, 0, 0].tolist() for data, words, _ in part} == seen
        points = (np.array([[step + 0.4, 1, 1], [step + 0.6, 1, 1]]), {"name": "p"}, "points")
        assert crop([*layers, points], {"z": step})[-1][0].tolist() == [[step + 0.4, 1, 1]]


def test_all_planes_that_a_range_of_steps_shows_are_in_it() -> None:
    coarse = (np.zeros((4, 3, 3)), {"name": "coarse", "scale": (2, 1, 1)}, "image")
    # At step 1, amid planes 0 and 1, and at 3, amid 1 and 2, those of even numbers are shown.
    box = WorldBox(((1, 3), None, None), margins=(0.5, 0, 0))
    ((data, keywords, _),) = crop_layers([coarse], box).inside
    assert (data.shape, keywords["translate"]) == ((3, 3, 3), (0, 0, 0))
    # Of a region a pixel is not in it where it only shares an edge.
    ((data, keywords, _),) = crop([coarse], {"z": (1, 3)})
    assert (data.shape, keywords["translate"]) == ((1, 3, 3), (2, 0, 0))


def test_one_color_of_all_points_is_kept() -> None:
    points = (np.array([[1, 1], [2, 2], [9, 9], [8, 8]]), {"face_color": [1, 0, 0, 1]}, "points")
    part = crop([(np.ones((20, 20)), {}, "image"), points], {"y": (0, 5)})[-1]
    np.testing.assert_allclose(Layer.create(*part).face_color, [[1, 0, 0, 1]] * 2)


def levels_of_a_slide(place: Any) -> HierarchyBuilder:
    """Return three levels, each every second pixel of the one before, placed by a function."""
    full = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)
    builder = HierarchyBuilder()
    listed = [(str(n), placement((0.5 * 2**n,) * 2, place(2**n))) for n in range(3)]
    builder.group(multiscales=[multiscale("yx", listed)])
    for n in range(3):
        builder.array(str(n), full[:: 2**n, :: 2**n])
    return builder


@pytest.mark.parametrize(
    ("first", "at"),
    # Where a coarse pixel lies by its file: on the pixel it was taken from, or amid those it spans.
    [(lambda factor: (10, 20), 0), (lambda factor: (10 + 0.25 * (factor - 1),) * 2, 1.5)],
    ids=["taken from", "amid"],
)
def test_a_coarser_level_lies_where_its_file_says(tmp_path: Path, first: Any, at: float) -> None:
    path = levels_of_a_slide(first).archive(tmp_path / "slide.ozx")
    image = open_image(path)
    ((data, keywords, kind),) = crop(image, {"y": (14, 22)}, pixel_size=2)
    whole = layers_of(image)[0]
    part = Layer.create(data, keywords, kind)
    full = np.arange(64 * 48).reshape(64, 48)
    corner = np.asarray(data)[0, 0]
    row, column = np.argwhere(full == corner)[0]
    assert np.asarray(data)[1, 1] == full[row + 4, column + 4]
    assert tuple(part.scale) == (2, 2)
    np.testing.assert_allclose(
        part.data_to_world((0, 0)), whole.data_to_world((row + at, column + at))
    )


@pytest.mark.parametrize(
    ("pixel_size", "step"), [(0.4, 1), (0.5, 1), (0.9, 1), (1, 2), (1.99, 2), (2, 4), (50, 4)]
)
def test_the_coarsest_level_of_small_enough_pixels_is_taken(
    tmp_path: Path, pixel_size: float, step: int
) -> None:
    path = levels_of_a_slide(lambda factor: (0, 0)).archive(tmp_path / "slide.ozx")
    ((data, keywords, _),) = crop(open_image(path), {"y": (0, 20)}, pixel_size=pixel_size)
    assert keywords["scale"] == (0.5 * step, 0.5 * step)
    assert np.asarray(data)[0, 1] == step


def test_a_place_that_contradicts_the_sizes_of_levels_is_a_slip(tmp_path: Path) -> None:
    path = levels_of_a_slide(lambda factor: (0, 1000 * (factor - 1))).archive(tmp_path / "a.ozx")
    ((_, keywords, _),) = crop(open_image(path), {"y": (0, 20)}, pixel_size=2)
    # Two pixels of 0.5, and half of the last one, before the middle of four.
    np.testing.assert_allclose(keywords["translate"], (0.75, 0.75))


def test_levels_of_layers_from_no_file_share_their_edges() -> None:
    full = np.zeros((64, 48), np.uint8)
    layer = ([full, full[::2, ::2], full[::4, ::4]], {"name": "a", "scale": (3, 3)}, "image")
    ((data, keywords, _),) = crop([layer], {"y": (30, 60)}, pixel_size=6)
    assert keywords["scale"] == (6, 6)
    # Rows 10 to 20 lie at 30 to 60: coarse ones 5 to 10, of which the first lies at 10.5 rows.
    assert data.shape == (6, 24)
    np.testing.assert_allclose(keywords["translate"], (31.5, 1.5))


def test_columns_of_tables_become_properties_of_the_labels(tmp_path: Path) -> None:
    rows = {"label": [1, 5], "area": [2.5, 3.5]}
    builder = put_lists(labeled(), "tables/t", NGIO | about("cells"), rows)
    part = crop(open_image(builder.archive(tmp_path / "cells.ozx")), {"x": (0, 9)})
    saved = open_image(save_image(part, tmp_path / "part.ozx"))
    assert saved.tables == ()
    (features,) = (words["features"] for _, words, kind in to_layer_data(saved) if kind == "labels")
    assert {name: list(values) for name, values in features.items()} == {
        "index": [1, 5],
        "area": [2.5, 3.5],
    }


@pytest.mark.parametrize("write", [whole_archive, whole_series, whole_scene, whole_plate])
def test_every_pixel_of_a_part_is_that_of_the_whole_at_its_place(
    tmp_path: Path, write: Callable[[Path], Truth]
) -> None:
    write(tmp_path / "whole.ozx")
    image = open_image(tmp_path / "whole.ozx")
    layers = [layer for layer in to_layer_data(image) if layer[2] in ("image", "labels")]
    layers = [layer for layer in layers if "locked" not in layer[1]["name"]]  # of no known codec
    whole = {layer[1]["name"]: Layer.create(*layer) for layer in layers}
    corners = np.array([layer.extent.world[:, -2:] for layer in whole.values()])
    low, high = corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)
    third = (high - low) / 3
    bounds = {"y": (low[0] + third[0], high[0] - third[0]), "x": (low[1] + third[1], high[1])}
    part = crop(layers, bounds)
    saved = save_image(part, tmp_path / "part.ozx")
    checked = 0
    for layer in layers_of(saved):
        before = whole[layer.name]
        values = pixels(layer)
        for index in np.ndindex(values.shape[: layer.ndim]):
            place = np.rint(before.world_to_data(layer.data_to_world(index))).astype(int)
            np.testing.assert_array_equal(values[index], pixels(before)[tuple(place)])
            checked += 1
    assert checked > 100


def test_what_is_said_of_labels_that_are_not_there_stays_behind() -> None:
    labels = np.arange(3_000, dtype=np.int32).reshape(50, 60)
    said = {"index": range(3_000), "area": [n / 2 for n in range(3_000)]}
    colors = {n: (n % 256 / 255, 0, 0, 1) for n in range(1, 3_000)}
    layer = (labels, {"name": "cells", "features": said, "colormap": colors}, "labels")
    part = from_layer_data(crop([layer], {"y": (10, 11), "x": (5, 6)}))
    (label,) = (each.label for each in about_present_labels(part).labels)
    assert label is not None
    assert label.table.values == (605, 606, 665, 666)
    assert list(label.table.columns["area"].values()) == [302.5, 303.0, 332.5, 333.0]
    assert [color.value for color in label.colors] == [605, 606, 665, 666]
    assert part.labels[0].label is not None
    assert len(part.labels[0].label.properties) == 3_000


def test_of_a_link_little_more_than_the_part_is_fetched(tmp_path: Path) -> None:
    full = np.random.default_rng(3).integers(0, 2**16, (1600, 1600), np.uint16)
    options = {"chunks": (200, 200), "compressors": None}
    path = HierarchyBuilder().image(full, "yx", options=options).archive(tmp_path / "whole.ozx")
    with RangeServer({"a.ozx": path.read_bytes()}) as server:
        layers = to_layer_data(open_image(server.url("a.ozx")))  # looks for contrast limits
        server.forget()
        saved = save_image(crop(layers, {"y": (810, 990), "x": (410, 590)}), tmp_path / "part.ozx")
        # The part lies in one chunk.
        assert sum(request.sent for request in server.requests) <= 200 * 200 * 2 + 2**17
    (layer,) = layers_of(saved)
    np.testing.assert_array_equal(pixels(layer), full[810:991, 410:591])


def test_of_labels_that_are_edited_the_part_has_what_was_painted_inside_and_outside() -> None:
    stored = np.arange(40 * 60, dtype=np.int32).reshape(40, 60)
    edited = EditedPixels([da.from_array(stored, chunks=20)], (slice(10, 30), slice(20, 60)))
    edited[2:4, 1:3] = 9_999  # rows 12 and 13, columns 21 and 22
    layer = (edited, {"name": "nuclei", "translate": (10, 20)}, "labels")
    ((part, keywords, _),) = crop([layer], {"y": (11, 14), "x": (15, 22)})
    edited[:] = 0  # after the part was cut out
    expected = stored[11:15, 15:23].copy()
    expected[1:3, 6:8] = 9_999
    np.testing.assert_array_equal(np.asarray(part), expected)
    assert keywords["translate"] == (11, 15)


# Layers that are no image


BOX = WorldBox((None, (10, 20), (10, 20)), margins=(0, 0, 0))
FLAT = (np.zeros((3, 90, 90), np.uint8), {"name": "flat"}, "image")


def in_box(layer: Layer, box: WorldBox = BOX) -> tuple[Layer | None, list[str]]:
    found = crop_layers([FLAT, layer.as_layer_data_tuple()], box)
    made = [Layer.create(*each) for each in found.inside[1:]]
    return (made[0] if made else None), [each.message for each in (*found.beside, *found.cut)]


def test_points_in_the_part_are_kept_with_all_that_is_said_of_them() -> None:
    points = Layer.create(
        np.array([[0, 15, 15], [1, 30, 15], [2, 20, 10], [0, 15, 9.9]]),
        {
            "name": "spots",
            "features": {"who": list("abcd")},
            "size": [1, 2, 3, 4],
            "symbol": ["disc", "cross", "star", "ring"],
            "face_color": ["red", "green", "blue", "white"],
            "shown": [True, True, False, True],
            "text": {"string": list("ABCD"), "color": ["red", "green", "blue", "white"]},
        },
        "points",
    )
    part, said = in_box(points)
    assert part is not None
    assert part.data.tolist() == [[0, 15, 15], [2, 20, 10]]
    assert part.features["who"].tolist() == ["a", "c"]
    assert part.size.tolist() == [1, 3]
    assert [str(symbol) for symbol in part.symbol] == ["disc", "star"]
    np.testing.assert_allclose(part.face_color, [(1, 0, 0, 1), (0, 0, 1, 1)])
    assert part.shown.tolist() == [True, False]
    assert part.text.values.tolist() == ["A", "C"]
    assert said == ["2 of 4 points of 'spots' lie outside of the part."]


def test_a_point_near_the_plane_that_is_saved_belongs_to_it() -> None:
    points = Layer.create(np.array([[1.4, 15, 15], [1.6, 15, 15]]), {"name": "p"}, "points")
    part, _ = in_box(points, WorldBox(((1, 1), None, None), margins=(0.5, 0, 0)))
    assert part is not None
    assert part.data.tolist() == [[1.4, 15, 15]]


def test_shapes_that_the_part_touches_stay_whole() -> None:
    boxes = [[[y, x], [y, x + 4], [y + 4, x + 4], [y + 4, x]] for y, x in ((8, 8), (40, 12))]
    look = {
        "name": "areas",
        "shape_type": ["polygon", "rectangle"],
        "edge_color": ["red", "blue"],
        "edge_width": [2, 3],
        "features": {"n": [1, 2]},
    }
    part, said = in_box(Layer.create(list(map(np.array, boxes)), look, "shapes"))
    assert part is not None
    np.testing.assert_array_equal(part.data, [boxes[0]])
    assert (part.shape_type, part.edge_width) == (["polygon"], [2])
    assert part.features["n"].tolist() == [1]
    assert said == ["1 of 2 shapes of 'areas' lie outside of the part."]


def test_vectors_tracks_and_surfaces_are_cut_by_the_piece() -> None:
    vectors = np.array([[[0, 5, 5], [0, 6, 6]], [[0, 30, 30], [0, 6, 6]]])
    part, _ = in_box(Layer.create(vectors, {"name": "v"}, "vectors"))
    assert part is not None
    np.testing.assert_array_equal(part.data, vectors[:1])
    rows = [[1, 0, 5, 5], [1, 1, 15, 15], [2, 0, 50, 50], [2, 1, 51, 51], [3, 2, 16, 16]]
    tracks = Layer.create(np.array(rows), {"name": "t", "graph": {3: [1, 2], 2: [1]}}, "tracks")
    part, said = in_box(tracks)
    assert part is not None
    np.testing.assert_array_equal(part.data, [rows[0], rows[1], rows[4]])
    assert part.graph == {3: [1]}
    assert said == ["1 of 3 tracks of 't' lie outside of the part."]
    vertices = np.array([[0, 5, 5], [0, 30, 5], [0, 5, 30]])
    surface = Layer.create((vertices, np.array([[0, 1, 2]])), {"name": "s"}, "surface")
    assert in_box(surface)[0] is not None
    assert in_box(Layer.create((vertices + 40, surface.data[1]), {"name": "s"}, "surface")) == (
        None, ["'s' does not lie in the chosen part."],
    )  # fmt: skip


def test_places_and_units_of_what_is_drawn_count() -> None:
    place = {"name": "p", "scale": (1, 100, 100), "rotate": 90, "translate": (0, 20_000, 0)}
    points = Layer.create(
        np.array([[0, 150, 50], [0, 50, 150]]), {**place, "units": ("nm",) * 3}, "points"
    )
    # Turned by 90°, (y, x) lies at (20000 - 100 x, 100 y): the first at (15, 15), in µm.
    box = WorldBox((None, (10, 20), (10, 20)), ("micrometer",) * 3)
    part, _ = in_box(points, box)
    assert part is not None
    assert part.data.tolist() == [[0, 150, 50]]


def test_all_is_left_as_it_is_where_all_pixels_are_in_the_box() -> None:
    aside = (np.array([[0, 500, 500]]), {"name": "p"}, "points")
    found = crop_layers([FLAT, aside], WorldBox((None, (-9, 99), (-9, 99))))
    assert found.inside == (FLAT, aside)
    assert (found.is_part, found.cut, found.beside) == (False, (), ())
