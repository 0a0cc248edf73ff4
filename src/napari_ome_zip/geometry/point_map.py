"""Maps of points made of steps: affine maps, vector fields, and either for some of the axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry.affine import Affine
from napari_ome_zip.geometry.named_axes import axes_agree, axes_text
from napari_ome_zip.geometry.vector_field import VectorField

type AnyMap = Affine | PointMap
type MapStep = Affine | VectorField | InverseVectorField | Parallel

AFFINE, NONLINEAR = 1, 2
"""How an output axis follows an input axis: by an affine map alone, or through a vector field."""


@dataclass(frozen=True)
class InverseVectorField:
    """A vector field followed backwards, numerically; nan where no point is found."""

    field: VectorField

    @property
    def input_axes(self) -> tuple[str, ...]:
        """Names of the output axes of the vector field."""
        return self.field.output_axes

    @property
    def output_axes(self) -> tuple[str, ...]:
        """Names of the input axes of the vector field."""
        return self.field.input_axes

    def apply(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map points, shape (..., N)."""
        return self.field.inverse_apply(points).points


@dataclass(frozen=True)
class Block:
    """A map of some axes of a point."""

    map: AnyMap
    columns: tuple[int, ...]
    """Input axes of the whole that it takes."""
    rows: tuple[int, ...]
    """Output axes of the whole that it gives."""


