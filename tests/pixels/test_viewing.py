"""A viewer is given what is known at once, and the rest in the same array when it is there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from napari_ome_zip.errors import LinkError
from napari_ome_zip.files import Expectation
from napari_ome_zip.pixels import background, viewing
from napari_ome_zip.pixels.background import Background
from napari_ome_zip.pixels.best_known import BestKnown, Missing, stop_if_unwanted
from napari_ome_zip.pixels.grid import Region, pieces, shape_of
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.pixels.source import ChannelView, DirectSource
from napari_ome_zip.pixels.viewing import View
from waiting import until

EDGE = 4
"""Pixels of a block."""
SECONDS = 20


class Slow(DirectSource):
    """Pixels in blocks, none of which is known before it is computed; that may be held up."""

    chunks = (1, EDGE)  # type: ignore[assignment]

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels
        self.computed: list[int] = []
        self.may_compute = threading.Event()
        self.begun = threading.Event()
        self.error: Exception | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.pixels.shape

    @property
    def dtype(self) -> np.dtype:
        return self.pixels.dtype

    def read_into(self, region: Region, out: np.ndarray) -> None:
        out[...] = self.pixels[region]

    def best_known(self, region: Region) -> BestKnown:
        whole = np.zeros(shape_of(region), self.dtype)
        missing = [
            Missing((self, at), partial(self.block, at), inside, target)
            for at, inside, target in pieces(region, self.chunks)
        ]
        return BestKnown(whole, tuple(missing))

    def block(self, at: tuple[int, ...]) -> np.ndarray:
        self.begun.set()
        assert self.may_compute.wait(SECONDS)
        stop_if_unwanted()
        if self.error is not None:
            raise self.error
        self.computed.append(at[1])
        return self.pixels[at[0] : at[0] + 1, at[1] * EDGE : (at[1] + 1) * EDGE]


@pytest.fixture(autouse=True)
def own_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test waited, or was let wait, is not the time that the next one has."""
    monkeypatch.setattr(viewing, "_patience", viewing._Patience())


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewing, "BACKGROUND", Background(1))


@pytest.fixture
def source() -> Iterator[Slow]:
    slow = Slow(np.arange(1, 33, dtype=np.uint16).reshape(2, 16))
    yield slow
    slow.may_compute.set()
    until(threads_ended)


def threads_ended() -> bool:
    return not any(t.name == "ome-zip-background" for t in threading.enumerate())


class Watcher:
    """Whoever is told that pixels changed."""

    def __init__(self) -> None:
        self.changes = 0
        self.errors: list[BaseException] = []
        self.asks = True
        self.view = View(lambda: self.asks, self.changed, self.errors.append)

    def changed(self) -> None:
        self.changes += 1


def whole(source: DirectSource) -> Region:
    return tuple(slice(0, n) for n in source.shape)


def test_what_is_known_comes_at_once_and_the_rest_into_the_same_array(source: Slow) -> None:
    watcher = Watcher()
    shown = watcher.view.pixels(source, whole(source))
    assert shown is not None
    assert not shown.any()
    source.may_compute.set()
    until(lambda: np.array_equal(shown, source.pixels))
    until(lambda: watcher.changes == 8)


def test_what_is_computed_while_it_is_waited_for_is_no_change(
    source: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewing, "PATIENCE", SECONDS)
    monkeypatch.setattr(viewing, "PAUSE", 0)
    source.may_compute.set()
    watcher = Watcher()
    shown = watcher.view.pixels(source, (slice(0, 1), slice(0, 1)))
    until(threads_ended)
    assert shown is not None
    assert shown.tolist() == [[1]]
    assert not watcher.changes


def test_a_region_that_is_still_shown_is_the_same_array(source: Slow) -> None:
    view = Watcher().view
    first = view.pixels(source, whole(source))
    again = view.pixels(source, whole(source))
    assert first is not None
    assert again is not None
    assert np.shares_memory(first, again)
    assert source.begun.wait(SECONDS)
    source.may_compute.set()
    until(threads_ended)
    assert sorted(source.computed) == [0, 0, 1, 1, 2, 2, 3, 3]  # of two rows, each once


@pytest.mark.usefixtures("one_thread")
def test_nothing_more_is_computed_of_an_array_that_nobody_has(source: Slow) -> None:
    shown = Watcher().view.pixels(source, whole(source))
    assert source.begun.wait(SECONDS)
    del shown
    source.may_compute.set()
    until(threads_ended)
    assert source.computed == []


