"""Keeps previews for file managers of what is opened and saved in a window."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

from qtpy.QtCore import QTimer

from napari_ome_zip.desktop.thumbnail_cache import EDGE, keep_preview, wants_preview
from napari_ome_zip.files import is_link
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.plugin.preferences import keeps_previews
from napari_ome_zip.threads import begins_thread
from napari_ome_zip.thumbnails.stored import read_thumbnail

THREAD = "ome-zip-previews"
"""Name of the thread that makes them."""

REST_MS = 3000
"""After a file is opened, before a preview of it is made: first come the pixels that are shown."""

_LOGGER = logging.getLogger(__name__)

type _Picture = Callable[[], bytes]


def keep_preview_of_opened(source: str, layers: Sequence[LayerData]) -> None:
    """Keep a preview of a file that was opened, where there is none yet; a little later.

    Parameters
    ----------
    source : str
        Absolute path; nothing is done for a link.
    layers : sequence of LayerData
        What it is shown as.
    """
    if _is_wanted(source):
        draw = partial(_drawn_layers, list(layers))
        QTimer.singleShot(REST_MS, partial(_QUEUE.add, Path(source), draw))


def keep_preview_of_saved(path: Path) -> None:
    """Keep a preview of a file that was saved, as it is now."""
    if _is_wanted(str(path)):
        _QUEUE.add(path, partial(_drawn_file, path))


# What draws is imported by the thread that needs it: whoever opens the first file does not wait.


def _drawn_layers(layers: Sequence[LayerData]) -> bytes:
    from napari_ome_zip.desktop.drawn_preview import BUDGET
    from napari_ome_zip.rendering import thumbnail_png

    return thumbnail_png(layers, EDGE, budget=BUDGET)


def _drawn_file(path: Path) -> bytes:
    from napari_ome_zip.desktop.drawn_preview import drawn_preview

    return drawn_preview(path, EDGE)


def _is_wanted(source: str) -> bool:
    return bool(source) and not is_link(source) and keeps_previews() and wants_preview(Path(source))


class _Queue:
    """Keeps previews in one thread, in the order in which they are wanted: each may take memory."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._wanted: deque[tuple[Path, _Picture]] = deque()
        self._is_working = False

    def add(self, path: Path, draw: _Picture) -> None:
        """Keep a preview when those that were wanted before are kept."""
        with self._lock:
            self._wanted.append((path, draw))
            if not self._is_working:
                self._is_working = begins_thread(self._work, THREAD, daemon=True)

    def _work(self) -> None:
        while (wanted := self._next()) is not None:
            _keep(*wanted)
            del wanted  # and the layers: the next one may be long in coming

    def _next(self) -> tuple[Path, _Picture] | None:
        """Take what was wanted first; nothing ends the thread."""
        with self._lock:
            self._is_working = bool(self._wanted)
            return self._wanted.popleft() if self._wanted else None


_QUEUE = _Queue()


def _keep(path: Path, draw: _Picture) -> None:
    try:
        keep_preview(path, partial(_picture, path, draw))
    except Exception:
        _LOGGER.debug("There is no preview of %s.", path, exc_info=True)


def _picture(path: Path, draw: _Picture) -> bytes:
    stored = read_thumbnail(path, EDGE)
    return draw() if stored is None else stored.data
