"""Images that claim to be huge: opening and looking at them costs what is stored of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, ramp, resized
from napari_layers import view
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.errors import MetadataError
from napari_ome_zip.pixels.damage import DamagedChunkWarning
from napari_ome_zip.pixels.limits import MAX_CHUNKS
from napari_ome_zip.pixels.stored_chunks import MAX_LOOKED_UP
from recording import RecordingStore


def giant(
    shape: Sequence[int], chunks: Sequence[int], stored: dict[str, bytes] | None = None
) -> RecordingStore:
    """Return an image of 8-bit pixels without compression, of which a few chunks are stored."""
    builder = HierarchyBuilder()
    pixels = np.zeros((1,) * len(shape), np.uint8)
    builder.image(pixels, "tzyx"[-len(shape) :], options={"compressors": None, "fill_value": 3})
    document = resized(builder.entries["0/zarr.json"], tuple(shape), tuple(chunks))
    entries = {name: content for name, content in builder.entries.items() if "/c/" not in name}
    return RecordingStore.of({**entries, "0/zarr.json": document, **(stored or {})})


def look(store: RecordingStore) -> Any:
    """Open an image, add its layers to a viewer, move its sliders; return the viewer."""
    viewer = view(open_image(store))
    for axis in range(viewer.dims.ndim - 2):
        viewer.dims.set_point(axis, viewer.dims.range[axis].stop)
    for layer in viewer.layers:
        assert layer.thumbnail.any()
    return viewer


@pytest.mark.parametrize(
    ("shape", "chunks"),
    [
        ((10**6, 10**6), (256, 256)),
        ((10**9, 32), (256, 32)),
        ((32, 10**9), (1, 1)),
        ((4096, 4096), (1, 1)),
        ((2**62, 32), (256, 32)),
        ((sys.maxsize, sys.maxsize), (64, 64)),
        ((2**40, 2**30, 2**30, 2**30), (1, 1, 256, 256)),
    ],
)
def test_an_image_of_which_nothing_is_stored_is_looked_at_with_few_lookups(
    shape: tuple[int, ...], chunks: tuple[int, ...]
) -> None:
    store = giant(shape, chunks)
    viewer = look(store)
    assert store.lookups <= MAX_LOOKED_UP
    assert (np.asarray(viewer.layers[0].data[-1][(0,) * (len(shape) - 2)]) == 3).all()


def test_the_few_chunks_that_are_stored_are_seen_in_the_overview() -> None:
    bright = b"\xff" * 256**2
    store = giant((10**6, 10**6), (256, 256), {"0/c/2001/1002": bright, "0/c/5/6": bright})
    overview = np.asarray(look(store).layers[0].data[-1])
    assert store.lookups <= 16
    # One pixel of the overview spans four chunks along each axis; their middle is read.
    seen = np.argwhere(overview != 3).tolist()
    assert seen == [[5 // 4, 6 // 4], [2001 // 4, 1002 // 4]]


def test_chunks_of_a_folder_are_listed_not_asked_for(tmp_path: Path) -> None:
    store = giant((10**6, 10**6), (256, 256), {"0/c/2001/1002": b"\xff" * 256**2})
    for name in list(store.keys()):
        path = tmp_path / "a.ome.zarr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(store.read(name) or b""))
    ((data, _, _),) = to_layer_data(open_image(tmp_path / "a.ome.zarr"))
    overview = np.asarray(data[-1])
    assert np.argwhere(overview != 3).tolist() == [[500, 250]]
    # What is written later is seen by the next view.
    (tmp_path / "a.ome.zarr/0/c/0").mkdir()
    (tmp_path / "a.ome.zarr/0/c/0/0").write_bytes(b"\xff" * 256**2)
    assert np.asarray(data[0][:256, :256]).min() == 255


def test_a_region_of_very_many_chunks_is_read_as_any_other() -> None:
    truth = np.full((200, 300), 3, np.uint8)
    stored = {}
    for y, x in np.random.default_rng(0).integers(0, (200, 300), (500, 2)).tolist():
        truth[y, x] = (y + x) % 256
        stored[f"0/c/{y}/{x}"] = bytes([(y + x) % 256])
    store = giant((200, 300), (1, 1), stored)
    ((data, _, _),) = to_layer_data(open_image(store))
    np.testing.assert_array_equal(np.asarray(data), truth)
    assert store.lookups <= 2 * len(stored)


def test_contrast_is_looked_for_in_a_bounded_number_of_chunks() -> None:
    pixels = ramp((100, 100))
    store = RecordingStore.of(
        HierarchyBuilder().image(pixels, "yx", options={"chunks": (1, 1)}).entries
    )
    ((_, keywords, _),) = to_layer_data(open_image(store))
    assert 0 < len(set(store.chunks_read)) <= MAX_CHUNKS
    low, high = keywords["contrast_limits"]
    assert 0 < low < high < pixels.max()


def test_a_shard_is_not_split_into_chunks_before_its_index_is_read() -> None:
    builder = HierarchyBuilder()
    options = {"chunks": (1, 1), "shards": (2, 2), "fill_value": 3}
    builder.image(np.ones((2, 2), np.uint8), "yx", options=options)
    entries = {**builder.entries, "0/c/0/0": b"an index that is too short"}
    store = RecordingStore.of(
        entries | {"0/zarr.json": resized(entries["0/zarr.json"], (10**5,) * 2, (10**5,) * 2)}
    )
    ((data, _, _),) = to_layer_data(open_image(store))
    with pytest.warns(DamagedChunkWarning, match="0/c/0/0"):
        assert (np.asarray(data[0][:4000, :4000]) == 3).all()
    assert store.lookups <= 16


@pytest.mark.parametrize("size", [sys.maxsize + 1, 2**64, 10**30])
def test_an_axis_that_cannot_be_counted_is_refused_by_level_and_size(size: int) -> None:
    with pytest.raises(MetadataError, match=rf"level '0'.*{size:,}"):
        open_image(giant((size, 32), (256, 32)))


@pytest.mark.parametrize("chunks", [(10**30, 4), (4, 2**61), (2**40, 2**40)])
def test_chunks_that_no_memory_holds_are_refused_by_level_and_size(chunks: tuple[int, int]) -> None:
    with pytest.raises(MetadataError, match=rf"level '0'.*chunks of {chunks[0]:,} × {chunks[1]:,}"):
        open_image(giant((8, 8), chunks, {"0/c/0/0": bytes(64)}))


def test_the_other_levels_of_such_an_image_are_shown() -> None:
    builder = HierarchyBuilder().image([ramp((8, 8)), ramp((4, 4))], "yx")
    document = resized(builder.entries["0/zarr.json"], (2**64, 8), (8, 8))
    image = open_image({**builder.entries, "0/zarr.json": document})
    assert [level.shape for level in image.parts[0].levels] == [(4, 4)]
    assert any(f"{2**64:,}" in finding.message for finding in image.findings)
