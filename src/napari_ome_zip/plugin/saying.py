"""Saying something before the window cannot answer for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.qt import QtViewer
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication, QMainWindow

if TYPE_CHECKING:
    from napari.components import ViewerModel


def say_now(viewer: ViewerModel, text: str) -> None:
    """Set the status of a viewer, and draw it before this returns; nothing else happens meanwhile.

    Parameters
    ----------
    viewer : ViewerModel
    text : str
        What is being done, such as ``3D: reading 500 MiB …``.
    """
    viewer.status = text
    if QApplication.instance() is None:
        return
    for window in QApplication.topLevelWidgets():
        if isinstance(window, QMainWindow) and any(
            shown.viewer is viewer for shown in window.findChildren(QtViewer)
        ):
            # The label gets its width by a request that is handled later.
            QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
            bar = window.statusBar()
            if bar is not None:
                bar.repaint()
