"""A layer of locked labels replaced, where it is, by one that can be painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.layers import Labels

from napari_ome_zip.errors import ReadCancelledError
from napari_ome_zip.image.levels import level_factors
from napari_ome_zip.pixels.edited_pixels import EditedPixels, final_pixels
from napari_ome_zip.pixels.grid import Region, pieces, shape_of
from napari_ome_zip.pixels.lazy import chunk_shape
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.plugin.edit_labels.model import (
    EditChoice,
    LockedLabels,
    TooLargeError,
    as_region,
    is_whole,
    problem_with,
    region_of,
)
from napari_ome_zip.plugin.view.visible import visible_plane
from napari_ome_zip.progress import Cancelled, Progress, Watch

if TYPE_CHECKING:
    from napari.components import ViewerModel

_PART_BYTES = 1 << 26
"""What is read between two looks at whether it was cancelled, about (64 MiB)."""

_KEPT = (
    "contour",
    "selected_label",
    "show_selected_label",
    "brush_size",
    "n_edit_dimensions",
    "contiguous",
    "preserve_labels",
)
"""What a layer of labels has beside its layer data."""


def is_locked(layer: Any) -> bool:
    """Whether a layer is of labels that napari does not let be painted."""
    return isinstance(layer, Labels) and bool(layer.multiscale)


def locked_labels(layer: Labels, viewer: ViewerModel | None = None) -> LockedLabels:
    """What has to be known of a layer to say how it can be edited.

    Parameters
    ----------
    layer : napari.layers.Labels
    viewer : ViewerModel, optional
        Which shows it: what is visible of it may be chosen then.
    """
    levels = layer.data if layer.multiscale else [layer.data]
    shapes = tuple(tuple(map(int, level.shape)) for level in levels)
    return LockedLabels(
        layer.name,
        shapes,
        int(np.dtype(levels[0].dtype).itemsize),
        tuple(layer.axis_labels),
        None if viewer is None else _visible(layer, shapes[0], viewer),
    )


def _visible(layer: Labels, shape: Sequence[int], viewer: ViewerModel) -> Region | None:
    """What the canvas shows of a layer in 2D; all of it along axes that are not displayed."""
    if viewer.dims.ndisplay != 2 or not hasattr(viewer, "canvas"):
        return None
    corners = []
    for corner in product(*zip(*visible_plane(viewer), strict=True)):
        world = np.array(viewer.dims.point, dtype=float)
        world[list(viewer.dims.displayed)] = corner
        corners.append(np.array(layer.world_to_data(world)))
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    found = list(as_region(low.tolist(), high.tolist(), shape))
    displayed = {axis - viewer.dims.ndim + layer.ndim for axis in viewer.dims.displayed}
    for axis in set(range(layer.ndim)) - displayed:
        found[axis] = slice(0, shape[axis])
    return tuple(found)


def read_level(
    level: Any, progress: Progress | None = None, cancelled: Cancelled | None = None
) -> npt.NDArray[Any]:
    """All pixels of a level, in memory; what is damaged is an error, not background.

    Raises
    ------
    UnreadableChunkError
        For a damaged chunk.
    ReadCancelledError
        Where it was cancelled.
    """
    shape = tuple(map(int, level.shape))
    pixels = np.empty(shape, level.dtype)
    whole = tuple(slice(0, n) for n in shape)
    watch = Watch(progress, cancelled, _cancelled, pixels.nbytes)
    with strict_reading():
        for _, _, region in pieces(whole, part_shape(level)):
            watch.check()
            pixels[region] = final_pixels(level, region)
            watch.add(math.prod(shape_of(region)) * pixels.itemsize)
    return pixels


def _cancelled() -> ReadCancelledError:
    return ReadCancelledError("Cancelled: the labels stay as they are, locked.")


def part_shape(level: Any) -> tuple[int, ...]:
    """Size of what is read at once: whole chunks, grown along the last axes first."""
    shape = tuple(map(int, level.shape))
    part = list(chunk_shape(level)) if hasattr(level, "chunks") else list(shape)
    for axis in reversed(range(len(shape))):
        others = math.prod(part[:axis]) * math.prod(part[axis + 1 :]) * level.dtype.itemsize
        count = max(1, _PART_BYTES // max(1, others * part[axis]))
        part[axis] = min(shape[axis], part[axis] * count)
    return tuple(part)


def editable_layer(
    layer: Labels,
    choice: EditChoice | None = None,
    pixels: npt.NDArray[Any] | None = None,
    labels: LockedLabels | None = None,
) -> Labels:
    """A layer like another one of labels, that can be painted.

    Parameters
    ----------
    layer : napari.layers.Labels
        Stays as it is.
    choice : EditChoice, optional
        What of it; all of it at full resolution by default.
    pixels : ndarray, optional
        Those of the level that was chosen, where they were read before.
    labels : LockedLabels, optional
        What is known of the layer, where what is visible of it may have been chosen.

    Returns
    -------
    napari.layers.Labels
        Each pixel at the place in the world that it has in ``layer``, with its name, colors,
        features, settings and metadata. Saved instead of ``layer``, it takes its place in the
        archive, with smaller levels that are made of it.

    Raises
    ------
    TooLargeError
        If it does not fit into memory.
    UnreadableChunkError
        If a chunk of it is damaged.
    """
    choice = EditChoice() if choice is None else choice
    labels = locked_labels(layer) if labels is None else labels
    problem = problem_with(labels, choice)
    if problem:
        raise TooLargeError(problem)
    levels = layer.data if layer.multiscale else [layer.data]
    _, keywords, _ = layer.as_layer_data_tuple()
    data: Any
    if is_read_at_once(labels, choice):
        data = read_level(levels[choice.level]) if pixels is None else pixels
        factors = level_factors(labels.shapes[0], labels.shapes[choice.level])
        place = _placed(layer, [(factor - 1) / 2 for factor in factors], factors)
    else:
        data = EditedPixels(levels, region_of(labels, choice))
        place = _placed(layer, data.start)
    made = Labels(data, **{**keywords, **place, "multiscale": False})
    for name in _KEPT:
        setattr(made, name, getattr(layer, name))
    return made


def is_read_at_once(labels: LockedLabels, choice: EditChoice) -> bool:
    """Whether all pixels are read into memory, before they can be painted."""
    return choice.level > 0 or (labels.is_small and is_whole(labels, choice))


def replace_layer(viewer: ViewerModel, layer: Labels, made: Labels) -> None:
    """Put a layer in the place of another one: in the list, in the selection, and its name."""
    selection = set(viewer.layers.selection)
    name = layer.name
    # The new one first: a viewer that loses its last layer forgets its sliders and its camera. It
    # gets a name of its own where another layer has it.
    layer.name = f"{name} (locked)"
    viewer.layers.insert(viewer.layers.index(layer) + 1, made)
    viewer.layers.remove(layer)
    layer.name = name
    viewer.layers.selection = {made if each is layer else each for each in selection}


def _placed(
    layer: Labels, first: Sequence[float], factors: Sequence[float] | None = None
) -> dict[str, Any]:
    """Scale and translation of a layer whose first pixel is at an index of another one.

    Scale comes first of a layer's transformations, so rotation and shear stay as they are.
    """
    start = np.array(layer.data_to_world((0.0,) * layer.ndim))
    moved = np.array(layer.data_to_world(tuple(map(float, first)))) - start
    # What is given as a translation has the layer's affine still before it.
    shift = np.linalg.solve(layer.affine.linear_matrix, moved)
    scale = np.array(layer.scale) * (1.0 if factors is None else np.array(factors))
    return {"scale": tuple(scale), "translate": tuple(np.array(layer.translate) + shift)}
