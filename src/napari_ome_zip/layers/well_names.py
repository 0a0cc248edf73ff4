"""The names of a plate's wells, as a layer of points."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers.layer_data import METADATA_KEY, LayerData, layer_note

WELL_NAMES = "well_names"
"""Key in a layer's note that marks the layer with the names of wells."""


def well_names_layer(composite: CompositeImage, common: dict[str, Any]) -> LayerData:
    """The names of wells as text at their upper left corners, hidden at first.

    The points have only the two dimensions of the plate: so they are seen at every time and depth.
    """
    wells = composite.wells
    size = float(
        np.median([b - a for well in wells for a, b in zip(well.low, well.high, strict=True)])
    )
    keywords = {
        **{key: values[-2:] for key, values in common.items()},
        "name": "well names",
        "features": {"well": [well.name for well in wells]},
        "text": {"string": "{well}", "size": 10, "color": "white", "anchor": "lower_left"},
        "size": size / 20,
        "face_color": "transparent",
        "border_color": "transparent",
        "visible": False,
        "metadata": {METADATA_KEY: {"source": composite.source, WELL_NAMES: True}},
    }
    return np.array([well.low for well in wells]), keywords, "points"


def is_well_names(layer: LayerData) -> bool:
    """Whether a layer shows the names of wells that were read with a plate."""
    return layer_note(layer[1]).get(WELL_NAMES) is True
