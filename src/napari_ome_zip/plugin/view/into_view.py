"""Brings layers into view of which a window shows nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from napari_ome_zip.plugin.contents.model import Item, Kind
from napari_ome_zip.plugin.contents.places import Box, go_to, item_box
from napari_ome_zip.plugin.view.visible import visible_plane

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

SEEN = 16
"""Pixels of a canvas: something smaller, both ways, is not noticed."""


def bring_into_view(viewer: ViewerModel, layers: Sequence[Layer]) -> None:
    """Move the camera and the sliders of a viewer to layers, if nothing of them is seen.

    As long as something of them is, a person keeps the view. So it is in 3D, too.

    Parameters
    ----------
    viewer : ViewerModel
    layers : sequence of Layer
        Those of one file.
    """
    keys = tuple(layer.unique_id for layer in layers if layer.visible)
    item = Item(Kind.FILE, "", (), keys)
    box = item_box(item, viewer)
    if box is not None and viewer.dims.ndisplay == 2 and not _is_seen(viewer, box):
        go_to(viewer, item)


def _is_seen(viewer: ViewerModel, box: Box) -> bool:
    dims = viewer.dims
    first = dims.ndim - box.shape[1]
    for dimension in range(first, dims.ndim):
        low, high = box[:, dimension - first]
        if dimension not in dims.displayed and not low <= dims.point[dimension] <= high:
            return False
    shown = [dimension - first for dimension in dims.displayed]
    lowest, highest = visible_plane(viewer)
    low, high = box[0, shown], box[1, shown]
    size = (high - low) * viewer.scene.camera.zoom
    return bool((low < highest).all() and (high > lowest).all() and (size >= SEEN).any())
