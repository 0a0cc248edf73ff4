"""Names of wells are seen where they can be read, as far as a person does not hide them.

Only the text of their layer is shown and hidden here, never the layer: that is the person's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from napari.layers import Points

from napari_ome_zip.layers.layer_data import note_of
from napari_ome_zip.layers.well_names import WELL_NAMES, WELL_SIZE, are_readable, in_view
from napari_ome_zip.plugin.view.visible import visible_plane

if TYPE_CHECKING:
    from napari.components import ViewerModel

MARGIN = 0.5
"""Fraction of the view around it in which names are kept ready: laying out a text takes time."""


def follow_zoom(viewer: ViewerModel) -> None:
    """Show names of wells where they can be read."""
    _FOLLOWED[viewer] = _Names(viewer)


class _Names:
    """The layers with names of wells in one viewer."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        self._shown: WeakKeyDictionary[Points, bool] = WeakKeyDictionary()
        """Whether texts are shown, as far as it was decided here."""
        viewer.layers.events.inserted.connect(self._follow)
        camera = viewer.scene.camera.events
        for emitter in (camera.zoom, camera.center, viewer.canvas.events.size):
            emitter.connect(self._decide)
        viewer.dims.events.ndisplay.connect(self._decide)

    def _follow(self, event: Any) -> None:
        layer = event.value
        if isinstance(layer, Points) and _size(layer) is not None:
            self._shown[layer] = bool(layer.text.visible)
            self._decide()

    def _decide(self, event: Any = None) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        for layer, shown in list(self._shown.items()):
            size = _size(layer)
            if layer.text.visible != shown or size is None:
                del self._shown[layer]  # a person knows better
                continue
            names = [str(name) for name in layer.features["well"]]
            readable = are_readable(names, size, viewer.scene.camera.zoom)
            self._show(layer, viewer, readable=readable and viewer.dims.ndisplay == 2)

    def _show(self, layer: Points, viewer: ViewerModel, *, readable: bool) -> None:
        if readable:
            _restrict(layer, viewer)
        if readable != self._shown[layer]:
            self._shown[layer] = readable
            layer.text.visible = readable


_FOLLOWED: WeakKeyDictionary[ViewerModel, _Names] = WeakKeyDictionary()
"""Viewers do not keep what their events call."""


def _restrict(layer: Points, viewer: ViewerModel) -> None:
    """Keep the names in view ready, and few others: every one is laid out again at each zoom."""
    first, last = map(layer.world_to_data, visible_plane(viewer))
    # A name stands at the corner of its well, and extends to its right and below.
    needed = in_view(layer.data, first, last, MARGIN / 2)
    kept = in_view(layer.data, first, last, MARGIN)
    if np.any(needed & ~layer.shown) or np.count_nonzero(layer.shown) > 4 * np.count_nonzero(kept):
        layer.shown = kept


def _size(layer: Points) -> list[float] | None:
    note: Mapping[str, Any] = note_of(layer)
    size = note.get(WELL_SIZE)
    return size if note.get(WELL_NAMES) and isinstance(size, list) and len(size) == 2 else None
