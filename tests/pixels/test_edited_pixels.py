"""Pixels that are painted behave as a NumPy array does, and leave the file as it is."""

from __future__ import annotations

import copy
from typing import Any

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierarchy_builder import HierarchyBuilder, multiscale, placement
from napari_ome_zip import open_image
from napari_ome_zip.errors import TooManyPixelsError, UnreadableChunkError
from napari_ome_zip.pixels import edited_pixels, grid
from napari_ome_zip.pixels.edited_pixels import EditedPixels

SHAPE = (4, 9, 13)
REGION = (slice(1, 4), slice(2, 9), slice(0, 11))

axes = st.one_of(
    st.integers(-3, 2),
    st.builds(slice, st.integers(-8, 8) | st.none(), st.integers(-8, 8) | st.none()),
    st.builds(slice, st.none(), st.none(), st.sampled_from([1, 2, 3, -1, -2])),
)
keys = st.one_of(
    st.tuples(axes),
    st.tuples(axes, axes),
    st.tuples(axes, axes, axes),
    st.tuples(st.just(Ellipsis), axes),
    st.just(Ellipsis),
    st.lists(st.tuples(st.integers(-3, 2), st.integers(-7, 6), st.integers(-11, 10))).map(
        lambda points: tuple(np.array(points, int).reshape(-1, 3).T)
    ),
    st.integers(0, 99).map(lambda seed: np.random.default_rng(seed).random((3, 7, 11)) < 0.1),
)


def stored() -> np.ndarray:
    return np.random.default_rng(3).integers(1, 60_000, SHAPE, np.uint16)


def levels_of(full: np.ndarray) -> list[da.Array]:
    return [da.from_array(full[:, ::f, ::f], chunks=(1, 4, 5)) for f in (1, 2)]


@given(assigned=st.lists(keys, min_size=1, max_size=4), asked=keys, block=st.sampled_from([4, 64]))
def test_assigning_and_asking_is_as_of_an_array_in_memory(
    assigned: list[Any], asked: Any, block: int
) -> None:
    full = stored()
    expected = full[REGION].copy()
    with pytest.MonkeyPatch.context() as small:
        small.setattr(grid, "SMALL_BLOCK_BYTES", block)
        edited = EditedPixels(levels_of(full), REGION)
    for number, key in enumerate(assigned):
        values = np.full(expected[key].shape, number) + np.arange(expected[key].size).reshape(
            expected[key].shape
        )
        expected[key] = values
        edited[key] = values
    np.testing.assert_array_equal(edited[asked], expected[asked])
    whole = full.copy()
    whole[REGION] = expected
    np.testing.assert_array_equal(edited.snapshot()[:, :, :], whole)


def test_it_tells_of_itself_what_an_array_does() -> None:
    edited = EditedPixels(levels_of(stored()), REGION)
    expected = stored()[REGION]
    assert (edited.shape, edited.dtype, edited.ndim) == ((3, 7, 11), np.uint16, 3)
    assert (edited.size, edited.nbytes, len(edited)) == (expected.size, expected.nbytes, 3)
    np.testing.assert_array_equal(np.asarray(edited), expected)


def test_what_was_not_painted_takes_no_memory() -> None:
    edited = EditedPixels([da.zeros((10_000, 10_000, 10_000), dtype=np.uint32, chunks=512)])
    assert not edited.is_painted
    edited[5000, 5000, 4998:5002] = 7
    assert edited.is_painted
    assert 0 < edited.painted_bytes <= 2 * grid.SMALL_BLOCK_BYTES
    assert edited.largest_painted() == 7
    assert edited[5000, 5000, 4997:5003].tolist() == [0, 7, 7, 7, 7, 0]


def test_a_snapshot_and_a_copy_stay_as_they_were_when_it_is_painted_on() -> None:
    edited = EditedPixels(levels_of(stored()), REGION)
    edited[0, 0, 0] = 1
    before = np.asarray(edited)
    snapshot, duplicate = edited.snapshot(), copy.deepcopy(edited)
    edited[0, 0, 0] = 2
    edited[2, 6, 10] = 3
    np.testing.assert_array_equal(snapshot[REGION], before)
    np.testing.assert_array_equal(duplicate, before)
    duplicate[0, 0, 0] = 4
    assert edited[0, 0, 0] == 2


def test_another_type_of_pixel_is_of_the_same_part_of_the_whole() -> None:
    edited = EditedPixels(levels_of(stored()), REGION)
    edited[0, 0, 0] = 1
    before = np.asarray(edited)
    larger = edited.astype(np.int64)
    larger[0, 0, 0] = 2**40
    np.testing.assert_array_equal(edited, before)
    expected = stored().astype(np.int64)
    expected[1, 2, 0] = 2**40
    np.testing.assert_array_equal(larger.snapshot()[:, :, :], expected)
    np.testing.assert_array_equal(larger, expected[REGION])


def test_what_is_too_large_to_be_read_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edited_pixels, "MAX_READ_BYTES", 2 * 7 * 11 * 2)
    edited = EditedPixels(levels_of(stored()), REGION)
    assert edited[:2].shape == (2, 7, 11)
    with pytest.raises(TooManyPixelsError, match="edit a smaller region"):
        edited[...]


def test_an_index_beyond_the_pixels_is_refused() -> None:
    edited = EditedPixels(levels_of(stored()), REGION)
    for key in (3, (0, 7), (0, 0, np.array([11])), (0, 0, 0, 0), (None, 0), (0, 0, 1.5)):
        with pytest.raises(IndexError):
            edited[key]


def test_a_damaged_chunk_is_not_painted_over_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid, "SMALL_BLOCK_BYTES", 2 * 4 * 4)
    monkeypatch.setattr(grid, "ROW", 4)
    content = HierarchyBuilder()
    content.group("", multiscales=[multiscale("yx", [("0", placement((1, 1)))])])
    content.array("0", np.full((8, 8), 5, np.uint16), chunks=(4, 4))
    entries = dict(content.entries)
    entries["0/c/1/1"] = b"no chunk"
    (image,) = open_image(entries).images
    edited = EditedPixels(image.levels)
    edited[5, 1] = 9
    with pytest.raises(UnreadableChunkError, match="0/c/1/1"):
        edited[2:6, 2:6] = 9
    assert edited[2, 2] == 5, "nothing is assigned where a part of it cannot be"
    edited[4:8, 4:8] = 1
    assert edited[7, 7] == 1, "nothing is left of what was damaged"
