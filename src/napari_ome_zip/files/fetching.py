"""Fetches bytes of one file behind a link: together, each once, most wanted first.

Threads that last as long as there is something to fetch have up to `MOST_REQUESTS` requests on
their way. What is read comes before what is expected, and of that the latest expectation first.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from napari_ome_zip.errors import ChangedFileError, LinkError
from napari_ome_zip.files.blocks import MEMORY, Block
from napari_ome_zip.files.byte_file import Expectation, Range
from napari_ome_zip.files.file_blocks import FileBlocks, Kept
from napari_ome_zip.files.ranges import LINES, split
from napari_ome_zip.files.watching import ASKED_EVERY, current_watch, keeps_on_disk
from napari_ome_zip.files.wishes import Handle, Wish

MOST_REQUESTS = 16
"""Requests that are on their way at once, at most; all but `LINES` of them for what is read."""

_WINDOW = 32 << 20  # of a long range, two are asked for at once
_LET_FINISH = 1 << 18  # a request with less to come is not worth another connection

type Took = Callable[[bytes | memoryview], None]
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


class Fetcher:
    """Fetches ranges of one version of a file.

    Parameters
    ----------
    fetch : callable
        Called in several threads at once.
    label : str
        What the file is called in messages.
    kept : Kept, optional
        What there is on disk.
    """

    def __init__(self, fetch: Fetch, label: str, kept: Kept | None = None) -> None:
        self._fetch, self._label, self._kept = fetch, label, kept
        self.traffic = Traffic()
        self._changed: ChangedFileError | None = None
        self._ends: list[tuple[int, bytes]] = []
        self.begin_anew()
        _fetchers.add(self)

    def begin_anew(self) -> None:
        """Begin with nothing, also in a forked process, where the threads of its parent are not."""
        self.blocks = FileBlocks(self._kept)
        self._urgent: deque[Block] = deque()
        self._wishes: list[Wish] = []
        self._running: dict[Block, bool] = {}
        """Requests on their way, and whether they were only expected when they began."""
        self._threads = 0
        for start, data in self._ends:
            self.hold(start, data)

    def hold(self, start: int, data: bytes) -> None:
        """Have bytes that are there from the beginning, and are never let go of."""
        with MEMORY.lock:
            self.blocks.add_known(start, data, for_ever=True)
        if (start, data) not in self._ends:
            self._ends.append((start, data))

    def read(self, start: int, stop: int) -> Iterator[memoryview]:
        """Yield the bytes of a range in pieces, in order; each waits until it is there.

        Raises
        ------
        ChangedFileError
            When the file is another one by now, now and ever after.
        LinkError
            When the bytes cannot be fetched. Reading them again fetches them anew.
        """
        windows = ((at, min(at + _WINDOW, stop)) for at in range(start, stop, _WINDOW))
        claimed: deque[tuple[Range, list[Block]]] = deque()
        try:
            for window in windows:
                claimed.append((window, self._claim(*window)))
                if len(claimed) == 2:
                    yield from self._wait(*claimed[0])
                    self._release(claimed.popleft()[1])
            while claimed:
                yield from self._wait(*claimed[0])
                self._release(claimed.popleft()[1])
        finally:
            for _, blocks in claimed:
                self._release(blocks)

    def expect(self, ranges: Iterable[Range], *, ahead: bool = False) -> Expectation:
        """Begin to fetch ranges, most wanted first, until the one who expects lets go of it.

        What is expected ahead comes after all that was asked for, even later.
        """
        asked = list(ranges)
        with MEMORY.lock:
            missing_ranges = [each for each in asked if not self.blocks.has(*each)]
        wish = Wish(missing_ranges, is_kept=keeps_on_disk())
        handle = Handle(wish)
        with MEMORY.lock:
            self._wishes.insert(0 if ahead else len(self._wishes), wish)
            missing = self._missing_threads()
        self._begin_threads(missing)
        return handle

    @property
    def coming(self) -> int:
        """Bytes that were asked for and are not there yet."""
        with MEMORY.lock:
            begun = [*self._running, *self._urgent]
            wishes = [wish for wish in self._wishes if not wish.is_over]
            return sum(block.stop - block.start - block.came for block in begun) + sum(
                wish.coming for wish in wishes
            )

    # Reading

    def _claim(self, start: int, stop: int) -> list[Block]:
        """Return the blocks of a range, all of them there or asked for, each with a reader more."""
        loaded = self._load(start, stop)
        is_kept = keeps_on_disk()
        with MEMORY.lock:
            if self._changed is not None:
                raise ChangedFileError(str(self._changed), code=self._changed.code)
            for position, data in loaded:
                self.blocks.add_known(position, data)
            for hole in self.blocks.holes(start, stop):
                self._ask_for(*hole, is_kept=is_kept)
            blocks = self.blocks.overlapping(start, stop)
            for block in blocks:
                block.readers += 1
                block.settle()
                MEMORY.use(block)
            MEMORY.shrink()
            missing = self._missing_threads()
        self._begin_threads(missing)
        return blocks

    def _load(self, start: int, stop: int) -> list[tuple[int, bytes]]:
        """Read from the disk what is not in memory."""
        if self._kept is None:
            return []
        with MEMORY.lock:
            holes = self.blocks.holes(start, stop)
        return [found for hole in holes for found in self._kept.load(*hole)]

    def _ask_for(self, start: int, stop: int, *, is_kept: bool) -> None:
        """Ask for bytes that are read, with expected neighbors as they were merged."""
        for wish in reversed(self._wishes):
            for piece in list(wish.take(start, stop)):
                new = self.blocks.new(piece.start, piece.stop, wish, is_kept=wish.is_kept)
                self._urgent.extend(new)
        for hole in self.blocks.holes(start, stop):
            for part in split(*hole):
                self._urgent.extend(self.blocks.new(*part, None, is_kept=is_kept))

    def _wait(self, window: Range, blocks: list[Block]) -> Iterator[memoryview]:
        for block in blocks:
            start, stop = max(window[0], block.start), min(window[1], block.stop)
            if block.came < stop - block.start:
                self._wait_for(block, stop - block.start)
            yield block.data[start - block.start : stop - block.start]

    def _wait_for(self, block: Block, count: int) -> None:
        """Wait until the first bytes of a block are there."""
        watch = current_watch()
        is_there = False
        while not is_there:
            if watch is not None:
                received = self.traffic.received
                watch.report(received, received + self.coming)
            with block.changed:
                is_there = block.changed.wait_for(
                    lambda: block.came >= count or block.is_done, ASKED_EVERY if watch else 1
                )
        if block.came < count:
            raise block.error or LinkError(f"Fewer bytes than asked for came of {self._label}.")

    def _release(self, blocks: list[Block]) -> None:
        with MEMORY.lock:
            for block in blocks:
                block.readers -= 1

    # Threads

    def _missing_threads(self) -> int:
        """Count the threads to begin, the lock being held; from now on they count as begun."""
        self._wishes = [wish for wish in self._wishes if not wish.is_over]
        askable = sum(wish.askable for wish in self._wishes)
        ahead = min(askable, LINES - sum(self._running.values()))
        busy = len(self._running) + len(self._urgent) + max(0, ahead)
        missing = max(0, min(MOST_REQUESTS, busy) - self._threads)
        self._threads += missing
        return missing

    def _begin_threads(self, count: int) -> None:
        for begun in range(count):
            try:
                threading.Thread(target=self._work, name="ome-zip-link", daemon=True).start()
            except RuntimeError:  # no thread can be had, as when the program ends
                with MEMORY.lock:
                    self._threads -= count - begun - 1
                self._work()
                return

    def _work(self) -> None:
        while (block := self._next()) is not None:
            self._run(block)

    def _next(self) -> Block | None:
        """Return what is to be asked for now; None ends the thread."""
        with MEMORY.lock:
            while self._urgent:
                block = self._urgent.popleft()
                if block.is_wanted:
                    self._running[block] = False
                    return block
                self.blocks.remove(block.start)
            if sum(self._running.values()) < LINES:
                block_ahead = self._next_ahead()
                if block_ahead is not None:
                    self._running[block_ahead] = True
                    return block_ahead
            self._threads -= 1
            return None

    def _next_ahead(self) -> Block | None:
        """Return what is expected: what was asked for last comes first."""
        for wish in reversed(self._wishes):
            while wish.askable and (piece := wish.next_piece()) is not None:
                new = self.blocks.new(piece.start, piece.stop, wish, is_kept=wish.is_kept)
                if new:
                    self._urgent.extend(new[1:])  # the rest of a piece whose middle is there
                    return new[0]
        return None

    def _run(self, block: Block) -> None:
        def took(data: bytes | memoryview) -> None:
            came = block.came + len(data)
            block.data[block.came : came] = data
            with block.changed:
                block.came = came
                self.traffic.received += len(data)
                block.changed.notify_all()
                if not block.is_wanted and block.stop - block.start - came > _LET_FINISH:
                    raise self._give_up(block)

        self.traffic.requests += 1
        error: BaseException | None = None
        try:
            self._fetch(block.start, block.stop, took)
        except BaseException as raised:  # noqa: BLE001  raised by whoever reads the bytes
            error = raised
        with block.changed:
            self._running.pop(block, None)
            if isinstance(error, ChangedFileError):
                self._changed = error
                self._wishes.clear()
            if not block.is_done:
                self.blocks.finish(block, error)
        if self._kept is not None and block.is_kept and block.came and self._changed is None:
            self._kept.put(block.start, block.data[: block.came])

    def _give_up(self, block: Block) -> _NotWantedError:
        """Let nobody wait for a block any more: who reads it from now on asks anew."""
        error = _NotWantedError()
        self.blocks.finish(block, error)
        return error


_fetchers: weakref.WeakSet[Fetcher] = weakref.WeakSet()


def _after_fork() -> None:
    for fetcher in list(_fetchers):
        fetcher.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
