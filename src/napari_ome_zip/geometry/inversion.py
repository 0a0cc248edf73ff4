"""The numeric inverse of a smooth map: which points does it lead to given ones?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

type Points = NDArray[np.float64]
"""Coordinates, shape (P, N)."""

_PLAIN_STEPS, _LOCAL_STEPS = 40, 40
"""Steps by the affine map nearest to the whole, then by the slope around each point."""
_MIN_PACE = 1e-4
"""Where even so small a part of a step brings a point no nearer, it is given up."""


def search(
    evaluate: Callable[[Points], Points],
    targets: Points,
    start: Points,
    back: Points,
    tolerance: float,
    width: float,
) -> tuple[Points, NDArray[np.bool_]]:
    """Find the points that a map leads to ``targets``.

    Each point is moved by what its image misses the target by, led back by the affine map nearest
    to the whole (`back`). A move that brings its image no nearer is taken back, and half of it is
    tried. What is not found by then follows the slope of the map around it instead::

              points                              targets
           p ●──────────── evaluate ───────────▶ ○
             │ pace · back(miss)                  ╲ miss
             ▼                                     ╲
          p' ●──────────── evaluate ───────────▶ ○  ╲
                                                  ╲──▶ ✕
        nearer: p' is kept, the pace doubled (up to 1); else p stays, the pace halved

    Parameters
    ----------
    evaluate : callable
        The map; nan where it is not known.
    targets, start : ndarray, shape (P, N)
        Where to arrive, and where to begin.
    back : ndarray, shape (N, N)
        Linear part of the affine map from targets to points.
    tolerance : float
        How far the image of a found point may lie from its target.
    width : float
        How far aside the slope of the map is taken.

    Returns
    -------
    points : ndarray, shape (P, N)
        The best that were met.
    found : ndarray of bool, shape (P,)
        Whether they are within the tolerance.
    """
    best = start.copy()
    misses = targets - evaluate(best)
    errors = _lengths(misses)
    pace = np.ones(len(best))
    for step in range(_PLAIN_STEPS + _LOCAL_STEPS):
        # A miss that is unknown (nan) has no way to go, so it is not gone on with.
        active = np.flatnonzero((errors > tolerance) & np.isfinite(errors) & (pace > _MIN_PACE))
        if not len(active):
            break
        here = best[active]
        moves = misses[active] @ back.T
        if step >= _PLAIN_STEPS:
            moves = _local_moves(evaluate, here, misses[active], moves, back, width)
        tried = here + pace[active, np.newaxis] * moves
        miss = targets[active] - evaluate(tried)
        error = _lengths(miss)
        better = error < errors[active]
        kept = active[better]
        best[kept], misses[kept], errors[kept] = tried[better], miss[better], error[better]
        pace[kept] = np.minimum(1.0, 2 * pace[kept])
        pace[active[~better]] /= 2
        if step == _PLAIN_STEPS - 1:
            pace[:] = 1.0
    return best, errors <= tolerance


def _local_moves(
    evaluate: Callable[[Points], Points],
    points: Points,
    misses: Points,
    plain: Points,
    back: Points,
    width: float,
) -> Points:
    """Steps that the slope of the map around each point asks for (Newton's); plain where flat."""
    count = points.shape[1]
    slopes = np.empty((len(points), count, count))
    for axis in range(count):
        aside = np.zeros(count)
        aside[axis] = width
        slopes[:, :, axis] = evaluate(points + aside) - evaluate(points - aside)
    slopes /= 2 * width
    usual = 1 / abs(np.linalg.det(back))
    sound = np.abs(np.nan_to_num(np.linalg.det(np.nan_to_num(slopes)))) > 1e-6 * usual
    moves = plain.copy()
    if sound.any():
        moves[sound] = np.linalg.solve(slopes[sound], misses[sound][..., np.newaxis])[..., 0]
    return moves


def _lengths(vectors: Points) -> Points:
    lengths: Points = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return lengths
