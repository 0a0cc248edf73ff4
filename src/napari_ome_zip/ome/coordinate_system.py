"""Coordinate systems: a name and the axes that span it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.axes import Axis, parse_axes
from napari_ome_zip.ome.json_values import found_in, is_name, quoted, string
from napari_ome_zip.rules import MUST, Effect, Rule

SECTION = "coordinateSystems metadata"

NAME_MISSING = Rule(
    "coordinate-system-name-missing",
    MUST,
    SECTION,
    "Every coordinate system has a name: a string that is not empty.",
    'Name the coordinate system, for instance "physical".',
    effect=Effect.REFUSED,
)
NAME_DUPLICATE = Rule(
    "coordinate-system-name-duplicate",
    MUST,
    SECTION,
    "No two coordinate systems of one list share a name.",
    "Give each coordinate system a name of its own, and refer to it by that name.",
    effect=Effect.PLACE,
)
AXES_MISSING = Rule(
    "coordinate-system-axes-missing",
    MUST,
    SECTION,
    "Every coordinate system lists its axes.",
    "List the axes of the coordinate system, in the order of the array's dimensions.",
    effect=Effect.AXES,
)
SYSTEM_UNKNOWN = Rule(
    "coordinate-system-unknown",
    MUST,
    "coordinateTransformations metadata",
    "Transformations lead from and to coordinate systems that exist.",
    "Define the coordinate system, or correct its name.",
    is_agreement=True,
    effect=Effect.PLACE,
)

_MAX_SHOWN = 5


@dataclass(frozen=True, slots=True)
class CoordinateSystem:
    """A named space with its axes (section "coordinateSystems", version 0.6)."""

    name: str
    """Unique within the document."""
    axes: tuple[Axis, ...] = ()
    """In order; empty where the version states none (0.1, 0.2)."""


def parse_coordinate_systems(value: Any, at: At) -> tuple[CoordinateSystem, ...]:
    """Read a list of coordinate systems; empty where there is none."""
    return tuple(read.system for read in written_coordinate_systems(value, at))


class WrittenSystem(NamedTuple):
    """A coordinate system together with its axes as they are written."""

    system: CoordinateSystem
    axes: Sequence[Any] | None
    """The list of axes, None where there is none."""
    at: At
    """The place of the list."""


def written_coordinate_systems(value: Any, at: At) -> list[WrittenSystem]:
    """Read a list of coordinate systems, each with its axes as they are written."""
    if not isinstance(value, list | tuple):
        done = "" if value is None else "ignored"
        at.wrong_type(value, "a list of coordinate systems", SECTION, done)
        return []
    systems: dict[str, WrittenSystem] = {}
    for index, item in enumerate(value):
        here = at.item(index)
        if not isinstance(item, dict):
            here.wrong_type(item, "a coordinate system object", SECTION, "ignored")
            continue
        name = _name(item, index, here)
        # The name MUST be unique among the systems of a document: references go by it.
        if name in systems:
            found = f"Several coordinate systems are called {quoted(name)}"
            here.report(NAME_DUPLICATE, found, "the first one is used")
            continue
        axes = item.get("axes")
        system = here.mark(CoordinateSystem(name, _axes(axes, here)))
        listed = axes if axes and isinstance(axes, list | tuple) else None
        systems[name] = WrittenSystem(system, listed, here.key("axes"))
    return list(systems.values())


def _name(value: dict[str, Any], index: int, at: At) -> str:
    written = value.get("name")
    if is_name(written):
        return written
    name = string(written) or f"system_{index}"
    found = f"Coordinate system without a name: found {found_in(value, 'name')}"
    at.report(NAME_MISSING, found, f"it is called {quoted(name)}")
    return name


def _axes(value: Any, at: At) -> tuple[Axis, ...]:
    if value in (None, []):
        done = "they are taken from the array" if value is None else ""
        at.report(AXES_MISSING, "Coordinate system without axes", done)
        return ()
    return parse_axes(value, at.key("axes"), names_expected=False)


def report_unknown(name: str, known: Iterable[str], at: At, done: str = "") -> None:
    """Report that a transformation refers to a coordinate system that does not exist."""
    names = quoted(tuple(islice(known, _MAX_SHOWN)))
    found = f"Coordinate system {quoted(name)} does not exist (known: {names})"
    at.report(SYSTEM_UNKNOWN, found, done)
