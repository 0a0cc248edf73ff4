"""Whether a layer looks as it did when it was opened, so that a picture of it is still true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_ome_zip.layers import display_state
from napari_ome_zip.layers.display_values import brightest_color, hex_color, inverted_color
from napari_ome_zip.layers.understanding import UnderstoodLayer

_OPACITY = {"image": 1.0, "labels": 0.7}
"""What viewers take where nothing is said."""


def has_same_appearance(layer: UnderstoodLayer) -> bool:
    """Whether a layer is shown as it was when it was opened; names and 3D views do not count."""
    if layer.opened is None:
        return False
    then, now = layer.opened.keywords, layer.keywords
    return _appearance(then, layer.kind) == _appearance(now, layer.kind) and _same_limits(then, now)


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


def _same_limits(then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    before, after = then.get("contrast_limits"), now.get("contrast_limits")
    if before is None or after is None:
        # Where nothing was said of them, a viewer found them in what it showed first.
        return before is None
    return bool(np.allclose(before, after, rtol=1e-6, atol=0))
