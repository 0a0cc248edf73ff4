"""One thread keeps on disk what came, so that no request waits for the disk.

It lasts as long as there is something to keep. What came together is written together.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque

from napari_ome_zip.files.fetching.blocks import Block
from napari_ome_zip.files.fetching.file_blocks import Kept
from napari_ome_zip.threads import begins_thread

MOST_WAITING = 64 << 20
"""Bytes that wait to be kept, at most (64 MiB); whoever has more waits for the disk."""

_PAUSE = 0.05  # seconds in which more comes, and whoever waited for it goes on
_AT_THE_END = 2.0  # seconds that the program waits for the disk


class Storing:
    """Keeps blocks on disk, in the order in which they came."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Begin with nothing, also in a forked process, where the thread of its parent is not."""
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Kept, Block]] = deque()
        self._announced: set[Block] = set()
        self._nbytes = 0
        self._is_running = False
        self._hurries = threading.Event()

    def announce(self, block: Block) -> None:
        """Let the program not end without a block that is going to be added."""
        self._announced.add(block)

    def forget(self, block: Block) -> None:
        """Let the program end without a block."""
        self._announced.discard(block)

    def add(self, kept: Kept, block: Block) -> None:
        """Keep what came of a block."""
        with self._changed:
            self._changed.wait_for(lambda: self._nbytes < MOST_WAITING)
            self._waiting.append((kept, block))
            self._nbytes += block.came
            begins = not self._is_running
            self._is_running = True
        if begins and not begins_thread(self._work, "ome-zip-link", daemon=True):
            self._work()

    def wait(self, seconds: float) -> None:
        """Wait until everything is kept, but no longer than so."""
        self._hurries.set()
        end = time.monotonic() + seconds
        while self._announced and time.monotonic() < end:
            time.sleep(0.001)
        self._hurries.clear()

    def _work(self) -> None:
        while batch := self._next():
            try:
                batch[0][0].put_all([(block.start, block.data[: block.came]) for _, block in batch])
            except BaseException:
                self._is_running = False  # the next block begins another thread
                raise
            finally:
                with self._changed:
                    self._nbytes -= sum(block.came for _, block in batch)
                    self._announced.difference_update(block for _, block in batch)
                    self._changed.notify_all()

    def _next(self) -> list[tuple[Kept, Block]]:
        """Take the blocks that wait first and are of one file; none ends the thread."""
        batch: list[tuple[Kept, Block]] = []
        self._hurries.wait(_PAUSE)
        with self._changed:
            while self._waiting and (not batch or self._waiting[0][0] is batch[0][0]):
                batch.append(self._waiting.popleft())
            self._is_running = bool(batch)
        return batch


STORING = Storing()
"""That of this process."""
atexit.register(lambda: STORING.wait(_AT_THE_END))
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=STORING.begin_anew)
