"""Checks images against the arrays of their resolution levels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from napari_ome_zip.image.levels import (
    DIMENSIONS,
    DTYPE,
    DTYPE_UNTIL_05,
    NOT_ARRAY,
    NOT_FOUND,
    ORDER,
)
from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.axes import NAME_MISSING
from napari_ome_zip.ome.images.multiscale import Dataset, Multiscale
from napari_ome_zip.ome.images.omero import CHANNEL_COUNT
from napari_ome_zip.ome.json_values import is_list, quoted
from napari_ome_zip.ome.parse import ParsedGroup
from napari_ome_zip.ome.transformations.transformation import (
    Identity,
    Scale,
    SequenceTransformation,
    Transformation,
    Translation,
)
from napari_ome_zip.ome.versions import SPECS, AxesForm, DimensionNames
from napari_ome_zip.rules import INFO, MUST, SHOULD, Effect, Rule
from napari_ome_zip.storage.array_document import ArrayDocument
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy

SECTION = "multiscales metadata"
_IMPLIED = ("t", "c", "z", "y", "x")

NAMES_MISSING = Rule(
    "dimension-names-missing",
    MUST,
    "axes metadata",
    "The arrays of an image name their dimensions (0.5).",
    'Add "dimension_names" with the names of the axes to the zarr.json of the array.',
    effect=Effect.AXES,
)
NAMES_MISMATCH = Rule(
    "dimension-names-mismatch",
    MUST,
    "axes metadata",
    "The dimension names of an array are the names of the axes (0.5).",
    'Write the names of the axes, in their order, into "dimension_names".',
    effect=Effect.AXES,
)
NAMES_UNLIKE = Rule(
    "dimension-names-unlike-axes",
    INFO,
    "axes metadata",
    "The dimension names of an array should be the names of the axes (0.6).",
    "Use the same names, so that other readers of the array are not misled.",
    effect=Effect.AXES,
)
MISALIGNED = Rule(
    "level-misaligned",
    SHOULD,
    SECTION,
    "All levels of an image show the same region.",
    "Give each level the pixel size that follows from its number of pixels, and a translation of "
    "half the difference of the pixel sizes where pixels were averaged.",
    effect=Effect.PLACE,
)
SEPARATOR = Rule(
    "chunks-not-nested",
    SHOULD,
    "storage format",
    'Chunks are stored in nested folders, with "/" between their numbers (0.2 to 0.4).',
    'Write the array with "/" as its dimension separator.',
    effect=Effect.REFUSED,
)


@dataclass(frozen=True, slots=True)
class Level:
    """A level whose array exists, and how it is placed."""

    at: At
    array: ArrayDocument
    scale: tuple[float, ...] | None
    """Pixel sizes; None where it is placed by more than scales and translations."""
    translation: tuple[float, ...]

    @property
    def written_shape(self) -> str:
        """Its shape, for a message."""
        return "×".join(str(n) for n in self.array.shape)


def check_levels(judged: JudgedHierarchy) -> None:
    """Check all images against the arrays of their levels."""
    for path, parsed in judged.groups.items():
        for image in (*parsed.group.multiscales, *parsed.inlined):
            _check_image(image, path, judged)
        if parsed.group.multiscales:
            _check_channels(path, parsed, judged)


def image_axes(image: Multiscale, path: str, judged: JudgedHierarchy) -> tuple[str, ...] | None:
    """Return the names of the axes of an image's arrays, None where they are unknown."""
    if judged.groups[path].spec.axes is AxesForm.IMPLIED:
        return _IMPLIED
    if judged.is_faulty(path, image.intrinsic, NAME_MISSING):
        return None  # some of the names were made up
    return tuple(axis.name for axis in image.axes) or None


def existing_levels(image: Multiscale, path: str, judged: JudgedHierarchy) -> list[Level]:
    """Return the levels of an image whose arrays exist."""
    levels = []
    for dataset in image.datasets:
        array = judged.array(join(path, dataset.path))
        if array is not None:
            is_repaired = judged.is_faulty(path, dataset)
            scale, translation = _placement(dataset, len(array.shape))
            scale = None if is_repaired else scale
            levels.append(Level(judged.place(path, dataset), array, scale, translation))
    return levels


def _placement(dataset: Dataset, ndim: int) -> tuple[tuple[float, ...] | None, tuple[float, ...]]:
    scale, offset = (1.0,) * ndim, (0.0,) * ndim
    parts = _parts(dataset.transformation)
    for part in parts:
        match part:
            case Scale(scale=tuple() as factors) if len(factors) == ndim:
                scale = tuple(a * b for a, b in zip(scale, factors, strict=True))
                offset = tuple(a * b for a, b in zip(offset, factors, strict=True))
            case Translation(translation=tuple() as shift) if len(shift) == ndim:
                offset = tuple(a + b for a, b in zip(offset, shift, strict=True))
            case Identity():
                pass
            case _:
                return None, offset
    return (scale if any(isinstance(part, Scale) for part in parts) else None), offset


def _parts(transformation: Transformation | None) -> Sequence[Transformation]:
    if isinstance(transformation, SequenceTransformation):
        return transformation.transformations
    return () if transformation is None else (transformation,)


