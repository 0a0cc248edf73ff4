"""How a person who meets locked labels learns to edit them: where the greyed tools are.

Where a napari has other controls than those that are looked for, the help in the status bar, the
menu and the keys are left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet, ref

from napari.layers import Labels
from napari.settings import get_settings
from napari.utils.notifications import NotificationSeverity
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import (
    QAbstractButton,
    QFormLayout,
    QPushButton,
    QWidget,
)

from napari_ome_zip.plugin.edit_labels.command import TITLE, edit_layer
from napari_ome_zip.plugin.edit_labels.controls import shown_controls
from napari_ome_zip.plugin.edit_labels.model import button_text, locked_text
from napari_ome_zip.plugin.edit_labels.replacing import is_locked, locked_labels
from napari_ome_zip.plugin.messages import notify

if TYPE_CHECKING:
    from napari.components import ViewerModel

HELP = "These labels are locked: Layers > Annotate > Edit labels"

_TOOLS = frozenset({"erase", "paint", "labels_polygon", "fill"})
"""What napari calls its tools for labels, in the property ``mode`` of their buttons."""
_ACTIONS = tuple(
    f"napari:activate_labels_{mode}_mode" for mode in ("erase", "paint", "polygon", "fill")
)
BUTTON = "napari-ome-zip-edit-labels"
"""Qt's name of the button beside the greyed tools."""

_HINTS: WeakKeyDictionary[ViewerModel, _Hints] = WeakKeyDictionary()


def follow_locked_labels(viewer: ViewerModel) -> None:
    """Say of locked labels in a viewer how they can be edited, from now on."""
    hints = _HINTS[viewer] = _Hints(viewer)  # events hold it weakly
    viewer.layers.events.inserted.connect(hints.on_inserted)
    viewer.layers.selection.events.changed.connect(hints.on_selected)
    for layer in viewer.layers:
        hints.attend(layer)
    hints.on_selected()


class _Hints:
    """What is said of locked labels in one viewer."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = ref(viewer)
        self._told: WeakSet[Labels] = WeakSet()

    def on_inserted(self, event: Any) -> None:
        self.attend(event.value)

    def attend(self, layer: Any) -> None:
        """Let a layer's help, and the keys of its tools, say that it is locked."""
        if not is_locked(layer):
            return
        layer.help = HELP
        shortcuts = get_settings().shortcuts.shortcuts
        for action in _ACTIONS:
            for key in shortcuts.get(action, ()):
                layer.bind_key(key, self.tell, overwrite=True)

    def on_selected(self, event: Any = None) -> None:
        """Put a button beside the greyed tools of the layer that is shown."""
        viewer = self._viewer()
        if viewer is None or not hasattr(viewer, "window"):
            return
        layer = viewer.layers.selection.active
        if not is_locked(layer):
            return
        # napari shows its own help where it begins to follow a layer.
        layer.help = viewer.help = HELP
        controls = shown_controls(viewer)
        if controls is not None and controls.findChild(QPushButton, BUTTON) is None:
            self._add_button(controls, layer)

    def _add_button(self, controls: QWidget, layer: Labels) -> None:
        layout = controls.layout()
        tools = [b for b in controls.findChildren(QAbstractButton) if b.property("mode") in _TOOLS]
        if not isinstance(layout, QFormLayout) or not tools:
            return
        labels, found = locked_labels(layer), ref(layer)
        button = QPushButton(button_text(labels))
        button.setObjectName(BUTTON)
        button.setToolTip(locked_text(labels))
        button.clicked.connect(lambda: self._edit(found()))
        layout.insertRow(1, button)
        clicks = _Clicks(controls, lambda: self.tell(found()))
        for tool in tools:
            tool.setToolTip(locked_text(labels))
            tool.installEventFilter(clicks)

    def tell(self, layer: Labels | None) -> None:
        """Say once of a layer that it is locked, and offer to edit it."""
        if layer is None or layer in self._told:
            return
        self._told.add(layer)
        found = ref(layer)
        text = locked_text(locked_labels(layer))
        notify(text, NotificationSeverity.INFO, [(TITLE, lambda _: self._edit(found()))])

    def _edit(self, layer: Labels | None) -> None:
        viewer = self._viewer()
        if viewer is not None and layer is not None and layer in viewer.layers:
            edit_layer(viewer, layer)


class _Clicks(QObject):
    """Notices clicks on buttons that are disabled: they do nothing by themselves."""

    def __init__(self, parent: QWidget, clicked: Callable[[], None]) -> None:
        super().__init__(parent)
        self._clicked = clicked

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.MouseButtonPress:
            self._clicked()
        return False
