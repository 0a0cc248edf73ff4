"""Labels that are painted while they are saved, without a copy of them."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_ome_zip.errors import SaveError
from napari_ome_zip.layers import from_layer_data, snapshot
from napari_ome_zip.layers.snapshot import Snapshot
from napari_ome_zip.pixels import grid

TYPES = ["u1", "<i4", ">u2", "?", "<f4"]


@st.composite
def cut_arrays(draw: st.DrawFn) -> tuple[np.ndarray, tuple[slice, ...]]:
    """An array, contiguous or not, and a region of it."""
    shape = draw(arrays.array_shapes(min_dims=1, max_dims=4, max_side=9, min_side=0))
    pixels = draw(arrays.arrays(draw(st.sampled_from(TYPES)), shape))
    if draw(st.booleans()):
        pixels = pixels.T
    ends = [sorted((draw(st.integers(0, n)), draw(st.integers(0, n)))) for n in pixels.shape]
    return pixels, tuple(slice(*pair) for pair in ends)


@given(cut=cut_arrays(), block=st.sampled_from([1, 16, 200]), row=st.integers(1, 5))
def test_it_stays_as_it_was(
    cut: tuple[np.ndarray, tuple[slice, ...]], block: int, row: int
) -> None:
    pixels, region = cut
    before = pixels.copy()
    with pytest.MonkeyPatch.context() as small:
        small.setattr(grid, "SMALL_BLOCK_BYTES", block)
        small.setattr(grid, "ROW", row)
        kept = Snapshot(pixels, "nuclei")
        pixels[...] = 0
        found = kept.read(region)
    assert found.dtype == before.dtype
    np.testing.assert_array_equal(found, before[region])


@pytest.fixture
def without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pixels of none but the first few blocks."""
    monkeypatch.setattr(grid, "SMALL_BLOCK_BYTES", 64)
    monkeypatch.setattr(snapshot, "KEPT_BYTES", 300)
    monkeypatch.setattr(snapshot, "KEPT_PART", 1000)


def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (16, 64), np.uint8)


@pytest.mark.usefixtures("without_room")
def test_what_has_no_room_is_read_where_it_is() -> None:
    pixels = noise()
    kept = Snapshot(pixels, "nuclei")
    np.testing.assert_array_equal(kept[:], pixels)


@pytest.mark.usefixtures("without_room")
def test_what_had_no_room_and_was_painted_is_an_error_and_never_a_mixture() -> None:
    pixels = noise()
    before = pixels.copy()
    kept = Snapshot(pixels, "nuclei")
    pixels[[0, -1], 5] += 1
    np.testing.assert_array_equal(kept[:15], before[:15])  # the first row has been kept
    with pytest.raises(SaveError, match="'nuclei' was painted while it was saved"):
        kept[:]
    pixels[-1, 5] -= 1
    np.testing.assert_array_equal(kept[:], before)


def test_labels_of_a_viewer_are_not_copied() -> None:
    pixels = np.zeros((16, 1024, 1024), np.int32)
    pixels[:, 100:800, 200:900] = np.arange(700) // 20
    layer: tuple[Any, dict[str, Any], str] = (pixels, {"name": "nuclei"}, "labels")
    tracemalloc.start()
    (part,) = from_layer_data([layer]).parts
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < pixels.nbytes / 8
    before = pixels[3].copy()
    pixels[...] = 1
    np.testing.assert_array_equal(np.asarray(part.levels[0][3]), before)
