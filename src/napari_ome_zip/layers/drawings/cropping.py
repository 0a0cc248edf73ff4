"""A part of points, shapes, tracks, vectors and surfaces: those that a box contains or touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.plain import clean_text
from napari_ome_zip.layers.understanding import layer_units, world_matrix
from napari_ome_zip.layers.world_box import WorldBox
from napari_ome_zip.pixels.computing import layer_errors

type Mask = npt.NDArray[np.bool_]
type Corners = npt.NDArray[np.float64]

_COLORS = ("face_color", "edge_color", "border_color")
_OF_ROWS = (
    *_COLORS, "symbol", "size", "border_width", "shown", "shape_type", "z_index", "edge_width",
)  # fmt: skip
"""Keyword arguments that say something of each point, shape or vector."""


@dataclass(frozen=True, slots=True)
class DrawnPart:
    """What of a layer lies in a box."""

    layer: LayerData | None
    """The layer itself where all of it does; None where nothing does."""
    count: int
    """Points, shapes, vectors or tracks that do; a surface is one."""
    total: int
    """How many there are."""


def drawn_part(layer: LayerData, box: WorldBox) -> DrawnPart:
    """What of a layer of points, shapes, tracks, vectors or a surface lies in a box.

    Points are in it or are not; of anything else, that of which the box touches the bounding box
    stays whole. What is said of each, such as features and colors, goes with it.

    Parameters
    ----------
    layer : LayerData
    box : WorldBox
        Its margins count.

    Raises
    ------
    SaveError
        If the data are not what such a layer has.
    """
    data, keywords, kind = layer
    with layer_errors(clean_text(keywords.get("name") or kind), "where it lies is not understood"):
        low, high = _bounds(data, kind)
        if not len(low):
            return DrawnPart(layer, 0, 0)
        inside = _touching(low, high, keywords, box)
        if kind == "tracks":
            return _tracks(layer, inside)
        count, total = int(inside.sum()), len(inside)
        if count in (0, total):
            return DrawnPart(layer if count else None, count, total)
        return DrawnPart((_rows(data, inside), _cut(keywords, inside), kind), count, total)


def _bounds(data: Any, kind: str) -> tuple[Corners, Corners]:
    """Lowest and highest coordinates of each point, shape or vector, or of the surface."""
    if kind == "shapes":
        shapes = [np.asarray(shape, dtype=float) for shape in data]
        if not shapes:
            return np.empty((0, 2)), np.empty((0, 2))
        return np.array([s.min(axis=0) for s in shapes]), np.array([s.max(axis=0) for s in shapes])
    if kind == "surface":
        vertices = np.asarray(data[0], dtype=float)
        return vertices.min(axis=0)[np.newaxis], vertices.max(axis=0)[np.newaxis]
    found = np.asarray(data, dtype=float)
    if kind == "vectors" and found.size:
        ends = np.stack([found[:, 0], found[:, 0] + found[:, 1]])
        return ends.min(axis=0), ends.max(axis=0)
    if kind == "tracks":
        found = found[:, 1:]
    return found, found


def _touching(low: Corners, high: Corners, keywords: Mapping[str, Any], box: WorldBox) -> Mask:
    """Which of some boxes, given in a layer's own coordinates, a box in the world touches."""
    ndim = low.shape[1]
    matrix = world_matrix(keywords, ndim)
    own = box.own(layer_units(keywords, ndim))
    linear = matrix[:, :-1]
    middle = (low + high) / 2 @ linear.T + matrix[:, -1]
    half = (high - low) / 2 @ np.abs(linear).T
    inside = np.ones(len(low), dtype=bool)
    for axis, bounds in enumerate(own.bounds):
        if bounds is not None:
            margin = own.margins[axis]
            inside &= middle[:, axis] + half[:, axis] >= min(bounds) - margin
            inside &= middle[:, axis] - half[:, axis] <= max(bounds) + margin
    return inside


def _tracks(layer: LayerData, inside: Mask) -> DrawnPart:
    """Tracks of which a point lies in the box, with all of their points."""
    data, keywords, kind = layer
    rows = np.asarray(data)
    known, which = np.unique(rows[:, 0], return_inverse=True)
    kept = np.unique(which[inside])
    count, total = len(kept), len(known)
    if count in (0, total):
        return DrawnPart(layer if count else None, count, total)
    stays = np.isin(which, kept)
    names = set(known[kept].tolist())
    graph = {
        child: found
        for child, parents in (keywords.get("graph") or {}).items()
        if child in names and (found := [each for each in _several(parents) if each in names])
    }
    return DrawnPart((rows[stays], {**_cut(keywords, stays), "graph": graph}, kind), count, total)


def _several(parents: Any) -> list[Any]:
    return list(parents) if isinstance(parents, list | tuple | np.ndarray) else [parents]


def _rows(values: Any, mask: Mask) -> Any:
    """Those of some rows that a mask chooses."""
    if hasattr(values, "iloc"):  # of pandas
        return values.iloc[mask]
    if isinstance(values, np.ndarray):
        return values[mask]
    return [value for value, stays in zip(values, mask.tolist(), strict=True) if stays]


def _cut(keywords: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """Keywords of the rows that a mask chooses."""
    cut = dict(keywords)
    for key in _OF_ROWS:
        if _is_of_rows(keywords.get(key), len(mask)) and not _is_one_color(key, keywords[key]):
            cut[key] = _rows(keywords[key], mask)
    for key in ("features", "properties"):
        table: Any = keywords.get(key)
        if hasattr(table, "iloc"):
            cut[key] = table.iloc[mask].reset_index(drop=True)
        elif isinstance(table, Mapping):
            cut[key] = {name: _rows(values, mask) for name, values in table.items()}
    if isinstance(keywords.get("text"), Mapping):
        cut["text"] = _text_of(keywords["text"], mask)
    return cut


def _text_of(text: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """The text beside points or shapes; what it says of each of them is in an array."""
    found = dict(text)
    for key, value in text.items():
        if isinstance(value, Mapping) and _is_of_rows(value.get("array"), len(mask)):
            found[key] = {**value, "array": _rows(value["array"], mask)}
        elif key == "string" and _is_of_rows(value, len(mask)):
            found[key] = _rows(value, mask)
    return found


def _is_one_color(key: str, value: Any) -> bool:
    """Whether numbers are those of one color, not one for each point."""
    return key in _COLORS and np.asarray(value).dtype.kind in "iuf" and np.ndim(value) == 1


def _is_of_rows(value: Any, count: int) -> bool:
    is_list = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)
    return is_list and np.ndim(value) > 0 and len(value) == count
