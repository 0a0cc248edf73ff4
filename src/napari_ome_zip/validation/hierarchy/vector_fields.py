"""Checks arrays that hold parameters of transformations (0.6): matrices and vector fields."""

from __future__ import annotations

from collections.abc import Iterator

from napari_ome_zip.ome.at import At
from napari_ome_zip.ome.images.multiscale import Multiscale
from napari_ome_zip.ome.json_values import quoted
from napari_ome_zip.ome.transformations import transformation as tf
from napari_ome_zip.rules import MUST, Effect, Rule
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy

_SECTION = "coordinates and displacements"
_COMPONENTS = {"displacements": "displacement", "coordinates": "coordinate"}

MATRIX_NOT_FOUND = Rule(
    "matrix-array-not-found",
    MUST,
    "affine, rotation",
    "The array that holds a matrix exists, and has two dimensions.",
    "Correct the path, or write the matrix into the document.",
    effect=Effect.PLACE,
)
NOT_FOUND = Rule(
    "vector-field-not-found",
    MUST,
    _SECTION,
    "The image that holds a vector field exists.",
    "Correct the path, or write the missing image.",
    effect=Effect.PLACE,
)
COMPONENTS = Rule(
    "vector-field-axis",
    MUST,
    _SECTION,
    "One axis of a vector field holds the components: it is discrete, of type displacement or "
    "coordinate, and lies before the axes of space.",
    'Give the axis of the components the type "displacement" (or "coordinate") and '
    '"discrete": true, and put it before the axes of space.',
    effect=Effect.PLACE,
)
DIMENSIONS = Rule(
    "vector-field-dimensions",
    MUST,
    _SECTION,
    "A vector field has one axis more than the coordinate system it starts from, and one "
    "component per axis it leads to.",
    "Store the field with one axis per input axis, and as many components as output axes.",
    effect=Effect.PLACE,
)


def check_vector_fields(judged: JudgedHierarchy) -> None:
    """Check all matrices and vector fields that transformations refer to."""
    for path, whole, part in _all_parts(judged):
        at = judged.place(path, part)
        match part:
            case tf.AffineTransformation(path=str(written)) | tf.Rotation(path=str(written)):
                array = judged.array(join(path, written))
                if array is None or len(array.shape) != 2:
                    found = "does not exist" if array is None else "does not have two dimensions"
                    at.report(MATRIX_NOT_FOUND, f"Array {quoted(written)} of the matrix {found}")
            case tf.Displacements(path=written) | tf.Coordinates(path=written):
                target = join(path, written)
                is_early_06 = judged.groups[path].at.document.is_early_06
                if not (is_early_06 and judged.array(target)):
                    counts = _counts(path, whole, judged) if part is whole else (None, None)
                    _check_vector_field(part, target, counts, judged, at)


def vector_field_paths(judged: JudgedHierarchy) -> set[str]:
    """Return the paths of all images that are vector fields."""
    targets = (
        join(path, part.path)
        for path, _, part in _all_parts(judged)
        if isinstance(part, tf.Displacements | tf.Coordinates)
    )
    return {target for target in targets if target is not None}


def _all_parts(
    judged: JudgedHierarchy,
) -> Iterator[tuple[str, tf.Transformation, tf.Transformation]]:
    """Yield each part of every transformation between systems: group path, the whole, the part."""
    for path, parsed in judged.groups.items():
        if parsed.spec.graph:
            scene = parsed.group.scene
            listed = [image.transformations for image in parsed.group.multiscales]
            listed.append(scene.transformations if scene is not None else ())
            for whole in (item for items in listed for item in items):
                for part in whole.walk():
                    yield path, whole, part


def _counts(
    path: str, whole: tf.Transformation, judged: JudgedHierarchy
) -> tuple[int | None, int | None]:
    """Return the numbers of input and output axes of a transformation, None where unknown."""
    sides = (whole.input or tf.SystemRef(), whole.output or tf.SystemRef())
    before, after = (_axis_count(path, ref, judged) for ref in sides)
    return before, after


def _axis_count(path: str, ref: tf.SystemRef, judged: JudgedHierarchy) -> int | None:
    parsed = judged.group(path if ref.path is None else join(path, ref.path))
    if parsed is None:
        return None
    scene = parsed.group.scene if ref.path is None else None
    systems = [system for image in parsed.group.multiscales for system in image.coordinate_systems]
    systems += scene.coordinate_systems if scene is not None else ()
    return next((len(system.axes) for system in systems if system.name == ref.name), None) or None


def _check_vector_field(
    part: tf.Displacements | tf.Coordinates,
    target: str | None,
    counts: tuple[int | None, int | None],
    judged: JudgedHierarchy,
    at: At,
) -> None:
    parsed = judged.group(target)
    if parsed is None or target is None or not parsed.group.multiscales:
        at.report(NOT_FOUND, f"Vector field {quoted(part.path)} does not exist")
        return
    image, kind = parsed.group.multiscales[0], _COMPONENTS[part.kind]
    vector = [index for index, axis in enumerate(image.axes) if axis.type == kind]
    behind = image.axes[vector[0] + 1 :] if vector else ()
    is_before_space = all(axis.type == "space" for axis in behind)
    if len(vector) != 1 or not image.axes[vector[0]].discrete or not is_before_space:
        found = ", ".join(f"{axis.name}: {axis.type or 'no type'}" for axis in image.axes)
        expected = f"a proper axis of components (type {kind})"
        at.report(COMPONENTS, f"Vector field without {expected}: found {found}")
        return
    _check_size(target, image, vector[0], counts, judged, at)


def _check_size(
    path: str,
    image: Multiscale,
    axis: int,
    counts: tuple[int | None, int | None],
    judged: JudgedHierarchy,
    at: At,
) -> None:
    first = image.datasets[0].path if image.datasets else None
    array = judged.array(join(path, first)) if first is not None else None
    if array is None or axis >= len(array.shape):
        return
    before, after = counts
    if before is not None and len(array.shape) != before + 1:
        message = f"Vector field has {len(array.shape)} axes: {before + 1} are expected"
        at.report(DIMENSIONS, message)
    elif after is not None and array.shape[axis] != after:
        message = f"Vectors have {array.shape[axis]} components: {after} are expected"
        at.report(DIMENSIONS, message)
