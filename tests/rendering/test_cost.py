"""What is said to be decoded for a picture, by the chunks that there are to decode."""

from __future__ import annotations

import math

import numpy as np

from hierarchy_builder import HierarchyBuilder, ramp, resized, to_world
from napari_ome_zip import CompositeImage, open_image, to_layer_data
from napari_ome_zip.image.level_sampling import MAX_READ
from napari_ome_zip.layers.layer_data import layer_note
from napari_ome_zip.pixels.decoded_chunks import clear_cache, looking_once
from napari_ome_zip.rendering.reading import bytes_to_read

CHUNK = 32 * 32 * 2
"""Bytes of a chunk."""


def opened(shape: tuple[int, ...], axes: str, chunks: tuple[int, ...]) -> CompositeImage:
    builder = HierarchyBuilder().image(ramp(shape), axes, options={"chunks": chunks})
    return open_image(builder.entries)


def first_level(composite: CompositeImage) -> object:
    data = to_layer_data(composite)[0][0]
    return data[0] if isinstance(data, list) else data


def test_whole_chunks_are_decoded() -> None:
    pixels = first_level(opened((64, 96), "yx", (32, 32)))
    assert bytes_to_read(pixels) == 6 * CHUNK
    assert bytes_to_read(pixels[:33, :32]) == 2 * CHUNK  # type: ignore[index]
    assert bytes_to_read(pixels[5, 5]) == CHUNK  # type: ignore[index]


def test_one_channel_of_a_chunk_takes_all_of_it() -> None:
    assert bytes_to_read(first_level(opened((2, 64, 64), "cyx", (1, 32, 32)))) == 4 * CHUNK
    assert bytes_to_read(first_level(opened((2, 64, 64), "cyx", (2, 32, 32)))) == 8 * CHUNK


def test_axes_in_another_order() -> None:
    axes = [{"name": name, "type": "space"} for name in "xyz"]
    builder = HierarchyBuilder().image_of_0_6(ramp((32, 64, 3)), axes, version="0.9.dev1")
    pixels = first_level(open_image(builder.entries))
    assert pixels.shape == (3, 64, 32)  # type: ignore[attr-defined]
    assert bytes_to_read(pixels) == 3 * 2 * CHUNK
    # One chunk holds all planes.
    assert bytes_to_read(pixels[0]) == 3 * 2 * CHUNK  # type: ignore[index]


def test_tiles_of_a_mosaic_that_are_seen() -> None:
    steps = [to_world(f"t{n}", "translation", translation=[0.0, 40.0 * n]) for n in range(10)]
    builder = HierarchyBuilder().scene("yx", *steps)
    for number in range(10):
        builder.image_of_0_6(ramp((32, 32)), "yx", f"t{number}")
    composite = open_image(builder.entries)
    assert len(composite.images) == 1
    pixels = first_level(composite)
    assert bytes_to_read(pixels) == 10 * CHUNK
    assert bytes_to_read(pixels[:, 33:39]) == 0  # type: ignore[index]
    assert bytes_to_read(pixels[:, 31:41]) == 2 * CHUNK  # type: ignore[index]


def test_levels_that_are_computed_read_the_file() -> None:
    options = {"chunks": (512, 512)}
    builder = HierarchyBuilder().image(ramp((512, 512)), "yx", options=options)
    document = resized(builder.entries["0/zarr.json"], (65536, 65536), (512, 512))
    composite = open_image({**builder.entries, "0/zarr.json": document})
    ((levels, keywords, _),) = to_layer_data(composite)
    assert layer_note(keywords)["levels"] == 1
    chunk = 512 * 512 * 2
    for level in levels:
        factor = 65536 // level.shape[0]
        here = level[: max(1, 1024 // factor), : max(1, 1024 // factor)]
        # Of the 2 × 2 chunks that lie there, or more where one pixel stands for more.
        most = max(4, math.ceil(factor / 512) ** 2) * chunk
        assert bytes_to_read(here) <= min(most, max(here.size * MAX_READ * 2, 4 * chunk))
        assert bytes_to_read(here) > 0
    # All of it: only one chunk is stored.
    assert bytes_to_read(levels[0][:1024, :1024]) == 4 * chunk
    assert bytes_to_read(levels[-1]) == chunk


def test_arrays_in_memory_cost_nothing() -> None:
    assert bytes_to_read(np.zeros((5, 5))) == 0


def test_limits_of_contrast_are_left_out_where_nobody_wants_them() -> None:
    composite = opened((64, 96), "yx", (32, 32))
    ((_, with_limits, _),) = to_layer_data(composite)
    ((_, without, _),) = to_layer_data(composite, limits=False)
    assert with_limits["contrast_limits"] == (0, 64 * 96 - 1)
    assert "contrast_limits" not in without


def test_what_is_looked_at_once_is_not_kept() -> None:
    from napari_ome_zip.pixels import decoded_chunks

    pixels = first_level(opened((256, 256), "yx", (128, 128)))
    clear_cache()
    with looking_once():
        np.asarray(pixels)
    assert decoded_chunks._cache.nbytes == 0
    np.asarray(pixels)
    assert decoded_chunks._cache.nbytes >= 256 * 256 * 2
    clear_cache()
