"""Napari layer data as a composite image: what `layers` does, the other way round."""

from __future__ import annotations

from napari_ome_zip.from_layers.compose import from_layer_data, save_image
from napari_ome_zip.from_layers.losses import SAVED_KINDS, incomplete_layers, unsaved_layers

__all__ = ["SAVED_KINDS", "from_layer_data", "incomplete_layers", "save_image", "unsaved_layers"]
