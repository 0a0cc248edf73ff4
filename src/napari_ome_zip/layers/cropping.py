"""A part of layers, as a box in the world: what lies in it, where it lies."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.layers.edited import in_whole
from napari_ome_zip.layers.layer_data import (
    METADATA_KEY,
    SHOWN,
    SHOWN_PLANE,
    LayerData,
    layer_note,
)
from napari_ome_zip.layers.level_places import LevelPlace, level_place
from napari_ome_zip.layers.losses import IMAGE_KINDS, is_multiscale
from napari_ome_zip.layers.opened_layer import NOTE
from napari_ome_zip.layers.region_layers import REGIONS
from napari_ome_zip.layers.understanding import layer_units, stored_levels, world_matrix
from napari_ome_zip.layers.world_box import WorldBox
from napari_ome_zip.pixels.grid import Region

_OF_THE_WHOLE = frozenset({NOTE, SHOWN, "levels", "virtual_levels", "fields", "nonlinear"})
"""Entries of a layer's note that say what is no longer so once a part was cut out."""
_RECORDS = frozenset({NOTE, REGIONS})
"""Entries that say of which file a layer was opened."""
_ROUNDING = 1e-6
"""Pixels by which a box may reach beyond a pixel's edge without meaning the next pixel."""


def cropped(layer: LayerData, box: WorldBox) -> LayerData | None:
    """The part of an image or labels layer that a box contains.

    It has full resolution, or where the box says how large pixels may be, that of the coarsest
    level of the file that has no larger ones. Pixels that the box only touches belong to it, and
    the planes that a viewer shows at a step. Where a layer is turned or sheared, the part is the
    smallest one along the layer's own axes that contains the box. The part lies where it lay; it is
    no longer taken for what was opened from a file, and has one level only: saving makes the
    others, so that all of them show the same part.

    Parameters
    ----------
    layer : LayerData
        Labels of which a part is edited stand for the whole.
    box : WorldBox

    Raises
    ------
    ValueError
        If the layer cannot be placed.

    Returns
    -------
    LayerData or None
        The layer itself where all of it lies in the box, or where it has no pixels; None where
        nothing of it does. Pixels stay lazy, or are a view of those in memory.
    """
    data, keywords, kind = in_whole(layer)
    if kind not in IMAGE_KINDS:
        return layer
    levels = [_array(each) for each in (data if is_multiscale(data) else [data])]
    ndim = levels[0].ndim - bool(kind == "image" and keywords.get("rgb"))
    if not all(levels[0].shape):
        return None
    box = box.own(layer_units(keywords, ndim))
    matrix = world_matrix(keywords, ndim)
    if not np.isfinite(matrix).all():
        raise ValueError("its scale, translation or affine matrix is infinite or not a number")
    there = len(stored_levels(levels, layer_note(keywords)))
    number, place = _coarsest(levels[:there], keywords, matrix, box.pixels)
    matrix = _at_level(matrix, place)
    full = levels[number]
    region = _region(matrix, full.shape[:ndim], box)
    if region is None:
        return None
    is_whole = all(s == slice(0, n) for s, n in zip(region, full.shape, strict=False))
    if is_whole and number == 0:
        return layer
    return full[region], _moved(keywords, place, region), kind


def apart(layer: LayerData) -> LayerData:
    """A layer that is not taken for what was opened from a file: it goes into one of its own."""
    data, keywords, kind = in_whole(layer)
    note = layer_note(keywords)
    kept = {key: value for key, value in note.items() if key not in _RECORDS}
    if len(kept) == len(note):
        return layer
    return data, {**keywords, "metadata": {**keywords["metadata"], METADATA_KEY: kept}}, kind


def _array(level: Any) -> Any:
    if isinstance(level, np.ndarray | da.Array):
        return level
    return da.from_array(level, name=False) if hasattr(level, "shape") else np.asarray(level)


