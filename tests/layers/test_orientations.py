"""Layers know where their dimensions lead in a body, as their file says it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, axes_of, ramp, to_world
from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.layers.layer_data import METADATA_KEY, ORIENTATIONS, genuine_note
from napari_ome_zip.layers.orientations import noted_orientations
from napari_ome_zip.ome.orientation import Orientation

SUPERIOR = {"type": "anatomical", "value": "inferior-to-superior"}
POSTERIOR = {"type": "anatomical", "value": "anterior-to-posterior"}


def leading(names: str, **orientations: Any) -> list[Any]:
    return [
        axis | ({"orientation": orientations[axis["name"]]} if axis["name"] in orientations else {})
        for axis in axes_of(names)
    ]


def notes(builder: HierarchyBuilder) -> list[dict[str, Any]]:
    return [
        keywords["metadata"][METADATA_KEY]
        for _, keywords, _ in to_layer_data(open_image(builder.entries))
    ]


def test_each_channel_has_those_of_its_dimensions() -> None:
    axes = leading("czyx", z=SUPERIOR, y=POSTERIOR)
    for note in notes(HierarchyBuilder().image_of_0_6(ramp((2, 2, 3, 4)), axes)):
        assert note[ORIENTATIONS] == [SUPERIOR, POSTERIOR, None]
        assert note["axes"][1] == {**axes[1], "orientation": SUPERIOR}
        assert genuine_note(note) == note


def test_a_file_that_says_nothing_leaves_no_note() -> None:
    (note,) = notes(HierarchyBuilder().image(ramp((3, 4)), "yx"))
    assert ORIENTATIONS not in note
    assert noted_orientations(note) == ()


def test_dimensions_are_in_the_order_of_a_viewer() -> None:
    axes = leading("xyz", z=SUPERIOR, y=POSTERIOR)
    (note,) = notes(HierarchyBuilder().image_of_0_6(ramp((2, 3, 4)), axes))
    assert note[ORIENTATIONS] == [SUPERIOR, POSTERIOR, None]


def test_images_that_disagree_keep_what_each_says() -> None:
    builder = HierarchyBuilder().scene(
        "yx",
        to_world("a", "identity"),
        to_world("b", "scale", scale=[-1.0, 1.0]),
    )
    for path in "ab":
        builder.image_of_0_6(ramp((3, 4)), leading("yx", y=POSTERIOR), path)
    first, second = notes(builder)
    assert noted_orientations(first) == (Orientation("anterior-to-posterior"), None)
    assert noted_orientations(second) == (Orientation("posterior-to-anterior"), None)


@pytest.mark.parametrize(
    "said", [None, "up", [1, 2], [{"value": np.zeros(2)}, None], {"y": SUPERIOR}]
)
def test_a_note_that_somebody_changed_says_nothing(said: Any) -> None:
    assert noted_orientations({ORIENTATIONS: said}) == ()
