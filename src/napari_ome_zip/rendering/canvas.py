"""Layers blended over one another, as napari's canvas blends them over black."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from napari_ome_zip.rendering.paint import Component, Paint
from napari_ome_zip.rendering.patches import Patch


class Canvas:
    """The picture while it is drawn.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._colors = np.zeros((3, *shape), dtype=np.float32)
        self._covered = np.zeros(shape, dtype=bool)

    def draw(self, patch: Patch, paint: Paint, blending: str, *, lowest: bool) -> None:
        """Blend a part of a layer with what is there.

        The lowest layer that is visible has nothing to be blended with but the background: there
        napari lets the smallest be its own color, and what would cover be translucent.

        Parameters
        ----------
        patch : Patch
            Where it lies.
        paint : Paint
            Its colors and opacity.
        blending : str
            Name of one of napari's modes.
        lowest : bool
        """
        for plane, color in zip(self._colors, paint.colors, strict=True):
            below = plane[patch.place]
            blended = _blended(blending, lowest, below, color, paint.alpha)
            if patch.inside is None:
                below[...] = blended
            else:
                np.copyto(below, blended, where=patch.inside)
        if patch.inside is None:
            self._covered[patch.place] = True
        else:
            self._covered[patch.place] |= patch.inside

    def picture(self) -> npt.NDArray[np.uint8]:
        """Red, green, blue and opacity; transparent where there is no layer."""
        made = np.zeros((*self._covered.shape, 4), dtype=np.uint8)
        for number, plane in enumerate(self._colors):
            made[..., number] = np.rint(np.clip(plane, 0, 1) * 255)
        made[..., 3] = np.where(self._covered, 255, 0)
        return made


def _blended(
    blending: str, lowest: bool, below: npt.NDArray[np.float32], color: Component, alpha: Component
) -> Component:
    if blending == "additive":
        # Of the lowest what is below is black.
        light = color if _is(alpha, 1) else alpha * color
        return below if _is(light, 0) else np.minimum(below + light, 1)
    if blending == "minimum":
        return color if lowest else np.minimum(below, color)
    if blending == "multiplicative" and not lowest:
        return below * color
    if _is(alpha, 1) or (blending == "opaque" and not lowest):
        return color
    return alpha * color + (1 - alpha) * below


def _is(component: Component, value: float) -> bool:
    return isinstance(component, float) and component == value