def _coarsest(
    levels: Sequence[Any],
    keywords: Mapping[str, Any],
    matrix: npt.NDArray[np.float64],
    pixels: Sequence[float | None],
) -> tuple[int, LevelPlace]:
    """The coarsest level whose pixels are not too large; the finest where all are."""
    ndim = len(matrix)
    asked = [(axis, size) for axis, size in enumerate(pixels) if size is not None]
    for number in reversed(range(1, len(levels)) if asked else ()):
        place = level_place(levels, number, keywords, ndim)
        extents = np.abs(_at_level(matrix, place)[:, :-1]).max(axis=1)
        if all(extents[axis] <= size * (1 + _ROUNDING) for axis, size in asked):
            return number, place
    return 0, level_place(levels, 0, keywords, ndim)


def _at_level(matrix: npt.NDArray[np.float64], place: LevelPlace) -> npt.NDArray[np.float64]:
    """World coordinates from the indices of a level, by those from the indices of level 0."""
    linear, offset = matrix[:, :-1], matrix[:, -1]
    return np.column_stack([linear * place.factors, linear @ place.offset + offset])


def _region(matrix: npt.NDArray[np.float64], shape: Sequence[int], box: WorldBox) -> Region | None:
    """The pixels that a box touches; None where it touches none."""
    linear, offset = matrix[:, :-1], matrix[:, -1]
    corners = _corners([(-0.5, n - 0.5) for n in shape]) @ linear.T + offset
    sides = []
    for each, low, high in zip(box.bounds, corners.min(axis=0), corners.max(axis=0), strict=True):
        if each is not None:
            low, high = max(low, min(each)), min(high, max(each))
        if low > high:
            return None
        sides.append((float(low), float(high)))
    inside = (_corners(sides) - offset) @ np.linalg.inv(linear).T
    region = []
    ends = zip(inside.min(axis=0), inside.max(axis=0), strict=True)
    for (low, high), size, is_stepped in zip(ends, shape, box.is_stepped, strict=True):
        start, stop = math.floor(low + 0.5 + _ROUNDING), math.ceil(high + 0.5 - _ROUNDING)
        if is_stepped:
            # Amid two planes a viewer shows that of the even number.
            start, stop = min(start, round(low)), max(stop, round(high) + 1)
        stop = max(start + 1, stop)
        start, stop = max(0, start), min(size, stop)
        if start >= stop:
            return None
        region.append(slice(start, stop))
    return tuple(region)


def _corners(sides: Sequence[tuple[float, float]]) -> npt.NDArray[np.float64]:
    return np.array(list(itertools.product(*sides)))


def _moved(keywords: Mapping[str, Any], place: LevelPlace, region: Region) -> dict[str, Any]:
    """Keywords of a part of a level, whose first pixel is that of a region."""
    first = np.array([s.start for s in region], dtype=float)
    start = first * place.factors + place.offset
    # The affine comes after the translation, so it moves with it.
    inner = world_matrix({**keywords, "affine": None}, len(region))
    moved = {**keywords, "translate": tuple((inner[:, :-1] @ start + inner[:, -1]).tolist())}
    if (place.factors != 1).any():
        scale = keywords.get("scale")
        scale = np.ones(len(region)) if scale is None else np.asarray(scale, dtype=float)
        moved["scale"] = tuple((scale * place.factors).tolist())
    note = {key: value for key, value in layer_note(keywords).items() if key not in _OF_THE_WHOLE}
    if layer_note(keywords):
        moved["metadata"] = {**keywords["metadata"], METADATA_KEY: note}
    if SHOWN_PLANE in keywords:
        shown = (np.array(keywords[SHOWN_PLANE]) - place.offset) / place.factors
        moved[SHOWN_PLANE] = [
            min(max(round(at) - s.start, 0), s.stop - s.start - 1)
            for at, s in zip(shown.tolist(), region, strict=True)
        ]
    return moved
