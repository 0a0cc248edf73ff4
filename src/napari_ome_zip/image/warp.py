"""Images under a nonlinear map: lazily resampled on a regular grid of the display system.

A viewer places a layer by an affine map and nothing else. An image whose way to the display system
leads through a vector field is therefore given a pixel grid there, and each block of it is computed
when it is looked at: its voxel centers are followed back into the image, whose pixels around them
are read and interpolated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.findings import Finding
from napari_ome_zip.geometry import Affine, AnyMap, PointMap
from napari_ome_zip.geometry.point_map import NONLINEAR, combine, dependence
from napari_ome_zip.image.vector_field_samples import VectorFieldArray
from napari_ome_zip.image.warp_grid import (
    common_unit,
    lattice_over,
    own_spacing,
    span_of,
    voxel_spacing,
)
from napari_ome_zip.image.warped_array import Grid, Points, WarpedArray
from napari_ome_zip.ome import Axis
from napari_ome_zip.pixels.source import PixelSource

MAX_GROWTH = 64
"""The grid may have so many times the voxels of the image, at most."""

_SAME_SIZE = 0.01
"""Voxels that a vector field changes in size by less than this fraction keep their own."""


class Warpable(NamedTuple):
    """What is needed of an image to resample it."""

    sources: tuple[PixelSource, ...]
    """Pixels of each level."""
    to_intrinsic: tuple[Affine, ...]
    """Array indices of each level to the intrinsic system."""
    axes: tuple[Axis, ...]
    """One per array dimension."""
    nearest: bool
    """Whether pixels are names of objects, between which there is nothing."""


@dataclass(frozen=True)
class Warp:
    """An image on its new grid."""

    sources: tuple[WarpedArray, ...]
    axes: tuple[Axis, ...]
    """One per array dimension; nonlinear dimensions are those of the display system."""
    affine: Affine
    """Indices of the new grid to the display system."""
    findings: tuple[Finding, ...] = ()


def warp(image: Warpable, forward: AnyMap, back: AnyMap, axes: Sequence[Axis], path: str) -> Warp:
    """Give an image a grid in the display system, on which it is resampled when looked at.

    The extent of the warped image must be known to make the grid, so vector fields are read;
    pixels are not. Array axes that follow no vector field (time, channel) stay as they are.

    Points spread over the image (the lattice) are mapped to see what it covers, and a grid is
    laid through the image's first pixel over all of that, its voxels as large as a pixel becomes
    in the middle of the image. Its pixels are then found the other way, by the inverse map::

        image                 display system
        ┌─────────┐             ╭────╮            ┼─┼─┼─┼─┼─┼
        │ · · · · │  forward   ╭╯· · ╰─╮          ┼─┼·┼·┼─┼─┼   the grid: origin, spacing,
        │ · · · · │ ────────▶  │· · · ·│  covered ┼·┼·┼·┼·┼─┼   and a number of voxels that
        │ · · · · │ ◀────────  ╰─╮· · ╭╯  by a    ┼─┼·┼·┼·┼─┼   suits all of its levels
        └─────────┘    back      ╰────╯           ┼─┼─┼─┼─┼─┼

    Parameters
    ----------
    image : Warpable
    forward : PointMap or Affine
        Intrinsic system to display system.
    back : PointMap or Affine
        Display system to intrinsic system.
    axes : sequence of Axis
        Of the display system.
    path : str
        Group path of the image, for findings.

    Returns
    -------
    Warp

    Raises
    ------
    TransformationError
        When the image cannot be resampled: a vector field cannot be read or involves the channel
        axis, or the image would become too large.
    """
    nonlinear, rows = _nonlinear_axes(image, forward)
    lattice = lattice_over(image.sources[0].shape, nonlinear)
    mapped = forward.apply(image.to_intrinsic[0].apply(lattice))
    known = np.isfinite(mapped).all(axis=-1)
    if not known.any():
        raise TransformationError("The vector field says nothing about the place of the image.")
    inverse_maps = tuple(_inverse_map(back, level) for level in image.to_intrinsic)
    own = own_spacing(image.to_intrinsic[0].then(_affine_part(forward)), nonlinear, rows)
    steps = [
        voxel_spacing(inverse_map, mapped[known], nonlinear, rows) for inverse_map in inverse_maps
    ]
    factors = [tuple(max(1, round(float(r))) for r in step / steps[0]) for step in steps]
    # Voxels of the image's own size, unless the vector field makes another size of them.
    spacing = np.where(np.abs(steps[0] / own - 1) < _SAME_SIZE, own, steps[0])
    start = forward.apply(image.to_intrinsic[0].apply(np.zeros(len(image.axes))))
    start = start if np.isfinite(start).all() else mapped[known][0]
    spans = [
        span_of(mapped[..., row], known, float(start[row]), float(spacing[n]), common_unit(column))
        for n, (row, column) in enumerate(zip(rows, zip(*factors, strict=True), strict=True))
    ]
    origin, counts = tuple(first for first, _ in spans), [count for _, count in spans]
    _check_size(image, nonlinear, counts)
    sources = []
    for source, inverse_map, by in zip(image.sources, inverse_maps, factors, strict=True):
        grid = Grid(origin, tuple(spacing.tolist()), by)
        shape = _shape_on(grid, source, nonlinear, counts)
        sources.append(
            WarpedArray(source, inverse_map, grid, nonlinear, rows, shape, image.nearest)
        )
    new_axes = list(image.axes)
    for axis, row in zip(nonlinear, rows, strict=True):
        new_axes[axis] = axes[row]
    affine = _grid_affine(image, forward, sources[0], new_axes, axes)
    findings = [*_notes(forward, back), *_not_found(mapped[known], back, path)]
    return Warp(tuple(sources), tuple(new_axes), affine, tuple(dict.fromkeys(findings)))


def _shape_on(
    grid: Grid, source: PixelSource, nonlinear: Sequence[int], counts: Sequence[int]
) -> tuple[int, ...]:
    """Size of a level on the grid, from the voxels of level 0 along each nonlinear axis."""
    shape = list(source.shape)
    for axis, count, factor in zip(nonlinear, counts, grid.factors, strict=True):
        shape[axis] = -(-count // factor)
    return tuple(shape)


def _nonlinear_axes(image: Warpable, forward: AnyMap) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Array axes and display axes that vector fields join with each other, or to such axes.

    An affine map may mix an axis of a vector field with others, which then are resampled as well.
    So axes are added until no row reaches a column outside, and the other way round::

               t  z  y  x
          t  [ 1          ]      y, x follow a vector field (2); z is sheared along y (1),
          z  [    1  1    ]      so z, y and x are resampled together, and t is not
          y  [       2  2 ]
          x  [       2  2 ]
    """
    follows = combine(dependence(image.to_intrinsic[0]), dependence(forward))
    rows, columns = (follows == NONLINEAR).any(axis=1), (follows == NONLINEAR).any(axis=0)
    while True:
        more_rows = rows | (follows[:, columns] != 0).any(axis=1)
        more_columns = columns | (follows[more_rows] != 0).any(axis=0)
        if (more_rows == rows).all() and (more_columns == columns).all():
            break
        rows, columns = more_rows, more_columns
    nonlinear = tuple(int(n) for n in np.flatnonzero(columns))
    channels = [image.axes[n].name for n in nonlinear if image.axes[n].role == "channel"]
    if channels:
        raise TransformationError(
            f"The vector field involves the channel axis '{channels[0]}', expected spatial axes; "
            "byDimension leaves other axes out."
        )
    if len(nonlinear) != np.count_nonzero(rows):
        raise TransformationError(
            f"The vector field leads from {len(nonlinear)} axes of the image to "
            f"{np.count_nonzero(rows)}; it cannot be followed back to the image."
        )
    return nonlinear, tuple(int(n) for n in np.flatnonzero(rows))