def _check_image(image: Multiscale, path: str, judged: JudgedHierarchy) -> None:
    for dataset in image.datasets:
        target = join(path, dataset.path)
        if judged.array(target) is None:
            at = judged.place(path, dataset).key("path")
            if judged.is_group(target):
                at.report(NOT_ARRAY, f"Level {quoted(dataset.path)} is a group, not an array")
            else:
                at.report(NOT_FOUND, f"Level {quoted(dataset.path)} does not exist")
    levels = existing_levels(image, path, judged)
    names = image_axes(image, path, judged)
    for level in levels:
        _check_array(level, names)
    if levels:
        _compare_levels(levels, names is not None)


def _check_array(level: Level, names: tuple[str, ...] | None) -> None:
    at, array, spec = level.at, level.array, level.at.spec
    found = array.dimension_names
    if names is not None and len(names) != len(array.shape):
        message = f"Array of {len(array.shape)} dimensions for {len(names)} axes"
        at.report(DIMENSIONS, message)
    elif names is not None and found != names:
        message = f"Array calls its dimensions {quoted(found)}, the axes {quoted(names)}"
        if spec.dimension_names is DimensionNames.REQUIRED:
            if found is None:
                at.report(NAMES_MISSING, "Array does not name its dimensions (dimension_names)")
            else:
                at.report(NAMES_MISMATCH, message)
        elif spec.dimension_names is DimensionNames.ADVISED and found is not None:
            at.report(NAMES_UNLIKE, message)
    if array.separator == "." and spec.version != "0.1":
        at.report(SEPARATOR, "Chunks lie side by side instead of in nested folders")


def _compare_levels(levels: Sequence[Level], axes_known: bool) -> None:
    first = levels[0]
    for before, level in itertools.pairwise(levels):
        if level.array.data_type != first.array.data_type:
            types = f"{level.array.data_type}, the first {first.array.data_type}"
            is_strict = level.at.spec.graph and level.at.spec.is_known
            rule = DTYPE if is_strict else DTYPE_UNTIL_05
            level.at.report(rule, f"Level has data type {types}")
        if len(level.array.shape) != len(first.array.shape):
            if not axes_known:  # Otherwise it has been compared with the axes.
                counts = f"{len(level.array.shape)} dimensions, the first {len(first.array.shape)}"
                level.at.report(DIMENSIONS, f"Level has {counts}")
        elif math.prod(level.array.shape) > math.prod(before.array.shape):
            shapes = f"{level.written_shape} after {before.written_shape}"
            level.at.report(ORDER, f"Level is larger than the one before it: {shapes}")
        else:
            _check_alignment(first, level)


def _check_alignment(first: Level, level: Level) -> None:
    """Check that a level covers the region of the first, to within one of its own pixels."""
    if first.scale is None or level.scale is None:
        return
    for axis, (size, other) in enumerate(zip(first.scale, level.scale, strict=True)):
        if size == 0 or other == 0:
            continue
        start = abs(level.translation[axis] - first.translation[axis])
        extents = first.array.shape[axis] * size, level.array.shape[axis] * other
        # Odd sizes are rounded up or down at every halving.
        slack = max(abs(size), abs(other)) * 1.001
        if start > slack or abs(extents[0] - extents[1]) > 2 * slack:
            message = (
                f"Level shows another region than the first along axis {axis}: "
                f"{extents[1]:g} long instead of {extents[0]:g}, shifted by {start:g}"
            )
            level.at.report(MISALIGNED, message)
            return


def _check_channels(path: str, parsed: ParsedGroup, judged: JudgedHierarchy) -> None:
    """Check the number of display settings against the number of channels."""
    omero, image = parsed.group.omero, parsed.group.multiscales[0]
    levels, names = existing_levels(image, path, judged), image_axes(image, path, judged)
    # An empty list of settings is one too few for any image; no list is reported where it is read.
    stated, at = _display_settings(parsed) if omero is not None else ({}, parsed.at)
    is_listed = omero is not None and is_list(stated.get("channels"))
    if omero is None or not is_listed or not levels or names is None:
        return
    shape = levels[0].array.shape
    if len(names) != len(shape):
        return
    axis = _channel_axis(image, names)
    expected = 1 if axis is None else shape[axis]
    if len(omero.channels) != expected:
        message = f"Display settings for {len(omero.channels)} channels; the image has {expected}"
        at.key("channels").report(CHANNEL_COUNT, message)


def _channel_axis(image: Multiscale, names: Sequence[str]) -> int | None:
    """Position of the axis that display settings are of."""
    # Only the axis named "c" has display settings, not a custom axis.
    if "c" in names:
        return names.index("c")
    spec = SPECS.get(image.version or "")
    types = [axis.type for axis in image.axes]
    is_free = spec is None or spec.free_axes
    return types.index("channel") if is_free and "channel" in types else None


def _display_settings(parsed: ParsedGroup) -> tuple[Mapping[str, object], At]:
    """Return the display settings of an image as they are written, with their place."""
    keys, at = parsed.namespace.keys, parsed.at
    if parsed.group.node is not None:
        keys, at = keys.get("attributes", {}), at.key("attributes")
    return keys.get("omero", {}), at.key("omero")
