"""A save in the background: it continues when the form that started it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari.utils.notifications import NotificationSeverity, notification_manager
from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QMainWindow, QWidget

from napari_ome_zip.errors import OmeZipError, SaveCancelledError
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.plugin.messages import not_saved, notify, notify_saved
from napari_ome_zip.plugin.previews import keep_preview_of_saved
from napari_ome_zip.plugin.save.losses import Losses, result_text
from napari_ome_zip.plugin.save.model import SaveChoices, SaveStatus
from napari_ome_zip.plugin.window_run import ReportingTask, WindowRun
from napari_ome_zip.save import save_composite
from napari_ome_zip.saving.options import SaveOptions


@dataclass(eq=False)
class SaveTask(ReportingTask):
    """What is saved, and where."""

    image: CompositeImage
    target: Path
    options: SaveOptions
    losses: Losses
    choices: SaveChoices
    """Those of the form, to be shown again."""

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
            progress=self.note,
            cancelled=self.stopping.is_set,
        )


class SaveRun(WindowRun):
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

    ended = Signal(object)
    """The `SaveStatus` as it ended."""

    def __init__(self, window: QWidget, task: SaveTask) -> None:
        super().__init__(window, task, f"Saving {task.target.name}")
        self.task: SaveTask = task

    def done(self, path: Path) -> None:
        """Tell what was saved, and where."""
        message = result_text(self.task.losses, path, self.task.typed)
        self.ended.emit(SaveStatus(message=message, saved=path))
        notify_saved(message, path)
        keep_preview_of_saved(path)

    def failed(self, error: Exception) -> None:
        """Tell why nothing was saved."""
        is_cancelled = isinstance(error, SaveCancelledError)
        message = str(error) if is_cancelled else not_saved(error)
        self.ended.emit(SaveStatus(message=message))
        if isinstance(error, OmeZipError):
            severity = NotificationSeverity.INFO if is_cancelled else NotificationSeverity.ERROR
            notify(message, severity)
        else:
            notification_manager.receive_error(type(error), error, error.__traceback__)


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
