"""Downloads a file whose server sends no ranges of it, and opens it then."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import ref

from napari.utils.notifications import NotificationSeverity, notification_manager
from qtpy.QtCore import QStandardPaths
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_ome_zip.errors import OmeZipError, ReadCancelledError, SaveError
from napari_ome_zip.files import Link
from napari_ome_zip.files.download import download
from napari_ome_zip.names import SAVED_SUFFIXES, complete_name, is_archive_name, plain_name
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.messages import notify
from napari_ome_zip.plugin.notices import explain
from napari_ome_zip.plugin.typed_name import completed
from napari_ome_zip.plugin.window_run import ReportingTask, WindowRun

if TYPE_CHECKING:
    import napari.viewer

_ENDING = SAVED_SUFFIXES[1]
"""Of a file whose link does not tell its name."""


def ask_and_download(viewer: napari.viewer.Viewer, link: Link) -> None:
    """Ask where a file is to be kept, download it there in a thread, and open it in a window."""
    window = viewer.window.main_menu.window()
    path, _ = QFileDialog.getSaveFileName(
        window,
        f"Download {link.name}",
        str(proposed_target(link)),
        "Archives (*.ome.zip *.ozx *.zip)",
    )
    if not path:
        return
    try:
        target = _completed(Path(path))
    except SaveError as error:
        notify(str(error), NotificationSeverity.ERROR)
        return
    DownloadRun(viewer, window, DownloadTask(link, target)).start()


def proposed_target(link: Link) -> Path:
    """A file in the person's folder for downloads, named as the link is, that is not there yet."""
    places = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.DownloadLocation)
    folder = Path(places[0]) if places and Path(places[0]).is_dir() else Path.home()
    name = plain_name(link.name)
    name = name if is_archive_name(name) else complete_name(name, _ENDING).name
    first, dot, ending = name.partition(".")
    numbered = (f"{first} {number}{dot}{ending}" for number in range(2, 10_000))
    return next(
        (folder / each for each in (name, *numbered) if not (folder / each).exists()), folder / name
    )


def _completed(typed: Path) -> Path:
    return typed if is_archive_name(typed) else completed(typed, _ENDING)


@dataclass(eq=False)
class DownloadTask(ReportingTask):
    """What is downloaded, and where to."""

    link: Link
    target: Path

    def run(self) -> Path:
        """Download it, and return its path."""
        return download(self.link, self.target, progress=self.note, cancelled=self.stopping.is_set)

    def note(self, done: int, total: int) -> None:
        """Note how much is there, as far as the server says how much there is."""
        if total:
            super().note(done, total)


class DownloadRun(WindowRun):
    """A file that is downloaded in a window, with a bar in napari's activity dialog.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        The file is opened in it then.
    window : QWidget
        Its window.
    task : DownloadTask
        What to do.
    """

    def __init__(self, viewer: napari.viewer.Viewer, window: QWidget, task: DownloadTask) -> None:
        super().__init__(window, task, f"Downloading {task.link.name}")
        self.task: DownloadTask = task
        self._viewer = ref(viewer)

    def done(self, path: Path) -> None:
        """Open the file."""
        notify(f"Downloaded {path.name} to {path.parent}.", NotificationSeverity.INFO)
        viewer = self._viewer()
        if viewer is not None:
            with suppress(OmeZipError, OSError):  # the reader tells of them
                viewer.open(str(path), plugin=PLUGIN)

    def failed(self, error: Exception) -> None:
        """Tell why there is no file."""
        if isinstance(error, ReadCancelledError):
            notify(str(error), NotificationSeverity.INFO)
        elif isinstance(error, OmeZipError | OSError):
            notify(explain(error, self.task.link.source), NotificationSeverity.ERROR)
        else:
            notification_manager.receive_error(type(error), error, error.__traceback__)
