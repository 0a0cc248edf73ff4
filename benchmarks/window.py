"""A real napari window: from the drop of a file to its first pixels on the canvas.

Each sample is the first drop in a new process, as it is for a person who opens one file: what a
reader imports counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from child import Sample
from data import archive, folder

CASES = {
    "A": "A real window, from the drop of A to its first pixels on the canvas",
    "C": "A real window, from the drop of C to its first pixels on the canvas",
}
_CONTENDERS: dict[str, Callable[[str], Path]] = {"ours": archive, "napari-ome-zarr": folder}
CONTENDERS = dict.fromkeys(CASES, _CONTENDERS)
SECONDS = 60
ROUNDS = 5


def prepare(case: str) -> None:
    archive(case)
    folder(case)


def measure(case: str, contender: str) -> Iterator[Sample]:
    import napari
    from napari.settings import get_settings
    from qtpy.QtWidgets import QApplication

    path = _CONTENDERS[contender](case)
    # Several plugins offer to read folders; napari would ask which one.
    plugin = _PLUGINS[contender]
    get_settings().plugins.extension2reader = {f"*{path.suffix}{end}": plugin for end in ("", "/")}
    viewer = napari.Viewer()
    application = QApplication.instance()
    canvas = viewer.window._qt_viewer.canvas
    drawn: list[float] = []
    added: list[float] = []
    canvas._scene_canvas.events.draw.connect(lambda _: drawn.append(time.perf_counter()))
    viewer.layers.events.inserted.connect(lambda _: added.append(time.perf_counter()))
    _settle(application)
    _drop(viewer, path)
    begun = time.perf_counter()
    while time.perf_counter() - begun < SECONDS:
        application.processEvents()
        if len(added) < 2 or drawn[-1] < added[-1]:
            continue
        shown = next(moment for moment in drawn if moment > added[-1])
        pixels = viewer.screenshot(canvas_only=True, flash=False)[..., :3]
        bright = float(np.mean(pixels.max(axis=-1) > 60))
        yield Sample("drop to pixels", 1000 * (shown - begun), bright > 0.1)
        break
    viewer.close()


_PLUGINS = {"ours": "napari-ome-zip", "napari-ome-zarr": "napari-ome-zarr"}


def _settle(application: Any) -> None:
    """Let the empty window finish drawing."""
    until = time.perf_counter() + 1.5
    while time.perf_counter() < until:
        application.processEvents()


def _drop(viewer: Any, path: Path) -> None:
    from qtpy.QtCore import QCoreApplication, QMimeData, QPointF, Qt, QUrl
    from qtpy.QtGui import QDragEnterEvent, QDropEvent

    target = viewer.window._qt_viewer
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    mime.setParent(target)
    spot = target.rect().center()
    no_key = Qt.KeyboardModifier.NoModifier
    how = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, no_key)
    QCoreApplication.postEvent(target, QDragEnterEvent(spot, *how))
    QCoreApplication.postEvent(target, QDropEvent(QPointF(spot), *how))
