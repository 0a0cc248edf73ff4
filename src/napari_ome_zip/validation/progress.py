"""How long work tells how far it is, and is told to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from napari_ome_zip.errors import CheckCancelledError

type Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is in all."""
type Cancelled = Callable[[], bool]


@dataclass(frozen=True)
class Watch:
    """Who wants to know how far a check is, and may stop it."""

    progress: Progress | None = None
    cancelled: Cancelled | None = None

    def tell(self, done: int, total: int) -> None:
        """Say how far the work is.

        Raises
        ------
        CheckCancelledError
            If it is no longer wanted.
        """
        if self.progress is not None:
            self.progress(done, total)
        self.check()

    def check(self) -> None:
        """Raise CheckCancelledError if the work is no longer wanted."""
        if self.cancelled is not None and self.cancelled():
            raise CheckCancelledError("Cancelled: the check was stopped before its end.")
