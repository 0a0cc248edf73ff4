"""The finest levels that memory allows, for volumes of known sizes."""

from __future__ import annotations

import pytest

from napari_ome_zip.layers.volume_levels import Volume, description, finest_levels

STACK = Volume(((100, 100, 100), (50, 50, 50), (25, 25, 25)), 2)
"""2,000,000, 250,000 and 31,250 bytes."""


@pytest.mark.parametrize(
    ("budget", "level"),
    [(2_000_000, 0), (1_999_999, 1), (250_000, 1), (249_999, 2), (0, 2)],
)
def test_the_finest_level_that_fits_is_chosen(budget: int, level: int) -> None:
    assert finest_levels([STACK], budget) == [level]


def test_channels_of_one_image_share_the_memory_and_have_one_level() -> None:
    assert finest_levels([STACK, STACK], 4_000_000) == [0, 0]
    assert finest_levels([STACK, STACK], 3_999_999) == [1, 1]


def test_what_is_cheap_is_refined_first() -> None:
    small = Volume(((40, 40, 40), (20, 20, 20)), 1)
    # 31,250 and 8,000 bytes are shown in any case; 250,000 and 64,000 would be next.
    assert finest_levels([STACK, small], 31_250 + 64_000) == [2, 0]
    assert finest_levels([STACK, small], 250_000 + 64_000) == [1, 0]


def test_a_level_that_a_person_chose_stays_and_takes_its_memory() -> None:
    chosen = Volume(STACK.shapes, STACK.voxel, fixed=0)
    assert finest_levels([chosen, STACK], 2_250_000) == [0, 1]
    assert finest_levels([chosen, STACK], 2_249_999) == [0, 2]


def test_no_edge_is_longer_than_a_graphics_card_can_show() -> None:
    long = Volume(((1, 4000, 10), (1, 2000, 10), (1, 1000, 10)), 1)
    assert finest_levels([long], 10**9) == [1]
    assert finest_levels([long], 10**9, longest=1999) == [2]


def test_one_level_or_nothing_at_all_leaves_no_choice() -> None:
    assert finest_levels([Volume(((9, 9, 9),), 1)], 10**9) == [0]
    assert finest_levels([], 10**9) == []


def test_what_is_shown_is_said_as_a_person_counts() -> None:
    assert description([(STACK, 1), (STACK, 1)]).startswith("3D: level 2 of 3, 488.3 KiB; for more")
    assert description([(STACK, 0)]) == "3D: full resolution, 1.9 MiB"
    assert description([(STACK, 0), (STACK, 2)]).startswith("3D: level 1 to 3 of 3")
    assert description([]) == ""
