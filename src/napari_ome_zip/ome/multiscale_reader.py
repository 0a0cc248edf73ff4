"""Reads multiscales of all versions into the one model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from napari_ome_zip.ome.axes import Axis, check_axes, parse_axes
from napari_ome_zip.ome.coordinate_system import CoordinateSystem, parse_coordinate_systems
from napari_ome_zip.ome.frozen_json import FrozenMapping, TooDeepError
from napari_ome_zip.ome.multiscale import PHYSICAL, Dataset, Multiscale
from napari_ome_zip.ome.reading import Notes, Place, shown, text
from napari_ome_zip.ome.transformation import (
    Scale,
    Sequence,
    SystemRef,
    Transformation,
    Translation,
    Unknown,
)
from napari_ome_zip.ome.transformation_reader import TransformationReader


@dataclass(frozen=True)
class _Context:
    """What the parts of one multiscale are read with."""

    notes: Notes
    version: str
    graph: bool
    """Coordinate systems and named transformations (0.6), not axes and unnamed ones."""
    levels: TransformationReader
    extra: TransformationReader
    """Reads the multiscale's own transformations."""


def parse_multiscales(
    value: Any, version: str, place: Place, notes: Notes, *, known_version: bool = True
) -> tuple[Multiscale, ...]:
    """Read the multiscales of a group; the axes of an unknown version are not checked."""
    if isinstance(value, dict):
        notes.add("multiscales-illegal", place, "Multiscales are no list but one object; used.")
        value = [value]
    if not isinstance(value, list | tuple):
        notes.add("multiscales-illegal", place, f"Multiscales are {shown(value)}; ignored.")
        return ()
    if not value:
        notes.add("multiscales-empty", place, "Multiscales is empty: this group holds no image.")
    read = []
    for index, item in enumerate(value):
        here = place.item(index)
        if isinstance(item, dict):
            read.append(_parse_one(item, version, here.owned(), notes, known_version))
        else:
            notes.add("multiscales-illegal", here, f"Multiscale {index} is {shown(item)}; ignored.")
    return tuple(read)


def _parse_one(
    value: dict[str, Any], version: str, place: Place, notes: Notes, known_version: bool
) -> Multiscale:
    graph = value.get("coordinateSystems") is not None or (
        version >= "0.6" and value.get("axes") is None
    )
    context = _Context(
        notes,
        version,
        graph,
        # A bare string is the level's path as input, else the name of a system.
        levels=TransformationReader(notes, _path_ref, _name_ref, repair=True),
        extra=TransformationReader(notes, _name_ref, _name_ref, repair=not graph),
    )
    systems = _systems(value, place, context)
    entries = _dataset_entries(value.get("datasets"), place.key("datasets"), notes)
    shared, alternatives = _multiscale_level(value, systems, place, context)
    if graph:
        datasets = tuple(_graph_dataset(path, item, here, context) for path, item, here in entries)
        systems, datasets = _agree(systems, datasets, place, notes)
    else:
        ndim = len(systems[0].axes)
        datasets = tuple(
            _listed_dataset(path, item, here, context, shared, ndim, first=index == 0)
            for index, (path, item, here) in enumerate(entries)
        )
    multiscale = Multiscale(
        name=text(value.get("name")),
        version=version,
        coordinate_systems=systems,
        datasets=datasets,
        transformations=alternatives,
        type=text(value.get("type")),
        metadata=_metadata(value.get("metadata"), place.key("metadata"), notes),
    )
    if known_version:
        where = place.key("coordinateSystems" if graph else "axes")
        check_axes(multiscale.axes, version, where, notes)
    return multiscale


def _path_ref(value: str) -> SystemRef:
    return SystemRef(path=value)


def _name_ref(value: str) -> SystemRef:
    return SystemRef(name=value)


def _systems(
    value: dict[str, Any], place: Place, context: _Context
) -> tuple[CoordinateSystem, ...]:
    notes = context.notes
    if context.graph:
        systems = parse_coordinate_systems(
            value.get("coordinateSystems"), place.key("coordinateSystems"), notes
        )
        if systems:
            return systems
    axes: tuple[Axis, ...] = ()
    if value.get("axes") is not None:
        axes = parse_axes(
            value["axes"], place.key("axes"), notes, names_expected=context.version == "0.3"
        )
    elif context.version >= "0.3":
        notes.add(
            "axes-missing",
            place,
            "No axes are given: the last of t, c, z, y, x are used for the array's dimensions.",
        )
    return (CoordinateSystem(PHYSICAL, axes),)


