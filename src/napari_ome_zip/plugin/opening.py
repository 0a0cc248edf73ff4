"""Whether napari is opening files at this moment, and on whose behalf.

napari says neither to a reader. Both follow from who has called: `viewer.open` is in the stack of
calls as long as it opens files, also where events are handled between two of them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

import napari
from napari.components import ViewerModel

from napari_ome_zip.plugin.docks import PLUGIN

_OPEN = inspect.unwrap(ViewerModel.open).__code__

_WINDOW, _CHOICE = "napari._qt.", "napari._qt.dialogs."
"""Modules of napari's window, and of its dialogs. Private names: were they others, files would
count as opened by a script, which is told of one that cannot be opened by an error."""


_FROM_OUTSIDE = "napari_ome_zip.plugin.running_window"
"""The module that opens files which were handed over."""

_COMMAND = Path(napari.__file__).with_name("__main__.py")
"""What the command ``napari`` runs, and the application that napari is installed as."""


def is_napari_itself() -> bool:
    """Whether this was called by napari as a program of its own, not by a script or a notebook."""
    return any(Path(frame.f_code.co_filename) == _COMMAND for frame in _stack())


def is_opening() -> bool:
    """Whether a viewer is still opening files: then this was called between two of them."""
    return any(frame.f_code is _OPEN for frame in _stack())


def is_opened_by_window() -> bool:
    """Whether files are opened by a drop, a dialog or the command line, and not by a script.

    Or by a double click elsewhere, which hands them to a window that is running.
    """
    opener = _opener()
    return opener.startswith(_WINDOW) or opener == _FROM_OUTSIDE


def is_reader_chosen() -> bool:
    """Whether files are opened by a person who chose the reader for them, or named it."""
    is_named = is_opened_by_window() and _options().get("plugin") == PLUGIN
    return is_named or _opener().startswith(_CHOICE)


def returned_layers_are_used() -> bool:
    """Whether something is done to the layers that a reader returns, as options of napari's
    command ask for: a name, a color map, another kind of layer.
    """
    options = _options()
    return not options or bool(options.get("kwargs")) or options.get("layer_type") is not None


def _opener() -> str:
    """Name of the module that opens files; empty where none does."""
    found = (frame.f_back for frame in _stack() if frame.f_code is _OPEN)
    caller = next(found, None)
    return "" if caller is None else str(caller.f_globals.get("__name__", ""))


def _options() -> Mapping[str, object]:
    """What `viewer.open` was called with; empty where nothing is opened."""
    found = next((frame for frame in _stack() if frame.f_code is _OPEN), None)
    return {} if found is None else found.f_locals


def _stack() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back
