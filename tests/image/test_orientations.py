"""Where the axes of the display system lead in a body, by what is written in the documents."""

from __future__ import annotations

from typing import Any

import pytest

from hierarchy_builder import HierarchyBuilder, axes_of, ramp, to_world
from napari_ome_zip import CompositeImage, open_image
from shared_material import SHARED

PICTURE = ramp((3, 4))
ACROSS, AP = "left-to-right", "anterior-to-posterior"


def leading(names: str = "yx", **words: str) -> list[Any]:
    """Axes of some names, those of ``words`` with an orientation."""
    return [
        axis
        if axis["name"] not in words
        else {**axis, "orientation": {"type": "anatomical", "value": words[axis["name"]]}}
        for axis in axes_of(names)
    ]


def opened(builder: HierarchyBuilder, **choice: str) -> CompositeImage:
    return open_image(builder.entries, **choice)


def words(composite: CompositeImage) -> dict[str, str]:
    """Where the axes of the display system lead."""
    return {a.name: a.orientation.value for a in composite.system.axes if a.orientation is not None}


def words_of(composite: CompositeImage) -> list[dict[str, str]]:
    """Where they lead according to each part."""
    names = [axis.name for axis in composite.system.axes]
    return [
        {
            n: said.value
            for n, said in zip(names, part.orientations, strict=True)
            if said is not None
        }
        for part in composite.parts
    ]


def test_an_image_is_shown_in_its_own_system() -> None:
    image = HierarchyBuilder().image_of_0_6(PICTURE, leading(y=AP, x=ACROSS))
    assert words(opened(image)) == {"y": AP, "x": ACROSS}


def test_a_file_without_any_says_nothing() -> None:
    composite = opened(HierarchyBuilder().image(PICTURE, "yx"))
    assert words(composite) == {}
    assert words_of(composite) == [{}]


def test_older_versions_are_understood() -> None:
    assert words(opened(HierarchyBuilder().image(PICTURE, leading(x=ACROSS)))) == {"x": ACROSS}


@pytest.mark.parametrize(
    "level",
    [
        {"type": "scale", "scale": [0.5, -0.5]},
        {"type": "affine", "affine": [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]},
        {"type": "mapAxis", "mapAxis": [1, 0]},
    ],
)
def test_what_lies_below_a_system_does_not_change_where_it_leads(level: dict[str, Any]) -> None:
    image = HierarchyBuilder().image_of_0_6(PICTURE, leading(y=AP, x=ACROSS), level=level)
    assert words(opened(image)) == {"y": AP, "x": ACROSS}


def in_scene(world: list[Any], **step: Any) -> HierarchyBuilder:
    """An oriented image, placed in a world by one transformation."""
    builder = HierarchyBuilder().scene(world, to_world("a", **step))
    return builder.image_of_0_6(
        PICTURE, leading(y=AP, x=ACROSS), "a", level={"type": "scale", "scale": [1.0, -2.0]}
    )


FLIP = {"kind": "scale", "scale": [2.0, -1.0]}
SWAP = {"kind": "affine", "affine": [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]]}
TURN = {"kind": "affine", "affine": [[0.8, -0.6, 0.0], [0.6, 0.8, 0.0]]}


@pytest.mark.parametrize("step", [FLIP, SWAP, TURN])
def test_what_a_scene_says_of_its_world_counts(step: dict[str, Any]) -> None:
    world = leading(y="dorsal-to-ventral", x="rostral-to-caudal")
    composite = opened(in_scene(world, **step))
    assert words(composite) == {"y": "dorsal-to-ventral", "x": "rostral-to-caudal"}
    assert words_of(composite) == [words(composite)]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"kind": "translation", "translation": [5.0, 5.0]}, {"y": AP, "x": ACROSS}),
        (FLIP, {"y": AP, "x": "right-to-left"}),
        (SWAP, {"y": "right-to-left", "x": AP}),
        (TURN, {}),
        ({"kind": "affine", "affine": [[1.0, 0.0, 0.0], [0.2, 1.0, 0.0]]}, {}),
    ],
)
def test_otherwise_its_axes_lead_where_those_of_an_image_along_them_do(
    step: dict[str, Any], expected: dict[str, str]
) -> None:
    assert words(opened(in_scene(axes_of("yx"), **step))) == expected


def test_what_a_world_says_of_one_axis_leaves_the_other_to_the_image() -> None:
    composite = opened(in_scene(leading(y="inferior-to-superior"), **FLIP))
    assert words(composite) == {"y": "inferior-to-superior", "x": "right-to-left"}


def test_the_axis_that_a_world_lacks_leads_where_it_does_in_the_image() -> None:
    step = {"type": "projectAxis", "droppedInputs": [0]}
    source, target = {"path": "a", "name": "physical"}, {"name": "world"}
    builder = HierarchyBuilder().scene("yx", {**step, "input": source, "output": target})
    builder.image_of_0_6(ramp((2, 3, 4)), leading("zyx", z="inferior-to-superior"), "a")
    assert words(opened(builder)) == {"z": "inferior-to-superior"}


def side_by_side(*images: list[Any]) -> HierarchyBuilder:
    """Images that nothing relates to one another."""
    builder = HierarchyBuilder().group()
    for number, axes in enumerate(images):
        builder.image_of_0_6(PICTURE, axes, str(number))
    return builder


def test_images_that_contradict_one_another_leave_an_axis_without() -> None:
    composite = opened(side_by_side(leading(y=AP, x=ACROSS), leading(y=AP, x="right-to-left")))
    assert words(composite) == {"y": AP}
    assert words_of(composite) == [{"y": AP, "x": ACROSS}, {"y": AP, "x": "right-to-left"}]


def test_an_image_that_says_nothing_contradicts_nobody() -> None:
    assert words(opened(side_by_side(leading(), leading(x=ACROSS)))) == {"x": ACROSS}


def test_labels_lead_where_the_system_of_their_image_does() -> None:
    builder = HierarchyBuilder().image_of_0_6(PICTURE, leading(y=AP, x=ACROSS))
    builder.labels("cells").image_of_0_6(PICTURE, "yx", "labels/cells")
    assert words_of(opened(builder)) == [{"y": AP, "x": ACROSS}] * 2


def test_another_system_of_a_scene_has_its_own() -> None:
    turned = {"type": "affine", "affine": [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]}
    systems = [
        {"name": "world", "axes": leading(y=AP, x=ACROSS)},
        {"name": "turned", "axes": leading(y=ACROSS, x=AP)},
    ]
    steps = [
        to_world("a", "identity"),
        {**turned, "input": {"name": "world"}, "output": {"name": "turned"}},
    ]
    scene = {"coordinateSystems": systems, "coordinateTransformations": steps}
    builder = HierarchyBuilder().group(version="0.6", scene=scene)
    builder.image_of_0_6(PICTURE, "yx", "a")
    assert words(opened(builder)) == {"y": AP, "x": ACROSS}
    assert words(opened(builder, system="turned")) == {"y": ACROSS, "x": AP}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared material is not there")
def test_a_volume_of_another_writer() -> None:
    composite = open_image(SHARED / "next" / "samples" / "orientation" / "lps.ozx")
    assert words(composite) == {"z": "inferior-to-superior", "y": AP, "x": "right-to-left"}
