"""A save in the background: it continues when the form that started it is closed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from napari.utils.notifications import NotificationSeverity, notification_manager
from qtpy.QtCore import Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QMainWindow, QWidget

from napari_ome_zip.errors import OmeZipError, SaveCancelledError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers.present_labels import about_present_labels
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
    notes: list[Finding] = field(default_factory=list)
    """What was met while saving."""
    of_form: bool = True
    """Whether a form that is opened meanwhile shows this save."""

    @property
    def typed(self) -> str:
        """The name of the file as it was typed."""
        return Path(self.choices.file.strip()).name

    def run(self) -> Path:
        """Save, and return the path that was written."""
        image = self.image
        if self.losses.part:
            image = about_present_labels(image, self.stopping.is_set)
        return save_composite(
            image,
            self.target,
            self.options,
            progress=self.note,
            cancelled=self.stopping.is_set,
            noted=self.notes.append,
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
        losses = self.task.losses.and_also(self.task.notes)
        message = result_text(losses, path, self.task.typed)
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
    """The save of a form that is running in the window of a widget, if there is one."""
    return next((run for run in running_saves(widget) if run.task.of_form), None)


def running_saves(widget: QWidget) -> list[SaveRun]:
    """All saves that are running in the window of a widget."""
    found: list[SaveRun] = window_of(widget).findChildren(SaveRun)
    return found
