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
        events = self._layers.events
        events.inserted.connect(self._on_inserted)
        events.removed.connect(self._on_removed)
        events.reordered.connect(self._on_change)
        self._layers.selection.events.active.connect(self._on_change)
        for layer in self._layers:
            self._follow(layer)

    def stop(self) -> None:
        """Stop following."""
        events = self._layers.events
        events.inserted.disconnect(self._on_inserted)
        events.removed.disconnect(self._on_removed)
        events.reordered.disconnect(self._on_change)
        self._layers.selection.events.active.disconnect(self._on_change)
        for layer in self._layers:
            self._leave(layer)

    def _follow(self, layer: Any) -> None:
        for name in _EVENTS:
            getattr(layer.events, name).connect(self._on_change)

    def _leave(self, layer: Any) -> None:
        for name in _EVENTS:
            getattr(layer.events, name).disconnect(self._on_change)

    def _on_inserted(self, event: Any) -> None:
        self._follow(event.value)
        self._changed()

    def _on_removed(self, event: Any) -> None:
        self._leave(event.value)
        self._changed()

    def _on_change(self, event: Any = None) -> None:
        self._changed()