def _inverse_map(back: AnyMap, level: Affine) -> PointMap:
    inverse = level.inverse()
    if inverse is None:
        raise TransformationError("The pixel grid of the image is flat.")
    steps = back.steps if isinstance(back, PointMap) else (back,)
    return PointMap((*steps, inverse))


def _check_size(image: Warpable, nonlinear: Sequence[int], counts: Sequence[int]) -> None:
    before = math.prod(image.sources[0].shape[axis] for axis in nonlinear)
    if math.prod(counts) > MAX_GROWTH * (before + 2**16):
        raise TransformationError(
            f"The vector field spreads the image over {' × '.join(map(str, counts))} pixels, "
            f"more than {MAX_GROWTH} times as many as it has."
        )


def _grid_affine(
    image: Warpable,
    forward: AnyMap,
    level: WarpedArray,
    new_axes: Sequence[Axis],
    axes: Sequence[Axis],
) -> Affine:
    """Indices of the new grid to the display system; exact for axes that follow no vector field."""
    matrix = image.to_intrinsic[0].then(_affine_part(forward)).matrix.copy()
    matrix[list(level.rows)] = 0
    for n, (axis, row) in enumerate(zip(level.nonlinear, level.rows, strict=True)):
        matrix[row, axis] = level.grid.spacing[n]
        matrix[row, -1] = level.grid.origin[n]
    return Affine(matrix, tuple(a.name for a in new_axes), tuple(a.name for a in axes))


def _affine_part(forward: AnyMap) -> Affine:
    return forward.skeleton() if isinstance(forward, PointMap) else forward


def _notes(*maps: AnyMap) -> list[Finding]:
    fields = [field for one in maps if isinstance(one, PointMap) for field in one.vector_fields()]
    return [n for f in fields if isinstance(f.samples, VectorFieldArray) for n in f.samples.notes]


def _not_found(mapped: Points, back: AnyMap, path: str) -> list[Finding]:
    """Report where places that the image has in the display system lead nowhere."""
    lost = float((~np.isfinite(back.apply(mapped)).all(axis=-1)).mean())
    if not lost:
        return []
    if lost > 0.5:
        raise TransformationError(
            "The vector field cannot be followed back to the image: no inverse was found for "
            f"{lost:.0%} of it."
        )
    text = (
        f"A vector field could not be inverted for {max(lost, 0.001):.1%} of "
        f"'{path or 'the image'}', where it folds; nothing is shown there."
    )
    return [Finding("field-not-inverted", path, text)]
