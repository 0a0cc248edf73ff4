"""Ask before a file is replaced by one that holds less: napari's dialog only asked for its name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import napari
from napari.utils.notifications import show_warning
from qtpy.QtWidgets import QApplication, QMessageBox, QWidget

from napari_ome_zip.errors import SaveCancelledError
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.plugin.save.losses import Losses, describe

GONE_FROM_FILE = frozenset(
    {
        "content-stays-behind",
        "drawing-removed",
        "field-applied",
        "image-removed",
        "image-split",
        "mosaic-flattened",
        "part-smaller",
        "systems-replaced",
    }
)
"""Losses of what the replaced file holds, and maybe no other file does."""

SAVE, CANCEL = "Replace anyway", "Cancel"


def check_agreed(
    image: CompositeImage, target: Path, found: Losses, sources: Sequence[str] = ()
) -> None:
    """Say what would be gone from the file that is replaced, and ask; without a window, only say.

    Parameters
    ----------
    image : CompositeImage
        What is saved.
    target : Path
        The file that will be written.
    found : Losses
        What it will be without.
    sources : sequence of str
        Files that the layers came from, where only a part of them is saved: the image does not
        know them then.

    Raises
    ------
    SaveCancelledError
        If the person does not want that; nothing is written.
    """
    gone = [finding for finding in found.lost if finding.code in GONE_FROM_FILE]
    opened = None if image.opened is None else image.opened.store.source
    of_part = [f"Only a part of it would be left: {found.part}."] if found.part else []
    own = sources if found.part else ([] if opened is None else [opened])
    if not (gone or of_part) or not _is_one_of(target, own):
        return
    less = [*of_part, *([describe(gone)] if gone else [])]
    text = f"{target.name} would hold less than it does now. {' '.join(less)}"
    window = _window()
    if window is None:
        show_warning(text)
        return
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(f"Replace {target.name}?")
    box.setText(text)
    agree = box.addButton(SAVE, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(CANCEL, QMessageBox.ButtonRole.RejectRole))
    box.exec()
    if box.clickedButton() is not agree:
        raise SaveCancelledError(
            f"Cancelled: {target.name} is as it was. Save under another name to keep both."
        )


def _is_one_of(target: Path, sources: Sequence[str]) -> bool:
    return target.exists() and any(Path(each).resolve() == target.resolve() for each in sources)


def _window() -> QWidget | None:
    viewer = napari.current_viewer()
    if QApplication.instance() is None or viewer is None:
        return None
    return QApplication.activeWindow() or next(
        (w for w in QApplication.topLevelWidgets() if w.isVisible()), None
    )
