"""A server that answers only when it is told to, so that a test sees what happens meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType

from range_server import RangeServer

_PATIENCE = 120


class GatedServer(RangeServer):
    """Serves files like `RangeServer`, but holds every answer while it is closed.

    It begins open, and opens at its end.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._gate = threading.Event()
        self._gate.set()
        self.asked = threading.Event()
        """Set by every request as it comes."""
        super().__init__(files)

    def close(self) -> None:
        """Hold all answers from now on."""
        self.asked.clear()
        self._gate.clear()

    def open(self) -> None:
        """Answer what was asked, and from now on at once."""
        self._gate.set()

    @property
    def delay(self) -> float:
        """Asked for before each answer: here it waits."""
        self.asked.set()
        self._gate.wait(_PATIENCE)
        return 0

    @delay.setter
    def delay(self, seconds: float) -> None:
        """Answers come at once, or when they are let go."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.open()
        super().__exit__(kind, error, traceback)
