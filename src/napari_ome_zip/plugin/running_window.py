"""Takes files that come from outside into a window that is running: a second double click's.

The other end is `napari_ome_zip.desktop.running_window`, what is said there
`napari_ome_zip.desktop.window_socket`.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import napari
from napari.utils.notifications import NotificationSeverity
from qtpy.QtCore import QObject, QSocketNotifier, Qt, QTimer
from qtpy.QtWidgets import QApplication

from napari_ome_zip.desktop.running_window import is_same_user
from napari_ome_zip.desktop.window_socket import (
    MAX_MESSAGE_BYTES,
    answer_of,
    is_go_ahead,
    new_socket,
    places_of,
    sockets_folder,
)
from napari_ome_zip.errors import HandOverError
from napari_ome_zip.layers.layer_data import note_of
from napari_ome_zip.layers.opened_layer import opened_layer
from napari_ome_zip.names import file_name
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.messages import notify, tell
from napari_ome_zip.plugin.notices import of_error
from napari_ome_zip.plugin.opening import is_napari_itself
from napari_ome_zip.plugin.preferences import takes_files
from napari_ome_zip.plugin.view.into_view import bring_into_view

if TYPE_CHECKING:
    import napari.viewer
    from napari.components import ViewerModel

MAX_VISITORS = 64
"""Others that are listened to at the same time, at most: a script may open files one by one."""

SAID_WITHIN_MS = 5000
"""How long another may take to say what it wants."""

_NAME = "door"
_HEARD_AT_ONCE = 1 << 16


def take_files(viewer: ViewerModel) -> None:
    """Let napari's windows take files from outside, from the next turn of its events on.

    Only those of napari itself: the window of a script or a notebook belongs to what runs there,
    which a file from elsewhere would surprise.
    """
    app = QApplication.instance()
    if app is not None and is_napari_itself():
        # Before that nobody would be answered: while files of the command line are read, for one.
        QTimer.singleShot(0, partial(_open_door, app))


def _open_door(app: QObject) -> None:
    if app.findChild(Door, _NAME) is None:
        Door(app)


class Door(QObject):
    """Where others say which files the windows of this process are to open.

    Parameters
    ----------
    app : QObject
        The application: its end closes the door.
    """

    def __init__(self, app: QObject) -> None:
        super().__init__(app)
        self.setObjectName(_NAME)
        self.path: Path | None = None
        """Of the socket; None where there can be none: then files get windows of their own."""
        self._waiting: deque[str] = deque()
        self._is_opening = False
        folder = sockets_folder()
        listener = None if folder is None else _listening(folder)
        if listener is None:
            return
        self._listener, self.path = listener
        self._notifier = _notifier(self, self._listener, self._let_in)
        if isinstance(app, QApplication):
            app.applicationStateChanged.connect(self._note_use)
            app.aboutToQuit.connect(self.close)

    def close(self) -> None:
        """Listen to nobody from now on."""
        if self.path is None:
            return
        with suppress(OSError):
            self.path.unlink()
            self.path.parent.rmdir()  # where no other window has a socket
        self.path = None
        self._notifier.setEnabled(False)
        self._listener.close()
        for visitor in self.visitors():
            visitor.leave()

    def visitors(self) -> list[Visitor]:
        """Those that are listened to."""
        return self.findChildren(Visitor)

    def open(self, places: list[str]) -> None:
        """Open files in the window in front, one after the other, and bring it there."""
        self._waiting += places
        viewer = napari.current_viewer()
        if viewer is not None:
            _bring_to_front(viewer)
        self._open_next()

    def _open_next(self) -> None:
        if self._is_opening or not self._waiting:
            return  # events are handled while a file is opened, such as this one
        self._is_opening = True
        try:
            _open(self._waiting.popleft())
        finally:
            self._is_opening = False
            # Not in a loop: others are answered between two files, before they lose patience.
            QTimer.singleShot(0, self._open_next)

    def _let_in(self) -> None:
        try:
            line, _ = self._listener.accept()
        except OSError:
            return  # it hung up at once
        if len(self.visitors()) >= MAX_VISITORS or not is_same_user(line):
            line.close()
        else:
            Visitor(self, line)

    def _note_use(self, state: Qt.ApplicationState) -> None:
        """Let the window that is used last be the first that is asked."""
        if state == Qt.ApplicationState.ApplicationActive and self.path is not None:
            with suppress(OSError):
                os.utime(self.path)


class Visitor(QObject):
    """Another that says which files are to be opened.

    Parameters
    ----------
    door : Door
    line : socket
        What is said there.
    """

    def __init__(self, door: Door, line: socket.socket) -> None:
        super().__init__(door)
        self._door, self._line = door, line
        self._heard = b""
        self._places: list[str] = []
        self._is_gone = False
        line.setblocking(False)
        self._notifier = _notifier(self, line, self._hear)
        patience = QTimer(self)
        patience.setSingleShot(True)
        patience.timeout.connect(self.leave)
        patience.start(SAID_WITHIN_MS)

    def leave(self) -> None:
        """Hang up."""
        if self._is_gone:
            return
        self._is_gone = True
        self._notifier.setEnabled(False)
        self._line.close()
        self.setParent(None)
        self.deleteLater()

    def _hear(self) -> None:
        try:
            more = self._line.recv(_HEARD_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        self._heard += more
        while not self._is_gone and b"\n" in self._heard:
            said, _, self._heard = self._heard.partition(b"\n")
            self._answer(said)
        if not more or len(self._heard) > MAX_MESSAGE_BYTES:
            self.leave()

    def _answer(self, said: bytes) -> None:
        try:
            if self._places:
                if is_go_ahead(said):
                    # Not now: what is opened handles events, and this is one.
                    QTimer.singleShot(0, partial(self._door.open, self._places))
                self.leave()
            else:
                places = places_of(said)
                _refuse_where_nothing_can_be_opened()
                self._places = places
                self._say(answer_of())
        except HandOverError as error:
            self._say(answer_of(str(error)))
            self.leave()

    def _say(self, answer: bytes) -> None:
        try:
            self._line.sendall(answer)  # which is short: nobody is waited for
        except OSError:
            self.leave()


def _listening(folder: Path) -> tuple[socket.socket, Path] | None:
    """Return a socket that listens, and where; None where there can be none, as on a full disk."""
    path = new_socket(folder)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # It gets its name when it listens: what refuses is taken for left behind, and removed.
        unnamed = path.with_suffix("")
        listener.bind(str(unnamed))
        unnamed.chmod(0o600)
        listener.listen(socket.SOMAXCONN)
        listener.setblocking(False)
        unnamed.rename(path)
    except OSError:
        listener.close()
        return None
    return listener, path


def _notifier(parent: QObject, line: socket.socket, called: Callable[[], None]) -> QSocketNotifier:
    """Have something called whenever there is something to hear."""
    # What a binding takes for the number of a socket is typed too narrowly.
    notifier: QSocketNotifier = QSocketNotifier(
        line.fileno(),  # type: ignore[call-overload]
        QSocketNotifier.Type.Read,
        parent,
    )
    notifier.activated.connect(lambda *_: called())
    return notifier


def _refuse_where_nothing_can_be_opened() -> None:
    if napari.current_viewer() is None:
        raise HandOverError("No window is open.")
    if not takes_files():
        raise HandOverError("The preferences say that files get a window of their own.")
    if QApplication.activeModalWidget() is not None:
        raise HandOverError("The window waits for an answer to a question.")


def _open(place: str) -> None:
    """Open a file in the window in front, as a drop does."""
    viewer = napari.current_viewer()
    if viewer is None:
        return  # closed since it was accepted: a person closed it knowingly
    if _is_shown(viewer, place):
        name = file_name(place)
        message = f"{name} is open in this window already."
        again = ("Open again", lambda _notification: _read(viewer, place))
        notify(message, NotificationSeverity.INFO, [again])
    else:
        _read(viewer, place)


def _read(viewer: napari.viewer.Viewer, place: str) -> None:
    before = set(viewer.layers)
    # The reader knows whom this module opens files for: it opens links meanwhile, and tells what
    # cannot be opened.
    try:
        viewer.open(place, plugin=PLUGIN)
    except FileNotFoundError as error:  # napari looks itself whether a file is there
        tell(of_error(error, place))
    added = [layer for layer in viewer.layers if layer not in before]
    if before and added:
        # Who opens a file elsewhere wants to see it, whatever the window showed.
        bring_into_view(viewer, added)


def _is_shown(viewer: napari.viewer.Viewer, place: str) -> bool:
    """Whether layers of a file are in a window, and the file is as it was."""
    for layer in viewer.layers:
        note = note_of(layer)
        made = opened_layer(note)
        if made is not None and note.get("source") == place and made.opened.store.is_current:
            return True
    return False


def _bring_to_front(viewer: napari.viewer.Viewer) -> None:
    window = viewer.window.main_menu.window()
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    viewer.window.activate()
