"""Compiles coordinate transformations to maps of points: `Affine`, or `PointMap` with fields.

Every kind of OME-Zarr 0.6 ("coordinateTransformations") but the vector fields is a special case of
an affine map, and so is whatever is made of them by sequence, byDimension and bijection. Axes are
counted, not named: the first input axis is the first entry of the point, as the specification says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import islice
from typing import Literal, NamedTuple, cast

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry.affine import UNNAMED, Affine, axis_index, counted
from napari_ome_zip.geometry.matrices import (
    Axes,
    LoadArray,
    check_axis_count,
    check_indices,
    check_same_count,
    simple_matrix,
)
from napari_ome_zip.geometry.point_map import AnyMap, Block, PointMap, block_diagonal, join
from napari_ome_zip.geometry.vector_field import Samples, VectorField
from napari_ome_zip.ome import transformation as tf


class VectorFieldSamples(NamedTuple):
    """What the file says about a vector field."""

    samples: Samples
    """Vectors on a grid; not read yet."""
    component_axis: int
    """Which axis of the samples holds the components."""
    to_input: Affine
    """Indices of the grid, without the components, to coordinates of its system."""


type LoadVectorField = Callable[[tf.Displacements | tf.Coordinates], VectorFieldSamples]
"""Finds the samples of a vector field; raises TransformationError where there are none."""


class _Loaders(NamedTuple):
    """Reading of what lies outside the document."""

    array: LoadArray
    vector_field: LoadVectorField | None


class Directions(NamedTuple):
    """A transformation compiled in both directions; the order of fields is that of an `Edge`."""

    forward: AnyMap | None
    """Map from input to output; None when it cannot be applied."""
    backward: AnyMap | None
    """Map from output to input; None when there is none."""
    problem: str | None
    """Why a direction is missing (the forward one, if both are); None when none is."""


def compile_affine(
    transformation: tf.Transformation,
    input_axes: Sequence[str],
    output_axes: Sequence[str],
    load_array: LoadArray,
) -> Affine:
    """Compile a transformation to the map from its input system to its output system.

    Parameters
    ----------
    transformation : Transformation
        Any kind; `input` and `output` are not looked at.
    input_axes, output_axes : sequence of str
        Axis names of the two systems.
    load_array : callable
        Reads the array at a `path` as written in the document. What it raises as `OmeZipError`,
        `OSError` or `KeyError` becomes part of the TransformationError.

    Returns
    -------
    Affine
        A square matrix given as (M+1)×(N+1) with a last row 0 … 0 1, as SpatialData and early
        drafts write "affine", is read as M×(N+1) wherever only that fits the axes.

    Raises
    ------
    TransformationError
        When parameters do not fit the axes, or the kind is a vector field or unknown. The message
        names the kind, what was found and what was expected.
    """
    found = compile_pair(transformation, input_axes, output_axes, load_array)
    if not isinstance(found.forward, Affine):
        raise TransformationError(found.problem)
    return found.forward


def compile_pair(
    transformation: tf.Transformation,
    input_axes: Sequence[str],
    output_axes: Sequence[str],
    load_array: LoadArray,
    load_vector_field: LoadVectorField | None = None,
) -> Directions:
    """Compile a transformation in both directions, as far as each can be.

    Backward is the closed-form inverse, except that a bijection's own inverse is used as it is
    given, wherever it is nested. A bijection whose forward part is a vector field can thus still
    be used backward. A vector field without an inverse is followed backward numerically.

    Parameters
    ----------
    transformation, input_axes, output_axes, load_array
        As for `compile_affine`.
    load_vector_field : callable, optional
        Finds the samples of vector fields; without it they are refused by name.

    Returns
    -------
    Directions
        Never raises TransformationError; a missing direction is None and `problem` says why.
    """
    load = _Loaders(load_array, load_vector_field)
    return _directions(transformation, tuple(input_axes), tuple(output_axes), load)


def _directions(
    transformation: tf.Transformation, input_axes: Axes, output_axes: Axes | None, load: _Loaders
) -> Directions:
    """Compile both directions; `output_axes` is None where only the transformation says them."""
    try:
        for axes in (input_axes, output_axes or ()):
            check_axis_count(transformation.kind, len(axes))
        match transformation:
            case tf.SequenceTransformation():
                return _sequence(transformation, input_axes, output_axes, load)
            case tf.ByDimension():
                return _by_dimension(transformation, input_axes, output_axes, load)
            case tf.Bijection():
                return _bijection(transformation, input_axes, output_axes, load)
            case tf.Displacements() | tf.Coordinates() if load.vector_field is not None:
                return _vector_field(transformation, input_axes, output_axes, load.vector_field)
        matrix = simple_matrix(transformation, input_axes, output_axes, load.array)
        if output_axes is None:
            output_axes = _axes_after(transformation, input_axes, len(matrix))
        return _with_inverse(transformation, Affine(matrix, input_axes, output_axes))
    except TransformationError as error:
        return Directions(None, None, str(error))


def _vector_field(
    transformation: tf.Displacements | tf.Coordinates,
    input_axes: Axes,
    output_axes: Axes | None,
    load: LoadVectorField,
) -> Directions:
    found = load(transformation)
    components = found.samples.shape[found.component_axis]
    check_axis_count(transformation.kind, components)
    if output_axes is None:
        same = isinstance(transformation, tf.Displacements)
        output_axes = input_axes if same else (UNNAMED,) * components
    if len(found.to_input.output_axes) != len(input_axes):
        raise TransformationError(
            f"{transformation.kind}: the field at '{transformation.path}' has "
            f"{counted(len(found.to_input.output_axes), 'axis', 'axes')} besides that of the "
            f"components, expected {len(input_axes)}."
        )
    field = VectorField(
        found.samples,
        found.component_axis,
        Affine(found.to_input.matrix, found.to_input.input_axes, input_axes),
        output_axes,
        cast('Literal["displacements", "coordinates"]', transformation.kind),
        transformation.interpolation or "linear",
    )
    return _with_inverse(transformation, PointMap((field,)))


def _with_inverse(transformation: tf.Transformation, forward: AnyMap) -> Directions:
    inverse = forward.inverse()
    if inverse is not None:
        return Directions(forward, inverse, None)
    inputs, outputs = len(forward.input_axes), len(forward.output_axes)
    mixed = f"leads from {inputs} to {counted(outputs, 'axis', 'axes')}"
    reason = mixed if inputs != outputs else "flattens an axis"
    return Directions(
        forward, None, f"{transformation.kind} {reason}, so it cannot be followed backwards."
    )


def _axes_after(transformation: tf.Transformation, input_axes: Axes, count: int) -> Axes:
    """Name the axes between two parts of a sequence: kept by kinds that mix none, else unknown."""
    if isinstance(transformation, tf.Identity | tf.Scale | tf.Translation):
        return input_axes
    return (UNNAMED,) * count


def _sequence(
    transformation: tf.SequenceTransformation,
    input_axes: Axes,
    output_axes: Axes | None,
    load: _Loaders,
) -> Directions:
    parts = list(_flat(transformation)) or [tf.Identity()]
    found: list[Directions] = []
    axes = input_axes
    for index, part in enumerate(parts):
        after = output_axes if index + 1 == len(parts) else None
        if isinstance(part, tf.AffineTransformation) and after is None:
            # The parts that follow can tell a homogeneous matrix from one with an axis more.
            wanted = _expected_inputs(islice(parts, index + 1, None), output_axes)
            after = (UNNAMED,) * len(axes) if wanted == len(axes) else None
        here = _directions(part, axes, after, load)
        if here.problem is not None and len(parts) > 1:
            here = here._replace(problem=f"{here.problem} (Part {index + 1} of a sequence.)")
        if here.forward is None and here.backward is None:
            return here
        found.append(here)
        axes = _ends(here)
    forward = _joined(part.forward for part in found)
    backward = _joined(part.backward for part in reversed(found))
    if backward is None and forward is not None:
        backward = forward.inverse()  # the whole may have what a part lacks
    return Directions(forward, backward, _first_problem(forward, backward, found))


def _flat(sequence: tf.SequenceTransformation) -> Iterable[tf.Transformation]:
    """Yield the parts of a sequence and of the sequences in it, in order of application."""
    for part in sequence.transformations:
        if isinstance(part, tf.SequenceTransformation):
            yield from _flat(part)
        else:
            yield part


def _expected_inputs(parts: Iterable[tf.Transformation], output_axes: Axes | None) -> int | None:
    """Return how many axes the first of the parts that says so takes, None when none does."""
    for part in parts:
        match part:
            case tf.Scale(scale=tuple(values)) | tf.Translation(translation=tuple(values)):
                return len(values)
            case tf.MapAxis(map_axis=values):
                return len(values)
            case tf.Rotation(rotation=tuple(rows)):
                return len(rows)
            case tf.AffineTransformation(affine=tuple(rows)) if rows:
                return len(rows[0]) - 1
            case (
                tf.AffineTransformation()
                | tf.ProjectAxis()
                | tf.ByDimension()
                | tf.Coordinates()
                | tf.Unknown()
            ):
                return None  # these may change the number of axes, and do not say from how many
    return None if output_axes is None else len(output_axes)


def _ends(found: Directions) -> Axes:
    """Return the output axes of a transformation that has at least one direction."""
    if found.forward is not None:
        return found.forward.output_axes
    return found.backward.input_axes if found.backward is not None else ()


def _joined(maps: Iterable[AnyMap | None]) -> AnyMap | None:
    """Apply maps one after the other; None when one of them is missing."""
    listed = list(maps)
    present = [one for one in listed if one is not None]
    return reduce(join, present) if len(present) == len(listed) else None


def _first_problem(
    forward: AnyMap | None, backward: AnyMap | None, parts: Iterable[Directions]
) -> str | None:
    """Return the problem of the first part that lacks the direction which the whole lacks."""
    for part in parts:
        if (forward is None and part.forward is None) or (
            forward is not None and backward is None and part.backward is None
        ):
            return part.problem
    return None


def _by_dimension(
    transformation: tf.ByDimension, input_axes: Axes, output_axes: Axes | None, load: _Loaders
) -> Directions:
    if output_axes is None:
        output_axes = _produced_axes(transformation, input_axes)
    blocks: list[_CompiledItem] = []
    for index, item in enumerate(transformation.items):
        columns = _item_axes(item.input_axes, input_axes, "inputAxes")
        rows = _item_axes(item.output_axes, output_axes, "outputAxes")
        here = _directions(
            item.transformation,
            tuple(input_axes[column] for column in columns),
            tuple(output_axes[row] for row in rows),
            load,
        )
        if here.problem is not None:
            here = here._replace(problem=f"{here.problem} (Part {index + 1} of a byDimension.)")
        blocks.append(_CompiledItem(columns, rows, here))
    # Every output axis MUST appear in exactly one item; input axes may be left out or shared.
    _check_produced_once(blocks, output_axes)
    found = [block.found for block in blocks]
    forward = _assembled(
        [(block.found.forward, block.columns, block.rows) for block in blocks],
        input_axes,
        output_axes,
    )
    backward = None
    if sorted(column for block in blocks for column in block.columns) == list(
        range(len(input_axes))
    ):
        backward = _assembled(
            [(block.found.backward, block.rows, block.columns) for block in blocks],
            output_axes,
            input_axes,
        )
    if backward is None and forward is not None:
        whole = _with_inverse(transformation, forward)
        problem = _first_problem(forward, whole.backward, found) or whole.problem
        return whole._replace(problem=problem)
    return Directions(forward, backward, _first_problem(forward, backward, found))


class _CompiledItem(NamedTuple):
    """One item of a byDimension, compiled."""

    columns: list[int]
    rows: list[int]
    found: Directions


def _assembled(
    blocks: Iterable[tuple[AnyMap | None, list[int], list[int]]],
    input_axes: Axes,
    output_axes: Axes,
) -> AnyMap | None:
    """Put maps of some axes (columns to rows) together; None when one of them is missing."""
    listed = []
    for one, columns, rows in blocks:
        if one is None:
            return None
        listed.append(Block(one, tuple(columns), tuple(rows)))
    return block_diagonal(listed, input_axes, output_axes)


def _produced_axes(transformation: tf.ByDimension, input_axes: Axes) -> Axes:
    """Say which axes a byDimension produces where no system is declared for its output."""
    produced = [axis for item in transformation.items for axis in item.output_axes]
    check_axis_count(transformation.kind, len(produced))
    if any(isinstance(axis, str) for axis in produced):
        return input_axes  # names can only be those that came in
    return (UNNAMED,) * len(produced)


def _item_axes(wanted: Sequence[int | str], axes: Axes, field: str) -> list[int]:
    """Resolve the indices or names of an item to indices of the whole."""
    try:
        indices = [axis_index(axis, axes) if isinstance(axis, str) else axis for axis in wanted]
    except TransformationError as error:
        raise TransformationError(f"byDimension's {field} cannot be resolved: {error}") from error
    check_indices(f"byDimension's {field}", indices, axes)
    return indices


def _check_produced_once(blocks: Iterable[_CompiledItem], output_axes: Axes) -> None:
    produced = [row for block in blocks for row in block.rows]
    for row, name in enumerate(output_axes):
        times = produced.count(row)
        if times != 1:
            called = f" ('{name}')" if name != UNNAMED else ""
            raise TransformationError(
                f"byDimension produces output axis {row}{called} "
                f"{counted(times, 'time', 'times')}, expected once."
            )


def _bijection(
    transformation: tf.Bijection, input_axes: Axes, output_axes: Axes | None, load: _Loaders
) -> Directions:
    check_same_count(transformation, input_axes, output_axes)
    after = (UNNAMED,) * len(input_axes) if output_axes is None else output_axes
    ahead = _directions(transformation.forward, input_axes, after, load)
    back = _directions(transformation.inverse, after, input_axes, load)
    # The inverse is used as given; only where it is unusable is the forward part inverted. The
    # other way round would make the inverse the definition of the transformation.
    backward = ahead.backward if back.forward is None else back.forward
    problem = None
    if ahead.forward is None:
        problem = f"{ahead.problem} (Forward part of a bijection.)"
    elif backward is None:
        problem = f"{back.problem} (Inverse part of a bijection.)"
    return Directions(ahead.forward, backward, problem)
