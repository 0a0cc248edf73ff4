"""What is scrolled along is decoded before it is asked for, while the viewer is idle."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.files.byte_file import NOTHING_EXPECTED, Expectation
from napari_ome_zip.files.watching import watching
from napari_ome_zip.pixels.background import LINE
from napari_ome_zip.pixels.best_known import NotWantedError
from napari_ome_zip.pixels.decoded_chunks import keeping
from napari_ome_zip.pixels.expecting import expect
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.pixels.parallel import decoded_bytes, parts
from napari_ome_zip.pixels.source import PixelSource
from napari_ome_zip.progress import Watch
from napari_ome_zip.threads import begins_thread

IDLE = 0.02
"""Seconds without a question after which the viewer counts as idle."""
STEPS = 2
"""Planes that are decoded ahead."""
REMOTE_STEPS = 2
"""As above, of what lies behind a line: what nobody scrolls on to was fetched for nothing."""


class ReadingAhead:
    """Decodes the planes that follow in the direction in which one is looked at after the other.

    One thread does it while nobody asks for pixels, and ends when nothing is left to do. It stops
    within a few milliseconds when the next plane is asked for.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        """Also in a forked process, in which the thread does not live."""
        self._changed = threading.Condition()
        self._last: weakref.WeakKeyDictionary[PixelSource, Region] = weakref.WeakKeyDictionary()
        self._wanted: dict[PixelSource, Sequence[Region]] = {}
        self._is_running = False
        self._questions = self._unanswered = 0
        self._answered = 0.0
        self._to_expect: dict[PixelSource, Sequence[Region]] = {}
        self._expected: dict[PixelSource, Expectation] = {}

    @contextmanager
    def after(self, source: PixelSource, region: Region) -> Iterator[None]:
        """Note what a viewer asks for, and answers within this block; what follows is decoded soon.

        Parameters
        ----------
        source : PixelSource
        region : tuple of slice
            Start and stop of every axis, within the shape.
        """
        with self._changed:
            self._questions += 1  # which stops what is read ahead now
            self._unanswered += 1
        try:
            yield
        finally:
            with self._changed:
                self._unanswered -= 1
                self._answered = time.monotonic()
                begins = self._plan(source, region)
                self._changed.notify_all()
            if begins and not begins_thread(self._work, "ome-zip-ahead"):
                self._is_running = False

    def _plan(self, source: PixelSource, region: Region) -> bool:
        """Note what follows; return whether a thread has to begin."""
        steps = REMOTE_STEPS if source.is_remote else STEPS
        wanted = following(self._last.get(source), region, source.shape, steps)
        self._last[source] = region
        self._wanted.pop(source, None)
        if wanted:
            self._wanted[source] = wanted
        if source.is_remote and (wanted or source in self._expected):
            self._to_expect[source] = wanted
        begins = bool(self._wanted or self._to_expect) and not self._is_running
        self._is_running = self._is_running or begins
        return begins

    def _work(self) -> None:
        try:
            while (task := self._next()) is not None:
                task()
        except BaseException:
            self._is_running = False
            raise

    def _next(self) -> Callable[[], None] | None:
        """What to do next; None ends the thread."""
        with self._changed:
            while (self._wanted or self._to_expect) and threading.main_thread().is_alive():
                if self._to_expect:
                    return partial(self._expect, *self._to_expect.popitem())
                left = self._answered + IDLE - time.monotonic()
                if left <= 0 and not self._unanswered and LINE.is_idle:
                    return partial(self._read, *self._wanted.popitem(), self._questions)
                self._changed.wait(max(left, IDLE))
            self._is_running = False
            return None

    def _expect(self, source: PixelSource, regions: Sequence[Region]) -> None:
        """Let the bytes of regions come, behind all that is asked for, and no others any more."""
        begun = NOTHING_EXPECTED
        with suppress(OmeZipError, OSError), watching(_while_alive(lambda: True)):
            begun = expect(source, regions, ahead=True)
        self._expected.pop(source, NOTHING_EXPECTED).end()
        if regions:
            self._expected[source] = begun

    def _read(self, source: PixelSource, regions: Sequence[Region], question: int) -> None:
        with watching(_while_alive(lambda: question == self._questions)):
            self._read_each(source, regions, question)

    def _read_each(self, source: PixelSource, regions: Sequence[Region], question: int) -> None:
        for number, region in enumerate(regions):
            nbytes = decoded_bytes(source, region)
            for part, _ in parts(source, region, nbytes):
                if question != self._questions:
                    with self._changed:
                        self._wanted.setdefault(source, regions[number:])
                    return
                # What goes wrong is told when it is asked for.
                with keeping(nbytes), suppress(OmeZipError, OSError, MemoryError):
                    source.fetch(part)
        self._expected.pop(source, NOTHING_EXPECTED).end()


def _while_alive(is_wanted: Callable[[], bool]) -> Watch:
    """What ends waiting for a line, when the program does, too."""

    def is_over() -> bool:
        return not (threading.main_thread().is_alive() and is_wanted())

    return Watch(None, is_over, NotWantedError)


def following(
    last: Region | None, region: Region, shape: Sequence[int], steps: int = STEPS
) -> list[Region]:
    """The regions that follow where one was moved along one axis, without another change.

    Examples
    --------
    >>> following((slice(3, 4), slice(0, 9)), (slice(4, 5), slice(0, 9)), (7, 9))
    [(slice(5, 6, None), slice(0, 9, None)), (slice(6, 7, None), slice(0, 9, None))]
    """
    if last is None:
        return []
    moved = [axis for axis, (a, b) in enumerate(zip(last, region, strict=True)) if a != b]
    if len(moved) != 1:
        return []
    (axis,) = moved
    before, now, size = last[axis], region[axis], shape[axis]
    step = now.start - before.start
    if step == 0 or step != now.stop - before.stop:
        return []
    ahead = (slice(now.start + n * step, now.stop + n * step) for n in range(1, steps + 1))
    inside = [slice(max(0, s.start), min(size, s.stop)) for s in ahead]
    return [(*region[:axis], s, *region[axis + 1 :]) for s in inside if s.start < s.stop]


AHEAD = ReadingAhead()
"""That of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=AHEAD._begin)
