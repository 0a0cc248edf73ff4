"""All of a file is in view when it is opened in an empty window.

napari fits its view to the layer that is added first, which may be one field of view of many, and
to the canvas as it is before sliders and controls take room from it.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_ome_zip.plugin.view.restore import SETTLING_MS

if TYPE_CHECKING:
    from napari.components import ViewerModel

MAX_ADDING_MS = 10_000
"""How long the layers of a file may take to be added."""

_UNDER_WAY: WeakKeyDictionary[ViewerModel, _Fitting] = WeakKeyDictionary()
"""Viewers do not keep what their events call."""


def fit_when_shown(viewer: ViewerModel, count: int) -> None:
    """Fit the view to all layers of what is opened, once they are in a viewer.

    Parameters
    ----------
    viewer : ViewerModel
        Has no layers yet; they are about to be added.
    count : int
        How many layers there will be.
    """
    _UNDER_WAY[viewer] = _Fitting(viewer, count)


class _Fitting:
    """Fits the view when the last layer is there, and as often as the canvas settles after it."""

    def __init__(self, viewer: ViewerModel, count: int) -> None:
        self._viewer = weakref.ref(viewer)
        self._missing = count
        self._fitted: tuple[Any, ...] = ()
        viewer.layers.events.inserted.connect(self._on_inserted)
        if QApplication.instance() is not None:  # napari may refuse a layer, and add no more
            QTimer.singleShot(MAX_ADDING_MS, self._end)

    def _on_inserted(self, _event: Any) -> None:
        self._missing -= 1
        viewer = self._viewer()
        if viewer is None or self._missing:
            return
        viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._fit(viewer)
        if QApplication.instance() is not None:
            viewer.canvas.events.size.connect(self._on_size)
            QTimer.singleShot(SETTLING_MS, self._end)

    def _on_size(self, _event: Any = None) -> None:
        viewer = self._viewer()
        if viewer is not None and _camera(viewer) == self._fitted:  # else a person moved it
            self._fit(viewer)

    def _fit(self, viewer: ViewerModel) -> None:
        viewer.reset_view()
        self._fitted = _camera(viewer)

    def _end(self) -> None:
        viewer = self._viewer()
        if viewer is not None:
            viewer.layers.events.inserted.disconnect(self._on_inserted)
            viewer.canvas.events.size.disconnect(self._on_size)
            if _UNDER_WAY.get(viewer) is self:
                del _UNDER_WAY[viewer]


def _camera(viewer: ViewerModel) -> tuple[Any, ...]:
    camera = viewer.scene.camera
    return (*camera.center, camera.zoom, *camera.angles)
