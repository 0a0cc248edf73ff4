"""Questions to a line are put by threads of their own: they must not wait behind answers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.threads import begins_thread

MAX_THREADS = 8
"""Questions that are put at once: one waits where the indexes of shards have to be read first."""


class Asking:
    """Threads that put questions, those that came last first; there are none while none is left."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        """Also in a forked process, in which the threads do not live."""
        self._lock = threading.Lock()
        self._questions: list[Callable[[], object]] = []
        self._threads = 0

    def put(self, question: Callable[[], object]) -> None:
        """Call ``question`` soon in a thread; what goes wrong is told by whoever reads."""
        with self._lock:
            self._questions.append(question)
            begins = self._threads < min(MAX_THREADS, len(self._questions) + self._threads)
            self._threads += begins
        if begins and not begins_thread(self._work, "ome-zip-asking"):
            with self._lock:
                self._threads -= 1

    def _work(self) -> None:
        while (question := self._next()) is not None:
            with suppress(OmeZipError, OSError, ValueError, MemoryError):
                question()

    def _next(self) -> Callable[[], object] | None:
        with self._lock:
            if self._questions and threading.main_thread().is_alive():
                return self._questions.pop()
            self._threads -= 1
            return None


ASKING = Asking()
"""Those of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=ASKING._begin)
