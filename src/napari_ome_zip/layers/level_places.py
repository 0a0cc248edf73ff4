"""Where the pixels of a layer's coarser levels lie among those of its finest one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.levels import level_factors
from napari_ome_zip.layers.layer_data import layer_note
from napari_ome_zip.layers.opened_layer import OpenedLayer, opened_layer
from napari_ome_zip.ome import Dataset
from napari_ome_zip.ome.transformations.writer import scale_and_translation

type Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LevelPlace:
    """A level among the pixels of level 0: index *i* of it lies at ``factors * i + offset``."""

    factors: Numbers
    """Pixels of level 0 that one of its pixels spans, along each dimension."""
    offset: Numbers
    """Where the center of its first pixel lies, in pixels of level 0."""


def level_place(
    levels: Sequence[Any], number: int, keywords: Mapping[str, Any], ndim: int
) -> LevelPlace:
    """Where a level lies: as its file says, else so that its edges are those of level 0.

    Parameters
    ----------
    levels : sequence of array
        Those of the layer, largest first.
    number : int
        Which of them.
    keywords : mapping
        The layer's keyword arguments.
    ndim : int
        Number of dimensions, without colors.

    Notes
    -----
    OME-Zarr, section "multiscales": each dataset has transformations of its own. What they say
    counts where it is within a pixel of what the sizes of the arrays say, as a viewer shows them:
    anything else is a slip of whoever wrote the file.
    """
    full, shape = levels[0].shape[:ndim], levels[number].shape[:ndim]
    factors = np.array(level_factors(full, shape))
    usual = LevelPlace(factors, (factors - 1) / 2)
    note = layer_note(keywords)
    opened = opened_layer(note)
    stated = None if opened is None or number == 0 else _stated(opened, number, note, ndim)
    if stated is None:
        return usual
    ends = np.array([np.zeros(ndim), np.array(shape) - 1.0])
    apart = np.abs(ends * stated.factors + stated.offset - (ends * factors + usual.offset))
    return stated if bool((apart <= factors).all()) else usual


def _stated(
    opened: OpenedLayer, number: int, note: Mapping[str, Any], ndim: int
) -> LevelPlace | None:
    """What the file says; None where it does not say it by scales and translations."""
    part = opened.part
    group = opened.opened.group(part.path)
    if part.fields or part.nonlinear or group is None or part.multiscale >= len(group.multiscales):
        return None
    listed = group.multiscales[part.multiscale]
    if len(listed.datasets) != len(part.sources) or number >= len(part.sources):
        return None
    own = len(listed.axes)
    first, then = (_own_place(listed.datasets[level], own) for level in (0, number))
    if first is None or then is None:
        return None
    # Labels of a plane may be repeated along axes of their image, which come first.
    before = len(part.axes) - own
    factors = np.concatenate([np.ones(before), then[0] / first[0]])
    offset = np.concatenate([np.zeros(before), (then[1] - first[1]) / first[0]])
    if part.channel_axis is not None:
        factors, offset = (np.delete(each, part.channel_axis) for each in (factors, offset))
    added = ndim - len(factors)
    if added < 0:
        return None
    factors = np.concatenate([factors, np.ones(added)])
    offset = np.concatenate([offset, np.zeros(added)])
    order = note.get("order") or list(range(ndim))
    return LevelPlace(factors[order], offset[order])


def _own_place(dataset: Dataset, ndim: int) -> tuple[Numbers, Numbers] | None:
    said = dataset.transformation
    found = None if said is None else scale_and_translation(said, ndim)
    if found is None or not all(found[0]):
        return None
    return np.array(found[0]), np.array(found[1] or (0.0,) * ndim)
