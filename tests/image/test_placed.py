"""What a Python user sees of a composite image and its parts."""

from __future__ import annotations

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, axes_of, ramp, to_world
from napari_ome_zip import open_image

TWO_CHANNELS = {"channels": [{"label": "DAPI"}, {"label": "GFP"}]}


def image(axes: str = "czyx", **more: object) -> HierarchyBuilder:
    shape = tuple({"t": 3, "c": 2, "z": 4, "y": 8, "x": 10}[axis] for axis in axes)
    scale = [{"t": 60.0, "c": 1.0, "z": 2.0, "y": 0.3, "x": 0.3}[axis] for axis in axes]
    return HierarchyBuilder().image(ramp(shape), axes, scale=scale, **more)


def test_the_scale_is_by_name_of_axis_without_channels() -> None:
    (part,) = open_image(image("tczyx").entries).images
    assert part.scale == {"t": 60.0, "z": 2.0, "y": 0.3, "x": 0.3}


def test_a_turned_image_has_the_scale_of_its_voxels() -> None:
    turn = to_world("a", "rotation", rotation=[[0.6, -0.8], [0.8, 0.6]])
    builder = HierarchyBuilder().scene("yx", turn)
    builder.image_of_0_6(ramp((8, 8)), "yx", "a", level={"type": "scale", "scale": [0.5, 0.25]})
    (part,) = open_image(builder.entries).images
    assert part.scale == pytest.approx({"y": 0.5, "x": 0.25})


def test_units_are_by_name_of_axis() -> None:
    axes = axes_of("tyx", {"y": "micrometer", "x": "micrometer"})
    builder = HierarchyBuilder().image(ramp((2, 8, 8)), axes)
    assert open_image(builder.entries).units == {"t": None, "y": "micrometer", "x": "micrometer"}


def test_a_channel_is_asked_for_by_number_or_name() -> None:
    (part,) = open_image(image(omero=TWO_CHANNELS).entries).images
    for channel in (1, -1, "GFP"):
        np.testing.assert_array_equal(part.channel_levels(channel)[0], ramp((2, 4, 8, 10))[1])


def test_a_channel_that_there_is_not_is_an_error() -> None:
    (part,) = open_image(image(omero=TWO_CHANNELS).entries).images
    with pytest.raises(KeyError, match=r"no channel 'RFP', but \['DAPI', 'GFP'\]"):
        part.channel_levels("RFP")
    for number in (2, -3):
        with pytest.raises(IndexError, match=f"no channel {number}, but 0 to 1"):
            part.channel_levels(number)


def test_an_image_without_an_axis_of_channels_has_one() -> None:
    (part,) = open_image(image("zyx").entries).images
    assert part.channel_levels(0) == part.levels
    with pytest.raises(IndexError, match="no channel 1"):
        part.channel_levels(1)


def test_it_says_in_a_line_each_what_it_holds() -> None:
    builder = image("tczyx", name="embryo", omero=TWO_CHANNELS).labels("cells")
    builder.image(np.zeros((3, 4, 8, 10), np.uint8), "tzyx", "labels/cells", name="cells")
    composite = open_image(builder.entries)
    assert repr(composite).splitlines()[1:] == [
        "  image 'embryo' (t=3, c=2, z=4, y=8, x=10) uint16, 1 level, channels DAPI, GFP",
        "  labels 'cells' (t=3, z=4, y=8, x=10) uint8, 1 level>",
    ]
    assert repr(composite).splitlines()[0].endswith(" along t, z, y, x (micrometer)")
    assert repr(composite.labels[0]) == (
        "<PlacedLabels 'cells' (t=3, z=4, y=8, x=10) uint8, 1 level>"
    )


def test_of_very_many_parts_the_first_are_told_and_the_number() -> None:
    steps = [to_world(f"f{n}", "translation", translation=[40.0 * n, 0.0]) for n in range(25)]
    builder = HierarchyBuilder().scene("yx", *steps)
    for number in range(25):
        builder.image_of_0_6(ramp((8, 8 + number)), "yx", f"f{number}")
    lines = repr(open_image(builder.entries, fuse_from=0)).splitlines()
    assert len([line for line in lines if line.startswith("  image ")]) == 20
    assert lines[-1] == "  … and 5 more>"
