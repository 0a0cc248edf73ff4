"""What a person sees: layers in napari's viewer model, and values at places in the world."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ome_zip import open_image, to_layer_data
from napari_ome_zip.layers.layer_data import METADATA_KEY

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_ome_zip import CompositeImage

# Read when napari's settings are first imported: tests keep off the settings of whoever runs them.
os.environ["NAPARI_CONFIG"] = ""


def view(source: CompositeImage | Mapping[str, bytes] | Path) -> ViewerModel:
    """Open ``source`` and show it, without an error or a word of warning from napari."""
    from napari.components import ViewerModel
    from napari.layers import Layer
    from napari.utils.notifications import notification_manager

    composite = open_image(source) if isinstance(source, Mapping | Path) else source
    notification_manager.records.clear()
    viewer = ViewerModel()
    for item in to_layer_data(composite):
        viewer.add_layer(Layer.create(*item))  # warnings are errors in tests
    assert not [record.message for record in notification_manager.records]
    assert not viewer.layers or viewer.layers.extent.units is not None
    return viewer


def layers_of(source: CompositeImage | Mapping[str, bytes] | Path) -> list[Layer]:
    """Return the layers of pixels that a person sees after opening ``source``."""
    return [layer for layer in view(source).layers if kind_of(layer) in ("image", "labels")]


def kind_of(layer: Layer) -> str:
    """Return the kind of a layer as layer data name it, such as ``"labels"``."""
    return layer.as_layer_data_tuple()[2]


def codes(composite: CompositeImage) -> list[str]:
    """Return the kinds of the findings of a composite image."""
    return [finding.code for finding in composite.findings]


def pixels(layer: Layer) -> np.ndarray:
    """Return the pixels of a layer at full resolution."""
    return np.asarray(layer.data[0] if layer.multiscale else layer.data)


def value_in_world(layer: Layer, **world: float) -> Any:
    """Return the full-resolution value at a place given by axis names; None outside the layer.

    Axes that are not given are taken at 0.
    """
    point = [world.get(name, 0.0) for name in layer.axis_labels]
    assert set(world) <= set(layer.axis_labels)
    index = np.rint(layer.world_to_data(point)).astype(int)
    full = layer.data[0] if layer.multiscale else layer.data
    if any(i < 0 or i >= n for i, n in zip(index, full.shape[: layer.ndim], strict=True)):
        return None
    value = np.asarray(full[tuple(int(i) for i in index)])
    return value.tolist() if getattr(layer, "rgb", False) else value.item()


def world_box(layer: Layer) -> dict[str, tuple[float, float]]:
    """Return the world coordinates of a layer's first and last voxel centres by axis name."""
    low, high = layer.extent.world
    return {
        name: (float(a), float(b)) for name, a, b in zip(layer.axis_labels, low, high, strict=True)
    }


def fields_of(layers: Iterable[Layer]) -> dict[str, dict[int, tuple[np.ndarray, list[int]]]]:
    """Return, by path and channel, pixels of the layer with a field of view and where it begins."""
    places: dict[str, dict[int, tuple[np.ndarray, list[int]]]] = {}
    for layer in layers:
        note = layer.metadata[METADATA_KEY]
        alone = [{"path": note["path"], "offset": [0] * len(note["axes"])}]
        for field in note.get("fields", alone):
            own = places.setdefault(field["path"], {})
            own[note["channel"]] = (pixels(layer), field["offset"])
    return places
