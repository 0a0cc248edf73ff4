"""A composite image, or layers, as one picture: what a viewer would show, without a viewer."""

from __future__ import annotations

from napari_ome_zip.rendering.render import picture_shape, render
from napari_ome_zip.rendering.thumbnail import png_of, thumbnail_png

__all__ = ["picture_shape", "png_of", "render", "thumbnail_png"]
