"""Which colors of labels a viewer can show, and which are kept for the file alone."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from napari_ome_zip.ome import LabelColor, LabelColors

HIDDEN_COLORS = "hidden_colors"
"""Key in a layer's note: colors that were not given to the viewer, as value and four numbers."""

_LARGEST_WITHOUT_NUMBA = 2**16 - 1
"""napari looks colors up in an array as long as the largest label where numba is missing."""


def has_numba() -> bool:
    """Whether the viewer can color labels of any number."""
    try:
        return importlib.util.find_spec("numba") is not None
    except ImportError:  # of a package that is there in part
        return False


def shown_and_hidden(
    colors: Iterable[LabelColor],
) -> tuple[Sequence[LabelColor], tuple[LabelColor, ...]]:
    """The colors that a viewer can be given here, and the others."""
    if isinstance(colors, LabelColors) and has_numba():
        return colors, ()
    given = tuple(color for color in colors if color.rgba is not None)
    if has_numba():
        return given, ()
    # Where numbers below 0 are colored too, that array is twice as long.
    negative = any(color.value < 0 for color in given)
    most = _LARGEST_WITHOUT_NUMBA >> 1 if negative else _LARGEST_WITHOUT_NUMBA
    shown = tuple(color for color in given if abs(color.value) <= most)
    return shown, tuple(color for color in given if abs(color.value) > most)


def hidden_note(hidden: Iterable[LabelColor]) -> dict[str, Any]:
    """What a layer notes of colors that its viewer was not given."""
    listed = [[color.value, *color.rgba] for color in hidden if color.rgba is not None]
    return {HIDDEN_COLORS: listed} if listed else {}


def noted_colors(note: Mapping[str, Any]) -> tuple[LabelColor, ...]:
    """The colors that a layer's note holds; what is not a color there is passed over."""
    listed = note.get(HIDDEN_COLORS)
    rows = listed if isinstance(listed, list | tuple) else ()
    return tuple(LabelColor(row[0], (row[1], row[2], row[3], row[4])) for row in rows if _good(row))


def _good(row: Any) -> bool:
    if not isinstance(row, list | tuple) or len(row) != 5 or set(map(type, row)) != {int}:
        return False
    return all(0 <= part <= 255 for part in row[1:])
