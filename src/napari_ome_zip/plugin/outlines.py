"""Labels that a file shows as outlines, which layer data have no place for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels

from napari_ome_zip.layers.display_state import CONTOUR
from napari_ome_zip.layers.layer_data import METADATA_KEY

if TYPE_CHECKING:
    from napari.components import ViewerModel


def follow_outlines(viewer: ViewerModel) -> None:
    """Show labels as outlines where their file says so, once they are added."""
    viewer.layers.events.inserted.connect(_show_outlines)


def _show_outlines(event: Any) -> None:
    layer = event.value
    note = layer.metadata.get(METADATA_KEY)
    # Once: a copy of the layer is as the person left it.
    if isinstance(layer, Labels) and isinstance(note, dict) and CONTOUR in note:
        layer.contour = note.pop(CONTOUR)
