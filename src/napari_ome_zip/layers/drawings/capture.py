"""Layers of points, shapes, tracks, vectors and surfaces as they are saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.napari_group import INSTEAD_OF, KINDS, MAX_BYTES, Drawing, NapariGroup
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.layers.drawings.features import encode_features
from napari_ome_zip.layers.drawings.geometry import encode_geometry
from napari_ome_zip.layers.drawings.keywords import DERIVED, KEYWORDS, is_json
from napari_ome_zip.layers.drawings.values import CannotHoldError, Encoder
from napari_ome_zip.layers.layer_data import (
    DRAWING,
    METADATA_KEY,
    REDRAWN,
    LayerData,
    genuine_note,
    layer_note,
)
from napari_ome_zip.layers.older_tables import TABLE_OLDER
from napari_ome_zip.layers.plain import clean_text
from napari_ome_zip.layers.region_layers import is_in_table, region_layer
from napari_ome_zip.layers.stated_units import with_stated_units
from napari_ome_zip.layers.well_names import is_well_names
from napari_ome_zip.ome import FrozenMapping
from napari_ome_zip.ome.frozen_json import TooDeepError
from napari_ome_zip.sizes import readable_size

_PLACE = ("scale", "translate", "rotate", "shear", "affine")
_PER_ROW = ("symbol", "shape_type")
_BESIDE = ("features", "feature_defaults", "metadata")
_MAX_REASON = 200


def capture_drawings(
    layers: Sequence[LayerData], opened: Opened | None, view: Mapping[str, Any] | None
) -> tuple[NapariGroup, tuple[Finding, ...]]:
    """What of some layers is saved in the group for napari, and what of it is lost.

    Parameters
    ----------
    layers : sequence of LayerData
        Of any kind, bottom layer first.
    opened : Opened, optional
        The file whose other content is kept.
    view : mapping, optional
        What a viewer shows; without it that of the file stays.
    """
    drawings: list[Drawing] = []
    findings: list[Finding] = []
    for number, layer in enumerate(layers):
        if layer[2] not in KINDS or is_well_names(layer) or is_in_table(layer, opened):
            continue
        findings += _beside_table(layer, opened)
        drawing, lost = capture_drawing(layer, number, _table_of(layer, opened))
        findings += lost
        if drawing is not None:
            is_of_file = opened is not None and _source(layer) == opened.store.source
            drawings.append(drawing if is_of_file else replace(drawing, path=None))
    before = NapariGroup() if opened is None else opened.napari
    frozen = before.view if view is None else FrozenMapping(view)
    return NapariGroup(tuple(drawings), frozen, before.unread), tuple(findings)


def _beside_table(layer: LayerData, opened: Opened | None) -> Iterator[Finding]:
    """What to say of regions that were changed: the table that they came from was not."""
    path = _table_of(layer, opened)
    if path is not None and region_layer(layer[1]) is not None:
        name = clean_text(layer[1].get("name"))
        text = f"'{name}' is saved as it is drawn; the table '{path}' that it came from is older."
        yield Finding(TABLE_OLDER, path, text)


def _table_of(layer: LayerData, opened: Opened | None) -> str | None:
    """Path of the table of the file that a layer was made of, now or before the file was saved."""
    regions = region_layer(layer[1])
    if opened is None:
        return None
    if regions is not None:
        return regions.table.path if regions.opened.store is opened.store else None
    note = genuine_note(layer_note(layer[1]))
    return note.get(REDRAWN) if _source(layer) == opened.store.source else None


def _source(layer: LayerData) -> Any:
    return layer_note(layer[1]).get("source")


def capture_drawing(
    layer: LayerData, order: int, table: str | None = None
) -> tuple[Drawing | None, tuple[Finding, ...]]:
    """A layer as it is saved, and what of it cannot be.

    Parameters
    ----------
    layer : LayerData
        Of one of `KINDS`, as napari's writers receive it. Its arrays are copied.
    order : int
        Its position among all layers that are saved, from the bottom.
    table : str, optional
        Path of a table of regions that it is shown instead of.
    """
    data, keywords, kind = layer
    name = clean_text(keywords.get("name") or kind)
    encoder = Encoder()
    try:
        said, lost = _described(data, keywords, kind, encoder)
        beside = {} if table is None else {INSTEAD_OF: table}
        description = FrozenMapping({"type": kind, "name": name, "order": order, **beside, **said})
    # Layer data are anyone's, so that anything may be raised where they are not what they should
    # be; the images are saved all the same.
    except Exception as error:  # noqa: BLE001
        reason = " ".join(str(error).split())[:_MAX_REASON] or type(error).__name__
        return None, (_not_saved(name, reason),)
    drawing = Drawing(
        kind, name, description, encoder.arrays, genuine_note(layer_note(keywords)).get(DRAWING)
    )
    if drawing.nbytes > MAX_BYTES:
        size, most = readable_size(drawing.nbytes), readable_size(MAX_BYTES)
        return None, (_not_saved(name, f"it has {size}, and a file holds {most} of such layers"),)
    if not lost:
        return drawing, ()
    message = f"'{name}' is saved without {', '.join(lost)}."
    return drawing, (Finding("layer-details-left-out", name, message),)


def _not_saved(name: str, reason: str) -> Finding:
    return Finding("layer-not-saved", name, f"'{name}' is not saved: {reason.rstrip('.')}.")


def _described(
    data: Any, keywords: Mapping[str, Any], kind: str, encoder: Encoder
) -> tuple[dict[str, Any], list[str]]:
    keywords = with_stated_units(keywords)
    geometry = encode_geometry(kind, data, keywords, encoder)
    columns, lost = encode_features(
        keywords.get("features"), keywords.get("feature_defaults"), encoder
    )
    settings: dict[str, Any] = {}
    for key in KEYWORDS[kind]:
        if key == "name" or key not in keywords or _is_empty(keywords[key]):
            continue
        try:
            settings[key] = _setting(key, keywords[key], encoder)
        except (CannotHoldError, TypeError, ValueError):
            lost.append(f"its {key}")
    lost += _unknown(keywords, kind)
    metadata, left_out = _metadata(keywords.get("metadata"))
    lost += [f"its metadata '{key}'" for key in left_out]
    said = {"data": geometry.data, "features": columns, "settings": settings}
    return {**said, "metadata": metadata}, lost


def _is_empty(value: Any) -> bool:
    """Whether something is said of each of no points or shapes."""
    return isinstance(value, list | tuple | np.ndarray) and np.ndim(value) > 0 and len(value) == 0


def _setting(key: str, value: Any, encoder: Encoder) -> Any:
    if key in _PLACE:
        return np.asarray(getattr(value, "affine_matrix", value), dtype=float).tolist()
    if key == "units":
        return [str(unit) for unit in ([value] if isinstance(value, str) else value)]
    if key in _PER_ROW and not isinstance(value, str):
        words = {item: str(getattr(item, "value", item)) for item in {*value}}
        one = next(iter(words.values()))
        return one if len(words) == 1 else encoder.value([words[item] for item in value], key)
    if key.endswith("colormap"):
        return encoder.colormap(value, key)
    if isinstance(value, np.ndarray) and value.ndim:
        return encoder.array(value, key)
    return encoder.value(value, key)


def _unknown(keywords: Mapping[str, Any], kind: str) -> Iterator[str]:
    """What a later napari says of layers, and this program does not know."""
    known = {*KEYWORDS[kind], *DERIVED, *_BESIDE}
    for key, value in keywords.items():
        if key not in known and value is not None:
            yield f"its {clean_text(key)}"


def _metadata(metadata: Any) -> tuple[dict[str, Any], list[str]]:
    """What of a layer's metadata is plain JSON, and the keys of what is not."""
    if not isinstance(metadata, Mapping):
        return {}, []
    kept, left_out = {}, []
    for key, value in metadata.items():
        if key == METADATA_KEY:
            continue
        if isinstance(key, str) and is_json(value) and _is_shallow(value):
            kept[key] = value
        else:
            left_out.append(clean_text(key))
    return kept, left_out


def _is_shallow(value: Any) -> bool:
    try:
        FrozenMapping({"": value})
    except TooDeepError:
        return False
    return True
