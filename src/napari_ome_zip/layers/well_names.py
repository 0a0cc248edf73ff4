"""The names of a plate's wells, as a layer of points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers.layer_data import METADATA_KEY, LayerData, layer_note

WELL_NAMES = "well_names"
"""Key in a layer's note that marks the layer with the names of wells."""

WELL_SIZE = "well_size"
"""Key in such a note: how far wells extend along y and x, in world coordinates."""

TEXT_SIZE = 10
"""Of the names, in points."""
MIN_WELL = 40
"""Pixels of the screen that a well has to span for its name to be read in it."""
CHARACTER = 11
"""Pixels of the screen that a character of a name takes."""


def well_names_layer(composite: CompositeImage, common: dict[str, Any]) -> LayerData:
    """The names of wells as text at their upper left corners.

    The points have only the two dimensions of the plate: so they are seen at every time and depth.
    A window hides the text where it could not be read.
    """
    wells = composite.wells
    sizes = np.array([np.subtract(well.high, well.low) for well in wells])
    height, width = np.median(sizes, axis=0).tolist()
    keywords = {
        **{key: values[-2:] for key, values in common.items()},
        "name": "well names",
        "features": {"well": [well.name for well in wells]},
        "text": {"string": "{well}", "size": TEXT_SIZE, "color": "white", "anchor": "lower_left"},
        "size": float(np.median(sizes)) / 20,
        "face_color": "transparent",
        "border_color": "transparent",
        "metadata": {
            METADATA_KEY: {
                "source": composite.source,
                WELL_NAMES: True,
                WELL_SIZE: [height, width],
            }
        },
    }
    return np.array([well.low for well in wells]), keywords, "points"


def is_well_names(layer: LayerData) -> bool:
    """Whether a layer shows the names of wells that were read with a plate."""
    return layer_note(layer[1]).get(WELL_NAMES) is True


def are_readable(names: Sequence[str], size: Sequence[float], zoom: float) -> bool:
    """Whether names can be read in wells, without covering much of them.

    Parameters
    ----------
    names : sequence of str
    size : sequence of float
        How far wells extend along y and x, in world coordinates.
    zoom : float
        Pixels of the screen for one of the world's unit.
    """
    longest = max(map(len, names), default=0)
    return min(size) * zoom >= MIN_WELL and size[-1] * zoom >= CHARACTER * longest


def in_view(
    places: npt.NDArray[np.float64], first: Sequence[float], last: Sequence[float], margin: float
) -> npt.NDArray[np.bool_]:
    """Which places lie between two corners, and around that by a fraction of its size."""
    low, high = np.minimum(first, last), np.maximum(first, last)
    around = margin * (high - low)
    inside: npt.NDArray[np.bool_] = np.all((places >= low - around) & (places <= high + around), 1)
    return inside
