"""Labels that are read from their file while they are edited, in 3D: back to 2D if too large.

napari reads the whole volume when a person switches to 3D, and tells plugins only afterwards.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from weakref import ref

from napari.layers import Labels

from napari_ome_zip.plugin.messages import after_event

if TYPE_CHECKING:
    from napari.components import ViewerModel


def return_to_2d(viewer: ViewerModel, layer: Labels) -> None:
    """Let a viewer return to 2D where the volume of a layer of `EditedPixels` is too large."""
    layer.data.on_refused = _Return(viewer)


class _Return:
    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)

    def __call__(self) -> None:
        viewer = self._viewer()
        if viewer is not None:
            # What is raised ends napari's own way into 3D halfway, without a word to the rest.
            after_event(partial(self._return, viewer.dims.point))

    def _return(self, point: tuple[float, ...]) -> None:
        viewer = self._viewer()
        if viewer is not None and viewer.dims.ndisplay == 3:
            viewer.dims.ndisplay = 2
            viewer.dims.point = point
