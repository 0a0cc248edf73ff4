"""The controls that napari shows of the active layer, found by what Qt says of any window.

Where a napari has other controls, nothing is found, and nothing is added to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QDockWidget, QStackedWidget, QWidget

if TYPE_CHECKING:
    import napari.viewer

_CONTROLS = "layer controls"
"""Qt's name of the dock widget."""


def main_window(viewer: napari.viewer.Viewer) -> QWidget:
    """The window of a viewer as Qt knows it."""
    window: QWidget = viewer.window.main_menu.window()
    return window


def shown_controls(viewer: napari.viewer.Viewer) -> QWidget | None:
    """The controls of the layer that is active."""
    dock = main_window(viewer).findChild(QDockWidget, _CONTROLS)
    pages = None if dock is None else dock.findChild(QStackedWidget)
    shown: QWidget | None = None if pages is None else pages.currentWidget()
    return shown
