"""Napari's layer data: made of a composite image, and a composite image made of them."""

from __future__ import annotations

from napari_ome_zip.layers.from_layers import from_layer_data
from napari_ome_zip.layers.losses import SAVED_KINDS, incomplete_layers, unsaved_layers
from napari_ome_zip.layers.to_layers import to_layer_data

__all__ = [
    "SAVED_KINDS",
    "from_layer_data",
    "incomplete_layers",
    "to_layer_data",
    "unsaved_layers",
]
