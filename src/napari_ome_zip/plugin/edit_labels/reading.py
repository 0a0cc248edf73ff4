"""Work on the pixels of a layer, in a thread, while the window stays as quick as it is."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import numpy.typing as npt
from napari.utils import cancelable_progress
from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QWidget

from napari_ome_zip.plugin.background import TaskWorker
from napari_ome_zip.plugin.edit_labels.replacing import read_level
from napari_ome_zip.progress import Cancelled, Progress

_LOOK_EVERY_MS = 50

type Work[Result] = Callable[[Progress, Cancelled], Result]
"""Something that takes time; it is told how to report and where to look for a cancel."""


class _Task[Result]:
    def __init__(self, work: Work[Result]) -> None:
        self.percent = 0
        """Written by the thread of the work, shown by that of the window."""
        self._work = work
        self._stopping = Event()

    def run(self) -> Result:
        return self._work(self._note, self._stopping.is_set)

    def cancel(self) -> None:
        self._stopping.set()

    def _note(self, done: int, total: int) -> None:
        self.percent = 100 * done // max(1, total)


class PixelRun(QObject):
    """Work that is running in a window, with a bar in napari's activity dialog.

    It belongs to the window: closing that cancels it.

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
        super().__init__(window)
        self._task = _Task(work)
        self._done, self._failed = done, failed
        self._bar = cancelable_progress(total=100, desc=title)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self.destroyed.connect(self._task.cancel)
        self.destroyed.connect(self._bar.close)

    def start(self) -> None:
        """Start the work."""
        worker = TaskWorker(self._task)
        worker.returned.connect(self._on_done)
        worker.errored.connect(self._on_failed)
        worker.start()
        self._timer.start()

    def _look(self) -> None:
        if self._bar.is_canceled:
            self._task.cancel()
        elif self._task.percent > self._bar.n:
            self._bar.update(self._task.percent - self._bar.n)  # napari handles events meanwhile

    def _on_done(self, result: Any) -> None:
        self._end()
        self._done(result)

    def _on_failed(self, error: Exception) -> None:
        self._end()
        self._failed(error)

    def _end(self) -> None:
        self._timer.stop()
        self._bar.close()
        self.setParent(None)
        self.deleteLater()


def start_reading(
    window: QWidget,
    level: Any,
    name: str,
    done: Callable[[npt.NDArray[Any]], None],
    failed: Callable[[Exception], None],
) -> None:
    """Read all pixels of a level of a layer in a thread, and hand them over in this one."""

    def work(progress: Progress, cancelled: Cancelled) -> npt.NDArray[Any]:
        return read_level(level, progress, cancelled)

    PixelRun(window, f"Reading {name}", work, done, failed).start()
