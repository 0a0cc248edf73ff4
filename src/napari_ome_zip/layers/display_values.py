"""Colormaps, planes and colors of layers as JSON, and back; what is read is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

INVERTED_GRAY = "gray_r"
"""What napari calls the colormap that runs from white to black."""

_HUGE = 1e300
_END_COLORS = ("nan_color", "high_color", "low_color")
_MAX_PLANES = 32
_MAX_CYCLE = 2**16

COLORMAP_ENDS = {
    "gray": "ffffff", "grey": "ffffff", "grays": "ffffff", "red": "ff0000", "green": "00ff00",
    "blue": "0000ff", "cyan": "00ffff", "magenta": "ff00ff", "yellow": "ffff00",
    "bop blue": "1f78b4", "bop orange": "ff8d23", "bop purple": "b62ddf",
}  # fmt: skip
"""The bright end of colormaps that run from black, by the names that they have in napari."""


def hex_color(colormap: Any) -> str | None:
    """``#RRGGBB`` of a colormap that runs from black to one color; None for any other."""
    if isinstance(colormap, str):
        return _named(colormap)
    return _color_beside_black(_colors(colormap))


def inverted_color(colormap: Any) -> str | None:
    """``#RRGGBB`` of a colormap that runs from one color to black; None for any other."""
    if colormap == INVERTED_GRAY:
        return "#FFFFFF"
    colors = _colors(colormap)
    return None if colors is None else _color_beside_black(colors[::-1])


def inverted_colormap(color: str | None) -> str | dict[str, Any]:
    """A colormap that runs from ``#RRGGBB`` to black; from white without a color."""
    if color in (None, "#FFFFFF"):
        return INVERTED_GRAY
    bright = [int(color[digit : digit + 2], 16) / 255 for digit in (1, 3, 5)]
    colors = [[*bright, 1.0], [0.0, 0.0, 0.0, 1.0]]
    return {"name": f"{color} inverted", "colors": colors, "controls": [0.0, 1.0]}


def _color_beside_black(colors: list[list[float]] | None) -> str | None:
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
    digits = COLORMAP_ENDS.get(name.lower(), name).removeprefix("#")
    is_hex = len(digits) == 6 and all(c in "0123456789abcdefABCDEF" for c in digits)
    return f"#{digits.upper()}" if is_hex else None


def _captured_colormap(keywords: Mapping[str, Any]) -> dict[str, Any] | None:
    colormap = keywords.get("colormap")
    if colormap is None or hex_color(colormap) or inverted_color(colormap):
        return None  # the channel's color says it all
    colors = _colors(colormap)
    if colors is None:
        return None
    found = {"name": _name(colormap), "colors": colors, "controls": _controls(colormap)}
    interpolation = _part(colormap, "interpolation")
    if getattr(interpolation, "value", interpolation) == "zero":
        found["interpolation"] = "zero"
    for key in _END_COLORS:
        color = _part(colormap, key)
        if color is not None:
            found[key] = [float(value) for value in color]
    return found


def _restored_colormap(state: Any) -> dict[str, Any] | None:
    if not isinstance(state, dict):
        return None
    colors, controls = state.get("colors"), state.get("controls")
    if not isinstance(colors, list) or not isinstance(controls, list) or len(colors) < 2:
        return None
    good = all(isinstance(c, list) and len(c) == 4 and all(map(is_fraction, c)) for c in colors)
    rising = all(map(is_fraction, controls)) and controls == sorted(controls)
    zero = state.get("interpolation") == "zero"  # one color between each two controls
    ends = len(controls) == len(colors) + zero and controls[0] == 0 and controls[-1] == 1
    name = state.get("name")
    if not (good and rising and ends and isinstance(name, str)):
        return None
    more = {key: state[key] for key in _END_COLORS if _are_numbers(state.get(key), 4, 0, 1)}
    more |= {"interpolation": "zero"} if zero else {}
    return {"name": name, "colors": colors, "controls": controls, **more}


def _captured_plane(keywords: Mapping[str, Any]) -> dict[str, Any] | None:
    """The plane of a volume that is shown as one."""
    plane = keywords.get("plane")
    if keywords.get("depiction") != "plane" or not isinstance(plane, Mapping):
        return None
    found = {key: [float(value) for value in plane[key]] for key in ("position", "normal")}
    return {**found, "thickness": float(plane.get("thickness", 1.0))}


def _restored_plane(state: Any) -> dict[str, Any] | None:
    if not isinstance(state, dict):
        return None
    good = all(_are_numbers(state.get(key), 3) for key in ("position", "normal"))
    if not good or not any(state["normal"]) or not is_positive(state.get("thickness")):
        return None
    return {key: state[key] for key in ("position", "normal", "thickness")}


def _captured_clipping(keywords: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The planes beyond which nothing of a layer is shown in 3D."""
    planes = keywords.get("experimental_clipping_planes") or ()
    found = [
        {
            "position": [float(value) for value in _part(plane, "position")],
            "normal": [float(value) for value in _part(plane, "normal")],
            "enabled": bool(_part(plane, "enabled")),
        }
        for plane in planes
    ]
    return found or None


def _restored_clipping(state: Any) -> list[dict[str, Any]] | None:
    planes = state if isinstance(state, list) else []
    good = [
        {key: plane[key] for key in ("position", "normal", "enabled")}
        for plane in planes[:_MAX_PLANES]
        if isinstance(plane, dict)
        and all(_are_numbers(plane.get(key), 3) for key in ("position", "normal"))
        and any(plane["normal"])
        and isinstance(plane.get("enabled"), bool)
    ]
    return good or None


def _captured_cycle(keywords: Mapping[str, Any]) -> list[str] | None:
    cycle = keywords.get("color_cycle")
    if cycle is None:
        return None
    return ["#" + "".join(f"{round(255 * float(part)):02X}" for part in color) for color in cycle]


def _restored_cycle(state: Any) -> list[str] | None:
    cycle = state if isinstance(state, list) else []
    good = 2 <= len(cycle) <= _MAX_CYCLE and all(map(_is_rgba, cycle))
    return cycle if good else None


def _is_rgba(text: Any) -> bool:
    digits = text[1:] if isinstance(text, str) and text.startswith("#") else ""
    return len(digits) == 8 and set(digits) <= set("0123456789ABCDEFabcdef")


def _are_numbers(values: Any, count: int, low: float = -_HUGE, high: float = _HUGE) -> bool:
    good = isinstance(values, list) and len(values) == count and all(map(is_number, values))
    return good and all(low <= value <= high for value in values)


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


def is_number(value: Any) -> bool:
    """Whether a value is a finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) < _HUGE  # also for integers that no float holds


def is_fraction(value: Any) -> bool:
    """Whether a value is a number from 0 to 1."""
    return is_number(value) and 0 <= value <= 1


def is_positive(value: Any) -> bool:
    """Whether a value is a number above 0."""
    return is_number(value) and value > 0


type _Both = tuple[Callable[[Mapping[str, Any]], Any], Callable[[Any], Any]]
"""What takes a setting from a layer's keyword arguments, and what checks it when it is read."""

_PLANES: dict[str, _Both] = {
    "plane": (_captured_plane, _restored_plane),
    "experimental_clipping_planes": (_captured_clipping, _restored_clipping),
}

STRUCTURED: dict[str, dict[str, _Both]] = {
    "image": {"colormap": (_captured_colormap, _restored_colormap), **_PLANES},
    "labels": {"color_cycle": (_captured_cycle, _restored_cycle), **_PLANES},
}
"""By kind of layer, the settings that are more than a number or a word."""
