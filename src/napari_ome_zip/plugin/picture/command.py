"""The command *Save picture…*: draws all that is visible in a thread, and writes it as a PNG."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image, Labels
from napari.utils.notifications import NotificationSeverity, notification_manager

from napari_ome_zip.errors import (
    OmeZipError,
    PictureCancelledError,
    PictureError,
    ReadCancelledError,
)
from napari_ome_zip.findings import Finding
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.picture_file import write_picture
from napari_ome_zip.plugin.messages import not_saved, notify
from napari_ome_zip.plugin.picture.dialog import ENDING, PictureChoices, PictureDialog
from napari_ome_zip.plugin.picture.steps import shown_steps
from napari_ome_zip.plugin.proxies import viewer_itself
from napari_ome_zip.plugin.save.proposal import proposed_file, sources_of
from napari_ome_zip.plugin.save.remembered import last_folder
from napari_ome_zip.plugin.viewer_state import layer_data_of
from napari_ome_zip.plugin.window_run import WorkRun
from napari_ome_zip.progress import Cancelled, Progress
from napari_ome_zip.rendering import render

if TYPE_CHECKING:
    import napari.viewer

NOTHING = "Nothing to draw: show an image or labels first."
IN_3D = "A picture is of one plane. Switch the view to 2D first."
ROLLED = "A picture shows y and x. Show these in the window first, by rolling its dimensions."


def save_picture(viewer: napari.viewer.Viewer) -> None:
    """Ask how a picture of all that is visible is to be, and write it.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    """
    viewer = viewer_itself(viewer)
    seen = [layer for layer in viewer.layers if layer.visible]
    if not any(isinstance(layer, Image | Labels) for layer in seen):
        notify(NOTHING, NotificationSeverity.INFO)
        return
    ndim = viewer.dims.ndim
    if viewer.dims.ndisplay == 3 or tuple(viewer.dims.displayed) != (ndim - 2, ndim - 1):
        notify(IN_3D if viewer.dims.ndisplay == 3 else ROLLED, NotificationSeverity.INFO)
        return
    layers = [layer_data_of(layer, viewer) for layer in seen]
    try:
        units = tuple(map(str, viewer.layers.extent.units or ()))
        at = shown_steps(layers, viewer.dims.point, units)
    except PictureError as error:
        notify(str(error), NotificationSeverity.ERROR)
        return
    window = viewer.window.main_menu.window()

    def draw(choices: PictureChoices) -> None:
        drawing = Drawing(layers, at, choices)
        title = f"Drawing {choices.target.name}"
        WorkRun(window, title, drawing.work, drawing.done, drawing.failed).start()

    has_labels = any(isinstance(layer, Labels) for layer in seen)
    names = [layer.name for layer in seen]
    file = proposed_picture(sources_of(viewer.layers), names)
    in_grid = bool(viewer.canvas.grid.enabled)
    PictureDialog(window, file, draw, has_labels=has_labels, in_grid=in_grid).open()


def proposed_picture(sources: Sequence[str], names: Sequence[str]) -> Path:
    """A picture that is not there yet, beside the file that layers came from."""
    # The name of the file, however often it was saved already.
    archive = proposed_file(sources, names, last_folder(), "picture")
    base = archive.name.partition(" picture")[0]
    numbers = ("", *(f" {number}" for number in itertools.islice(itertools.count(2), 9_999)))
    found = (archive.with_name(f"{base}{number}{ENDING}") for number in numbers)
    return next(path for path in found if not path.exists())


@dataclass
class Drawing:
    """A picture that is being drawn."""

    layers: Sequence[LayerData]
    at: dict[str, float]
    """The steps that are shown."""
    choices: PictureChoices
    notes: list[Finding] = field(default_factory=list)

    def work(self, progress: Progress, cancelled: Cancelled) -> tuple[int, int]:
        """Draw the picture and write it; return its rows and columns."""
        picture = render(
            self.layers,
            self.choices.size,
            at=self.at,
            labels=self.choices.labels,
            scale_bar=self.choices.scale_bar,
            noted=self.notes.append,
            progress=progress,
            cancelled=cancelled,
        )
        write_picture(self.choices.target, picture)
        return picture.shape[0], picture.shape[1]

    def done(self, size: tuple[int, int]) -> None:
        """Tell where it is, and what is not in it."""
        rows, columns = size
        target = self.choices.target
        said = [f"Saved {target.name} ({columns} × {rows} pixels) in {target.parent}."]
        notify(" ".join([*said, *(note.message for note in self.notes)]), NotificationSeverity.INFO)

    def failed(self, error: Exception) -> None:
        """Tell why there is none."""
        if isinstance(error, PictureCancelledError | ReadCancelledError):
            notify(str(error), NotificationSeverity.INFO)
        elif isinstance(error, OmeZipError):
            notify(not_saved(error), NotificationSeverity.ERROR)
        else:
            notification_manager.receive_error(type(error), error, error.__traceback__)
