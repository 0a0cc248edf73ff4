"""Notifications, each with the point of it first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import napari
from napari.utils.notifications import (
    Notification,
    NotificationSeverity,
    notification_manager,
)
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from napari_ome_zip.plugin.docks import PLUGIN, open_check

CHECK_FILE, CHECK_FIRST_FILE = "Check the file", "Check the first"
CHECK, OPEN = "Check", "Open"
"""What notifications offer."""

MAX_MESSAGE = 600
"""Characters of a notification, at most."""

type Action = tuple[str, Callable[[object], None]]
"""What a button says, and what it does; it is handed the notification."""


def notify(message: str, severity: NotificationSeverity, actions: Sequence[Action] = ()) -> None:
    """Show a notification of the plugin.

    Parameters
    ----------
    message : str
        The point of it comes first: about 45 characters are seen at once.
    severity : NotificationSeverity
        Its sign.
    actions : sequence of Action
        Its buttons; none where there is no window that they could act in.
    """
    if QApplication.instance() is None or napari.current_viewer() is None:
        actions = ()
    if len(message) > MAX_MESSAGE:  # names in a file may be of any length
        message = f"{message[: MAX_MESSAGE - 1]}…"
    notification_manager.dispatch(_PluginNotification(message, severity, list(actions)))


def after_event(work: Callable[[], None]) -> None:
    """Do something after the current event; at once where no events are handled."""
    if QApplication.instance() is None:
        work()
    else:
        QTimer.singleShot(0, work)


def notify_saved(message: str, written: Path) -> None:
    """Show the result of a save, and offer to open and to check the file."""
    less = message.startswith("Not")
    severity = NotificationSeverity.WARNING if less else NotificationSeverity.INFO
    notify(message, severity, [open_action(written), check_action(written, CHECK)])


def check_action(path: str | Path, text: str = CHECK_FILE, *, deep: bool = False) -> Action:
    """Offer to check a file, or with `deep` every pixel of it, in the window in front."""
    return text, partial(_check, str(Path(path).absolute()), deep)


def open_action(path: str | Path) -> Action:
    """Offer to open a file in the window in front."""
    return OPEN, partial(_open, str(Path(path).absolute()))


def _check(path: str, deep: bool, _notification: object) -> None:
    viewer = napari.current_viewer()
    if viewer is not None:
        open_check(viewer, path, deep=deep)


def _open(path: str, _notification: object) -> None:
    viewer = napari.current_viewer()
    if viewer is not None:
        viewer.open(path, plugin=PLUGIN)


class _PluginNotification(Notification):  # type: ignore[misc]  # napari is not typed
    """A notification that names the plugin as its source, where napari would name itself."""

    @property
    def source(self) -> str:
        return PLUGIN
