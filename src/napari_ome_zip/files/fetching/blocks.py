"""Bytes of files behind links that are in memory, or on their way there."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict, deque
from typing import Protocol

from napari_ome_zip.files.fetching.ranges import RangeMap

MEMORY_BYTES = 128 << 20
"""Bytes that are kept of all files behind links together (128 MiB)."""

_BLOCK_BYTES = 512
"""What a block itself takes, about."""


class Wanting(Protocol):
    """Who asked for bytes ahead."""

    is_over: bool
    """Whether they are not wanted any more."""
    ahead: int
    """Bytes that are there, or on their way, of which nothing was read yet."""


class Block:
    """Bytes that one request asks for, filled from the front.

    Everything but `data` and `came` is changed under the lock of `MEMORY` alone.

    Parameters
    ----------
    start : int
        Position of the first byte in the file.
    data : bytearray or bytes
        As long as what was asked for.
    came : int
        How many of them are there.
    """

    __slots__ = (
        "_is_ahead",
        "came",
        "changed",
        "data",
        "error",
        "is_done",
        "is_kept",
        "readers",
        "start",
        "stop",
        "wishes",
    )

    def __init__(self, start: int, data: bytearray | bytes | memoryview, came: int = 0) -> None:
        self.start, self.stop = start, start + len(data)
        self.data = memoryview(data)
        self.came = came
        self.is_done = came == len(data)
        self.error: BaseException | None = None
        self.readers = 0
        """Number of those who wait for it now."""
        self.wishes: list[Wanting] = []
        """Who asked for it ahead."""
        self._is_ahead = True
        self.is_kept = True
        """Whether it goes to the disk."""
        self.changed = threading.Condition(MEMORY.lock)

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return len(self.data) + _BLOCK_BYTES

    @property
    def is_wanted(self) -> bool:
        """Whether anybody waits for it, or asked for it ahead."""
        return self.readers > 0 or any(not wish.is_over for wish in self.wishes)

    def join(self, wish: Wanting) -> None:
        """Let it be wanted by one more."""
        if wish not in self.wishes:
            self.wishes.append(wish)
            wish.ahead += self.stop - self.start if self._is_ahead else 0

    def settle(self) -> None:
        """Let it count as read, or as not to be read any more."""
        if self._is_ahead:
            self._is_ahead = False
            for wish in self.wishes:
                wish.ahead -= self.stop - self.start


class Memory:
    """The blocks of all files, of which those that were used last are kept.

    One lock serves all files: it is held for moments only.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.lock = threading.Lock()
        self.nbytes = 0
        self._kept: OrderedDict[Block, RangeMap[Block]] = OrderedDict()
        self._left: deque[RangeMap[Block]] = deque()

    def keep(self, block: Block, among: RangeMap[Block]) -> None:
        """Keep a block that is complete, the lock being held."""
        self._kept[block] = among
        self.nbytes += block.nbytes

    def use(self, block: Block) -> None:
        """Let a block be the latest one, the lock being held."""
        if block in self._kept:
            self._kept.move_to_end(block)

    def let_go(self, block: Block) -> bool:
        """Let go of a block, the lock being held; False where it stays for ever."""
        if self._kept.pop(block, None) is None:
            return False
        self.nbytes -= block.nbytes
        block.settle()
        return True

    def shrink(self) -> None:
        """Let go of what was not used for longest, the lock being held."""
        while self._left:
            self._forget(self._left.popleft())
        while self.nbytes > self.limit:
            block, among = self._kept.popitem(last=False)
            self.nbytes -= block.nbytes
            block.settle()
            among.remove(block.start)

    def leave(self, among: RangeMap[Block]) -> None:
        """Let go of a file's blocks, now or when there is time: never waits.

        So it may be called while objects are taken apart, wherever Python happens to do that.
        """
        self._left.append(among)
        if self.lock.acquire(blocking=False):
            try:
                self.shrink()
            finally:
                self.lock.release()

    def begin_anew(self) -> None:
        """Begin empty in a forked process: a thread of its parent may have held the lock."""
        self.lock = threading.Lock()
        self._kept.clear()
        self._left.clear()
        self.nbytes = 0

    def _forget(self, among: RangeMap[Block]) -> None:
        for block in among:
            if self._kept.pop(block, None) is not None:
                self.nbytes -= block.nbytes


MEMORY = Memory(MEMORY_BYTES)
"""That of this process."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=MEMORY.begin_anew)
