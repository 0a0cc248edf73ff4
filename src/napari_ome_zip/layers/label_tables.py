"""Colors and properties of labels: between napari's tables and those of OME-Zarr."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_ome_zip.image.label_colors import noted_colors
from napari_ome_zip.layers.layer_data import layer_note
from napari_ome_zip.layers.plain import clean_text, plain
from napari_ome_zip.ome import FrozenMapping, ImageLabel, LabelColor, LabelColors, LabelTable
from napari_ome_zip.ome.frozen_json import freeze, thaw

_NAMED = {
    "transparent": "00000000", "black": "000000", "silver": "c0c0c0", "gray": "808080",
    "grey": "808080", "white": "ffffff", "maroon": "800000", "red": "ff0000", "purple": "800080",
    "fuchsia": "ff00ff", "magenta": "ff00ff", "green": "008000", "lime": "00ff00",
    "olive": "808000", "yellow": "ffff00", "navy": "000080", "blue": "0000ff", "teal": "008080",
    "aqua": "00ffff", "cyan": "00ffff", "orange": "ffa500",
}  # fmt: skip

_RESERVED = "label-value"

_MAX_EXACT = 2**53
"""The largest whole number up to which fractions hold each."""


def label_colors(keywords: Mapping[str, Any]) -> tuple[tuple[LabelColor, ...], tuple[str, ...]]:
    """Colors that a person (or file) chose, and what cannot be kept of them.

    Those that napari makes up are not kept: every viewer makes up its own.
    """
    colormap = keywords.get("colormap")
    hidden = noted_colors(layer_note(keywords))
    table = getattr(colormap, "color_dict", colormap)
    if not isinstance(table, Mapping):
        return hidden, ()
    colors: dict[int, LabelColor] = {}
    lost = []
    for value, rgba, color in zip(
        table, _all_rgba(list(table.values())), table.values(), strict=True
    ):
        if rgba is None:
            lost.append(f"the color {clean_text(color)!r} of label {value}")
        elif value is None:
            if rgba[3] and not hidden:
                lost.append("the color of labels that have none of their own")
        elif int(value) != 0 or rgba[3]:  # background is transparent, unless it was given a color
            colors.setdefault(int(value), LabelColor(int(value), rgba))
    for color in hidden:
        colors.setdefault(color.value, color)
    return tuple(colors.values()), tuple(lost)


def _all_rgba(colors: Sequence[Any]) -> list[tuple[int, int, int, int] | None]:
    """`_rgba` of each; napari's own tables hold arrays, which are quicker to convert at once."""
    if not all(isinstance(color, np.ndarray) and color.shape == (4,) for color in colors):
        return list(map(_rgba, colors))
    parts = np.clip(np.rint(255 * np.array(colors, dtype=float).reshape(-1, 4)), 0, 255)
    return [(r, g, b, a) for r, g, b, a in parts.astype(int).tolist()]


def _rgba(color: Any) -> tuple[int, int, int, int] | None:
    """Red, green, blue and opacity from 0 to 255; None for a color that is not known."""
    if isinstance(color, str):
        return _from_string(color)
    parts = [min(255, max(0, round(255 * float(part)))) for part in color]
    if len(parts) == 3:
        parts.append(255)
    return (parts[0], parts[1], parts[2], parts[3]) if len(parts) == 4 else None


def _from_string(color: str) -> tuple[int, int, int, int] | None:
    name = color.strip().lower()
    digits = _NAMED.get(name) or (name[1:] if name.startswith("#") else "")
    if len(digits) in (3, 4):
        digits = "".join(2 * digit for digit in digits)
    if len(digits) not in (6, 8) or not set(digits) <= set("0123456789abcdef"):
        return None
    red, green, blue, alpha = bytes.fromhex(digits.ljust(8, "f"))
    return red, green, blue, alpha


