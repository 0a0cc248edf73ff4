"""Links in windows: dropping them, and what is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari._qt.dialogs.qt_notification import NapariQtNotification
from qtpy.QtCore import QUrl
from qtpy.QtWidgets import QPushButton

from dropping import post_drop_of

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

PATIENCE = 20_000
"""Milliseconds that a test waits for something, at most."""


def drop_links(window: napari.Viewer, *urls: str) -> None:
    """Drag links from a browser onto a window, and let go of them."""
    post_links(window.window._qt_viewer, *urls)


def post_links(target: Any, *urls: str) -> None:
    """Post the events of dragging links onto a widget and letting go of them."""
    post_drop_of([QUrl(url) for url in urls], target)


def notifications(window: napari.Viewer) -> list[NapariQtNotification]:
    """Return the notifications that a window shows."""
    return window.window._qt_window.findChildren(NapariQtNotification)


def told(window: napari.Viewer) -> list[str]:
    """Return what they say."""
    return [toast.message.text() for toast in notifications(window)]


def press(window: napari.Viewer, message: str, text: str) -> None:
    """Press a button of a notification."""
    for toast in notifications(window):
        if toast.message.text() == message:
            (button,) = [b for b in toast.findChildren(QPushButton) if b.text() == text]
            button.click()


def wait_for_layers(qtbot: QtBot, window: napari.Viewer, count: int = 1) -> None:
    """Wait until a window has so many layers."""
    qtbot.waitUntil(lambda: len(window.layers) == count, timeout=PATIENCE)
