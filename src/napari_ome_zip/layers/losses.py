"""Losses on saving: layers that OME-Zarr cannot hold, and details that others lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.napari_group import KINDS
from napari_ome_zip.layers.label_tables import label_colors, label_properties
from napari_ome_zip.layers.layer_data import LayerData, layer_note
from napari_ome_zip.layers.opened_layer import opened_layer
from napari_ome_zip.layers.plain import clean_text
from napari_ome_zip.layers.well_names import is_well_names

IMAGE_KINDS = ("image", "labels")
"""Kinds of layers that become images."""
SAVED_KINDS = (*IMAGE_KINDS, *KINDS)
"""Kinds of layers that are saved, where at least one of them becomes an image."""

_MAX_PIXEL_BYTES = {"f": 8, "c": 16}
"""Bytes of the largest pixel that Zarr holds, where NumPy has larger ones."""
_MAX_LOOKED_AT = 2**24


def unsaved_layers(layers: Sequence[LayerData]) -> tuple[Finding, ...]:
    """Which layers a file cannot hold, and why; one finding each."""
    found = []
    for data, keywords, kind in layers:
        name = clean_text(keywords.get("name", kind))
        problem = why_not_saved(data, keywords, kind)
        if problem is not None:
            found.append(Finding("layer-not-saved", name, f"'{name}' {problem}."))
    return tuple(found)


def incomplete_layers(layers: Sequence[LayerData]) -> tuple[Finding, ...]:
    """Findings for what saved layers lose: pixels and places, or other details.

    Returns
    -------
    tuple of Finding
        ``layer-not-whole`` where pixels or places are lost, ``layer-details-left-out`` where only
        colors or properties of labels are.
    """
    saved = [layer for layer in layers if why_not(layer[0], layer[2]) is None]
    found = []
    for data, keywords, kind in saved:
        name = clean_text(keywords.get("name", kind))
        lost = _lost(data, keywords, kind)
        if lost:
            message = f"'{name}' is saved without {', '.join(lost)}."
            found.append(Finding("layer-not-whole", name, message))
        details = _details(keywords, kind)
        if details:
            message = f"'{name}' is saved without {', '.join(details)}."
            found.append(Finding("layer-details-left-out", name, message))
    return tuple(found)


def is_multiscale(data: Any) -> bool:
    """Whether layer data are a sequence of arrays: a list, or napari's own type for one."""
    return isinstance(data, Sequence) and len(data) > 0 and all(hasattr(x, "shape") for x in data)


def why_not_saved(data: Any, keywords: Mapping[str, Any], kind: str) -> str | None:
    """Why a layer is not saved; None where it is, if there is an image beside it."""
    if is_well_names((data, dict(keywords), kind)):
        return "is not saved: the names of wells come from the plate"
    return None if kind in KINDS else why_not(data, kind)


def why_not(data: Any, kind: str) -> str | None:
    """Why a layer cannot be saved as an image; None where it can."""
    if kind not in IMAGE_KINDS:
        return f"is a {kind} layer: an OME-Zarr image holds images and labels only"
    first = _first(data)
    if 0 in first.shape:
        return "is empty"
    if not first.shape:
        return "is a single number: an image has at least one dimension"
    dtype = np.dtype(first.dtype)
    if dtype.kind not in "biufc":
        return f"holds {dtype}, which is not a type of pixel"
    if dtype.itemsize > _MAX_PIXEL_BYTES.get(dtype.kind, 8):
        return f"holds {dtype}, which Zarr cannot store: convert it to float64 or complex128"
    return None


def _first(data: Any) -> Any:
    if is_multiscale(data):
        return data[0]
    return data if hasattr(data, "shape") else np.asarray(data)


def _lost(data: Any, keywords: Mapping[str, Any], kind: str) -> list[str]:
    first = _first(data)
    lost = []
    if kind == "image" and keywords.get("rgb") and first.shape[-1] > 3 and not _is_opaque(first):
        lost.append("its transparency")
    if np.dtype(first.dtype).kind == "c":
        lost.append("its phase (complex numbers become their magnitude)")
    if isinstance(first, np.ma.MaskedArray) and np.any(first.mask):
        lost.append("its mask (pixels keep the values below it)")
    return lost


def _details(keywords: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    """What is lost of the tables beside the pixels."""
    if kind != "labels":
        return ()
    opened = opened_layer(layer_note(keywords))
    own = keywords if opened is None else opened.without_tables(keywords)
    return (*label_colors(own)[1], *label_properties(own)[1])


def _is_opaque(pixels: Any) -> bool:
    """Whether a color picture in memory has no transparent pixel; large ones are not looked at."""
    if not isinstance(pixels, np.ndarray) or pixels.size > _MAX_LOOKED_AT:
        return False
    full = np.iinfo(pixels.dtype).max if pixels.dtype.kind in "iu" else 1
    return bool((pixels[..., 3] >= full).all())
