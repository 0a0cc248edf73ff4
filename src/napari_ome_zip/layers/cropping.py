"""A part of layers, as a box in the world: what lies in it, where it lies."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.units import conversion
from napari_ome_zip.layers.layer_data import (
    METADATA_KEY,
    SHOWN,
    SHOWN_PLANE,
    LayerData,
    layer_note,
)
from napari_ome_zip.layers.losses import IMAGE_KINDS, is_multiscale
from napari_ome_zip.layers.opened_layer import NOTE
from napari_ome_zip.layers.understanding import layer_units, world_matrix
from napari_ome_zip.pixels.grid import Region

type Bounds = tuple[float, float] | None
"""Lowest and highest coordinate along a dimension; None for all of it."""

_OF_THE_WHOLE = frozenset({NOTE, SHOWN, "levels", "virtual_levels", "fields", "nonlinear"})
"""Entries of a layer's note that say what is no longer so once a part was cut out."""
_ROUNDING = 1e-6
"""Pixels by which a box may reach beyond a pixel's edge without meaning the next pixel."""


@dataclass(frozen=True, slots=True)
class WorldBox:
    """A box in the coordinates that layers share in a viewer."""

    bounds: tuple[Bounds, ...]
    """One for each dimension; layers with fewer dimensions have the last ones."""
    units: tuple[str | None, ...] = ()
    """Those of the coordinates; empty or None where they are those of the layers."""

    @property
    def is_everything(self) -> bool:
        """Whether no dimension is bounded."""
        return all(bounds is None for bounds in self.bounds)


def cropped(layer: LayerData, box: WorldBox) -> LayerData | None:
    """The part of an image or labels layer that a box contains, at full resolution.

    Pixels that the box only touches belong to it. Where a layer is turned or sheared, the part is
    the smallest one along the layer's own axes that contains the box. The part lies where it lay;
    it is no longer taken for what was opened from a file, and has one level only: saving makes the
    others, so that all of them show the same part.

    Parameters
    ----------
    layer : LayerData
    box : WorldBox

    Returns
    -------
    LayerData or None
        The layer itself where all of it lies in the box, or where it has no pixels; None where
        nothing of it does. Pixels stay lazy, or are a view of those in memory.
    """
    data, keywords, kind = layer
    if kind not in IMAGE_KINDS:
        return layer
    full = data[0] if is_multiscale(data) else data
    if not isinstance(full, np.ndarray | da.Array):
        full = da.from_array(full, name=False) if hasattr(full, "shape") else np.asarray(full)
    ndim = full.ndim - bool(kind == "image" and keywords.get("rgb"))
    bounds = _own_bounds(box, layer_units(keywords, ndim), ndim)
    region = _region(world_matrix(keywords, ndim), full.shape[:ndim], bounds)
    if region is None:
        return None
    if all(s == slice(0, n) for s, n in zip(region, full.shape, strict=False)):
        return layer
    return full[region], _moved(keywords, region), kind


def _own_bounds(box: WorldBox, units: Sequence[str | None], ndim: int) -> list[Bounds]:
    """Bounds along a layer's own dimensions, in its own units."""
    missing = max(0, ndim - len(box.bounds))
    bounds = ((None,) * missing + box.bounds)[-ndim:]
    given = box.units or (None,) * len(box.bounds)
    theirs = ((None,) * missing + given)[-ndim:]
    found: list[Bounds] = []
    for each, unit, own in zip(bounds, theirs, units, strict=True):
        factor = conversion(unit, own)
        found.append(None if each is None else (each[0] * factor, each[1] * factor))
    return found


def _region(
    matrix: npt.NDArray[np.float64], shape: Sequence[int], bounds: Sequence[Bounds]
) -> Region | None:
    """The pixels that a box touches; None where it touches none."""
    linear, offset = matrix[:, :-1], matrix[:, -1]
    corners = _corners([(-0.5, n - 0.5) for n in shape]) @ linear.T + offset
    sides = []
    for each, low, high in zip(bounds, corners.min(axis=0), corners.max(axis=0), strict=True):
        if each is not None:
            low, high = max(low, min(each)), min(high, max(each))
        if low > high:
            return None
        sides.append((float(low), float(high)))
    inside = (_corners(sides) - offset) @ np.linalg.inv(linear).T
    region = []
    for low, high, size in zip(inside.min(axis=0), inside.max(axis=0), shape, strict=True):
        start = math.floor(low + 0.5 + _ROUNDING)
        stop = max(start + 1, math.ceil(high + 0.5 - _ROUNDING))
        start, stop = max(0, start), min(size, stop)
        if start >= stop:
            return None
        region.append(slice(start, stop))
    return tuple(region)


def _corners(sides: Sequence[tuple[float, float]]) -> npt.NDArray[np.float64]:
    return np.array(list(itertools.product(*sides)))


def _moved(keywords: Mapping[str, Any], region: Region) -> dict[str, Any]:
    """Keywords of a part whose first pixel is that of a region."""
    start = np.array([s.start for s in region], dtype=float)
    # The affine comes after the translation, so it moves with it.
    inner = world_matrix({**keywords, "affine": None}, len(region))
    moved = {**keywords, "translate": tuple((inner[:, :-1] @ start + inner[:, -1]).tolist())}
    note = {key: value for key, value in layer_note(keywords).items() if key not in _OF_THE_WHOLE}
    if note:
        moved["metadata"] = {**keywords["metadata"], METADATA_KEY: note}
    if SHOWN_PLANE in keywords:
        shown = zip(keywords[SHOWN_PLANE], region, strict=True)
        moved[SHOWN_PLANE] = [min(max(at - s.start, 0), s.stop - s.start - 1) for at, s in shown]
    return moved
