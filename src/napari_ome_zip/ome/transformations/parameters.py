"""Reads the parameters of transformations that do not contain other transformations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from napari_ome_zip.ome.at import WRONG_TYPE, At
from napari_ome_zip.ome.json_values import (
    described,
    found_in,
    indices,
    is_integer,
    is_list,
    is_name,
    is_number,
    number,
    numbers,
    shortened,
    string,
)
from napari_ome_zip.ome.transformations.references import SECTION
from napari_ome_zip.rules import MUST, SHOULD, Effect, Rule

PARAMETERS = Rule(
    "transformation-parameters",
    MUST,
    SECTION,
    "A transformation holds its parameters: lists of numbers.",
    "Write the numbers, one per axis, under the name of the transformation.",
    effect=Effect.PLACE,
)
SCALE_ZERO = Rule(
    "scale-zero",
    SHOULD,
    SECTION,
    "The numbers of a scale are pixel sizes, negative where an axis is flipped, and never zero.",
    "Write the pixel size, or 1 where it is unknown.",
    effect=Effect.SIZE,
)
MAP_AXIS = Rule(
    "map-axis-invalid",
    MUST,
    "mapAxis",
    "mapAxis lists the number of every input axis, from 0, exactly once.",
    "List each of the axis numbers 0 to N-1 once: place i names the input axis that becomes "
    "output axis i.",
    effect=Effect.PLACE,
)
PROJECT_AXIS = Rule(
    "project-axis-invalid",
    MUST,
    "projectAxis",
    "projectAxis lists axes it drops, or axes it creates, each by its number and once.",
    "List the numbers of dropped input axes (droppedInputs) or of created output axes "
    "(createdOutputs), each once.",
    effect=Effect.PLACE,
)
MATRIX = Rule(
    "matrix-invalid",
    MUST,
    "affine, rotation",
    "A matrix is a list of rows of numbers, all of the same length, or the path of an array.",
    "Write the matrix row by row, as [[…], […]], or store it as an array and give its path.",
    effect=Effect.PLACE,
)
ROTATION_SQUARE = Rule(
    "rotation-not-square",
    MUST,
    "rotation",
    "The matrix of a rotation has as many rows as columns, two to five.",
    "Write a square matrix with one row per axis; write an offset as a translation.",
    effect=Effect.PLACE,
)
ROTATION_PROPER = Rule(
    "rotation-not-orthonormal",
    MUST,
    "rotation",
    "The rows of a rotation are orthogonal and of length one, and its determinant is one.",
    'Use "affine" for a matrix that also scales, shears or mirrors.',
    effect=Effect.PLACE,
)
FIELD_PATH = Rule(
    "vector-field-path-missing",
    MUST,
    "coordinates and displacements",
    "A vector field is stored as an image, to which its path leads.",
    'Add the "path" of the image that holds the vectors.',
    effect=Effect.PLACE,
)
INTERPOLATION = Rule(
    "interpolation-unknown",
    SHOULD,
    "coordinates and displacements",
    "Vectors are interpolated by nearest, linear or bspline-cubic.",
    "Name one of these methods; readers fall back to linear.",
    effect=Effect.PLACE,
)

NOT_APPLIED = "it is not applied"

# Entries rounded to three digits still pass; a rotation mistaken for a shear does not.
_ORTHONORMAL_TOLERANCE = 2e-3
_MAX_AXES = 5
_INTERPOLATIONS = ("nearest", "linear", "bspline-cubic", "cubic")

Matrix = Sequence[Sequence[float]]
Parameters = dict[str, Any]


class UnusableError(Exception):
    """A transformation cannot be applied.

    Parameters
    ----------
    problem : str
        What was found and what was expected, without a full stop.
    rule : Rule, optional
        The rule that is broken; None where that has been reported.
    at : At, optional
        Place of the fault; None for that of the transformation.
    """

    def __init__(self, problem: str, rule: Rule | None = None, at: At | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.rule = rule
        self.at = at


def read_amounts(value: dict[str, Any], kind: str, at: At, *, repair: bool) -> Parameters:
    """Return the numbers of a scale or a translation, or the path of their array (drafts).

    Parameters
    ----------
    value, at
        The transformation and its place.
    kind
        ``scale`` or ``translation``, which is also the name of the field.
    repair
        Whether illegal numbers are replaced: by 1 in a scale, by 0 in a translation.

    Raises
    ------
    UnusableError
        When there are no numbers, or illegal ones and ``repair`` is false.
    """
    listed = value.get(kind)
    if not isinstance(listed, list | tuple):
        missing = f"{kind.capitalize()} without its numbers: found {found_in(value, kind)}"
        missing += ", expected one per axis"
        if listed is None and is_name(value.get("path")):
            at.report(PARAMETERS, missing)
            return {"path": value["path"]}
        raise UnusableError(missing, PARAMETERS)
    read = [number(item) for item in listed]
    neutral = 1.0 if kind == "scale" else 0.0
    faults: list[tuple[Rule, At, str]] = []
    if None in read:
        odd = described(listed[read.index(None)])
        found = f"{kind.capitalize()} without its numbers: found a list with {odd}"
        faults.append((PARAMETERS, at, f"{found}, expected one per axis"))
    # A negative scale is a flip; a scale of 0 would leave nothing to see.
    if kind == "scale" and 0 in read:
        found = f"Pixel size is zero: scale {shortened(str(list(listed)))}"
        faults.append((SCALE_ZERO, at.key(kind), found))
    for rule, here, found in faults:
        here.report(rule, found, f"{neutral:g} is used" if repair else NOT_APPLIED)
    if faults and not repair:
        raise UnusableError(faults[0][2])
    if faults:
        refused = (None, 0) if kind == "scale" else (None,)
        return {kind: tuple(neutral if item in refused else item for item in read)}
    return {kind: tuple(read)}


def read_map_axis(value: dict[str, Any], at: At) -> Parameters:
    """Return the order of axes; raise `UnusableError` where not every axis is named once."""
    written = value.get("mapAxis")
    order = indices(written)
    # Every axis is used exactly once.
    usable = order is not None and bool(order) and sorted(order) == [*range(len(order))]
    legal = at.spec.free_axes or 2 <= len(order or ()) <= _MAX_AXES
    if not (usable and legal):
        found = found_in(value, "mapAxis")
        if is_list(written) and all(map(is_number, written)):
            found = shortened(str(written))
        problem = f"mapAxis is not a reordering of axes: found {found}"
        if not usable:
            raise UnusableError(problem, MAP_AXIS)
        at.report(MAP_AXIS, problem)
    return {"map_axis": order}


_PROJECTED = {"droppedInputs": "dropped_inputs", "createdOutputs": "created_outputs"}


def read_project_axis(value: dict[str, Any], at: At) -> Parameters:
    """Return the axes that are dropped and created; raise `UnusableError` where there are none."""
    if not any(field in value for field in _PROJECTED):
        raise UnusableError("projectAxis neither drops nor creates an axis", PROJECT_AXIS)
    read = {name: indices(value.get(field) or []) for field, name in _PROJECTED.items()}
    # At least one of the two is there, else there is nothing to project.
    unusable = None in read.values() or not any(read.values())
    problems = {
        field: problem
        for field in _PROJECTED
        if field in value and (problem := _wrong_projection(field, value[field], at))
    }
    for field, problem in problems.items():
        at.key(field).report(PROJECT_AXIS, problem, NOT_APPLIED if unusable else "")
    if unusable:
        raise UnusableError(next(iter(problems.values())))
    return read


def _wrong_projection(field: str, axes: Any, at: At) -> str | None:
    wanted, found = "one to three", shortened(str(axes))
    is_legal = is_list(axes) and bool(axes) and all(is_integer(a) and a >= 0 for a in axes)
    if at.spec.free_axes:
        wanted = "one or more"
    elif is_legal:
        # Two axes at least remain on either side, of at most five.
        is_legal = len(axes) <= _MAX_AXES - 2 and max(axes) < _MAX_AXES
    if not is_legal:
        return f"projectAxis: {field} is not a list of {wanted} axis numbers: {found}"
    return None if indices(axes) else f"projectAxis: {field} names an axis twice: {found}"


def read_affine(value: dict[str, Any], at: At) -> Parameters:
    """Return a matrix or the path of its array; raise `UnusableError` where there is neither."""
    return _read_matrix(value, "affine", at)


def read_rotation(value: dict[str, Any], at: At) -> Parameters:
    """Return a square matrix or the path of its array; raise `UnusableError` for anything else."""
    read = _read_matrix(value, "rotation", at)
    matrix: Matrix | None = read.get("rotation")
    if matrix is None:
        return read
    here, size = at.key("rotation"), len(matrix)
    if not 2 <= size <= _MAX_AXES or len(matrix[0]) != size:
        problem = f"Rotation is not square: {size} rows of {len(matrix[0])} numbers"
        if len(matrix[0]) != size:
            raise UnusableError(problem, ROTATION_SQUARE, here)
        here.report(ROTATION_SQUARE, f"{problem}, expected two to five")
    elif at.judging and not _is_rotation(matrix):
        problem = "Matrix is not a rotation: it also scales, shears or mirrors"
        here.report(ROTATION_PROPER, problem)
    return read


def _read_matrix(value: dict[str, Any], field: str, at: At) -> Parameters:
    path, listed = value.get("path"), value.get(field)
    if listed is None:
        if is_name(path):
            return {"path": path}
        if path is None:
            raise UnusableError(f"Matrix missing: {field} has neither numbers nor a path", MATRIX)
        problem = f"Path of the matrix is {described(path)}: the path of an array is expected"
        raise UnusableError(problem, WRONG_TYPE, at.key("path"))
    if path is not None:
        at.report(MATRIX, f"Two matrices: {field} has both numbers and a path")
    rows = [numbers(row) for row in listed] if isinstance(listed, list | tuple) else []
    kept = tuple(row for row in rows if row)
    if not kept or len(kept) != len(rows) or len({len(row) for row in kept}) != 1:
        problem = f"Matrix of {field} is {described(listed)}: rows of numbers are expected"
        raise UnusableError(problem, MATRIX, at.key(field))
    return {field: kept}


def _is_rotation(rows: Matrix) -> bool:
    size = len(rows)
    for i in range(size):
        for j in range(size):
            dot = sum(a * b for a, b in zip(rows[i], rows[j], strict=True))
            if abs(dot - (i == j)) > _ORTHONORMAL_TOLERANCE:
                return False
    return _determinant(rows) > 0


def _determinant(rows: Matrix) -> float:
    """Return the determinant of a matrix of at most five rows, by its first row."""
    if len(rows) == 1:
        return rows[0][0]
    total, sign = 0.0, 1
    for i, first in enumerate(rows[0]):
        rest = [[*row[:i], *row[i + 1 :]] for row in rows[1:]]
        total += sign * first * _determinant(rest)
        sign = -sign
    return total


def read_vector_field(value: dict[str, Any], at: At) -> Parameters:
    """Return path and interpolation of a vector field; raise `UnusableError` without a path."""
    method = value.get("interpolation", "linear")
    if method not in _INTERPOLATIONS:
        found = f"Unknown interpolation of vectors: {described(method)}"
        at.key("interpolation").report(INTERPOLATION, found)
    if not is_name(value.get("path")):
        found = found_in(value, "path")
        raise UnusableError(f"Vector field without a path: found {found}", FIELD_PATH)
    return {"path": value["path"], "interpolation": string(value.get("interpolation"))}


READERS: Mapping[str, Callable[[dict[str, Any], At], Parameters]] = {
    "identity": lambda value, at: {},
    "mapAxis": read_map_axis,
    "projectAxis": read_project_axis,
    "affine": read_affine,
    "rotation": read_rotation,
    "displacements": read_vector_field,
    "coordinates": read_vector_field,
}
"""Reader of the parameters of each kind, but for scale and translation, which may be repaired."""
