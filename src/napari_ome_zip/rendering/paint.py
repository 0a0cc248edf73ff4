"""Colors of a part of a picture, a plane of numbers for each of red, green, blue and opacity.

Most channels are of one color that grows with the value, and opaque: then a component is one plane
times a number, or 0 everywhere, and costs nothing where it is a single number.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

type Component = npt.NDArray[np.float32] | float
"""A plane of numbers from 0 to 1, or one number where it is the same everywhere."""


class Paint(NamedTuple):
    """Colors of the pixels of a part of a picture."""

    red: Component
    green: Component
    blue: Component
    alpha: Component

    @property
    def colors(self) -> tuple[Component, Component, Component]:
        """Without the opacity."""
        return self.red, self.green, self.blue

    def with_opacity(self, opacity: float) -> Paint:
        """The same, as opaque as the layer is."""
        if opacity == 1:
            return self
        alpha: Component = self.alpha * opacity
        return self._replace(alpha=alpha)


def paint_of_table(table: npt.NDArray[np.float32], rows: npt.NDArray[Any]) -> Paint:
    """Paint by the numbers of colors in a table.

    Parameters
    ----------
    table : ndarray, shape (n, 4)
    rows : ndarray of int
        One for each pixel.
    """
    parts = [
        float(column[0]) if (column == column[0]).all() else column.take(rows)
        for column in np.ascontiguousarray(table.T)
    ]
    return Paint(*parts)
