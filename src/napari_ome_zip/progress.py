"""How work reports how far it is, and is asked to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from napari_ome_zip.errors import OmeZipError

type Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is in all, mostly in bytes."""
type Cancelled = Callable[[], bool]
"""Asked now and then; once it returns True the work is given up."""


@dataclass
class Watch:
    """Who wants to know how far work is, and may stop it."""

    progress: Progress | None
    cancelled: Cancelled | None
    stopped: Callable[[], OmeZipError]
    """Makes the error that ends the work."""
    total: int = 0
    """How much there is to do, for `add`."""
    _done: int = field(default=0, init=False)

    def add(self, amount: int) -> None:
        """Count what was done, report it, and `check`."""
        self._done += amount
        self.report(self._done, self.total)

    def report(self, done: int, total: int) -> None:
        """Report how far the work is, and `check`."""
        if self.progress is not None:
            self.progress(done, total)
        self.check()

    def check(self) -> None:
        """Raise the error that `stopped` makes if the work is no longer wanted."""
        if self.cancelled is not None and self.cancelled():
            raise self.stopped()
