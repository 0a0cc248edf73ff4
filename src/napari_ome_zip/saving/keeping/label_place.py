"""Where new labels lie in their image, which a file places in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from napari_ome_zip.image.composite import CompositeImage, PlacedImage, PlacedLabels, PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.saving.arranging.placement import Placed, from_pixel
from napari_ome_zip.saving.original.stored import StoredMultiscale, stored_multiscale

type ImagesByPath = Mapping[str, PlacedImage]


def own_place(part: PlacedPart, images: ImagesByPath, opened: Opened) -> Placed | None:
    """Where new labels lie in the intrinsic system of their image; None where it is elsewhere.

    An index of the labels leads to one of the image, since both are placed in the display
    system: ``labels → display ← image``. What the image's level 0 does with its index does the
    rest.
    """
    if not isinstance(part, PlacedLabels) or part.image_path is None:
        return None
    parent = images.get(part.image_path)
    if parent is None or parent.kept is None or parent.nonlinear:
        return None
    stored = stored_multiscale(opened, parent.path, parent.multiscale)
    if stored is None or stored.levels[0].array.ndim != len(parent.axes):
        return None
    if not stored.levels[0].is_axis_aligned:
        return None
    kept = [axis for axis in range(len(parent.axes)) if axis != parent.channel_axis]
    inner = parent.to_display.linear[:, kept]
    part = _without_added_axes(part, inner)
    outer = np.column_stack([part.to_display.linear, part.to_display.offset])
    outer[:, -1] -= parent.to_display.offset
    found, *_ = np.linalg.lstsq(inner, outer, rcond=None)
    if not np.allclose(inner @ found, outer, rtol=1e-9, atol=1e-9 * np.abs(outer).max(initial=1)):
        return None
    return _along_axes(part, parent, stored, kept, found)


def images_by_path(image: CompositeImage) -> ImagesByPath:
    """The images of a composite by the paths of their groups; those of mosaics apart."""
    found: dict[str, PlacedImage] = {}
    for part in image.images:
        if not part.fields:
            found.setdefault(part.path, part)
        for field in part.fields:
            place = from_pixel(part.to_display, field.offset)
            found[field.path] = replace(part, path=field.path, fields=(), to_display=place)
    return found


def _without_added_axes(part: PlacedLabels, inner: np.ndarray) -> PlacedLabels:
    """Labels without the axes of one pixel along which their image does not extend."""
    added = [
        axis
        for axis, size in enumerate(part.shape)
        if size == 1 and not _is_spanned(part.to_display.linear[:, axis], inner)
    ]
    kept = [axis for axis in range(len(part.axes)) if axis not in added]
    if not added or len(kept) < 2:
        return part
    cut = tuple(0 if axis in added else slice(None) for axis in range(len(part.axes)))
    axes = tuple(part.axes[axis] for axis in kept)
    return replace(
        part,
        axes=axes,
        sources=tuple(level[cut] for level in part.levels),
        to_display=part.to_display.select(inputs=[axis.name for axis in axes]),
    )


def _is_spanned(direction: np.ndarray, inner: np.ndarray) -> bool:
    found, *_ = np.linalg.lstsq(inner, direction, rcond=None)
    return bool(np.allclose(inner @ found, direction, atol=1e-9 * np.abs(direction).max()))


def _along_axes(
    part: PlacedLabels,
    parent: PlacedImage,
    stored: StoredMultiscale,
    kept: Sequence[int],
    found: np.ndarray,
) -> Placed | None:
    linear, offset = found[:, :-1], found[:, -1]
    steps = np.where(np.abs(linear) > 1e-9 * np.abs(linear).max(initial=0), linear, 0)
    rows = [int(np.argmax(np.abs(steps[:, column]))) for column in range(steps.shape[1])]
    one_each = np.count_nonzero(steps, axis=0).tolist() == [1] * len(rows)
    if not one_each or rows != sorted(set(rows)):
        return None
    if any(abs(offset[row]) > 1e-6 for row in range(len(kept)) if row not in rows):
        return None
    level = stored.levels[0]
    scale, translation, axes = [], [], []
    for column, row in enumerate(rows):
        along = kept[row]
        scale.append(level.scale[along] * _neat(steps[row, column]))
        translation.append(level.translation[along] + level.scale[along] * _neat(offset[row]))
        axes.append(parent.axes[along].looked_along)
    return Placed(replace(part, axes=tuple(axes)), tuple(scale), tuple(translation), None)


def _neat(value: float) -> float:
    """A number without the rounding of the solver."""
    near = round(float(value), 6)
    return near if abs(value - near) < 1e-9 else float(value)
