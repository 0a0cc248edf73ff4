"""Rules on axes: names, types, units, number and order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import is_list, is_name, is_object, objects, quoted
from napari_ome_zip.ome.versions import AxesForm
from napari_ome_zip.rules import MUST, SHOULD, Rule
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

SECTION = "axes metadata"
_IMAGE = "multiscales metadata"

_PREFIXES = (
    *("", "atto", "centi", "deci", "exa", "femto", "giga", "hecto", "kilo", "mega", "micro"),
    *("milli", "nano", "peta", "pico", "tera", "yocto", "yotta", "zepto", "zetta"),
)
SPACE_UNITS = frozenset(
    [
        *(f"{prefix}meter" for prefix in _PREFIXES),
        "angstrom",
        "foot",
        "inch",
        "mile",
        "parsec",
        "yard",
    ]
)
TIME_UNITS = frozenset([*(f"{prefix}second" for prefix in _PREFIXES), "day", "hour", "minute"])
_UNITS = {"space": SPACE_UNITS, "time": TIME_UNITS}
_TYPES_UNTIL_05 = ("space", "time", "channel")
_COMPONENTS = ("coordinate", "displacement")
_TYPES_SINCE_06 = ("array", "space", "time", "channel", "coordinate", "displacement")
_IMPLIED_NAMES = ("t", "c", "z", "y", "x")

NAME_MISSING = Rule(
    "axis-name-missing",
    MUST,
    SECTION,
    "Every axis has a name: a text that is not empty.",
    'Name each axis, for instance "z", "y", "x".',
)
NAME_DUPLICATE = Rule(
    "axis-name-duplicate",
    MUST,
    SECTION,
    "No two axes share a name.",
    "Give each axis a name of its own.",
)
NAME_UNKNOWN = Rule(
    "axis-name-unknown",
    MUST,
    _IMAGE,
    "In version 0.3 axes are called t, c, z, y or x.",
    "Use these names, or write a newer version of OME-Zarr, where axis names are free.",
)
TYPE_MISSING = Rule(
    "axis-type-missing",
    SHOULD,
    SECTION,
    "An axis says of which type it is.",
    'Add "type": "space", "time" or "channel" to the axis.',
)
TYPE_UNKNOWN = Rule(
    "axis-type-unknown",
    SHOULD,
    SECTION,
    "The type of an axis is one that the specification names.",
    "Use one of the types of the specification where one fits; otherwise leave it as it is.",
)
UNIT_MISSING = Rule(
    "axis-unit-missing",
    SHOULD,
    SECTION,
    "An axis of space or time says in which unit it is measured.",
    'Add the unit, for instance "micrometer" or "second", so that scale bars can be drawn.',
)
UNIT_UNKNOWN = Rule(
    "axis-unit-unknown",
    SHOULD,
    SECTION,
    "The unit of an axis is a UDUNITS-2 name that fits the type of the axis.",
    'Write the full name of the unit in lower case, such as "micrometer" or "second".',
)
COUNT = Rule(
    "axis-count",
    MUST,
    _IMAGE,
    "An image has two to five axes.",
    "Store one axis per dimension of the image, and split data of more than five dimensions "
    "into several images.",
)
SPACE_COUNT = Rule(
    "axis-space-count",
    MUST,
    _IMAGE,
    "An image has two or three axes of space.",
    'Give the axes of the image plane (and depth) the type "space".',
)
TIME_COUNT = Rule(
    "axis-time-count",
    MUST,
    _IMAGE,
    "An image has at most one axis of time.",
    'Give the type "time" to one axis only.',
)
OTHER_COUNT = Rule(
    "axis-channel-count",
    MUST,
    _IMAGE,
    "An image has at most one axis that is neither of space nor of time.",
    "Keep one channel (or custom) axis, and store the rest as several images.",
)
ORDER = Rule(
    "axis-order",
    MUST,
    _IMAGE,
    "Time comes first, then the channel (or custom) axis, then the axes of space.",
    "Transpose the arrays and list the axes as t, c, z, y, x.",
)
SPACE_ORDER = Rule(
    "axis-space-order",
    SHOULD,
    _IMAGE,
    "Three axes of space are ordered z, y, x.",
    "Transpose the arrays so that the image planes (y, x) come last.",
)


def check_axes(raw: object, at: Place, *, image: bool) -> Iterator[Issue]:
    """Check a list of axes.

    Parameters
    ----------
    raw
        The value of ``axes``.
    at
        Its place.
    image
        Whether the axes are those of an image, which restricts their number and order.
    """
    if not is_list(raw):
        yield at.wrong_type(raw, "a list of axes", SECTION)
        return
    if at.spec.axes is AxesForm.NAMES:
        yield from _check_letters(raw, at)
    else:
        for i, axis in enumerate(raw):
            yield from check_axis(axis, at.at(i))
    yield from _check_unique(axis_names(raw), at)
    if image:
        yield from _check_count(raw, at)
        if at.spec.axes is not AxesForm.NAMES and all(is_object(axis) for axis in raw):
            yield from _check_types(objects(raw), at)


def axis_names(raw: object) -> tuple[str, ...]:
    """Return the names of axes as far as they have one; judges nothing."""
    named = (axis.get("name") if is_object(axis) else axis for axis in _list(raw))
    return tuple(name for name in named if is_name(name))


def _list(raw: object) -> Sequence[object]:
    return raw if is_list(raw) else ()


def check_axis(raw: object, at: Place) -> Iterator[Issue]:
    """Check one axis."""
    if not is_object(raw):
        yield at.wrong_type(raw, "an axis object", SECTION)
        return
    if not is_name(raw.get("name")):
        found = describe(raw["name"]) if "name" in raw else "no name"
        yield at.issue(NAME_MISSING, f"Axis without a name: found {found}")
    if raw.get("type") is None:
        name = quoted(raw.get("name", "?"))
        yield at.issue(TYPE_MISSING, f"Axis {name} has no type")
    elif not isinstance(raw["type"], str):
        yield at.at("type").wrong_type(raw["type"], "a text", SECTION)
    else:
        yield from _check_type_and_unit(raw, raw["type"], at)
    if at.spec.graph:
        if not isinstance(raw.get("discrete", False), bool):
            yield at.at("discrete").wrong_type(raw["discrete"], "true or false", SECTION)
        if not isinstance(raw.get("longName", ""), str):
            yield at.at("longName").wrong_type(raw["longName"], "a text", SECTION)


def _check_type_and_unit(axis: Mapping[str, object], kind: str, at: Place) -> Iterator[Issue]:
    known = _TYPES_SINCE_06 if at.spec.graph else _TYPES_UNTIL_05
    if kind not in known:
        yield at.issue(TYPE_UNKNOWN, f'Custom axis type "{kind}": not one of {", ".join(known)}')
    if kind not in _UNITS:
        return
    unit = axis.get("unit")
    name = quoted(axis.get("name", "?"))
    if unit is None:
        yield at.issue(UNIT_MISSING, f"Axis {name} of {kind} has no unit")
    elif not isinstance(unit, str):
        yield at.at("unit").wrong_type(unit, "the name of a unit", SECTION)
    elif unit not in _UNITS[kind]:
        message = f"Unknown unit on axis {name}: {describe(unit)} is not a unit of {kind}"
        yield at.at("unit").issue(UNIT_UNKNOWN, message)


def _check_letters(raw: Sequence[object], at: Place) -> Iterator[Issue]:
    for i, name in enumerate(raw):
        if not isinstance(name, str):
            yield at.at(i).wrong_type(name, "the name of an axis", _IMAGE)
        elif name not in _IMPLIED_NAMES:
            yield at.at(i).issue(NAME_UNKNOWN, f"Axis {quoted(name)} is none of t, c, z, y, x")


def _check_unique(names: Sequence[str], at: Place) -> Iterator[Issue]:
    for name, count in Counter(names).items():
        if count > 1:
            yield at.issue(NAME_DUPLICATE, f"{count} axes are called {quoted(name)}")


def _check_count(raw: Sequence[object], at: Place) -> Iterator[Issue]:
    if not 2 <= len(raw) <= 5:
        axes = "1 axis" if len(raw) == 1 else f"{len(raw)} axes"
        yield at.issue(COUNT, f"Image with {axes}: an image has two to five")


def _check_types(axes: Sequence[Mapping[str, object]], at: Place) -> Iterator[Issue]:
    # Axes of an array's own coordinates are legal since 0.6, and stand for those of space.
    space_types = ("space", "array") if at.spec.graph else ("space",)
    ranks = [_rank(axis.get("type"), space_types) for axis in axes]
    times, others, spaces = (ranks.count(rank) for rank in range(3))
    shown = ", ".join(f"{axis.get('name', '?')}: {axis.get('type') or 'no type'}" for axis in axes)
    arrays_only = all(axis.get("type") == "array" for axis in axes)
    if spaces < 2 or (spaces > 3 and not arrays_only):
        yield at.issue(SPACE_COUNT, f"{spaces} axes of space, expected 2 or 3 ({shown})")
    if times > 1:
        yield at.issue(TIME_COUNT, f"{times} axes of time, expected at most one ({shown})")
    if others > 1:
        message = f"{others} axes of neither space nor time, expected at most one ({shown})"
        yield at.issue(OTHER_COUNT, message)
    # "coordinates and displacements" puts the axis of components last, this section before space.
    ordered = [
        rank for rank, axis in zip(ranks, axes, strict=True) if axis.get("type") not in _COMPONENTS
    ]
    if ordered != sorted(ordered):
        yield at.issue(ORDER, f"Axes out of order: time, channel, space expected ({shown})")
    elif spaces == 3:
        names = [str(axis.get("name", "")).lower() for axis in axes[-3:]]
        if sorted(names) == ["x", "y", "z"] and names != ["z", "y", "x"]:
            message = f"Axes of space are ordered {', '.join(names)}: z, y, x is advised"
            yield at.issue(SPACE_ORDER, message)


def _rank(kind: object, space_types: Sequence[str]) -> int:
    if kind == "time":
        return 0
    return 2 if kind in space_types else 1
