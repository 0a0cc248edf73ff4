"""Pixels that are measured are never those of a chunk that could not be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip import (
    DamagedChunkWarning,
    PlacedImage,
    UnreadableChunkError,
    open_image,
    strict_reading,
)
from spoiling import damage


@pytest.fixture
def damaged(tmp_path: Path) -> PlacedImage:
    builder = HierarchyBuilder().image(ramp((64, 64)), "yx", options={"chunks": (16, 16)})
    path = builder.archive(tmp_path / "damaged.ozx")
    damage(path, "0/c/2/1")
    (image,) = open_image(path).images
    return image


@pytest.mark.parametrize("scheduler", ["threads", "synchronous"])
def test_within_strict_reading_a_damaged_chunk_is_an_error(
    damaged: PlacedImage, scheduler: str
) -> None:
    with pytest.warns(DamagedChunkWarning):
        damaged.levels[0].compute(scheduler=scheduler)
    with strict_reading():
        for asked in (damaged.levels[0], damaged.levels[0].mean(), damaged.levels[0][::2] + 1):
            for _ in range(2):  # however often it was reported before
                with pytest.raises(UnreadableChunkError, match="0/c/2/1"):
                    asked.compute(scheduler=scheduler)


def test_what_is_intact_is_read(damaged: PlacedImage) -> None:
    with strict_reading():
        np.testing.assert_array_equal(damaged.levels[0][:16], ramp((64, 64))[:16])
