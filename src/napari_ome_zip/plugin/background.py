"""Work in a thread of its own, started from a window."""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol

from superqt.utils import FunctionWorker


class Task[Result](Protocol):
    """Something that takes time. It runs in any thread, and can be cancelled from any other."""

    def run(self) -> Result:
        """Do it, and return the result."""

    def cancel(self) -> None:
        """Ask it to end soon."""


class TaskWorker[Result](FunctionWorker[Result]):
    """Runs a task in a thread; napari asks it to quit when it is closed.

    napari's own `create_worker` cannot be used: with it every task that fails raises an error of
    napari's besides.
    """

    def __init__(self, task: Task[Result]) -> None:
        super().__init__(task.run)
        self._task = task

    def quit(self) -> None:
        self._task.cancel()
        super().quit()

    def run(self) -> None:
        # Not the inherited one: it exchanges the handler of warnings for as long as it runs, and of
        # two that overlap, as when a check replaces another, the later one restores the wrong one.
        try:
            result = self._task.run()
        except Exception as error:  # noqa: BLE001 (shown by the thread of the window)
            self._tell("errored", error)
        else:
            self._tell("returned", result)
        finally:
            self._tell("_finished", self)

    def _tell(self, signal: str, value: object) -> None:
        """Emit a signal; nobody is left to hear it once napari has ended."""
        with suppress(RuntimeError):
            getattr(self, signal).emit(value)
