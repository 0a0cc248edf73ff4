"""What is fetched of a file behind a link: each byte once, together, most wanted first."""

from __future__ import annotations

import gc
import os
import random
import threading
import time
from collections.abc import Iterator

import pytest

from gated_fetch import PATIENCE, GatedFetch, in_thread
from napari_ome_zip.errors import ChangedFileError, LinkError, ReadCancelledError
from napari_ome_zip.files.fetching import blocks, wishes
from napari_ome_zip.files.fetching.fetcher import Fetcher
from napari_ome_zip.files.fetching.ranges import LINES
from napari_ome_zip.files.watching import watching
from napari_ome_zip.progress import Watch

KIB, MIB = 1 << 10, 1 << 20
CONTENT = random.Random(13).randbytes(8 * MIB)


def made(fetch: GatedFetch) -> Fetcher:
    return Fetcher(fetch, "'a.ozx'")


def read(fetcher: Fetcher, start: int, stop: int) -> bytes:
    return b"".join(fetcher.read(start, stop))


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    limit = 256 * KIB
    monkeypatch.setattr(blocks.MEMORY, "limit", limit)
    return limit


def test_what_is_read_is_fetched_and_kept() -> None:
    fetch = GatedFetch(CONTENT)
    fetcher = made(fetch)
    assert read(fetcher, 100, 300) == CONTENT[100:300]
    assert fetch.asked == [(100, 300)]
    assert read(fetcher, 120, 250) == CONTENT[120:250]
    assert read(fetcher, 250, 400) == CONTENT[250:400]
    assert fetch.asked == [(100, 300), (300, 400)]
    assert (fetcher.traffic.requests, fetcher.traffic.received) == (2, 300)


def test_nothing_is_asked_for_no_bytes() -> None:
    fetch = GatedFetch(CONTENT)
    assert read(made(fetch), 5, 5) == b""
    assert fetch.asked == []


def test_a_long_range_comes_by_several_requests_at_once() -> None:
    fetch = GatedFetch(CONTENT, is_open=False)
    fetcher = made(fetch)
    with in_thread(lambda: read(fetcher, 0, 6 * MIB)) as results:
        fetch.wait_until(lambda: len(fetch.asked) == 12)
        fetch.gate.set()
    assert results == [CONTENT[: 6 * MIB]]
    assert sorted(fetch.asked)[0] == (0, 512 * KIB)
    assert fetch.fetched == 6 * MIB


def test_neighbors_that_are_expected_are_one_request() -> None:
    fetch = GatedFetch(CONTENT)
    fetcher = made(fetch)
    chunks = [(start, start + 20 * KIB) for start in range(0, 400 * KIB, 21 * KIB)]
    with fetcher.expect(chunks):
        assert [read(fetcher, *chunk) for chunk in chunks] == [CONTENT[a:b] for a, b in chunks]
    assert fetch.asked == [(0, chunks[-1][1])]


def test_what_is_read_first_of_what_is_expected_comes_with_its_neighbors() -> None:
    fetch = GatedFetch(CONTENT, is_open=False)
    fetcher = made(fetch)
    first = fetcher.expect([(0, 10), (10, 20)])
    fetch.wait_until(lambda: fetch.asked == [(0, 20)])
    with in_thread(lambda: read(fetcher, 5, 15)) as results:
        fetch.gate.set()
    assert results == [CONTENT[5:15]]
    assert fetch.asked == [(0, 20)]
    first.end()


def test_little_that_is_there_does_not_split_a_request() -> None:
    fetch = GatedFetch(CONTENT)
    fetcher = made(fetch)
    fetcher.hold(200 * KIB, CONTENT[200 * KIB : 201 * KIB])
    headers = [(at, at + 66) for at in range(10 * KIB, 400 * KIB, 10 * KIB) if at != 200 * KIB]
    for header in headers:
        read(fetcher, *header)
    fetch.asked.clear()
    with fetcher.expect([(0, 400 * KIB)]):
        assert read(fetcher, 0, 400 * KIB) == CONTENT[: 400 * KIB]
    assert sorted(fetch.asked) == [(0, 200 * KIB), (201 * KIB, 400 * KIB)]
    assert read(fetcher, 0, 400 * KIB) == CONTENT[: 400 * KIB]
    assert len(fetch.asked) == 2


