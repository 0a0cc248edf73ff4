"""Values between the samples of a regular grid: nearest, linear, cubic B-spline."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_ome_zip.errors import TransformationError

type Floats = NDArray[np.floating[Any]]

# Samples that are added at each edge of a cubic spline: what lies further out counts for less
# than a ten-thousandth of itself (each sample by 0.27 of the one before).
_BORDER = 8


def nearest(samples: NDArray[Any], places: NDArray[np.float64]) -> NDArray[Any]:
    """Take the sample nearest to each place; beyond the grid, that at its edge.

    Parameters
    ----------
    samples : ndarray, shape (n_1, …, n_k, …)
        Values on a grid of k axes; further axes are components.
    places : ndarray, shape (P, k)
        Finite indices, not whole ones; 0 is the first sample.

    Returns
    -------
    ndarray, shape (P, …)
    """
    limits = np.array(samples.shape[: places.shape[1]]) - 1
    # Halves are rounded up, always: rint would take the even neighbor.
    index = np.clip(np.floor(places + 0.5), 0, limits).astype(np.intp)
    taken: NDArray[Any] = samples[tuple(index.T)]
    return taken


def linear(
    samples: NDArray[Any], places: NDArray[np.float64], *, extrapolate: bool = False
) -> NDArray[Any]:
    """Interpolate linearly along each axis.

    Beyond the grid the value at its edge goes on, or, with ``extrapolate``, its slope.
    Parameters are those of `nearest`.

    Returns
    -------
    ndarray of float64 (complex128 of complex samples), shape (P, …)
    """
    count = places.shape[1]
    limits = np.array(samples.shape[:count]) - 1
    if not extrapolate:
        places = np.clip(places, 0, limits)
    low = np.clip(np.floor(places), 0, np.maximum(limits - 1, 0)).astype(np.intp)
    high = np.minimum(low + 1, limits)
    share = np.where(limits > 0, places - low, 0.0)
    kind = np.complex128 if samples.dtype.kind == "c" else np.float64
    out = np.zeros((len(places), *samples.shape[count:]), dtype=kind)
    further = (1,) * (samples.ndim - count)
    for corner in itertools.product((False, True), repeat=count):
        upper = np.array(corner, dtype=bool)
        if np.any(upper & (limits == 0)):
            continue
        index = np.where(upper, high, low)
        weight = np.prod(np.where(upper, share, 1.0 - share), axis=1)
        # A weight of 0 must not let in what a neighbor outside the known part holds (nan).
        used = np.flatnonzero(weight)
        values = samples[tuple(index[used].T)]
        out[used] += weight[used].reshape(-1, *further) * values
    return out


def spline_coefficients(samples: Floats, count: int) -> NDArray[np.float64]:
    """Coefficients of the cubic B-spline through samples on a grid of the first `count` axes.

    Beyond its edge the grid is made to go on with its slope there (its point reflection), which
    the mirror that the filter of scipy knows would flatten.

    Raises
    ------
    TransformationError
        When scipy, which computes them, is not installed.
    """
    try:
        from scipy import ndimage  # type: ignore[import-untyped]
    except ImportError as error:
        raise TransformationError(
            "bspline-cubic needs the package scipy, which is not installed here. "
            "Install it with 'pip install scipy'."
        ) from error
    widths = [(_BORDER if n > 1 else 0,) * 2 for n in samples.shape[:count]]
    widths += [(0, 0)] * (samples.ndim - count)
    coefficients: NDArray[np.float64] = np.asarray(samples, dtype=np.float64)
    coefficients = np.pad(coefficients, widths, mode="reflect", reflect_type="odd")
    for axis in range(count):
        if samples.shape[axis] > 1:
            coefficients = ndimage.spline_filter1d(coefficients, 3, axis=axis, mode="mirror")
    return coefficients


def cubic(coefficients: Floats, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evaluate a cubic B-spline; beyond the grid the value at its edge goes on.

    Parameters are those of `nearest`, with `spline_coefficients` in place of samples.
    """
    from scipy import ndimage

    count = places.shape[1]
    sizes = np.array(coefficients.shape[:count])
    border = np.where(sizes > 1, _BORDER, 0)
    inside = np.clip(places, 0, sizes - 2 * border - 1).T + border[:, np.newaxis]
    flat = coefficients.reshape(*coefficients.shape[:count], -1)
    columns = [
        ndimage.map_coordinates(flat[..., n], inside, order=3, mode="mirror", prefilter=False)
        for n in range(flat.shape[-1])
    ]
    return np.stack(columns, axis=-1).reshape(len(places), *coefficients.shape[count:])
