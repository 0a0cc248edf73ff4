"""Scenes: how the coordinate systems of several images hang together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.coordinate_system import CoordinateSystem, parse_coordinate_systems
from napari_ome_zip.ome.json_values import shown
from napari_ome_zip.ome.transformation import SystemRef, Transformation
from napari_ome_zip.ome.transformation_reader import TransformationReader, note_loose


@dataclass(frozen=True)
class Scene:
    """A graph of coordinate systems (section "scene", version 0.6)."""

    coordinate_systems: tuple[CoordinateSystem, ...] = ()
    """The scene's own systems; the first one is the one to show."""
    transformations: tuple[Transformation, ...] = ()
    """Each with an input and an output, in document order."""


def parse_scene(value: Any, at: At) -> Scene | None:
    """Read a scene; None, with a finding, where it is no object."""
    if not isinstance(value, dict):
        at.note("wrong-type", f"Scene is {shown(value)}, not an object; ignored.")
        return None
    at = at.owned() if at.field == "scene" else at
    systems: tuple[CoordinateSystem, ...] = ()
    if "coordinateSystems" in value:
        here = at.key("coordinateSystems")
        systems = parse_coordinate_systems(value["coordinateSystems"], here)
    own_names = {system.name for system in systems}

    def from_string(written: str) -> SystemRef:
        # Pre-releases wrote "group/system", or the name of one of the scene's own systems.
        path, _, name = written.rpartition("/")
        if not path or not name or written in own_names:
            return SystemRef(name=written)
        return SystemRef(path, name)

    reader = TransformationReader(from_string, from_string)
    here = at.key("coordinateTransformations")
    listed = value.get("coordinateTransformations")
    if not isinstance(listed, list | tuple):
        if listed is not None:
            here.note(
                "scene-transformations-missing",
                f"Transformations of the scene are {shown(listed)}; ignored.",
            )
        listed = []
    read: list[Transformation] = []
    for index, item in enumerate(listed):
        transformation = reader.read(item, here.item(index))
        # Input and output MUST be given: they are what the transformation connects.
        if transformation.input is None or transformation.output is None:
            note_loose(item, here.item(index))
            continue
        read.append(transformation)
    return Scene(systems, tuple(read))
