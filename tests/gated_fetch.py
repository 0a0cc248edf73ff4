"""Bytes that are fetched when a test lets them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

PATIENCE = 60
"""Seconds after which a test that waits for something has failed."""


class GatedFetch:
    """Counts what is fetched of some bytes, and holds each request until it is let go.

    Parameters
    ----------
    content : bytes
        The file.
    is_open : bool
        Whether requests are answered at once.
    piece : int
        Bytes that come at a time.
    """

    def __init__(self, content: bytes, *, is_open: bool = True, piece: int = 1 << 16) -> None:
        self.content, self.piece = content, piece
        self.asked: list[tuple[int, int]] = []
        self.gate = threading.Event()
        if is_open:
            self.gate.set()
        self.held_after: int | None = None
        """Bytes of each request after which it waits for the gate once more."""
        self.second_gate = threading.Event()
        self.failing: Callable[[int, int], BaseException | None] = lambda start, stop: None
        self.ended: list[BaseException] = []
        self._changed = threading.Condition()

    def __call__(self, start: int, stop: int, took: Callable[[bytes], None]) -> None:
        with self._changed:
            self.asked.append((start, stop))
            self._changed.notify_all()
        if not self.gate.wait(PATIENCE):
            raise TimeoutError("The test never let the request go")
        error = self.failing(start, stop)
        if error is not None:
            raise error
        try:
            for at in range(start, stop, self.piece):
                if self.held_after is not None and at - start >= self.held_after:
                    self.second_gate.wait(PATIENCE)
                took(self.content[at : min(at + self.piece, stop)])
        except BaseException as raised:
            with self._changed:
                self.ended.append(raised)
                self._changed.notify_all()
            raise

    @property
    def fetched(self) -> int:
        """Bytes that were asked for."""
        return sum(stop - start for start, stop in self.asked)

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of what was asked for."""
        with self._changed:
            assert self._changed.wait_for(holds, PATIENCE)


@contextmanager
def in_thread[T](work: Callable[[], T]) -> Iterator[list[T | BaseException]]:
    """Run work in a thread that ends with the block; what it returned or raised is in the list."""
    results: list[T | BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  handed to the test
            results.append(error)

    thread = threading.Thread(target=run, name=f"test-reader-{next(_numbers)}")
    thread.start()
    try:
        yield results
    finally:
        thread.join(PATIENCE)
        assert not thread.is_alive()


_numbers = count()
