"""Levels made on the way are those that are made from the whole level before."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_ome_zip import SaveOptions, open_image, save_image
from napari_ome_zip.saving import save
from napari_ome_zip.saving.reduction import reduce_block


def saved_levels(path: Path) -> list[np.ndarray]:
    (part,) = open_image(path).parts
    return [np.asarray(level) for level in part.levels]


def layer(pixels: np.ndarray, chunks: tuple[int, ...], z_spacing: float) -> list[tuple]:
    place = {"axis_labels": ("t", "z", "y", "x"), "scale": (1.0, z_spacing, 1.0, 1.0)}
    keywords = {"name": "cells", "contrast_limits": (0, 999), **place}
    return [(da.from_array(pixels, chunks=chunks), keywords, "image")]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    shape=st.tuples(st.integers(1, 2), *[st.integers(1, 40)] * 3),
    chunks=st.tuples(*[st.integers(1, 40)] * 4),
    chunk=st.integers(1, 9),
    shard=st.integers(0, 4),
    levels=st.integers(1, 5),
    z_spacing=st.sampled_from([1.0, 2.5]),
    read_back=st.booleans(),
)
def test_each_level_is_the_reduced_level_before(
    tmp_path: Path,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    chunk: int,
    shard: int,
    levels: int,
    z_spacing: float,
    read_back: bool,
) -> None:
    pixels = np.random.default_rng(3).integers(0, 999, shape, np.uint16)
    options = SaveOptions(levels=levels, chunk=chunk, shard=shard * chunk)
    path = tmp_path / "a.ozx"
    with pytest.MonkeyPatch.context() as patch:
        if read_back:
            patch.setattr(save, "tile_shapes", lambda chain: None)
        save_image(layer(pixels, chunks, z_spacing), path, options)
    found = saved_levels(path)
    np.testing.assert_array_equal(found[0], pixels)
    for before, after in pairwise(found):
        factors = tuple(2 if m < n else 1 for n, m in zip(before.shape, after.shape, strict=True))
        expected = reduce_block(before, factors, "mean")
        np.testing.assert_array_equal(after, expected)


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
