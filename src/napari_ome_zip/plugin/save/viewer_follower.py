"""Calls back when a viewer shows something else than before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari_ome_zip.plugin.layer_follower import LayerFollower

if TYPE_CHECKING:
    from napari.components import ViewerModel


class ViewerFollower:
    """Follows a viewer until `stop` is called.

    Parameters
    ----------
    viewer : ViewerModel
    changed : callable
        Called without arguments when layers or dimensions change.
    moved : callable
        Called without arguments when another region is shown of the same.
    """

    def __init__(
        self, viewer: ViewerModel, changed: Callable[[], None], moved: Callable[[], None]
    ) -> None:
        self._changed, self._moved = changed, moved
        self._layers = LayerFollower(viewer, changed)
        dims, camera, canvas = viewer.dims.events, viewer.scene.camera.events, viewer.canvas
        self._dims = (dims.range, dims.axis_labels, dims.order, dims.ndisplay, dims.ndim)
        self._view = (camera.center, camera.zoom, canvas.events.size, canvas.grid.events.enabled)
        for event in self._dims:
            event.connect(self._on_dims)
        for event in self._view:
            event.connect(self._on_view)

    def stop(self) -> None:
        """Stop following."""
        self._layers.stop()
        for event in self._dims:
            event.disconnect(self._on_dims)
        for event in self._view:
            event.disconnect(self._on_view)

    def _on_dims(self, _: object) -> None:
        self._changed()

    def _on_view(self, _: object) -> None:
        self._moved()
