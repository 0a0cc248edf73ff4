"""The command "Edit labels": makes the labels that are selected labels that can be painted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np
from napari.layers import Labels
from napari.utils.notifications import NotificationSeverity
from qtpy.QtWidgets import QApplication

from napari_ome_zip.errors import OmeZipError, ReadCancelledError, UnreadableChunkError
from napari_ome_zip.layers.layer_data import layer_note
from napari_ome_zip.pixels.edited_pixels import EditedPixels
from napari_ome_zip.pixels.lazy import pixel_identity
from napari_ome_zip.plugin.edit_labels.controls import main_window
from napari_ome_zip.plugin.edit_labels.in_3d import return_to_2d
from napari_ome_zip.plugin.edit_labels.model import EditChoice, done_text, fits_in_3d
from napari_ome_zip.plugin.edit_labels.new_label import bind_new_label
from napari_ome_zip.plugin.edit_labels.reading import start_reading
from napari_ome_zip.plugin.edit_labels.replacing import (
    editable_layer,
    is_locked,
    is_read_at_once,
    locked_labels,
    replace_layer,
)
from napari_ome_zip.plugin.edit_labels.widget import EditLabelsWidget
from napari_ome_zip.plugin.messages import check_action, notify
from napari_ome_zip.plugin.proxies import viewer_itself

if TYPE_CHECKING:
    import napari.viewer
    import numpy.typing as npt
    from napari.components import ViewerModel

TITLE = "Edit labels"

_BEING_READ: WeakSet[Labels] = WeakSet()
"""Layers whose pixels are being read, to be replaced then."""


def edit_labels(viewer: napari.viewer.Viewer) -> None:
    """Replace the selected labels by labels that can be painted, where they are.

    Small ones are read at once; for larger ones a form asks what of them is to be edited.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Its active layer is meant, or the only layer of locked labels.
    """
    viewer = viewer_itself(viewer)
    layer = _meant(viewer)
    if layer is None:
        _say("Select the labels to edit first. Then choose Edit labels again.")
    else:
        edit_layer(viewer, layer)


def edit_layer(viewer: ViewerModel, layer: Labels) -> None:
    """Make one layer of labels editable, or ask what of it; say so where it is already."""
    if not _can_be_replaced(layer):
        _say(f"'{layer.name}' can already be painted: press 2 for the brush.")
    elif layer in _BEING_READ:
        _say(f"'{layer.name}' is already being read, and can be painted soon.")
    elif locked_labels(layer).is_small or not hasattr(viewer, "window"):
        apply_choice(viewer, layer, EditChoice())
    else:
        _show_form(viewer, layer)


def apply_choice(viewer: ViewerModel, layer: Labels, choice: EditChoice) -> None:
    """Replace a layer by what was chosen of it; in a window its pixels are read in a thread."""
    if layer in _BEING_READ or layer not in viewer.layers:
        return
    labels = locked_labels(layer, viewer)
    has_window = QApplication.instance() is not None and hasattr(viewer, "window")
    if not (has_window and is_read_at_once(labels, choice)):
        _replace(viewer, layer, choice)
        return
    level = _level(layer, choice)
    identity = pixel_identity(level)

    def read(pixels: npt.NDArray[Any]) -> None:
        _BEING_READ.discard(layer)
        if layer not in viewer.layers:
            return
        now = _level(layer, choice)
        if now is level and pixel_identity(now) == identity:
            _replace(viewer, layer, choice, pixels)
        else:
            _say(f"'{layer.name}' was changed while it was read: choose Edit labels again.")

    def failed(error: Exception) -> None:
        _BEING_READ.discard(layer)
        _say_failed(layer, error)

    _BEING_READ.add(layer)
    start_reading(main_window(viewer), level, layer.name, read, failed)


def _level(layer: Labels, choice: EditChoice) -> Any:
    return layer.data[choice.level] if layer.multiscale else layer.data


def _meant(viewer: ViewerModel) -> Labels | None:
    active = viewer.layers.selection.active
    if isinstance(active, Labels):
        return active
    locked = [layer for layer in viewer.layers if is_locked(layer)]
    return locked[0] if len(locked) == 1 else None


def _can_be_replaced(layer: Labels) -> bool:
    """Whether it is locked, or lazy: each stroke would make that slower, and none is undone."""
    return is_locked(layer) or not isinstance(layer.data, np.ndarray | EditedPixels)


def _replace(
    viewer: ViewerModel,
    layer: Labels,
    choice: EditChoice,
    pixels: npt.NDArray[Any] | None = None,
) -> None:
    labels = locked_labels(layer, viewer)
    in_3d = viewer.dims.ndisplay == 3
    if in_3d and not is_read_at_once(labels, choice) and not fits_in_3d(labels, choice):
        _say(f"Switch to 2D first: '{layer.name}' is too large to be edited in 3D.")
        return
    try:
        made = editable_layer(layer, choice, pixels, labels)
    except (OmeZipError, MemoryError) as error:
        _say_failed(layer, error)
        return
    replace_layer(viewer, layer, made)
    if isinstance(made.data, EditedPixels):
        bind_new_label(viewer, made)
        return_to_2d(viewer, made)
    _say(done_text(labels, choice))


def _show_form(viewer: napari.viewer.Viewer, layer: Labels) -> None:
    """Show the form for a layer: the one that is open, or a new one."""
    docked = viewer.window.dock_widgets.values()
    form = next((each for each in docked if isinstance(each, EditLabelsWidget)), None)
    if form is None:
        form = EditLabelsWidget(viewer, apply_choice)
        viewer.window.add_dock_widget(form, name=TITLE)
    form.show_layer(layer)


def _say_failed(layer: Labels, error: Exception) -> None:
    if isinstance(error, ReadCancelledError):
        _say(str(error))
        return
    reason = str(error) or type(error).__name__
    actions = []
    source = layer_note(layer.as_layer_data_tuple()[1]).get("source")
    if isinstance(error, UnreadableChunkError) and isinstance(source, str):
        actions.append(check_action(source, deep=True))
    message = f"'{layer.name}' cannot be edited, it stays as it is. {reason}"
    notify(message, NotificationSeverity.ERROR, actions)


def _say(message: str) -> None:
    notify(message, NotificationSeverity.INFO)