def _dataset_entries(
    value: Any, place: Place, notes: Notes
) -> list[tuple[str, dict[str, Any], Place]]:
    if not isinstance(value, list | tuple):
        if value is not None:
            notes.add("datasets-illegal", place, f"Datasets are {shown(value)}; ignored.")
        value = []
    entries = []
    for index, item in enumerate(value):
        here = place.item(index)
        path = item if isinstance(item, str) else None
        if isinstance(item, dict):
            path = item.get("path")
        if isinstance(path, str) and path:
            entries.append((path, item if isinstance(item, dict) else {}, here))
            continue
        written = text(path)
        notes.add(
            "dataset-path-illegal",
            here,
            f"Level {index} has no proper path; "
            + (f"'{written}' is used." if written else "the level is left out."),
        )
        if written:
            entries.append((written, item if isinstance(item, dict) else {}, here))
    if not entries:
        notes.add("datasets-empty", place, "Datasets is empty: this image has no levels to show.")
    return entries


def _items(value: Any, place: Place, notes: Notes) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, dict):
        notes.add(
            "transformations-illegal",
            place,
            "Transformations are no list but one object; used.",
        )
        return [value]
    if not isinstance(value, list | tuple):
        notes.add("transformations-illegal", place, f"Transformations are {shown(value)}; ignored.")
        return []
    return list(value)


def _multiscale_level(
    value: dict[str, Any],
    systems: tuple[CoordinateSystem, ...],
    place: Place,
    context: _Context,
) -> tuple[tuple[Transformation, ...], tuple[Transformation, ...]]:
    """Return those that every level shares (up to 0.5), and those between named systems."""
    here = place.key("coordinateTransformations")
    shared: list[Transformation] = []
    named: list[Transformation] = []
    for index, item in enumerate(
        _items(value.get("coordinateTransformations"), here, context.notes)
    ):
        read = context.extra.read(item, here.item(index))
        if context.graph:
            if read.input is None or read.output is None:
                context.notes.add(
                    "transformation-unanchored",
                    here.item(index),
                    f"Transformation {read.kind or '?'} names no input or output; it is ignored.",
                )
                continue
            named.append(read)
        elif read.output is None:
            shared.append(read)
        else:
            # SpatialData calls the image's own system by its axes ("cyx").
            axes = read.input.axes if read.input else None
            named.append(replace(read, input=SystemRef(None, systems[0].name, axes)))
    usable = _usable(shared, len(systems[0].axes), here, context.notes)
    return usable, tuple(named)


def _usable(
    parts: list[Transformation], ndim: int, place: Place, notes: Notes
) -> tuple[Transformation, ...]:
    """Return the parts if they can be applied to ``ndim`` axes (0: not known), else none."""
    if any(isinstance(inner, Unknown) for part in parts for inner in part.walk()):
        return ()
    length = _wrong_length(parts, ndim) if ndim else None
    if length is None:
        return tuple(parts)
    notes.add(
        "transformation-length",
        place,
        f"A {length[0]} of {length[1]} numbers for {ndim} axes is not applied.",
    )
    return ()


def _wrong_length(parts: list[Transformation], ndim: int) -> tuple[str, int] | None:
    for part in parts:
        match part:
            case Scale(scale=tuple() as found) | Translation(translation=tuple() as found):
                if len(found) != ndim:
                    return part.kind, len(found)
            case Sequence():
                inner = _wrong_length(list(part.transformations), ndim)
                if inner is not None:
                    return inner
            case _:
                return None  # the number of axes may change from here on
    return None


def _listed_dataset(
    path: str,
    item: dict[str, Any],
    place: Place,
    context: _Context,
    shared: tuple[Transformation, ...],
    ndim: int,
    *,
    first: bool,
) -> Dataset:
    """Read a level of version 0.5 or earlier: a scale, then perhaps a translation."""
    notes, here = context.notes, place.key("coordinateTransformations")
    items = _items(item.get("coordinateTransformations"), here, notes)
    if not items:
        # Until 0.3 levels had no transformations; from 0.4 on they MUST have a scale.
        if context.version >= "0.4":
            notes.add(
                "transformations-missing",
                place,
                f"No scale given for level '{path}': it is placed by its number of pixels.",
            )
        if not first or not shared:
            return Dataset(path)
    read = [context.levels.read(each, here.item(index)) for index, each in enumerate(items)]
    own = _usable(read, ndim, here, notes)
    if read and not own:
        return Dataset(path)
    _check_order(own, path, here, notes)
    parts = own + shared
    start, end = SystemRef(path=path), SystemRef(name=PHYSICAL)
    bare = tuple(replace(part, input=None, output=None) for part in parts)
    if len(bare) == 1:
        return Dataset(path, replace(bare[0], input=start, output=end))
    return Dataset(path, Sequence(bare, input=start, output=end))


