"""What looking at a plate, a mosaic or a giant costs: few tasks a picture, whatever its size."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import dask
import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, multiscale, placement, resized
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.image.virtual_levels import MAX_EDGE

SCREEN = 2000
"""Pixels of a large screen."""


def empty_images(
    builder: HierarchyBuilder, places: dict[str, list[float]], side: int, levels: int
) -> dict[str, bytes]:
    """Add images of documents alone at ``places``; levels are halved."""
    small = HierarchyBuilder().array("a", np.zeros((1, 1), np.uint16)).entries["a/zarr.json"]
    entries: dict[str, bytes] = {}
    for path, place in places.items():
        listed = [(str(k), placement([2.0**k] * 2, place)) for k in range(levels)]
        builder.group(path, multiscales=[multiscale("yx", listed)])
        for k in range(levels):
            name = f"{path}/{k}/zarr.json" if path else f"{k}/zarr.json"
            entries[name] = resized(small, (side >> k, side >> k), (256, 256))
    return {**builder.entries, **entries}


def plate_of_96() -> dict[str, bytes]:
    rows, columns = "ABCDEFGH", [str(n + 1) for n in range(12)]
    wells = [
        {"path": f"{row}/{column}", "rowIndex": r, "columnIndex": c}
        for (r, row), (c, column) in product(enumerate(rows), enumerate(columns))
    ]
    sides = {"rows": [{"name": n} for n in rows], "columns": [{"name": n} for n in columns]}
    builder = HierarchyBuilder().group(plate={**sides, "wells": wells})
    places: dict[str, list[float]] = {}
    for well in wells:
        builder.group(str(well["path"]), well={"images": [{"path": str(n)} for n in range(4)]})
        places |= {f"{well['path']}/{n}": [0.0, 0.0] for n in range(4)}
    return empty_images(builder, places, 1024, 3)


def mosaic_of_100() -> dict[str, bytes]:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    places = {str(10 * r + c): [1000.0 * r, 1000.0 * c] for r, c in product(range(10), range(10))}
    return empty_images(builder, places, 1024, 3)


def giant() -> dict[str, bytes]:
    return empty_images(HierarchyBuilder(), {"": [0.0, 0.0]}, 60_000, 1)


def tasks(array: Any) -> int:
    """Return how many tasks dask runs for an array, once it has put them together."""
    (ready,) = dask.optimize(array)
    return len(dict(ready.__dask_graph__()))


@pytest.mark.parametrize("make", [plate_of_96, mosaic_of_100, giant])
class TestCosts:
    def test_the_whole_picture_takes_few_tasks(self, make: Any) -> None:
        ((data, _, _), *_) = to_layer_data(open_image(make()))
        assert max(data[-1].shape) <= MAX_EDGE
        assert tasks(data[-1]) <= 16

    def test_a_screen_full_of_any_level_takes_few_tasks(self, make: Any) -> None:
        ((data, _, _), *_) = to_layer_data(open_image(make()))
        for level in data:
            y, x = (max(0, n // 2 - SCREEN // 2) for n in level.shape)
            assert tasks(level[y : y + SCREEN, x : x + SCREEN]) <= 40

    def test_each_level_is_at_most_half_of_the_one_before_along_an_axis(self, make: Any) -> None:
        ((data, _, _), *_) = to_layer_data(open_image(make()))
        for large, small in pairwise(data):
            assert any(
                2 * n - m in (0, 1, 2) for n, m in zip(small.shape, large.shape, strict=True)
            )

    def test_there_is_one_layer_however_many_images_there_are(self, make: Any) -> None:
        layers = to_layer_data(open_image(make()))
        assert [kind for _, _, kind in layers if kind != "points"] == ["image"]
