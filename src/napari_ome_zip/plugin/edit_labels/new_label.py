"""A new label, by napari's key and button, where labels are read from their file while edited.

napari looks for the largest label in memory. A part of the labels would give a number that another
object has, outside of the part, and both would be one when the labels are saved.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from napari.layers import Labels
from napari.settings import get_settings
from napari.utils.notifications import NotificationSeverity
from qtpy.QtWidgets import QPushButton

from napari_ome_zip.errors import ReadCancelledError
from napari_ome_zip.pixels.edited_pixels import final_pixels
from napari_ome_zip.pixels.grid import pieces, shape_of
from napari_ome_zip.plugin.edit_labels.controls import main_window, shown_controls
from napari_ome_zip.plugin.edit_labels.replacing import part_shape
from napari_ome_zip.plugin.messages import notify
from napari_ome_zip.plugin.window_run import WorkRun
from napari_ome_zip.progress import Cancelled, Progress, Watch

if TYPE_CHECKING:
    import napari.viewer

_ACTION = "napari:new_label"
_BUTTON = "newLabelButton"
"""Qt's name of the button."""
_TAKEN = "napari_ome_zip"
"""Property of a button that was taken over."""


def bind_new_label(viewer: napari.viewer.Viewer, layer: Labels) -> None:
    """Let napari's key and button for a new label select one that no object of the file has.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    layer : napari.layers.Labels
        Of `EditedPixels`.
    """
    new_label = _NewLabel(viewer, layer)
    # The layer holds it by its keys, the event weakly.
    for key in get_settings().shortcuts.shortcuts.get(_ACTION, ()):
        layer.bind_key(key, new_label.select, overwrite=True)
    viewer.layers.selection.events.changed.connect(new_label.on_selected)
    new_label.on_selected()


class _NewLabel:
    """Selects the largest label of all plus one; the file is gone through once, in a thread."""

    def __init__(self, viewer: napari.viewer.Viewer, layer: Labels) -> None:
        self._viewer = ref(viewer)
        self._layer = ref(layer)
        self._level = layer.data.levels[0]
        self._largest: int | None = None
        self._is_looking = False

    def on_selected(self, event: Any = None) -> None:
        """Take over the button of the controls, once they are shown."""
        viewer, layer = self._viewer(), self._layer()
        if viewer is None or layer is None or viewer.layers.selection.active is not layer:
            return
        controls = shown_controls(viewer) if hasattr(viewer, "window") else None
        button = None if controls is None else controls.findChild(QPushButton, _BUTTON)
        if button is None or button.property(_TAKEN):
            return
        button.setProperty(_TAKEN, True)
        button.clicked.disconnect()  # napari's own
        button.clicked.connect(lambda: self._on_button())

    def _on_button(self) -> None:
        layer = self._layer()
        if layer is not None:
            self.select(layer)

    def select(self, layer: Labels) -> None:
        """Select a new label; the first time, when the file was gone through."""
        viewer = self._viewer()
        if self._largest is not None:
            self._select(layer, self._largest)
        elif viewer is not None and not self._is_looking:
            self._is_looking = True
            notify("Looking for the largest label of the file.", NotificationSeverity.INFO)
            WorkRun(
                main_window(viewer),
                f"Looking for the largest label of {layer.name}",
                self._look,
                lambda largest: self._found(layer, largest),
                self._failed,
            ).start()

    def _look(self, progress: Progress, cancelled: Cancelled) -> int:
        return largest_label(self._level, progress, cancelled)

    def _found(self, layer: Labels, largest: int) -> None:
        self._is_looking = False
        self._largest = largest
        self._select(layer, largest)

    def _failed(self, error: Exception) -> None:
        self._is_looking = False
        severity = NotificationSeverity.INFO
        if not isinstance(error, ReadCancelledError):
            severity = NotificationSeverity.ERROR
        notify(f"No new label was selected. {error}", severity)

    def _select(self, layer: Labels, largest: int) -> None:
        label = max(largest, layer.data.largest_painted()) + 1
        limit = np.iinfo(layer.data.dtype).max
        if label > limit:
            notify(
                f"'{layer.name}' has no label left: {limit} is the largest that {layer.data.dtype} "
                "holds. Save it, and convert its type of pixels.",
                NotificationSeverity.WARNING,
            )
            return
        layer.selected_label = label


def largest_label(
    level: Any, progress: Progress | None = None, cancelled: Cancelled | None = None
) -> int:
    """The largest value of all pixels of a level; few of them are in memory at a time.

    Raises
    ------
    ReadCancelledError
        Where it was cancelled.
    """
    whole = tuple(slice(0, int(n)) for n in level.shape)
    total = math.prod(shape_of(whole))
    watch = Watch(progress, cancelled, _cancelled, total)
    largest = 0
    for _, _, region in pieces(whole, part_shape(level)):
        watch.check()
        largest = max(largest, int(final_pixels(level, region).max(initial=0)))
        watch.add(math.prod(shape_of(region)))
    return largest


def _cancelled() -> ReadCancelledError:
    return ReadCancelledError("Looking for the largest label was cancelled.")
