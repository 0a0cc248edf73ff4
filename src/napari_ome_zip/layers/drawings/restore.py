"""Layers of points, shapes, tracks, vectors and surfaces as they were saved."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.napari_group import GROUP, METADATA, Drawing, NapariGroup
from napari_ome_zip.layers.display_state import ORDER
from napari_ome_zip.layers.drawings.features import decode_features
from napari_ome_zip.layers.drawings.geometry import decode_geometry
from napari_ome_zip.layers.drawings.keywords import KEYWORDS, PLACE
from napari_ome_zip.layers.drawings.values import decode
from napari_ome_zip.layers.layer_data import (
    ATTRIBUTES,
    DRAWING,
    METADATA_KEY,
    REDRAWN,
    UNUSED,
    LayerData,
    layer_note,
)


def restored_drawings(group: NapariGroup, source: str | None) -> list[LayerData]:
    """Layer data of all layers of a group that can be restored; see `drawing_findings`.

    Parameters
    ----------
    group : NapariGroup
    source : str, optional
        Path of the file.
    """
    layers = []
    for drawing in group.drawings:
        with contextlib.suppress(ValueError):
            layers.append(restore_drawing(drawing, source))
    return layers


def drawing_findings(group: NapariGroup, layers: Sequence[LayerData]) -> Iterator[Finding]:
    """What of a group is not among the layers of its file, or not as it was saved."""
    notes = {layer_note(keywords).get(DRAWING): layer_note(keywords) for _, keywords, _ in layers}
    for drawing in group.drawings:
        where = f"{GROUP}/{drawing.path}"
        note = notes.get(drawing.path)
        if note is None:
            reason = _problem(drawing).rstrip(".")
            text = f"The layer '{drawing.name}' is not shown: {reason}."
            yield Finding("napari-layer-unusable", where, text)
        elif note.get(UNUSED):
            unused = ", ".join(note[UNUSED])
            text = f"The layer '{drawing.name}' is shown without {unused}, which is not usable."
            yield Finding("napari-settings-unusable", where, text)


def restore_drawing(drawing: Drawing, source: str | None) -> LayerData:
    """The layer data of a layer that was read.

    What is not usable beside the data is left to napari's defaults, and named in the note.

    Parameters
    ----------
    drawing : Drawing
    source : str, optional
        Path of the file.

    Raises
    ------
    ValueError
        If its data are not usable; the message says why, as the end of a sentence.
    """
    said = drawing.description.to_json()
    geometry = decode_geometry(drawing.kind, said.get("data"), drawing.arrays)
    unused: list[str] = []
    keywords = _settings(drawing, said.get("settings"), geometry.rows, geometry.ndim, unused)
    try:
        features, defaults = decode_features(
            said.get("features", []), geometry.rows, drawing.arrays
        )
        if len(features.keys()):
            keywords["features"] = features
        if defaults is not None and drawing.kind != "tracks":
            keywords["feature_defaults"] = defaults
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        unused.append(f"features ({error})")
    data = geometry.data
    if drawing.kind == "tracks":
        data, keywords["graph"] = geometry.data
    if not geometry.rows and drawing.kind in ("points", "shapes", "vectors"):
        keywords["ndim"] = geometry.ndim
    metadata = said.get(METADATA)
    note: dict[str, Any] = {
        "source": source,
        DRAWING: drawing.path,
        **({UNUSED: unused} if unused else {}),
        **({REDRAWN: drawing.instead_of} if drawing.instead_of else {}),
    }
    if drawing.kind == "surface" and geometry.ndim > data[0].shape[1]:
        note[ATTRIBUTES] = _take_place(keywords)
    beside = metadata if isinstance(metadata, dict) else {}
    order = said.get(ORDER)
    if isinstance(order, int) and not isinstance(order, bool):
        keywords[ORDER] = order
    keywords |= {"name": drawing.name, "metadata": {**beside, METADATA_KEY: note}}
    return data, keywords, drawing.kind


def _settings(
    drawing: Drawing, said: Any, rows: int, ndim: int, unused: list[str]
) -> dict[str, Any]:
    """Keyword arguments that are what they may be."""
    settings = said if isinstance(said, Mapping) else {}
    keywords: dict[str, Any] = {}
    for key, check in KEYWORDS[drawing.kind].items():
        if key == "name" or key not in settings:
            continue
        try:
            value = decode(settings[key], drawing.arrays)
            good = check(value, rows, ndim)
        except (ValueError, TypeError, OverflowError):
            good = False
        if good:
            keywords[key] = value
        else:
            unused.append(key)
    if drawing.kind == "surface" and (keywords.get("texture") is None) != (
        keywords.get("texcoords") is None
    ):
        keywords = {k: v for k, v in keywords.items() if k not in ("texture", "texcoords")}
    return keywords


def _take_place(keywords: dict[str, Any]) -> dict[str, Any]:
    """Take out the place of a surface over time: napari takes that of its vertices alone.

    Its layers are put there when they are made.
    """
    return {key: keywords.pop(key) for key in PLACE if key in keywords}


def _problem(drawing: Drawing) -> str:
    """Why a layer cannot be restored; empty where it can."""
    try:
        restore_drawing(drawing, None)
    except ValueError as error:
        return str(error)
    return ""
