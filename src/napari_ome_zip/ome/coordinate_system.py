"""Coordinate systems: a name and the axes that span it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.axes import Axis, parse_axes
from napari_ome_zip.ome.json_values import shown, string


@dataclass(frozen=True, slots=True)
class CoordinateSystem:
    """A named space with its axes (section "coordinateSystems", version 0.6)."""

    name: str
    """Unique within the document."""
    axes: tuple[Axis, ...] = ()
    """In order; empty where the version states none (0.1, 0.2)."""


def parse_coordinate_systems(value: Any, at: At) -> tuple[CoordinateSystem, ...]:
    """Read a list of coordinate systems; an absent list is an empty one."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        at.note("wrong-type", f"Coordinate systems are {shown(value)}, not a list; ignored.")
        return ()
    systems: dict[str, CoordinateSystem] = {}
    for index, item in enumerate(value):
        here = at.item(index)
        if not isinstance(item, dict):
            here.note("wrong-type", f"Coordinate system {index} is {shown(item)}; ignored.")
            continue
        name = _name(item.get("name"), index, here)
        # The name MUST be unique among the systems of a document: references go by it.
        if name in systems:
            here.note(
                "coordinate-system-name-duplicate",
                f"Two coordinate systems are named {shown(name)}; the first one is used.",
            )
            continue
        systems[name] = CoordinateSystem(name, _axes(item.get("axes"), name, here))
    return tuple(systems.values())


def _axes(value: Any, name: str, at: At) -> tuple[Axis, ...]:
    if value is None:
        at.note(
            "coordinate-system-axes-missing",
            f"Coordinate system {shown(name)} has no axes; they are taken from the array.",
        )
        return ()
    return parse_axes(value, at.key("axes"), names_expected=False)


def _name(value: Any, index: int, at: At) -> str:
    if isinstance(value, str) and value:
        return value
    name = string(value) or f"system_{index}"
    at.note(
        "coordinate-system-name-missing",
        f"Coordinate system {index} has no proper name; {shown(name)} is used.",
    )
    return name