@pytest.mark.usefixtures("one_thread")
def test_what_was_asked_for_last_is_computed_first(source: Slow) -> None:
    view = Watcher().view
    first = view.pixels(source, (slice(0, 1), slice(0, 12)))
    assert source.begun.wait(SECONDS)
    last = view.pixels(source, (slice(0, 1), slice(12, 16)))
    source.may_compute.set()
    until(threads_ended)
    assert source.computed == [0, 3, 1, 2]  # the first had begun
    assert first is not None
    assert last is not None
    assert [*first[0], *last[0]] == source.pixels[0].tolist()


def test_a_block_that_two_arrays_lack_is_computed_once(source: Slow) -> None:
    one, other = Watcher(), Watcher()
    shown = [each.view.pixels(source, (slice(1, 2), slice(0, 4))) for each in (one, other)]
    source.may_compute.set()
    until(threads_ended)
    for pixels in shown:
        assert pixels is not None
        assert pixels.tolist() == source.pixels[1:, :4].tolist()
    assert source.computed == [0]


def test_an_error_is_told_once_and_ends_it(source: Slow) -> None:
    watcher = Watcher()
    shown = watcher.view.pixels(source, whole(source))
    source.error = ValueError("broken")
    source.may_compute.set()
    until(threads_ended)
    assert watcher.errors == [source.error]
    assert shown is not None
    assert not shown.any()
    # It is not tried again and again while the same is shown.
    assert watcher.view.pixels(source, whole(source)) is not None
    until(threads_ended)
    assert watcher.errors == [source.error]
    # What is looked at anew is.
    source.error = None
    del shown
    again = watcher.view.pixels(source, whole(source))
    until(threads_ended)
    np.testing.assert_array_equal(again, source.pixels)


def test_a_sketch_does_not_hide_the_block_that_came_before_it(source: Slow) -> None:
    where = (slice(0, 1), slice(0, EDGE))
    sketch = Missing("sketch", lambda: np.full((1, EDGE), 7, np.uint16), where, where)
    block = Missing("block", lambda: source.pixels[where], where, where, sketch)
    array = np.zeros((1, EDGE), np.uint16)
    wish = background.Wish(BestKnown(array, (block,)), lambda: None, lambda error: None)
    first = min(wish.tasks(), key=lambda task: task[0])
    assert first[1] is sketch
    wish.take("sketch", sketch.compute())
    assert (array == 7).all()
    assert wish.is_alive
    wish.take("block", block.compute())
    wish.take("sketch", sketch.compute())
    assert array.tolist() == source.pixels[where].tolist()
    assert not wish.is_alive


def test_what_two_threads_give_up_at_once_is_wanted_again(source: Slow) -> None:
    where = (slice(0, 1), slice(0, EDGE))
    block = Missing("block", lambda: source.pixels[where], where, where)
    array = np.zeros((1, EDGE), np.uint16)
    known = BestKnown(array, (block,), expect=Expectation)
    wish = background.Wish(known, lambda: None, lambda error: None)
    for _ in range(2):
        wish.give_up(LinkError("The server does not answer."))
    assert not wish.is_alive
    assert wish.again().is_alive


class TestLazyArrays:
    def test_only_the_viewer_is_given_what_is_not_final(self, source: Slow) -> None:
        watcher = Watcher()
        array = lazy(source)
        array.viewed_by = watcher.view  # type: ignore[attr-defined]
        part = array[:, 2:9]
        shown = np.asarray(part)
        assert not shown.any()
        watcher.asks = False
        for final in (np.asarray(part), part.compute(), np.asarray(array)[:, 2:9]):
            np.testing.assert_array_equal(final, source.pixels[:, 2:9])
        source.may_compute.set()
        until(lambda: np.array_equal(shown, source.pixels[:, 2:9]))

    def test_an_index_keeps_the_axes_that_it_has(self, source: Slow) -> None:
        array = lazy(source)
        array.viewed_by = Watcher().view  # type: ignore[attr-defined]
        shown = np.asarray(array[1, 3:7])
        assert shown.shape == (4,)
        source.may_compute.set()
        until(lambda: np.array_equal(shown, source.pixels[1, 3:7]))

    def test_a_channel_of_a_source_is_completed_too(self, source: Slow) -> None:
        array = lazy(ChannelView(source, 0, 1))
        array.viewed_by = Watcher().view  # type: ignore[attr-defined]
        shown = np.asarray(array[5:])
        assert shown.shape == (11,)
        source.may_compute.set()
        until(lambda: np.array_equal(shown, source.pixels[1, 5:]))

    def test_a_source_that_knows_no_better_is_read(self) -> None:
        class Plain(Slow):
            def best_known(self, region: Region) -> None:  # type: ignore[override]
                return None

        plain = Plain(np.arange(32).reshape(2, 16))
        array = lazy(plain)
        array.viewed_by = Watcher().view  # type: ignore[attr-defined]
        np.testing.assert_array_equal(np.asarray(array), plain.pixels)
