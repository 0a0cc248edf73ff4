"""The view of a file in the empty window that it is opened in: as it was saved, else all of it.

napari fits its view to the layer that is added first, which may be one field of view of many, and
to the canvas as it is before sliders and controls take room from it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Set
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_ome_zip.layers.layer_data import note_of
from napari_ome_zip.layers.view_state import Camera, Sliders, ViewState, factors, zoom_for
from napari_ome_zip.plugin.messages import after_event
from napari_ome_zip.plugin.view.capture import overlays

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

SETTLING_MS = 1000
"""How long a canvas may take to get its size after layers were added: sliders take room of it."""
MAX_ADDING_MS = 10_000
"""How long the layers of a file may take to be added."""

_UNDER_WAY: WeakKeyDictionary[ViewerModel, _Arriving] = WeakKeyDictionary()
"""Viewers do not keep what their events call."""


def show_when_added(
    viewer: ViewerModel, sources: Set[str], count: int, state: ViewState | None = None
) -> None:
    """Show a view once all layers of what is opened are in a viewer; they are about to be added.

    Parameters
    ----------
    viewer : ViewerModel
        Has no layers yet.
    sources : set of str
        The files; layers of another one end this.
    count : int
        How many layers there will be.
    state : ViewState, optional
        The view; where there is none, or it does not fit to the layers, all of them are in view.
    """
    _UNDER_WAY[viewer] = _Arriving(viewer, sources, count, state or ViewState())


def show_view(viewer: ViewerModel, state: ViewState) -> None:
    """Show a view of the layers that are in a viewer."""
    convert = _fitting(viewer, state)
    if state.sliders is not None and convert is not None:
        _show_sliders(viewer, state.sliders, convert, state.ndisplay)
        if state.camera is not None:
            _show_camera(viewer, state.camera, convert)
            _show_zoom(viewer, state)
    if state.grid is not None:
        grid = viewer.canvas.grid
        grid.stride, grid.shape = state.grid.stride, state.grid.shape
        grid.spacing, grid.enabled = state.grid.spacing, state.grid.enabled
    for name, visible in state.overlays:
        overlays(viewer)[name].visible = visible


def _fitting(viewer: ViewerModel, state: ViewState) -> tuple[float, ...] | None:
    """What world coordinates of a state are multiplied by; None where they are of other axes."""
    sliders = state.sliders
    if sliders is None or len(sliders.order) != viewer.dims.ndim:
        return None
    return factors(sliders, tuple(map(str, viewer.dims.units or ())))


def _show_sliders(
    viewer: ViewerModel, sliders: Sliders, convert: tuple[float, ...], ndisplay: int
) -> None:
    dims = viewer.dims
    dims.order = sliders.order
    # Before the sliders are moved: on leaving 2D napari moves the camera to where they are.
    dims.ndisplay = ndisplay
    dims.margin_left, dims.margin_right, dims.point = (
        tuple(value * factor for value, factor in zip(values, convert, strict=True))
        for values in (sliders.margin_left, sliders.margin_right, sliders.point)
    )
    if sliders.axis_labels and all(label.lstrip("-").isdigit() for label in dims.axis_labels):
        dims.axis_labels = sliders.axis_labels


def _show_camera(viewer: ViewerModel, saved: Camera, convert: tuple[float, ...]) -> None:
    camera = viewer.scene.camera
    displayed = [convert[axis] for axis in viewer.dims.order[-3:]]
    displayed = [*[1.0] * (3 - len(displayed)), *displayed]
    if saved.orientation:
        camera.orientation = saved.orientation
    camera.perspective = saved.perspective
    camera.angles = saved.angles
    camera.center = tuple(at * factor for at, factor in zip(saved.center, displayed, strict=True))


def _show_zoom(viewer: ViewerModel, state: ViewState) -> None:
    """Show as much of the world as was shown, or all of it, whatever the size of the canvas."""
    convert = _fitting(viewer, state)
    if state.camera is None or convert is None:
        viewer.reset_view()
        return
    last = convert[viewer.dims.order[-1]]
    viewer.scene.camera.zoom = zoom_for(state.camera, viewer.canvas.size) / last


class _Arriving:
    """Waits for the layers of what is opened, and shows the view when the last one is there.

    napari resets the view when the first layer is added, and selects each layer after it was
    added; a canvas gets its size only when there are events again.
    """

    def __init__(
        self, viewer: ViewerModel, sources: Set[str], count: int, state: ViewState
    ) -> None:
        self._viewer = weakref.ref(viewer)
        self._sources = sources
        self._state = state
        self._missing = count
        self._layers: list[weakref.ref[Layer]] = []
        self._shown: tuple[float, ...] = ()
        """The camera as it was set here last."""
        viewer.layers.events.inserted.connect(self._on_inserted)
        _later(MAX_ADDING_MS, self._end)  # napari may refuse a layer, and add no more

    def _on_inserted(self, event: Any) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        if note_of(event.value).get("source") not in self._sources:
            self._end()
            return
        self._missing -= 1
        self._layers.append(weakref.ref(event.value))
        if self._missing:
            return
        viewer.layers.events.inserted.disconnect(self._on_inserted)
        viewer.reset_view()  # to all layers, where the view says no more
        show_view(viewer, self._state)
        self._shown = _camera(viewer)
        viewer.canvas.events.size.connect(self._on_size)
        after_event(self._select)
        _later(SETTLING_MS, self._end)

    def _select(self) -> None:
        viewer = self._viewer()
        if viewer is None or self._state.selected is None:
            return
        layers = [layer for ref in self._layers if (layer := ref()) is not None]
        if len(viewer.layers) != len(layers):  # someone went on
            return
        names = {layer.name: layer for layer in layers if layer in viewer.layers}
        chosen = [names[name] for name in self._state.selected if name in names]
        if chosen or (names and not self._state.selected):
            viewer.layers.selection.clear()
            viewer.layers.selection.update(chosen)

    def _on_size(self, _event: Any = None) -> None:
        """Show as much as before, unless someone moved the camera meanwhile."""
        viewer = self._viewer()
        if viewer is None:
            return
        if _camera(viewer) != self._shown:
            self._end()
            return
        _show_zoom(viewer, self._state)
        self._shown = _camera(viewer)

    def _end(self) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        viewer.layers.events.inserted.disconnect(self._on_inserted)
        viewer.canvas.events.size.disconnect(self._on_size)
        if _UNDER_WAY.get(viewer) is self:
            del _UNDER_WAY[viewer]


def _camera(viewer: ViewerModel) -> tuple[float, ...]:
    camera = viewer.scene.camera
    return (*camera.center, camera.zoom, *camera.angles)


def _later(milliseconds: int, work: Callable[[], None]) -> None:
    if QApplication.instance() is not None:
        QTimer.singleShot(milliseconds, work)
