"""Work that runs in a window: in a thread, with a bar and *Cancel* in napari's activity dialog."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from napari.utils import cancelable_progress
from qtpy.QtCore import QObject, QTimer, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QWidget

from napari_ome_zip.errors import ReadCancelledError
from napari_ome_zip.files import watching
from napari_ome_zip.plugin.background import TaskWorker
from napari_ome_zip.progress import Cancelled, Progress, Watch

LOOK_EVERY_MS = 100


@dataclass(eq=False)
class ReportingTask(ABC):
    """A task that says how far it is; its `run` is to call `note`, and to ask `stopping`."""

    percent: int = field(default=0, kw_only=True)
    """Written by the thread of the work, shown by that of the window."""
    stopping: Event = field(default_factory=Event, kw_only=True)

    @abstractmethod
    def run(self) -> Any:
        """Do it, and return the result."""

    def note(self, done: int, total: int) -> None:
        """Note how much is done."""
        self.percent = 100 * done // max(1, total)

    def cancel(self) -> None:
        """Ask it to end soon."""
        self.stopping.set()


class WindowRun(QObject):
    """A task that is running in a window.

    It belongs to the window: closing that cancels it.

    Parameters
    ----------
    window : QWidget
        The window.
    task : ReportingTask
        What to do.
    title : str
        What the bar says.
    """

    moved = Signal(int)
    """How many percent are done."""

    def __init__(self, window: QWidget, task: ReportingTask, title: str) -> None:
        super().__init__(window)
        self.task = task
        self._bar = cancelable_progress(total=100, desc=title)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self.destroyed.connect(task.cancel)
        self.destroyed.connect(self._bar.close)

    def start(self) -> None:
        """Start the work."""
        worker = TaskWorker(self.task)
        worker.returned.connect(self._on_returned)
        worker.errored.connect(self._on_errored)
        worker.start()
        self._timer.start()

    def done(self, result: Any) -> None:
        """Called by the thread of the window with the result."""
        raise NotImplementedError

    def failed(self, error: Exception) -> None:
        """Called by the thread of the window with what was raised."""
        raise NotImplementedError

    def _look(self) -> None:
        percent = self.task.percent
        self.moved.emit(percent)
        if self._bar.is_canceled:
            self.task.cancel()
        elif percent > self._bar.n:
            self._bar.update(percent - self._bar.n)  # napari handles events meanwhile

    def _on_returned(self, result: Any) -> None:
        self._end()
        self.done(result)

    def _on_errored(self, error: Exception) -> None:
        self._end()
        self.failed(error)

    def _end(self) -> None:
        self._timer.stop()
        self._bar.close()
        self.setParent(None)
        self.deleteLater()


type Work[Result] = Callable[[Progress, Cancelled], Result]
"""Something that takes time; it is told how to report and where to look for a cancel."""


@dataclass(eq=False)
class _WorkTask(ReportingTask):
    work: Work[Any]

    def run(self) -> Any:
        with watching(Watch(None, self.stopping.is_set, self._cancelled)):
            return self.work(self.note, self.stopping.is_set)

    def _cancelled(self) -> ReadCancelledError:
        return ReadCancelledError("Cancelled.")


class WorkRun(WindowRun):
    """Work that is running in a window, with a bar in napari's activity dialog.

    It belongs to the window: closing that cancels it. It is cancelled, too, while it waits for the
    server of a link.

    Parameters
    ----------
    window : QWidget
        The window.
    title : str
        What the bar says.
    work : callable
        Runs in a thread.
    done, failed : callable
        Called by the thread of the window with the result, or with what was raised.
    """

    def __init__(
        self,
        window: QWidget,
        title: str,
        work: Work[Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        super().__init__(window, _WorkTask(work), title)
        self._done, self._failed = done, failed

    def done(self, result: Any) -> None:
        """Hand the result over."""
        self._done(result)

    def failed(self, error: Exception) -> None:
        """Hand over what was raised."""
        self._failed(error)
