"""Reads the levels of a multiscale: their paths, and where their pixels lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.coordinate_system import CoordinateSystem
from napari_ome_zip.ome.json_values import shown, string
from napari_ome_zip.ome.multiscale import PHYSICAL, Dataset, Multiscale
from napari_ome_zip.ome.transformation import (
    Identity,
    MapAxis,
    Scale,
    Sequence,
    SystemRef,
    Transformation,
    Translation,
    Unknown,
)
from napari_ome_zip.ome.transformation_reader import TransformationReader


@dataclass(frozen=True)
class Context:
    """What the levels of one multiscale are read with."""

    version: str
    graph: bool
    """Coordinate systems and named transformations (0.6), not axes and unnamed ones."""
    levels: TransformationReader
    extra: TransformationReader
    """Reads the multiscale's own transformations."""


def dataset_entries(value: Any, at: At) -> list[tuple[str, dict[str, Any], At]]:
    """Return path, object and place of each level; those without a path are left out."""
    if not isinstance(value, list | tuple) or not value:
        found = "missing" if value is None else f"{shown(value)}" if value else "empty"
        at.note(
            "multiscale-datasets-missing",
            f"No resolution levels: datasets is {found}, so there is nothing to show.",
        )
        value = []
    entries = []
    for index, item in enumerate(value):
        here = at.item(index)
        level = item if isinstance(item, dict) else {"path": item}
        path = string(level.get("path"))
        if item is not level or not isinstance(level.get("path"), str) or not path:
            done = f"{shown(path)} is used" if path else "the level is left out"
            code = "dataset-path-missing" if item is level else "wrong-type"
            here.note(code, f"Level {index} has no proper path; {done}.")
        if path:
            entries.append((path, level, here))
    return entries


def transformation_items(value: Any, at: At) -> list[Any]:
    """Return the list of transformations, whatever stands in its place."""
    if value is None:
        return []
    if isinstance(value, dict):
        at.note("wrong-type", "Transformations are no list but one object; used.", harmless=True)
        return [value]
    if not isinstance(value, list | tuple):
        at.note("wrong-type", f"Transformations are {shown(value)}; ignored.")
        return []
    return list(value)


def listed_dataset(
    path: str,
    item: dict[str, Any],
    at: At,
    context: Context,
    shared: tuple[Transformation, ...],
    ndim: int,
    *,
    first: bool,
) -> Dataset:
    """Read a level of version 0.5 or earlier: a scale, then perhaps a translation."""
    here = at.key("coordinateTransformations")
    given = item.get("coordinateTransformations")
    items = transformation_items(given, here)
    if not items:
        # Until 0.3 levels had no transformations; from 0.4 on they MUST have a scale.
        if context.version >= "0.4" and given in (None, []):
            _note_missing("transformations-missing", path, at)
        if not first or not shared:
            return Dataset(path)
    read = [context.levels.read(each, here.item(index)) for index, each in enumerate(items)]
    own = usable_parts(read, ndim, here)
    if read and not own:
        return Dataset(path)
    _check_order(own, path, here)
    parts = own + shared
    start, end = SystemRef(path=path), SystemRef(name=PHYSICAL)
    bare = tuple(replace(part, input=None, output=None) for part in parts)
    if len(bare) == 1:
        return Dataset(path, replace(bare[0], input=start, output=end))
    return Dataset(path, Sequence(bare, input=start, output=end))


def _check_order(parts: tuple[Transformation, ...], path: str, at: At) -> None:
    # A level MUST have exactly one scale, and at most one translation, which comes after it.
    kinds = [part.kind for part in parts if part.kind in ("scale", "translation")]
    if kinds in ([], ["scale"], ["scale", "translation"]):
        return
    if "scale" not in kinds:
        at.note("transformation-scale-count", f"No scale given for level {shown(path)}: 1 is used.")
    elif kinds == ["translation", "scale"]:
        at.note(
            "transformation-order",
            f"Translation before scale in level {shown(path)}: applied in the order written.",
        )
    else:
        one_scale = kinds.count("scale") == 1
        at.note(
            "transformation-translation-count" if one_scale else "transformation-scale-count",
            f"Too many transformations in level {shown(path)}: applied in the order written.",
        )


