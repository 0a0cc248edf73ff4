"""Vector fields: maps of points given by samples on a grid, and their numeric inverse."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry.affine import Affine, axes_text, counted, shape_text
from napari_ome_zip.geometry.interpolation import cubic, linear, nearest, spline_coefficients
from napari_ome_zip.sizes import readable_size

MAX_VECTOR_FIELD_BYTES = 2**28
"""Size of the samples of a field, at most: all of them are held in memory."""

INTERPOLATIONS = ("nearest", "linear", "bspline-cubic")

_PLAIN_STEPS, _LOCAL_STEPS = 40, 40
_FIT_POINTS = 4096
_LOADING = threading.Lock()  # threads that need a field at once wait for the one that reads it


class Samples(Protocol):
    """An array, perhaps not read yet."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along each axis."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a component."""

    def __getitem__(self, key: Any, /) -> Any:
        """Read a region, given as one slice an axis."""


class Inverted(NamedTuple):
    """Points that a field maps to given points."""

    points: NDArray[np.float64]
    """Shape (..., N); nan where none was found."""
    converged: NDArray[np.bool_]
    """Shape (...): whether one was found to within the tolerance."""


@dataclass(frozen=True, eq=False)
class VectorField:
    """A map of points given by vectors on a regular grid (OME-Zarr 0.6, vector fields).

    Between samples vectors are interpolated. The specification does not say what holds beyond
    them: a displacement goes on with its value at the nearest edge, so that the map stays
    continuous; a coordinate field maps nothing from further out than half a sample (nan).

    Parameters
    ----------
    samples : array, M + ... axes
        N axes of the grid and one of the components; read when first needed.
    component_axis : int
        Which axis of `samples` holds the components.
    to_input : Affine
        From indices of the grid (N, without the components) to coordinates of the input system.
    output_axes : sequence of str, length M
    kind : "displacements" or "coordinates"
        Whether vectors are added to the input coordinates, or are the output coordinates.
    interpolation : str
        One of `INTERPOLATIONS`.

    Raises
    ------
    TransformationError
        When shapes, axes or interpolation do not fit, or the field is too large.
    """

    samples: Samples = field(repr=False)
    component_axis: int
    to_input: Affine
    output_axes: tuple[str, ...]
    kind: Literal["displacements", "coordinates"] = "displacements"
    interpolation: str = "linear"

    def __post_init__(self) -> None:
        shape, inputs = self.samples.shape, len(self.input_axes)
        outputs = len(self.output_axes)
        grid = np.delete(np.array(shape), self.component_axis)
        if len(grid) != inputs:
            raise TransformationError(
                f"{self.kind}: the field has {counted(len(grid), 'axis', 'axes')} besides that of "
                f"the components, expected {axes_text(self.input_axes)}."
            )
        if shape[self.component_axis] != outputs or 0 in shape:
            raise TransformationError(
                f"{self.kind}: the field is {shape_text(shape)}, expected "
                f"{counted(outputs, 'component', 'components')} on its axis {self.component_axis}."
            )
        if self.kind == "displacements" and inputs != outputs:
            raise TransformationError(
                f"displacements keep the number of axes: found {inputs} and {outputs}."
            )
        if self.interpolation not in INTERPOLATIONS:
            raise TransformationError(
                f"{self.kind}: the interpolation '{self.interpolation}' is unknown, "
                f"expected one of {', '.join(INTERPOLATIONS)}."
            )
        size = int(np.prod(shape, dtype=object)) * max(4, self.samples.dtype.itemsize)
        if size > MAX_VECTOR_FIELD_BYTES:
            raise TransformationError(
                f"{self.kind}: the field takes {readable_size(size)}, expected at most "
                f"{readable_size(MAX_VECTOR_FIELD_BYTES)}."
            )
        if self.to_input.inverse() is None:
            raise TransformationError(f"{self.kind}: the grid of the field is flat.")

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was read and computed."""
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

    @property
    def input_axes(self) -> tuple[str, ...]:
        """Names of the N input axes."""
        return self.to_input.output_axes

    @property
    def values(self) -> NDArray[np.floating[Any]]:
        """Samples, shape (n_1, …, n_N, M); read once.

        Raises
        ------
        TransformationError
            When they are no numbers, or cannot be read.
        """
        with _LOADING:
            return self._values

    @cached_property
    def _values(self) -> NDArray[np.floating[Any]]:
        found = np.asarray(self.samples[(slice(None),) * len(self.samples.shape)])
        if found.dtype.kind not in "iuf":
            raise TransformationError(
                f"{self.kind}: the field holds {found.dtype}, expected real numbers."
            )
        kind = np.float32 if found.dtype.itemsize <= 4 and found.dtype.kind == "f" else np.float64
        values: NDArray[np.floating[Any]] = np.empty(0, dtype=kind)
        values = np.moveaxis(found, self.component_axis, -1).astype(kind)
        values[~np.isfinite(values)] = np.nan  # "no value here", whatever way it is written
        values.setflags(write=False)
        return values

    @cached_property
    def _coefficients(self) -> NDArray[np.floating[Any]]:
        return spline_coefficients(self.values, len(self.input_axes))

    @cached_property
    def _from_input(self) -> Affine:
        inverse = self.to_input.inverse()
        if inverse is None:  # refused above
            raise TransformationError("The grid of the field is flat.")
        return inverse

    def apply(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map points.

        Parameters
        ----------
        points : array_like, shape (..., N)

        Returns
        -------
        ndarray of float64, shape (..., M)
            Coordinates are nan where the field says nothing.
        """
        given = np.asarray(points, dtype=np.float64)
        result = self._evaluate(given)
        if self.kind == "coordinates":
            result[~self._covers(given)] = np.nan
        return result

    def _evaluate(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map points, also beyond the domain of a coordinate field, where its slope goes on."""
        places = self._from_input.apply(points).reshape(-1, len(self.input_axes))
        known = np.isfinite(places).all(axis=1)
        places = np.where(known[:, np.newaxis], places, 0.0)
        match self.interpolation:
            case "nearest":
                vectors = np.asarray(nearest(self.values, places), dtype=np.float64)
            case "linear":
                further = self.kind == "coordinates"
                vectors = linear(self.values, places, extrapolate=further)
            case _:
                vectors = cubic(self._coefficients, places)
        vectors = np.where(known[:, np.newaxis], vectors, np.nan)
        vectors = vectors.reshape(*points.shape[:-1], len(self.output_axes))
        return points + vectors if self.kind == "displacements" else vectors

    def _covers(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether points are within half a sample of the grid."""
        places = self._from_input.apply(points)
        limits = np.array(self.values.shape[:-1]) - 0.5
        slack = 1e-9 * (limits + 1)
        inside: NDArray[np.bool_] = ((places >= -0.5 - slack) & (places <= limits + slack)).all(-1)
        return inside

    @cached_property
    def step(self) -> float:
        """The shortest distance between samples, in units of the input."""
        return float(np.linalg.norm(self.to_input.linear, axis=0).min())

    def inverse_apply(self, points: ArrayLike, tolerance: float | None = None) -> Inverted:
        """Find the points that the field maps to given points.

        The nearest affine map starts and steers a fixed-point iteration; points that it does
        not settle follow the field's own slope. Each point goes on until it is found, no
        further.

        Parameters
        ----------
        points : array_like, shape (..., N)
            Coordinates of the output system.
        tolerance : float, optional
            How far the image of a found point may lie from the given one, in units of the
            output; by default a ten-thousandth of what a step of the grid is there.

        Returns
        -------
        Inverted

        Raises
        ------
        TransformationError
            When the field changes the number of axes.
        """
        if len(self.input_axes) != len(self.output_axes):
            raise TransformationError(
                f"{self.kind} leads from {len(self.input_axes)} to "
                f"{counted(len(self.output_axes), 'axis', 'axes')}, "
                "so it cannot be followed backwards."
            )
        given = np.asarray(points, dtype=np.float64)
        targets = given.reshape(-1, given.shape[-1])
        linear_part, offset = self._trend
        back = np.linalg.inv(linear_part)
        if tolerance is None:
            tolerance = 1e-4 * float(
                np.linalg.norm(linear_part @ self.to_input.linear, axis=0).min()
            )
        found, converged = self._search(targets, (targets - offset) @ back.T, back, tolerance)
        if self.kind == "coordinates":
            converged &= self._covers(found)
        found[~converged] = np.nan
        return Inverted(found.reshape(given.shape), converged.reshape(given.shape[:-1]))

    def _search(
        self,
        targets: NDArray[np.float64],
        points: NDArray[np.float64],
        back: NDArray[np.float64],
        tolerance: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        best = points.copy()
        misses = targets - self._evaluate(best)
        errors = _lengths(misses)
        pace = np.ones(len(best))
        for step in range(_PLAIN_STEPS + _LOCAL_STEPS):
            # A miss that is unknown (nan) has no way to go, so it is not gone on with.
            active = np.flatnonzero((errors > tolerance) & np.isfinite(errors) & (pace > 1e-4))
            if not len(active):
                break
            here = best[active]
            if step < _PLAIN_STEPS:
                moves = misses[active] @ back.T
            else:
                moves = self._local_moves(here, misses[active], back)
            tried = here + pace[active, np.newaxis] * moves
            miss = targets[active] - self._evaluate(tried)
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
        self, points: NDArray[np.float64], misses: NDArray[np.float64], back: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Steps that the slope of the field around each point asks for (Newton's)."""
        count = points.shape[1]
        width = 1e-3 * self.step
        slopes = np.empty((len(points), count, count))
        for axis in range(count):
            aside = np.zeros(count)
            aside[axis] = width
            slopes[:, :, axis] = self._evaluate(points + aside) - self._evaluate(points - aside)
        slopes /= 2 * width
        usual = 1 / abs(np.linalg.det(back))
        sound = np.abs(np.nan_to_num(np.linalg.det(np.nan_to_num(slopes)))) > 1e-6 * usual
        moves = misses @ back.T
        if sound.any():
            moves[sound] = np.linalg.solve(slopes[sound], misses[sound][..., np.newaxis])[..., 0]
        return moves

    @cached_property
    def _trend(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The affine map nearest to the field: linear part and offset."""
        values = self.values
        shape = values.shape[:-1]
        # Samples spread evenly over the grid are enough: it only has to start a search.
        stride = max(1, round((np.prod(shape, dtype=float) / _FIT_POINTS) ** (1 / len(shape))))
        axes = [np.unique([*range(0, n, stride), n - 1]) for n in shape]
        index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(shape))
        vectors = values[tuple(index.T)].astype(np.float64)
        known = np.isfinite(vectors).all(axis=1)
        places = self.to_input.apply(index)[known]
        images = vectors[known] + (places if self.kind == "displacements" else 0)
        count = len(shape)
        if not len(places):
            raise TransformationError(f"{self.kind}: the field holds no value.")
        middle = places.mean(axis=0)
        spread = max(float(np.abs(places - middle).max()), self.step)
        design = np.column_stack([(places - middle) / spread, np.ones(len(places))])
        solution = np.linalg.lstsq(design, images, rcond=None)[0]
        linear_part = solution[:-1].T / spread
        flat = not np.linalg.cond(linear_part) < 1e6
        if flat and self.kind == "coordinates":
            raise TransformationError("coordinates: the field is flat, so it has no inverse.")
        if flat:  # too few samples to tell a slope, or folded on the whole
            linear_part = np.eye(count)
        return linear_part, images.mean(axis=0) - linear_part @ middle


def _lengths(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return lengths
