"""Calls back when a viewer's layers come, go, or change in a way that matters to a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import napari.layers
    import napari.viewer

_EVENTS = ("name", "data", "scale", "translate", "rotate", "shear", "affine", "units")


class LayerFollower:
    """Follows the layers of a viewer until `stop` is called.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    changed : callable
        Called without arguments.
    """

    def __init__(self, viewer: napari.viewer.Viewer, changed: Callable[[], None]) -> None:
        self._layers = viewer.layers
        self._changed = changed
        self._followed: list[Any] = []
        for name in ("inserted", "removed", "reordered"):
            getattr(self._layers.events, name).connect(self._on_list)
        self._layers.selection.events.active.connect(self._on_layer)
        self._follow_layers()

    def stop(self) -> None:
        """Stop following."""
        for name in ("inserted", "removed", "reordered"):
            getattr(self._layers.events, name).disconnect(self._on_list)
        self._layers.selection.events.active.disconnect(self._on_layer)
        self._leave_layers()

    def _follow_layers(self) -> None:
        self._followed = list(self._layers)
        for layer in self._followed:
            for name in _EVENTS:
                getattr(layer.events, name).connect(self._on_layer)

    def _leave_layers(self) -> None:
        for layer in self._followed:
            for name in _EVENTS:
                getattr(layer.events, name).disconnect(self._on_layer)
        self._followed = []

    def _on_list(self, event: Any = None) -> None:
        self._leave_layers()
        self._follow_layers()
        self._changed()

    def _on_layer(self, event: Any = None) -> None:
        self._changed()
