"""Levels made on the way are those that are made from the whole level before."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_ome_zip import SaveOptions, open_image, save_image
from napari_ome_zip.saving import save


def saved_levels(path: Path) -> list[np.ndarray]:
    (part,) = open_image(path).parts
    return [np.asarray(level) for level in part.levels]


def layer(
    pixels: np.ndarray, chunks: tuple[int, ...], z_spacing: float, kind: str = "image"
) -> list[tuple]:
    keywords = {
        "name": "cells",
        "axis_labels": ("t", "z", "y", "x"),
        "scale": (1.0, z_spacing, 1.0, 1.0),
    }
    if kind == "image":
        keywords["contrast_limits"] = (0, 999)
    return [(da.from_array(pixels, chunks=chunks), keywords, kind)]


def blocks_of(before: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Values that each pixel of a level stands for, along a new first axis, and which exist."""
    assert all(m in (n, -(-n // 2)) for n, m in zip(before.shape, shape, strict=True))
    steps = [1 if m == n else 2 for n, m in zip(before.shape, shape, strict=True)]
    values, there = [], []
    for first in product(*map(range, steps)):
        part = before[tuple(slice(a, None, n) for a, n in zip(first, steps, strict=True))]
        missing = [(0, m - n) for n, m in zip(part.shape, shape, strict=True)]
        values.append(np.pad(part, missing).astype(np.int64))
        there.append(np.pad(np.ones(part.shape, bool), missing))
    return np.array(values), np.array(there)


def mean_of(before: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the mean of each block, half to even."""
    values, there = blocks_of(before, shape)
    return np.rint((values * there).sum(axis=0) / there.sum(axis=0))


def mode_of(before: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return what is most frequent in each block; then foreground, then the smallest value."""
    values, there = blocks_of(before, shape)
    votes = ((values[:, np.newaxis] == values) & there).sum(axis=1)
    rank = np.where(there, votes * 10_000 + (values != 0) * 5_000 - values, -1)
    best = rank.argmax(axis=0)
    return np.take_along_axis(values, best[np.newaxis], axis=0)[0]


@st.composite
def cuts(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], SaveOptions]:
    """Draw a shape, how it is cut in memory and how in the file: not into many pieces."""
    chunk = draw(st.integers(1, 9))
    shape = (draw(st.integers(1, 2)), *(draw(st.integers(1, 5 * chunk)) for _ in range(3)))
    chunks = tuple(draw(st.integers(-(-size // 5), size)) for size in shape)
    shard = chunk * draw(st.integers(0, 4))
    return shape, chunks, SaveOptions(levels=draw(st.integers(1, 5)), chunk=chunk, shard=shard)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cut=cuts(),
    z_spacing=st.sampled_from([1.0, 2.5]),
    read_back=st.booleans(),
    kind=st.sampled_from(["image", "labels"]),
)
def test_each_level_is_the_reduced_level_before(
    tmp_path: Path,
    cut: tuple[tuple[int, ...], tuple[int, ...], SaveOptions],
    z_spacing: float,
    read_back: bool,
    kind: str,
) -> None:
    shape, chunks, options = cut
    highest, reduced = (999, mean_of) if kind == "image" else (4, mode_of)
    pixels = np.random.default_rng(3).integers(0, highest, shape, np.uint16)
    path = tmp_path / "a.ozx"
    with pytest.MonkeyPatch.context() as patch:
        if read_back:
            patch.setattr(save, "tile_shapes", lambda chain: None)
        save_image(layer(pixels, chunks, z_spacing, kind), path, options)
    found = saved_levels(path)
    np.testing.assert_array_equal(found[0], pixels)
    for before, after in pairwise(found):
        np.testing.assert_array_equal(after, reduced(before, after.shape))


def test_progress_counts_every_byte_of_every_level_once(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    pixels = np.random.default_rng(3).integers(0, 999, (2, 9, 90, 70), np.uint16)
    options = SaveOptions(levels=3, chunk=16, shard=32)
    save_image(
        layer(pixels, (1, 2, 50, 70), 1.0),
        tmp_path / "a.ozx",
        options,
        progress=lambda done, total: seen.append((done, total)),
    )
    done, totals = zip(*seen, strict=True)
    assert list(done) == sorted(done)
    assert set(totals) == {done[-1]} == {sum(a.nbytes for a in saved_levels(tmp_path / "a.ozx"))}
