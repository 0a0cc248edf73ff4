"""Rules on images and the arrays of their resolution levels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from napari_ome_zip.ome.json_values import is_list, is_name, is_object, is_vector, objects, quoted
from napari_ome_zip.ome.omero import CHANNEL_COUNT
from napari_ome_zip.ome.versions import AxesForm, DimensionNames, Spec
from napari_ome_zip.rules import INFO, MUST, SHOULD, Rule
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.documents.raw import (
    as_objects,
    axes_by_system,
    axis_names,
    intrinsic_system,
)
from napari_ome_zip.validation.hierarchy.document_set import ArrayFacts, DocumentSet
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

SECTION = "multiscales metadata"
_IMPLIED = ("t", "c", "z", "y", "x")

NOT_FOUND = Rule(
    "dataset-not-found",
    MUST,
    SECTION,
    "Every resolution level that is listed exists.",
    "Correct the path, or write the missing array; readers use the levels that exist.",
)
NOT_ARRAY = Rule(
    "dataset-not-array",
    MUST,
    SECTION,
    "The path of a resolution level leads to an array, not to a group.",
    "Give the path of the array itself.",
)
DIMENSIONS = Rule(
    "dataset-dimensions",
    MUST,
    SECTION,
    "An array has as many dimensions as the image has axes.",
    "List one axis per dimension of the array, in its order.",
)
DTYPE_UNTIL_05 = Rule(
    "dataset-dtype-unlike",
    SHOULD,
    SECTION,
    "All levels of an image are best of the same data type (a MUST since 0.6).",
    "Compute the smaller levels again from the largest, keeping its data type.",
)
DTYPE = Rule(
    "dataset-dtype-differs",
    MUST,
    SECTION,
    "All levels of an image have the same data type.",
    "Compute the smaller levels again from the largest, keeping its data type.",
)
ORDER = Rule(
    "dataset-order",
    MUST,
    SECTION,
    "Resolution levels are listed from the largest to the smallest.",
    "List the levels in the order of their size, the largest first.",
)
NAMES_MISSING = Rule(
    "dimension-names-missing",
    MUST,
    "axes metadata",
    "The arrays of an image name their dimensions (0.5).",
    'Add "dimension_names" with the names of the axes to the zarr.json of the array.',
)
NAMES_MISMATCH = Rule(
    "dimension-names-mismatch",
    MUST,
    "axes metadata",
    "The names that an array gives its dimensions are those of the axes (0.5).",
    'Write the names of the axes, in their order, into "dimension_names".',
)
NAMES_UNLIKE = Rule(
    "dimension-names-unlike-axes",
    INFO,
    "axes metadata",
    "The names that an array gives its dimensions are best those of the axes (0.6).",
    "Use the same names, so that other readers of the array are not misled.",
)
MISALIGNED = Rule(
    "level-misaligned",
    SHOULD,
    SECTION,
    "All levels of an image show the same region.",
    "Give each level the pixel size that follows from its number of pixels, and a translation of "
    "half the difference of the pixel sizes where pixels were averaged.",
)
SEPARATOR = Rule(
    "chunks-not-nested",
    SHOULD,
    "storage format",
    'Chunks are stored in nested folders, with "/" between their numbers (0.2 to 0.4).',
    'Write the array with "/" as its dimension separator.',
)


@dataclass(frozen=True, slots=True)
class Level:
    """One level that exists: its array and how it is placed."""

    place: Place
    path: str
    array: ArrayFacts
    scale: list[int | float] | None
    translation: list[int | float] | None


def check_levels(documents: DocumentSet) -> Iterator[Issue]:
    """Check all images against the arrays of their levels."""
    for path, metadata in documents.metadata.items():
        images = as_objects(metadata.content.get("multiscales"))
        for i, image in enumerate(images):
            place = metadata.place.at("multiscales", i)
            yield from _check_image(image, path, documents, place)
        if images:
            yield from _check_channels(metadata.content, path, documents, metadata.place)


def image_axes(image: Mapping[str, object], spec: Spec) -> tuple[str, ...] | None:
    """Return the names of the axes of an image's arrays, None where they are unknown."""
    if spec.axes is AxesForm.IMPLIED:
        return _IMPLIED
    axes: object = image.get("axes")
    if spec.graph:
        system = intrinsic_system(image)
        axes = axes_by_system(image.get("coordinateSystems")).get(system or "")
    names = axis_names(axes)
    return names if is_list(axes) and len(names) == len(axes) else None


def existing_levels(
    image: Mapping[str, object], group: str, documents: DocumentSet, place: Place
) -> list[Level]:
    """Return the levels of an image whose arrays exist."""
    levels = []
    for i, dataset in enumerate(as_objects(image.get("datasets"))):
        path = dataset.get("path")
        array = documents.array(join(group, path)) if is_name(path) else None
        if is_name(path) and array is not None:
            scale, translation = _placement(dataset)
            levels.append(Level(place.at("datasets", i), path, array, scale, translation))
    return levels


def _placement(
    dataset: Mapping[str, object],
) -> tuple[list[int | float] | None, list[int | float] | None]:
    items = objects(dataset.get("coordinateTransformations"))
    if len(items) == 1 and items[0].get("type") == "sequence":
        items = objects(items[0].get("transformations"))
    found: dict[str, list[int | float]] = {}
    for item in items:
        kind = item.get("type")
        values = item.get(kind) if isinstance(kind, str) else None
        if isinstance(kind, str) and is_vector(values):
            found[kind] = values
    return found.get("scale"), found.get("translation")


