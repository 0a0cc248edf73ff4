"""Files and links that are dragged onto something and let go of there."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QCoreApplication, QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent


def post_drop_of(urls: list[QUrl], target: Any) -> None:
    """Post the events: napari reads files within the event loop, as after a drop by hand."""
    mime = QMimeData()
    mime.setUrls(urls)
    # The events do not own their data; the window may, until it is closed.
    mime.setParent(target)
    spot = target.rect().center()
    how = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton)
    no_key = Qt.KeyboardModifier.NoModifier
    QCoreApplication.postEvent(target, QDragEnterEvent(spot, *how, no_key))
    QCoreApplication.postEvent(target, QDropEvent(QPointF(spot), *how, no_key))
