"""A save in the background: it continues when the form that started it is closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from napari.utils import cancelable_progress
from napari.utils.notifications import NotificationSeverity, notification_manager
from qtpy.QtCore import QObject, QTimer, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QMainWindow, QWidget

from napari_ome_zip.errors import OmeZipError, SaveCancelledError
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.plugin.background import TaskWorker
from napari_ome_zip.plugin.messages import not_saved, notify, notify_saved
from napari_ome_zip.plugin.save.losses import Losses, result_text
from napari_ome_zip.plugin.save.model import SaveChoices, SaveStatus
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.save import save_composite

_LOOK_EVERY_MS = 100


@dataclass(eq=False)
class SaveTask:
    """What is saved, and where."""

    image: CompositeImage
    target: Path
    options: SaveOptions
    losses: Losses
    choices: SaveChoices
    """Those of the form, to be shown again."""
    percent: int = 0
    """Written by the worker's thread, shown by that of the window."""
    stopping: Event = field(default_factory=Event)

    @property
    def typed(self) -> str:
        """The name of the file as it was typed."""
        return Path(self.choices.file.strip()).name

    def run(self) -> Path:
        """Save, and return the path that was written."""
        return save_composite(
            self.image,
            self.target,
            self.options,
            progress=self._note,
            cancelled=self.stopping.is_set,
        )

    def _note(self, done: int, total: int) -> None:
        self.percent = 100 * done // max(1, total)

    def cancel(self) -> None:
        """Ask it to stop; it keeps nothing."""
        self.stopping.set()


class SaveRun(QObject):
    """A save that is running in a window.

    It belongs to the window, not to the form: a form that is closed and opened again shows the
    same save. Its bar, with a button to cancel it, is in napari's activity dialog, and its result
    is a notification. Closing the window cancels it.

    Parameters
    ----------
    window : QWidget
        The window.
    task : SaveTask
        What to do.
    """

    moved = Signal(int)
    """How many percent are done."""
    ended = Signal(object)
    """The `SaveStatus` as it ended."""

    def __init__(self, window: QWidget, task: SaveTask) -> None:
        super().__init__(window)
        self.task = task
        self._bar = cancelable_progress(total=100, desc=f"Saving {task.target.name}")
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self.destroyed.connect(task.cancel)
        self.destroyed.connect(self._bar.close)

    def start(self) -> None:
        """Start the work."""
        worker = TaskWorker(self.task)
        worker.returned.connect(self._on_saved)
        worker.errored.connect(self._on_failed)
        worker.start()
        self._timer.start()

    def _look(self) -> None:
        percent = self.task.percent
        self.moved.emit(percent)
        if self._bar.is_canceled:
            self.task.cancel()
        elif percent > self._bar.n:
            self._bar.update(percent - self._bar.n)  # napari handles events meanwhile

    def _on_saved(self, path: Path) -> None:
        message = result_text(self.task.losses, path, self.task.typed)
        self._end(SaveStatus(message=message, saved=path))
        notify_saved(message, path)

    def _on_failed(self, error: Exception) -> None:
        is_cancelled = isinstance(error, SaveCancelledError)
        message = str(error) if is_cancelled else not_saved(error)
        self._end(SaveStatus(message=message))
        if isinstance(error, OmeZipError):
            severity = NotificationSeverity.INFO if is_cancelled else NotificationSeverity.ERROR
            notify(message, severity)
        else:
            notification_manager.receive_error(type(error), error, error.__traceback__)

    def _end(self, job: SaveStatus) -> None:
        self._timer.stop()
        self._bar.close()
        self.ended.emit(job)
        self.setParent(None)
        self.deleteLater()


def window_of(widget: QWidget) -> QWidget:
    """The main window that a widget lies in, docked or floating; itself where it is in none."""
    place: QWidget | None = widget
    while place is not None:
        if isinstance(place, QMainWindow):
            return place
        place = place.parentWidget()
    return widget


def running_save(widget: QWidget) -> SaveRun | None:
    """The save that is running in the window of a widget, if there is one."""
    found: list[SaveRun] = window_of(widget).findChildren(SaveRun)
    return found[0] if found else None
