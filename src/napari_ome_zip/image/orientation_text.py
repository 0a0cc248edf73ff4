"""Where axes lead in a body, in words for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from napari_ome_zip.image.orientations import Orientations
from napari_ome_zip.ome import Axis
from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.orientation import Orientation

_LETTERS = {
    "left": "L",
    "right": "R",
    "anterior": "A",
    "posterior": "P",
    "inferior": "I",
    "superior": "S",
}
"""Of the words that have a letter in abbreviations such as LPS."""


def orientation_text(names: Sequence[str], said: Orientations, own: Sequence[Axis]) -> str:
    """Where the axes of an image lead, x first, with the usual abbreviation; empty for nowhere.

    What is not as it must be is said as it is written, and why it is not used.

    >>> from napari_ome_zip.ome.orientation import Orientation
    >>> ends = ("inferior-to-superior", "anterior-to-posterior", "right-to-left")
    >>> orientation_text("zyx", tuple(map(Orientation, ends)), ())
    'x right → left, y anterior → posterior, z inferior → superior (LPS)'

    Parameters
    ----------
    names : sequence of str
        Axes of the system that the image is shown in.
    said : tuple
        Of each of these axes, where the image says that it leads.
    own : sequence of Axis
        Its own, for what it says of them and is not so where it is shown.
    """
    shown = {n: each for n, each in zip(names, said, strict=True) if each is not None}
    kinds = {axis.name: axis.role for axis in own}
    texts = [_axis_text(name, shown[name], kinds.get(name)) for name in reversed(shown)]
    for axis in reversed(own):
        if axis.orientation is not None and axis.name not in shown:
            text = _axis_text(axis.name, axis.orientation, axis.role)
            texts.append(text if axis.role != "space" else f"{text} (in its own system)")
    code = _code(shown)
    return ", ".join(texts) + (f" ({code})" if code else "") + _fault(shown)


def _axis_text(name: str, orientation: Orientation, role: str | None) -> str:
    if orientation.ends is None:
        return f"{name} {quoted(orientation.value)} (not a known word)"
    start, end = orientation.ends
    odd = "" if role in (None, "space") else " (not an axis of space)"
    return f"{name} {start} → {end}{odd}"


def _code(shown: Mapping[str, Orientation]) -> str:
    """Where x, y and z lead, a letter each; empty where that is no orientation of a whole body."""
    ends = [shown[name].ends for name in "xyz" if name in shown]
    letters = [_LETTERS.get(pair[1], "") for pair in ends if pair is not None]
    lines = {frozenset(pair) for pair in ends if pair is not None}
    return "".join(letters) if len(lines) == 3 and all(letters) else ""


def _fault(shown: Mapping[str, Orientation]) -> str:
    """What of it cannot be: several axes along one line."""
    lines = {name: frozenset(each.ends) for name, each in shown.items() if each.ends is not None}
    count = Counter(lines.values())
    same = [name for name in reversed(lines) if count[lines[name]] > 1]
    return f"; {' and '.join(same)} cannot both lead along one line" if same else ""
