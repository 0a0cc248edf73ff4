"""Whether napari is opening files at this moment, and on whose behalf.

napari says neither to a reader. Both follow from who has called: `viewer.open` is in the stack of
calls as long as it opens files, also where events are handled between two of them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import FrameType

from napari.components import ViewerModel

_OPEN = inspect.unwrap(ViewerModel.open).__code__

_WINDOW, _CHOICE = "napari._qt.", "napari._qt.dialogs."
"""Modules of napari's window, and of its dialogs. Private names: were they others, files would
count as opened by a script, which is told of one that cannot be opened by an error."""


def is_opening() -> bool:
    """Whether a viewer is still opening files: then this was called between two of them."""
    return any(frame.f_code is _OPEN for frame in _stack())


def is_opened_by_window() -> bool:
    """Whether files are opened by a drop, a dialog or the command line, and not by a script."""
    return _opener().startswith(_WINDOW)


def is_reader_chosen() -> bool:
    """Whether files are opened by a person who chose the reader for them."""
    return _opener().startswith(_CHOICE)


def returned_layers_are_used() -> bool:
    """Whether something is done to the layers that a reader returns, as options of napari's
    command ask for: a name, a color map, another kind of layer.
    """
    found = next((frame for frame in _stack() if frame.f_code is _OPEN), None)
    if found is None:
        return True
    options = found.f_locals
    return bool(options.get("kwargs")) or options.get("layer_type") is not None


def _opener() -> str:
    """Name of the module that opens files; empty where none does."""
    found = (frame.f_back for frame in _stack() if frame.f_code is _OPEN)
    caller = next(found, None)
    return "" if caller is None else str(caller.f_globals.get("__name__", ""))


def _stack() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back
