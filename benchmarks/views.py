"""Look at images from every side: planes, regions, scrolling; all contenders in one process.

In each round every contender does the same piece of work, at a place where no round was before.
Those that keep what they decoded are opened anew for each piece, so all decode it; *again* is the
same plane a second time. Before each piece one pixel far away is read: what is set up once does not
count, but for *open*.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from child import Sample, timed
from layouts import LAYOUTS, archive, folder, pixels
from view_contenders import CONTENDERS, PATIENCE, Index, Read

CASES = {name: layout.caption[:1].upper() + layout.caption[1:] for name, layout in LAYOUTS.items()}
COLD = ("128-cubes", "64-flat")
"""Layouts that are measured with nothing of their files in memory as well, given enough rounds."""
QUICK = ("128-cubes", "64-flat", "64-sharded", "32x256-blosc")
QUICK_CONTENDERS = (
    "tensorstore zip",
    "tensorstore folder",
    "tensorstore zip, cache",
    "tensorstore folder, cache",
    "zarr LocalStore",
)
ROUNDS = 7
SIDE = 256
REGIONS = 4
SCROLLED = 12
SLOW, TOO_SLOW = 500.0, 4000.0
"""Milliseconds: what takes longer is not measured in every round; what is known to, not at all."""
FEW = 3
"""Rounds of those that are slow and nearly the fastest; of others that are slow, one."""
WHOLE = slice(None)


# --- the work


@dataclass(frozen=True)
class Work:
    """Regions that are read one after the other, at another place in each round."""

    name: str
    regions: Callable[[int, tuple[int, ...]], list[Index]]
    """Of the number of the round, and the shape."""
    like: str = ""
    """The work that tells how long one of its regions takes."""
    cold: bool = False


def _spread(number: int, length: int) -> int:
    """A place that is far from those of other rounds: never in the last quarter."""
    return int(length * 0.75 * ((0.11 + number * 0.618034) % 1))


def _plane(axis: int) -> Callable[[int, tuple[int, ...]], list[Index]]:
    def regions(number: int, shape: tuple[int, ...]) -> list[Index]:
        return [_across(axis, _spread(number, shape[axis]))]

    return regions


def _scroll(axis: int) -> Callable[[int, tuple[int, ...]], list[Index]]:
    def regions(number: int, shape: tuple[int, ...]) -> list[Index]:
        first = min(_spread(number, shape[axis]), shape[axis] - SCROLLED)
        return [_across(axis, first + step) for step in range(SCROLLED)]

    return regions


def _across(axis: int, at: int) -> Index:
    index: list[Any] = [WHOLE] * 3
    index[axis] = at
    return tuple(index)


def _regions(number: int, shape: tuple[int, ...]) -> list[Index]:
    random = np.random.default_rng(number)
    corners = random.integers(0, [shape[0], shape[1] - SIDE, shape[2] - SIDE], (REGIONS, 3))
    return [
        (int(z), slice(int(y), int(y) + SIDE), slice(int(x), int(x) + SIDE)) for z, y, x in corners
    ]


OPENING = Work("open", lambda _number, _shape: [])
WORKS = (
    Work("xy", _plane(0)),
    Work("xz", _plane(1)),
    Work("yz", _plane(2)),
    Work("region", _regions),
    Work("scroll z", _scroll(0), like="xy"),
    Work("scroll y", _scroll(1), like="xz"),
    Work("scroll x", _scroll(2), like="yz"),
)
COLD_WORKS = (
    Work("cold xy", _plane(0), cold=True),
    Work("cold xz", _plane(1), cold=True),
    Work("cold scroll z", _scroll(0), like="xy", cold=True),
)


class _Runner:
    """The contenders at one layout."""

    def __init__(self, case: str, names: list[str]) -> None:
        self.case = case
        self.layout = LAYOUTS[case]
        self.contenders = {name: CONTENDERS[case][name] for name in names}
        self.paths = {name: each.where(case) for name, each in self.contenders.items()}
        self.pixels = pixels(self.layout.pixels)
        self.opened: dict[str, Read] = {}
        self.known: dict[tuple[str, str], float] = {}
        """Milliseconds that a work took the first time."""
        self.failed: set[str] = set()

    def open(self, name: str) -> tuple[float, Read]:
        contender = self.contenders[name]
        return timed(lambda: contender.opener(self.layout, self.paths[name]))

    def ready(self, name: str) -> Read:
        """Opened and set up, with nothing decoded but a pixel of the last chunk."""
        read = self.opened.get(name)
        if read is None:
            _, read = self.open(name)
            read(tuple(n - 1 for n in self.pixels.shape))
            if not self.contenders[name].keeps:
                self.opened[name] = read
        return read

    def turned(self, number: int) -> list[str]:
        """Those that are still measured; another one begins each round."""
        names = list(self.contenders)
        first = number % len(names)
        return [name for name in [*names[first:], *names[:first]] if name not in self.failed]

    def opened_all(self) -> Iterator[Sample]:
        """Opens all of them a first time: what they import, and their threads, do not count."""
        for name in self.contenders:
            yield from self.tried(name, "open", partial(self._begin, name))

    def _begin(self, name: str) -> Iterator[Sample]:
        self.ready(name)
        yield from ()

    def opening(self, number: int) -> Iterator[Sample]:
        for name in self.turned(number):
            if not self.is_slow(name, OPENING, number):
                yield from self.tried(name, "open", partial(self._opening, name))

    def _opening(self, name: str) -> Iterator[Sample]:
        value, _ = self.open(name)
        self.known.setdefault((name, "open"), value)
        yield Sample("open", value, right=True, contender=name)

    def samples(self, work: Work, number: int) -> Iterator[Sample]:
        """One round of a work."""
        for name in self.turned(number):
            if not self.is_slow(name, work, number):
                yield from self.tried(name, work.name, partial(self.measured, name, work, number))

    def tried(
        self, name: str, work: str, measure: Callable[[], Iterator[Sample]]
    ) -> Iterator[Sample]:
        """What is measured; a contender that fails is told, and left out from there on."""
        try:
            yield from measure()
        except Exception as error:  # noqa: BLE001  whatever a contender raises
            self.failed.add(name)
            text = str(error) or f"not done after {PATIENCE:.0f} s"
            yield Sample(work, 0, False, contender=name, failed=text)

    def is_slow(self, name: str, work: Work, number: int) -> bool:
        if not number:
            alone = self.known.get((name, work.like), 0.0)
            return name != "ours" and alone * SCROLLED > TOO_SLOW
        if (name, work.name) not in self.known:
            return True
        value = self.known[name, work.name]
        fastest = min(known for (_, done), known in self.known.items() if done == work.name)
        return value > SLOW and (value > 2 * fastest or number >= FEW)

    def measured(self, name: str, work: Work, number: int) -> Iterator[Sample]:
        read = self.ready(name)
        regions = work.regions(number, self.pixels.shape)
        if work.cold:
            forget(self.paths[name])
        value, found = timed(lambda: [read(region) for region in regions])
        self.known.setdefault((name, work.name), value)
        yield Sample(work.name, value, self.right(regions, found), contender=name)
        if work.name == "xy":
            value, found = timed(lambda: [read(region) for region in regions])
            yield Sample("again", value, self.right(regions, found), contender=name)

    def right(self, regions: list[Index], found: list[Any]) -> bool:
        return all(
            np.array_equal(self.pixels[region], pixels)
            for region, pixels in zip(regions, found, strict=True)
        )


def forget(path: Path) -> None:
    """Let the system drop what it keeps of the files, so that they are read from the disk."""
    for file in [path] if path.is_file() else path.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def prepare(case: str) -> None:
    """Make what is read."""
    archive(case)
    folder(case)
    pixels(LAYOUTS[case].pixels)


def together(case: str, names: list[str], rounds: int) -> Iterator[Sample]:
    """Every work in rounds; pixels are compared with those that were made."""
    runner = _Runner(case, names)
    yield from runner.opened_all()
    for number in range(rounds):
        yield from runner.opening(number)
    for work in (*WORKS, *(COLD_WORKS if case in COLD and rounds > FEW else ())):
        for number in range(rounds):
            yield from runner.samples(work, number)