def graph_dataset(path: str, item: dict[str, Any], at: At, context: Context) -> Dataset:
    """Read a level of version 0.6: exactly one transformation to a named system."""
    here = at.key("coordinateTransformations")
    given = item.get("coordinateTransformations")
    items = transformation_items(given, here)
    if not items:
        if given in (None, []):
            code = "transformations-missing" if given is None else "level-transformation-count"
            _note_missing(code, path, at)
        return Dataset(path)
    read = [context.levels.read(each, here.item(index)) for index, each in enumerate(items)]
    if len(read) > 1:
        here.note(
            "level-transformation-count",
            f"Too many transformations in level {shown(path)}: applied in the order written.",
        )
        bare = tuple(replace(part, input=None, output=None) for part in read)
        read = [Sequence(bare, input=read[0].input, output=read[-1].output)]
    if any(isinstance(inner, Unknown) for inner in read[0].walk()):
        return Dataset(path)
    return Dataset(path, read[0])


def _note_missing(code: str, path: str, at: At) -> None:
    at.note(code, f"No scale given for level {shown(path)}: 1, or the ratio of the sizes, is used.")


def agreeing(
    systems: tuple[CoordinateSystem, ...],
    datasets: tuple[Dataset, ...],
    at: At,
) -> tuple[Dataset, ...]:
    """Let all levels lead to one intrinsic system, and drop transformations that cannot."""
    # All levels MUST share the output: a system listed in the same document.
    intrinsic = Multiscale(coordinate_systems=systems, datasets=datasets).intrinsic
    names = {system.name for system in systems}
    return tuple(
        _agreeing_level(dataset, intrinsic, names, at.key("datasets").item(index))
        for index, dataset in enumerate(datasets)
    )


def _agreeing_level(
    dataset: Dataset, intrinsic: CoordinateSystem, names: set[str], at: At
) -> Dataset:
    found = dataset.transformation
    if found is None:
        return dataset
    output = found.output or SystemRef()
    if output.path is not None or output.name not in names:
        at.note(
            _output_fault(output),
            f"Level {shown(dataset.path)} leads to no listed system;"
            f" {shown(intrinsic.name)} is used.",
        )
        found = replace(found, output=SystemRef(name=intrinsic.name))
    elif output.name != intrinsic.name:
        at.note(
            "level-output-differs",
            f"Level {shown(dataset.path)} leads to {shown(output.name)}, the others to"
            f" {shown(intrinsic.name)}; it is placed by the ratio of the sizes.",
        )
        return Dataset(dataset.path)
    if found.input is None:
        found = replace(found, input=SystemRef(path=dataset.path))
    # Since 0.6 the numbers of all kinds of transformations are judged by one rule.
    code = "transformation-dimensions"
    usable = usable_parts([found], len(intrinsic.axes), at, code)
    return Dataset(dataset.path, usable[0] if usable else None)


def _output_fault(output: SystemRef) -> str:
    if output.name is None:
        return "transformation-reference-missing"
    surplus = output.path is not None
    return "transformation-reference-surplus" if surplus else "coordinate-system-unknown"


def usable_parts(
    parts: list[Transformation],
    ndim: int,
    at: At,
    code: str = "transformation-length",
) -> tuple[Transformation, ...]:
    """Return the parts if they can be applied to ``ndim`` axes (0: not known), else none."""
    if any(isinstance(inner, Unknown) for part in parts for inner in part.walk()):
        return ()
    length = _wrong_length(parts, ndim) if ndim else None
    if length is None:
        return tuple(parts)
    at.note(code, f"A {length[0]} of {length[1]} numbers for {ndim} axes is not applied.")
    return ()


def _wrong_length(parts: list[Transformation], ndim: int) -> tuple[str, int] | None:
    for part in parts:
        match part:
            case Scale(scale=tuple() as found) | Translation(translation=tuple() as found):
                if len(found) != ndim:
                    return part.kind, len(found)
            case Identity() | MapAxis():
                pass
            case Sequence(transformations=inner):
                wrong = _wrong_length(list(inner), ndim)
                if wrong is not None:
                    return wrong
                if not all(isinstance(each, _SAME_AXES) for each in part.walk()):
                    return None
            case _:
                return None  # the number of axes may change from here on
    return None


_SAME_AXES = (Identity, MapAxis, Scale, Sequence, Translation)
