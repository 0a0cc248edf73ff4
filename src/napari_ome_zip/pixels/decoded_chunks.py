"""Decoded chunks that may be asked for again: one cache for all arrays of this process.

Scrolling along z through chunks of 64³ asks for each of them 64 times. Only what a viewer asks for
is kept: a save, or a computation of dask's, goes through every chunk once.
"""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from napari_ome_zip.byte_cache import check_limit, limit_of_environment
from napari_ome_zip.pixels.grid import ChunkCoordinates

DEFAULT_CACHE_BYTES = 1 << 30
"""Size of the cache where nothing else is set (1 GiB)."""
CACHE_VARIABLE = "NAPARI_OME_ZIP_CACHE_MB"
"""Environment variable that sets the size of the cache, in megabytes (2²⁰ bytes)."""

_MIN_CHUNK_BYTES = 1 << 11
"""Smaller chunks (2 KiB) are not kept: looking them up takes as long as decoding."""
_ENTRY_BYTES = 256
"""What the cache itself takes for each chunk, about."""

type Pixels = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class _Batch:
    """Chunks that were decoded together, in one piece of memory: they are let go together."""

    array: int
    """Number of the array that they are of."""
    chunks: Sequence[ChunkCoordinates]
    pixels: Pixels
    """Of shape ``(len(chunks), *chunk shape)``."""

    @property
    def nbytes(self) -> int:
        return self.pixels.nbytes + _ENTRY_BYTES * len(self.chunks)


class _Cache:
    """Batches that were used last, for any number of threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.begin_empty()

    def begin_empty(self) -> None:
        """Also in a forked process: a thread of its parent may have held the lock."""
        self._lock = threading.Lock()
        self._batches: OrderedDict[int, _Batch] = OrderedDict()
        self._places: dict[tuple[int, ChunkCoordinates], tuple[_Batch, int]] = {}
        self.nbytes = 0

    def get_all(self, array: int, chunks: Sequence[ChunkCoordinates]) -> list[Pixels | None]:
        with self._lock:
            places = [self._places.get((array, chunk)) for chunk in chunks]
            for used in {id(place[0]) for place in places if place is not None}:
                self._batches.move_to_end(used)
        return [None if place is None else place[0].pixels[place[1]] for place in places]

    def put(self, batch: _Batch) -> None:
        if batch.nbytes > self.limit:
            return
        with self._lock:
            self._batches[id(batch)] = batch
            self.nbytes += batch.nbytes
            for row, chunk in enumerate(batch.chunks):
                self._places[batch.array, chunk] = (batch, row)
            self._shrink()

    def resize(self, limit: int) -> None:
        with self._lock:
            self.limit = limit
            self._shrink()

    def try_forget(self, arrays: Container[int]) -> bool:
        """Let go of arrays, unless a thread is at work here: never waits.

        So it may be called while objects are taken apart, wherever Python happens to do that.
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            for batch in [each for each in self._batches.values() if each.array in arrays]:
                self._drop(batch)
        finally:
            self._lock.release()
        return True

    def _shrink(self) -> None:
        while self.nbytes > self.limit:
            self._drop(next(iter(self._batches.values())))

    def _drop(self, batch: _Batch) -> None:
        del self._batches[id(batch)]
        self.nbytes -= batch.nbytes
        for chunk in batch.chunks:
            # Two threads may have decoded the same chunk: the later one's stays.
            place = self._places.get((batch.array, chunk))
            if place is not None and place[0] is batch:
                del self._places[batch.array, chunk]


_cache = _Cache(limit_of_environment(CACHE_VARIABLE, DEFAULT_CACHE_BYTES))
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_cache.begin_empty)
_keeping: ContextVar[bool] = ContextVar("keeping", default=False)
_once: ContextVar[bool] = ContextVar("once", default=False)
_numbers = itertools.count()
_gone: set[int] = set()


def cache_size() -> int:
    """Bytes of decoded pixels that are kept for viewers, at most, of all open images together.

    Examples
    --------
    >>> import napari_ome_zip
    >>> napari_ome_zip.cache_size() >> 20  # MiB
    1024
    """
    return _cache.limit


def set_cache_size(nbytes: int) -> None:
    """Keep at most so many bytes of decoded pixels, of all open images together.

    Parameters
    ----------
    nbytes : int
        0 keeps nothing. Without this it is 1 GiB, or as many megabytes as the environment variable
        ``NAPARI_OME_ZIP_CACHE_MB`` says.

    Raises
    ------
    ValueError
        For a negative number.

    Examples
    --------
    >>> import napari_ome_zip
    >>> before = napari_ome_zip.cache_size()
    >>> napari_ome_zip.set_cache_size(256 << 20)
    >>> napari_ome_zip.cache_size()
    268435456
    >>> napari_ome_zip.set_cache_size(before)
    """
    check_limit(nbytes)
    _cache.resize(nbytes)


def clear_cache() -> None:
    """Forget all decoded pixels that are kept."""
    limit = _cache.limit
    _cache.resize(0)
    _cache.resize(limit)


@contextmanager
def keeping(nbytes: int) -> Iterator[None]:
    """Within this block, in this thread: chunks that are decoded are kept.

    Parameters
    ----------
    nbytes : int
        Bytes that will be decoded. More than half of the cache would push out all the rest, and
        themselves: they are not kept.
    """
    token = _keeping.set(2 * nbytes <= _cache.limit and not _once.get())
    try:
        yield
    finally:
        _keeping.reset(token)


@contextmanager
def looking_once() -> Iterator[None]:
    """Within this block, in this thread: nothing that is decoded is kept, whoever reads it.

    For what looks at much of an image one time, as a picture of it does.
    """
    token = _once.set(True)
    try:
        yield
    finally:
        _once.reset(token)


class DecodedChunks:
    """The decoded chunks of one array that are kept; they go when the array does."""

    def __init__(self) -> None:
        self._number = next(_numbers)
        weakref.finalize(self, _forget, self._number).atexit = False

    def get_all(self, chunks: Sequence[ChunkCoordinates]) -> list[Pixels | None]:
        """Pixels of each of these chunks, None for those that are not kept."""
        return _cache.get_all(self._number, chunks)

    def put(self, chunks: Sequence[ChunkCoordinates], pixels: Pixels) -> None:
        """Keep chunks that nobody changes, of shape ``(len(chunks), *chunk shape)``."""
        _cache.put(_Batch(self._number, chunks, pixels))
        if _gone:
            _sweep()

    @staticmethod
    def are_kept(chunk_bytes: int | None) -> bool:
        """Whether chunks of this size are kept, here and now; None for those of any size."""
        return (chunk_bytes is None or chunk_bytes >= _MIN_CHUNK_BYTES) and _keeping.get()


def _forget(number: int) -> None:
    _gone.add(number)
    _sweep()


def _sweep() -> None:
    gone = frozenset(_gone)
    # Where another thread is at work in the cache, whoever keeps chunks next tries again.
    if _cache.try_forget(gone):
        _gone.difference_update(gone)
