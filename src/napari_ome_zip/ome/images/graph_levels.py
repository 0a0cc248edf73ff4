"""Reads levels since version 0.6: each has one transformation to a named system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.coordinate_system import CoordinateSystem, report_unknown
from napari_ome_zip.ome.images.level_reader import (
    SECTION,
    Context,
    transformation_items,
    usable_parts,
    with_ends,
)
from napari_ome_zip.ome.images.listed_levels import PLACED_BY_SIZE, report_missing
from napari_ome_zip.ome.images.multiscale import Dataset, Multiscale
from napari_ome_zip.ome.json_values import is_name, quoted
from napari_ome_zip.ome.transformations.dimensions import DIMENSIONS, judge_dimensions
from napari_ome_zip.ome.transformations.transformation import (
    SequenceTransformation,
    SystemRef,
    Transformation,
    Unknown,
)
from napari_ome_zip.rules import MUST, Effect, Rule

LEVEL_COUNT = Rule(
    "level-transformation-count",
    MUST,
    SECTION,
    "Every resolution level has exactly one transformation (since 0.6).",
    'Combine several by a "sequence" of a scale and a translation.',
    effect=Effect.PLACE,
)
LEVEL_KIND = Rule(
    "level-transformation-kind",
    MUST,
    SECTION,
    "A resolution level is placed by a scale, an identity, or a sequence of a scale and a "
    "translation (since 0.6).",
    "Write anything more general under the coordinateTransformations of the image, which lead "
    "from its own coordinate system to another one.",
    effect=Effect.PLACE,
)
INPUT_MISMATCH = Rule(
    "level-input-mismatch",
    MUST,
    SECTION,
    "The transformation of a level takes that level as its input.",
    'Give "input" the path of the level it belongs to.',
    is_agreement=True,
    effect=Effect.PLACE,
)
OUTPUT_DIFFERS = Rule(
    "level-output-differs",
    MUST,
    SECTION,
    "All levels of an image are mapped to the same coordinate system.",
    'Give "output" the same name at every level.',
    is_agreement=True,
    effect=Effect.PLACE,
)


@dataclass(frozen=True)
class _Level:
    """A level whose transformations are read, but not yet compared with those of other levels."""

    path: str
    at: At
    """Place of its list of transformations."""
    read: Sequence[Transformation]
    """Its transformations; empty where they cannot be used."""

    @property
    def dataset(self) -> Dataset:
        """The level by itself; several transformations become a sequence in the order written."""
        if len(self.read) < 2:
            return Dataset(self.path, next(iter(self.read), None))
        bare = tuple(with_ends(part, self.at) for part in self.read)
        whole = SequenceTransformation(bare, input=self.read[0].input, output=self.read[-1].output)
        return Dataset(self.path, whole)


def graph_datasets(
    entries: Sequence[tuple[str, dict[str, Any], At]],
    systems: Sequence[CoordinateSystem],
    context: Context,
) -> tuple[Dataset, ...]:
    """Read the levels of an image of version 0.6, which all lead to one of its systems.

    Parameters
    ----------
    entries
        Path, object and place of each level.
    systems
        The coordinate systems of the image.
    context
        How transformations are read.
    """
    levels = [_level(path, item, at, context) for path, item, at in entries]
    datasets = tuple(level.dataset for level in levels)
    # All levels MUST share the output: a system listed in the same document.
    intrinsic = Multiscale(coordinate_systems=tuple(systems), datasets=datasets).intrinsic
    names = {system.name: system for system in systems}
    return tuple(_agreeing(level, intrinsic, names) for level in levels)


def _level(path: str, item: dict[str, Any], at: At, context: Context) -> _Level:
    here = at.key("coordinateTransformations")
    given = item.get("coordinateTransformations")
    items = transformation_items(given, here)
    if given is None:
        report_missing(given, here, PLACED_BY_SIZE)
    elif len(items) != 1 and isinstance(given, list | tuple):
        done = "they are applied in the order written" if items else PLACED_BY_SIZE
        here.report(LEVEL_COUNT, f"{len(items)} transformations of one level, expected one", done)
    read = [context.levels.read(each, here.item(index)) for index, each in enumerate(items)]
    for index, each in enumerate(read if here.judging else ()):
        _judge(each, path if is_name(item.get("path")) else None, here.item(index))
    unusable = any(isinstance(inner, Unknown) for each in read for inner in each.walk())
    return _Level(path, here, () if unusable else read)


def _judge(read: Transformation, path: str | None, at: At) -> None:
    """Judge one transformation of a level by itself."""
    if any(isinstance(inner, Unknown) for inner in read.walk()):
        return
    parts = [part.kind for part in read.parts]
    is_placed = parts == ["scale", "translation"]
    if not (is_placed if read.kind == "sequence" else read.kind in ("scale", "identity")):
        inside = f" of {', '.join(parts)}" if parts else ""
        at.report(LEVEL_KIND, f"A level cannot be placed by {read.kind}{inside}")
    source = read.input.path if read.input else None
    if source is not None and path is not None and source != path:
        found = f"Input is {quoted(source)}, but the level is {quoted(path)}"
        at.key("input").report(INPUT_MISMATCH, found)


def _agreeing(
    level: _Level, intrinsic: CoordinateSystem, systems: Mapping[str, CoordinateSystem]
) -> Dataset:
    """Let a level lead to the intrinsic system, or drop its transformation where it cannot."""
    whole = level.dataset.transformation
    if whole is None:
        return level.dataset
    output = whole.output or SystemRef()
    # Outputs without a name, or with a path, were reported where they were read.
    if output.name != intrinsic.name and output.name is not None and output.path is None:
        at, own_name = level.at.down(len(level.read) - 1, "output"), quoted(intrinsic.name)
        if output.name in systems:
            found = f"Level is mapped to {quoted(output.name)}, others to {own_name}"
            at.report(OUTPUT_DIFFERS, found, "it is placed by the ratio of the sizes")
            return Dataset(level.path)
        report_unknown(output.name, systems, at, f"{own_name} is used")
    usable = usable_parts(level.read, len(intrinsic.axes), level.at, DIMENSIONS)
    if not usable:
        return Dataset(level.path)
    for index, part in enumerate(usable if level.at.judging else ()):
        judge_dimensions(part, intrinsic.axes, intrinsic.axes, level.at.item(index))
    start, end = whole.input or SystemRef(path=level.path), SystemRef(name=intrinsic.name)
    return Dataset(level.path, with_ends(whole, level.at, start, end))
