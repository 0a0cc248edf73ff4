"""Blocks of pixels that are computed in threads, those asked for last first."""

from __future__ import annotations

import itertools
import threading
import time
import weakref
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from typing import Any, Self

import numpy.typing as npt

from napari_ome_zip.errors import LinkError
from napari_ome_zip.files.byte_file import Expectation
from napari_ome_zip.files.watching import watching
from napari_ome_zip.pixels.asking import ASKING
from napari_ome_zip.pixels.best_known import (
    BestKnown,
    Missing,
    NotWantedError,
    compute_while_wanted,
)
from napari_ome_zip.progress import Watch
from napari_ome_zip.threads import WORKERS, begins_thread

HOLD = 0.15
"""Seconds that a window gets to draw what it asked for; threads that compute would slow it down."""

type Block = npt.NDArray[Any]

type _Urgency = tuple[int, int]
"""Kind of a task, and how long ago it was asked for: the smallest is the most urgent one."""

SKETCH = 0
"""The kind that is shown first; blocks of the coarsest level are the last."""

_numbers = itertools.count()


class Wish:
    """What completes an array that was handed out; it ends with the array.

    Blocks are put into the array as they come. Whoever let go of the array does not want the rest
    of it, so nothing needs to be cancelled.

    Parameters
    ----------
    known : BestKnown
        The array; it is not kept here.
    changed : callable
        Called in any thread when pixels of it changed, from the end of `wait` on.
    failed : callable
        Called in any thread with what the computation of a block raised, once.
    """

    def __init__(
        self,
        known: BestKnown,
        changed: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._whole = weakref.ref(known.whole, self._let_go)
        self._blocks = {missing.key: missing for missing in known.missing}
        self._expect = known.expect
        self._expectation: Expectation | None = None
        self._underlay = known.underlay
        self._is_first = known.is_first
        sketches = [m for m in known.missing if m.sketch is not None]
        self._sketches = {m.sketch.key: m for m in sketches if m.sketch is not None}
        self._changed, self._failed = changed, failed
        self._lock = threading.Lock()
        self._complete = threading.Event()
        self._given_up: dict[Hashable, Missing] = {}
        self.failed: float | None = None
        """When a line did not bring what is missing."""
        self._is_waited_for = True
        self.raise_()

    def raise_(self) -> None:
        """Let it be the latest one."""
        self.number = next(_numbers)

    @property
    def expects(self) -> bool:
        """Whether its bytes lie behind a line."""
        return self._expect is not None

    def begin(self) -> None:
        """Ask for all bytes of it together; called once, in a thread that may wait."""
        if self._expect is None or not self.is_alive:
            return
        with watching(Watch(None, self._is_over, NotWantedError)):
            self._expectation = self._expect()
        self._end_if_over()

    def _is_over(self) -> bool:
        return not (self.is_alive and threading.main_thread().is_alive())

    def _end_if_over(self) -> None:
        if not self.is_alive:
            self._end()

    def _let_go(self, whole: object) -> None:
        """Called wherever the array is let go of, so nothing may be waited for here."""
        self._end()

    def _end(self) -> None:
        expectation, self._expectation = self._expectation, None
        if expectation is not None:
            expectation.end()

    def wait(self, seconds: float) -> None:
        """Wait for all of its blocks, but no longer than so."""
        self._complete.wait(seconds)
        with self._lock:
            self._is_waited_for = False

    @property
    def is_alive(self) -> bool:
        """Whether the array is still there, and incomplete."""
        return bool(self._blocks) and self._whole() is not None

    def wants(self, key: Hashable) -> bool:
        """Whether a block, or the sketch of one, is missing."""
        if not self.is_alive:
            return False
        is_underlay = self._underlay is not None and self._underlay.key == key
        return is_underlay or key in self._blocks or key in self._sketches

    def tasks(self) -> Iterator[tuple[_Urgency, Missing]]:
        """Sketches, and then blocks, each with how urgent it is."""
        with self._lock:
            sketches = [missing.sketch for missing in self._sketches.values()]
            blocks = list(self._blocks.values())
            underlay = self._underlay
        if underlay is not None:
            yield (SKETCH, -self.number), underlay
        yield from (((SKETCH, -self.number), sketch) for sketch in sketches if sketch is not None)
        kind = SKETCH if self._is_first else 1
        yield from (((kind + block.is_overview, -self.number), block) for block in blocks)

    def take(self, key: Hashable, block: Block) -> None:
        """Put a block, or the sketch of one, where it belongs."""
        with self._lock:
            whole = self._whole()
            if self._underlay is not None and self._underlay.key == key:
                self._underlay = None
                parts = [(each.target, each.target) for each in self._blocks.values()]
            else:
                missing = self._forget(key)
                parts = [] if missing is None else [(missing.target, missing.inside)]
            if whole is None or not parts:
                return
            for target, inside in parts:
                whole[target] = block[inside]
        self._tell()

    def give_up(self, error: BaseException) -> None:
        """Leave all that is missing as it is: what made one block fail would make others fail."""
        with self._lock:
            if isinstance(error, LinkError) and self._expect is not None:
                self._given_up |= self._blocks  # two threads may fail at once
                self.failed = time.monotonic()
            self._blocks.clear()
            self._sketches.clear()
            self._underlay = None
        self._end()
        self._failed(error)
        self._tell()

    def again(self) -> Self:
        """Want again what was given up."""
        with self._lock:
            self._blocks, self._given_up = self._given_up, {}
            self.failed = None
        self.raise_()
        return self

    def _forget(self, key: Hashable) -> Missing | None:
        missing = self._blocks.pop(key, None)
        if missing is None:
            return self._sketches.pop(key, None)
        if missing.sketch is not None:  # which would hide the block
            self._sketches.pop(missing.sketch.key, None)
        return missing

    def _tell(self) -> None:
        if not self._blocks:
            self._end()
            self._complete.set()
        if not self._is_waited_for:
            self._changed()


class Background:
    """Threads that complete what was handed out; there are none while nothing is missing.

    Parameters
    ----------
    workers : int
        Number of threads, at most.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._lock = threading.Lock()
        self._wishes: list[Wish] = []
        self._running: set[Hashable] = set()
        self._threads = 0
        self._held_until = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is missing."""
        return not self._threads

    def hold(self) -> None:
        """Let the window draw before threads go on, but not all the time."""
        now = time.monotonic()
        if now > self._held_until + HOLD:
            self._held_until = now + HOLD

    def _wait_while_held(self) -> None:
        time.sleep(max(0.0, self._held_until - time.monotonic()))

    def add(self, wish: Wish) -> None:
        """Begin to complete an array."""
        if wish.expects:
            ASKING.put(wish.begin)
        with self._lock:
            self._wishes.append(wish)
            begun = range(self._threads, self._workers)
            self._threads = max(self._threads, self._workers)
        for _ in begun:
            if not begins_thread(self._work, "ome-zip-background"):
                with self._lock:
                    self._threads -= 1

    def _work(self) -> None:
        while (task := self._next()) is not None:
            self._compute(*task)

    def _next(self) -> tuple[_Urgency, Missing] | None:
        """The most urgent block that no other thread computes; None ends the thread."""
        with self._lock:
            self._wishes = [wish for wish in self._wishes if wish.is_alive]
            # Python waits for threads when the main one has ended.
            if threading.main_thread().is_alive():
                tasks = (self._first_of(wish) for wish in self._wishes)
                found = min(filter(None, tasks), key=lambda task: task[0], default=None)
                if found is not None:
                    self._running.add(found[1].key)
                    return found
            self._threads -= 1
            return None

    def _first_of(self, wish: Wish) -> tuple[_Urgency, Missing] | None:
        return next((task for task in wish.tasks() if task[1].key not in self._running), None)

    def _compute(self, urgency: _Urgency, missing: Missing) -> None:
        def is_over() -> bool:
            return not (threading.main_thread().is_alive() and self._wanting(missing.key))

        def is_wanted() -> bool:
            if urgency[0] != SKETCH:
                self._wait_while_held()
            return not is_over()

        try:
            with suppress(NotWantedError), watching(Watch(None, is_over, NotWantedError)):
                block = compute_while_wanted(missing.compute, is_wanted)
                for wish in self._wanting(missing.key):
                    wish.take(missing.key, block)
        except BaseException as error:  # noqa: BLE001  it is handed to whoever shows it
            for wish in self._wanting(missing.key):
                wish.give_up(error)
        finally:
            with self._lock:
                self._running.discard(missing.key)

    def _wanting(self, key: Hashable) -> list[Wish]:
        with self._lock:
            return [wish for wish in self._wishes if wish.wants(key)]


BACKGROUND = Background(max(1, WORKERS - 1))
"""The threads of this process: a core is left to the window."""

LINE = Background(max(3, WORKERS))
"""Those that complete what lies behind a line: they wait more than they compute."""
