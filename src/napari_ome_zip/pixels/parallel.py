"""Reading regions of pixels on all cores, with less ado than a task graph."""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import Any

import dask
import dask.threaded
import numpy as np
import numpy.typing as npt
from dask.system import CPU_COUNT

from napari_ome_zip.pixels.decoded_chunks import keeping
from napari_ome_zip.pixels.expecting import expecting
from napari_ome_zip.pixels.grid import Region, chunk_ranges, shape_of
from napari_ome_zip.pixels.source import PixelSource

PART_BYTES = 4 << 20
"""Larger regions are read in parts of about this size (4 MiB), so that all cores end together."""

WINDOW_BYTES = 128 << 20
"""Decoded bytes of what is fetched together of one region behind a line, about (128 MiB)."""

ALONE_BYTES = 1 << 19
"""Smaller regions (512 KiB) are read before another thread has woken up."""


def read(source: PixelSource, region: Region) -> npt.NDArray[Any]:
    """Pixels of ``region``, read and decoded on as many threads as there are cores.

    dask's setting ``num_workers`` is heeded.
    """
    out = np.empty(shape_of(region), source.dtype)
    workers = dask.config.get("num_workers", None) or CPU_COUNT
    if not source.gains_from_threads:
        workers = 1
    decoded = decoded_bytes(source, region)

    def read_part(part: tuple[Region, Region]) -> None:
        wanted, target = part
        source.read_into(wanted, out[target])

    todo = parts(source, region, decoded, workers)
    with keeping(decoded):
        if not source.is_remote:
            in_parallel(read_part, todo, workers)
            return out
        for group in _windows(source, todo):
            with expecting(source, [wanted for wanted, _ in group]):
                in_parallel(read_part, group, workers)
    return out


def _windows(
    source: PixelSource, todo: Sequence[tuple[Region, Region]]
) -> Iterator[list[tuple[Region, Region]]]:
    """Parts whose bytes are fetched together: of a whole level they could fill the memory."""
    group: list[tuple[Region, Region]] = []
    nbytes = 0
    for part in todo:
        group.append(part)
        nbytes += decoded_bytes(source, part[0])
        if nbytes >= WINDOW_BYTES:
            yield group
            group, nbytes = [], 0
    if group:
        yield group


def in_parallel[T](work: Callable[[T], None], items: Sequence[T], workers: int = CPU_COUNT) -> None:
    """Do ``work`` for every item, in this thread and in others that are free.

    Never waits for a thread to become free, so it may be called from any thread, its own
    included. The first error stops the rest and is raised here.
    """
    if len(items) < 2 or workers < 2:
        for item in items:
            work(item)
        return
    waiting = iter(items)
    lock = threading.Lock()

    def take() -> None:
        nonlocal waiting
        try:
            while True:
                with lock:
                    item = next(waiting, _NONE)
                if item is _NONE:
                    return
                work(item)
        except BaseException:
            waiting = iter(())
            raise

    helpers: list[Future[None]] = []
    try:
        for _ in range(min(workers, len(items)) - 1):
            helpers.append(_pool(os.getpid()).submit(copy_context().run, take))
    except RuntimeError:
        pass  # no thread can be had, as when the program ends: this one does it all
    try:
        take()
    finally:
        begun = [helper for helper in helpers if not helper.cancel()]
        errors = [error for helper in begun if (error := helper.exception()) is not None]
    if errors:
        raise errors[0]


_NONE: Any = object()


def _forget_pools_of_parent() -> None:
    """Let dask make new threads in a forked process.

    It keeps its pools in these variables, and would wait for threads that live in the parent alone.
    """
    dask.threaded.default_pool = None
    dask.threaded.pools.clear()
    dask.threaded.pools_lock = threading.Lock()
    # Its main thread is now the one that forked.
    dask.threaded.main_thread = threading.current_thread()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pools_of_parent)


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The threads of this process: those of the one it was forked from do not live in it."""
    return ThreadPoolExecutor(CPU_COUNT, thread_name_prefix="ome-zip")


def parts(
    source: PixelSource, region: Region, decoded: int, workers: int = 1
) -> list[tuple[Region, Region]]:
    """Split a region where chunks meet: parts of it, and their places in the output.

    Parameters
    ----------
    source : PixelSource
    region : tuple of slice
    decoded : int
        Bytes that are decoded for it.
    workers : int
        Threads that read it.
    """
    wanted = max(workers, decoded // PART_BYTES) if decoded > ALONE_BYTES else 1
    # Parts of one shard would each read its index.
    for grid in (source.grid_chunk_shape, source.chunks):
        counts = [
            -(-s.stop // n) - s.start // n if s.stop > s.start else 1
            for s, n in zip(region, grid, strict=True)
        ]
        if math.prod(counts) >= wanted:
            break
    axes = []
    for wanted_range, step, count in zip(region, grid, counts, strict=True):
        cuts = min(count, wanted)
        axes.append(list(_cut(wanted_range, step, count, cuts)))
        wanted = -(-wanted // cuts)
    return [
        (tuple(part for part, _ in combination), tuple(target for _, target in combination))
        for combination in itertools.product(*axes)
    ]


def decoded_bytes(source: PixelSource, region: Region) -> int:
    """Bytes that are decoded for a region: those of all chunks that it meets."""
    sides = zip(chunk_ranges(region, source.chunks), source.chunks, source.shape, strict=True)
    return math.prod(len(r) * min(n, size) for r, n, size in sides) * source.dtype.itemsize


def _cut(wanted: slice, step: int, count: int, cuts: int) -> Iterable[tuple[slice, slice]]:
    first = wanted.start // step
    lines = [(first + count * number // cuts) * step for number in range(1, cuts)]
    ends = [wanted.start, *lines, wanted.stop]
    for start, stop in itertools.pairwise(ends):
        yield slice(start, stop), slice(start - wanted.start, stop - wanted.start)
