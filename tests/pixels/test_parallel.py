"""Work shared among threads: all of it once, errors told, no thread waited for in vain."""

from __future__ import annotations

import itertools
import multiprocessing
import sys
import threading
from typing import Any

import dask
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_ome_zip.pixels import parallel
from napari_ome_zip.pixels.parallel import in_parallel, read
from napari_ome_zip.pixels.source import DirectSource


class Numbers(DirectSource):
    """A source whose pixels are their own positions."""

    dtype = np.dtype("i8")  # type: ignore[assignment]
    shape, chunks, grid_chunk_shape = (), (), ()  # type: ignore[assignment]

    def __init__(self, shape: tuple[int, ...], chunks: tuple[int, ...], stored: Any = None) -> None:
        self.pixels = np.arange(np.prod(shape)).reshape(shape)
        self.shape = shape
        self.chunks = chunks
        self.grid_chunk_shape = stored or chunks
        self.asked: list[tuple[slice, ...]] = []
        self.threads: set[int] = set()

    def read_into(self, region: tuple[slice, ...], out: np.ndarray) -> None:
        self.asked.append(region)
        self.threads.add(threading.get_ident())
        out[...] = self.pixels[region]


@st.composite
def regions(draw: st.DrawFn) -> tuple[Numbers, tuple[slice, ...]]:
    shape = tuple(draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)))
    chunks = tuple(draw(st.integers(1, 4)) for _ in shape)
    stored = tuple(chunk * draw(st.integers(1, 3)) for chunk in chunks)
    ends = [sorted(draw(st.tuples(st.integers(0, n), st.integers(0, n)))) for n in shape]
    return Numbers(shape, chunks, stored), tuple(slice(*pair) for pair in ends)


@given(regions(), st.integers(1, 5), st.integers(1, 64))
def test_a_region_read_in_parts_is_the_region(
    drawn: tuple[Numbers, tuple[slice, ...]], workers: int, part_bytes: int
) -> None:
    source, region = drawn
    with pytest.MonkeyPatch.context() as patch, dask.config.set(num_workers=workers):
        patch.setattr(parallel, "ALONE_BYTES", 0)
        patch.setattr(parallel, "PART_BYTES", part_bytes)
        found = read(source, region)
    np.testing.assert_array_equal(found, source.pixels[region])


@given(regions())
def test_no_chunk_is_in_two_parts(drawn: tuple[Numbers, tuple[slice, ...]]) -> None:
    source, region = drawn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parallel, "ALONE_BYTES", 0)
        read(source, region)
    seen: set[Any] = set()
    for part in source.asked:
        sides = zip(part, source.chunks, strict=True)
        touched = set(itertools.product(*(range(s.start // n, -(-s.stop // n)) for s, n in sides)))
        assert seen.isdisjoint(touched)
        seen |= touched


def test_parts_are_whole_shards_where_there_are_enough_of_them() -> None:
    source = Numbers((8, 8), (1, 1), stored=(2, 4))
    with pytest.MonkeyPatch.context() as patch, dask.config.set(num_workers=2):
        patch.setattr(parallel, "ALONE_BYTES", 0)
        read(source, (slice(0, 8), slice(0, 8)))
    assert len(source.asked) == 2  # one for each thread
    assert all(part[0].start % 2 == 0 and part[1].start % 4 == 0 for part in source.asked)


def test_a_small_region_is_read_by_who_asks() -> None:
    source = Numbers((8, 8), (1, 1))
    read(source, (slice(0, 8), slice(0, 8)))
    assert source.threads == {threading.get_ident()}


def test_one_worker_is_no_helper() -> None:
    source = Numbers((1000, 1000), (100, 100))
    with dask.config.set(num_workers=1):
        read(source, (slice(0, 1000), slice(0, 1000)))
    assert source.threads == {threading.get_ident()}


def test_all_items_are_worked_on_once_by_several_threads() -> None:
    done: list[int] = []
    both = threading.Barrier(2, timeout=30)
    threads = set()

    def work(item: int) -> None:
        if item < 2:
            both.wait()  # passes only with two threads at work
        threads.add(threading.get_ident())
        done.append(item)

    in_parallel(work, range(100), workers=2)

    assert sorted(done) == list(range(100))
    assert len(threads) == 2


def test_work_within_work_does_not_wait_for_itself() -> None:
    done: list[tuple[int, int]] = []

    def outer(item: int) -> None:
        in_parallel(lambda inner: done.append((item, inner)), range(10), workers=8)

    in_parallel(outer, range(20), workers=8)

    assert sorted(done) == [(a, b) for a in range(20) for b in range(10)]


@pytest.mark.parametrize("by_helper", [False, True])
def test_an_error_stops_the_rest_and_is_raised(by_helper: bool) -> None:
    asked = threading.get_ident()
    begun: list[int] = []
    both = threading.Barrier(2, timeout=30)

    def work(item: int) -> None:
        begun.append(item)
        if len(begun) <= 2:
            both.wait()
            if (threading.get_ident() != asked) == by_helper:
                raise OSError("the disk is gone")
        threading.Event().wait(0.001)

    with pytest.raises(OSError, match="the disk is gone"):
        in_parallel(work, range(100_000), workers=2)
    assert len(begun) < 100_000


def test_without_a_thread_to_be_had_it_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def submit(self, *_: Any) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(parallel, "_pool", lambda _: Full())
    done: list[int] = []
    in_parallel(done.append, range(10), workers=4)
    assert done == list(range(10))


def _in_child(results: Any) -> None:
    source = Numbers((1000, 1000), (100, 100))
    region = (slice(0, 1000), slice(0, 1000))
    results.put(bool(np.array_equal(read(source, region), source.pixels)))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    source = Numbers((1000, 1000), (100, 100))
    read(source, (slice(0, 1000), slice(0, 1000)))  # threads that the child will not have
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_in_child, args=(results,))
    child.start()
    try:
        assert results.get(timeout=60)
    finally:
        child.join(30)
