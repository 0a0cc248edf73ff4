"""Opens links in threads, while their window goes on; layers are added when they are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING
from weakref import ref

from napari.utils.notifications import NotificationSeverity, notification_manager
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_ome_zip.errors import OmeZipError, ReadCancelledError
from napari_ome_zip.files import Link, watching
from napari_ome_zip.plugin.links.adding import add_in_turn
from napari_ome_zip.plugin.links.recent import remember_recent
from napari_ome_zip.plugin.messages import notify, tell, withdraw
from napari_ome_zip.plugin.notices import of_error
from napari_ome_zip.plugin.opened_files import ReadFile, layers_for, open_read, read_file
from napari_ome_zip.plugin.window_run import ReportingTask, WindowRun
from napari_ome_zip.progress import Watch

if TYPE_CHECKING:
    import napari.viewer

SAID_AFTER_MS = 1500
"""How long a link is being opened before a notification says so."""

_OPENING = "Opening "

_NEXT_TURN = count()


def open_links(viewer: napari.viewer.Viewer, links: Sequence[Link]) -> None:
    """Begin to open links in a window, which stays as quick as it is.

    Layers are added in the order of the links. What cannot be opened is told in a notification.
    Closing the window cancels it.
    """
    window = viewer.window.main_menu.window()
    opening = {run.task.link for run in _runs(window)}
    for link in links:
        if link in opening:
            notify(f"{link.name} is already being opened.", NotificationSeverity.INFO)
        else:
            opening.add(link)
            LinkRun(viewer, window, LinkTask(link)).start()
    if links:
        viewer.status = _said(links)


@dataclass(eq=False)
class LinkTask(ReportingTask):
    """Reads what is in the file behind a link."""

    link: Link

    def run(self) -> ReadFile:
        """Ask for what the layers are made of; their pixels come later."""
        with watching(Watch(self.note, self.stopping.is_set, self._cancelled)):
            return read_file(self.link)

    def _cancelled(self) -> ReadCancelledError:
        return ReadCancelledError(f"Cancelled: {self.link.name} was not opened.")


class LinkRun(WindowRun):
    """A link that is being opened in a window.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Gets the layers.
    window : QWidget
        Its window.
    task : LinkTask
        Reads the file.
    """

    # Of the class: events are handled before another one is made, which looks at this one.
    _said = ""
    """The notification about it; empty where there was none."""

    def __init__(self, viewer: napari.viewer.Viewer, window: QWidget, task: LinkTask) -> None:
        super().__init__(window, task, f"Opening {task.link.name}")
        self.task: LinkTask = task
        self._window = window
        self._viewer = ref(viewer)
        self._turn = next(_NEXT_TURN)
        saying = QTimer(self)
        saying.setSingleShot(True)
        saying.timeout.connect(self._say)
        saying.start(SAID_AFTER_MS)

    def done(self, file: ReadFile) -> None:
        """Add the layers."""
        self._take_back()
        viewer = self._viewer()
        if viewer is None:
            return
        add_in_turn(viewer, self._window, layers_for(viewer, [open_read(file)]), self._turn)
        remember_recent(self.task.link)

    def failed(self, error: Exception) -> None:
        """Tell why there are no layers."""
        self._take_back()
        if isinstance(error, ReadCancelledError):
            notify(str(error), NotificationSeverity.INFO)
        elif isinstance(error, OmeZipError | OSError):
            tell(of_error(error, self.task.link))
        else:
            notification_manager.receive_error(type(error), error, error.__traceback__)

    def _take_back(self) -> None:
        """Say no longer what is over."""
        others = _runs(self._window)
        if self._said and not any(run._said == self._said for run in others):
            withdraw(self._window, self._said)
        viewer = self._viewer()
        if viewer is None or others:
            return
        if isinstance(viewer.status, str) and viewer.status.startswith(_OPENING):
            viewer.status = "Ready"  # as napari says it

    def _say(self) -> None:
        """Say what is being opened, in one notification: two would hide each other."""
        unsaid = [run for run in _runs(self._window) if not run._said]
        if self not in unsaid:
            return
        tasks = [run.task for run in unsaid]
        text = _said([task.link for task in tasks])
        for run in unsaid:
            run._said = text
        notify(text, NotificationSeverity.INFO, [("Cancel", partial(_cancel, tasks))])


def _runs(window: QWidget) -> list[LinkRun]:
    found: list[LinkRun] = window.findChildren(LinkRun)
    return found


def _cancel(tasks: Sequence[LinkTask], _notification: object) -> None:
    for task in tasks:
        task.cancel()


def _said(links: Sequence[Link]) -> str:
    first = f"{_OPENING}{links[0].name} from {links[0].host}"
    return f"{first} …" if len(links) == 1 else f"{first}, and {len(links) - 1} more …"
