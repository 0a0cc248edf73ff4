"""The choices of the dock widget "Contents": coordinate system and tiles of the open layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Layer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

import napari_ome_zip
from napari_ome_zip.errors import OmeZipError
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.plugin.contents.coordinate_systems import move
from napari_ome_zip.plugin.contents.file_state import FileState
from napari_ome_zip.plugin.contents.fusing import FUSED, SEPARATE, show_tiles, why_not
from napari_ome_zip.plugin.refreshing import refresh_layers
from napari_ome_zip.plugin.viewer_state import layer_data_of, with_contrast_range

if TYPE_CHECKING:
    import napari.viewer


def show_in_system(
    viewer: napari.viewer.Viewer, layers: Sequence[Layer], state: FileState, system: str
) -> str:
    """Move the layers of a file into one of its coordinate systems; return what is to be said."""
    try:
        left = move(layers, state.source, system, partial(_open_again, state))
    except (OmeZipError, OSError) as error:
        return f"Nothing was moved. {error}"
    viewer.reset_view()
    names = ", ".join(f"'{name}'" for name in left)
    return f"Not in this system, and not moved: {names}." if left else ""


def show_tiles_as(
    viewer: napari.viewer.Viewer, layers: Sequence[Layer], state: FileState, fused: bool
) -> str:
    """Show the tiles of a file as one image or separately; return what is to be said."""
    tiles = state.tiles
    if tiles is None or tiles.is_fused is fused:
        return ""
    if not fused and tiles.problem:
        return tiles.problem
    problem = why_not([layer_data_of(layer, viewer) for layer in layers])
    if problem:
        return f"Not changed: {problem}"
    fuse_from = FUSED if fused else SEPARATE
    try:
        show_tiles(viewer, layers, fuse_from, partial(_open_again, state), _made)
    except (OmeZipError, OSError) as error:
        return f"Not changed. {error}"
    return ""


def _open_again(state: FileState, source: str, **options: Any) -> CompositeImage:
    """Open what is shown once more; of a link, without asking for it again."""
    opened = state.opened
    if opened is not None and opened.store.is_remote:
        return napari_ome_zip.open_image(opened.store, **options)
    return napari_ome_zip.open_image(source, **options)


def _made(data: list[LayerData]) -> list[Layer]:
    refresh_layers(data)
    read = map(with_contrast_range, data)
    return [each if isinstance(each, Layer) else Layer.create(*each) for each in read]


@contextmanager
def busy_cursor() -> Iterator[None]:
    """Show that something takes a moment."""
    QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        yield
    finally:
        QApplication.restoreOverrideCursor()
