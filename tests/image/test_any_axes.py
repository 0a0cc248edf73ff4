"""Images of any number, order and type of axes, as 0.9.dev1 has them (RFC-3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hierarchy_builder import HierarchyBuilder, ramp, resized
from napari_ome_zip import open_image
from napari_ome_zip.errors import MetadataError

SPACE = ("space", "micrometer")


def axis(name: str, kind: str | None = None, unit: str | None = None) -> dict[str, Any]:
    written = {"name": name, "type": kind, "unit": unit}
    return {key: value for key, value in written.items() if value is not None}


def image(axes: Sequence[dict[str, Any]], shape: Sequence[int]) -> HierarchyBuilder:
    """An image of 0.9.dev1 without a word about its pixel size."""
    return HierarchyBuilder().image_of_0_6(ramp(shape), list(axes), version="0.9.dev1")


SEVERAL_CHANNEL_AXES = [
    [axis("excitation", "channel"), axis("emission", "channel"), axis("y", *SPACE)],
    [axis("c"), axis("emission", "Channel"), axis("y", *SPACE)],
    [axis("emission", "channel"), axis("c"), axis("y", *SPACE)],
]


class TestSeveralAxesOfChannels:
    @pytest.mark.parametrize("axes", SEVERAL_CHANNEL_AXES)
    def test_the_first_becomes_layers_and_the_others_are_looked_along(
        self, axes: list[dict[str, Any]]
    ) -> None:
        composite = open_image(image([*axes, axis("x", *SPACE)], (2, 3, 4, 5)).entries)
        (part,) = composite.images
        assert part.channel_axis == 0
        assert part.channel_count == 2
        assert [each.name for each in composite.system.axes] == [axes[1]["name"], "y", "x"]

    @pytest.mark.parametrize("axes", SEVERAL_CHANNEL_AXES)
    def test_every_axis_keeps_the_type_that_is_written(self, axes: list[dict[str, Any]]) -> None:
        axes = [*axes, axis("x", *SPACE)]
        composite = open_image(image(axes, (2, 3, 4, 5)).entries)
        (part,) = composite.images
        assert [each.type for each in part.axes] == [each.get("type") for each in axes]
        assert composite.system.axes[0].type == axes[1].get("type")


@pytest.mark.parametrize("count", [63, 64])
def test_as_many_axes_as_a_viewer_can_take_are_shown(count: int) -> None:
    axes = [{"name": f"a{number}"} for number in range(count)]
    builder = HierarchyBuilder().image_of_0_6(ramp((3, 4)), axes, version="0.9.dev1")
    shape = (*[1] * (count - 2), 3, 4)
    builder.put("0/zarr.json", resized(builder.entries["0/zarr.json"], shape, shape))
    if count > 63:
        with pytest.raises(MetadataError, match="has 64 dimensions, more than the 63"):
            open_image(builder.entries)
    else:
        assert open_image(builder.entries).parts[0].shape == shape
