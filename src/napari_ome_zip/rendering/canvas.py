"""Layers blended over one another, as napari's canvas blends them over black."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.rendering.patches import Patch

COVERING = frozenset({"translucent", "translucent_no_depth"})


class Canvas:
    """The picture while it is drawn.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._colors = np.zeros((*shape, 3), dtype=np.float32)
        self._covered = np.zeros(shape, dtype=bool)

    def draw(
        self, patch: Patch, rgba: npt.NDArray[np.float32], blending: str, *, lowest: bool
    ) -> None:
        """Blend a part of a layer with what is there.

        The lowest layer that is visible has nothing to be blended with but the background: there
        napari lets the smallest be its own color, and what would cover be translucent.

        Parameters
        ----------
        patch : Patch
            Where it lies.
        rgba : ndarray
            Its colors and opacity, from 0 to 1.
        blending : str
            Name of one of napari's modes.
        lowest : bool
        """
        below = self._colors[patch.place]
        colors, alpha = rgba[..., :3], rgba[..., 3:]
        blended = _blended(blending, lowest, below, colors, alpha)
        if patch.inside is None:
            self._colors[patch.place] = blended
            self._covered[patch.place] = True
        else:
            below[patch.inside] = blended[patch.inside]
            self._covered[patch.place] |= patch.inside

    def picture(self) -> npt.NDArray[np.uint8]:
        """Red, green, blue and opacity; transparent where there is no layer."""
        shape = self._covered.shape
        made = np.zeros((*shape, 4), dtype=np.uint8)
        made[..., :3] = np.rint(np.clip(self._colors, 0, 1) * 255)
        made[..., 3] = np.where(self._covered, 255, 0)
        return made


def _blended(blending: str, lowest: bool, below: Any, colors: Any, alpha: Any) -> Any:
    if blending == "additive":
        # Of the lowest what is below is black.
        return np.minimum(below + alpha * colors, 1)
    if blending == "minimum":
        return colors if lowest else np.minimum(below, colors)
    if blending == "multiplicative" and not lowest:
        return below * colors
    if blending == "opaque" and not lowest:
        return colors
    return alpha * colors + (1 - alpha) * below
