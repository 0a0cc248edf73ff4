"""Layers that show at once what is known of their pixels, and are refreshed as more is.

Overviews of an image that has none take seconds to compute. napari reads in the thread of the
window, so it is given the best pixels there are (`View`), which threads complete; now and then the
layers that show them are drawn again.

Scripts get final pixels. These are given to anyone but the part of napari that fills a canvas, and
to that, too, where no event loop runs in which a layer could be drawn again: a screenshot that a
script takes shows what is there.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from functools import partial
from types import FrameType
from typing import Any
from weakref import WeakSet

from napari.layers import Layer
from napari.qt import QtViewer
from qtpy.QtCore import QObject, QThread, QTimer, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QApplication

from napari_ome_zip.errors import LinkError
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.pixels.pixel_array import PixelArray
from napari_ome_zip.pixels.viewing import View

REST = 0.2
"""Seconds between two refreshes, at least."""
SILENCE = 30.0
"""Seconds in which one failure of a line is told once; each further one prolongs it."""
MAX_SHARE = 1 / 3
"""Of the time of the window that refreshing may take."""
MAX_MAKING = 10.0
"""Seconds from reading a file until its layers are in a window, at most."""

_PACKAGE = "napari_ome_zip."
_READS_FOR_CANVAS = "napari.layers._scalar_field._slice"
_READS_OVERVIEW = "napari.layers._scalar_field.scalar_field", "_materializer"
"""Module, and function, of napari that read what a layer shows; there is no public sign of it.
Where they are called otherwise, pixels are final and have to be waited for."""
_COMMAND = "napari.__main__"


def refresh_layers(made: Sequence[LayerData]) -> None:
    """Let layers that are about to be made in a window be refreshed.

    Parameters
    ----------
    made : sequence of LayerData
        Whatever window they go to; where they go to none, nothing is done.
    """
    if QApplication.instance() is None:
        return
    for window in QApplication.topLevelWidgets():
        for shown_in in window.findChildren(QtViewer):
            events = shown_in.viewer.layers.events
            events.inserted.connect(_follow)  # once, however often it is asked for
            events.removed.connect(_leave)
    expected = []
    for data, _, _ in made:
        # A layer reads as soon as it is made, before it is in any window.
        arrays = _lazy_arrays(data)
        shown = _Shown(arrays)
        for array in arrays:
            array.viewed_by = shown
            expected.append((array, shown))
    QTimer.singleShot(int(1000 * MAX_MAKING), partial(_end_unless_shown, expected))


def _end_unless_shown(expected: Sequence[tuple[PixelArray, _Shown]]) -> None:
    for array, shown in expected:
        if not shown.layers and array.viewed_by is shown:
            array.viewed_by = None


def _follow(event: Any) -> None:
    arrays = _lazy_arrays(event.value.data)
    for array in arrays:
        if array.viewed_by is None:
            array.viewed_by = next(
                (other.viewed_by for other in arrays if other.viewed_by is not None), None
            ) or _Shown(arrays)
        if isinstance(array.viewed_by, _Shown):
            array.viewed_by.layers.add(event.value)


def _leave(event: Any) -> None:
    for array in _lazy_arrays(event.value.data):
        if isinstance(array.viewed_by, _Shown):
            array.viewed_by.layers.discard(event.value)
            if not array.viewed_by.layers:
                array.viewed_by = None


def _lazy_arrays(data: Any) -> list[PixelArray]:
    levels = [data] if isinstance(data, PixelArray) else data
    several = isinstance(levels, Sequence)  # of which napari's class of levels is one
    return [level for level in levels if isinstance(level, PixelArray)] if several else []


class _Shown(View):
    """What layers show of one image: those of one window, or copies of them."""

    def __init__(self, arrays: Iterable[PixelArray]) -> None:
        super().__init__(_is_viewer_asking, self._pixels_changed, self._pixels_failed)
        self.levels = [a.whole_source for a in arrays if a.whole_source is not None]
        self.layers: WeakSet[Layer] = WeakSet()
        self.is_outdated = False
        self._refresher = _refresher()
        self._refresher.shown.add(self)

    def _pixels_changed(self) -> None:
        if not self.is_outdated:
            self.is_outdated = True
            self._refresher.outdated.emit()

    def _pixels_failed(self, error: BaseException) -> None:
        self._refresher.failed.emit(error)


class _Refresher(QObject):
    """Draws layers again, in the thread of the window, not too often."""

    outdated = Signal()
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.shown: WeakSet[_Shown] = WeakSet()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._refresh)
        self._ended = 0.0
        self._rest = REST
        self._told: dict[str, float] = {}
        self.outdated.connect(self._refresh_soon)
        self.failed.connect(self._raise)

    def _refresh_soon(self) -> None:
        if not self._timer.isActive():
            rest = self._ended + self._rest - time.monotonic()
            self._timer.start(round(1000 * max(0.0, rest)))

    def _refresh(self) -> None:
        begun = time.monotonic()
        for shown in list(self.shown):
            if shown.is_outdated:
                shown.is_outdated = False
                for layer in list(shown.layers):
                    layer.refresh(extent=False, highlight=False)
        self._ended = time.monotonic()
        self._rest = max(REST, (self._ended - begun) / MAX_SHARE)

    def _raise(self, error: BaseException) -> None:
        """Raise in the window's thread what was raised in another: napari shows it."""
        if isinstance(error, LinkError):
            if not self._is_news(str(error)):
                return
            error = error.with_traceback(None)  # napari shows variables, with what is secret
        raise error

    def _is_news(self, message: str) -> bool:
        """Whether it was not told just now: a line that fails does so for every view of it."""
        now, last = time.monotonic(), self._told.get(message)
        self._told = {m: at for m, at in self._told.items() if at > now - SILENCE}
        self._told[message] = now
        return last is None or last < now - SILENCE


_REFRESHERS: list[_Refresher] = []


def _refresher() -> _Refresher:
    """The one of this process; made when it is needed, for there must be an application."""
    if not _REFRESHERS:
        _REFRESHERS.append(_Refresher())
    return _REFRESHERS[0]


def _is_viewer_asking() -> bool:
    frame = _caller()
    if frame is None:
        return False
    module, function = frame.f_globals.get("__name__"), frame.f_code.co_name
    if module != _READS_FOR_CANVAS and (module, function) != _READS_OVERVIEW:
        return False
    return _can_be_refreshed(frame)


def _caller() -> FrameType | None:
    """Who called this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        frame = frame.f_back
    return frame


def _can_be_refreshed(frame: FrameType | None) -> bool:
    """Whether an event loop runs, or begins as soon as files are open."""
    application = QApplication.instance()
    if application is None:
        return False
    # napari reads in a thread of its own where it is set to.
    thread = QThread.currentThread()
    if thread is None or thread != application.thread() or thread.loopLevel():
        return True
    while frame is not None:
        if _COMMAND in (frame.f_globals.get("__name__"), _name_of_main(frame)):
            return True
        frame = frame.f_back
    return False


def _name_of_main(frame: FrameType) -> str | None:
    """Name of a module that was started by ``python -m``."""
    return getattr(frame.f_globals.get("__spec__"), "name", None)
