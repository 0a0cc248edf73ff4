"""Reads bytes of one file behind a link: from memory, from the disk, else from the server."""

from __future__ import annotations

import os
import weakref
from collections import deque
from collections.abc import Iterable, Iterator

from napari_ome_zip.errors import ChangedFileError, LinkError
from napari_ome_zip.files.byte_file import NOTHING_EXPECTED, Expectation, Range
from napari_ome_zip.files.fetching.blocks import MEMORY, Block
from napari_ome_zip.files.fetching.file_blocks import FileBlocks, Kept
from napari_ome_zip.files.fetching.lines import Fetch, Lines, Traffic
from napari_ome_zip.files.fetching.ranges import split
from napari_ome_zip.files.fetching.wishes import Handle, Wish
from napari_ome_zip.files.watching import ASKED_EVERY, current_watch, keeps_on_disk

_WINDOW = 32 << 20  # of a long range, two are asked for at once


class Fetcher:
    """Reads ranges of one version of a file; each byte is fetched once, while it is in memory.

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
        self._ends: list[tuple[int, bytes]] = []
        self.begin_anew()
        _fetchers.add(self)

    def begin_anew(self) -> None:
        """Begin with nothing, also in a forked process, where the threads of its parent are not."""
        self.blocks = FileBlocks(self._kept)
        self._lines = Lines(self._fetch, self.blocks, self._kept, self.traffic)
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
        absent = [each for each in ranges if not self._has(*each)]
        if not absent:
            return NOTHING_EXPECTED
        wish = Wish(absent, is_kept=keeps_on_disk(), is_ahead=ahead)
        handle = Handle(wish)
        with MEMORY.lock:
            self._lines.add(wish)
            missing = self._lines.missing_threads()
        self._lines.begin_threads(missing)
        return handle

    def _has(self, start: int, stop: int) -> bool:
        with MEMORY.lock:  # anew for each of many ranges, for others wait for it
            return self.blocks.has(start, stop)

    @property
    def coming(self) -> int:
        """Bytes that were asked for and are not there yet."""
        with MEMORY.lock:
            return self._lines.coming

    def _claim(self, start: int, stop: int) -> list[Block]:
        """Return the blocks of a range, all of them there or asked for, each with a reader more."""
        loaded = self._load(start, stop)
        with MEMORY.lock:
            changed = self._lines.changed
            if changed is not None:
                raise ChangedFileError(str(changed), code=changed.code)
            for position, data in loaded:
                self.blocks.add_known(position, data)
            for hole in self.blocks.holes(start, stop):
                for part in split(*hole):
                    self._lines.ask_for(*part, is_kept=keeps_on_disk())
            blocks = self.blocks.overlapping(start, stop)
            for block in blocks:
                block.readers += 1
                block.settle()
                MEMORY.use(block)
            MEMORY.shrink()
            missing = self._lines.missing_threads()
        self._lines.begin_threads(missing)
        return blocks

    def _load(self, start: int, stop: int) -> list[tuple[int, bytes]]:
        """Read from the disk what is not in memory."""
        if self._kept is None:
            return []
        with MEMORY.lock:
            holes = self.blocks.holes(start, stop)
        return [found for hole in holes for found in self._kept.load(*hole)]

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


_fetchers: weakref.WeakSet[Fetcher] = weakref.WeakSet()


def _after_fork() -> None:
    for fetcher in list(_fetchers):
        fetcher.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
