"""Display settings that OME-Zarr has no place for: kept in one attribute that others ignore.

The attribute ``napari_ome_zip`` beside ``ome`` holds ``{"layers": [...]}``, one object for each
layer that was saved from the group, in channel order. What is read back is checked value by
value: a file must never make a viewer fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from napari_ome_zip.image.display import NDIM, layer_states
from napari_ome_zip.layers.display_values import STRUCTURED, is_fraction, is_number, is_positive
from napari_ome_zip.ome import FrozenMapping

ATTRIBUTES = ("contour", "selected_label", "show_selected_label", "color_cycle")
"""What layers have and layer data have no place for: set where there is a layer. The last one is
the colors that labels without a color of their own take in turn, where a person shuffled them."""

ORDER = "order"
"""Position of a layer among those it was saved with, from the bottom."""

_COUNTS = ("contour", "selected_label")

_BLENDING = {
    "additive", "minimum", "opaque", "translucent", "translucent_no_depth", "multiplicative",
}  # fmt: skip
_RENDERING = {
    "image": {
        "translucent", "additive", "iso", "mip", "minip", "attenuated_mip", "average",
    },
    "labels": {"translucent", "iso_categorical"},
}  # fmt: skip
_PROJECTION = {"image": {"none", "sum", "mean", "max", "min"}, "labels": {"none"}}
_INTERPOLATION = {
    "nearest", "linear", "cubic", "bessel", "blackman", "catrom", "gaussian", "hamming",
    "hanning", "hermite", "kaiser", "lanczos", "mitchell", "spline16", "spline36",
}  # fmt: skip


def capture(
    keywords: Mapping[str, Any], kind: str, fewer_dimensions: int | None = None
) -> dict[str, Any]:
    """The settings of a layer that are kept, as plain JSON.

    Parameters
    ----------
    keywords : mapping
        Keyword arguments of layer data, as napari's writers receive them.
    kind : {"image", "labels"}
    fewer_dimensions : int, optional
        How many dimensions the layer has, where those beside it have more.
    """
    state: dict[str, Any] = {} if fewer_dimensions is None else {NDIM: fewer_dimensions}
    for key, check in _CHECKS[kind].items():
        value: Any = keywords.get(key)
        value = getattr(value, "value", value)  # napari's enumerations
        if check(value):
            state[key] = value if isinstance(value, str | bool) or key in _COUNTS else float(value)
    for key, (take, _) in STRUCTURED[kind].items():
        found = take(keywords)
        if found is not None:
            state[key] = found
    return state


def restore(display: FrozenMapping | None, number: int, kind: str) -> dict[str, Any]:
    """Keyword arguments for the layer that shows channel ``number`` of a group."""
    state = next(iter(layer_states(display)[number : number + 1]), None)
    if not isinstance(state, dict):
        return {}
    checks = _CHECKS[kind].items()
    keywords = {key: state[key] for key, check in checks if check(state.get(key))}
    for key, (_, back) in STRUCTURED[kind].items():
        found = back(state.get(key))
        if found is not None:
            keywords[key] = found
    return keywords


def take_attributes(keywords: dict[str, Any]) -> dict[str, Any]:
    """Take what napari has no keyword arguments for out of what `restore` returned."""
    return {key: keywords.pop(key) for key in ATTRIBUTES if key in keywords}


def _is_nonempty_string(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _one_of(values: set[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in values


_CHECKS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "image": {
        "name": _is_nonempty_string,
        ORDER: is_number,
        "gamma": is_positive,
        "opacity": is_fraction,
        "blending": _one_of(_BLENDING),
        "rendering": _one_of(_RENDERING["image"]),
        "projection_mode": _one_of(_PROJECTION["image"]),
        "interpolation2d": _one_of(_INTERPOLATION),
        "interpolation3d": _one_of(_INTERPOLATION),
        "attenuation": is_positive,
        "iso_threshold": is_number,
        "rgb": lambda value: value is True,
        "depiction": _one_of({"plane", "volume"}),
        "visible": lambda value: isinstance(value, bool),
    },
    "labels": {
        "name": _is_nonempty_string,
        ORDER: is_number,
        "opacity": is_fraction,
        "blending": _one_of(_BLENDING),
        "rendering": _one_of(_RENDERING["labels"]),
        "projection_mode": _one_of(_PROJECTION["labels"]),
        "iso_gradient_mode": _one_of({"fast", "smooth"}),
        "depiction": _one_of({"plane", "volume"}),
        "contour": _is_count,
        "selected_label": _is_count,
        "show_selected_label": lambda value: isinstance(value, bool),
        "visible": lambda value: isinstance(value, bool),
    },
}
