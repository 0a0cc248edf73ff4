"""Plates and scans, made by cutting one picture into tiles: the mosaic is the picture again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierarchy_builder import HierarchyBuilder, ramp, to_world
from napari_layers import codes, layers_of, pixels, value_in_world, view
from napari_ome_zip import CompositeImage, open_image, save_image
from napari_ome_zip.image.mosaic import FUSE_FROM
from napari_ome_zip.image.mosaic_array import MosaicArray, Tile
from napari_ome_zip.pixels.source import DaskSource

SIDE = 16
"""Pixels along each side of a tile at level 0."""


def picture(rows: int, columns: int) -> np.ndarray:
    return ramp((rows * SIDE, columns * SIDE)) + np.uint16(1)


def halves(level: np.ndarray, count: int) -> list[np.ndarray]:
    return [level[..., :: 2**k, :: 2**k] for k in range(count)]


def scan(
    whole: np.ndarray, *, skip: Sequence[tuple[int, int]] = (), levels: int = 2, step: float = 0.5
) -> HierarchyBuilder:
    """A series of tiles, each placed where it was cut from ``whole``."""
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    rows, columns = whole.shape[0] // SIDE, whole.shape[1] // SIDE
    number = 0
    for row, column in product(range(rows), range(columns)):
        if (row, column) in skip:
            continue
        tile = whole[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
        builder.image(
            halves(tile, levels),
            "yx",
            str(number),
            scale=[step, step],
            translation=[row * SIDE * step, column * SIDE * step],
        )
        number += 1
    return builder


def plate(
    wells: dict[tuple[int, int], list[np.ndarray]],
    *,
    labels: bool = False,
    acquisitions: Sequence[int] = (),
    axes: str | None = None,
) -> HierarchyBuilder:
    """A plate whose wells hold the given fields of view, of two channels where they have them."""
    listed = [{"path": f"{chr(65 + r)}/{c + 1}", "rowIndex": r, "columnIndex": c} for r, c in wells]
    builder = HierarchyBuilder().group(
        plate={
            "rows": [{"name": chr(65 + n)} for n in range(1 + max(r for r, _ in wells))],
            "columns": [{"name": str(n + 1)} for n in range(1 + max(c for _, c in wells))],
            "wells": listed,
        }
    )
    for well, fields in zip(listed, wells.values(), strict=True):
        path = str(well["path"])
        images = [{"path": str(n)} for n in range(len(fields))]
        for image, acquisition in zip(images, acquisitions, strict=False):
            image["acquisition"] = acquisition  # type: ignore[assignment]
        builder.group(path, well={"images": images})
        for number, pixels_of_field in enumerate(fields):
            field = f"{path}/{number}"
            named = axes or ("cyx" if pixels_of_field.ndim == 3 else "yx")
            builder.image(halves(pixels_of_field, 2), named, field)
            if labels:
                builder.labels("nuclei", path=field)
                mask = (pixels_of_field % 3).astype(np.uint8)
                builder.image(mask, named, f"{field}/labels/nuclei")
    return builder


def test_tiles_become_the_picture_they_were_cut_from_at_every_level() -> None:
    whole = picture(3, 4)
    (layer,) = layers_of(scan(whole).entries)
    assert layer.multiscale
    for level, expected in zip(layer.data, halves(whole, 2), strict=True):
        np.testing.assert_array_equal(level, expected)


def test_a_mosaic_lies_where_its_tiles_lie() -> None:
    whole = picture(3, 4)
    (layer,) = layers_of(scan(whole, skip=[(0, 0)], step=0.25).entries)
    # The first tile that is there begins a tile to the right of the corner.
    assert layer.world_to_data((0.0, 0.25 * SIDE)).tolist() == [0.0, SIDE]
    assert pixels(layer)[0, SIDE] == whole[0, SIDE]


def test_gaps_are_background() -> None:
    whole = picture(3, 4)
    gaps = [(1, 1), (2, 3)]
    (layer,) = layers_of(scan(whole, skip=gaps).entries)
    for row, column in gaps:
        whole[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = 0
    np.testing.assert_array_equal(pixels(layer), whole)


def test_few_tiles_stay_layers_of_their_own() -> None:
    few = scan(picture(2, (FUSE_FROM - 1) // 2))
    assert len(layers_of(few.entries)) == FUSE_FROM - 1


def test_the_number_from_which_tiles_are_fused_can_be_chosen() -> None:
    entries = scan(picture(2, 2)).entries
    assert len(open_image(entries).parts) == 4
    assert len(open_image(entries, fuse_from=2).parts) == 1
    many = scan(picture(3, 4)).entries
    assert len(open_image(many, fuse_from=0).parts) == 12


def test_images_of_one_place_are_not_tiles() -> None:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number in range(FUSE_FROM + 3):
        builder.image(picture(1, 1), "yx", str(number))
    assert len(layers_of(builder.entries)) == FUSE_FROM + 3


def test_tiles_between_pixels_are_moved_and_that_is_said() -> None:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number in range(FUSE_FROM):
        shift = 0.3 if number == 4 else 0.0
        builder.image(picture(1, 1), "yx", str(number), translation=[0.0, number * SIDE + shift])
    composite = open_image(builder.entries)
    assert codes(composite) == ["tiles-rounded"]
    assert composite.findings[0].message.startswith(f"1 of {FUSE_FROM} tiles lie between pixels")
    np.testing.assert_array_equal(
        np.asarray(composite.parts[0].levels[0]), np.tile(picture(1, 1), (1, FUSE_FROM))
    )


def sheared_tiles(*shears: float) -> HierarchyBuilder:
    """Tiles one above the other in a scene, whose columns are far wider than their rows."""
    affines = [[[1, shear, SIDE * n], [0, 1e6, 0]] for n, shear in enumerate(shears)]
    steps = [to_world(str(n), "affine", affine=affine) for n, affine in enumerate(affines)]
    builder = HierarchyBuilder().scene("yx", *steps)
    for number in range(len(shears)):
        builder.image_of_0_6(picture(1, 1), "yx", str(number))
    return builder


def test_tiles_of_another_shear_are_no_tiles_of_one_mosaic() -> None:
    shears = [0.5 * (n % 2) for n in range(FUSE_FROM)]
    composite = open_image(sheared_tiles(*shears).entries)
    for part, shear, number in zip(composite.parts, shears, range(FUSE_FROM), strict=True):
        found = part.to_display.apply([0, SIDE - 1])
        np.testing.assert_allclose(found, [SIDE * number + shear * (SIDE - 1), 1e6 * (SIDE - 1)])


def test_tiles_of_a_little_other_shear_are_moved_and_that_is_said() -> None:
    shears = [4e-5 if n == 4 else 0.0 for n in range(FUSE_FROM)]
    whole = sheared_tiles(*shears)
    wide = ramp((4, 10_000))
    for number in range(FUSE_FROM):
        whole.remove(f"{number}/").image_of_0_6(wide, "yx", str(number))
    composite = open_image(whole.entries)
    assert codes(composite) == ["tiles-rounded"]
    assert "moved by up to 0.4 pixels" in composite.findings[0].message


def test_later_tiles_lie_over_earlier_ones() -> None:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number in range(FUSE_FROM):
        tile = np.full((SIDE, SIDE), number + 1, np.uint16)
        builder.image(tile, "yx", str(number), translation=[0.0, number * (SIDE - 2)])
    (layer,) = layers_of(builder.entries)
    expected = np.minimum(1 + np.arange(layer.data.shape[1]) // (SIDE - 2), FUSE_FROM)
    np.testing.assert_array_equal(pixels(layer)[0], expected)


def test_a_damaged_tile_leaves_a_gap_and_the_rest_is_shown() -> None:
    whole = picture(3, 4)
    builder = scan(whole)
    builder.put("5/0/zarr.json", b"{")
    builder.put("5/1/zarr.json", b"{")
    composite = open_image(builder.entries)
    assert codes(composite) == ["image-unusable"]
    whole[SIDE : 2 * SIDE, SIDE : 2 * SIDE] = 0
    np.testing.assert_array_equal(np.asarray(composite.parts[0].levels[0]), whole)


class TestPlates:
    def test_one_layer_per_channel_and_label_name(self) -> None:
        field = ramp((2, SIDE, SIDE))
        wells = {(0, 0): [field], (1, 2): [field + 1], (3, 1): [field + 2]}
        layers = layers_of(plate(wells, labels=True).entries)
        assert [type(layer).__name__ for layer in layers] == ["Image"] * 2 + ["Labels"] * 2

    def test_wells_keep_their_row_and_column_and_gaps_are_background(self) -> None:
        wells = {(0, 0): 1, (1, 2): 2, (3, 1): 3}
        fields = {w: [np.full((SIDE, SIDE), v, np.uint16)] for w, v in wells.items()}
        (layer,) = layers_of(plate(fields).entries)
        data = pixels(layer)
        pitch = SIDE * 1.05  # a twentieth of a well between wells, on the nearest pixel
        assert data.shape == (round(3 * pitch) + SIDE, round(2 * pitch) + SIDE)
        for (row, column), value in wells.items():
            y, x = round(row * pitch), round(column * pitch)
            assert (data[y : y + SIDE, x : x + SIDE] == value).all()
        assert np.count_nonzero(data) == len(wells) * SIDE * SIDE

    def test_fields_of_a_well_without_places_form_a_grid(self) -> None:
        whole = picture(2, 2)
        tiles = [
            whole[r * SIDE : (r + 1) * SIDE, c * SIDE : (c + 1) * SIDE]
            for r, c in product(range(2), range(2))
        ]
        (layer,) = layers_of(plate({(0, 0): tiles}).entries)
        np.testing.assert_array_equal(pixels(layer), whole)

    def test_ragged_wells_and_fields_of_other_sizes(self) -> None:
        small, large = np.full((8, 8), 5, np.uint16), np.full((SIDE, SIDE), 7, np.uint16)
        (layer,) = layers_of(plate({(0, 0): [small], (0, 1): [large, large]}).entries)
        values, counts = np.unique(pixels(layer), return_counts=True)
        found = dict(zip(values.tolist(), counts.tolist(), strict=True))
        assert found[5] == 64
        assert found[7] == 2 * SIDE * SIDE

    def test_acquisitions_are_layers_at_one_place(self) -> None:
        fields = [np.full((SIDE, SIDE), value, np.uint16) for value in (1, 2)]
        wells = {(0, 0): fields, (0, 1): fields}
        layers = layers_of(plate(wells, acquisitions=(0, 1)).entries)
        assert [set(np.unique(pixels(layer)).tolist()) - {0} for layer in layers] == [{1}, {2}]
        assert layers[0].extent.world.tolist() == layers[1].extent.world.tolist()

    def test_a_missing_well_is_one_warning(self) -> None:
        field = ramp((SIDE, SIDE))
        builder = plate({(0, 0): [field], (0, 1): [field], (0, 2): [field]})
        builder.remove("A/2/")
        composite = open_image(builder.entries)
        assert codes(composite) == ["plate-well-not-found"]
        assert "'A/2'" in composite.findings[0].message
        assert len(composite.parts) == 1

    def test_labels_lie_over_their_fields(self) -> None:
        whole = ramp((SIDE, SIDE))
        wells = {(0, 0): [whole], (1, 1): [whole + 5]}
        image, labels = layers_of(plate(wells, labels=True).entries)
        shown = pixels(image) > 0
        np.testing.assert_array_equal(pixels(labels)[shown], (pixels(image) % 3)[shown])

    def test_wells_are_named_at_their_corners(self) -> None:
        wells = {(0, 0): 1, (1, 2): 2, (3, 1): 3}
        fields = {w: [np.full((SIDE, SIDE), v, np.uint16)] * 2 for w, v in wells.items()}
        image, names = view(plate(fields).entries).layers
        assert names.visible
        assert dict(zip(names.features["well"], names.text.values, strict=True)) == {
            name: name for name in ("A1", "B3", "D2")
        }
        assert names.units == image.units
        assert names.axis_labels == image.axis_labels
        for corner, value in zip(names.data, wells.values(), strict=True):
            inside = dict(zip("yx", (corner + 1).tolist(), strict=True))
            before = dict(zip("yx", (corner - 1).tolist(), strict=True))
            assert value_in_world(image, **inside) == value
            assert value_in_world(image, **before) in (0, None)

    def test_names_of_wells_are_seen_at_every_depth(self) -> None:
        stacks = {(0, c): [np.ones((5, SIDE, SIDE), np.uint8)] for c in range(2)}
        viewer = view(plate(stacks, axes="zyx").entries)
        names = viewer.layers[-1]
        names.visible = True
        for depth in (0, 4):
            viewer.dims.set_point(0, depth)
            assert len(names._view_indices) == 2

    def test_a_well_alone_needs_no_name(self) -> None:
        builder = HierarchyBuilder().group(well={"images": [{"path": "0"}]})
        builder.image(ramp((SIDE, SIDE)), "yx", "0")
        assert len(view(builder.entries).layers) == 1

    def test_a_displayed_plane_costs_few_tasks(self) -> None:
        field = ramp((SIDE, SIDE))
        wells = {(r, c): [field] * 4 for r, c in product(range(8), range(12))}
        composite = open_image(plate(wells).entries)
        plane = composite.parts[0].levels[0]
        assert plane.npartitions <= 4, "tiles are read within blocks, not one task each"


def _regions() -> st.SearchStrategy[tuple[slice, slice]]:
    side = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda t: slice(min(t), max(t)))
    return st.tuples(side, side)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=6), _regions()
)
def test_any_region_is_that_of_all_tiles_painted_one_after_the_other(
    places: list[tuple[int, int]], region: tuple[slice, slice]
) -> None:
    tiles = tuple(
        Tile(DaskSource(da.full((10, 10), n + 1, dtype=np.uint8)), place)
        for n, place in enumerate(places)
    )
    canvas = np.zeros((40, 40), np.uint8)
    for tile in tiles:
        y, x = tile.offset
        canvas[y : y + 10, x : x + 10] = tile.source[:, :]
    mosaic = MosaicArray("", tiles, canvas.shape, np.dtype(np.uint8))
    np.testing.assert_array_equal(mosaic[region], canvas[region])


def test_a_mosaic_survives_a_journey_to_another_process() -> None:
    import pickle

    composite: CompositeImage = open_image(scan(picture(3, 4)).entries)
    source = composite.parts[0].sources[0]
    again = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(again[:, :], source[:, :])


@pytest.mark.parametrize("dtypes", [(np.uint8, np.uint16), (np.float32, np.float64)])
def test_tiles_of_other_precision_share_the_wider_type(dtypes: tuple[type, type]) -> None:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number in range(FUSE_FROM):
        tile = ramp((SIDE, SIDE), dtypes[number % 2])
        builder.image(tile, "yx", str(number), translation=[0.0, number * SIDE])
    (part,) = open_image(builder.entries).parts
    assert part.dtype == dtypes[1]


ROUNDS = {"round 1": 1000, "round 2": 3000}
"""The name of each round of tiles, and what its pixels begin with."""


def in_rounds(names: Sequence[str], *, interleaved: bool = False, **ome: Any) -> HierarchyBuilder:
    """Nine tiles side by side, imaged in two rounds at the same places; named one after another."""
    order = [(r, tile) for r in range(2) for tile in range(9)]
    order = sorted(order, key=lambda each: each[1]) if interleaved else order
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number, ((r, tile), name) in enumerate(zip(order, names, strict=True)):
        image = np.full((SIDE, SIDE), list(ROUNDS.values())[r] + tile, np.uint16)
        place = {"translation": [0, tile * SIDE]}
        builder.image(image, "yx", str(number), name=name, **place, **ome)
        builder.labels("cells", path=str(number))
        builder.image(image // 1000, "yx", f"{number}/labels/cells", **place)
    return builder


NAMED = [f"{name} tile {tile}" for name in ROUNDS for tile in range(9)]


@pytest.mark.parametrize(
    ("names", "interleaved", "expected"),
    [
        (NAMED, False, ["round 1", "round 2"]),
        ([f"{color}_{n}" for color in ("DAPI", "GFP") for n in range(9)], False, ["DAPI", "GFP"]),
        ([f"{n}" for n in range(18)], False, ["image [1]", "image [2]"]),
        ([f"{n}" for n in range(18)], True, ["image [1]", "image [2]"]),
        (["same"] * 18, True, ["image [1]", "image [2]"]),
    ],
)
def test_each_round_of_tiles_is_a_mosaic_of_its_name(
    tmp_path: Path, names: list[str], interleaved: bool, expected: list[str]
) -> None:
    path = in_rounds(names, interleaved=interleaved).archive(tmp_path / "image.ozx")
    images = [layer for layer in layers_of(path) if type(layer).__name__ == "Image"]
    assert [layer.name for layer in images] == expected
    for layer, first in zip(images, ROUNDS.values(), strict=True):
        assert pixels(layer).shape == (SIDE, 9 * SIDE)
        np.testing.assert_array_equal(pixels(layer)[0, ::SIDE], first + np.arange(9))


def test_labels_of_tiles_go_with_their_round(tmp_path: Path) -> None:
    path = in_rounds(NAMED).archive(tmp_path / "image.ozx")
    found = {layer.name: layer for layer in layers_of(path)}
    assert list(found) == ["round 1", "round 2", "round 1: cells", "round 2: cells"]
    for name, value in (("round 1: cells", 1), ("round 2: cells", 3)):
        assert np.unique(pixels(found[name])).tolist() == [value]


def test_layers_of_rounds_keep_their_names_when_they_are_saved(tmp_path: Path) -> None:
    omero = {"channels": [{"label": "DAPI", "color": "0000FF"}]}
    opened = layers_of(in_rounds(NAMED, omero=omero).archive(tmp_path / "image.ozx"))
    names = [layer.name for layer in opened]
    assert names[:2] == ["round 1: DAPI", "round 2: DAPI"]
    opened[1].name = "mine"
    again = tmp_path / "again.ozx"
    save_image([layer.as_layer_data_tuple() for layer in opened], again)
    assert [layer.name for layer in layers_of(again)] == [names[0], "mine", *names[2:]]


def test_a_mosaic_is_not_called_as_one_of_its_tiles(tmp_path: Path) -> None:
    builder = scan(picture(3, 3))
    for number in range(9):
        note = {"layers": [{"name": f"layer {number}", "order": number, "gamma": 0.5}]}
        builder.attribute(str(number), "napari_ome_zip", note)
    [layer] = layers_of(builder.archive(tmp_path / "image.ozx"))
    assert layer.name == "image"


def test_a_tile_that_was_imaged_again_does_not_undo_a_mosaic() -> None:
    whole = picture(3, 3)
    builder = scan(whole, levels=1, step=1)
    builder.image(whole[:SIDE, :SIDE] + np.uint16(7), "yx", "9")
    [layer] = layers_of(builder.entries)
    np.testing.assert_array_equal(pixels(layer)[:SIDE, :SIDE], whole[:SIDE, :SIDE] + 7)
