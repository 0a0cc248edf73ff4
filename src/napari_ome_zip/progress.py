"""Progress of work, and how it is cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass, field

from napari_ome_zip.errors import OmeZipError

type Progress = Callable[[int, int], None]
"""Called with the amount done and the total, mostly in bytes."""
type Cancelled = Callable[[], bool]
"""Called regularly; once it returns True the work is stopped."""


@dataclass
class Watch:
    """Reports progress to the caller, and stops the work when the caller cancels it."""

    progress: Progress | None
    cancelled: Cancelled | None
    stopped: Callable[[], OmeZipError]
    """Makes the error that ends the work."""
    total: int = 0
    """Total amount of work, for `add`."""
    _done: int = field(default=0, init=False)

    def add(self, amount: int) -> None:
        """Count what was done, report it, and `check`."""
        self._done += amount
        self.report(self._done, self.total)

    def counted[B: Sized](self, pieces: Iterable[B]) -> Iterator[B]:
        """Yield pieces, and `add` the length of each once it was worked on."""
        for piece in pieces:
            yield piece
            self.add(len(piece))

    @property
    def silent(self) -> Watch:
        """One that reports nothing, and is stopped with this one."""
        return Watch(None, self.cancelled, self.stopped)

    def report(self, done: int, total: int) -> None:
        """Report progress, and `check`."""
        if self.progress is not None:
            self.progress(done, total)
        self.check()

    def check(self) -> None:
        """Raise the error that `stopped` makes if the work was cancelled."""
        if self.cancelled is not None and self.cancelled():
            raise self.stopped()
