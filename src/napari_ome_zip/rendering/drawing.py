"""Draws one layer on a canvas."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_ome_zip.progress import Watch
from napari_ome_zip.rendering.canvas import Canvas
from napari_ome_zip.rendering.colormaps import colormap_of
from napari_ome_zip.rendering.contrast import limits_of
from napari_ome_zip.rendering.drawn_layer import DrawnLayer
from napari_ome_zip.rendering.label_colors import LabelColors, contour_width, outlines
from napari_ome_zip.rendering.paint import Paint
from napari_ome_zip.rendering.patches import Patch, patches
from napari_ome_zip.rendering.raster import Raster
from napari_ome_zip.rendering.works import Work

type LabelStyle = Literal["fill", "outline", "none"]
"""How labels are drawn: as areas, as the outlines of these, or not at all."""

_TOGETHER = 1 << 27
"""Bytes of pixels that are decoded for one part of a picture, about."""

LABELS_OPACITY = 0.7
"""Opacity of labels that state none, as in napari."""

_THICK_FROM = 512
"""Longest edge of a picture, in pixels, from which on outlines are two pixels wide."""


def draw(work: Work, canvas: Canvas, raster: Raster, style: LabelStyle, watch: Watch) -> None:
    """Draw a layer.

    Parameters
    ----------
    work : Work
    canvas : Canvas
    raster : Raster
        Where the canvas lies in the world.
    style : {"fill", "outline", "none"}
        How labels are drawn.
    watch : Watch
        Counts pixels.
    """
    if work.layer.kind == "labels":
        _draw_labels(work, canvas, raster, style, watch)
    else:
        _draw_image(work, canvas, raster, watch)


def _draw_image(work: Work, canvas: Canvas, raster: Raster, watch: Watch) -> None:
    layer = work.layer
    opacity = _opacity(layer, 1.0)
    blending = _blending(layer)
    found = _counted(work, raster, watch, nearest=False)
    if layer.colors:
        for patch in found:
            paint = _true_colors(patch.pixels, layer).with_opacity(opacity)
            canvas.draw(patch, paint, blending, lowest=work.is_lowest)
        return
    colormap, _ = colormap_of(layer.keywords.get("colormap"))
    low, high = limits_of(layer)
    gamma = layer.keywords.get("gamma", 1.0)
    for patch in found:
        values = patch.pixels - low
        values /= high - low
        paint = colormap.paint(_as_shown(values, gamma)).with_opacity(opacity)
        canvas.draw(patch, paint, blending, lowest=work.is_lowest)


def _as_shown(values: npt.NDArray[Any], gamma: float) -> npt.NDArray[Any]:
    if gamma == 1:
        return values
    return np.where((values > 0) & (values < 1), np.clip(values, 0, 1) ** gamma, values)


def _true_colors(pixels: npt.NDArray[Any], layer: DrawnLayer) -> Paint:
    """Colors of a picture in true color."""
    dtype = layer.levels[0].dtype
    most = float(np.iinfo(dtype).max) if dtype.kind in "iu" else 1.0
    scaled = np.clip(np.nan_to_num(pixels.astype(np.float32) / most), 0, 1)
    parts = [np.ascontiguousarray(scaled[..., number]) for number in range(layer.colors)]
    return Paint(parts[0], parts[1], parts[2], parts[3] if layer.colors == 4 else 1.0)


def _counted(work: Work, raster: Raster, watch: Watch, *, nearest: bool) -> Iterator[Patch]:
    parts = 1 + work.plane_bytes // _TOGETHER
    unit = work.plane.rows_together
    for patch in patches(
        work.level, raster, work.plane.read, nearest=nearest, unit=unit, parts=parts
    ):
        yield patch
        watch.add(math.prod(patch.pixels.shape[:2]))


def _draw_labels(
    work: Work, canvas: Canvas, raster: Raster, style: LabelStyle, watch: Watch
) -> None:
    layer = work.layer
    opacity = _opacity(layer, LABELS_OPACITY)
    colors = LabelColors(layer)
    width = _outline_width(layer, raster.shape, style)
    found = _counted(work, raster, watch, nearest=True)
    for patch in _joined(found, raster.shape) if width else found:
        labels = patch.pixels.astype(np.int64) if patch.pixels.dtype.kind == "f" else patch.pixels
        paint = colors.paint(outlines(labels, width) if width else labels)
        canvas.draw(patch, paint.with_opacity(opacity), _blending(layer), lowest=work.is_lowest)


def _outline_width(layer: DrawnLayer, shape: Sequence[int], style: LabelStyle) -> int:
    if style == "outline":
        return 2 if max(shape) >= _THICK_FROM else 1
    return contour_width(layer)


def _joined(found: Any, shape: tuple[int, int]) -> list[Patch]:
    """All parts as one: outlines are not to run along where two of them meet."""
    parts = list(found)
    if not parts or (len(parts) == 1 and parts[0].inside is None):
        return parts
    whole = np.zeros(shape, dtype=parts[0].pixels.dtype)
    inside = np.zeros(shape, dtype=bool)
    for part in parts:
        within = np.ones(part.pixels.shape, dtype=bool) if part.inside is None else part.inside
        whole[part.place][within] = part.pixels[within]
        inside[part.place] |= within
    return [Patch(slice(0, shape[0]), slice(0, shape[1]), whole, inside)]


def _opacity(layer: DrawnLayer, usual: float) -> float:
    stated = layer.keywords.get("opacity")
    return usual if stated is None else float(stated)


def _blending(layer: DrawnLayer) -> str:
    stated = layer.keywords.get("blending")
    stated = getattr(stated, "value", stated)
    return str(stated or ("translucent" if layer.kind == "labels" else "translucent_no_depth"))
