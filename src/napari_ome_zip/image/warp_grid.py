"""Where the voxels of a warped image lie: how large they are, and what they cover."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry import Affine, PointMap
from napari_ome_zip.image.warped_array import Points

_LATTICE = {1: 4097, 2: 129, 3: 33}
"""Points that are mapped along each axis to see what an image covers, by the number of axes."""
_SLACK = 1e-6
"""Fraction of a voxel by which an image may reach over the edge of its grid."""


def lattice_over(shape: Sequence[int], nonlinear: Sequence[int]) -> Points:
    """Indices spread over the image from border to border, shape (…, array axes)."""
    most = _LATTICE.get(len(nonlinear), 11)
    along = [
        np.linspace(-0.5, shape[axis] - 0.5, min(most, 2 * shape[axis] + 1)) for axis in nonlinear
    ]
    points = np.zeros((*map(len, along), len(shape)))
    for axis, indices in zip(nonlinear, np.meshgrid(*along, indexing="ij"), strict=True):
        points[..., axis] = indices
    return points


def voxel_spacing(
    inverse_map: PointMap, points: Points, nonlinear: Sequence[int], rows: Sequence[int]
) -> Points:
    """Distances along each display axis that cross one voxel of the image, in the middle of all.

    The step along an axis is such that the place in the image moves by one voxel, whichever way.

    Parameters
    ----------
    inverse_map : PointMap
        From the display system to array indices.
    points : ndarray, shape (P, display axes)
        Where the image lies, in the units of the display axes.
    nonlinear, rows : sequence of int
        Array axes that are resampled, and the display axes that take their place.

    Returns
    -------
    ndarray, shape (rows,)

    Raises
    ------
    TransformationError
        When no point can be followed back.
    """
    chosen = points.reshape(-1, points.shape[-1])
    chosen = chosen[:: max(1, len(chosen) // 512)]
    size = np.ptp(chosen, axis=0)
    steps = []
    for row in rows:
        width = 1e-3 * float(size[row] or 1.0)
        aside = np.zeros(points.shape[-1])
        aside[row] = width
        moved = inverse_map.apply(chosen + aside) - inverse_map.apply(chosen - aside)
        speed = np.linalg.norm(moved[:, list(nonlinear)], axis=1) / (2 * width)
        speed = speed[np.isfinite(speed) & (speed > 0)]
        if not len(speed):
            raise TransformationError(
                "The vector field cannot be followed back to the image: it folds, or is not "
                "given where the image lies."
            )
        steps.append(1 / float(np.median(speed)))
    return np.array(steps)


def own_spacing(affine: Affine, nonlinear: Sequence[int], rows: Sequence[int]) -> Points:
    """`voxel_spacing` of the image without its vector field; nan where that means nothing."""
    try:
        back = np.linalg.inv(affine.linear[np.ix_(rows, nonlinear)])
    except np.linalg.LinAlgError:
        return np.full(len(rows), np.nan)
    lengths: Points = 1 / np.linalg.norm(back, axis=0)
    return lengths


def common_unit(factors: Sequence[int]) -> int:
    """Voxels that a grid must be a multiple of, for its levels to coincide at both ends."""
    common = math.lcm(*factors)
    return common if common <= 4 * max(factors) else max(factors)


def span_of(
    coordinates: Points, known: npt.NDArray[np.bool_], start: float, step: float, unit: int
) -> tuple[float, int]:
    """First voxel center and number of voxels of a grid through ``start`` over the coordinates.

    Both ends are made multiples of ``unit``, for the blocks of pixels of the image's lower levels
    to be blocks of the grid as well::

              low ┌─────────── image ───────────┐ high
          ┼──┼──┼──┼──┼──┼──┼──┼──┼──┼──┼──┼──┼──┼──┼──┼
        first             start
          ├── n · unit ────┤
          ├──────────────── m · unit voxels ────────────┤
    """
    bulge = 0.0  # how far the image may reach out between the points of the lattice
    for axis in range(coordinates.ndim):
        if coordinates.shape[axis] > 2:
            second = np.abs(np.diff(coordinates, n=2, axis=axis))
            bulge = max(bulge, float(np.max(second, initial=0.0, where=np.isfinite(second))) / 2)
    low, high = float(coordinates[known].min()) - bulge, float(coordinates[known].max()) + bulge
    before = max(0, math.floor((start - low) / step + _SLACK))
    before = -(-before // unit) * unit
    first = start - before * step
    count = max(1, math.floor((high - first) / step + _SLACK) + 1)
    return first, -(-count // unit) * unit
