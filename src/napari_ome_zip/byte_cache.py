"""What was made and may be asked for again, up to a number of bytes."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Protocol


def limit_of_environment(variable: str, default: int) -> int:
    """Return how many bytes a variable lets a cache keep, in megabytes (2²⁰ bytes)."""
    megabytes = os.environ.get(variable, "")
    return int(megabytes) << 20 if megabytes.isdecimal() else default


def check_limit(nbytes: int) -> None:
    """Refuse a size that no cache can have.

    Raises
    ------
    ValueError
        For a negative number.
    """
    if nbytes < 0:
        raise ValueError(f"The size of the cache is {nbytes} bytes, it cannot be negative.")


class _Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


class ByteCache[K: Hashable, V: _Sized]:
    """Keeps what was used last, for any number of threads.

    The latest one stays whatever its size. A copy, as in another process, begins empty.

    Parameters
    ----------
    limit : int
        Bytes that are kept, at most.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self._process = os.getpid()

    def __reduce__(self) -> tuple[Any, tuple[int]]:
        return ByteCache, (self.limit,)

    @property
    def nbytes(self) -> int:
        """Bytes that are kept now."""
        return self._size

    def get(self, key: K) -> V | None:
        """What is kept under a key; None where it is not, or not any more."""
        with self._own_lock():
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: K, value: V) -> None:
        """Keep a value, and let go of those that were not used for longest."""
        with self._own_lock():
            before = self._kept.pop(key, None)
            self._size += value.nbytes - (0 if before is None else before.nbytes)
            self._kept[key] = value
            while self._size > self.limit and len(self._kept) > 1:
                self._size -= self._kept.popitem(last=False)[1].nbytes

    def _own_lock(self) -> threading.Lock:
        # A thread of the parent process may have held the lock when this process was forked.
        if self._process != os.getpid():
            self._process = os.getpid()
            self._lock = threading.Lock()
            self._kept.clear()
            self._size = 0
        return self._lock
