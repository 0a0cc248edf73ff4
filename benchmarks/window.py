"""A real napari window: from the drop of a file to its first pixels, and how it moves.

Each sample is the first drop in a new process, as it is for a person who opens one file: what a
reader imports counts. Then, in some cases, the image is scrolled, zoomed, panned or hidden at ten
steps a second, while a timer beats: what keeps the window from answering is a long time between two
beats.
"""

from __future__ import annotations

import itertools
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import data
import extremes
import layouts
import numpy as np
from child import Sample
from line import Line

SECONDS = 30
"""For the first pixels, and for the steps."""
PROCESS_SECONDS = 90
STEP, BEAT = 100, 5
"""Milliseconds from one step to the next, and between two beats."""
ANSWERED = 3
"""Beats after which a window has done what a step made necessary."""
WINDOW, LARGE = (1500, 950), (1900, 1300)
"""In the large one a plane of 2048² is shown at full resolution."""
MEMORY = 16 << 30
"""Bytes of addresses that a process may have: what wants more fails, and not the machine."""
ROUNDS = 2
DROPPED = "dropped"
"""Said to standard error when it is."""
PLUGINS = {"ours": "napari-ome-zip", "napari-ome-zarr": "napari-ome-zarr"}


# --- steps


def scroll(viewer: Any) -> list[Callable[[], None]]:
    """Plane after plane."""

    def to(plane: int) -> Callable[[], None]:
        return lambda: viewer.dims.set_current_step(0, plane)

    planes = int(viewer.dims.nsteps[0])
    count = min(30, planes - 1)
    first = (planes - count) // 3
    return [to(first + number) for number in range(count)]


def zoom_and_pan(viewer: Any) -> list[Callable[[], None]]:
    """In to single pixels, along both axes, and out again."""
    far = viewer.camera.zoom
    scale = viewer.layers[0].scale[-1]
    near = 1 / scale  # a pixel of the image is a pixel of the canvas
    zooms = list(np.geomspace(far, near, 12))
    *rest, y, x = viewer.camera.center
    side = scale * viewer.layers[0].data[0].shape[-1]

    def to_zoom(zoom: float) -> Callable[[], None]:
        return lambda: setattr(viewer.camera, "zoom", zoom)

    def to_place(move: int) -> Callable[[], None]:
        # Half a canvas further each time.
        away = 400 * scale * move
        place = (*rest, min(y + away / 2, 0.9 * side), min(x + away, 0.9 * side))
        return lambda: setattr(viewer.camera, "center", place)

    pans = [to_place(move) for move in range(1, 16)]
    return [*map(to_zoom, zooms), *pans, *map(to_zoom, reversed(zooms))]


def hide_and_show(viewer: Any) -> list[Callable[[], None]]:
    """The first layer, which is read again each time it is shown."""

    def to(visible: bool) -> Callable[[], None]:
        return lambda: setattr(viewer.layers[0], "visible", visible)

    return [to(visible) for _ in range(8) for visible in (False, True)]


# --- cases


@dataclass(frozen=True)
class Case:
    """What is dropped, and what is done then."""

    caption: str
    name: str
    """Of the image."""
    source: Any
    """Module that makes it."""
    steps: Callable[[Any], list[Callable[[], None]]] | None = None
    window: tuple[int, int] = WINDOW
    delay: int | None = None
    """Milliseconds of each request, where a link is dropped."""


_ALL = {
    "A": Case("from the drop of archive A to its first pixels", "A", data),
    "C": Case("from the drop of archive C to its first pixels", "C", data),
    "scroll": Case("archive B, two channels of 2048², along z", "B", data, scroll, LARGE),
    "scroll-64": Case("chunks of 64³, along z", "64-cubes", layouts, scroll),
    "scroll-128": Case("chunks of 128³ in shards, along z", "128-cubes", layouts, scroll),
    "slide": Case("a slide, two channels of 40,000²", "slide", extremes, zoom_and_pan),
    "plate": Case("plate D", data.PLATE, data, zoom_and_pan),
    "single": Case("one level of 16,000², uint16", "single", extremes, zoom_and_pan),
    "colors": Case("true color, one level of 16,000²", "colors", extremes, zoom_and_pan),
    "permuted": Case("one level of 16,000², axes xy", "permuted", extremes, zoom_and_pan),
    "hidden": Case("archive B, a channel", "B", data, hide_and_show),
    "huge": Case("one level of 100,000², uint8", "huge", extremes, zoom_and_pan),
    **{
        f"link-{how}-{delay}": Case(
            f"archive B behind a link, {delay} ms a request", "B", data, steps, LARGE, delay
        )
        for how, steps in (("scroll", scroll), ("zoom", zoom_and_pan))
        for delay in (0, 30, 100, 200)
    },
}
_MOVED = {
    scroll: "scrolled",
    zoom_and_pan: "zoomed in, panned and zoomed out",
    hide_and_show: "hidden and shown again",
}
CASES = {
    name: f"A real window, {case.caption}"
    + (
        f": {_MOVED[case.steps]}, ten steps a second. *stall* is the longest time between two "
        "beats, *of a step* the median of the longest of each step, *first show* that of opening"
        if case.steps
        else ""
    )
    for name, case in _ALL.items()
}
CONTENDERS = {
    name: tuple(PLUGINS) if case.delay is None else ("ours",) for name, case in _ALL.items()
}
QUICK = ("scroll", "scroll-64")


def prepare(case: str) -> None:
    _ALL[case].source.archive(_ALL[case].name)
    _ALL[case].source.folder(_ALL[case].name)


