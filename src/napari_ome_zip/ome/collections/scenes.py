"""Reads the attribute ``scene``: where the images of a collection lie."""

from __future__ import annotations

from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.collections.node import NodeScene
from napari_ome_zip.ome.collections.systems import read_systems
from napari_ome_zip.ome.collections.transformations import read_links
from napari_ome_zip.ome.coordinate_system import WrittenSystem
from napari_ome_zip.ome.json_values import found_in
from napari_ome_zip.ome.scene import TRANSFORMATIONS_MISSING

SECTION = "RFC-8: Scene attribute"


def read_scene(value: Any, at: At) -> NodeScene | None:
    """Read the attribute ``scene``; None where it is not an object."""
    if not isinstance(value, dict):
        at.wrong_type(value, "an object", SECTION, "ignored" if value is not None else "")
        return None
    systems: tuple[WrittenSystem, ...] = ()
    if value.get("coordinateSystems") is not None:
        systems = read_systems(value["coordinateSystems"], at.key("coordinateSystems"))
    listed = value.get("coordinateTransformations")
    if not isinstance(listed, list | tuple):
        found = found_in(value, "coordinateTransformations")
        at.report(
            TRANSFORMATIONS_MISSING,
            f"Scene without transformations: found {found}",
            "" if listed is None else "ignored",
        )
        listed = []
    return NodeScene(systems, read_links(listed, at.key("coordinateTransformations")))
