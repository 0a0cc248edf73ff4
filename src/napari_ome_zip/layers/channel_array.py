"""One channel in the form that its layer has: dimensions in a viewer's order, and a place."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np

from napari_ome_zip.geometry import NEGLIGIBLE, strays
from napari_ome_zip.image.composite import CompositeImage, PlacedPart
from napari_ome_zip.image.placement import independent_axes
from napari_ome_zip.image.planes import Planes, own_axes, planes_along
from napari_ome_zip.image.units import known_unit
from napari_ome_zip.pixels.arranged import arranged
from napari_ome_zip.pixels.lazy import chunk_shape
from napari_ome_zip.pixels.limits import estimate_limits, needs_pixels, sample

type PlanesOfAxes = Sequence[Planes | None]
"""The planes that parts have along each axis of the display system."""


_MAX_PERMUTED = 7


@dataclass(frozen=True)
class ChannelArray:
    """The pixels of one channel, with the dimensions that its layer has."""

    levels: tuple[da.Array, ...]
    keywords: dict[str, Any]
    """``scale`` and ``translate``, or with an ``affine`` where these do not suffice."""
    order: list[int]
    """Which axis of the file, or added to it, each dimension is."""
    stored: tuple[da.Array, ...]
    """The levels with the axes of the file, in its order."""

    def limits(self, shown: tuple[da.Array, ...]) -> tuple[float, float] | None:
        """Contrast limits, estimated from the pixels as they are stored.

        Parameters
        ----------
        shown : tuple of dask.array.Array
            Levels of the file as the layer has them, largest first: the middle of these is looked
            at, without dask, which would have to put their axes in order.
        """
        return estimate_limits(self.stored[: len(shown)], *self._sampled(shown))

    def looked_at(self, shown: tuple[da.Array, ...]) -> tuple[da.Array, ...]:
        """What `limits` reads; nothing where it reads nothing."""
        coarsest = self.stored[len(shown) - 1]
        return (sample(coarsest, *self._sampled(shown)),) if needs_pixels(coarsest) else ()

    def _sampled(self, shown: tuple[da.Array, ...]) -> tuple[list[int], list[int]]:
        sides = dict(zip(self.order, chunk_shape(shown[-1]), strict=True))
        axes = [axis for axis in self.order if axis < self.stored[len(shown) - 1].ndim]
        return axes, [sides[axis] for axis in sorted(axes)]


def channel_array(
    part: PlacedPart, number: int, planes: PlanesOfAxes, order: Sequence[int] | None = None
) -> ChannelArray:
    """Pixels and place of one channel of a part.

    Parameters
    ----------
    part : PlacedPart
    number : int
        The channel.
    planes : PlanesOfAxes
        Of the composite, see `planes_of`.
    order : sequence of int, optional
        Which axis each dimension is to be, where that is known already.
    """
    matrix = part.to_display.matrix
    display = part.to_display.output_axes
    own = own_axes(part)
    if own is not None:
        matrix, display = matrix[list(own)], tuple(display[row] for row in own)
    levels = part.channel_levels(number) + part.channel_overviews(number)
    if part.channel_axis is not None:
        axis = part.channel_axis
        offset = matrix[:, -1] + number * matrix[:, axis]
        matrix = np.column_stack([np.delete(matrix[:, :-1], axis, axis=1), offset])
    linear, offset = matrix[:, :-1], matrix[:, -1]
    names = [axis.name for i, axis in enumerate(part.axes) if i != part.channel_axis]
    linear, added, offset = _squared(linear, offset, planes)
    names += [display[row] for row in added]
    order = _dimension_order(linear, names, display) if order is None else list(order)
    stored = levels
    levels = tuple(arranged(level, order) for level in stored)
    keywords = _transform_keywords(linear[:, order], offset, levels[0].shape)
    return ChannelArray(levels, keywords, order, stored)


def layer_placement(
    composite: CompositeImage, note: Mapping[str, Any], ndim: int
) -> dict[str, Any] | None:
    """Place of an existing layer in the display system of a composite of the same archive.

    Parameters
    ----------
    composite : CompositeImage
        Opened in the system in question.
    note : mapping
        What `to_layer_data` noted in the layer's metadata.
    ndim : int
        The layer's number of dimensions.

    Returns
    -------
    dict or None
        ``scale`` with ``translate`` or ``affine``, ``units`` and ``axis_labels``; None where the
        composite has no such part, the system has another number of axes, or a vector field warps
        the part in one of the two systems, so that moving it is not enough.
    """
    part = noted_part(composite, note)
    if part is None or part.nonlinear or note.get("nonlinear"):
        return None
    own = own_axes(part)
    if len(composite.system.axes if own is None else own) != ndim:
        return None
    channel = note.get("channel")
    # The layer keeps its pixels as they are arranged, even where the system would exchange axes.
    order = note.get("order") or range(ndim)
    number = channel if isinstance(channel, int) else 0
    array = channel_array(part, number, planes_of(composite), order)
    return {**array.keywords, **axis_keywords(composite, own)}


def noted_part(composite: CompositeImage, note: Mapping[str, Any]) -> PlacedPart | None:
    """The part of a composite that a layer was made of; None where there is none."""
    origin = note.get("path"), note.get("multiscale")
    return next((part for part in composite.parts if (part.path, part.multiscale) == origin), None)


def planes_of(composite: CompositeImage) -> PlanesOfAxes:
    """The planes of the parts of a composite along each axis of its display system."""
    parts = (*composite.images, *composite.labels)
    return [planes_along(parts, row) for row in range(len(composite.system.axes))]


def axis_keywords(composite: CompositeImage, own: Sequence[int] | None = None) -> dict[str, Any]:
    """Keywords for layers with all dimensions of the display system, or with some of them."""
    axes = composite.system.axes
    if own is not None:
        axes = tuple(axes[row] for row in own)
    return {
        "units": tuple(known_unit(axis.unit) or "pixel" for axis in axes),
        "axis_labels": tuple(axis.name for axis in axes),
    }


def _squared(
    linear: np.ndarray, offset: np.ndarray, planes: PlanesOfAxes
) -> tuple[np.ndarray, list[int], np.ndarray]:
    """Append one column for each display axis that no array axis runs along, and name those.

    Display axes are tried in order, and taken where they add a direction: a plane standing
    anywhere in space gets its normal, or what is nearest to it among the axes. Its thickness is
    that of the other parts' planes, so that a viewer's slider has no more steps than they need;
    where nothing says on which plane it lies (it is at 0), it lies on one of theirs.
    """
    offset = offset.copy()
    rank = independent_axes(linear)
    columns = linear
    added: list[int] = []
    empty_first = np.argsort(np.any(linear != 0, axis=1), kind="stable")
    for row in empty_first:
        if columns.shape[1] >= linear.shape[0]:
            break
        there = planes[row]
        step = there.step if there is not None else 1.0
        candidate = np.column_stack([columns, step * np.eye(linear.shape[0])[:, row]])
        if independent_axes(candidate) > rank:
            columns, rank = candidate, rank + 1
            added.append(int(row))
            if there is not None and not np.any(linear[row]) and offset[row] == 0:
                offset[row] = there.nearest(0.0)
    return columns, added, offset


def _dimension_order(linear: np.ndarray, names: Sequence[str], display: Sequence[str]) -> list[int]:
    """For each display axis the array axis that becomes the viewer's dimension there.

    Slicing a viewer's dimensions is exact when array axes lie along display axes, so axes that
    are merely permuted are put in order by (lazily) transposing. Axes that are turned otherwise
    keep the order of their names, or else each goes to the dimension that it is most parallel to.
    """
    count = linear.shape[1]
    follows = np.abs(linear) > 1e-9 * np.linalg.norm(linear, axis=1, keepdims=True)
    if (follows.sum(axis=0) == 1).all() and (follows.sum(axis=1) == 1).all():
        return [int(column) for column in follows.argmax(axis=1)]
    if sorted(names) == sorted(display):
        return [list(names).index(name) for name in display]
    if count > _MAX_PERMUTED:
        return list(range(count))
    lengths = np.linalg.norm(linear, axis=0)
    share = np.abs(linear) / np.where(lengths == 0, 1, lengths)

    def along(order: Iterable[int]) -> float:
        return round(float(sum(share[row, column] for row, column in enumerate(order))), 9)

    orders: Iterator[tuple[int, ...]] = itertools.permutations(range(count))
    return list(max(orders, key=along))


def _transform_keywords(
    linear: np.ndarray, offset: np.ndarray, shape: Sequence[int]
) -> dict[str, Any]:
    scale = np.diag(linear)
    # Rounding leaves something beside the diagonal; a shear, however small, moves pixels.
    if np.all(strays(linear, shape) <= NEGLIGIBLE):
        return {"scale": tuple(scale.tolist()), "translate": tuple(offset.tolist())}
    # Voxel sizes stay visible in the layer's scale; the rest is one affine applied after it.
    lengths = np.linalg.norm(linear, axis=0)
    affine = np.eye(len(offset) + 1)
    affine[:-1, :-1] = linear / lengths
    affine[:-1, -1] = offset
    return {"scale": tuple(lengths.tolist()), "affine": affine}
