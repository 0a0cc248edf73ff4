"""Axes and coordinate systems as a document writes them; nothing is judged here."""

from __future__ import annotations

from collections.abc import Mapping

from napari_ome_zip.ome.json_values import is_list, is_name, is_object, objects


def axis_names(raw: object) -> tuple[str, ...]:
    """Return the names of axes as far as they have one."""
    listed = raw if is_list(raw) else ()
    named = (axis.get("name") if is_object(axis) else axis for axis in listed)
    return tuple(name for name in named if is_name(name))


def axes_by_system(raw: object) -> dict[str, list[Mapping[str, object]]]:
    """Return the axes of each named coordinate system."""
    named = ((system.get("name"), system) for system in objects(raw))
    return {name: objects(system.get("axes")) for name, system in named if is_name(name)}
