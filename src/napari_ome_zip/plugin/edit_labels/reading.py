"""Work on the pixels of a layer, in a thread, while the window stays as quick as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
from qtpy.QtWidgets import QWidget

from napari_ome_zip.plugin.edit_labels.replacing import read_level
from napari_ome_zip.plugin.window_run import ReportingTask, WindowRun
from napari_ome_zip.progress import Cancelled, Progress

type Work[Result] = Callable[[Progress, Cancelled], Result]
"""Something that takes time; it is told how to report and where to look for a cancel."""


@dataclass(eq=False)
class _Task(ReportingTask):
    work: Work[Any]

    def run(self) -> Any:
        return self.work(self.note, self.stopping.is_set)


class PixelRun(WindowRun):
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
        super().__init__(window, _Task(work), title)
        self._done, self._failed = done, failed

    def done(self, result: Any) -> None:
        """Hand the result over."""
        self._done(result)

    def failed(self, error: Exception) -> None:
        """Hand over what was raised."""
        self._failed(error)


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
