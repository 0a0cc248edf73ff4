"""Display settings that OME-Zarr has no place for: kept in one attribute that others ignore.

The attribute ``napari_ome_zip`` beside ``ome`` holds ``{"layers": [...]}``, one object for each
layer that was saved from the group, in channel order. What is read back is checked value by
value: a file must never make a viewer fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from napari_ome_zip.image.display import NDIM, layer_states
from napari_ome_zip.ome import FrozenMapping

_HUGE = 1e300
ORDER = "order"
"""Position of a layer among those it was saved with, from the bottom."""

CONTOUR = "contour"
"""Width of the outlines that labels are shown as, in pixels of the image; 0 shows them filled."""
_MAX_CONTOUR = 1000

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
            plain = isinstance(value, str | bool) or key == CONTOUR
            state[key] = value if plain else float(value)
    colormap = _captured_colormap(keywords.get("colormap")) if kind == "image" else None
    if colormap is not None:
        state["colormap"] = colormap
    return state


def restore(display: FrozenMapping | None, number: int, kind: str) -> dict[str, Any]:
    """Keyword arguments for the layer that shows channel ``number`` of a group."""
    state = next(iter(layer_states(display)[number : number + 1]), None)
    if not isinstance(state, dict):
        return {}
    checks = _CHECKS[kind].items()
    keywords = {key: state[key] for key, check in checks if check(state.get(key))}
    colormap = _restored_colormap(state.get("colormap")) if kind == "image" else None
    if colormap is not None:
        keywords["colormap"] = colormap
    return keywords


def hex_color(colormap: Any) -> str | None:
    """``#RRGGBB`` of a colormap that runs from black to one color; None for any other."""
    if isinstance(colormap, str):
        return _named(colormap)
    colors = _colors(colormap)
    if colors is None or len(colors) != 2 or any(colors[0][:3]) or colors[1][3] != 1:
        return None
    return "#" + "".join(f"{round(255 * value):02X}" for value in colors[1][:3])


def brightest_color(colormap: Any) -> str:
    """The color at the bright end, for readers that know one color per channel."""
    colors = _colors(colormap)
    if colors is None:
        return hex_color(colormap) or "#FFFFFF"
    return "#" + "".join(f"{round(255 * value):02X}" for value in colors[-1][:3])


def _named(name: str) -> str | None:
    if name == "gray":
        return "#FFFFFF"
    digits = name.removeprefix("#")
    is_hex = len(digits) == 6 and all(c in "0123456789abcdefABCDEF" for c in digits)
    return f"#{digits.upper()}" if is_hex else None


def _captured_colormap(colormap: Any) -> dict[str, Any] | None:
    if colormap is None or hex_color(colormap) is not None:
        return None  # the channel's color says it all
    colors = _colors(colormap)
    if colors is None:
        return None
    return {"name": _name(colormap), "colors": colors, "controls": _controls(colormap)}


def _restored_colormap(state: Any) -> dict[str, Any] | None:
    if not isinstance(state, dict):
        return None
    colors, controls = state.get("colors"), state.get("controls")
    if not isinstance(colors, list) or not isinstance(controls, list) or len(colors) < 2:
        return None
    good = all(isinstance(c, list) and len(c) == 4 and all(map(_is_fraction, c)) for c in colors)
    rising = all(map(_is_fraction, controls)) and controls == sorted(controls)
    ends = len(controls) == len(colors) and controls[0] == 0 and controls[-1] == 1
    name = state.get("name")
    if not (good and rising and ends and isinstance(name, str)):
        return None
    return {"name": name, "colors": colors, "controls": controls}


def _part(colormap: Any, key: str) -> Any:
    return colormap.get(key) if isinstance(colormap, Mapping) else getattr(colormap, key, None)


def _colors(colormap: Any) -> list[list[float]] | None:
    colors = _part(colormap, "colors")
    if colors is None:
        return None
    return [[float(value) for value in color] for color in colors]


def _controls(colormap: Any) -> list[float]:
    return [float(value) for value in _part(colormap, "controls")]


def _name(colormap: Any) -> str:
    return str(_part(colormap, "name") or "custom")


def _is_nonempty_string(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) < _HUGE  # also for integers that no float holds


def _is_fraction(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_positive(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_width(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_CONTOUR


def _one_of(values: set[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in values


_CHECKS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "image": {
        "name": _is_nonempty_string,
        ORDER: _is_number,
        "gamma": _is_positive,
        "opacity": _is_fraction,
        "blending": _one_of(_BLENDING),
        "rendering": _one_of(_RENDERING["image"]),
        "projection_mode": _one_of(_PROJECTION["image"]),
        "interpolation2d": _one_of(_INTERPOLATION),
        "interpolation3d": _one_of(_INTERPOLATION),
        "attenuation": _is_positive,
        "iso_threshold": _is_number,
        "rgb": lambda value: value is True,
        "visible": lambda value: isinstance(value, bool),
    },
    "labels": {
        "name": _is_nonempty_string,
        ORDER: _is_number,
        "opacity": _is_fraction,
        "blending": _one_of(_BLENDING),
        "rendering": _one_of(_RENDERING["labels"]),
        "projection_mode": _one_of(_PROJECTION["labels"]),
        "iso_gradient_mode": _one_of({"fast", "smooth"}),
        CONTOUR: _is_width,
        "visible": lambda value: isinstance(value, bool),
    },
}
