"""Vector fields: maps of points given by samples on a grid, and their numeric inverse."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry.affine import Affine
from napari_ome_zip.geometry.interpolation import cubic, linear, nearest, spline_coefficients
from napari_ome_zip.geometry.inversion import search
from napari_ome_zip.geometry.named_axes import axes_text, counted, shape_text
from napari_ome_zip.sizes import readable_size

MAX_VECTOR_FIELD_BYTES = 2**28
"""Size of the samples of a vector field, at most: all of them are held in memory."""

INTERPOLATIONS = ("nearest", "linear", "bspline-cubic")

_FIT_POINTS = 4096  # samples, at most, that the affine map nearest to a vector field is fitted to
_LOADING = threading.Lock()  # threads that need one at once wait for the one that reads it


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
    """Points that a vector field maps to given points."""

    points: NDArray[np.float64]
    """Shape (..., N); nan where none was found."""
    converged: NDArray[np.bool_]
    """Shape (...): whether one was found to within the tolerance."""


@dataclass(frozen=True, eq=False)
class VectorField:
    """A map of points given by vectors on a regular grid (OME-Zarr 0.6, vector fields).

    Between samples vectors are interpolated. The specification does not say what holds beyond
    them: a displacement goes on with its value at the nearest edge, so that the map stays
    continuous; coordinates map nothing from further out than half a sample (nan).

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
        When shapes, axes or interpolation do not fit, or the samples are too large.

    Examples
    --------
    Displacements of 1 and 3 at the first two samples: half way between them, a point is moved by 2.

    >>> grid = Affine.identity(("x",))
    >>> field = VectorField(np.array([[1.0], [3.0]]), 1, grid, ("x",))
    >>> field.apply([[0.5]]).tolist()
    [[2.5]]
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
                f"{self.kind}: the vector field has {counted(len(grid), 'axis', 'axes')} "
                f"besides that of the components, expected {axes_text(self.input_axes)}."
            )
        if shape[self.component_axis] != outputs or 0 in shape:
            raise TransformationError(
                f"{self.kind}: the vector field is {shape_text(shape)}, expected "
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
                f"{self.kind}: the vector field takes {readable_size(size)}, expected at most "
                f"{readable_size(MAX_VECTOR_FIELD_BYTES)}."
            )
        if self.to_input.inverse() is None:
            raise TransformationError(f"{self.kind}: the grid of the vector field is flat.")

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
            When they are not numbers, or cannot be read.
        """
        with _LOADING:
            return self._values

    @cached_property
    def _values(self) -> NDArray[np.floating[Any]]:
        found = np.asarray(self.samples[(slice(None),) * len(self.samples.shape)])
        if found.dtype.kind not in "iuf":
            raise TransformationError(
                f"{self.kind}: the vector field holds {found.dtype}, expected real numbers."
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
            raise TransformationError("The grid of the vector field is flat.")
        return inverse

    def apply(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map points.

        Parameters
        ----------
        points : array_like, shape (..., N)

        Returns
        -------
        ndarray of float64, shape (..., M)
            Coordinates are nan where the vector field has no value.
        """
        given = np.asarray(points, dtype=np.float64)
        result = self._evaluate(given)
        if self.kind == "coordinates":
            result[~self._covers(given)] = np.nan
        return result

    def _evaluate(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map points, also beyond the samples of coordinates, where their slope goes on."""
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
        """Find the points that the vector field maps to given points.

        The affine map nearest to the vector field says where to begin a `search`.

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
            When it changes the number of axes.
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
        found, converged = search(
            self._evaluate, targets, (targets - offset) @ back.T, back, tolerance, 1e-3 * self.step
        )
        if self.kind == "coordinates":
            converged &= self._covers(found)
        found[~converged] = np.nan
        return Inverted(found.reshape(given.shape), converged.reshape(given.shape[:-1]))

    @cached_property
    def _trend(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The affine map nearest to the vector field: linear part and offset."""
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
            raise TransformationError(f"{self.kind}: the vector field holds no value.")
        middle = places.mean(axis=0)
        spread = max(float(np.abs(places - middle).max()), self.step)
        design = np.column_stack([(places - middle) / spread, np.ones(len(places))])
        solution = np.linalg.lstsq(design, images, rcond=None)[0]
        linear_part = solution[:-1].T / spread
        flat = not np.linalg.cond(linear_part) < 1e6
        if flat and self.kind == "coordinates":
            raise TransformationError(
                "coordinates: the vector field is flat, so it has no inverse."
            )
        if flat:  # too few samples to tell a slope, or folded on the whole
            linear_part = np.eye(count)
        return linear_part, images.mean(axis=0) - linear_part @ middle
