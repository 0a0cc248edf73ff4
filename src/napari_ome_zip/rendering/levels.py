"""Which level of a layer a picture is made from, and how its pixels lie beside those of level 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.levels import level_factors
from napari_ome_zip.rendering.drawn_layer import DrawnLayer

_SLACK = 1.01
"""How much larger than a pixel of the picture one of a level may be: nobody sees a hundredth."""


@dataclass(frozen=True, eq=False)
class Level:
    """One level of a layer."""

    pixels: Any
    """The array, with all its dimensions."""
    factors: tuple[float, ...]
    """Pixels of level 0 that one spans, along each dimension but that of colors."""
    plane: npt.NDArray[np.float64]
    """World coordinates of y and x from indices of its last two dimensions, shape (2, 3)."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of a plane."""
        height, width = self.pixels.shape[len(self.factors) - 2 : len(self.factors)]
        return int(height), int(width)

    def index(self, of_first: Sequence[int]) -> tuple[int, ...]:
        """The plane that shows one of level 0, each given as an index for each other dimension."""
        return tuple(
            min(math.floor((at + 0.5) / factor), int(size) - 1)
            for at, factor, size in zip(of_first, self.factors, self.pixels.shape, strict=False)
        )


def level_for(layer: DrawnLayer, step: Sequence[float]) -> Level:
    """The coarsest level whose pixels are no larger than those of a picture; level 0 where none is.

    Parameters
    ----------
    layer : DrawnLayer
    step : sequence of float
        Height and width of a pixel of the picture in the world.
    """
    wanted = _SLACK * max(step)
    lengths = np.linalg.norm(layer.plane[:, :2], axis=0)
    for pixels in reversed(layer.levels[1:]):
        factors = level_factors(layer.shape, pixels.shape[: layer.ndim])
        sizes = zip(factors[-2:], lengths, strict=True)
        if all(f == 1 or f * n <= wanted for f, n in sizes):
            return Level(pixels, factors, _plane_of(layer.plane, factors[-2:]))
    return Level(layer.levels[0], (1,) * layer.ndim, layer.plane)


def _plane_of(plane: npt.NDArray[np.float64], factors: Sequence[float]) -> npt.NDArray[np.float64]:
    """The place of a level: the center of its first pixel lies in the middle of what it spans."""
    scale = np.array(factors, dtype=float)
    offset = plane[:, 2] + plane[:, :2] @ ((scale - 1) / 2)
    return np.column_stack([plane[:, :2] * scale, offset])
