"""Images and coordinate systems as a document writes them; nothing is judged here."""

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


def as_objects(raw: object) -> list[Mapping[str, object]]:
    """Return the items of a list, empty objects for those that are none, so positions stay."""
    return [item if is_object(item) else {} for item in raw] if is_list(raw) else []


def intrinsic_system(image: Mapping[str, object]) -> str | None:
    """Return the name of the system that the first level is mapped to (0.6)."""
    for dataset in objects(image.get("datasets")):
        for item in objects(dataset.get("coordinateTransformations")):
            name = reference_name(item, "output")
            if name is not None:
                return name
    return None


def reference_name(raw: Mapping[str, object], side: str) -> str | None:
    """Return the name that ``input`` or ``output`` of a transformation gives."""
    reference = raw.get(side)
    name = reference.get("name") if is_object(reference) else None
    return name if is_name(name) else None


def reference_path(raw: Mapping[str, object], side: str) -> str | None:
    """Return the path that ``input`` or ``output`` of a transformation gives."""
    reference = raw.get(side)
    path = reference.get("path") if is_object(reference) else None
    return path if is_name(path) else None
