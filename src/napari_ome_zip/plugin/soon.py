"""Work that many events ask for together, and that is done once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_ome_zip.plugin.messages import after_event


class Soon:
    """Does something after the current event, once for all that asked meanwhile.

    Events of napari keep no reference to what they call: whoever makes one has to.

    Parameters
    ----------
    work : callable
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._is_due = False

    def ask(self, event: Any = None) -> None:
        """Have it done."""
        if not self._is_due:
            self._is_due = True
            after_event(self._do)

    def _do(self) -> None:
        self._is_due = False
        self._work()
