"""Axes: the dimensions of an image or of a coordinate system, by name, type and unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.json_values import described, found_in, is_name, quoted, string
from napari_ome_zip.ome.orientation import (
    NOT_SPATIAL,
    Orientation,
    judge_orientations,
    parse_orientation,
)
from napari_ome_zip.ome.units import MAX_LENGTH, METERS, SECONDS, parse_unit
from napari_ome_zip.ome.versions import AxesForm
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule

SECTION = "axes metadata"

NAME_MISSING = Rule(
    "axis-name-missing",
    MUST,
    SECTION,
    "Every axis has a name: a string that is not empty.",
    'Name each axis, for instance "z", "y", "x".',
    effect=Effect.REFUSED,
)
NAME_DUPLICATE = Rule(
    "axis-name-duplicate",
    MUST,
    SECTION,
    "No two axes share a name.",
    "Give each axis a name of its own.",
    effect=Effect.AXES,
)
NAME_UNKNOWN = Rule(
    "axis-name-unknown",
    MUST,
    "multiscales metadata",
    "In version 0.3 axes are called t, c, z, y or x.",
    "Use these names, or write a newer version of OME-Zarr, where axis names are free.",
    effect=Effect.REFUSED,
)
TYPE_MISSING = Rule(
    "axis-type-missing",
    SHOULD,
    SECTION,
    "An axis says of which type it is.",
    'Add "type": "space", "time" or "channel" to the axis.',
    effect=Effect.AXES,
)
TYPE_UNKNOWN = Rule(
    "axis-type-unknown",
    SHOULD,
    SECTION,
    "The type of an axis is one that the specification names.",
    "Use one of the types of the specification where one fits; otherwise leave it as it is.",
    effect=Effect.AXES,
)
UNIT_MISSING = Rule(
    "axis-unit-missing",
    SHOULD,
    SECTION,
    "An axis of space or time says in which unit it is measured.",
    'Add the unit, for instance "micrometer" or "second", so that scale bars can be drawn.',
    effect=Effect.SIZE,
)
UNIT_UNKNOWN = Rule(
    "axis-unit-unknown",
    SHOULD,
    SECTION,
    "The unit of an axis is a UDUNITS-2 name that fits the type of the axis.",
    'Write the full name of the unit in lower case, such as "micrometer" or "second".',
    effect=Effect.SIZE,
)

TYPES_BY_NAME = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
"""The type of an axis by its name, which is all that versions 0.1 to 0.3 write."""

_TYPES_UNTIL_05 = ("space", "time", "channel")
_TYPES_SINCE_06 = ("array", "space", "time", "channel", "coordinate", "displacement")
_UNITS: Mapping[str, Mapping[str, float]] = {"space": METERS, "time": SECONDS}
_MAX_RENAMED_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension (section "axes" of the specification).

    Examples
    --------
    >>> from napari_ome_zip import open_image
    >>> axis = open_image("cells.ozx").images[0].axes[1]
    >>> axis.name, axis.type, axis.unit
    ('z', 'space', 'micrometer')
    """

    name: str
    """Unique within its coordinate system."""
    type: str | None = None
    """``space``, ``time``, ``channel``, or a custom type; None where the document gives none."""
    unit: str | None = None
    """As written, usually a UDUNITS-2 name; None where absent or empty."""
    discrete: bool = field(default=False, compare=False)
    """Whether there is no meaning in values between its coordinates (since 0.6)."""
    orientation: Orientation | None = None
    """Where it leads in a body, None where that is not said (RFC-4)."""
    long_name: str | None = field(default=None, compare=False)
    """For people, such as "depth below the surface" (since 0.6)."""
    is_slider: bool = field(default=False, compare=False)
    """Whether it is looked along, although it is one of channels: those of one axis alone become
    layers."""

    @property
    def role(self) -> str | None:
        """The type in lower case; without one, that which the name t, c, z, y or x implies.

        An axis of channels that is looked along is ``other``.
        """
        if self.is_slider:
            return "other"
        return self._stated_role

    @property
    def looked_along(self) -> Axis:
        """This axis of an image that has no channels: readers make layers of the first such one."""
        return replace(self, type="other") if self._stated_role == "channel" else self

    @property
    def _stated_role(self) -> str | None:
        return TYPES_BY_NAME.get(self.name.lower()) if self.type is None else self.type.lower()


def parse_axes(value: Any, at: At, *, names_expected: bool) -> tuple[Axis, ...]:
    """Read a list of axes.

    Parameters
    ----------
    value
        Any JSON value.
    at
        Its place.
    names_expected
        Whether the version writes bare names (0.3).

    Returns
    -------
    tuple of Axis
        In order, with unique names; empty where there is no list.
    """
    if not isinstance(value, list | tuple):
        at.wrong_type(value, "a list of axes", SECTION, "ignored")
        return ()
    axes = tuple(
        _parse_axis(item, index, at.item(index), names_expected=names_expected)
        for index, item in enumerate(value)
    )
    if at.judging:
        judge_orientations(((a.name, a.orientation) for a in axes if a.orientation), at)
    return _with_unique_names(axes, at)


