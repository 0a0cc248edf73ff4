"""Reads multiscales of all versions into the one model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from napari_ome_zip.ome.at import TOO_DEEP, At
from napari_ome_zip.ome.axes import parse_axes
from napari_ome_zip.ome.coordinate_system import CoordinateSystem, placed_coordinate_systems
from napari_ome_zip.ome.frozen_json import FrozenMapping, TooDeepError
from napari_ome_zip.ome.image_axes import judge_image_axes
from napari_ome_zip.ome.json_values import shown, string
from napari_ome_zip.ome.level_reader import (
    Context,
    agreeing,
    dataset_entries,
    graph_dataset,
    listed_dataset,
    transformation_items,
    usable_parts,
)
from napari_ome_zip.ome.multiscale import PHYSICAL, Multiscale
from napari_ome_zip.ome.transformation import SystemRef, Transformation
from napari_ome_zip.ome.transformation_reader import TransformationReader, note_loose
from napari_ome_zip.ome.versions import AxesForm
from napari_ome_zip.rules import MUST, Rule

SECTION = "multiscales metadata"

AXES_MISSING = Rule(
    "multiscale-axes-missing",
    MUST,
    SECTION,
    "An image lists its axes (0.3 to 0.5).",
    'Add "axes": one entry per dimension of the arrays, in their order.',
)
SYSTEMS_MISSING = Rule(
    "multiscale-systems-missing",
    MUST,
    SECTION,
    "An image has at least one coordinate system (since 0.6).",
    'Add "coordinateSystems" with the axes of the image.',
)


def parse_multiscales(
    value: Any, version: str, at: At, *, known_version: bool = True
) -> tuple[Multiscale, ...]:
    """Read the multiscales of a group; the axes of an unknown version are not checked."""
    if isinstance(value, dict):
        message = "Multiscales are one object, not a list; used."
        at.note("wrong-type", message, harmless=True)
        value = [value]
    if not isinstance(value, list | tuple):
        at.note("wrong-type", f"Multiscales are {shown(value)}; ignored.")
        return ()
    if not value:
        at.note("multiscales-empty", "Multiscales is empty: this group holds no image.")
    read = []
    for index, item in enumerate(value):
        here = at.item(index)
        if isinstance(item, dict):
            read.append(_parse_one(item, version, here.owned(), known_version))
        else:
            here.note("wrong-type", f"Multiscale {index} is {shown(item)}; ignored.")
    return tuple(read)


def _parse_one(value: dict[str, Any], version: str, at: At, known_version: bool) -> Multiscale:
    graph = value.get("coordinateSystems") is not None or (
        version >= "0.6" and value.get("axes") is None
    )
    context = Context(
        version,
        graph,
        # A bare string is the level's path as input, else the name of a system.
        levels=TransformationReader(_path_ref, _name_ref, repair=True, graph=graph),
        extra=TransformationReader(_name_ref, _name_ref, repair=not graph, graph=graph),
    )
    placed = _systems(value, at, context)
    systems = tuple(system for system, _ in placed)
    entries = dataset_entries(value.get("datasets"), at.key("datasets"))
    shared, alternatives = _multiscale_level(value, systems, at, context)
    if graph:
        datasets = tuple(graph_dataset(path, item, here, context) for path, item, here in entries)
        datasets = agreeing(systems, datasets, at)
    else:
        ndim = len(systems[0].axes)
        datasets = tuple(
            listed_dataset(path, item, here, context, shared, ndim, first=index == 0)
            for index, (path, item, here) in enumerate(entries)
        )
    multiscale = Multiscale(
        name=string(value.get("name")),
        version=version,
        coordinate_systems=systems,
        datasets=datasets,
        transformations=alternatives,
        type=string(value.get("type")),
        metadata=_metadata(value.get("metadata"), at.key("metadata")),
    )
    for system, written_at in placed:
        if written_at is not None:
            shown = known_version and system is multiscale.intrinsic
            judge_image_axes(system.axes, written_at, version=version, shown=shown)
    return multiscale


def _path_ref(value: str) -> SystemRef:
    return SystemRef(path=value)


def _name_ref(value: str) -> SystemRef:
    return SystemRef(name=value)


_Placed = tuple[CoordinateSystem, At | None]


def _systems(value: dict[str, Any], at: At, context: Context) -> list[_Placed]:
    """Return the coordinate systems, each with the place of its axes where it lists any."""
    _judge_missing(value, at, context)
    systems: list[tuple[CoordinateSystem, At]] = []
    if context.graph and value.get("coordinateSystems") is not None:
        here = at.key("coordinateSystems").regulated(at.spec.graph)
        systems = placed_coordinate_systems(value["coordinateSystems"], here)
    if systems:
        return [(system, here.key("axes") if system.axes else None) for system, here in systems]
    here = at.key("axes").regulated(at.spec.axes in (AxesForm.NAMES, AxesForm.OBJECTS))
    if value.get("axes") is None:
        return [(here.mark(CoordinateSystem(PHYSICAL)), None)]
    axes = parse_axes(value["axes"], here, names_expected=context.version == "0.3")
    is_list = isinstance(value["axes"], list | tuple)
    return [(here.mark(CoordinateSystem(PHYSICAL, axes)), here if is_list else None)]


def _judge_missing(value: dict[str, Any], at: At, context: Context) -> None:
    """Judge whether an image has the axes or coordinate systems that its version asks for."""
    systems, axes = value.get("coordinateSystems"), value.get("axes")
    guessed = context.version >= "0.3" and axes is None and not systems
    done = "the last of t, c, z, y, x are used for the dimensions of the array" if guessed else ""
    if at.spec.graph and systems in (None, []):
        at.report(SYSTEMS_MISSING, "Image without coordinate systems", done)
    elif not at.spec.graph and axes is None and (at.spec.axes is not AxesForm.IMPLIED or done):
        at.report(AXES_MISSING, "Image without axes", done)


def _multiscale_level(
    value: dict[str, Any],
    systems: tuple[CoordinateSystem, ...],
    at: At,
    context: Context,
) -> tuple[tuple[Transformation, ...], tuple[Transformation, ...]]:
    """Return those that every level shares (up to 0.5), and those between named systems."""
    here = at.key("coordinateTransformations")
    shared: list[Transformation] = []
    named: list[Transformation] = []
    for index, item in enumerate(
        transformation_items(value.get("coordinateTransformations"), here)
    ):
        read = context.extra.read(item, here.item(index))
        if context.graph:
            if read.input is None or read.output is None:
                note_loose(item, here.item(index))
                continue
            named.append(read)
        elif read.output is None:
            shared.append(read)
        else:
            # SpatialData calls the image's own system by its axes ("cyx").
            axes = read.input.axes if read.input else None
            named.append(replace(read, input=SystemRef(None, systems[0].name, axes)))
    usable = usable_parts(shared, len(systems[0].axes), here)
    return usable, tuple(named)


def _metadata(value: Any, at: At) -> FrozenMapping | None:
    # What is in it depends on how the levels were made: any object.
    if not isinstance(value, dict):
        return None
    try:
        return FrozenMapping(value)
    except TooDeepError as problem:
        at.report(TOO_DEEP, f"Metadata is {problem}", "left out", section=SECTION)
        return None