def _check_order(parts: tuple[Transformation, ...], path: str, place: Place, notes: Notes) -> None:
    # A level MUST have exactly one scale, and at most one translation, which comes after it.
    kinds = [part.kind for part in parts if part.kind in ("scale", "translation")]
    if kinds in ([], ["scale"], ["scale", "translation"]):
        return
    if "scale" not in kinds:
        notes.add("scale-missing", place, f"No scale given for level '{path}': 1 is used.")
    elif kinds == ["translation", "scale"]:
        notes.add(
            "transformations-order",
            place,
            f"Translation before scale in level '{path}': applied in the order written.",
        )
    else:
        notes.add(
            "transformations-several",
            place,
            f"Too many transformations in level '{path}': applied in the order written.",
        )


def _graph_dataset(path: str, item: dict[str, Any], place: Place, context: _Context) -> Dataset:
    """Read a level of version 0.6: exactly one transformation to a named system."""
    notes, here = context.notes, place.key("coordinateTransformations")
    items = _items(item.get("coordinateTransformations"), here, notes)
    if not items:
        notes.add(
            "transformations-missing",
            place,
            f"No scale given for level '{path}': it is placed by its number of pixels.",
        )
        return Dataset(path)
    read = [context.levels.read(each, here.item(index)) for index, each in enumerate(items)]
    if len(read) > 1:
        notes.add(
            "transformations-several",
            here,
            f"Too many transformations in level '{path}': applied in the order written.",
        )
        bare = tuple(replace(part, input=None, output=None) for part in read)
        read = [Sequence(bare, input=read[0].input, output=read[-1].output)]
    if any(isinstance(inner, Unknown) for inner in read[0].walk()):
        return Dataset(path)
    return Dataset(path, read[0])


def _agree(
    systems: tuple[CoordinateSystem, ...],
    datasets: tuple[Dataset, ...],
    place: Place,
    notes: Notes,
) -> tuple[tuple[CoordinateSystem, ...], tuple[Dataset, ...]]:
    """Let all levels lead to one intrinsic system, and drop transformations that cannot."""
    # All levels MUST share the output: a system listed in the same document.
    intrinsic = Multiscale(coordinate_systems=systems, datasets=datasets).intrinsic
    ndim = len(intrinsic.axes)
    agreed: list[Dataset] = []
    for index, dataset in enumerate(datasets):
        here = place.key("datasets").item(index)
        found = dataset.transformation
        if found is None:
            agreed.append(dataset)
            continue
        output = found.output or SystemRef()
        known = output.path is None and any(system.name == output.name for system in systems)
        if not known:
            notes.add(
                "level-output-unknown",
                here,
                f"Level '{dataset.path}' leads to no listed system; '{intrinsic.name}' is used.",
            )
            found = replace(found, output=SystemRef(name=intrinsic.name))
        elif output.name != intrinsic.name:
            notes.add(
                "level-output-differs",
                here,
                f"Level '{dataset.path}' leads to '{output.name}', not '{intrinsic.name}';"
                " it is placed by its number of pixels.",
            )
            agreed.append(Dataset(dataset.path))
            continue
        if found.input is None:
            found = replace(found, input=SystemRef(path=dataset.path))
        usable = _usable([found], ndim, here, notes)
        agreed.append(Dataset(dataset.path, usable[0] if usable else None))
    return systems, tuple(agreed)


def _metadata(value: Any, place: Place, notes: Notes) -> FrozenMapping | None:
    # What is in it depends on how the levels were made: any object.
    if not isinstance(value, dict):
        return None
    try:
        return FrozenMapping(value)
    except TooDeepError as problem:
        notes.add("metadata-too-deep", place, f"Metadata is {problem}; left out.")
        return None
