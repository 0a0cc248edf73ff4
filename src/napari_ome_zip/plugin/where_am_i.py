"""The status bar names the well, field or tile under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy as np
import pint
from napari.layers import Image
from napari.settings import get_settings

from napari_ome_zip.layers.layer_data import note_of
from napari_ome_zip.layers.opened_layer import opened_layer
from napari_ome_zip.layers.overlaying import SCAN
from napari_ome_zip.layers.where import ShownImage, Where

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

_PLACE = ("scale", "translate", "rotate", "shear", "affine", "units", "metadata", "data")
_IDLE = "Ready"
"""What napari's status says where it has nothing to say."""
_BETWEEN = "   "

type _Status = str | dict[str, Any]


def follow_pointer(viewer: ViewerModel) -> None:
    """Begin the status with what lies under the pointer, wherever that has a name."""
    _FOLLOWED[viewer] = _Pointer(viewer)


class _Pointer:
    """What lies under the pointer of one viewer, and how its status says so.

    napari computes its status in a thread, and sets it in the window's: that is amended as soon as
    it is set. Where nothing is selected it stays the same, so the pointer is followed, too.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        self._where: Where | None = None
        self._layers: list[list[Layer]] = []
        """Of each image that is known to `_where`."""
        self._name = ""
        self._status: _Status = ""
        """As napari set it last."""
        self._shown: _Status | None = None
        """As it was amended last."""
        viewer.layers.events.inserted.connect(self._follow)
        for name in ("removed", "reordered"):
            getattr(viewer.layers.events, name).connect(self._forget)
        viewer.dims.events.ndim.connect(self._forget)
        viewer.cursor.events.position.connect(self._moved)
        # Behind the status bar, which shows what is set last.
        viewer.events.status.connect(self._status_changed, position="last")

    def _follow(self, event: Any) -> None:
        for name in _PLACE:
            emitter = getattr(event.value.events, name, None)
            if emitter is not None:
                emitter.connect(self._forget)
        self._forget()

    def _forget(self, event: Any = None) -> None:
        self._where = None

    def _moved(self, event: Any = None) -> None:
        viewer = self._viewer()
        if viewer is None or not get_settings().appearance.update_status_based_on_layer:
            return
        name = self._name_at_pointer(viewer)
        if name != self._name and _is_of_pointer(self._status):
            self._name = name
            self._amend(viewer)

    def _status_changed(self, event: Any) -> None:
        viewer = self._viewer()
        # napari tells of what is set here when it has told of what it set itself.
        if viewer is None or viewer.status == self._shown:
            return
        self._status = viewer.status
        self._name = ""
        if not _is_of_pointer(self._status):
            return
        self._name = self._name_at_pointer(viewer)
        if self._name:
            self._amend(viewer)

    def _amend(self, viewer: ViewerModel) -> None:
        amended = _amended(self._status, self._name)
        self._shown = amended if self._name else None
        viewer.status = amended

    def _name_at_pointer(self, viewer: ViewerModel) -> str:
        # In 3D a pointer is a ray, which meets many things.
        if not viewer.mouse_over_canvas or viewer.dims.ndisplay != 2:
            return ""
        if self._where is None:
            images = _images_of(viewer)
            self._layers = [layers for layers, _ in images]
            self._where = Where([image for _, image in images], viewer.dims.ndim)
        position = viewer.cursor.position
        if len(position) != viewer.dims.ndim:
            return ""
        return self._where.at(position, self._is_seen)

    def _is_seen(self, number: int) -> bool:
        return any(layer.visible and layer.opacity > 0 for layer in self._layers[number])


_FOLLOWED: WeakKeyDictionary[ViewerModel, _Pointer] = WeakKeyDictionary()
"""Viewers do not keep what their events call."""


def _is_of_pointer(status: _Status) -> bool:
    """Whether a status says what lies under the pointer; others are messages, which stay."""
    return isinstance(status, dict) or status == _IDLE or "»" in status


def _amended(status: _Status, name: str) -> _Status:
    if not name:
        return status
    if isinstance(status, dict):
        return {**status, "coordinates": f"{name}{_BETWEEN}{status.get('coordinates', '')}"}
    return name if status == _IDLE else f"{name}{_BETWEEN}{status}"


def _images_of(viewer: ViewerModel) -> list[tuple[list[Layer], ShownImage]]:
    """Images of files that hold several, or divided ones, with their layers, bottom first."""
    groups: dict[Any, list[Layer]] = {}
    for layer in viewer.layers:
        note = note_of(layer)
        if isinstance(layer, Image) and opened_layer(note) is not None:
            key = (note.get("source"), note.get("path"), note.get("multiscale"))
            groups.setdefault(key, []).append(layer)
    found = [(layers, _shown(layers[0], viewer)) for layers in groups.values()]
    files = [source for source, _, _ in groups]
    return [
        (layers, image)
        for (layers, image), source in zip(found, files, strict=True)
        if image is not None and (image.is_divided or files.count(source) > 1)
    ]


def _shown(layer: Layer, viewer: ViewerModel) -> ShownImage | None:
    note = note_of(layer)
    made = opened_layer(note)
    order = tuple(note.get("order") or range(layer.ndim))
    ndim = viewer.dims.ndim
    if made is None or made.part.nonlinear or len(order) != layer.ndim or layer.ndim > ndim:
        return None
    factors = _factors(layer, viewer)
    # The map is affine: what it does to the axes says all of it.
    origin = np.asarray(layer.world_to_data(np.zeros(ndim)))
    steps = [np.asarray(layer.world_to_data(step)) - origin for step in np.diag(factors)]
    return ShownImage(made.part, order, np.column_stack([*steps, origin]), SCAN in note)


def _factors(layer: Layer, viewer: ViewerModel) -> list[float]:
    """Lengths of the layer's unit that one of the viewer's is, along each dimension."""
    units: Sequence[pint.Unit] | None = viewer.layers.extent.units
    factors = [1.0] * viewer.dims.ndim
    if units is None or len(units) != len(factors):
        return factors
    for number, (own, world) in enumerate(
        zip(reversed(layer.units), reversed(units), strict=False), start=1
    ):
        if own != world and own.is_compatible_with(world):
            factors[-number] = float((1 * world).to(own).magnitude)
    return factors