def _parse_axis(value: Any, index: int, at: At, *, names_expected: bool) -> Axis:
    if is_name(value):
        return _named_axis(value, at, names_expected=names_expected)
    by_name = at.spec.axes is AxesForm.NAMES
    expected = "the name of an axis" if by_name else "an axis object"
    if not isinstance(value, dict):
        at.wrong_type(value, expected, SECTION, f'it is called "dim_{index}"')
        return Axis(f"dim_{index}")
    if by_name:
        at.wrong_type(value, expected, SECTION)
        at = at.regulated(False)
    name = value.get("name")
    if not is_name(name):
        found = f"Axis without a name: found {found_in(value, 'name')}"
        name = string(name) or f"dim_{index}"
        at.report(NAME_MISSING, found, f"it is called {quoted(name)}")
    axis = Axis(
        name,
        _string_or_none(value, "type", at),
        _string_or_none(value, "unit", at),
        _discrete(value, at),
        _orientation(value, at),
        string(value.get("longName")) if at.spec.graph else None,
    )
    if at.judging:
        _judge_type_and_unit(axis, value, at)
    return axis


def _named_axis(name: str, at: At, *, names_expected: bool) -> Axis:
    """Read an axis that is a bare name."""
    if at.spec.axes is not AxesForm.NAMES or not names_expected:
        done = "" if names_expected else "its type is guessed from its name"
        at.wrong_type(name, "an axis object", SECTION, done)
    elif name not in TYPES_BY_NAME:
        at.report(NAME_UNKNOWN, f"Axis {quoted(name)} is not one of t, c, z, y, x")
    return Axis(name, TYPES_BY_NAME.get(name.lower()))


def _string_or_none(value: dict[str, Any], key: str, at: At) -> str | None:
    # An absent, null or empty type or unit is common and means "none".
    written = value.get(key)
    if written is None or isinstance(written, str):
        return written or None
    expected = "a string" if key == "type" else "the name of a unit"
    at.key(key).wrong_type(written, expected, SECTION, "ignored")
    return None


def _discrete(value: dict[str, Any], at: At) -> bool:
    if not at.spec.graph:
        return False
    discrete = value.get("discrete", False)
    if not isinstance(discrete, bool):
        at.key("discrete").wrong_type(discrete, "true or false", SECTION)
    if not isinstance(value.get("longName", ""), str):
        at.key("longName").wrong_type(value["longName"], "a string", SECTION)
    return discrete is True


def _orientation(value: dict[str, Any], at: At) -> Orientation | None:
    if "orientation" not in value:
        return None
    here = at.key("orientation")
    read = parse_orientation(value["orientation"], here)
    if read is not None and value.get("type") != "space" and at.spec.orientations:
        name, kind = quoted(value.get("name")), found_in(value, "type")
        here.report(NOT_SPATIAL, f"Axis {name} has an orientation, but its type is {kind}")
    return read


def _judge_type_and_unit(axis: Axis, value: dict[str, Any], at: At) -> None:
    kind, unit = value.get("type"), value.get("unit")
    known = _TYPES_SINCE_06 if at.spec.graph else _TYPES_UNTIL_05
    if at.spec.free_axes:
        known = (*known, "frequency")
    if kind is None:
        at.report(TYPE_MISSING, f"Axis {quoted(axis.name)} has no type")
    elif isinstance(kind, str) and kind not in known:
        found = f"Custom axis type {quoted(kind)}: not one of {', '.join(known)}"
        at.report(TYPE_UNKNOWN, found)
    if not isinstance(kind, str) or kind not in _UNITS:
        return
    if unit is None:
        at.report(UNIT_MISSING, f"Axis {quoted(axis.name)} of {kind} has no unit")
    elif isinstance(unit, str) and not _fits(unit, kind, at):
        name = quoted(axis.name)
        found = f"Unknown unit on axis {name}: {described(unit)} is not a unit of {kind}"
        at.key("unit").report(UNIT_UNKNOWN, found)


def _fits(unit: str, kind: str, at: At) -> bool:
    """Whether a unit is one of space or of time; where types are free, or made of known ones."""
    if not at.spec.free_axes or any(unit in units for units in _UNITS.values()):
        return unit in _UNITS[kind]
    return len(unit) <= MAX_LENGTH and parse_unit(unit) is not None


def _with_unique_names(axes: tuple[Axis, ...], at: At) -> tuple[Axis, ...]:
    # "The name MUST be unique": transformations and viewers identify axes by it.
    counts = Counter(axis.name for axis in axes)
    if len(counts) == len(axes):
        return axes
    taken = set(counts)
    seen: dict[str, int] = {}
    renamed: dict[str, list[str]] = {}
    unique: list[Axis] = []
    for axis in axes:
        name = axis.name
        if name in seen:
            name = _free_name(name, seen, taken)
            taken.add(name)
            renamed.setdefault(axis.name, []).append(name)
        else:
            seen[name] = 1
        unique.append(replace(axis, name=name))
    for name, names in renamed.items():
        more = ", …" if len(names) > _MAX_RENAMED_SHOWN else ""
        at.report(
            NAME_DUPLICATE,
            f"{counts[name]} axes are called {quoted(name)}",
            f"they become {quoted([name, *names[:_MAX_RENAMED_SHOWN]])}{more}",
        )
    return tuple(unique)


def _free_name(name: str, numbers: dict[str, int], taken: set[str]) -> str:
    count = numbers[name]
    while True:
        count += 1
        if f"{name}{count}" not in taken:
            numbers[name] = count
            return f"{name}{count}"
