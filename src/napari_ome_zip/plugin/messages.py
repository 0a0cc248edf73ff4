"""Notifications, each with the point of it first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from weakref import ref

import napari
from napari.utils.notifications import (
    Notification,
    NotificationSeverity,
    notification_manager,
)
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QApplication, QDialog, QLabel, QMenu, QWidget
from superqt.utils import ensure_main_thread

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.files import is_link, known_link
from napari_ome_zip.names import file_name
from napari_ome_zip.plugin.docks import PLUGIN, open_check, open_contents
from napari_ome_zip.plugin.notices import Combined, FileToCheck, Notice, combine
from napari_ome_zip.plugin.opening import is_opening

CHECK_FILE, CHECK_FILES = "Check the file", "Check a file…"
CHECK, OPEN, CONTENTS = "Check", "Open", "Contents"
DOWNLOAD = "Download and open…"
"""What notifications offer."""

MAX_MESSAGE = 600
"""Characters of a notification, at most."""

GATHERED_FOR_MS = 150
"""How long what there is to tell about files is gathered: a thread finds damage a little later."""

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
    if not _has_window():
        actions = ()
    if len(message) > MAX_MESSAGE:  # names in a file may be of any length
        message = f"{message[: MAX_MESSAGE - 1]}…"
    notification_manager.dispatch(_PluginNotification(message, severity, list(actions)))


def withdraw(window: QWidget, message: str) -> None:
    """Close a notification that a window still shows, and that is no longer true."""
    for dialog in window.findChildren(QDialog):
        if any(label.text() == message for label in dialog.findChildren(QLabel)):
            dialog.close()


def tell(notice: Notice) -> None:
    """Tell a person something about a file, with all there is about files opened together.

    May be called from any thread. Where there is no window it is told at once.
    """
    _GATHERING.add(notice)


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


def not_saved(error: Exception) -> str:
    """Return why something was not saved, with that first: an error may begin with a name."""
    reason = str(error) or type(error).__name__
    is_said = reason.startswith(("Not saved", "Nothing", "Cancelled", "No "))
    return reason if is_said else f"Not saved: {reason}"


def check_action(path: str | Path, text: str = CHECK_FILE, *, deep: bool = False) -> Action:
    """Offer to check a file, or with `deep` every pixel of it, in the window in front."""
    return text, partial(_check, _whole(path), deep)


def check_one_action(files: Sequence[FileToCheck]) -> Action:
    """Offer to check one of some files, which a menu lists."""
    return CHECK_FILES, partial(_choose, tuple(files))


def open_action(path: str | Path) -> Action:
    """Offer to open a file in the window in front."""
    return OPEN, partial(_open, _whole(path))


def contents_action(path: str | Path) -> Action:
    """Offer to show what is in a file, in the window in front."""
    return CONTENTS, partial(_show_contents, _whole(path))


def download_action(source: str) -> Action:
    """Offer to download the file behind a link, and to open it then."""
    return DOWNLOAD, partial(_download, source)


def _whole(place: str | Path) -> str:
    """A path from the root on, for another folder may be the current one later; a link as it is."""
    if isinstance(place, str) and is_link(place):
        return place
    return str(Path(place).absolute())


def _has_window() -> bool:
    return QApplication.instance() is not None and napari.current_viewer() is not None


# None: of an entry of a menu, one of Qt's bindings hands over nothing.
def _check(path: str, deep: bool, _notification: object = None) -> None:
    viewer = napari.current_viewer()
    if viewer is not None:
        open_check(viewer, path, deep=deep)


def _choose(files: Sequence[FileToCheck], notification: object) -> None:
    # The notification goes away, what it lies on stays.
    menu = QMenu(notification.parentWidget() if isinstance(notification, QWidget) else None)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for file in files:
        action = menu.addAction(file_name(file.path))
        if action is not None:
            action.triggered.connect(partial(_check, _whole(file.path), file.deep))
    menu.popup(QCursor.pos())


def _show_contents(path: str, _notification: object) -> None:
    viewer = napari.current_viewer()
    if viewer is not None:
        open_contents(viewer, path)


def _download(source: str, _notification: object) -> None:
    from napari_ome_zip.plugin.links.download import ask_and_download  # which tells, by this module

    viewer = napari.current_viewer()
    if viewer is not None:
        ask_and_download(viewer, known_link(source))


def _open(path: str, _notification: object) -> None:
    viewer = napari.current_viewer()
    if viewer is not None:
        with suppress(OmeZipError, OSError):  # the reader tells of them
            viewer.open(path, plugin=PLUGIN)


class _Gathering:
    """Gathers what there is to tell about files, until those that are opened together are open."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._notices: list[Notice] = []
        self._viewer: Callable[[], object] = lambda: None

    def add(self, notice: Notice) -> None:
        with self._lock:
            self._notices.append(notice)
            is_first = len(self._notices) == 1
        if not _has_window():
            self._tell()
        elif is_first:
            self._viewer = ref(napari.current_viewer())
            self._wait()

    @ensure_main_thread
    def _wait(self) -> None:
        QTimer.singleShot(GATHERED_FOR_MS, self._tell_when_open)

    def _tell_when_open(self) -> None:
        if is_opening():  # napari handles events between two files
            self._wait()
        elif self._viewer() is None:  # closed meanwhile: nobody is left to be told
            self._take()
        else:
            self._tell()

    def _tell(self) -> None:
        notices = self._take()
        if notices:
            told = combine(notices)
            notify(told.text, _severity(told), _actions(told))

    def _take(self) -> list[Notice]:
        with self._lock:
            notices, self._notices = self._notices, []
        return notices


def _severity(told: Combined) -> NotificationSeverity:
    if told.is_error:
        return NotificationSeverity.ERROR
    return NotificationSeverity.WARNING if told.files else NotificationSeverity.INFO


def _actions(told: Combined) -> list[Action]:
    actions = []
    if len(told.files) == 1:
        actions.append(check_action(told.files[0].path, deep=told.files[0].deep))
    elif told.files:
        actions.append(check_one_action(told.files))
    if told.download:
        actions.append(download_action(told.download))
    return [*actions, *([contents_action(told.contents)] if told.contents else [])]


_GATHERING = _Gathering()


class _PluginNotification(Notification):  # type: ignore[misc]  # napari is not typed
    """A notification that names the plugin as its source, where napari would name itself."""

    @property
    def source(self) -> str:
        return PLUGIN
