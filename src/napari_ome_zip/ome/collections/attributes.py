"""Reads the attributes of a node, each with its own reader; those of other programs are theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from napari_ome_zip.ome.at import TOO_DEEP, At
from napari_ome_zip.ome.collections.labels import read_labels
from napari_ome_zip.ome.collections.node import NodeAttributes, Stated
from napari_ome_zip.ome.collections.plates import read_acquisition, read_plate, read_well
from napari_ome_zip.ome.collections.scenes import read_scene
from napari_ome_zip.ome.collections.systems import read_systems
from napari_ome_zip.ome.frozen_json import FrozenMapping, TooDeepError
from napari_ome_zip.ome.images.omero import parse_omero

SECTION = "RFC-8: Attributes"

DISPLAY = "napari_ome_zip:display"
"""The attribute for what napari shows, and no version of OME-Zarr has a place for."""


def read_display(value: Any, at: At) -> FrozenMapping | None:
    """Read what this program noted; None where it is unusable, for it is no part of OME-Zarr."""
    try:
        return FrozenMapping(value) if isinstance(value, dict) else None
    except TooDeepError as problem:
        at.report(TOO_DEEP, f"What is noted of the display is {problem}", "left out")
        return None


_READERS: Mapping[str, tuple[str, Callable[[Any, At], object]]] = {
    "coordinateSystems": ("systems", read_systems),
    "coordinateTransformations": ("transformations", Stated),
    "omero": ("omero", parse_omero),
    "labels": ("labels", read_labels),
    "plate": ("plate", read_plate),
    "well": ("well", read_well),
    "acquisition": ("acquisition", read_acquisition),
    "scene": ("scene", read_scene),
    DISPLAY: ("display", read_display),
}
"""Name in the model and reader of each attribute, by its key."""


def read_attributes(value: Any, at: At) -> NodeAttributes:
    """Read the attributes of a node; what is absent, or cannot be used, is None."""
    if not isinstance(value, dict):
        if value is not None:
            at.wrong_type(value, "an object", SECTION, "ignored")
        return NodeAttributes()
    read: dict[str, Any] = {}
    for key, (name, reader) in _READERS.items():
        if key in value:
            read[name] = reader(value[key], at.key(key))
    return NodeAttributes(**read)
