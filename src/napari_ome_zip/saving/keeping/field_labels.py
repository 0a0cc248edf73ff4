"""Labels drawn over a mosaic, as labels of the fields of view that it consists of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import dask.array as da
import numpy as np

from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import (
    CompositeImage,
    Field,
    Kept,
    PlacedImage,
    PlacedLabels,
    PlacedPart,
)
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.pixels.grid import Region, shape_of
from napari_ome_zip.saving.arranging.placement import from_pixel
from napari_ome_zip.saving.keeping.gaps import labels_between
from napari_ome_zip.saving.keeping.overlaps import with_hidden
from napari_ome_zip.saving.original.stored import stored_multiscale

_ON_GRID = 1e-3

type _Places = dict[str, Region]
"""The pixels of labels that each field covers, by its path."""


def over_fields(image: CompositeImage) -> CompositeImage:
    """Cut labels of a mosaic at the borders of its fields, wherever they lie on its grid.

    Labels that were painted anew take the place of those that a field has; other fields get new
    ones. New labels on another grid belong to no image then.
    """
    if image.opened is None:
        return image
    mosaics = {part.path: part for part in image.images if part.fields and part.kept}
    parts: list[PlacedPart] = []
    lost: list[Finding] = []
    for part in image.parts:
        mosaic = mosaics.get(part.image_path or "") if isinstance(part, PlacedLabels) else None
        cut = None
        if mosaic is not None and isinstance(part, PlacedLabels) and _is_new(part):
            places = _places(part, mosaic, image.opened)
            cut = None if places is None else _cut(part, places, image.opened)
            between = labels_between(part, [*places.values()]) if places and cut else None
            lost += [] if between is None else [between]
            if cut is None and part.kept is None:
                part = replace(part, image_path=None)  # of none of the fields
        parts += [part] if cut is None else cut
    return replace(image, parts=tuple(parts), findings=(*image.findings, *lost))


def _is_new(part: PlacedLabels) -> bool:
    return part.channel_axis is None and (part.kept is None or not part.kept.pixels)


def _places(labels: PlacedLabels, mosaic: PlacedImage, opened: Opened) -> _Places | None:
    """Where each field lies among the pixels of labels; None where these lie on another grid."""
    found = {}
    for field in mosaic.fields:
        stored = stored_multiscale(opened, field.path)
        start = _start(labels, mosaic, field)
        if stored is None or start is None:
            return None
        shape = stored.levels[0].array.shape
        size = [n for axis, n in enumerate(shape) if axis != mosaic.channel_axis]
        found[field.path] = tuple(slice(s, s + n) for s, n in zip(start, size, strict=True))
    return found


def _cut(labels: PlacedLabels, places: _Places, opened: Opened) -> list[PlacedLabels] | None:
    """Labels of each field; None where no field has any."""
    own = [field.path for field in labels.fields] or ([labels.path] if labels.kept else [])
    there = {path.rpartition("/labels/")[0]: path for path in own}
    found = []
    for path, place in places.items():
        start = [side.start for side in place]
        pixels = _region(labels.levels[0], start, shape_of(place))
        if pixels is None:
            continue
        old = there.get(path)
        if old is not None:
            pixels = with_hidden(pixels, labels, old, opened)
        found.append(
            replace(
                labels,
                path=old or f"/{labels.path}-{path}",
                sources=(pixels,),
                overviews=(),
                fields=(),
                to_display=from_pixel(labels.to_display, start),
                image_path=path,
                kept=None if old is None else Kept(pixels=False, look=bool(labels.kept)),
            )
        )
    return found or None


def _start(labels: PlacedLabels, mosaic: PlacedImage, field: Field) -> list[int] | None:
    """The first pixel of a field on the grid of the labels; None where grids differ."""
    kept = [axis for axis in range(len(mosaic.axes)) if axis != mosaic.channel_axis]
    grid, own = mosaic.to_display.linear[:, kept], labels.to_display.linear
    if grid.shape != own.shape or not np.allclose(grid, own, rtol=1e-6, atol=0):
        return None
    corner = mosaic.to_display.offset + mosaic.to_display.linear @ np.array(field.offset)
    exact, *_ = np.linalg.lstsq(own, corner - labels.to_display.offset, rcond=None)
    whole = np.rint(exact)
    if np.abs(exact - whole).max(initial=0) > _ON_GRID:
        return None
    return [int(n) for n in whole]


def _region(level: da.Array, start: Sequence[int], size: Sequence[int]) -> da.Array | None:
    """Part of an array; 0 where it goes beyond. None where it lies outside altogether."""
    low = [max(0, s) for s in start]
    high = [min(n, s + k) for n, s, k in zip(level.shape, start, size, strict=True)]
    if any(b <= a for a, b in zip(low, high, strict=True)):
        return None
    inside: da.Array = level[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    beyond = [(a - s, s + k - b) for a, b, s, k in zip(low, high, start, size, strict=True)]
    if any(n for pair in beyond for n in pair):
        inside = da.pad(inside, beyond)
    return inside
