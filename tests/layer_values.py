"""Look up what a napari layer shows at a place in the world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Layer


def value_at(layer: Layer, world: tuple[float, float]) -> int | float | None:
    """Return the full-resolution value at world coordinates (y, x), None outside the layer.

    Other axes than the last two are taken at their first plane.
    """
    data = layer.data[0] if layer.multiscale else layer.data
    others = layer.data_to_world((0,) * layer.ndim)[:-2]
    index = np.rint(layer.world_to_data((*others, *world))).astype(int)
    if any(i < 0 or i >= size for i, size in zip(index, data.shape, strict=True)):
        return None
    return np.asarray(data[tuple(index)]).item()
