"""Adds layers to a window one after the other, in the order in which they were asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

from napari.layers import Layer
from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QWidget

from napari_ome_zip.layers.layer_data import LayerData

if TYPE_CHECKING:
    import napari.viewer

_TURNS: WeakKeyDictionary[Layer, int] = WeakKeyDictionary()
"""When the files of layers were asked for."""


def add_in_turn(
    viewer: napari.viewer.Viewer, window: QWidget, layers: Iterable[LayerData | Layer], turn: int
) -> None:
    """Add layers below those of files that were asked for later, whichever was there first.

    The window answers between two of them: napari takes a moment for each.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    window : QWidget
        Its window: closing it ends this.
    layers : iterable of LayerData or Layer
        Those of one file.
    turn : int
        When it was asked for.
    """
    known: list[_Adding] = window.findChildren(_Adding)
    adding = known[0] if known else _Adding(viewer, window)
    adding.add(layers, turn)


class _Adding(QObject):
    """Layers that are about to be added to a window."""

    def __init__(self, viewer: napari.viewer.Viewer, window: QWidget) -> None:
        super().__init__(window)
        self._viewer = ref(viewer)
        self._waiting: deque[tuple[LayerData | Layer, int]] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._add_next)

    def add(self, layers: Iterable[LayerData | Layer], turn: int) -> None:
        """Add these after those that wait already."""
        self._waiting.extend((layer, turn) for layer in layers)
        self._timer.start(0)

    def _add_next(self) -> None:
        viewer = self._viewer()
        if viewer is None or not self._waiting:
            return
        layer, turn = self._waiting.popleft()
        if self._waiting:  # also where napari refuses this one
            self._timer.start(0)
        made = layer if isinstance(layer, Layer) else Layer.create(*layer)
        _TURNS[made] = turn
        later = (n for n, each in enumerate(viewer.layers) if _TURNS.get(each, -1) > turn)
        viewer.layers.insert(next(later, len(viewer.layers)), made)