def test_two_readers_of_the_same_bytes_cause_one_request() -> None:
    fetch = GatedFetch(CONTENT, is_open=False)
    fetcher = made(fetch)
    with (
        in_thread(lambda: read(fetcher, 0, 1000)) as one,
        in_thread(lambda: read(fetcher, 500, 1500)) as other,
    ):
        fetch.wait_until(lambda: sum(stop - start for start, stop in fetch.asked) >= 1500)
        fetch.gate.set()
    assert one == [CONTENT[:1000]]
    assert other == [CONTENT[500:1500]]
    assert fetch.fetched == 1500


def test_the_front_of_a_request_is_read_while_the_rest_is_on_its_way() -> None:
    fetch = GatedFetch(CONTENT)
    fetch.held_after = 2 * fetch.piece
    fetcher = made(fetch)
    with fetcher.expect([(0, 400 * KIB)]):
        assert read(fetcher, 10, 5000) == CONTENT[10:5000]
        assert fetcher.traffic.received <= 2 * fetch.piece
        assert fetcher.coming >= 400 * KIB - 2 * fetch.piece
        fetch.second_gate.set()
        assert read(fetcher, 0, 400 * KIB) == CONTENT[: 400 * KIB]
    assert fetch.asked == [(0, 400 * KIB)]


def scattered(count: int, at: int = 0) -> list[tuple[int, int]]:
    """Ranges too far apart to be fetched together."""
    return [(at + number * 200 * KIB, at + number * 200 * KIB + 100) for number in range(count)]


def test_the_latest_expectation_comes_first_and_a_reader_before_all() -> None:
    fetch = GatedFetch(CONTENT, is_open=False)
    fetcher = made(fetch)
    busy = scattered(LINES)
    earlier, later = scattered(2, 5 * MIB), scattered(2, 6 * MIB)
    kept = [fetcher.expect(busy)]
    fetch.wait_until(lambda: len(fetch.asked) == LINES)
    kept += [fetcher.expect(earlier), fetcher.expect(later)]
    with in_thread(lambda: read(fetcher, 7 * MIB, 7 * MIB + 10)) as results:
        fetch.wait_until(lambda: len(fetch.asked) == LINES + 1)  # although all lines are busy
        assert fetch.asked[-1] == (7 * MIB, 7 * MIB + 10)
        fetch.gate.set()
        fetch.wait_until(lambda: len(fetch.asked) == LINES + 5)
    assert results == [CONTENT[7 * MIB : 7 * MIB + 10]]
    assert set(fetch.asked[LINES + 1 : LINES + 3]) == set(later)
    assert set(fetch.asked[LINES + 3 :]) == set(earlier)
    assert kept


def test_the_most_wanted_ranges_come_first() -> None:
    fetch = GatedFetch(CONTENT, is_open=False)
    fetcher = made(fetch)
    ranges = scattered(30)[::-1]
    kept = fetcher.expect(ranges)
    fetch.wait_until(lambda: len(fetch.asked) == LINES)
    assert set(fetch.asked) == set(ranges[:LINES])
    fetch.gate.set()
    fetch.wait_until(lambda: len(fetch.asked) == 30)
    kept.end()


