"""Plan the smaller levels of a multiscale image; `reduction` makes their pixels.

Every level is made from the one before. A pixel of a level stands for a block of pixels of the
level before, starting at the first pixel; where the size is odd, the last block is smaller, and
is averaged over what is there, so that no border is lost (sizes are rounded up). Repeated halving
thus gives the same sizes as one division by 2, 4, 8 of the full size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MAX_EDGE = 1024
"""Spatial edge of the coarsest level in pixels, at most: about one screen."""

MAX_VOXELS = 1 << 26
"""Spatial pixels of the coarsest level, at most: what a graphics card shows at once in 3D."""

# Halving an axis whose spacing is up to √2 times the finest brings both closer to each other;
# beyond that it would drive them apart.
_NEARLY_EQUAL = math.sqrt(2)


@dataclass(frozen=True, slots=True)
class LevelPlan:
    """One level of a multiscale image, the full resolution included."""

    shape: tuple[int, ...]
    """Its size along each axis, in pixels."""
    factors: tuple[int, ...]
    """How many pixels of the full resolution one of its pixels spans along each axis."""
    step: tuple[int, ...]
    """The same in pixels of the level before; all 1 for the full resolution."""


def plan_levels(
    shape: Sequence[int],
    axis_types: Sequence[str | None],
    spacing: Sequence[float] | None = None,
    *,
    count: int | None = None,
) -> tuple[LevelPlan, ...]:
    """Plan the levels of a multiscale image, from the full resolution to the coarsest.

    Spatial axes are halved; time and channels never. The last two spatial axes are the plane
    that is looked at; an axis is halved while its spacing is at most about that of the plane
    (up to a factor √2), so voxels approach cubes: a stack with thick slices keeps all of them
    until the pixels of the plane have grown as large.

    Parameters
    ----------
    shape : sequence of int
        Size of the full resolution along each axis, in pixels.
    axis_types : sequence of str or None
        Type of each axis; those that are ``"space"`` are halved.
    spacing : sequence of float, optional
        Pixel size along each axis, in one unit for all spatial axes. Without it, or where it is
        0 or not finite, 1; the sign does not matter.
    count : int, optional
        How many levels to plan, the full resolution included; there are fewer where the image is
        a single pixel before that. Without it, levels go on down to `MAX_EDGE` and
        `MAX_VOXELS`.

    Returns
    -------
    tuple of LevelPlan
        At least the full resolution.

    Raises
    ------
    ValueError
        The sequences differ in length, or ``count`` is less than 1.
    """
    _check_lengths(len(shape), axis_types, spacing)
    if count is not None and count < 1:
        raise ValueError(f"Cannot plan {count} levels: there is at least the full resolution.")
    space = [axis for axis, kind in enumerate(axis_types) if kind == "space"]
    pixel = _usable_spacing(spacing, len(shape))
    ones = (1,) * len(shape)
    levels = [LevelPlan(tuple(shape), ones, ones)]
    while True:
        last = levels[-1]
        edges = [last.shape[axis] for axis in space]
        enough = max(edges, default=0) <= MAX_EDGE and math.prod(edges) <= MAX_VOXELS
        if len(levels) == count or (count is None and enough):
            break
        step = _next_step(last, space, pixel)
        if step == ones:
            break
        factors = tuple(f * s for f, s in zip(last.factors, step, strict=True))
        smaller = tuple(-(-n // s) for n, s in zip(last.shape, step, strict=True))
        levels.append(LevelPlan(smaller, factors, step))
    return tuple(levels)


def level_transforms(
    spacing: Sequence[float], translation: Sequence[float], factors: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Scale and translation of a level, in the units of the full resolution's.

    A pixel's center is its coordinate, so the first pixel of a level, which spans the first *f*
    pixels of the full resolution, lies (f - 1) / 2 of them further in (OME-Zarr, "multiscales":
    the coordinates of a pixel are those of its center).

    Parameters
    ----------
    spacing, translation : sequence of float
        The full resolution's scale and translation along each axis.
    factors : sequence of int
        Pixels of the full resolution that one of the level's spans (:attr:`LevelPlan.factors`).

    Returns
    -------
    scale, translation : tuple of float
        The level's, along each axis.

    Raises
    ------
    ValueError
        The sequences differ in length.
    """
    scale = tuple(s * f for s, f in zip(spacing, factors, strict=True))
    moved = tuple(
        t + s * (f - 1) / 2 for t, s, f in zip(translation, spacing, factors, strict=True)
    )
    return scale, moved


def _check_lengths(
    ndim: int, axis_types: Sequence[str | None], spacing: Sequence[float] | None
) -> None:
    given = ndim if spacing is None else len(spacing)
    if len(axis_types) != ndim or given != ndim:
        raise ValueError(
            f"An image of {ndim} axes needs {ndim} axis types and spacings, "
            f"found {len(axis_types)} and {given}."
        )


def _usable_spacing(spacing: Sequence[float] | None, ndim: int) -> list[float]:
    given = [1.0] * ndim if spacing is None else [abs(float(value)) for value in spacing]
    return [value if value > 0 and math.isfinite(value) else 1.0 for value in given]


def _next_step(level: LevelPlan, space: Sequence[int], spacing: Sequence[float]) -> tuple[int, ...]:
    """2 for the axes to halve, 1 for the others."""
    size = {axis: spacing[axis] * level.factors[axis] for axis in space if level.shape[axis] > 1}
    plane = [size[axis] for axis in space[-2:] if axis in size] or list(size.values())
    limit = min(plane, default=0.0) * _NEARLY_EQUAL
    return tuple(
        2 if axis in size and size[axis] <= limit else 1 for axis in range(len(level.shape))
    )
