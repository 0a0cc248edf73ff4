"""Reads coordinate systems that are known by an id."""

from __future__ import annotations

from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.collections.references import read_id
from napari_ome_zip.ome.coordinate_system import WrittenSystem, written_coordinate_systems
from napari_ome_zip.ome.json_values import is_name, quoted
from napari_ome_zip.rules import MUST, Effect, Rule

SYSTEM_ID_MISSING = Rule(
    "coordinate-system-id-missing",
    MUST,
    "RFC-8: Coordinate System interface",
    "Every coordinate system has an id, by which transformations refer to it.",
    'Add an "id" to the coordinate system, for instance "physical".',
    effect=Effect.PLACE,
)


def read_systems(value: Any, at: At) -> tuple[WrittenSystem, ...]:
    """Read a list of coordinate systems; each is called by its id, which is unique."""
    if not isinstance(value, list | tuple):
        return tuple(written_coordinate_systems(value, at))
    listed = [
        _by_id(item, index, at.item(index)) if isinstance(item, dict) else item
        for index, item in enumerate(value)
    ]
    return tuple(written_coordinate_systems(listed, at))


def _by_id(value: dict[str, Any], index: int, at: At) -> dict[str, Any]:
    """Return a system with its id as its name."""
    id_ = read_id(value, at, needed=True) if value.get("id") is not None else None
    if id_ is None:
        written = value.get("name")
        id_ = written if is_name(written) else f"system_{index}"
        at.report(SYSTEM_ID_MISSING, "Coordinate system without an id", f"{quoted(id_)} is used")
    return {**value, "name": id_}
