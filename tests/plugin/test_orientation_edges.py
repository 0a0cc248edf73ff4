"""What stands at the edges of a canvas, by where axes lead and where the canvas does."""

from __future__ import annotations

import pytest

from napari_ome_zip.ome.orientation import Orientation
from napari_ome_zip.plugin.orientation.edges import at_edge, usable_ends, window_orientations

LEFT, RIGHT = Orientation("right-to-left"), Orientation("left-to-right")
DOWN = Orientation("superior-to-inferior")
BACK = Orientation("anterior-to-posterior")
BODY = [("inferior", "superior"), ("anterior", "posterior"), ("right", "left")]


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        ((0.0, 0.0, 1.0), "left"),
        ((0.0, 0.0, -1.0), "right"),
        ((0.0, 0.1, 0.995), "left"),
        ((0.0, -0.8, 0.6), "anterior, left"),
        ((0.5, -0.7, 0.51), "anterior, left, superior"),
    ],
)
def test_an_edge_names_what_it_is_nearest_to_first(
    direction: tuple[float, ...], words: str
) -> None:
    assert at_edge(BODY, direction) == words


def test_an_axis_without_orientation_has_no_word() -> None:
    assert at_edge([None, ("right", "left")], (1.0, 0.0)) == ""


def test_layers_agree_on_what_one_of_them_says() -> None:
    assert window_orientations([(None, LEFT), (BACK, LEFT), (None, None)], 2) == (BACK, LEFT)


def test_nothing_is_said_where_they_contradict_one_another() -> None:
    assert window_orientations([(BACK, LEFT), (BACK, RIGHT)], 2) == (BACK, None)


def test_dimensions_are_counted_from_the_last() -> None:
    assert window_orientations([(LEFT,), (DOWN, BACK, None)], 4) == (None, DOWN, BACK, LEFT)


def test_a_word_that_nobody_knows_is_not_shown() -> None:
    assert usable_ends((Orientation("up-to-down"), LEFT, None)) == (None, ("right", "left"), None)


def test_two_axes_that_lead_along_one_line_are_not_believed() -> None:
    assert usable_ends((LEFT, BACK, RIGHT)) == (None, ("anterior", "posterior"), None)
    assert usable_ends((LEFT, BACK, LEFT)) == (None, ("anterior", "posterior"), None)
