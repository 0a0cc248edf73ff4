"""Reads multiscales of all versions into one model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from napari_ome_zip.ome.at import TOO_DEEP, At
from napari_ome_zip.ome.axes import Axis, parse_axes
from napari_ome_zip.ome.coordinate_system import (
    CoordinateSystem,
    WrittenSystem,
    written_coordinate_systems,
)
from napari_ome_zip.ome.frozen_json import FrozenMapping, TooDeepError
from napari_ome_zip.ome.images.graph_levels import graph_datasets
from napari_ome_zip.ome.images.image_axes import judge_image_axes
from napari_ome_zip.ome.images.image_graph import judge_additional
from napari_ome_zip.ome.images.level_reader import (
    SECTION,
    Context,
    dataset_entries,
    transformation_items,
    usable_parts,
    with_ends,
)
from napari_ome_zip.ome.images.listed_levels import (
    LENGTH,
    judge_kinds,
    listed_dataset,
    report_missing,
)
from napari_ome_zip.ome.images.multiscale import PHYSICAL, Dataset, Multiscale
from napari_ome_zip.ome.json_values import objects, string
from napari_ome_zip.ome.transformations.reader import TransformationReader
from napari_ome_zip.ome.transformations.references import Ends
from napari_ome_zip.ome.transformations.transformation import SystemRef, Transformation
from napari_ome_zip.ome.versions import AxesForm, Spec
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule

EMPTY = Rule(
    "multiscales-empty",
    MUST,
    SECTION,
    "The list of images of a group holds at least one.",
    'Describe the image under "multiscales", or remove the key.',
    effect=Effect.NOT_SHOWN,
)
AXES_MISSING = Rule(
    "multiscale-axes-missing",
    MUST,
    SECTION,
    "An image lists its axes (0.3 to 0.5).",
    'Add "axes": one entry per dimension of the arrays, in their order.',
    effect=Effect.AXES,
)
SYSTEMS_MISSING = Rule(
    "multiscale-systems-missing",
    MUST,
    SECTION,
    "An image has at least one coordinate system (since 0.6).",
    'Add "coordinateSystems" with the axes of the image.',
    effect=Effect.AXES,
)
NAME_MISSING = Rule(
    "multiscale-name-missing",
    SHOULD,
    SECTION,
    "An image has a name.",
    'Add the "name" of the image: viewers show it.',
    effect=Effect.NAMES,
)
TYPE_MISSING = Rule(
    "multiscale-type-missing",
    SHOULD,
    SECTION,
    "An image says how its smaller levels were computed.",
    'Add "type", for instance "gaussian".',
    effect=Effect.DETAIL,
)
METADATA_MISSING = Rule(
    "multiscale-metadata-missing",
    SHOULD,
    SECTION,
    "An image holds details of how its smaller levels were computed.",
    'Add "metadata", for instance the function and its arguments.',
    effect=Effect.DETAIL,
)


def parse_multiscales(value: Any, read_as: Spec, at: At) -> tuple[Multiscale, ...]:
    """Read the multiscales of a group as those of a version."""
    if isinstance(value, dict):
        done = "it is read as the only one"
        at.wrong_type(value, "a list of images", SECTION, done, harmless=True)
        value = [value]
    if not isinstance(value, list | tuple):
        at.wrong_type(value, "a list of images", SECTION, "ignored")
        return ()
    if not value:
        at.report(EMPTY, "The list of images (multiscales) is empty", "this group holds no image")
    read = []
    for index, item in enumerate(value):
        here = at.item(index)
        if isinstance(item, dict):
            read.append(here.mark(_parse_one(item, read_as, here.owned())))
        else:
            here.wrong_type(item, "an image object", SECTION, "ignored")
    return tuple(read)


def _parse_one(value: dict[str, Any], read_as: Spec, at: At) -> Multiscale:
    graph = value.get("coordinateSystems") is not None or (
        read_as.graph and value.get("axes") is None
    )
    context = Context(
        read_as,
        graph,
        # A bare string is the level's path as input, else the name of a system.
        levels=TransformationReader(
            _path_ref, _name_ref, repair=True, graph=graph, ends=Ends.LEVEL if graph else Ends.FREE
        ),
        extra=TransformationReader(
            _name_ref,
            _name_ref,
            repair=not graph,
            graph=graph,
            ends=Ends.NAMED if graph else Ends.FREE,
        ),
    )
    written = _systems(value, at, context)
    systems = tuple(read.system for read in written)
    regulated = at.regulated(_transformations_regulated(at.spec, graph=graph))
    entries = dataset_entries(value, regulated)
    own = _own_transformations(value, systems, regulated, context)
    datasets: tuple[Dataset, ...]
    if graph:
        datasets = graph_datasets(entries, systems, context)
    else:
        ndim = len(systems[0].axes)
        datasets = tuple(
            listed_dataset(path, item, here, context, own.shared, ndim, first=index == 0)
            for index, (path, item, here) in enumerate(entries)
        )
    for dataset, (_, _, here) in zip(datasets, entries, strict=True):
        here.mark(dataset)
    multiscale = Multiscale(
        name=string(value.get("name")),
        version=read_as.version,
        coordinate_systems=systems,
        datasets=datasets,
        transformations=tuple(own.named),
        type=string(value.get("type")),
        metadata=_metadata(value.get("metadata"), at.key("metadata")),
    )
    judge_axes(written, multiscale, at, read_as)
    if at.judging:
        _judge_description(value, at)
        if graph and at.spec.graph:
            judge_additional(multiscale, own.places)
    return multiscale


def judge_axes(written: Sequence[WrittenSystem], image: Multiscale, at: At, read_as: Spec) -> None:
    """Judge the axes of all systems of an image; unless judging, of the one that it is shown in."""
    intrinsic = image.intrinsic
    for read in written:
        shown = read.system is intrinsic
        if read.axes is None or not (shown or at.judging):
            continue
        judge_image_axes(
            read.system.axes,
            read.at,
            read_as=read_as,
            shown=shown,
            typed=all(isinstance(axis, dict) for axis in read.axes),
        )


def _transformations_regulated(spec: Spec, *, graph: bool) -> bool:
    """Whether the version has transformations in the form in which they are read."""
    return spec.axes is (AxesForm.SYSTEMS if graph else AxesForm.OBJECTS)


def _judge_description(value: dict[str, Any], at: At) -> None:
    """Judge the name of an image, and the description of its downsampling."""
    if "name" not in value:
        at.report(NAME_MISSING, "Image without a name")
    elif not isinstance(value["name"], str):
        at.key("name").wrong_type(value["name"], "a string", SECTION)
    if len(objects(value.get("datasets"))) < 2:
        return  # nothing was downsampled
    if "type" not in value:
        at.report(TYPE_MISSING, 'Image does not say how it was downsampled ("type")')
    if "metadata" not in value:
        found = 'Image gives no details of its downsampling ("metadata")'
        at.report(METADATA_MISSING, found)


def _path_ref(value: str) -> SystemRef:
    return SystemRef(path=value)


def _name_ref(value: str) -> SystemRef:
    return SystemRef(name=value)


def _systems(value: dict[str, Any], at: At, context: Context) -> list[WrittenSystem]:
    _judge_missing(value, at, context)
    if context.graph and value.get("coordinateSystems") is not None:
        here = at.key("coordinateSystems").regulated(at.spec.graph)
        systems = written_coordinate_systems(value["coordinateSystems"], here)
        if systems:
            return systems
    here = at.key("axes").regulated(at.spec.axes in (AxesForm.NAMES, AxesForm.OBJECTS))
    listed = value.get("axes")
    axes: tuple[Axis, ...] = ()
    if listed is not None:
        axes = parse_axes(listed, here, names_expected=context.read_as.axes is AxesForm.NAMES)
    system = here.mark(CoordinateSystem(PHYSICAL, axes))
    return [WrittenSystem(system, listed if isinstance(listed, list | tuple) else None, here)]


def _judge_missing(value: dict[str, Any], at: At, context: Context) -> None:
    """Judge whether an image has the axes or coordinate systems that its version requires."""
    systems, axes = value.get("coordinateSystems"), value.get("axes")
    is_stated = context.read_as.axes is not AxesForm.IMPLIED
    guessed = is_stated and axes is None and not systems
    done = "the last of t, c, z, y, x are used for the dimensions of the array" if guessed else ""
    if at.spec.graph and systems in (None, []):
        at.report(SYSTEMS_MISSING, "Image without coordinate systems", done)
    elif not at.spec.graph and axes is None and (at.spec.axes is not AxesForm.IMPLIED or done):
        at.report(AXES_MISSING, "Image without axes", done)


@dataclass
class _Own:
    """The transformations of an image beside those of its levels."""

    shared: tuple[Transformation, ...] = ()
    """Those that every level shares (until 0.5)."""
    named: list[Transformation] = field(default_factory=list)
    """Those between named systems."""
    places: list[At] = field(default_factory=list)
    """The place of each of the named ones."""


def _own_transformations(
    value: dict[str, Any], systems: Sequence[CoordinateSystem], at: At, context: Context
) -> _Own:
    here = at.key("coordinateTransformations")
    given = value.get("coordinateTransformations")
    own = _Own()
    if given in ([], ()) and not context.graph:
        report_missing(given, here)
    read = [
        (context.extra.read(item, here.item(index)), here.item(index))
        for index, item in enumerate(transformation_items(given, here))
    ]
    shared = []
    for transformation, place in read:
        if context.graph:
            if transformation.input is None or transformation.output is None:
                continue  # reported where it was read
        elif transformation.output is None:
            shared.append(transformation)
            continue
        else:
            # SpatialData calls the image's own system by its axes ("cyx").
            axes = transformation.input.axes if transformation.input else None
            start = SystemRef(None, systems[0].name, axes)
            transformation = with_ends(transformation, here, start, transformation.output)
        own.named.append(transformation)
        own.places.append(place)
    if read and not context.graph:
        judge_kinds([transformation for transformation, *_ in read], here, applied=False)
    own.shared = usable_parts(shared, len(systems[0].axes), here, LENGTH)
    return own


def _metadata(value: Any, at: At) -> FrozenMapping | None:
    if not isinstance(value, dict):
        return None
    try:
        return FrozenMapping(value)
    except TooDeepError as problem:
        at.report(TOO_DEEP, f"Metadata is {problem}", "left out", section=SECTION)
        return None