def measure(case: str, contender: str) -> Iterator[Sample]:
    import napari
    from napari.settings import get_settings
    from qtpy.QtCore import QUrl

    import napari_ome_zip

    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    chosen = _ALL[case]
    where = chosen.source.archive if contender == "ours" else chosen.source.folder
    path: Path = where(chosen.name)
    # Several plugins offer to read folders; napari would ask which one.
    plugin = PLUGINS[contender]
    get_settings().plugins.extension2reader = {f"*{path.suffix}{end}": plugin for end in ("", "/")}
    viewer = napari.Viewer()
    if chosen.steps:
        viewer.window.resize(*chosen.window)
    if chosen.delay is None:
        yield from _Window(viewer).samples(QUrl.fromLocalFile(str(path)), chosen.steps)
    else:
        # What another sample fetched is none of this one's.
        napari_ome_zip.set_link_cache_size(0)
        with Line(path.parent, chosen.delay / 1000) as line:
            yield from _Window(viewer).samples(QUrl(line.url(path.name)), chosen.steps)
    viewer.close()


class _Window:
    """A window, and when it drew, answered, and got layers."""

    def __init__(self, viewer: Any) -> None:
        from qtpy.QtCore import Qt, QTimer

        self.viewer = viewer
        self.drawn: list[float] = []
        self.added: list[float] = []
        self.beats: list[float] = []
        canvas = viewer.window._qt_viewer.canvas
        canvas._scene_canvas.events.draw.connect(self._note(self.drawn))
        viewer.layers.events.inserted.connect(self._note(self.added))
        self.timer = QTimer()
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._note(self.beats))
        self.timer.start(BEAT)

    @staticmethod
    def _note(moments: list[float]) -> Callable[..., None]:
        return lambda *_: moments.append(time.perf_counter())

    def samples(self, url: Any, steps: Any) -> Iterator[Sample]:
        self.run(lambda: False, 1.5)  # the empty window finishes drawing
        print(DROPPED, file=sys.stderr, flush=True)
        begun = time.perf_counter()
        drop(self.viewer, url)
        self.run(self.is_shown, SECONDS)
        shown = next((moment for moment in self.drawn if moment > self.added[-1]), None)
        if shown is None:
            raise TimeoutError(f"nothing shown after {SECONDS} s")
        if steps is None:
            yield Sample("drop to pixels", 1000 * (shown - begun), self.is_bright())
            return
        self.run(lambda: False, 1.0)
        yield Sample("first show", self.longest(begun, self.beats[-1]), self.is_bright())
        yield from self.moved(steps(self.viewer))

    def moved(self, steps: list[Callable[[], None]]) -> Iterator[Sample]:
        """The stalls of steps, ten a second, or as many as the window answers."""
        from qtpy.QtCore import QTimer

        begun = time.perf_counter()
        taken: list[float] = []
        for step in steps:
            taken.append(time.perf_counter())
            # As a person's: where no event loop runs, napari is given final pixels.
            QTimer.singleShot(0, step)
            self.run(lambda: self.has_answered(taken[-1]), SECONDS)
            if taken[-1] - begun > SECONDS:
                break
        ends = [*taken[1:], time.perf_counter()]
        stalls = [self.longest(one, other) for one, other in zip(taken, ends, strict=True)]
        self.run(self.is_settled, 10)
        right = self.is_bright()
        yield Sample("stall", max(stalls), right)
        yield Sample("of a step", statistics.median(stalls), right)
        if len(taken) == len(steps):
            yield Sample("all steps", 1000 * (taken[-1] - begun), right)
        else:
            text = f"{len(taken)} of {len(steps)} steps done after {SECONDS} s"
            yield Sample("all steps", 0, right, failed=text)

    def run(self, is_over: Callable[[], bool], seconds: float) -> None:
        """Let the window live, in an event loop as napari has one, until something is so."""
        from qtpy.QtCore import QEventLoop, QTimer

        until = time.perf_counter() + seconds
        loop, looking = QEventLoop(), QTimer()
        looking.timeout.connect(
            lambda: loop.quit() if is_over() or time.perf_counter() >= until else None
        )
        looking.start(1)
        loop.exec()
        looking.stop()

    def longest(self, first: float, last: float) -> float:
        """Milliseconds of the longest time between two beats from one moment to another."""
        inside = [first, *(moment for moment in self.beats if first < moment < last), last]
        return 1000 * max(b - a for a, b in itertools.pairwise(inside))

    def has_answered(self, step: float) -> bool:
        """Whether it is time for the next step, and what the one before made necessary is done."""
        if time.perf_counter() < step + STEP / 1000:
            return False
        return len(self.beats) >= ANSWERED and self.beats[-ANSWERED] > step

    def is_shown(self) -> bool:
        return len(self.added) > 0 and len(self.drawn) > 0 and self.drawn[-1] > self.added[-1]

    def is_settled(self) -> bool:
        """Whether nothing was drawn for some time."""
        loaded = all(layer.loaded for layer in self.viewer.layers)
        return loaded and time.perf_counter() - self.drawn[-1] > 0.5

    def is_bright(self) -> bool:
        pixels = self.viewer.screenshot(canvas_only=True, flash=False)[..., :3]
        return float(np.mean(pixels.max(axis=-1) > 60)) > 0.1


def drop(viewer: Any, url: Any) -> None:
    from qtpy.QtCore import QCoreApplication, QMimeData, QPointF, Qt
    from qtpy.QtGui import QDragEnterEvent, QDropEvent

    target = viewer.window._qt_viewer
    mime = QMimeData()
    mime.setUrls([url])
    mime.setParent(target)
    spot = target.rect().center()
    no_key = Qt.KeyboardModifier.NoModifier
    how = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, no_key)
    QCoreApplication.postEvent(target, QDragEnterEvent(spot, *how))
    QCoreApplication.postEvent(target, QDropEvent(QPointF(spot), *how))
