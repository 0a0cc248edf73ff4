"""Whether a layer looks as it did when it was opened, so that a picture of it is still true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from napari_ome_zip.layers import display_state
from napari_ome_zip.layers.display_values import brightest_color, hex_color, inverted_color
from napari_ome_zip.layers.understanding import UnderstoodLayer
from napari_ome_zip.pixels.limits import natural_limits

_OPACITY = {"image": 1.0, "labels": 0.7}
"""What viewers take where nothing is said."""


def has_same_appearance(layer: UnderstoodLayer) -> bool:
    """Whether a layer is shown as it was when it was opened; names and 3D views do not count."""
    if layer.opened is None:
        return False
    then, now = layer.opened.keywords, layer.keywords
    same = _appearance(then, layer.kind) == _appearance(now, layer.kind)
    return same and (bool(layer.colors) or _same_limits(then, now, layer.levels[0].dtype))


def _appearance(keywords: Mapping[str, Any], kind: str) -> tuple[object, ...]:
    state = display_state.capture(keywords, kind)
    colormap = keywords.get("colormap") if kind == "image" else None
    return (
        hex_color(colormap) or inverted_color(colormap) or brightest_color(colormap),
        inverted_color(colormap) is not None,
        bool(keywords.get("visible", True)),
        state.get("blending"),
        round(state.get("opacity", _OPACITY[kind]), 6),
        round(state.get("gamma", 1.0), 6),
        state.get("colormap"),
        state.get("rgb", False),
        state.get("contour", 0),
        state.get("color_cycle"),
    )


def _same_limits(then: Mapping[str, Any], now: Mapping[str, Any], dtype: np.dtype[Any]) -> bool:
    before, after = (_limits(keywords, dtype) for keywords in (then, now))
    if before is None or after is None:
        return before is None
    return bool(np.allclose(before, after, rtol=1e-6, atol=0))


def _limits(keywords: Mapping[str, Any], dtype: np.dtype[Any]) -> Sequence[float] | None:
    """Those that are stated, else those that a viewer takes; None where it looks at pixels."""
    stated: Sequence[float] | None = keywords.get("contrast_limits")
    return natural_limits(dtype) if stated is None else stated


def has_same_order(layers: Sequence[UnderstoodLayer]) -> bool:
    """Whether layers of a file lie over one another as when it was opened, as far as that is seen.

    What is added up may change places with what it is added to; what is hidden covers nothing.

    Parameters
    ----------
    layers : sequence of UnderstoodLayer
        From the bottom; those of the file count.
    """
    seen = [
        (layer.keywords.get("blending") == "additive", layer.opened.number)
        for layer in layers
        if layer.opened is not None and layer.keywords.get("visible", True)
    ]
    numbers: list[int] = []
    for is_added, run in groupby(seen, key=itemgetter(0)):
        beside = [number for _, number in run]
        numbers += sorted(beside) if is_added else beside
    return numbers == sorted(numbers)
