"""Positions and ranges of a layer's sliders, which ordinary layer data do not have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from napari_ome_zip.image.axis_order import axes_of_space
from napari_ome_zip.layers.layer_data import CONTRAST_RANGE, SHOWN, SHOWN_PLANE
from napari_ome_zip.layers.understanding import UnderstoodLayer
from napari_ome_zip.ome import Axis


def contrast_range(layer: UnderstoodLayer) -> tuple[float, float] | None:
    """Range of the contrast slider: the current one if known, else that of the file."""
    found: Any
    for found in (layer.keywords.get(CONTRAST_RANGE), layer.note.get(CONTRAST_RANGE)):
        if _is_range(found):
            return float(found[0]), float(found[1])
    return None


def shown_plane(layer: UnderstoodLayer, axes: Sequence[Axis]) -> tuple[int, int]:
    """The time and the plane in depth that are shown, as indices; 0 where nothing is known.

    Parameters
    ----------
    layer : UnderstoodLayer
    axes : sequence of Axis
        One for each of its dimensions.
    """
    indices = layer.keywords.get(SHOWN_PLANE)
    if indices is None:
        noted: Any = layer.note.get(SHOWN)
        return (noted[0], noted[1]) if _are_indices(noted) and len(noted) == 2 else (0, 0)
    if not _are_indices(indices) or len(indices) != len(axes):
        return 0, 0
    times = [index for axis, index in zip(axes, indices, strict=True) if axis.role == "time"]
    planes = [indices[number] for number in axes_of_space(axes)[:-2]]
    return (*times, 0)[0], (0, *planes)[-1]


def _is_range(value: Any) -> bool:
    if not isinstance(value, Sequence) or len(value) != 2:
        return False
    return all(map(_is_finite, value)) and value[0] < value[1]


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _are_indices(value: Any) -> bool:
    return isinstance(value, Sequence) and all(isinstance(n, int) and n >= 0 for n in value)
