"""Pictures of whole composites: what a viewer would show of all of it, without a viewer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_ome_zip.rendering.canvas import Canvas
from napari_ome_zip.rendering.drawing import LabelStyle, Work, draw
from napari_ome_zip.rendering.levels import level_for
from napari_ome_zip.rendering.raster import Raster, raster_of
from napari_ome_zip.rendering.reading import Plane
from napari_ome_zip.rendering.scene import (
    Scene,
    Source,
    chosen_point,
    scene_of,
    shown_point,
    slider_named,
)

SIZE = 1024
"""Longest edge of a picture in pixels, by default."""


def render(
    source: Source,
    size: int = SIZE,
    *,
    at: Mapping[str, int] | None = None,
    projection: Literal["max"] | None = None,
    labels: LabelStyle = "fill",
    scale_bar: bool = False,
    budget: int | None = None,
) -> npt.NDArray[np.uint8]:
    """Draw a picture of a composite image, or of layers, as napari would show them.

    Parameters
    ----------
    source : CompositeImage or sequence of LayerData
        What `open_image` returns, or layer data as napari's writers receive them.
    size : int
        Longest edge in pixels.
    at : mapping of str to int, optional
        Steps of sliders by the names of their dimensions, such as ``{"t": 0, "z": 12}``, counted
        from 0. Others are where they are when the image is opened.
    projection : {"max"}, optional
        Show the brightest pixels of all planes in depth.
    labels : {"fill", "outline", "none"}
        How labels are drawn.
    scale_bar : bool
        Draw a scale bar, where there is a unit of length.
    budget : int, optional
        Bytes of pixels that may be decoded, at most.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 4)
        Red, green, blue and opacity; transparent outside of all layers.

    Raises
    ------
    PictureError
        If there is nothing to draw, or no such slider, step or size.

    Examples
    --------
    >>> from napari_ome_zip import open_image, render
    >>> render(open_image("cells.ozx"), 512, at={"z": 3})  # doctest: +SKIP
    """
    scene = scene_of(source)
    raster = raster_of(*scene.box(), size)
    point = chosen_point(scene, shown_point(scene), at)
    depth = slider_named(scene, "z") if projection == "max" else None
    canvas = Canvas(raster.shape)
    for work in _works(scene, raster, point, depth, labels):
        draw(work, canvas, raster, labels)
    return canvas.picture()


def picture_shape(source: Source, size: int = SIZE) -> tuple[int, int]:
    """Rows and columns that `render` would return; reads no pixels.

    Parameters
    ----------
    source, size
        As for `render`.

    Raises
    ------
    PictureError
        As `render` does.
    """
    return raster_of(*scene_of(source).box(), size).shape


def _works(
    scene: Scene, raster: Raster, point: tuple[float, ...], depth: int | None, labels: LabelStyle
) -> Iterator[Work]:
    """What is drawn, from the bottom."""
    for layer in scene.visible:
        if layer.kind == "labels" and labels == "none":
            continue
        along = None if depth is None else depth - (len(scene.names) - layer.ndim)
        along = along if along is not None and along >= 0 else None
        where = list(point)
        if along is not None and depth is not None:
            # Every layer reaches to its own middle.
            where[depth] = float(layer.extent(0.0)[:, along].mean())
        index = layer.index_at(where)
        if index is None:
            continue
        level = level_for(layer, raster.step)
        plane = Plane(level, level.index(index), along)
        yield Work(layer, level, plane, layer is scene.visible[0])
