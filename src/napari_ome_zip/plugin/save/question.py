"""Ask before a file is replaced by one that holds less, or is written in a draft of OME-Zarr."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import napari
from napari.utils.notifications import show_warning
from qtpy.QtWidgets import QApplication, QMessageBox, QWidget

from napari_ome_zip.errors import SaveCancelledError
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.ome.versions import DRAFT
from napari_ome_zip.plugin.save.losses import Losses, describe
from napari_ome_zip.plugin.save.model import Layers, SaveChoices, View, resolve
from napari_ome_zip.plugin.save.part import Showing
from napari_ome_zip.saving.draft import FEW_READ_IT, DraftNeededError
from napari_ome_zip.saving.options import SaveOptions

ButtonRole = QMessageBox.ButtonRole
GONE_FROM_FILE = frozenset(
    {
        "collection-dissolved",
        "content-stays-behind",
        "drawing-removed",
        "field-applied",
        "image-removed",
        "image-split",
        "mosaic-flattened",
        "orientation-left-out",
        "part-smaller",
        "systems-replaced",
    }
)
"""Losses of what the replaced file holds, and maybe no other file does."""

SAVE, CANCEL = "Replace anyway", "Cancel"
AS_DRAFT = f"Save as {DRAFT} (draft)"
AS_SERIES, WITHOUT_ORIENTATION = "Save as a series of images", "Save without orientation"


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
    answer = _ask(window, f"Replace {target.name}?", text, (SAVE, ButtonRole.DestructiveRole))
    if answer != SAVE:
        raise SaveCancelledError(
            f"Cancelled: {target.name} is as it was. Save under another name to keep both."
        )


def agreed_options(needed: DraftNeededError) -> SaveOptions:
    """Ask whether to save in a draft of OME-Zarr what no released version holds.

    Parameters
    ----------
    needed : DraftNeededError
        What planning the save with no version chosen raised.

    Raises
    ------
    DraftNeededError
        If there is no window in which a person could be asked.
    SaveCancelledError
        If the person does not want that; nothing is written.
    """
    window = _window()
    if window is None:
        raise needed
    choices = {AS_DRAFT: needed.draft}
    text = f"{needed.explanation} {DRAFT} does, {FEW_READ_IT}."
    if needed.released is not None:
        other = AS_SERIES if needed.released.split else WITHOUT_ORIENTATION
        choices[other] = needed.released
        way = "one image per channel" if needed.released.split else "all but that"
        text += f" {needed.released.version}, which most programs read, holds {way}."
    buttons = [(choice, ButtonRole.AcceptRole) for choice in choices]
    answer = _ask(window, f"Save as {DRAFT}?", text, *buttons)
    if answer not in choices:
        raise SaveCancelledError("Cancelled: nothing was saved.")
    return choices[answer]


def agreed(view: View, choices: SaveChoices, layers: Layers, showing: Showing) -> View:
    """What is saved once a person agreed to a draft of OME-Zarr, or chose something else.

    Raises
    ------
    DraftNeededError, SaveCancelledError
        As `agreed_options` does.
    """
    if view.needed is None:
        return view
    options = agreed_options(view.needed)
    choices = replace(choices, version=options.version, split=options.split)
    return resolve(choices, layers, showing)


def _ask(
    window: QWidget, title: str, text: str, *buttons: tuple[str, QMessageBox.ButtonRole]
) -> str:
    """The name of the button that a person presses; the default is to cancel."""
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(title)
    box.setText(text)
    # By the buttons, not by their texts, into which desktops put marks for keys.
    added = [(name, box.addButton(name, role)) for name, role in buttons]
    box.setDefaultButton(box.addButton(CANCEL, ButtonRole.RejectRole))
    box.exec()
    pressed = box.clickedButton()
    return next((name for name, button in added if button is pressed), CANCEL)


def _is_one_of(target: Path, sources: Sequence[str]) -> bool:
    return target.exists() and any(Path(each).resolve() == target.resolve() for each in sources)


def _window() -> QWidget | None:
    viewer = napari.current_viewer()
    if QApplication.instance() is None or viewer is None:
        return None
    return QApplication.activeWindow() or next(
        (w for w in QApplication.topLevelWidgets() if w.isVisible()), None
    )
