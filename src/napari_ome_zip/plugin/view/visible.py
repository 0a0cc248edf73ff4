"""What of the world a canvas shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from napari.components import ViewerModel

type Corner = npt.NDArray[np.float64]


def visible_plane(viewer: ViewerModel) -> tuple[Corner, Corner]:
    """Lowest and highest world coordinates, along the two displayed dimensions, in the canvas.

    In a grid it is what lies in one of its cells.
    """
    camera = viewer.scene.camera
    half = np.array(viewer.canvas.viewbox_size(viewer.layers), dtype=float) / camera.zoom / 2
    middle = np.array(camera.center[-2:], dtype=float)
    return middle - half, middle + half
