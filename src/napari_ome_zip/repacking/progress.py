"""How copying tells how far it is, and is told to stop."""

from __future__ import annotations

from collections.abc import Callable

from napari_ome_zip.errors import SaveCancelledError

type Progress = Callable[[int, int], None]
"""Called with the number of bytes copied and the number in all."""
type Cancelled = Callable[[], bool]


class Counter:
    """Counts bytes, and stops the work when it is no longer wanted."""

    def __init__(self, total: int, progress: Progress | None, cancelled: Cancelled | None) -> None:
        self._total = total
        self._done = 0
        self._progress = progress
        self._cancelled = cancelled

    def add(self, nbytes: int) -> None:
        """Count bytes that were copied.

        Raises
        ------
        SaveCancelledError
            If the copy is no longer wanted.
        """
        self._done += nbytes
        if self._progress is not None:
            self._progress(self._done, self._total)
        if self._cancelled is not None and self._cancelled():
            raise SaveCancelledError("Cancelled: nothing was kept, what was there is untouched.")
