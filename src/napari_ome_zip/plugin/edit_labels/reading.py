"""Work on the pixels of a layer, in a thread, while the window stays as quick as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt
from qtpy.QtWidgets import QWidget

from napari_ome_zip.plugin.edit_labels.replacing import read_level
from napari_ome_zip.plugin.window_run import WorkRun
from napari_ome_zip.progress import Cancelled, Progress


def start_reading(
    window: QWidget,
    level: Any,
    name: str,
    done: Callable[[npt.NDArray[Any]], None],
    failed: Callable[[Exception], None],
) -> None:
    """Read all pixels of a level of a layer in a thread, and hand them over in this one."""

    def work(progress: Progress, cancelled: Cancelled) -> npt.NDArray[Any]:
        return read_level(level, progress, cancelled)

    WorkRun(window, f"Reading {name}", work, done, failed).start()
