"""How often the event loop of a window comes round, and how long it was away at most."""

from __future__ import annotations

import time

from qtpy.QtCore import QTimer

_EVERY_MS = 10


class Heartbeat:
    """Beats as long as it lives and the event loop runs."""

    def __init__(self) -> None:
        self.count = 0
        self.longest = 0.0
        """Seconds between two beats, at most."""
        self._last = time.monotonic()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(_EVERY_MS)

    def _beat(self) -> None:
        now = time.monotonic()
        self.longest = max(self.longest, now - self._last)
        self._last = now
        self.count += 1
