"""What lies at a place, known from how images were put together."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import open_image
from napari_ome_zip.image.wells import GAP
from napari_ome_zip.layers.where import ShownImage, Where

SIDE = 4
STEP = 3
"""Pixels from one tile to the next."""


def where_of(builder: HierarchyBuilder, *, is_tile: bool = False) -> Where:
    """Of images that are shown with pixels of one size, first pixel at their own place."""
    images = []
    for part in open_image(builder.entries).images:
        order = tuple(range(len(part.axes) - (part.channel_axis is not None)))
        keep = [n for n in range(len(part.axes)) if n != part.channel_axis]
        inverse = np.linalg.inv(part.to_display.linear[:, keep])
        to_index = np.column_stack([inverse, -inverse @ part.to_display.offset])
        images.append(ShownImage(part, order, to_index, is_tile))
    return Where(images, len(images[0].shape))


def everywhere(number: int) -> bool:
    return True


def scan(rows: int, columns: int) -> HierarchyBuilder:
    """Overlapping tiles, row by row."""
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number, (row, column) in enumerate(product(range(rows), range(columns))):
        pixels = np.ones((SIDE, SIDE), np.uint8)
        builder.image(pixels, "yx", str(number), translation=[row * STEP, column * STEP])
    return builder


def test_every_pixel_of_a_fused_scan_is_of_the_last_tile_that_covers_it() -> None:
    where = where_of(scan(3, 4))
    for y, x in product(range(2 * STEP + SIDE), range(3 * STEP + SIDE)):
        row, column = min(y // STEP, 2), min(x // STEP, 3)
        assert where.at((y + 0.4, x - 0.4), everywhere) == f"tile {4 * row + column}"


@pytest.mark.parametrize("place", [(-0.6, 0), (0, -0.6), (2 * STEP + SIDE, 0), (0, 99)])
def test_outside_of_all_tiles_nothing_lies(place: tuple[float, float]) -> None:
    assert where_of(scan(3, 4)).at(place, everywhere) == ""


def test_of_separate_tiles_the_uppermost_visible_one_is_named() -> None:
    where = where_of(scan(1, 3), is_tile=True)
    assert where.at((1, STEP + 0.2), everywhere) == "tile 1"
    assert where.at((1, STEP + 0.2), lambda number: number != 1) == "tile 0"
    assert where.at((1, STEP + 0.2), lambda number: False) == ""


def plate(z: int = 0) -> HierarchyBuilder:
    """Wells A1 and A2 with two fields in a row, half a field apart."""
    wells = [{"path": f"A/{n + 1}", "rowIndex": 0, "columnIndex": n} for n in range(2)]
    sides = {"rows": [{"name": "A"}], "columns": [{"name": "1"}, {"name": "2"}]}
    builder = HierarchyBuilder().group(plate={**sides, "wells": wells})
    for well in wells:
        builder.group(str(well["path"]), well={"images": [{"path": "0"}, {"path": "1"}]})
        for number in range(2):
            shape, place = (2, *(z,) * bool(z), SIDE, SIDE), [0, *(0,) * bool(z), 0, 6 * number]
            axes = "czyx" if z else "cyx"
            path = f"{well['path']}/{number}"
            builder.image(np.ones(shape, np.uint8), axes, path, translation=place)
    return builder


@pytest.mark.parametrize("z", [0, 3])
def test_wells_and_fields_are_named_and_between_fields_the_well_alone(z: int) -> None:
    where = where_of(plate(z))
    pitch = 10 * (1 + GAP)
    before = (1,) * bool(z)
    for column, name in enumerate(("A1", "A2")):
        left = column * pitch
        assert where.at((*before, 1, left + 1), everywhere) == f"well {name}, field 0"
        assert where.at((*before, 1, left + 7), everywhere) == f"well {name}, field 1"
        assert where.at((*before, 1, left + 4), everywhere) == f"well {name}"
    assert where.at((*before, 1, 2 * pitch + 1), everywhere) == ""


def test_a_tile_is_named_before_a_picture_of_all_of_them() -> None:
    builder = scan(3, 3)
    builder.image(np.ones((100, 100), np.uint16), "yx", "9", scale=[2, 2], name="overview")
    where = where_of(builder)
    assert where.at((1, 1), everywhere) == "tile 0"
    assert where.at((50, 50), everywhere) == "image overview"


def test_without_images_nothing_is_anywhere() -> None:
    assert Where([], 3).at((0, 0, 0), everywhere) == ""
