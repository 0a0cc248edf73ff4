"""Rules on transformations (0.6), each by itself: kinds and their parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from napari_ome_zip.ome.json_values import described as describe
from napari_ome_zip.ome.json_values import (
    is_integer,
    is_list,
    is_name,
    is_object,
    is_vector,
    quoted,
)
from napari_ome_zip.rules import MUST, SHOULD, Rule
from napari_ome_zip.validation.documents.level_transformations import SECTION, check_vector
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.rule import Place

# Entries rounded to three digits still pass; a rotation mistaken for a shear does not.
_ORTHONORMAL_TOLERANCE = 2e-3
_MAX_AXES = 5
_CLOSED_FORM = ("identity", "mapAxis", "translation", "scale", "affine", "rotation")
_INTERPOLATIONS = ("nearest", "linear", "bspline-cubic", "cubic")

KIND_UNKNOWN = Rule(
    "transformation-kind-unknown",
    MUST,
    SECTION,
    "A transformation is of one of the types that the specification names.",
    "Use one of the types of the specification; no reader can apply another.",
)
MAP_AXIS = Rule(
    "map-axis-invalid",
    MUST,
    "mapAxis",
    "mapAxis lists the number of every input axis, from 0, exactly once.",
    "List each of the axis numbers 0 to N-1 once: place i names the input axis that becomes "
    "output axis i.",
)
PROJECT_AXIS = Rule(
    "project-axis-invalid",
    MUST,
    "projectAxis",
    "projectAxis lists axes it drops, or axes it creates, each by its number and once.",
    "List the numbers of dropped input axes (droppedInputs) or of created output axes "
    "(createdOutputs), each once.",
)
MATRIX = Rule(
    "matrix-invalid",
    MUST,
    "affine, rotation",
    "A matrix is a list of rows of numbers, all of the same length, or the path of an array.",
    "Write the matrix row by row, as [[…], […]], or store it as an array and give its path.",
)
ROTATION_SQUARE = Rule(
    "rotation-not-square",
    MUST,
    "rotation",
    "The matrix of a rotation has as many rows as columns, two to five.",
    "Write a square matrix with one row per axis; write an offset as a translation.",
)
ROTATION_PROPER = Rule(
    "rotation-not-orthonormal",
    MUST,
    "rotation",
    "The rows of a rotation are orthogonal and of length one, and its determinant is one.",
    'Use "affine" for a matrix that also scales, shears or mirrors.',
)
SEQUENCE = Rule(
    "sequence-empty",
    MUST,
    "sequence",
    "A sequence holds at least one transformation.",
    'List the transformations under "transformations", the one applied first in front; use '
    '"identity" where nothing happens.',
)
BY_DIMENSION = Rule(
    "by-dimension-invalid",
    MUST,
    "byDimension",
    "Each part of a byDimension holds a transformation, and the numbers of its input and output "
    "axes.",
    'Give each part "transformation", "inputAxes" and "outputAxes", the axes as numbers from 0.',
)
BIJECTION = Rule(
    "bijection-incomplete",
    MUST,
    "bijection",
    "A bijection holds a transformation for each direction.",
    'Add both "forward" and "inverse".',
)
BIJECTION_NEEDLESS = Rule(
    "bijection-needless",
    SHOULD,
    "bijection",
    "A bijection is for transformations that cannot be inverted by a formula.",
    "Write the forward transformation alone: its inverse can be computed.",
)
FIELD_PATH = Rule(
    "vector-field-path-missing",
    MUST,
    "coordinates and displacements",
    "A vector field is stored as an image, to which its path leads.",
    'Add the "path" of the image that holds the vectors.',
)
INTERPOLATION = Rule(
    "interpolation-unknown",
    SHOULD,
    "coordinates and displacements",
    "Vectors are interpolated by nearest, linear or bspline-cubic.",
    "Name one of these methods; readers fall back to linear.",
)


@dataclass(frozen=True)
class _Inner:
    """A transformation within another, to be checked next."""

    raw: object
    at: Place


def check_transformation(raw: object, at: Place) -> Iterator[Issue]:
    """Check one transformation and those inside it, whatever it leads from and to.

    They may be nested to any depth, which no stack of calls would hold.
    """
    unfinished = [_check_one(raw, at)]
    while unfinished:
        found = next(unfinished[-1], None)
        if found is None:
            unfinished.pop()
        elif isinstance(found, _Inner):
            unfinished.append(_check_one(found.raw, found.at))
        else:
            yield found


def _check_one(raw: object, at: Place) -> Iterator[Issue | _Inner]:
    if not is_object(raw):
        yield at.wrong_type(raw, "a transformation object", SECTION)
        return
    if not isinstance(raw.get("name", ""), str):
        yield at.at("name").wrong_type(raw["name"], "a text", SECTION)
    kind = raw.get("type")
    check = _CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        found = describe(kind) if "type" in raw else "none"
        message = f"Transformation of unknown type: found {found}"
        yield at.issue(KIND_UNKNOWN, message)
    else:
        yield from check(raw, at)


def _check_identity(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    yield from ()


def _check_scale(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    yield from check_vector(raw, "scale", at)


def _check_translation(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    yield from check_vector(raw, "translation", at)


def _check_map_axis(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    axes = raw.get("mapAxis")
    if not (
        is_vector(axes) and 2 <= len(axes) <= _MAX_AXES and sorted(axes) == [*range(len(axes))]
    ):
        found = str(axes) if is_vector(axes) else describe(axes)
        message = f"mapAxis is no reordering of axes: found {found}"
        yield at.issue(MAP_AXIS, message)


def _check_project_axis(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    fields = [name for name in ("droppedInputs", "createdOutputs") if name in raw]
    if not fields:
        yield at.issue(PROJECT_AXIS, "projectAxis neither drops nor creates an axis")
    for field in fields:
        axes = raw[field]
        legal = is_list(axes) and all(is_integer(a) and 0 <= a < _MAX_AXES for a in axes)
        # Two axes at least remain on either side, of at most five.
        if not (legal and is_list(axes) and 1 <= len(axes) <= _MAX_AXES - 2):
            message = f"projectAxis: {field} is no list of one to three axis numbers: {axes!s:.60}"
            yield at.at(field).issue(PROJECT_AXIS, message)
        elif len({*map(str, axes)}) != len(axes):
            message = f"projectAxis: {field} names an axis twice: {axes}"
            yield at.at(field).issue(PROJECT_AXIS, message)


def _check_affine(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    yield from _check_matrix(raw, "affine", at)


def _check_rotation(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    problems = list(_check_matrix(raw, "rotation", at))
    yield from problems
    rows = matrix(raw.get("rotation"))
    if problems or rows is None:
        return
    size = len(rows)
    if not 2 <= size <= _MAX_AXES or len(rows[0]) != size:
        message = f"Rotation is not square: {size} rows of {len(rows[0])} numbers"
        yield at.at("rotation").issue(ROTATION_SQUARE, message)
    elif not _is_rotation(rows):
        message = "Matrix is no rotation: it also scales, shears or mirrors"
        yield at.at("rotation").issue(ROTATION_PROPER, message)


def _check_matrix(raw: Mapping[str, object], field: str, at: Place) -> Iterator[Issue]:
    path, values = raw.get("path"), raw.get(field)
    if path is None and values is None:
        yield at.issue(MATRIX, f"Matrix missing: {field} has neither numbers nor a path")
    elif path is not None and values is not None:
        yield at.issue(MATRIX, f"Two matrices: {field} has both numbers and a path")
    elif path is not None and not is_name(path):
        yield at.at("path").wrong_type(path, "the path of an array", SECTION)
    elif values is not None and matrix(values) is None:
        message = f"Matrix of {field} is none: found {describe(values)}, expected rows of numbers"
        yield at.at(field).issue(MATRIX, message)


def matrix(raw: object) -> list[list[int | float]] | None:
    """Return rows of equal length, or None where a JSON value is no matrix."""
    if not (is_list(raw) and raw):
        return None
    rows = [row for row in raw if is_vector(row) and row]
    if len(rows) != len(raw) or len({len(row) for row in rows}) != 1:
        return None
    return rows


def _is_rotation(rows: list[list[int | float]]) -> bool:
    size = len(rows)
    for i in range(size):
        for j in range(size):
            dot = sum(a * b for a, b in zip(rows[i], rows[j], strict=True))
            if abs(dot - (i == j)) > _ORTHONORMAL_TOLERANCE:
                return False
    return _determinant(rows) > 0


def _determinant(rows: list[list[int | float]]) -> float:
    """Return the determinant of a matrix of at most five rows, by its first row."""
    if len(rows) == 1:
        return rows[0][0]
    total, sign = 0.0, 1
    for i, first in enumerate(rows[0]):
        total += sign * first * _determinant([row[:i] + row[i + 1 :] for row in rows[1:]])
        sign = -sign
    return total


def _check_sequence(raw: Mapping[str, object], at: Place) -> Iterator[Issue | _Inner]:
    parts = raw.get("transformations")
    if not (is_list(parts) and parts):
        found = describe(parts) if "transformations" in raw else "nothing"
        yield at.issue(SEQUENCE, f"Sequence without transformations: found {found}")
        return
    for i, part in enumerate(parts):
        yield _Inner(part, at.at("transformations", i))


def _check_by_dimension(raw: Mapping[str, object], at: Place) -> Iterator[Issue | _Inner]:
    parts = raw.get("transformations")
    if not (is_list(parts) and parts):
        found = describe(parts) if "transformations" in raw else "nothing"
        yield at.issue(BY_DIMENSION, f"byDimension without transformations: found {found}")
        return
    for i, part in enumerate(parts):
        yield from _check_part(part, at.at("transformations", i))


def _check_part(raw: object, at: Place) -> Iterator[Issue | _Inner]:
    if not is_object(raw):
        yield at.wrong_type(raw, "an object", SECTION)
        return
    for field in ("inputAxes", "outputAxes"):
        axes = raw.get(field)
        if not (is_list(axes) and axes and all(is_integer(a) and a >= 0 for a in axes)):
            found = describe(axes) if field in raw else "nothing"
            if is_list(axes) and axes:
                found = quoted(axes)
            message = f"byDimension: {field} are no axis numbers: found {found}"
            yield at.issue(BY_DIMENSION, message)
    if "transformation" in raw:
        yield _Inner(raw["transformation"], at.at("transformation"))
    else:
        yield at.issue(BY_DIMENSION, "byDimension: part without a transformation")


def _check_bijection(raw: Mapping[str, object], at: Place) -> Iterator[Issue | _Inner]:
    needless = True
    for field in ("forward", "inverse"):
        if field not in raw:
            yield at.issue(BIJECTION, f"Bijection without its {field} transformation")
            return
        part = raw[field]
        yield _Inner(part, at.at(field))
        needless = needless and is_object(part) and part.get("type") in _CLOSED_FORM
    if needless:
        yield at.issue(BIJECTION_NEEDLESS, "Bijection of transformations that a formula inverts")


def _check_field(raw: Mapping[str, object], at: Place) -> Iterator[Issue]:
    if not is_name(raw.get("path")):
        found = describe(raw["path"]) if "path" in raw else "nothing"
        yield at.issue(FIELD_PATH, f"Vector field without a path: found {found}")
    method = raw.get("interpolation", "linear")
    if method not in _INTERPOLATIONS:
        message = f"Unknown interpolation of vectors: {describe(method)}"
        yield at.at("interpolation").issue(INTERPOLATION, message)


_CHECKS: Mapping[str, Callable[[Mapping[str, object], Place], Iterator[Issue | _Inner]]] = {
    "identity": _check_identity,
    "mapAxis": _check_map_axis,
    "projectAxis": _check_project_axis,
    "translation": _check_translation,
    "scale": _check_scale,
    "affine": _check_affine,
    "rotation": _check_rotation,
    "sequence": _check_sequence,
    "byDimension": _check_by_dimension,
    "bijection": _check_bijection,
    "displacements": _check_field,
    "coordinates": _check_field,
}
