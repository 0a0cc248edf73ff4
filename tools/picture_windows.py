"""Picture napari with the plugin in real windows, for docs/images; the archives are made for it.

xvfb-run -a -s "-screen 0 1600x1000x24" python tools/picture_windows.py docs/images
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import napari
import numpy as np
import numpy.typing as npt
from napari._qt.dialogs.qt_notification import NapariQtNotification
from PIL import Image
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDialog, QListWidget

from demo import take_screenshot
from napari_ome_zip.plugin.docks import open_check, open_contents, open_save
from napari_ome_zip.plugin.edit_labels.command import edit_labels
from napari_ome_zip.plugin.links.dialog import open_link
from napari_ome_zip.plugin.region.command import save_region
from napari_ome_zip.plugin.region.dialog import RegionDialog
from napari_ome_zip.plugin.sample_archive import write_sample_archive
from picture_archives import PIXEL_SIZE, faulty, head, measured, mosaic, plate

type Look = Callable[[napari.Viewer], None]

SIZE = (1200, 760)
"""Of a window, in pixels: what it says is read in a page, too."""
LOW = (1200, 640)
"""Of a window with an image that is wide."""
WELL_C5 = (400, 820)
"""A place in a well, in micrometers along y and x."""
EDITED = (0, 0, 860, 470)
"""The part of a window with the tools for labels."""


def main() -> None:
    """Write all archives, open each in a window, and picture it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("names", nargs="*", help="pictures to take; all of them by default")
    arguments = parser.parse_args()
    pictures: Path = arguments.folder
    wanted = set(arguments.names)
    with tempfile.TemporaryDirectory() as made:
        for name, archive, look in _scenes(Path(made)):
            if not wanted or name in wanted:
                picture(pictures / f"{name}.png", archive, look)


def _scenes(folder: Path) -> Iterator[tuple[str, Path, Look]]:
    """Yield what is pictured: the name of the picture, an archive, and what is done with it."""
    sample = folder / "overlapping-fields.ome.zip"
    write_sample_archive(sample)
    wells = plate().write(folder / "plate.ome.zip")
    cells = measured().write(folder / "cells.ome.zip")
    bad = faulty().write(folder / "faulty.ome.zip")
    yield "plate", wells, point_at_well
    yield "contents", mosaic().write(folder / "scan.ome.zip"), select_tile
    yield "demo", sample, nothing
    yield "orientation", head().write(folder / "head.ome.zip"), open_contents
    yield "save", sample, open_save
    yield "tables", cells, point_at_label
    yield "edit-labels", cells, paint
    yield "validate", bad, partial(open_check, path=str(bad))
    yield "open-link", sample, show_link
    yield "save-region", wells, show_region
    yield "preferences", sample, show_preferences


def nothing(viewer: napari.Viewer) -> None:
    """Leave a window as it is."""


def point_at_well(viewer: napari.Viewer) -> None:
    """Show the contents of a plate, with the pointer over a well."""
    open_contents(viewer)
    viewer.layers.selection.active = viewer.layers["marker"]
    _point_at(viewer, WELL_C5)


def select_tile(viewer: napari.Viewer) -> None:
    """Show the contents of a scan, and what is said of one of its channels."""
    open_contents(viewer)
    viewer.layers.selection.active = viewer.layers[-1]


def point_at_label(viewer: napari.Viewer) -> None:
    """Select the labels, with the pointer over one of them."""
    open_contents(viewer)
    labels = viewer.layers.selection.active = viewer.layers[-1]
    pixels = np.asarray(labels.data[0])
    _point_at(viewer, np.argwhere(pixels == 28).mean(axis=0) * PIXEL_SIZE)


def paint(viewer: napari.Viewer) -> None:
    """Unlock labels, and draw one with the brush."""
    viewer.layers.selection.active = viewer.layers[-1]
    edit_labels(viewer)
    QTest.qWait(2000)
    labels = viewer.layers.selection.active
    labels.mode, labels.brush_size, labels.selected_label = "paint", 10, 65
    for column in range(10, 230, 2):
        labels.paint((127 + 6 * np.sin(column / 20), column), 65)


def show_link(viewer: napari.Viewer) -> None:
    """Open the dialog for links, with one that was copied."""
    QApplication.clipboard().setText("https://example.org/plates/plate%2012.ozx")
    open_link(viewer)


def show_region(viewer: napari.Viewer) -> None:
    """Open the dialog for what is seen of a plate."""
    viewer.scene.camera.zoom *= 4
    QTest.qWait(500)
    save_region(viewer)
    (dialog,) = viewer.window.main_menu.window().findChildren(RegionDialog)
    dialog.file.setText(Path(dialog.file.text()).name)


def show_preferences(viewer: napari.Viewer) -> None:
    """Open napari's preferences where those of the plugin are."""
    dialog = viewer.window._open_preferences_dialog()
    dialog.resize(860, 620)
    (pages,) = (each for each in dialog.findChildren(QListWidget) if each.count() > 3)
    pages.setCurrentItem(pages.findItems("OME-Zarr archives", Qt.MatchFlag.MatchExactly)[0])


def picture(target: Path, archive: Path, look: Look) -> None:
    """Picture an archive in a window, or the dialog that is open over it."""
    viewer = napari.Viewer()
    size = LOW if target.stem == "plate" else SIZE
    viewer.window.resize(*size)
    viewer.open(archive, plugin="napari-ome-zip")
    viewer.canvas.overlays["scale_bar"].visible = True
    QTest.qWait(1500)
    viewer.reset_view()
    look(viewer)
    QTest.qWait(1000)
    window = viewer.window.main_menu.window()
    for shown in window.findChildren(NapariQtNotification):
        shown.close()
    QTest.qWait(2000)  # what runs in threads
    dialogs = [each for each in window.findChildren(QDialog) if each.isVisible()]
    if dialogs:
        dialogs[0].grab().save(str(target))
        dialogs[0].reject()
    else:
        take_screenshot(viewer, target, size)
    viewer.close()
    _shrink(target)


def _shrink(target: Path) -> None:
    """Make a picture load fast."""
    with Image.open(target) as taken:
        part = taken.crop(EDITED) if target.stem == "edit-labels" else taken
        part.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target.name}: {target.stat().st_size // 1024} KiB")


def _point_at(viewer: napari.Viewer, place: npt.ArrayLike) -> None:
    """Move the pointer to a place in the world."""
    QTest.qWait(1000)
    canvas = viewer.window._qt_viewer.canvas.native
    middle = np.array(viewer.scene.camera.center[-2:])
    down, right = (np.asarray(place) - middle) * viewer.scene.camera.zoom
    point = QPoint(round(canvas.width() / 2 + right), round(canvas.height() / 2 + down))
    QTest.mouseMove(canvas, point)


if __name__ == "__main__":
    main()
