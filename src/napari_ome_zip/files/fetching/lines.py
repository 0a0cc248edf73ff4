"""The requests to one file that are on their way, in threads, most wanted first.

There are no threads while nothing is to be fetched. What is read comes before what is expected, and
of that the latest expectation first, but for those that nobody asked for yet, which come last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from napari_ome_zip.errors import ChangedFileError
from napari_ome_zip.files.fetching.blocks import MEMORY, Block
from napari_ome_zip.files.fetching.file_blocks import FileBlocks, Kept
from napari_ome_zip.files.fetching.ranges import LINES
from napari_ome_zip.files.fetching.storing import STORING
from napari_ome_zip.files.fetching.wishes import Wish
from napari_ome_zip.threads import begins_thread

MOST_REQUESTS = LINES + 4
"""Requests that are on their way at once, at most; all but `LINES` of them for what is read."""

_LINES_AHEAD = LINES // 2  # for what nobody asked for yet
_LET_FINISH = 1 << 18  # a request with less to come is not worth another connection

type Took = Callable[[bytes], None]
"""Given the bytes of a range as they come; what it raises ends the request."""
type Fetch = Callable[[int, int, Took], None]
"""Fetches the bytes from one position up to another."""


@dataclass(slots=True)
class Traffic:
    """What was fetched of a file so far."""

    requests: int = 0
    received: int = 0
    """Bytes of content."""


class _NotWantedError(Exception):
    """Nobody wants the rest of a request."""


class Lines:
    """Threads that fill the blocks of one file; all methods need the lock of `MEMORY`.

    Parameters
    ----------
    fetch : callable
        Called in several threads at once.
    blocks : FileBlocks
        Those of the file.
    kept : Kept, optional
        Where what came is kept.
    traffic : Traffic
        What is counted.
    """

    def __init__(
        self, fetch: Fetch, blocks: FileBlocks, kept: Kept | None, traffic: Traffic
    ) -> None:
        self._fetch, self._blocks, self._kept = fetch, blocks, kept
        self._traffic = traffic
        self._urgent: deque[Block] = deque()
        self._wishes: list[Wish] = []
        """The most urgent one is the last."""
        self._running: dict[Block, Wish | None] = {}
        """Requests on their way, and the wish that was the only reason to make them."""
        self._threads = 0
        self.changed: ChangedFileError | None = None
        """What was raised when the file turned out to be another one by now."""

    def add(self, wish: Wish) -> None:
        """Fetch what somebody wants."""
        if not self.changed:
            self._wishes.insert(0 if wish.is_ahead else len(self._wishes), wish)

    def ask_for(self, start: int, stop: int, *, is_kept: bool) -> None:
        """Fetch a range next, with expected neighbors as they were merged."""
        for wish in reversed(self._wishes):
            for piece in list(wish.take(start, stop)):
                new = self._blocks.new(piece.start, piece.stop, wish, is_kept=wish.is_kept)
                self._urgent.extend(new)
        self._urgent.extend(self._blocks.new(start, stop, None, is_kept=is_kept))

    @property
    def coming(self) -> int:
        """Bytes that were asked for and are not there yet."""
        blocks = (*self._running, *self._urgent)
        return sum(block.stop - block.start - block.came for block in blocks) + sum(
            wish.coming for wish in self._wishes if not wish.is_over
        )

    def missing_threads(self) -> int:
        """Count the threads to begin, by `begin_threads` and without the lock."""
        self._wishes = [wish for wish in self._wishes if not wish.is_over]
        askable = sum(wish.askable for wish in self._wishes)
        expected = min(askable, max(0, LINES - len(self._running)))
        wanted = min(MOST_REQUESTS, len(self._running) + len(self._urgent) + expected)
        missing = max(0, wanted - self._threads)
        self._threads += missing
        return missing

    def begin_threads(self, count: int) -> None:
        """Begin as many threads as are missing: one here, which begins the others.

        Whoever begins a thread waits until it runs, and a window should not wait for all of them.
        """
        if not count:
            return
        if not begins_thread(partial(self._work, count - 1), "ome-zip-link", daemon=True):
            with MEMORY.lock:
                self._threads -= count - 1
            self._work(0)

    def _work(self, others: int) -> None:
        self.begin_threads(others // 2)
        self.begin_threads(others - others // 2)
        while (block := self._next()) is not None:
            self._run(block)

    def _next(self) -> Block | None:
        """Return what is to be asked for now; None ends the thread."""
        with MEMORY.lock:
            while self._urgent:
                block = self._urgent.popleft()
                if block.is_wanted:
                    self._running[block] = None
                    return block
                self._blocks.remove(block.start)
            expected = self._next_expected()
            if expected is None:
                self._threads -= 1
            return expected

    def _next_expected(self) -> Block | None:
        reasons = [wish for wish in self._running.values() if wish is not None]
        ahead = sum(wish.is_ahead for wish in reasons)
        for wish in reversed(self._wishes):
            if len(reasons) >= LINES or (wish.is_ahead and ahead >= _LINES_AHEAD):
                return None
            while wish.askable and (piece := wish.next_piece()) is not None:
                new = self._blocks.new(piece.start, piece.stop, wish, is_kept=wish.is_kept)
                if new:
                    self._urgent.extend(new[1:])  # the rest of a piece whose middle is there
                    self._running[new[0]] = wish
                    return new[0]
        return None

    def _run(self, block: Block) -> None:
        def took(data: bytes) -> None:
            came = block.came + len(data)
            block.data[block.came : came] = data
            with block.changed:
                block.came = came
                if self._is_stored(block):  # whoever waits for it may be the end of the program
                    STORING.announce(block)
                self._traffic.received += len(data)
                block.changed.notify_all()
                if not block.is_wanted and block.stop - block.start - came > _LET_FINISH:
                    # Who reads it from now on asks anew.
                    self._blocks.finish(block, _NotWantedError())
                    raise _NotWantedError

        with MEMORY.lock:
            self._traffic.requests += 1
        error: BaseException | None = None
        try:
            self._fetch(block.start, block.stop, took)
        except BaseException as raised:  # noqa: BLE001  raised by whoever reads the bytes
            error = raised
        self._end(block, error)
        if self._kept is not None and block.is_kept and block.came and self.changed is None:
            STORING.add(self._kept, block)
        else:
            STORING.forget(block)

    def _is_stored(self, block: Block) -> bool:
        """Whether all of a block is there, and goes to the disk next."""
        return self._kept is not None and block.is_kept and block.came == block.stop - block.start

    def _end(self, block: Block, error: BaseException | None) -> None:
        with block.changed:
            self._running.pop(block, None)
            if isinstance(error, ChangedFileError):
                self.changed = error
                self._wishes.clear()
            if not block.is_done:
                self._blocks.finish(block, error)
