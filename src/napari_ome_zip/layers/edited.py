"""Layers of labels of which a part is edited, as the whole that they are a part of."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_ome_zip.layers.layer_data import SHOWN_PLANE, LayerData
from napari_ome_zip.layers.understanding import world_matrix
from napari_ome_zip.pixels.edited_pixels import EditedPixels
from napari_ome_zip.pixels.lazy import lazy


def in_whole(layer_data: LayerData) -> LayerData:
    """Layer data of `EditedPixels` as those of all the labels that they came from.

    Pixels that were not painted, those outside of the edited region among them, are those of the
    file. Labels of which nothing was painted are as they were, with all of their levels. Other
    layer data stay as they are.
    """
    data, keywords, kind = layer_data
    if not isinstance(data, EditedPixels):
        return layer_data
    moved = {**keywords, "translate": _translation_of_whole(keywords, data)}
    plane = keywords.get(SHOWN_PLANE)
    if plane is not None:
        moved[SHOWN_PLANE] = [n + first for n, first in zip(plane, data.start, strict=True)]
    return lazy(data.snapshot()) if data.is_painted else data.levels, moved, kind


def _translation_of_whole(keywords: dict[str, Any], data: EditedPixels) -> tuple[float, ...]:
    """Where the first pixel of the whole lies, before the layer's affine is applied."""
    inner = world_matrix({**keywords, "affine": None}, data.ndim)
    return tuple(map(float, inner[:, -1] - inner[:, :-1] @ np.array(data.start)))
