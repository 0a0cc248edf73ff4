"""Reads scenes: the transformations between the coordinate systems of several images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.coordinate_system import (
    CoordinateSystem,
    parse_coordinate_systems,
    report_unknown,
)
from napari_ome_zip.ome.json_values import found_in
from napari_ome_zip.ome.transformations.reader import TransformationReader
from napari_ome_zip.ome.transformations.transformation import SystemRef, Transformation
from napari_ome_zip.rules import MUST, Effect, Rule

SECTION = "scene metadata"

TRANSFORMATIONS_MISSING = Rule(
    "scene-transformations-missing",
    MUST,
    SECTION,
    "A scene lists the transformations between its images.",
    'Add "coordinateTransformations": one per image, from its coordinate system to a common one.',
    effect=Effect.PLACE,
)


@dataclass(frozen=True)
class Scene:
    """A graph of coordinate systems (section "scene", version 0.6)."""

    coordinate_systems: tuple[CoordinateSystem, ...] = ()
    """The scene's own systems; the first one is the one to show."""
    transformations: tuple[Transformation, ...] = ()
    """Each with an input and an output, in document order."""


def parse_scene(value: Any, at: At) -> Scene | None:
    """Read a scene; None where it is not an object."""
    if not isinstance(value, dict):
        at.wrong_type(value, "an object", SECTION, "ignored" if value is not None else "")
        return None
    at = at.owned() if at.field == "scene" else at
    systems: tuple[CoordinateSystem, ...] = ()
    if "coordinateSystems" in value:
        here = at.key("coordinateSystems")
        systems = parse_coordinate_systems(value["coordinateSystems"], here)
    own = {system.name: system for system in systems}
    return at.mark(Scene(systems, _transformations(value, own, at)))


def _transformations(
    scene: dict[str, Any], own: Mapping[str, CoordinateSystem], at: At
) -> tuple[Transformation, ...]:
    listed = scene.get("coordinateTransformations")
    if not isinstance(listed, list | tuple) or not listed:
        found = (
            f"Scene without transformations: found {found_in(scene, 'coordinateTransformations')}"
        )
        is_list = isinstance(listed, list | tuple)
        at.report(TRANSFORMATIONS_MISSING, found, "" if listed is None or is_list else "ignored")
        return ()

    def from_string(written: str) -> SystemRef:
        # Pre-releases wrote "group/system", or the name of one of the scene's own systems.
        path, _, name = written.rpartition("/")
        if not path or not name or written in own:
            return SystemRef(name=written)
        return SystemRef(path, name)

    reader = TransformationReader(from_string, from_string)
    here = at.key("coordinateTransformations")
    read: list[Transformation] = []
    for index, item in enumerate(listed):
        place = here.item(index)
        transformation = reader.read(item, place)
        if at.judging:
            _judge_systems(transformation, own, place)
        # Input and output MUST be given: they are what the transformation connects.
        if transformation.input is not None and transformation.output is not None:
            read.append(transformation)
    return tuple(read)


def _judge_systems(
    transformation: Transformation, own: Mapping[str, CoordinateSystem], at: At
) -> None:
    for side, ref in (("input", transformation.input), ("output", transformation.output)):
        if ref is not None and ref.path is None and ref.name is not None and ref.name not in own:
            report_unknown(ref.name, own, at.key(side))
