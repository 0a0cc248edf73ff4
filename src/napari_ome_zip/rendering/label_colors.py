"""Colors of labels: those that a file states, or one of many for each number; and outlines."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.label_colors import noted_colors
from napari_ome_zip.layers.layer_data import ATTRIBUTES
from napari_ome_zip.rendering.color_names import Rgba, color
from napari_ome_zip.rendering.drawn_layer import DrawnLayer
from napari_ome_zip.rendering.paint import Paint, paint_of_table

CYCLE = 251
"""Different colors that labels without one of their own take in turn."""

_NONE: Rgba = (0.0, 0.0, 0.0, 0.0)
_CLEAR = np.zeros((1, 4), dtype=np.float32)

_GOLDEN = (5**0.5 - 1) / 2
_TONES = ((0.85, 1.0), (0.55, 1.0), (0.9, 0.8), (0.4, 0.9))
"""Saturation and brightness that hues are taken in: none is near black, white or gray."""


type _Indexed = tuple[npt.NDArray[np.float32], npt.NDArray[np.intp]]
"""A table of colors, and the row of it for each pixel."""


class LabelColors:
    """The colors of the numbers of one layer; 0 is background.

    Parameters
    ----------
    layer : DrawnLayer
    """

    def __init__(self, layer: DrawnLayer) -> None:
        colormap = layer.keywords.get("colormap")
        stated = getattr(colormap, "color_dict", colormap)
        attributes = layer.note.get(ATTRIBUTES)
        attributes = attributes if isinstance(attributes, Mapping) else {}
        self._stated = stated if isinstance(stated, Mapping) else None
        # Colors of the file that a viewer cannot be given.
        self._hidden = {each.value: each.rgba for each in noted_colors(layer.note)}
        cycle = attributes.get("color_cycle")
        self._cycle = _cycle_of(getattr(colormap, "colors", None) if cycle is None else cycle)
        is_alone = attributes.get("show_selected_label")
        self._alone = attributes.get("selected_label") if is_alone else None

    def paint(self, labels: npt.NDArray[Any]) -> Paint:
        """Colors of label numbers.

        Parameters
        ----------
        labels : ndarray of int, shape (rows, columns)
        """
        table, rows = _in_turn(labels, self._cycle) if self._stated is None else self._of(labels)
        if self._alone is not None:
            table = np.vstack([table, _CLEAR])
            rows = np.where(labels == self._alone, rows, len(table) - 1)
        return paint_of_table(table, rows)

    def _of(self, labels: npt.NDArray[Any]) -> _Indexed:
        """Colors that are stated: those of the numbers that are there are looked up."""
        numbers, inverse = np.unique(labels, return_inverse=True)
        table = [self._color(int(number)) for number in numbers]
        return np.array(table, dtype=np.float32), inverse.reshape(labels.shape)

    def _color(self, number: int) -> Rgba:
        stated, hidden = self._stated or {}, self._hidden.get(number)
        if number in stated:
            return color(stated[number]) or _NONE
        if hidden is not None:
            return hidden[0] / 255, hidden[1] / 255, hidden[2] / 255, hidden[3] / 255
        return _NONE if number == 0 else color(stated.get(None)) or _NONE


def contour_width(layer: DrawnLayer) -> int:
    """Width of outlines as the layer itself states it; 0 where areas are filled."""
    attributes = layer.note.get(ATTRIBUTES)
    width = attributes.get("contour") if isinstance(attributes, Mapping) else None
    return width if isinstance(width, int) and width > 0 else 0


def outlines(labels: npt.NDArray[Any], width: int) -> npt.NDArray[Any]:
    """Labels along their borders, of a width in pixels; 0 elsewhere.

    Examples
    --------
    >>> outlines(np.ones((3, 3), int), 1)
    array([[0, 0, 0],
           [0, 0, 0],
           [0, 0, 0]])
    >>> outlines(np.array([[1, 1, 1, 2, 2]]), 1)
    array([[0, 0, 1, 2, 0]])
    """
    is_inside = np.ones(labels.shape, dtype=bool)
    for step in range(1, width + 1):
        for axis in range(2):
            if step >= labels.shape[axis]:
                continue
            ahead = [slice(None)] * 2
            behind = [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
            same = labels[tuple(ahead)] == labels[tuple(behind)]
            is_inside[tuple(ahead)] &= same
            is_inside[tuple(behind)] &= same
    return np.where(is_inside, 0, labels)


@cache
def default_colors() -> npt.NDArray[np.float32]:
    """Colors that labels take in turn: neighboring numbers are of distant hues, none is dark.

    Returns
    -------
    ndarray, shape (CYCLE, 4)
    """
    rows = []
    for number in range(CYCLE):
        saturation, brightness = _TONES[number % len(_TONES)]
        hue = (0.02 + number * _GOLDEN) % 1
        rows.append((*colorsys.hsv_to_rgb(hue, saturation, brightness), 1.0))
    return np.array(rows, dtype=np.float32)


def _cycle_of(given: Any) -> npt.NDArray[np.float32]:
    """Colors in turn, as a file notes them or napari's colormap has them: the first of those of
    several numbers is that of the background."""
    rows = [] if given is None else [color(each) for each in given]
    if len(rows) < 2 or None in rows:
        return default_colors()
    return np.array(rows[1:], dtype=np.float32)


def _in_turn(labels: npt.NDArray[Any], colors: npt.NDArray[np.float32]) -> _Indexed:
    # Of unsigned numbers beyond 2⁶³ those that are negative then take another color in turn.
    numbers = labels.astype(np.int64)
    rows = np.where(numbers == 0, 0, (numbers - 1) % len(colors) + 1)
    return np.vstack([_CLEAR, colors]), rows
