"""Affine maps between named axes: apply, compose, invert, and rearrange axes by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry.inverse_matrix import inverse_matrix
from napari_ome_zip.geometry.named_axes import (
    axes_agree,
    axes_text,
    axis_index,
    counted,
    shape_text,
)

RELATIVE_TOLERANCE = 1e-9
"""Entries below this fraction of their row's length count as zero: cos(90°) is not quite 0."""

NEGLIGIBLE = 1e-6
"""Fraction of a pixel that need not be kept: what rounding leaves is far below, a shear above."""


@dataclass(frozen=True, eq=False)
class Affine:
    """A map of points, ``linear @ point + offset``, from named axes to named axes.

    Two maps are equal when their matrices and axis names are. The matrix is copied and
    cannot be written to.

    Parameters
    ----------
    matrix : array_like, shape (M, N + 1)
        One row per output axis: N factors, one per input axis, then the offset
        (OME-Zarr 0.6, "affine"). Units are those of the output axes.
    input_axes, output_axes : sequence of str, length N and M
        Axis names; an empty name stands for an axis without one.

    Raises
    ------
    TransformationError
        When the shape does not fit the axes, or an entry is not a finite number.

    Examples
    --------
    >>> pixels = Affine([[0.5, 0, 10], [0, 0.5, 20]], ("y", "x"), ("y", "x"))
    >>> pixels.apply([2, 4]).tolist()
    [11.0, 22.0]
    >>> pixels.inverse().apply([11, 22]).tolist()
    [2.0, 4.0]
    """

    matrix: NDArray[np.float64]
    """Factors and offset, shape (M, N + 1), read-only."""
    input_axes: tuple[str, ...]
    """Names of the N input axes."""
    output_axes: tuple[str, ...]
    """Names of the M output axes."""

    def __post_init__(self) -> None:
        input_axes, output_axes = tuple(self.input_axes), tuple(self.output_axes)
        matrix = real_array(self.matrix, "affine matrix")
        expected = (len(output_axes), len(input_axes) + 1)
        if matrix.shape != expected:
            raise TransformationError(
                f"Affine matrix of wrong shape: found {shape_text(matrix.shape)}, expected "
                f"{shape_text(expected)} for {axes_text(input_axes)} to {axes_text(output_axes)}."
            )
        matrix.setflags(write=False)
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "input_axes", input_axes)
        object.__setattr__(self, "output_axes", output_axes)

    # A pickled array comes back writable, so the map is built anew instead.
    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return type(self), (self.matrix, self.input_axes, self.output_axes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Affine):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[tuple[str, ...], tuple[str, ...], bytes]:
        return self.input_axes, self.output_axes, self.matrix.tobytes()

    @classmethod
    def identity(cls, axes: Sequence[str]) -> Affine:
        """Map every point of `axes` onto itself."""
        count = len(axes)
        return cls(np.eye(count, count + 1), tuple(axes), tuple(axes))

    @classmethod
    def from_parts(
        cls,
        linear: ArrayLike,
        offset: ArrayLike,
        input_axes: Sequence[str],
        output_axes: Sequence[str],
    ) -> Affine:
        """Join a linear part, shape (M, N), and an offset, shape (M,)."""
        matrix = np.column_stack([np.asarray(linear), np.asarray(offset)])
        return cls(matrix, tuple(input_axes), tuple(output_axes))

    @property
    def linear(self) -> NDArray[np.float64]:
        """The factors, shape (M, N), read-only."""
        return self.matrix[:, :-1]

    @property
    def offset(self) -> NDArray[np.float64]:
        """The image of the origin, shape (M,), read-only."""
        return self.matrix[:, -1]

    def apply(self, points: ArrayLike) -> NDArray[np.float64]:
        """Map points.

        Parameters
        ----------
        points : array_like, shape (..., N)
            Coordinates along the input axes.

        Returns
        -------
        ndarray of float64, shape (..., M)

        Raises
        ------
        TransformationError
            When the last dimension of `points` is not N.
        """
        given = np.asarray(points, dtype=np.float64)
        count = len(self.input_axes)
        if given.ndim == 0 or given.shape[-1] != count:
            raise TransformationError(
                f"Points of wrong shape: found {shape_text(given.shape)}, expected "
                f"{counted(count, 'coordinate', 'coordinates')} each, "
                f"for {axes_text(self.input_axes)}."
            )
        result: NDArray[np.float64] = given @ self.linear.T + self.offset
        return result

    def then(self, following: Affine) -> Affine:
        """Apply this map first and `following` to its result.

        Raises
        ------
        TransformationError
            When this map's output axes are not the input axes of `following`: another
            number of axes, or another name where both have one.
        """
        if not axes_agree(self.output_axes, following.input_axes):
            raise TransformationError(
                f"Maps that do not join: the first ends in {axes_text(self.output_axes)}, "
                f"the second expects {axes_text(following.input_axes)}."
            )
        with np.errstate(over="ignore", invalid="ignore"):  # refused as not finite, by name
            linear = following.linear @ self.linear
            offset = following.linear @ self.offset + following.offset
        return Affine.from_parts(linear, offset, self.input_axes, following.output_axes)

    def inverse(self) -> Affine | None:
        """Return the map that undoes this one, or None when there is none.

        A map between different numbers of axes has no inverse, nor has one that flattens
        an axis. What counts as flat is judged after rows and columns are brought to one
        size, so voxels of 1e-9 beside voxels of 1e3 are nothing special.
        """
        outputs, inputs = self.linear.shape
        if outputs != inputs:
            return None
        linear = inverse_matrix(self.linear)
        if linear is None:
            return None
        with np.errstate(over="ignore", invalid="ignore"):
            offset = -(linear @ self.offset)
        if not np.isfinite(offset).all():
            return None
        return Affine.from_parts(linear, offset, self.output_axes, self.input_axes)

    def is_close(self, other: Affine, *, tolerance: float = RELATIVE_TOLERANCE) -> bool:
        """Whether both maps send points to the same places, rounding apart.

        Axis names must be equal. Factors are compared relative to the length of their row
        (one step of the input), offsets relative to that or to themselves.
        """
        if (self.input_axes, self.output_axes) != (other.input_axes, other.output_axes):
            return False
        step = np.maximum(_row_lengths(self.linear), _row_lengths(other.linear))
        place = np.maximum(step, np.maximum(abs(self.offset), abs(other.offset)))
        allowed = tolerance * np.column_stack([*[step] * len(self.input_axes), place])
        return bool((abs(self.matrix - other.matrix) <= allowed).all())

    def select(
        self, *, inputs: Sequence[str] | None = None, outputs: Sequence[str] | None = None
    ) -> Affine:
        """Keep only the named axes, in the order given; None keeps all as they are.

        An input axis that is left out is held at coordinate 0, so that the map of the
        remaining ones is that of the plane through the origin. An output axis that is left
        out is forgotten.

        Raises
        ------
        TransformationError
            When a name is missing among the axes, or stands for more than one of them.
        """
        kept_inputs = self.input_axes if inputs is None else tuple(inputs)
        kept_outputs = self.output_axes if outputs is None else tuple(outputs)
        columns: Sequence[int] = range(len(self.input_axes))
        rows: Sequence[int] = range(len(self.output_axes))
        if inputs is not None:
            columns = [axis_index(name, self.input_axes) for name in inputs]
        if outputs is not None:
            rows = [axis_index(name, self.output_axes) for name in outputs]
        matrix = self.matrix[np.ix_(list(rows), [*columns, len(self.input_axes)])]
        return Affine(matrix, kept_inputs, kept_outputs)


