"""Contrast limits of layers: those they state, else what a reader finds for them."""

from __future__ import annotations

from typing import Any

import dask.array as da

from napari_ome_zip.pixels.limits import estimate_limits, natural_limits, needs_pixels, sample
from napari_ome_zip.rendering.drawn_layer import DrawnLayer

type Limits = tuple[float, float]


def limits_of(layer: DrawnLayer) -> Limits:
    """Values that are shown darkest and brightest.

    Where a layer states none, 8-bit pixels have the limits of their type; of others a sample is
    looked at, as when a file is opened.
    """
    stated = layer.keywords.get("contrast_limits")
    if stated is not None:
        return float(stated[0]), float(stated[1])
    natural = natural_limits(layer.levels[0].dtype)
    return natural or estimate_limits(_stored(layer)) or (0.0, 1.0)


def looked_at(layer: DrawnLayer) -> tuple[da.Array, ...]:
    """What `limits_of` reads; nothing where it reads nothing."""
    if layer.kind != "image" or layer.colors or layer.keywords.get("contrast_limits") is not None:
        return ()
    coarsest = _stored(layer)[-1]
    return (sample(coarsest),) if needs_pixels(coarsest) else ()


def _stored(layer: DrawnLayer) -> tuple[da.Array, ...]:
    """The levels that a file has, without those that are computed for the screen."""
    stored = layer.note.get("levels")
    levels = layer.levels[:stored] if isinstance(stored, int) and stored > 0 else layer.levels
    return tuple(map(_as_dask, levels))


def _as_dask(level: Any) -> da.Array:
    if isinstance(level, da.Array):
        return level
    array: da.Array = da.from_array(level, name=False)
    return array
