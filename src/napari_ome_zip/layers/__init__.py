"""Napari's layer data: made of a composite image, and a composite image made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_ome_zip.late_imports import late_imports
from napari_ome_zip.layers.to_layers import to_layer_data

if TYPE_CHECKING:
    from napari_ome_zip.layers.from_layers import from_layer_data
    from napari_ome_zip.layers.losses import SAVED_KINDS, incomplete_layers, unsaved_layers

__all__ = [
    "SAVED_KINDS",
    "from_layer_data",
    "incomplete_layers",
    "to_layer_data",
    "unsaved_layers",
]

__getattr__ = late_imports(
    __name__,
    {
        "SAVED_KINDS": "napari_ome_zip.layers.losses",
        "from_layer_data": "napari_ome_zip.layers.from_layers",
        "incomplete_layers": "napari_ome_zip.layers.losses",
        "unsaved_layers": "napari_ome_zip.layers.losses",
    },
)
