"""The inverse of a matrix, whatever units its rows and columns are in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Beyond this condition number fewer than about four digits of an inverse can be trusted: the
# map is flat, whatever its rounding says. It is the smallest that any scaling of rows and
# columns gives, the largest eigenvalue of |inverse|·|matrix| (Bauer 1963): the same for a map
# and its inverse, and whatever units the axes have.
_MAX_CONDITION = 1e12


def inverse_matrix(linear: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Invert a square matrix, or return None where that means nothing.

    Rows in meters beside rows in seconds say nothing about how flat a map is. So rows and columns
    are brought to about 1 first, judged, and the inverse is brought back::

        matrix = 2^rows · balanced · 2^columns
        inverse = 2^-columns · balanced⁻¹ · 2^-rows        exact: powers of two only
    """
    if linear.size == 0:
        return linear.copy()
    diagonal = linear.diagonal()
    if np.count_nonzero(linear) == np.count_nonzero(diagonal) == len(linear):  # scales, mostly
        with np.errstate(over="ignore"):
            scales = np.diag(1.0 / diagonal)
        return scales if np.isfinite(scales).all() else None
    # Powers of two bring rows, then columns, to about 1 without rounding anything.
    rows = np.frexp(abs(linear).max(axis=1))[1]
    balanced = np.ldexp(linear, -rows[:, np.newaxis])
    columns = np.frexp(abs(balanced).max(axis=0))[1]
    balanced = np.ldexp(balanced, -columns[np.newaxis, :])
    try:
        inverse: NDArray[np.float64] = np.linalg.inv(balanced)
    except np.linalg.LinAlgError:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        spread = abs(inverse) @ abs(balanced)
    if not np.isfinite(spread).all() or abs(np.linalg.eigvals(spread)).max() > _MAX_CONDITION:
        return None
    with np.errstate(over="ignore"):
        inverse = np.ldexp(np.ldexp(inverse, -columns[:, np.newaxis]), -rows[np.newaxis, :])
    return inverse if np.isfinite(inverse).all() else None