@dataclass(frozen=True)
class Parallel:
    """Maps of separate axes, side by side (byDimension); outputs of none are 0."""

    blocks: tuple[Block, ...]
    input_axes: tuple[str, ...]
    output_axes: tuple[str, ...]

    def apply(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map points, shape (..., N) to (..., M)."""
        given = np.asarray(points, dtype=np.float64)
        out = np.zeros((*given.shape[:-1], len(self.output_axes)))
        for block in self.blocks:
            out[..., list(block.rows)] = block.map.apply(given[..., list(block.columns)])
        return out


@dataclass(frozen=True)
class PointMap:
    """A chain of steps, the first one applied first; at least one is or holds a vector field."""

    steps: tuple[MapStep, ...]

    @property
    def input_axes(self) -> tuple[str, ...]:
        """Names of the N input axes."""
        return self.steps[0].input_axes

    @property
    def output_axes(self) -> tuple[str, ...]:
        """Names of the M output axes."""
        return self.steps[-1].output_axes

    def apply(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map points, shape (..., N) to (..., M); nan where a vector field has no value."""
        result = np.asarray(points, dtype=np.float64)
        for step in self.steps:
            result = step.apply(result)
        return result

    def inverse(self) -> PointMap | None:
        """The map that undoes this one, vector fields numerically; None when some step has none."""
        steps = [_inverse_step(step) for step in reversed(self.steps)]
        found = tuple(step for step in steps if step is not None)
        return PointMap(found) if len(found) == len(steps) else None

    def vector_fields(self) -> tuple[VectorField, ...]:
        """All vector fields in it."""
        found: list[VectorField] = []
        for step in self.steps:
            match step:
                case VectorField():
                    found.append(step)
                case InverseVectorField():
                    found.append(step.field)
                case Parallel():
                    for block in step.blocks:
                        found += (
                            block.map.vector_fields() if isinstance(block.map, PointMap) else ()
                        )
        return tuple(found)

    def skeleton(self) -> Affine:
        """The affine map that is left when every vector field maps each axis to itself.

        Exact for output axes that follow no vector field.
        """
        return _reduced(self.steps, self.input_axes, self.output_axes)

    def dependence(self) -> NDArray[np.int8]:
        """Which output axes follow which input axes, shape (M, N): 0, `AFFINE` or `NONLINEAR`."""
        result = _dependence(self.steps[0])
        for step in self.steps[1:]:
            result = combine(result, _dependence(step))
        return result


def join(first: AnyMap, second: AnyMap) -> AnyMap:
    """Apply `first`, then `second`; an Affine where both are.

    Raises
    ------
    TransformationError
        When the output axes of the first are not the input axes of the second.
    """
    if isinstance(first, Affine) and isinstance(second, Affine):
        return first.then(second)
    if not axes_agree(first.output_axes, second.input_axes):
        raise TransformationError(
            f"Maps that do not join: the first ends in {axes_text(first.output_axes)}, "
            f"the second expects {axes_text(second.input_axes)}."
        )
    return PointMap((*_steps(first), *_steps(second)))


def block_diagonal(
    blocks: Sequence[Block], input_axes: tuple[str, ...], output_axes: tuple[str, ...]
) -> AnyMap:
    """Join maps of separate axes in a block diagonal map; an Affine where all are."""
    if any(isinstance(block.map, PointMap) for block in blocks):
        return PointMap((Parallel(tuple(blocks), input_axes, output_axes),))
    matrix = np.zeros((len(output_axes), len(input_axes) + 1))
    for block in blocks:
        if isinstance(block.map, Affine):
            columns = [*block.columns, len(input_axes)]
            matrix[np.ix_(list(block.rows), columns)] = block.map.matrix
    return Affine(matrix, input_axes, output_axes)


def combine(first: NDArray[np.int8], second: NDArray[np.int8]) -> NDArray[np.int8]:
    """How axes follow axes through two maps, `first` applied first."""
    through = np.minimum(first[np.newaxis, :, :], 1) * np.minimum(second[:, :, np.newaxis], 1)
    kind = through * np.maximum(first[np.newaxis, :, :], second[:, :, np.newaxis])
    return kind.max(axis=1, initial=0).astype(np.int8)


def dependence(any_map: AnyMap) -> NDArray[np.int8]:
    """`PointMap.dependence` of either kind of map."""
    return any_map.dependence() if isinstance(any_map, PointMap) else _dependence(any_map)


def _steps(any_map: AnyMap) -> tuple[MapStep, ...]:
    return any_map.steps if isinstance(any_map, PointMap) else (any_map,)


def _inverse_step(step: MapStep) -> MapStep | None:
    match step:
        case Affine():
            return step.inverse()
        case VectorField():
            return (
                InverseVectorField(step) if len(step.input_axes) == len(step.output_axes) else None
            )
        case InverseVectorField():
            return step.field
    columns = sorted(column for block in step.blocks for column in block.columns)
    if columns != list(range(len(step.input_axes))):
        return None
    blocks = []
    for block in step.blocks:
        inverse = block.map.inverse()
        if inverse is None:
            return None
        blocks.append(Block(inverse, block.rows, block.columns))
    return Parallel(tuple(blocks), step.output_axes, step.input_axes)


def _reduced(
    steps: Sequence[MapStep], input_axes: tuple[str, ...], output_axes: tuple[str, ...]
) -> Affine:
    linear, offset = np.eye(len(input_axes)), np.zeros(len(input_axes))
    for step in steps:
        if isinstance(step, Parallel):
            blocks = [
                Block(b.map.skeleton() if isinstance(b.map, PointMap) else b.map, b.columns, b.rows)
                for b in step.blocks
            ]
            flat = block_diagonal(blocks, step.input_axes, step.output_axes)
            matrix = flat.matrix if isinstance(flat, Affine) else np.empty(0)
        elif isinstance(step, Affine):
            matrix = step.matrix
        else:
            matrix = np.eye(len(step.output_axes), len(step.input_axes) + 1)
            matrix[:, -1] = 0
        linear, offset = matrix[:, :-1] @ linear, matrix[:, :-1] @ offset + matrix[:, -1]
    return Affine.from_parts(linear, offset, input_axes, output_axes)


def _dependence(step: MapStep) -> NDArray[np.int8]:
    match step:
        case Affine():
            return np.where(step.linear != 0, AFFINE, 0).astype(np.int8)
        case VectorField() | InverseVectorField():
            return np.full((len(step.output_axes), len(step.input_axes)), NONLINEAR, dtype=np.int8)
    result = np.zeros((len(step.output_axes), len(step.input_axes)), dtype=np.int8)
    for block in step.blocks:
        result[np.ix_(list(block.rows), list(block.columns))] = dependence(block.map)
    return result
