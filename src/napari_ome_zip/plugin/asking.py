"""What commands for files do when they are called without a file, as napari's palette does."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import napari
from napari.utils.notifications import NotificationSeverity
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_ome_zip.errors import OmeZipError, SaveCancelledError
from napari_ome_zip.names import SAVED_SUFFIXES
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.messages import not_saved, notify
from napari_ome_zip.plugin.typed_name import completed

_ARCHIVES = f"Single-image OME-Zarr ({' '.join(f'*{suffix}' for suffix in SAVED_SUFFIXES)} *.zip)"


def ask_and_open() -> None:
    """Ask for archives, and open them in the window in front."""
    viewer = napari.current_viewer()
    if viewer is None:
        return
    window = QApplication.activeWindow()
    paths, _ = QFileDialog.getOpenFileNames(window, "Open archives", "", _ARCHIVES)
    for path in paths:
        with suppress(OmeZipError, OSError):  # the reader tells of them
            viewer.open(path, plugin=PLUGIN)


def ask_and_save(suffix: str) -> None:
    """Ask for a name, and save all layers of the window in front as an archive.

    Parameters
    ----------
    suffix : {".ome.zip", ".ozx"}
        Ending of a name that is typed without one.
    """
    viewer = napari.current_viewer()
    if viewer is None:
        return
    if not viewer.layers:
        notify("Nothing to save: open or add layers first.", NotificationSeverity.INFO)
        return
    window, kind = QApplication.activeWindow(), f"Single-image OME-Zarr (*{suffix})"
    path, _ = QFileDialog.getSaveFileName(window, "Save all layers", "", kind)
    if not path:
        return
    try:
        viewer.layers.save(str(completed(Path(path), suffix)), plugin=PLUGIN)
    except SaveCancelledError as error:
        notify(str(error), NotificationSeverity.INFO)
    except OmeZipError as error:
        notify(not_saved(error), NotificationSeverity.ERROR)
