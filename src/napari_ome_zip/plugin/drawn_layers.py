"""Points, shapes, tracks, vectors and surfaces of a file as layers, if napari takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari.layers import Layer

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.napari_group import KINDS
from napari_ome_zip.layers.drawings.keywords import PLACE
from napari_ome_zip.layers.layer_data import ATTRIBUTES, LayerData, layer_note
from napari_ome_zip.layers.well_names import is_well_names

_ALWAYS = ("name", "metadata", "visible", "graph", "ndim")
_MAX_REASON = 200


def tried_layers(
    layers: Sequence[LayerData],
) -> tuple[list[tuple[LayerData, Layer | None]], list[Finding]]:
    """Layer data that napari takes, with the layer where one was made to find that out.

    A file holds what a person drew, or what another program wrote: where napari refuses how it
    looks it is shown plainly, and where it refuses it altogether the images are shown without it.

    Parameters
    ----------
    layers : sequence of LayerData

    Returns
    -------
    list of tuple
        Layer data, and the layer made of them; None for images and labels.
    list of Finding
        What is not shown, or not as it was saved.
    """
    tried: list[tuple[LayerData, Layer | None]] = []
    refused: list[Finding] = []
    for layer_data in layers:
        if layer_data[2] not in KINDS or is_well_names(layer_data):
            tried.append((layer_data, None))
            continue
        layer, error = _made(layer_data)
        if layer is not None:
            tried.append((layer_data, layer))
            continue
        plain = _plain(layer_data)
        layer, worse = _made(plain)
        refused.append(_refusal(layer_data[1]["name"], worse or error, is_shown=layer is not None))
        if layer is not None:
            tried.append((plain, layer))
    return tried, refused


def _made(layer_data: LayerData) -> tuple[Layer | None, Exception | None]:
    data, keywords, kind = layer_data
    try:
        layer = Layer.create(data, dict(keywords), kind)
        for key, value in (layer_note(keywords).get(ATTRIBUTES) or {}).items():
            setattr(layer, key, value)
        return layer, None
    # napari checks its arguments in many places, and raises whatever these raise.
    except Exception as error:  # noqa: BLE001
        return None, error


def _plain(layer_data: LayerData) -> LayerData:
    data, keywords, kind = layer_data
    kept: dict[str, Any] = {
        key: value for key, value in keywords.items() if key in (*PLACE, *_ALWAYS)
    }
    if "shape_type" in keywords:
        kept["shape_type"] = keywords["shape_type"]
    return data, kept, kind


def _refusal(name: str, error: Exception | None, *, is_shown: bool) -> Finding:
    reason = " ".join(str(error).split())[:_MAX_REASON].rstrip(".")
    if is_shown:
        text = f"The layer '{name}' is shown plainly: napari refuses how it looked ({reason})."
        return Finding("napari-settings-unusable", name, text)
    text = f"The layer '{name}' is not shown: napari refuses it ({reason})."
    return Finding("napari-layer-unusable", name, text)