def label_properties(keywords: Mapping[str, Any]) -> tuple[LabelTable, tuple[str, ...]]:
    """One set of properties for each label value, and what cannot be kept as it is.

    Label values are in a column ``index``, else rows are numbered from 0.
    """
    features = keywords.get("features")
    if features is None:
        return LabelTable(), ()
    columns = {str(name): features[name] for name in features}
    if not columns:
        return LabelTable(), ()
    rows = len(next(iter(columns.values())))
    labels = list(map(_label, _items(columns.pop("index", range(rows)))))
    places: dict[int, int] = {}
    repeated = set()
    for row, label in enumerate(labels):
        if label is not None and places.setdefault(label, row) != row:
            repeated.add(label)
    table: dict[str, dict[int, Any]] = {}
    infinite = []
    kept = list(places.values())
    for name, column in columns.items():
        items = _items(column)
        if any(map(_is_infinite, items)):
            infinite.append(name)
        cells = (plain(items[row]) for row in kept)
        known = {number: freeze(cell) for number, cell in enumerate(cells) if cell is not None}
        table[_column_name(name, columns)] = known
    lost = []
    if repeated:
        lost.append(f"further rows of features for label {', '.join(map(str, sorted(repeated)))}")
    if None in labels:
        lost.append(f"{labels.count(None)} rows of features that name no label")
    if infinite:
        lost.append(f"infinity as a number in {', '.join(infinite)} (it is kept as a string)")
    return LabelTable(places, table), tuple(lost)


def _items(column: Any) -> list[Any]:
    """The cells of a column; numbers as Python's own, which are quicker to handle."""
    dtype = getattr(column, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        numbers: list[Any] = np.asarray(column).tolist()
        return numbers
    return list(column)


def _label(value: Any) -> int | None:
    """The label value in a cell; None where there is none."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float | np.number) and np.isfinite(value) and np.isreal(value):
        return int(value)
    return None


def _column_name(name: str, columns: Mapping[str, Any]) -> str:
    """OME-Zarr keeps the label itself under ``label-value``: a property of that name gives way."""
    if name != _RESERVED:
        return clean_text(name)
    while name in columns:
        name += "_"
    return name


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float | np.floating) and bool(np.isinf(value))


def color_table(colors: Sequence[LabelColor]) -> dict[int, np.ndarray]:
    """Red, green, blue and opacity from 0 to 1 by label value."""
    if isinstance(colors, LabelColors):
        parts: Any = np.frombuffer(colors.rgba, np.uint8).reshape(-1, 4)
        values = colors.values
    else:
        parts = np.array([color.rgba for color in colors], dtype=float)
        values = [color.value for color in colors]
    return dict(zip(values, parts / 255, strict=True))


def features_table(label: ImageLabel) -> dict[str, Any]:
    """A table of label properties with one row per label value, in column ``index``."""
    properties = label.table
    if not properties:
        return {}
    table: dict[str, Any] = {"index": list(properties.values)}
    for name, cells in properties.columns.items():
        # The column "index" gives napari the label value; a property of that name gives way.
        column = "index_" if name == "index" else name
        rows = (
            cells.values()
            if len(cells) == len(properties)
            else map(cells.get, range(len(properties)))
        )
        table[column] = _column(list(rows))
    return table


def _column(frozen: list[Any]) -> Any:
    """One property of all labels; lists and objects stay whole, one a row."""
    if set(map(type, frozen)).isdisjoint((tuple, FrozenMapping)):
        return as_numbers(frozen)
    values = list(map(thaw, frozen))
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return column


def as_numbers(cells: list[Any]) -> Any:
    """Fractions, some of which are missing, as an array with NaN: viewers plot and color by it.

    Anything else is returned as it is: whole numbers, above all, may be too large for fractions.
    """
    types = set(map(type, cells))
    if not types <= {float, int, type(None)} or not {float, type(None)} <= types:
        return cells
    if any(type(cell) is int and abs(cell) > _MAX_EXACT for cell in cells):
        return cells
    return np.array([np.nan if cell is None else cell for cell in cells], dtype=float)