def test_what_nobody_asked_for_yet_comes_last_and_leaves_lines_free() -> None:
    fetch = GatedFetch(CONTENT, is_open=False)
    fetcher = made(fetch)
    ahead = fetcher.expect(scattered(LINES), ahead=True)
    fetch.wait_until(lambda: len(fetch.asked) == LINES // 2)
    later = scattered(LINES, 4 * MIB)
    wanted = fetcher.expect(later)
    fetch.wait_until(lambda: len(fetch.asked) == LINES)
    assert set(fetch.asked[LINES // 2 :]) <= set(later)
    fetch.gate.set()
    fetch.wait_until(lambda: len(fetch.asked) == 2 * LINES)
    assert set(fetch.asked[LINES // 2 : 3 * LINES // 2]) == set(later)
    ahead.end()
    wanted.end()


@pytest.mark.parametrize("how", ["end", "leave", "let go"])
def test_what_nobody_wants_any_more_is_not_asked_for(how: str) -> None:
    fetch = GatedFetch(CONTENT, is_open=False)
    fetcher = made(fetch)
    expectation = fetcher.expect(scattered(30))
    fetch.wait_until(lambda: len(fetch.asked) == LINES)
    if how == "end":
        expectation.end()
        expectation.end()
    elif how == "leave":
        with expectation:
            pass
    del expectation
    gc.collect()
    fetch.gate.set()
    assert read(fetcher, 7 * MIB, 7 * MIB + 10) == CONTENT[7 * MIB : 7 * MIB + 10]
    _wait_for_threads()
    assert len(fetch.asked) == LINES + 1


def test_what_another_one_wants_too_is_fetched() -> None:
    fetch = GatedFetch(CONTENT, is_open=False)
    fetcher = made(fetch)
    ranges = scattered(30)
    first = fetcher.expect(ranges)
    fetch.wait_until(lambda: len(fetch.asked) == LINES)
    second = fetcher.expect(ranges)
    first.end()
    fetch.gate.set()
    fetch.wait_until(lambda: len(fetch.asked) == 30)
    _wait_for_threads()
    assert sorted(fetch.asked) == ranges
    second.end()


def test_a_long_request_that_nobody_wants_is_given_up_and_what_came_stays() -> None:
    fetch = GatedFetch(CONTENT)
    fetch.held_after = fetch.piece
    fetcher = made(fetch)
    expectation = fetcher.expect([(0, 500 * KIB)])
    assert read(fetcher, 0, 100) == CONTENT[:100]
    expectation.end()
    fetch.second_gate.set()
    fetch.wait_until(lambda: len(fetch.ended) == 1)
    _wait_for_threads()
    came = fetcher.traffic.received
    assert fetch.piece <= came < 500 * KIB
    assert read(fetcher, 0, came) == CONTENT[:came]
    assert fetch.asked == [(0, 500 * KIB)]
    assert read(fetcher, 0, 500 * KIB) == CONTENT[: 500 * KIB]
    assert fetch.asked[1:] == [(came, 500 * KIB)]


def test_an_error_is_that_of_the_read_and_is_not_remembered() -> None:
    fetch = GatedFetch(CONTENT)
    fetch.failing = lambda start, stop: LinkError("The line is cut.") if start == 0 else None
    fetcher = made(fetch)
    with fetcher.expect([(0, 100), (MIB, MIB + 100)]):
        with pytest.raises(LinkError, match="cut"):
            read(fetcher, 0, 100)
        assert read(fetcher, MIB, MIB + 100) == CONTENT[MIB : MIB + 100]
        fetch.failing = lambda start, stop: None
        assert read(fetcher, 0, 100) == CONTENT[:100]


def test_a_failure_nobody_reads_is_nobodys() -> None:
    fetch = GatedFetch(CONTENT)
    fetch.failing = lambda start, stop: LinkError("The line is cut.")
    fetcher = made(fetch)
    fetcher.expect([(0, 100)])
    _wait_for_threads()


def test_of_a_changed_file_nothing_is_read_any_more() -> None:
    fetch = GatedFetch(CONTENT)
    fetcher = made(fetch)
    read(fetcher, 0, 100)
    fetch.failing = lambda start, stop: ChangedFileError("It changed. Open it again.")
    for start, stop in ((50, 150), (0, 100), (500, 600)):
        with pytest.raises(ChangedFileError, match="Open it again"):
            read(fetcher, start, stop)
    assert len(fetch.asked) == 2


def test_a_server_that_sends_too_little_is_an_error() -> None:
    fetcher = Fetcher(lambda start, stop, took: took(b"x"), "'a.ozx'")
    assert read(fetcher, 0, 1) == b"x"
    with pytest.raises(LinkError, match=r"'a\.ozx'"):
        read(fetcher, 10, 20)


def test_waiting_can_be_cancelled_and_reports() -> None:
    fetch = GatedFetch(CONTENT, is_open=False)
    fetcher = made(fetch)
    reports: list[tuple[int, int]] = []
    cancelled = threading.Event()
    watch = Watch(
        lambda done, total: reports.append((done, total)),
        cancelled.is_set,
        lambda: ReadCancelledError("Cancelled."),
    )

    def watched() -> bytes:
        with watching(watch):
            return read(fetcher, 0, 1000)

    with in_thread(watched) as results:
        fetch.wait_until(lambda: len(fetch.asked) == 1)
        cancelled.set()
    assert isinstance(results[0], ReadCancelledError)
    assert reports[-1] == (0, 1000)
    fetch.gate.set()
    assert read(fetcher, 0, 1000) == CONTENT[:1000]


def test_memory_is_bounded(small_memory: int) -> None:
    fetch = GatedFetch(CONTENT)
    fetcher = made(fetch)
    for start in range(0, 2 * MIB, 50 * KIB):
        assert read(fetcher, start, start + 50 * KIB) == CONTENT[start : start + 50 * KIB]
    assert blocks.MEMORY.nbytes <= small_memory
    before = len(fetch.asked)
    last = len(fetch.asked) * 50 * KIB
    read(fetcher, last - 50 * KIB, last)  # used last, still there
    assert len(fetch.asked) == before
    read(fetcher, 0, 100)
    assert len(fetch.asked) == before + 1


def test_no_more_is_fetched_ahead_than_memory_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wishes, "AHEAD_BYTES", 3 * MIB)
    fetch = GatedFetch(CONTENT)
    fetcher = made(fetch)
    with fetcher.expect([(0, 8 * MIB)]):
        fetch.wait_until(lambda: fetch.fetched >= 3 * MIB)
        _wait_for_threads()
        assert fetch.fetched < 5 * MIB
        assert read(fetcher, 0, 8 * MIB) == CONTENT
    assert fetch.fetched == 8 * MIB


def test_memory_goes_with_the_file() -> None:
    fetcher = made(GatedFetch(CONTENT))
    before = blocks.MEMORY.nbytes
    read(fetcher, 0, MIB)
    assert blocks.MEMORY.nbytes >= before + MIB
    blocks.MEMORY.leave(fetcher.blocks)
    assert blocks.MEMORY.nbytes <= before


def test_bytes_of_the_first_contact_are_never_asked_for_again(small_memory: int) -> None:
    fetch = GatedFetch(CONTENT)
    fetcher = made(fetch)
    fetcher.hold(0, CONTENT[:1000])
    read(fetcher, MIB, 2 * MIB)
    assert read(fetcher, 0, 1000) == CONTENT[:1000]
    assert read(fetcher, 900, 1100) == CONTENT[900:1100]
    assert (1000, 1100) in fetch.asked


def test_claims_of_a_file_take_no_memory() -> None:
    fetch = GatedFetch(CONTENT)
    fetch.failing = lambda start, stop: LinkError("There is no such part.")
    fetcher = made(fetch)
    fetcher.expect([(0, 1 << 60)]).end()
    with pytest.raises(LinkError):
        read(fetcher, 0, 1 << 60)


def test_any_reads_and_expectations_in_threads_give_the_bytes_of_the_file() -> None:
    fetch = GatedFetch(CONTENT, piece=1 << 14)
    fetcher = made(fetch)

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(40):
            ranges = []
            for _ in range(chance.randint(1, 20)):
                start = chance.randrange(len(CONTENT))
                ranges.append((start, min(len(CONTENT), start + chance.choice([10, 5000, MIB]))))
            expectation = fetcher.expect(ranges)
            for start, stop in ranges[: chance.randint(0, 20)]:
                assert read(fetcher, start, stop) == CONTENT[start:stop]
            if chance.random() < 0.5:
                expectation.end()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    errors: list[object] = []
    before = threading.excepthook
    threading.excepthook = errors.append
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    finally:
        threading.excepthook = before
    assert errors == []
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_process_fetches_for_itself() -> None:
    fetch = GatedFetch(CONTENT, is_open=False)
    fetcher = made(fetch)
    kept = fetcher.expect(scattered(30))
    fetch.wait_until(lambda: len(fetch.asked) == LINES)
    with blocks.MEMORY.lock:  # as another thread might
        child = os.fork()
        if child == 0:
            fetch.gate.set()
            os._exit(0 if read(fetcher, 0, 5000) == CONTENT[:5000] else 1)
    assert os.waitpid(child, 0)[1] == 0
    fetch.gate.set()
    kept.end()


def _wait_for_threads() -> None:
    """Wait until nothing is fetched any more."""
    end = time.monotonic() + PATIENCE
    while any(thread.name == "ome-zip-link" for thread in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def _no_threads_stay() -> Iterator[None]:
    yield
    _wait_for_threads()
