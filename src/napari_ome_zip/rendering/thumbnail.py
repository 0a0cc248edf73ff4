"""Small pictures for file managers and for archives themselves."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from napari_ome_zip.rendering.render import render
from napari_ome_zip.rendering.scene import Source

EDGE = 256
"""Longest edge of a thumbnail in pixels: without its colors being compressed at all it takes less
than the 200 kB that the convention of thumbnails in Zarr asks for."""


def thumbnail_png(source: Source, edge: int = EDGE, *, budget: int | None = None) -> bytes:
    """A small picture as a PNG file without transparency: black is what is outside of all layers.

    Parameters
    ----------
    source : CompositeImage or sequence of LayerData
    edge : int
        Longest edge in pixels. The file is of `picture_shape(source, edge)`.
    budget : int, optional
        As for `render`.

    Raises
    ------
    PictureError
        As `render` does.
    """
    picture = render(source, edge, budget=budget)
    return png_of(picture[..., :3])


def png_of(picture: npt.NDArray[np.uint8]) -> bytes:
    """A picture of three or four colors, shape (rows, columns, colors), as a PNG file."""
    made = io.BytesIO()
    # Optimized, it would be a tenth smaller and take 0.1 s, ten times as long.
    Image.fromarray(picture).save(made, "PNG")
    return made.getvalue()
