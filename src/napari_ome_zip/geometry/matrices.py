"""Matrices of the transformations that contain no other, and the checks of their parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ome_zip.errors import OmeZipError, TransformationError, raise_line_failure
from napari_ome_zip.geometry.affine import real_array
from napari_ome_zip.geometry.named_axes import UNNAMED, axes_text, counted, shape_text
from napari_ome_zip.ome.transformations import transformation as tf

type LoadArray = Callable[[str], NDArray[Any]]
"""Reads the array of parameters at a path as the document writes it."""

type Axes = tuple[str, ...]
"""Names of the axes of a system, in order."""

MAX_AXES = 64
"""No array has more axes; without a bound a small document could ask for huge matrices."""


def simple_matrix(
    transformation: tf.Transformation, input_axes: Axes, output_axes: Axes | None, load: LoadArray
) -> NDArray[np.float64]:
    """Return the matrix of a kind that contains no other.

    Parameters
    ----------
    transformation : Transformation
        Any kind but sequence, byDimension and bijection.
    input_axes : tuple of str, length N
        Axis names of the input system.
    output_axes : tuple of str, length M, or None
        Axis names of the output system; None where only the transformation says how many.
    load : callable
        Reads the array at a `path`.

    Returns
    -------
    ndarray of float64, shape (M, N + 1)

    Raises
    ------
    TransformationError
        When parameters do not fit the axes, or the kind is a vector field or unknown.
    """
    count = len(input_axes)
    match transformation:
        case tf.Identity():
            check_same_count(transformation, input_axes, output_axes)
            return np.eye(count, count + 1)
        case tf.Scale(scale=values, path=path):
            check_same_count(transformation, input_axes, output_axes)
            factors = _vector(transformation, values, path, input_axes, load)
            return np.column_stack([np.diag(factors), np.zeros(count)])
        case tf.Translation(translation=values, path=path):
            check_same_count(transformation, input_axes, output_axes)
            shifts = _vector(transformation, values, path, input_axes, load)
            return np.column_stack([np.eye(count), shifts])
        case tf.Rotation(rotation=rows, path=path):
            check_same_count(transformation, input_axes, output_axes)
            table = _parameters(transformation, rows, path, load)
            _check_shape(transformation, table, (count, count), "one row and column per axis")
            return np.column_stack([table, np.zeros(count)])
        case tf.AffineTransformation():
            return _affine_matrix(transformation, count, output_axes, load)
        case tf.MapAxis():
            return _map_axis_matrix(transformation, input_axes, output_axes)
        case tf.ProjectAxis():
            return _project_axis_matrix(transformation, input_axes, output_axes)
    raise TransformationError(_refusal(transformation))


def _refusal(transformation: tf.Transformation) -> str:
    match transformation:
        case tf.Displacements(path=path) | tf.Coordinates(path=path):
            return (
                f"{transformation.kind} is a vector field (at '{path}'), which cannot be applied "
                "here; expected a transformation that a matrix can express."
            )
        case tf.Unknown(kind=kind, problem=str(problem)):
            return f"{kind or 'transformation'} cannot be applied: {problem}."
        case tf.Unknown(kind=kind):
            return f"'{kind}' is not a kind of transformation that OME-Zarr 0.6 defines."
    return f"{transformation.kind} cannot be expressed as a matrix."


def _affine_matrix(
    transformation: tf.AffineTransformation, count: int, output_axes: Axes | None, load: LoadArray
) -> NDArray[np.float64]:
    table = _parameters(transformation, transformation.affine, transformation.path, load)
    rows = len(table) if output_axes is None and table.ndim else len(output_axes or ())
    check_axis_count(transformation.kind, rows)
    full = (rows + 1, count + 1)
    if output_axes is not None and table.shape == full and _is_unit_row(table[-1]):
        return table[:-1]
    meaning = "one row per output axis, each a factor per input axis and the offset"
    _check_shape(transformation, table, (rows, count + 1), meaning)
    return table


def _is_unit_row(row: NDArray[np.float64]) -> bool:
    """Whether a row is the last one of a matrix in homogeneous coordinates."""
    return row[-1] == 1 and not row[:-1].any()


def _map_axis_matrix(
    transformation: tf.MapAxis, input_axes: Axes, output_axes: Axes | None
) -> NDArray[np.float64]:
    order, count = transformation.map_axis, len(input_axes)
    check_axis_count(transformation.kind, len(order))
    expected = len(order) if output_axes is None else len(output_axes)
    if len(order) != expected:
        raise TransformationError(
            f"mapAxis has {counted(len(order), 'entry', 'entries')}, expected {expected}: "
            "one per output axis."
        )
    # Each index MUST appear exactly once. With fewer outputs than inputs the rest is dropped.
    check_indices("mapAxis", order, input_axes)
    matrix = np.zeros((len(order), count + 1))
    matrix[range(len(order)), list(order)] = 1.0
    return matrix


def _project_axis_matrix(
    transformation: tf.ProjectAxis, input_axes: Axes, output_axes: Axes | None
) -> NDArray[np.float64]:
    dropped, created = transformation.dropped_inputs, transformation.created_outputs
    check_indices("projectAxis (droppedInputs)", dropped, input_axes)
    outputs = len(input_axes) - len(dropped) + len(created)
    check_axis_count(transformation.kind, outputs)
    if output_axes is not None and outputs != len(output_axes):
        raise TransformationError(
            f"projectAxis makes {counted(outputs, 'axis', 'axes')} of {len(input_axes)} "
            f"(drops {len(dropped)}, creates {len(created)}), expected {axes_text(output_axes)}."
        )
    check_indices("projectAxis (createdOutputs)", created, (UNNAMED,) * outputs)
    kept_rows = [row for row in range(outputs) if row not in created]
    kept_columns = [column for column in range(len(input_axes)) if column not in dropped]
    matrix = np.zeros((outputs, len(input_axes) + 1))
    matrix[kept_rows, kept_columns] = 1.0
    return matrix


def _vector(
    transformation: tf.Transformation,
    values: tuple[float, ...] | None,
    path: str | None,
    axes: Axes,
    load: LoadArray,
) -> NDArray[np.float64]:
    numbers = _parameters(transformation, values, path, load)
    if numbers.shape != (len(axes),):
        listed = numbers.ndim == 1
        found = counted(numbers.size, "number", "numbers") if listed else shape_text(numbers.shape)
        raise TransformationError(
            f"{transformation.kind} has {found}, expected {len(axes)}: one for each of "
            f"{axes_text(axes)}."
        )
    return numbers


def _parameters(
    transformation: tf.Transformation, values: ArrayLike | None, path: str | None, load: LoadArray
) -> NDArray[np.float64]:
    """Return parameters from the document or from the array it points to."""
    kind = transformation.kind
    if values is not None:
        return real_array(values, f"{kind} transformation")
    if path is None:
        raise TransformationError(f"{kind} has neither parameters nor a path to them.")
    try:
        loaded = load(path)
    except (OmeZipError, OSError, KeyError) as error:
        raise_line_failure(error)
        raise TransformationError(
            f"{kind} needs the array '{path}', which cannot be read: {error}"
        ) from error
    if np.size(loaded) > MAX_AXES * (MAX_AXES + 1):
        raise TransformationError(
            f"{kind} points to '{path}', an array of {shape_text(np.shape(loaded))}; "
            "expected a small matrix."
        )
    return real_array(loaded, f"array '{path}' of the {kind} transformation")


def check_axis_count(what: str, count: int) -> None:
    """Refuse more axes than an array can have."""
    if count > MAX_AXES:
        raise TransformationError(f"{what} has {count} axes, expected at most {MAX_AXES}.")


def check_same_count(
    transformation: tf.Transformation, input_axes: Axes, output_axes: Axes | None
) -> None:
    """Refuse another number of output axes than input axes, for a kind that keeps it."""
    if output_axes is not None and len(input_axes) != len(output_axes):
        raise TransformationError(
            f"{transformation.kind} keeps the number of axes, but its input has "
            f"{axes_text(input_axes)}, its output {axes_text(output_axes)}."
        )


def _check_shape(
    transformation: tf.Transformation,
    table: NDArray[np.float64],
    expected: tuple[int, int],
    meaning: str,
) -> None:
    if table.shape != expected:
        raise TransformationError(
            f"{transformation.kind} is {shape_text(table.shape)}, expected "
            f"{shape_text(expected)}: {meaning}."
        )


def check_indices(what: str, indices: Sequence[int], axes: Axes) -> None:
    """Refuse indices that are not those of axes, or that repeat."""
    check_axis_count(what, len(indices))
    wrong = [index for index in indices if not 0 <= index < len(axes)]
    twice = [index for index in indices if indices.count(index) > 1]
    if wrong or twice:
        found = f"axis {wrong[0]}" if wrong else f"axis {twice[0]} twice"
        raise TransformationError(
            f"{what} names {found}, expected different indices below {len(axes)}."
        )
