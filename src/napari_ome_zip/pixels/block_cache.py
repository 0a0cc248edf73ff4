"""Computed pixels that are kept for the next view."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import Any

import numpy.typing as npt


class BlockCache:
    """Computed blocks of all virtual levels of one image, the last used ones.

    Parameters
    ----------
    limit : int
        Bytes that are kept at most.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._blocks: OrderedDict[Any, npt.NDArray[Any]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self._process = os.getpid()

    def __reduce__(self) -> tuple[type[BlockCache], tuple[int]]:
        return BlockCache, (self.limit,)

    @property
    def nbytes(self) -> int:
        """Bytes that are kept now."""
        return self._size

    def get(self, key: Any) -> npt.NDArray[Any] | None:
        """A block; None where it is not kept."""
        with self._own_lock():
            block = self._blocks.get(key)
            if block is not None:
                self._blocks.move_to_end(key)
            return block

    def put(self, key: Any, block: npt.NDArray[Any]) -> None:
        """Keep a block, and let go of those that were not used for longest."""
        with self._own_lock():
            before = self._blocks.pop(key, None)
            self._size += block.nbytes - (0 if before is None else before.nbytes)
            self._blocks[key] = block
            while self._size > self.limit:
                self._size -= self._blocks.popitem(last=False)[1].nbytes

    def _own_lock(self) -> threading.Lock:
        # A thread of the parent process may have held the lock when this process was forked.
        if self._process != os.getpid():
            self._process = os.getpid()
            self._lock = threading.Lock()
            self._blocks.clear()
            self._size = 0
        return self._lock
