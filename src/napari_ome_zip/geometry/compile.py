"""Compiles coordinate transformations to maps of points: `Affine`, else `PointMap`.

Every kind of OME-Zarr 0.6 ("coordinateTransformations") but the vector fields is a special case of
an affine map, and so is whatever is made of them by sequence, byDimension and bijection. Axes are
counted, not named: the first input axis is the first entry of the point, as the specification says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Literal, NamedTuple, cast

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry.affine import Affine
from napari_ome_zip.geometry.by_dimension import (
    CompiledItem,
    assembled,
    check_produced_once,
    item_axes,
    produced_axes,
)
from napari_ome_zip.geometry.directions import Directions, first_problem, joined, with_inverse
from napari_ome_zip.geometry.matrices import (
    Axes,
    LoadArray,
    check_axis_count,
    check_same_count,
    simple_matrix,
)
from napari_ome_zip.geometry.named_axes import UNNAMED, counted
from napari_ome_zip.geometry.point_map import PointMap
from napari_ome_zip.geometry.vector_field import Samples, VectorField
from napari_ome_zip.ome.transformations import transformation as tf


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
    transformation : Transformation
        Any kind; `input` and `output` are not looked at. A square matrix given as (M+1)×(N+1) with
        a last row 0 … 0 1, as SpatialData and early drafts write "affine", is read as M×(N+1)
        wherever only that fits the axes.
    input_axes, output_axes : sequence of str
        Axis names of the two systems.
    load_array : callable
        Reads the array at a `path` as written in the document. What it raises as `OmeZipError`,
        `OSError` or `KeyError` becomes part of the problem.
    load_vector_field : callable, optional
        Finds the samples of vector fields; without it they are refused by name.

    Returns
    -------
    Directions
        Never raises TransformationError; a missing direction is None and `problem` names the
        kind, what was found and what was expected.

    Notes
    -----
    OME-Zarr 0.6, section "coordinateTransformations".

    Examples
    --------
    >>> scale = tf.Scale((0.5, 0.25))
    >>> found = compile_pair(scale, ("y", "x"), ("y", "x"), {}.__getitem__)
    >>> found.forward.apply([2, 4]).tolist(), found.backward.apply([1, 1]).tolist()
    ([1.0, 1.0], [2.0, 4.0])
    >>> compile_pair(scale, ("z", "y", "x"), ("z", "y", "x"), {}.__getitem__).problem
    'scale has 2 numbers, expected 3: one for each of 3 axes (z, y, x).'
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
        return with_inverse(transformation, Affine(matrix, input_axes, output_axes))
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
            f"{transformation.kind}: the vector field at '{transformation.path}' has "
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
    return with_inverse(transformation, PointMap((field,)))


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
    """Compile the parts one after the other, each from the axes that the one before leads to.

    Only the last part has its output axes from the document; between parts they follow from the
    part itself, except that an affine matrix may be homogeneous, which the parts after it tell::

        (z, y, x) ── scale ──▶ (z, y, x) ── affine, 4×4 ──▶ ? ── translation of 3 ──▶ (z, y, x)
                                             3 axes, for the translation has 3 numbers
    """
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
        axes = here.output_axes
    forward = joined(part.forward for part in found)
    backward = joined(part.backward for part in reversed(found))
    if backward is None and forward is not None:
        backward = forward.inverse()  # the whole may have what a part lacks
    return Directions(forward, backward, first_problem(forward, backward, found))


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


def _by_dimension(
    transformation: tf.ByDimension, input_axes: Axes, output_axes: Axes | None, load: _Loaders
) -> Directions:
    if output_axes is None:
        output_axes = produced_axes(transformation, input_axes)
    blocks: list[CompiledItem] = []
    for index, item in enumerate(transformation.items):
        columns = item_axes(item.input_axes, input_axes, "inputAxes")
        rows = item_axes(item.output_axes, output_axes, "outputAxes")
        here = _directions(
            item.transformation,
            tuple(input_axes[column] for column in columns),
            tuple(output_axes[row] for row in rows),
            load,
        )
        if here.problem is not None:
            here = here._replace(problem=f"{here.problem} (Part {index + 1} of a byDimension.)")
        blocks.append(CompiledItem(columns, rows, here))
    # Every output axis MUST appear in exactly one item; input axes may be left out or shared.
    check_produced_once(blocks, output_axes)
    found = [block.found for block in blocks]
    forward = assembled(
        [(block.found.forward, block.columns, block.rows) for block in blocks],
        input_axes,
        output_axes,
    )
    backward = None
    if sorted(column for block in blocks for column in block.columns) == list(
        range(len(input_axes))
    ):
        backward = assembled(
            [(block.found.backward, block.rows, block.columns) for block in blocks],
            output_axes,
            input_axes,
        )
    if backward is None and forward is not None:
        whole = with_inverse(transformation, forward)
        problem = first_problem(forward, whole.backward, found) or whole.problem
        return whole._replace(problem=problem)
    return Directions(forward, backward, first_problem(forward, backward, found))


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
