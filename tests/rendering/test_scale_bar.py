"""Scale bars: a round length, as long in the picture as it says."""

from __future__ import annotations

import numpy as np
import pytest

from napari_ome_zip.findings import Finding
from napari_ome_zip.rendering import render
from napari_ome_zip.rendering.scale_bar import bar_length, draw_scale_bar

BLACK = [0, 0, 0, 255]


@pytest.mark.parametrize(
    ("extent", "unit", "expected"),
    [
        (1000, "nanometer", (200, "200 nm")),
        (1000, "micrometer", (200, "200 µm")),
        (8000, "nanometer", (2000, "2 µm")),
        (0.4, "millimeter", (0.1, "100 µm")),
        (30, "meter", (5, "5 m")),
        (1000, "angstrom", (200, "20 nm")),
        (4, "micrometer", (1, "1 µm")),
    ],
)
def test_lengths_are_round(extent: float, unit: str, expected: tuple[float, str]) -> None:
    found = bar_length(extent, unit)
    assert found is not None
    assert found[0] == pytest.approx(expected[0])
    assert found[1] == expected[1]


@pytest.mark.parametrize("unit", [None, "pixel", "second", "degree"])
def test_there_is_none_without_a_unit_of_length(unit: str | None) -> None:
    assert bar_length(1000, unit) is None
    assert draw_scale_bar(np.zeros((50, 50, 4), np.uint8), 1.0, unit) is None


@pytest.mark.parametrize("ground", [0, 255])
def test_a_bar_is_as_long_as_it_says_on_light_and_dark(ground: int) -> None:
    picture = np.full((300, 400, 4), ground, np.uint8)
    drawn = draw_scale_bar(picture, 0.5, "micrometer")
    assert drawn is not None
    black = (drawn == BLACK).all(axis=2)
    # 50 of 200 µm are 100 pixels, between the dark rims at both ends.
    gaps = [int(np.diff(np.flatnonzero(row)).max(initial=1)) - 1 for row in black[275:]]
    assert max(gaps) == 100


@pytest.mark.parametrize("step", [5e-4, 0.1, 5, 50, 5e6])
@pytest.mark.parametrize("shape", [(1, 1), (5, 1), (1, 5), (16, 16)])
def test_a_picture_may_be_smaller_than_its_bar(shape: tuple[int, int], step: float) -> None:
    drawn = draw_scale_bar(np.zeros((*shape, 4), np.uint8), step, "micrometer")
    assert drawn is not None
    assert drawn.shape == (*shape, 4)


@pytest.mark.parametrize(("shape", "step"), [((64, 64), 1), ((300, 60), 3), ((256, 80), 2.2)])
def test_what_is_written_is_not_cut_off_by_the_edge_of_a_narrow_picture(
    shape: tuple[int, int], step: float
) -> None:
    drawn = draw_scale_bar(np.zeros((*shape, 4), np.uint8), step, "micrometer")
    assert drawn is not None
    is_light = (drawn[..., :3].min(axis=2) > 0).any(axis=0)
    assert is_light.any()
    assert not is_light[-1]


def test_whoever_asks_for_one_is_told_why_there_is_none() -> None:
    notes: list[Finding] = []
    layer = (np.zeros((5, 5), np.uint8), {}, "image")
    render([layer], 20, scale_bar=True, noted=notes.append)
    assert [note.code for note in notes] == ["picture-no-unit"]
