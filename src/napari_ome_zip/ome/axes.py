"""Axes: the dimensions of an image or of a coordinate system, by name, type and unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import shown, string

TYPES_BY_NAME = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
"""What an axis is by its name alone, as versions 0.1 to 0.3 have it."""

_FREE_TYPES = ("displacement", "coordinate", "array")


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension (section "axes" of the specification)."""

    name: str
    """Unique within its coordinate system."""
    type: str | None = None
    """``space``, ``time``, ``channel``, or a custom type; None where the document gives none."""
    unit: str | None = None
    """As written, usually a UDUNITS-2 name; None where absent or empty."""

    @property
    def role(self) -> str | None:
        """The type in lower case; of an untyped axis what its name t, c, z, y, x says, or None."""
        if self.type is not None:
            return self.type.lower()
        return TYPES_BY_NAME.get(self.name.lower())


def parse_axes(value: Any, at: At, *, names_expected: bool) -> tuple[Axis, ...]:
    """Read a list of axes; ``names_expected`` where the version writes bare names (0.3)."""
    if not isinstance(value, list | tuple):
        at.note("wrong-type", f"Axes are not a list but {shown(value)}; ignored.")
        return ()
    axes = tuple(
        _parse_axis(item, index, at.item(index), names_expected=names_expected)
        for index, item in enumerate(value)
    )
    return _with_unique_names(axes, at)


def _parse_axis(value: Any, index: int, at: At, *, names_expected: bool) -> Axis:
    if isinstance(value, str) and value:
        if not names_expected:
            at.note("wrong-type", f"Axis {shown(value)} is a bare name: its type is guessed.")
        return Axis(value, TYPES_BY_NAME.get(value.lower()))
    if not isinstance(value, dict):
        at.note("wrong-type", f"Axis {index} is {shown(value)}; read as 'dim_{index}'.")
        return Axis(f"dim_{index}")
    name = value.get("name")
    if not isinstance(name, str) or not name:
        replacement = string(name) or f"dim_{index}"
        at.note(
            "axis-name-missing", f"Axis {index} has no proper name; {shown(replacement)} is used."
        )
        name = replacement
    return Axis(name, _word(value, "type", at), _word(value, "unit", at))


def _word(value: dict[str, Any], key: str, at: At) -> str | None:
    # An absent, null or empty type or unit is common and means "none".
    word = value.get(key)
    if word is None or isinstance(word, str):
        return word or None
    at.key(key).note("wrong-type", f"Axis {key} is {shown(word)}; ignored.")
    return None


def _with_unique_names(axes: tuple[Axis, ...], at: At) -> tuple[Axis, ...]:
    # "The name MUST be unique": transformations and viewers tell axes apart by it.
    taken = {axis.name for axis in axes}
    if len(taken) == len(axes):
        return axes
    seen: set[str] = set()
    counts: dict[str, int] = {}
    unique: list[Axis] = []
    for axis in axes:
        name = axis.name
        if name in seen:
            name = _free_name(name, counts, taken)
            taken.add(name)
            at.note(
                "axis-name-duplicate",
                f"Axis names are not unique: the next {shown(axis.name)} becomes {shown(name)}.",
            )
        seen.add(name)
        unique.append(replace(axis, name=name))
    return tuple(unique)


def _free_name(name: str, counts: dict[str, int], taken: set[str]) -> str:
    count = counts.get(name, 1)
    while True:
        count += 1
        if f"{name}{count}" not in taken:
            counts[name] = count
            return f"{name}{count}"


def check_axes(axes: tuple[Axis, ...], version: str, at: At) -> None:
    """Note axes of an image that the version does not allow; nothing is changed."""
    # An image has 2 to 5 dimensions.
    if axes and not 2 <= len(axes) <= 5:
        limit = "more than 5" if len(axes) > 5 else "fewer than 2"
        at.note(
            "axis-count",
            f"{limit.capitalize()} dimensions: {len(axes)} axes, which {version} does not allow.",
        )
    # Time comes first, then a channel or custom axis, then the axes of space.
    ranks = [
        {"time": 0, "space": 2}.get(axis.role or "", 1)
        for axis in axes
        if axis.role not in _FREE_TYPES
    ]
    if version <= "0.5" and ranks != sorted(ranks):
        names = shown(", ".join(axis.name for axis in axes[:9])).strip("'")
        at.note(
            "axis-order", f"Axis order {names} is not allowed by {version}; it is kept as it is."
        )
