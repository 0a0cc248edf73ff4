"""Random maps and points for the property tests, of the sizes that images have."""

from __future__ import annotations

import string

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_ome_zip.geometry.affine import Affine

counts = st.integers(1, 5)
"""How many axes a system has."""


def names(count: int) -> tuple[str, ...]:
    return tuple(string.ascii_lowercase[:count])


def whole_numbers(shape: int | tuple[int, ...], limit: int = 4) -> st.SearchStrategy[np.ndarray]:
    """Small whole numbers: sums and products of them are exact, so results can be compared."""
    return hnp.arrays(np.float64, shape, elements=st.integers(-limit, limit).map(float))


def points(count: int) -> st.SearchStrategy[np.ndarray]:
    return whole_numbers((3, count), limit=1000)


@st.composite
def affines(draw: st.DrawFn, inputs: int, outputs: int) -> Affine:
    """Any map of whole numbers between systems of so many axes."""
    matrix = draw(whole_numbers((outputs, inputs + 1)))
    return Affine(matrix, names(inputs), names(outputs))


@st.composite
def invertible_affines(draw: st.DrawFn, count: int) -> Affine:
    """A map that has an inverse, its output axes in units from 1e-9 to 1e9."""
    linear = draw(whole_numbers((count, count)).filter(lambda m: abs(np.linalg.det(m)) > 0.5))
    offset = draw(whole_numbers(count, limit=1000))
    units = 10.0 ** draw(hnp.arrays(np.int64, count, elements=st.integers(-9, 9)))
    return Affine.from_parts(
        linear * units[:, np.newaxis], offset * units, names(count), names(count)
    )


@st.composite
def exact_affines(draw: st.DrawFn, count: int) -> Affine:
    """Reordered, mirrored and shifted axes: no rounding in a composition or an inverse."""
    order = draw(st.permutations(range(count)))
    factors = draw(
        st.lists(st.sampled_from([-2.0, -1.0, 0.5, 1.0, 4.0]), min_size=count, max_size=count)
    )
    offset = draw(st.lists(st.integers(-1000, 1000), min_size=count, max_size=count))
    linear = np.zeros((count, count))
    linear[range(count), order] = factors
    return Affine.from_parts(linear, offset, names(count), names(count))