def _check_image(
    image: Mapping[str, object], group: str, documents: DocumentSet, place: Place
) -> Iterator[Issue]:
    for i, dataset in enumerate(as_objects(image.get("datasets"))):
        path = dataset.get("path")
        if is_name(path) and documents.array(join(group, path)) is None:
            at = place.at("datasets", i, "path")
            if documents.is_group(join(group, path)):
                yield at.issue(NOT_ARRAY, f"Level {quoted(path)} is a group, not an array")
            else:
                yield at.issue(NOT_FOUND, f"Level {quoted(path)} does not exist")
    levels = existing_levels(image, group, documents, place)
    names = image_axes(image, place.spec)
    for level in levels:
        yield from _check_array(level, names)
    if levels:
        yield from _compare_levels(levels, names is not None)


def _check_array(level: Level, names: tuple[str, ...] | None) -> Iterator[Issue]:
    place, array, spec = level.place, level.array, level.place.spec
    if names is not None and len(names) != len(array.shape):
        message = f"Array of {len(array.shape)} dimensions for {len(names)} axes"
        yield place.issue(DIMENSIONS, message)
    elif names is not None and array.dimension_names != names:
        found = array.dimension_names
        if spec.dimension_names is DimensionNames.REQUIRED:
            if found is None:
                message = "Array does not name its dimensions (dimension_names)"
                yield place.issue(NAMES_MISSING, message)
            else:
                message = f"Array calls its dimensions {quoted(found)}, the axes {quoted(names)}"
                yield place.issue(NAMES_MISMATCH, message)
        elif spec.dimension_names is DimensionNames.ADVISED and found is not None:
            message = f"Array calls its dimensions {quoted(found)}, the axes {quoted(names)}"
            yield place.issue(NAMES_UNLIKE, message)
    if array.separator == "." and spec.version != "0.1":
        yield place.issue(SEPARATOR, "Chunks lie side by side instead of in nested folders")


def _compare_levels(levels: list[Level], axes_known: bool) -> Iterator[Issue]:
    first = levels[0]
    for before, level in itertools.pairwise(levels):
        if level.array.dtype != first.array.dtype:
            message = f"Level has data type {level.array.dtype}, the first {first.array.dtype}"
            rule = DTYPE if level.place.spec.graph else DTYPE_UNTIL_05
            yield level.place.issue(rule, message)
        if len(level.array.shape) != len(first.array.shape):
            if not axes_known:  # Otherwise it has been compared with the axes.
                message = f"Level has {len(level.array.shape)} dimensions, the first "
                yield level.place.issue(DIMENSIONS, f"{message}{len(first.array.shape)}")
        elif _size(level) > _size(before):
            message = (
                f"Level is larger than the one before it: {_shape(level)} after {_shape(before)}"
            )
            yield level.place.issue(ORDER, message)
        else:
            yield from _check_alignment(first, level)


def _size(level: Level) -> int:
    size = 1
    for n in level.array.shape:
        size *= n
    return size


def _shape(level: Level) -> str:
    return "×".join(str(n) for n in level.array.shape)


def _check_alignment(first: Level, level: Level) -> Iterator[Issue]:
    """Check that a level covers the region of the first, to within one of its own pixels."""
    ndim = len(first.array.shape)
    if first.scale is None or level.scale is None:
        return
    none = [0] * ndim
    offsets, others = first.translation or none, level.translation or none
    if any(len(v) != ndim for v in (first.scale, level.scale, offsets, others)):
        return
    for axis in range(ndim):
        size, other = first.scale[axis], level.scale[axis]
        if size == 0 or other == 0:
            continue
        start = abs(others[axis] - offsets[axis])
        extents = first.array.shape[axis] * size, level.array.shape[axis] * other
        # Odd sizes are rounded up or down at every halving.
        slack = max(abs(size), abs(other)) * 1.001
        if start > slack or abs(extents[0] - extents[1]) > 2 * slack:
            message = (
                f"Level shows another region than the first along axis {axis}: "
                f"{extents[1]:g} long instead of {extents[0]:g}, shifted by {start:g}"
            )
            yield level.place.issue(MISALIGNED, message)
            return


def _check_channels(
    content: Mapping[str, object], group: str, documents: DocumentSet, place: Place
) -> Iterator[Issue]:
    """Check the number of display settings against the number of channels."""
    omero = content.get("omero")
    channels = omero.get("channels") if is_object(omero) else None
    image = as_objects(content.get("multiscales"))[0]
    levels = existing_levels(image, group, documents, place)
    names = image_axes(image, place.spec)
    if not is_list(channels) or not levels or names is None:
        return
    shape = levels[0].array.shape
    if len(names) != len(shape):
        return
    # Custom axes are told from channels by name here: only "c" has display settings.
    expected = shape[names.index("c")] if "c" in names else 1
    if len(channels) != expected:
        message = f"Display settings for {len(channels)} channels; the image has {expected}"
        yield place.at("omero", "channels").issue(CHANNEL_COUNT, message)
