"""The map of scales and translations, as nearly all levels of images have, without matrices."""

from __future__ import annotations

import math

import numpy as np

from napari_ome_zip.geometry.affine import Affine
from napari_ome_zip.geometry.matrices import MAX_AXES, Axes
from napari_ome_zip.ome.transformations import transformation as tf


def scaling(transformation: tf.Transformation, axes: Axes) -> Affine | None:
    """Return the forward map of scales and translations within a system.

    `compile_pair` gives the same one, and the way back, in ten times as long: a plate has
    thousands.

    Parameters
    ----------
    transformation : Transformation
    axes : tuple of str
        Names of the axes of the system.

    Returns
    -------
    Affine or None
        None for all else, which `compile_pair` compiles or says the fault of.

    Examples
    --------
    >>> steps = (tf.Scale(scale=(0.5, 0.5)), tf.Translation(translation=(10.0, 20.0)))
    >>> found = scaling(tf.SequenceTransformation(steps), ("y", "x"))
    >>> found.apply([2, 4]).tolist()
    [11.0, 22.0]
    >>> scaling(tf.Scale(scale=(0.5, 0.5)), ("z", "y", "x")) is None
    True
    """
    in_sequence = isinstance(transformation, tf.SequenceTransformation)
    parts = transformation.parts if in_sequence else (transformation,)
    count = len(axes)
    factors, shifts = [1.0] * count, [0.0] * count
    for part in parts:
        match part:
            case tf.Scale(scale=tuple(values), path=None) if len(values) == count:
                factors = [f * value for f, value in zip(factors, values, strict=True)]
                shifts = [s * value for s, value in zip(shifts, values, strict=True)]
            case tf.Translation(translation=tuple(values), path=None) if len(values) == count:
                shifts = [s + value for s, value in zip(shifts, values, strict=True)]
            case _:
                return None
    if count > MAX_AXES or not all(map(_is_usual, (*factors, *shifts))):
        return None
    matrix = np.zeros((count, count + 1))
    matrix[range(count), range(count)] = factors
    matrix[:, -1] = shifts
    return Affine(matrix, axes, axes)


def _is_usual(number: float) -> bool:
    return isinstance(number, float) and math.isfinite(number)
