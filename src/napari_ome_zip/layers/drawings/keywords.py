"""What layers of points, shapes, tracks, vectors and surfaces say of themselves beside their data.

What is read from a file is checked value by value: a file must never make a viewer fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from string import Formatter
from typing import Any

import numpy as np

from napari_ome_zip.layers.plain import MAX_DEPTH

type Check = Callable[[Any, int, int], bool]
"""Whether a value is good for a layer of so many rows and dimensions."""

_HUGE = 1e100
_MAX_DIGITS = 4
"""Digits of a width in a format from which it is longer than any text."""
_BLENDING = (
    "additive", "minimum", "opaque", "translucent", "translucent_no_depth", "multiplicative",
)  # fmt: skip
_SYMBOLS = (
    "arrow", "clobber", "cross", "diamond", "disc", "hbar", "ring", "square", "star",
    "tailed_arrow", "triangle_down", "triangle_up", "vbar", "x",
)  # fmt: skip
_SHAPE_TYPES = ("rectangle", "ellipse", "line", "path", "polygon")


def _numbers(value: Any, shape: tuple[int, ...], low: float = -_HUGE, high: float = _HUGE) -> bool:
    try:
        found = np.asarray(value)
    except ValueError:  # of uneven lists
        return False
    if found.shape != shape or found.dtype.kind not in "iuf":
        return False
    found = found.astype(float)
    return bool(((found >= low) & (found <= high)).all())


def _number(low: float = -_HUGE, high: float = _HUGE) -> Check:
    return lambda value, _rows, _ndim: (
        not isinstance(value, bool) and _numbers(value, (), low, high)
    )


def _per_row(low: float = -_HUGE, high: float = _HUGE) -> Check:
    return lambda value, rows, _ndim: _numbers(value, (rows,), low, high)


def _along_axes(value: Any, _rows: int, ndim: int) -> bool:
    return _numbers(value, (ndim,))


def _scale(value: Any, rows: int, ndim: int) -> bool:
    return _along_axes(value, rows, ndim) and bool(np.all(np.abs(value) > 1 / _HUGE))


def _regular(value: Any, count: int) -> bool:
    return _numbers(value, (count, count)) and bool(np.linalg.matrix_rank(value) == count)


def _rotate(value: Any, _rows: int, ndim: int) -> bool:
    return _regular(value, ndim)


def _affine(value: Any, _rows: int, ndim: int) -> bool:
    if not _regular(value, ndim + 1):
        return False
    return bool(np.array_equal(np.asarray(value)[-1], [*[0] * ndim, 1]))


def _shear(value: Any, _rows: int, ndim: int) -> bool:
    return _numbers(value, (ndim * (ndim - 1) // 2,)) or _regular(value, ndim)


def _texts(value: Any, _rows: int, ndim: int) -> bool:
    good = isinstance(value, list) and len(value) == ndim
    return good and all(isinstance(text, str) and text for text in value)


def _one_of(values: Collection[str]) -> Check:
    return lambda value, _rows, _ndim: isinstance(value, str) and value in values


def _one_or_each_of(values: Collection[str]) -> Check:
    def check(value: Any, rows: int, _ndim: int) -> bool:
        each = [value] * max(1, rows) if isinstance(value, str) else value
        if not isinstance(each, list) or len(each) != max(1, rows):
            return False
        return all(isinstance(text, str) and text in values for text in each)

    return check


def _is_boolean(value: Any, _rows: int, _ndim: int) -> bool:
    return isinstance(value, bool)


def _booleans(value: Any, rows: int, _ndim: int) -> bool:
    found = np.asarray(value, dtype=None if isinstance(value, np.ndarray) else object)
    return found.shape == (rows,) and all(isinstance(item, bool) for item in found.tolist())


def _text(value: Any, _rows: int, _ndim: int) -> bool:
    return isinstance(value, str) and bool(value)


def _colors(value: Any, rows: int, _ndim: int) -> bool:
    if not rows:  # that of points that are added
        is_one = isinstance(value, list | np.ndarray) and len(value) == 1
        return is_one and (isinstance(value[0], str) or _numbers(value, (1, 4), 0, 1))
    return _numbers(value, (rows, 4), 0, 1)


def _cycle(value: Any, _rows: int, _ndim: int) -> bool:
    count = len(value) if isinstance(value, list | np.ndarray) else 0
    return count > 0 and _numbers(value, (count, 4), 0, 1)


def _colormap(value: Any, _rows: int, _ndim: int) -> bool:
    if isinstance(value, str):
        return bool(value)
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return False
    controls = value.get("controls")
    count = len(controls) if isinstance(controls, list | np.ndarray) else 0
    if count < 2 or not _numbers(controls, (count,), 0, 1):
        return False
    steps = np.asarray(controls, dtype=float)
    rising = bool((steps[1:] >= steps[:-1]).all()) and (steps[0], steps[-1]) == (0, 1)
    zero = value.get("interpolation") == "zero"
    return rising and _numbers(value.get("colors"), (count - zero, 4), 0, 1)


def _colormaps(value: Any, _rows: int, _ndim: int) -> bool:
    return isinstance(value, dict) and all(_colormap(each, 0, 0) for each in value.values())


def _limits(value: Any, _rows: int, _ndim: int) -> bool:
    """Of values that may not be finite, limits are not either."""
    if value is None:
        return True
    found = np.asarray(value)
    return found.shape == (2,) and found.dtype.kind in "iuf" and not found[0] > found[1]


def _sizes(value: Any, _rows: int, _ndim: int) -> bool:
    return _numbers(value, (2,), 0) and bool(value[0] <= value[1])


def _mapping(value: Any, _rows: int, _ndim: int) -> bool:
    return isinstance(value, dict)


def _text_of_rows(value: Any, _rows: int, _ndim: int) -> bool:
    """Of the text beside points and shapes, a format names features and is of a usual width."""
    string = value.get("string") if isinstance(value, dict) else None
    text = string.get("format") if isinstance(string, dict) else string
    if not isinstance(text, str):
        return isinstance(value, dict)
    try:
        fields = list(Formatter().parse(text))
    except ValueError:
        return False
    return all(
        not set(name or "") & set(".[{") and not set(spec or "") & set("{")
        and all(len(digits) < _MAX_DIGITS for digits in re.findall(r"\d+", spec or ""))
        for _, name, spec, _ in fields
    )  # fmt: skip


def _planes(value: Any, _rows: int, _ndim: int) -> bool:
    return isinstance(value, list) and all(isinstance(plane, dict) for plane in value)


def _table(value: Any, count: int, width: int) -> bool:
    return isinstance(value, np.ndarray) and _numbers(value, (count, width))


def _texcoords(value: Any, rows: int, _ndim: int) -> bool:
    return value is None or _table(value, rows, 2)


def _vertex_colors(value: Any, rows: int, _ndim: int) -> bool:
    if value is None:
        return True
    good = isinstance(value, np.ndarray) and value.ndim >= 2 and value.shape[-2] == rows
    return good and value.shape[-1] in (3, 4) and _numbers(value, value.shape, 0, 1)


def _texture(value: Any, _rows: int, _ndim: int) -> bool:
    return value is None or (
        isinstance(value, np.ndarray)
        and value.size > 0
        and (value.ndim == 2 or (value.ndim == 3 and value.shape[-1] in (3, 4)))
    )


_COMMON: Mapping[str, Check] = {
    "name": _text,
    "scale": _scale,
    "translate": _along_axes,
    "rotate": _rotate,
    "shear": _shear,
    "affine": _affine,
    "axis_labels": _texts,
    "units": _texts,
    "opacity": _number(0, 1),
    "blending": _one_of(_BLENDING),
    "visible": _is_boolean,
    "experimental_clipping_planes": _planes,
}

_ALL_OR_NONE = {"projection_mode": _one_of(("all", "none"))}


def _colored(part: str) -> Mapping[str, Check]:
    return {
        f"{part}_color": _colors,
        f"{part}_color_cycle": _cycle,
        f"{part}_colormap": _colormap,
        f"{part}_contrast_limits": _limits,
    }


KEYWORDS: Mapping[str, Mapping[str, Check]] = {
    "points": {
        **_COMMON,
        **_ALL_OR_NONE,
        "symbol": _one_or_each_of(_SYMBOLS),
        "size": _per_row(0),
        "border_width": _per_row(0),
        "border_width_is_relative": _is_boolean,
        **_colored("face"),
        **_colored("border"),
        "text": _text_of_rows,
        "shading": _one_of(("none", "spherical")),
        "antialiasing": _number(0),
        "canvas_size_limits": _sizes,
        "shown": _booleans,
    },
    "shapes": {
        **_COMMON,
        **_ALL_OR_NONE,
        "shape_type": _one_or_each_of(_SHAPE_TYPES),
        "z_index": _per_row(),
        "edge_width": _per_row(0),
        **_colored("edge"),
        **_colored("face"),
        "text": _text_of_rows,
    },
    "vectors": {
        **_COMMON,
        **_ALL_OR_NONE,
        "length": _number(),
        "edge_width": _number(0),
        "vector_style": _one_of(("line", "triangle", "arrow")),
        **_colored("edge"),
    },
    "tracks": {
        **_COMMON,
        **_ALL_OR_NONE,
        "color_by": _text,
        "colormap": _text,
        "colormaps_dict": _colormaps,
        "tail_width": _number(0),
        "tail_length": _number(0),
        "head_length": _number(0),
        "hide_completed_tracks": _is_boolean,
    },
    "surface": {
        **_COMMON,
        **_ALL_OR_NONE,
        "auto_contrast": _is_boolean,
        "colormap": _colormap,
        "contrast_limits": _limits,
        "gamma": _number(0),
        "shading": _one_of(("none", "flat", "smooth")),
        "wireframe": _mapping,
        "normals": _mapping,
        "texture": _texture,
        "texcoords": _texcoords,
        "vertex_colors": _vertex_colors,
    },
}
"""By kind of layer, the keyword arguments that are kept, and what they may be."""

PLACE = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
"""Those that say where a layer lies."""

DERIVED = frozenset({"ndim", "properties", "property_choices", "cache", "graph"})
"""Keyword arguments that are kept as something else, or follow from the others."""


def is_json(value: Any, depth: int = 0) -> bool:
    """Whether a value is plain JSON, which comes back as it is."""
    if isinstance(value, dict):
        good = all(isinstance(key, str) for key in value) and depth < MAX_DEPTH
        return good and all(is_json(item, depth + 1) for item in value.values())
    if isinstance(value, list):
        return depth < MAX_DEPTH and all(is_json(item, depth + 1) for item in value)
    if isinstance(value, float):
        return bool(np.isfinite(value))
    return value is None or isinstance(value, bool | int | str)
