"""Runs inside the ``napari`` command, as its startup script: reports what is shown, and closes.

Writes ``report.json`` and ``window.png`` beside the settings that named this script, as soon as the
window has one layer, or as many as ``LAYERS_AWAITED`` says.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import napari
import numpy as np
from qtpy.QtCore import QTimer

FOLDER = Path(os.environ["NAPARI_CONFIG"]).parent


def report_and_close() -> None:
    """Say what each layer is and holds, picture the canvas, and end napari."""
    viewer = napari.current_viewer()
    viewer.reset_view()
    viewer.screenshot(FOLDER / "window.png", canvas_only=True, flash=False)
    layers = []
    for layer in viewer.layers:
        data = np.asarray(layer.data[0] if layer.multiscale else layer.data).squeeze()
        corner = layer.data_to_world((0,) * layer.ndim)
        layers.append({"data": data.tolist(), "corner": list(corner[-2:])})
    report = {"layers": layers, "visible": viewer.window._qt_window.isVisible()}
    (FOLDER / "report.json").write_text(json.dumps(report), encoding="utf-8")
    viewer.close()


def wait_for_the_window() -> None:
    """Come back until the window is shown, which happens after all files were read."""
    shown = napari.current_viewer().window._qt_window.isVisible()
    # A link is opened in a thread.
    awaited = int(os.environ.get("LAYERS_AWAITED", "1"))
    is_complete = len(napari.current_viewer().layers) >= awaited or "NOT_AWAITED" in os.environ
    is_coming = awaited > 1 or any("://" in argument for argument in sys.argv)
    is_awaited = is_coming and not is_complete
    # Within half a second more, everything has been drawn at its size on the screen.
    QTimer.singleShot(500, report_and_close if shown and not is_awaited else wait_for_the_window)


wait_for_the_window()
