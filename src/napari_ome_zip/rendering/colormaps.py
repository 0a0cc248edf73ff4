"""Colormaps of images, as layer data have them: names, ``#RRGGBB``, or colors with controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.layers.display_values import COLORMAP_ENDS, INVERTED_GRAY
from napari_ome_zip.rendering.color_names import Rgba, color, from_hex
from napari_ome_zip.rendering.paint import Paint, paint_of_table

_STEPS = 4096
"""Entries of a table of colors: finer than what a screen shows of any gradient."""

_CLEAR = np.zeros(4, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Colormap:
    """Colors of values from 0 to 1."""

    table: npt.NDArray[np.float32]
    """Colors at equal steps from 0 to 1, shape (n, 4)."""
    missing: npt.NDArray[np.float32]
    """The color of what is not a number."""
    below: npt.NDArray[np.float32] | None = None
    """The color of values below 0, where it is another than that of 0."""
    above: npt.NDArray[np.float32] | None = None
    ends: tuple[Rgba, Rgba] | None = None
    """The colors of 0 and 1, where all others lie evenly between them."""

    def paint(self, values: npt.NDArray[np.floating[Any]]) -> Paint:
        """Colors of values.

        Parameters
        ----------
        values : ndarray, shape (rows, columns)
            Values from 0 to 1 lie within the contrast limits.
        """
        unknown = np.isnan(values)
        some_unknown = bool(unknown.any())
        known = np.clip(np.where(unknown, 0, values) if some_unknown else values, 0, 1)
        others = [self.below, self.above, self.missing if some_unknown else None]
        if self.ends is not None and all(other is None for other in others):
            return _between(*self.ends, known.astype(np.float32, copy=False))
        steps = len(self.table) - 1
        known *= steps
        rows = np.rint(known, out=known).astype(np.uint16)
        table = self.table
        places = [values < 0, values > 1, unknown]
        for place, other in zip(places, others, strict=True):
            if other is not None:
                rows[place] = len(table)
                table = np.vstack([table, other])
        return paint_of_table(table, rows)


def colormap_of(given: Any) -> tuple[Colormap, bool]:
    """The colormap that layer data state.

    Parameters
    ----------
    given : object
        A name, ``#RRGGBB``, or colors and controls as napari's `Colormap` or a mapping of its
        fields. None is gray.

    Returns
    -------
    Colormap
        From black to white where it is not known.
    bool
        Whether it is known: of names, those of gray and of single colors are.
    """
    if isinstance(given, str) or given is None:
        ends = _named("gray" if given is None else given)
        gray = np.array([[0, 0, 0, 1], [1, 1, 1, 1]], dtype=np.float32)
        return _made(gray if ends is None else ends, None), ends is not None
    colors, controls = _part(given, "colors"), _part(given, "controls")
    rows = None if colors is None else [color(each) for each in colors]
    if not rows or None in rows:
        return colormap_of("gray")[0], False
    table = np.array(rows, dtype=np.float32)
    interpolation = _part(given, "interpolation")
    is_stepped = getattr(interpolation, "value", interpolation) == "zero"
    made = _made(table, controls, is_stepped=is_stepped)
    below, above, missing = (
        _color_array(_part(given, key)) for key in ("low_color", "high_color", "nan_color")
    )
    missing = _CLEAR if missing is None else missing
    return Colormap(made.table, missing, below, above, made.ends), True


def _named(name: str) -> npt.NDArray[np.float32] | None:
    """Both ends of a colormap that is known by its name."""
    if name == INVERTED_GRAY:
        return np.array([[1, 1, 1, 1], [0, 0, 0, 1]], dtype=np.float32)
    digits = name[1:] if name.startswith("#") else COLORMAP_ENDS.get(name.lower(), "")
    bright = from_hex(digits)
    return None if bright is None else np.array([[0, 0, 0, 1], bright], dtype=np.float32)


def _made(colors: npt.NDArray[np.float32], controls: Any, *, is_stepped: bool = False) -> Colormap:
    """A table of colors that run from control to control, or are one between each two."""
    count = len(colors) + is_stepped
    at = np.linspace(0, 1, count) if controls is None else np.asarray(controls, dtype=float)
    if at.shape != (count,):
        at = np.linspace(0, 1, count)
    places = np.linspace(0, 1, _STEPS)
    if is_stepped:
        step = np.clip(np.searchsorted(at, places, side="right") - 1, 0, len(colors) - 1)
        return Colormap(colors[step], _CLEAR)
    table = np.stack([np.interp(places, at, colors[:, part]) for part in range(4)], axis=1)
    dark, bright = (tuple(row) for row in colors[[0, -1]].astype(float).tolist())
    return Colormap(table.astype(np.float32), _CLEAR, ends=(dark, bright) if count == 2 else None)


def _between(dark: Rgba, bright: Rgba, values: npt.NDArray[np.float32]) -> Paint:
    parts = [
        low if low == high else values if (low, high) == (0, 1) else low + (high - low) * values
        for low, high in zip(dark, bright, strict=True)
    ]
    return Paint(*parts)


def _color_array(given: Any) -> npt.NDArray[np.float32] | None:
    found = None if given is None else color(given)
    return None if found is None else np.array(found, dtype=np.float32)


def _part(colormap: Any, key: str) -> Any:
    return colormap.get(key) if isinstance(colormap, Mapping) else getattr(colormap, key, None)