def strays(linear: NDArray[np.float64], lengths: Sequence[float]) -> NDArray[np.float64]:
    """How far the entries off a matrix's diagonal lead astray, in pixels, across an image.

    Parameters
    ----------
    linear : ndarray, shape (N, N)
        From array indices to coordinates.
    lengths : sequence of float, length N
        Pixels of the image along each axis.

    Returns
    -------
    ndarray, shape (N,)
        For each row the most that those entries together move it, from one end of the image to
        the other, in units of the row's own diagonal entry; infinite where that is 0 and they
        are not.
    """
    diagonal = abs(linear.diagonal())
    off_diagonal = abs(linear)
    np.fill_diagonal(off_diagonal, 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        # Pixels first: what one step moves may be tiny, and the image be long.
        moved: NDArray[np.float64] = np.divide(
            off_diagonal @ np.asarray(lengths, dtype=float),
            diagonal,
            out=np.where(off_diagonal.any(axis=1), np.inf, 0.0),
            where=diagonal > 0,
        )
    return moved


def real_array(values: ArrayLike, what: str) -> NDArray[np.float64]:
    """Return a copy of `values` as float64, refusing what is not finite real numbers.

    Raises
    ------
    TransformationError
        Saying `what` the values are, when they are ragged, not real, or not finite.
    """
    try:
        found = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise TransformationError(
            f"The {what} is not a regular table: its rows differ in length."
        ) from error
    if found.dtype.kind not in "biuf":
        raise TransformationError(
            f"The {what} holds values of type {found.dtype.name!r}; expected real numbers."
        )
    # Adding zero makes every -0.0 a 0.0: equal maps then have equal bytes.
    numbers: NDArray[np.float64] = found.astype(np.float64) + 0.0
    if not np.isfinite(numbers).all():
        raise TransformationError(
            f"The {what} holds infinite or undefined numbers (inf, nan); "
            "expected finite numbers only."
        )
    return numbers


def _row_lengths(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    # hypot, unlike the sum of squares, neither overflows nor underflows on extreme voxels.
    lengths: NDArray[np.float64] = np.hypot.reduce(linear, axis=1, initial=0.0)
    return lengths
