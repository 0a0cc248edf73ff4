"""What is selected when a file is open: an image or labels.

napari selects what was added last. Names of wells, which are there to be read, and tables of
regions, which are hidden at first, leave that to what lies below them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from napari_ome_zip.layers.layer_data import note_of
from napari_ome_zip.layers.region_layers import region_layer_of
from napari_ome_zip.layers.well_names import WELL_NAMES
from napari_ome_zip.plugin.messages import after_event

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


def follow_additions(viewer: ViewerModel) -> None:
    """Let a layer be selected that a person works on."""
    _FOLLOWED[viewer] = _Additions(viewer)


class _Additions:
    """What is added to one viewer."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        viewer.layers.events.inserted.connect(self._follow)

    def _follow(self, event: Any) -> None:
        if _is_beside(event.value):
            # napari selects what was added last, once it is added.
            after_event(partial(self._leave_selection, ref(event.value)))

    def _leave_selection(self, added: Callable[[], Layer | None]) -> None:
        viewer, layer = self._viewer(), added()
        if viewer is None or layer is None or viewer.layers.selection != {layer}:
            return
        below = viewer.layers[: viewer.layers.index(layer)]
        others = [each for each in below if not _is_beside(each)]
        if others:
            viewer.layers.selection.active = others[-1]


_FOLLOWED: WeakKeyDictionary[ViewerModel, _Additions] = WeakKeyDictionary()
"""Viewers do not keep what their events call."""


def _is_beside(layer: Layer) -> bool:
    """Whether there is something else in its file that a person works on."""
    note = note_of(layer)
    return bool(note.get(WELL_NAMES)) or (region_layer_of(note) is not None and not layer.visible)
