"""What napari keeps beside layer data: readers and writers are not handed it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Layer
from napari.utils import CyclicLabelColormap

from napari_ome_zip.files import is_link
from napari_ome_zip.layers.layer_data import (
    ATTRIBUTES,
    CONTRAST_RANGE,
    METADATA_KEY,
    SHOWN_PLANE,
    LayerData,
    layer_note,
    note_of,
)
from napari_ome_zip.layers.losses import IMAGE_KINDS
from napari_ome_zip.plugin.view.capture import capture_view

if TYPE_CHECKING:
    from napari.components import ViewerModel


def with_contrast_range(layer_data: LayerData) -> LayerData | Layer:
    """Layer data that were read; as a layer where its contrast slider offers more than its limits.

    Layer data have no place for that range, and napari takes the limits for it.
    """
    data, keywords, kind = layer_data
    offered = layer_note(keywords).get(CONTRAST_RANGE)
    if kind != "image" or offered is None or list(keywords.get("contrast_limits", ())) == offered:
        return layer_data
    layer = Layer.create(data, keywords, kind)
    layer.contrast_limits_range = offered
    return layer


def follow_attributes(viewer: ViewerModel) -> None:
    """Set what a file says of labels, and layer data have no place for, once they are added."""
    viewer.layers.events.inserted.connect(_complete)


def _complete(event: Any) -> None:
    layer = event.value
    _hide_secrets(layer)
    note = layer.metadata.get(METADATA_KEY)
    # Once: a copy of the layer is as the person left it.
    if isinstance(layer, Labels) and isinstance(note, dict) and ATTRIBUTES in note:
        _set_attributes(layer, note.pop(ATTRIBUTES))


def _hide_secrets(layer: Layer) -> None:
    """Let the source of a layer be its link without what is secret in it: napari shows it.

    A reader has no say in it: napari notes what it was asked to open. There is no public way to
    change it; were the name another one, napari would show the link as a script gave it.
    """
    given, known = layer.source.path, note_of(layer).get("source")
    if given is not None and is_link(given) and is_link(known) and hasattr(layer, "_source"):
        layer._source = layer.source.model_copy(update={"path": known})


def _set_attributes(layer: Labels, attributes: Mapping[str, Any]) -> None:
    cycle = attributes.get("color_cycle")
    if cycle and isinstance(layer.colormap, CyclicLabelColormap):
        colors = [[part / 255 for part in bytes.fromhex(color[1:])] for color in cycle]
        layer.colormap = CyclicLabelColormap(colors=colors, background_value=0)
    for name in ("contour", "selected_label", "show_selected_label"):
        if name in attributes:
            # A number that the type of the labels does not hold is refused.
            with contextlib.suppress(ValueError, OverflowError):
                setattr(layer, name, attributes[name])


def layer_data_of(layer: Layer, viewer: ViewerModel) -> LayerData:
    """Layer data with what is needed to save the layer as it is shown."""
    return _completed(layer.as_layer_data_tuple(), layer, viewer)


def as_shown(layer_data: Iterable[LayerData], viewer: ViewerModel | None) -> Sequence[LayerData]:
    """Layer data as a writer receives them, with what the layers themselves hold.

    Parameters
    ----------
    layer_data : iterable of LayerData
    viewer : ViewerModel, optional
        The viewer that may show them; data that are of none of its layers stay as they are.
    """
    if viewer is None:
        return list(layer_data)
    found = []
    for item in layer_data:
        layer = next((layer for layer in viewer.layers if _is_of(item, layer)), None)
        found.append(item if layer is None else _completed(item, layer, viewer))
    return found


def view_of(layer_data: Iterable[LayerData], viewer: ViewerModel | None) -> dict[str, Any] | None:
    """The view of the viewer that shows layer data; None where it shows other layers."""
    if viewer is None:
        return None
    images = [item for item in layer_data if item[2] in IMAGE_KINDS]
    if any(not any(_is_of(item, layer) for layer in viewer.layers) for item in images):
        return None
    return capture_view(viewer).to_json()


def _is_of(layer_data: LayerData, layer: Layer) -> bool:
    data, keywords, _ = layer_data
    return data is layer.data and keywords.get("name") == layer.name


def _completed(layer_data: LayerData, layer: Layer, viewer: ViewerModel) -> LayerData:
    if not isinstance(layer, Image | Labels):
        return layer_data
    data, keywords, kind = layer_data
    more: dict[str, Any] = {SHOWN_PLANE: _shown_plane(layer, viewer)}
    if isinstance(layer, Image) and not layer.rgb:
        more[CONTRAST_RANGE] = [float(value) for value in layer.contrast_limits_range]
    if isinstance(layer, Labels):
        more |= _attributes_of(layer)
    return data, {**keywords, **more}, kind


def _attributes_of(layer: Labels) -> dict[str, Any]:
    """What labels show that their layer data do not say, where it is not the usual."""
    usual: dict[str, Any] = {"contour": 0, "selected_label": 1, "show_selected_label": False}
    found = {name: getattr(layer, name) for name in usual}
    found = {name: value for name, value in found.items() if value != usual[name]}
    if isinstance(layer.colormap, CyclicLabelColormap):
        unshuffled = Labels(np.zeros((2, 2), np.uint8)).colormap.colors
        colors = layer.colormap.colors
        if colors.shape != unshuffled.shape or not np.allclose(colors, unshuffled):
            found["color_cycle"] = colors.tolist()
    return found


def _shown_plane(layer: Layer, viewer: ViewerModel) -> list[int]:
    """Index along each dimension of the layer, the nearest one it has."""
    place = layer.world_to_data(viewer.dims.point)
    shape = layer.extent.data[1]
    return [round(min(max(at, 0.0), float(last))) for at, last in zip(place, shape, strict=True)]
