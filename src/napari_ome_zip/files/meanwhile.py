"""Work that is done in a thread of its own while its caller does something else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future


class Meanwhile[R]:
    """Work in a thread, which the program does not wait for at its end.

    Parameters
    ----------
    work : callable
        Begins at once.
    """

    def __init__(self, work: Callable[[], R]) -> None:
        self._work = work
        self._found: Future[R] = Future()
        threading.Thread(target=self._run, name="link-front", daemon=True).start()

    def result(self) -> R:
        """Wait for what it returned, or raise what it raised."""
        return self._found.result()

    def _run(self) -> None:
        try:
            self._found.set_result(self._work())
        except BaseException as error:  # noqa: BLE001  raised where it is waited for
            self._found.set_exception(error)
