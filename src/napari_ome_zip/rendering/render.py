"""Pictures of whole composites: what a viewer would show of all of it, without a viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import PictureCancelledError, PictureError
from napari_ome_zip.findings import Finding
from napari_ome_zip.pixels.decoded_chunks import looking_once
from napari_ome_zip.pixels.lazy import expect_pixels, is_remote
from napari_ome_zip.pixels.parallel import WINDOW_BYTES
from napari_ome_zip.progress import Cancelled, Progress, Watch
from napari_ome_zip.rendering.canvas import Canvas
from napari_ome_zip.rendering.colormaps import colormap_of
from napari_ome_zip.rendering.contrast import looked_at
from napari_ome_zip.rendering.drawing import LabelStyle, draw
from napari_ome_zip.rendering.raster import raster_of
from napari_ome_zip.rendering.scale_bar import draw_scale_bar
from napari_ome_zip.rendering.scene import Noted, Scene, Source, scene_of
from napari_ome_zip.rendering.shown_point import shown_point, slider_named
from napari_ome_zip.rendering.works import Work, check_budget, works_of

SIZE = 1024
"""Longest edge of a picture in pixels, by default."""


def render(
    source: Source,
    size: int = SIZE,
    *,
    at: Mapping[str, float] | None = None,
    projection: Literal["max"] | None = None,
    labels: LabelStyle = "fill",
    scale_bar: bool = False,
    budget: int | None = None,
    noted: Noted | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> npt.NDArray[np.uint8]:
    """Draw a picture of a composite image, or of layers, as napari shows them.

    All visible images and labels are in it, each at its place, over one another as in napari.
    Pixels come from the coarsest level of each that is as fine as the picture; what is finer is
    averaged, what is coarser is repeated, pixel by pixel.

    Parameters
    ----------
    source : CompositeImage or sequence of LayerData
        What `open_image` returns, or layer data as napari's writers receive them.
    size : int
        Longest edge in pixels; of a smaller image each pixel is enlarged.
    at : mapping of str to number, optional
        Steps of sliders by the names of their dimensions, such as ``{"t": 0, "z": 12}``, counted
        from 0; a fraction lies between two. The others are where they were when the file was saved
        from a viewer, else where the file asks for (OMERO's ``rdefs``), else in the middle.
    projection : {"max"}, optional
        Show the brightest pixels of all planes along z.
    labels : {"fill", "outline", "none"}
        How labels are drawn; filled ones as outlines where the file asks for these.
    scale_bar : bool
        Draw a scale bar, where there is a unit of length.
    budget : int, optional
        Bytes of pixels that may be decoded, about.
    noted : callable, optional
        Is given a `Finding` for whatever is not in the picture and might be missed.
    progress : callable, optional
        Is called with the number of pixels drawn so far, and with that of all layers.
    cancelled : callable, optional
        Is called in between; once it returns True nothing more is drawn.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 4)
        Red, green, blue and opacity; transparent outside of all layers. Chunks that cannot be read
        are empty, as in a viewer.

    Raises
    ------
    PictureError
        If there is nothing to draw, or no such slider, step, size or choice.
    PictureTooLargeError
        If it would take more than the budget.
    PictureCancelledError
        If it was cancelled.

    Examples
    --------
    >>> from napari_ome_zip import open_image, render
    >>> render(open_image("cells.ozx"), 512, at={"z": 3}).shape
    (384, 512, 4)
    """
    _check_choice("projection", projection, (None, "max"))
    _check_choice("labels", labels, ("fill", "outline", "none"))
    scene = scene_of(source, size, noted)
    raster = raster_of(*scene.box(), size)
    depth = slider_named(scene, "z") if projection == "max" else None
    point = shown_point(scene, at)
    works = works_of(scene, raster, point, depth, labels=labels != "none")
    if budget is not None:
        check_budget(works, budget)
    if noted is not None:
        _note_colormaps([work.layer.keywords for work in works], noted)
        if not works:
            noted(Finding("picture-empty", "", _why_empty(scene)))
    watch = Watch(progress, cancelled, lambda: PictureCancelledError("The picture was cancelled."))
    watch.total = sum(work.pixels_in(raster) for work in works)
    canvas = Canvas(raster.shape)
    with looking_once(), expect_pixels(_needed(works)):
        for work in works:
            watch.check()
            draw(work, canvas, raster, labels, watch)
    picture = canvas.picture()
    if not scale_bar:
        return picture
    with_bar = draw_scale_bar(picture, raster.step[1], scene.units[-1])
    if with_bar is not None:
        return with_bar
    if noted is not None:
        text = "There is no scale bar: the image states no unit of length."
        noted(Finding("picture-no-unit", "", text))
    return picture


def _check_choice(name: str, given: object, possible: Sequence[str | None]) -> None:
    if given not in possible:
        choices = ", ".join(map(repr, possible))
        raise PictureError(f"{name}={given!r} is not possible: choose one of {choices}.")


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
    return raster_of(*scene_of(source, size).box(), size).shape


def _needed(works: Sequence[Work]) -> list[Any]:
    """What is fetched together, where it lies behind a line; the first layers of very much."""
    needed: list[Any] = []
    left = WINDOW_BYTES
    for work in works:
        plane = work.plane.whole
        if not isinstance(plane, da.Array) or not is_remote(plane):
            continue
        left -= work.plane_bytes + work.sample_bytes
        if left < 0:
            break
        needed += (*looked_at(work.layer), plane)
    return needed


def _why_empty(scene: Scene) -> str:
    if not scene.visible:
        return "The picture is empty: all images and labels of the file are hidden in it."
    return "The picture is empty: nothing that is visible reaches to this plane."


def _note_colormaps(layers: list[Mapping[str, object]], noted: Noted) -> None:
    """Colormaps that napari alone knows by their names."""
    for keywords in layers:
        given = keywords.get("colormap")
        if isinstance(given, str) and not colormap_of(given)[1]:
            text = (
                f"'{keywords.get('name') or 'image'}' is drawn in gray: its colormap {given!r} is "
                "known to napari by its name alone. State its colors, as layers of a viewer do."
            )
            noted(Finding("picture-colormap-unknown", "", text))
