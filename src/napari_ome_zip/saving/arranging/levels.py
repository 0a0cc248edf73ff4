"""Levels of an image that is arranged anew: how many, what they are called, where they lie."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.image.levels import level_factors
from napari_ome_zip.saving.arranging.placement import Placed
from napari_ome_zip.saving.encoding.pyramid import LevelPlan, plan_levels
from napari_ome_zip.saving.options import SaveOptions
from napari_ome_zip.saving.original.stored import StoredLevel, StoredMultiscale

type PlannedLevel = tuple[tuple[int, ...], tuple[float, ...], tuple[int, ...]]
"""Shape, pixels of level 0 that one of its pixels spans, and pixels of the level before."""


def level_count(placed: Placed, options: SaveOptions) -> int:
    """Levels a part has by itself: those chosen, those there are, or down to a screen."""
    if options.levels is not None:
        return options.levels
    there = len(placed.part.sources)
    return there if there > 1 else len(_planned(placed, None))


def _planned(placed: Placed, count: int | None) -> tuple[LevelPlan, ...]:
    """Levels from the last one there is, itself included."""
    part = placed.part
    full, last = part.sources[0].shape, part.sources[-1].shape
    spacing = [s * f for s, f in zip(placed.scale, level_factors(full, last), strict=True)]
    types = tuple(axis.role for axis in part.axes)
    return plan_levels(last, types, spacing, count=None if count is None else max(1, count))


def level_name(level: StoredLevel, group: str, number: int) -> str:
    """Path of a level's array from its group."""
    name = level.path.removeprefix(f"{group}/" if group else "")
    return str(number) if group and name == level.path else name


def free_name(stored: StoredMultiscale, number: int) -> str:
    """Name of a new level: that of the level whose place it takes, else a number that is free."""
    if number < len(stored.levels):
        return level_name(stored.levels[number], stored.path, number)
    taken = {level_name(level, stored.path, n) for n, level in enumerate(stored.levels)}
    return next(name for n in itertools.count(number) if (name := str(n)) not in taken)


def counterpart(stored: StoredMultiscale | None, number: int) -> StoredLevel | None:
    """The level of the file whose place a new one takes."""
    return None if stored is None or number >= len(stored.levels) else stored.levels[number]


def can_store(level: StoredLevel, shape: Sequence[int], dtype: np.dtype[Any]) -> bool:
    """Whether new pixels can be stored as those of a level of the file are."""
    alike = level.array.shape == tuple(shape) and level.array.dtype == dtype
    is_usual = level.array.zarr_format == 3 and level.array.is_regular and level.keeps_bytes
    return alike and is_usual


def is_of_file(part: PlacedPart, level: StoredLevel, shape: Sequence[int]) -> bool:
    """Whether a level has the pixels of the file, so that it lies where they lie."""
    return part.kept is not None and part.kept.pixels and level.array.shape == tuple(shape)


def place_beside(
    level: StoredLevel, first: StoredLevel, placed: Placed
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Place of a level in a part's own system, which may be another one than the file's.

    Both systems agree about level 0; one leads to the other by a factor and a shift an axis.
    """
    same = np.allclose(
        (*first.scale, *first.translation), (*placed.scale, *placed.translation), 1e-12, 0
    )
    if same:
        return level.scale, level.translation
    ratio = [new / old for new, old in zip(placed.scale, first.scale, strict=True)]
    scale = tuple(s * r for s, r in zip(level.scale, ratio, strict=True))
    translation = tuple(
        (t - start) * r + new
        for t, start, r, new in zip(
            level.translation, first.translation, ratio, placed.translation, strict=True
        )
    )
    return scale, translation


def level_sequence(placed: Placed, count: int, *, exactly: bool) -> list[PlannedLevel]:
    """Levels of a part: those there are, then those made from the last of them.

    Parameters
    ----------
    placed : Placed
    count : int
        How many levels to have.
    exactly : bool
        Have as many even where the last is a single pixel, which is then repeated.
    """
    shapes = [tuple(int(n) for n in level.shape) for level in placed.part.levels[:count]]
    ones = (1,) * len(shapes[0])
    levels = [(shape, level_factors(shapes[0], shape), ones) for shape in shapes]
    last_factors = levels[-1][1]
    for level in _planned(placed, count - len(levels) + 1)[1:]:
        factors = tuple(a * b for a, b in zip(last_factors, level.factors, strict=True))
        levels.append((level.shape, factors, level.step))
    while exactly and len(levels) < count:
        shape, factors, _ = levels[-1]
        levels.append((shape, factors, ones))
    return levels
