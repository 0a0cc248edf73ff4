"""Where items lie in a viewer, and moving its camera and sliders there; no Qt."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.axis_order import axes_of_space
from napari_ome_zip.image.composite import Field, PlacedImage, PlacedPart
from napari_ome_zip.plugin.contents.model import Item, Place
from napari_ome_zip.plugin.contents.shown import OpenLayer, ShownPart

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

MARGIN = 0.05
"""Fraction of the canvas that stays free around what is gone to."""

_BORDERS = np.array([[-0.5], [0.5]])
"""From the centers of the outermost pixels to the borders."""

type Box = npt.NDArray[np.float64]
"""Lowest and highest coordinates, shape (2, ndim)."""

type Boxes = npt.NDArray[np.float64]
"""Several of them, shape (n, 2, ndim)."""


def tile_boxes(fields: Sequence[Field], channel_axis: int | None, order: Sequence[int]) -> Boxes:
    """What each tile of an image covers, in pixels of its layer, from border to border.

    Parameters
    ----------
    fields : sequence of Field
    channel_axis : int, optional
        Position of the channel axis among the axes of the file.
    order : sequence of int
        Which axis each dimension of the layer is, without the channel axis; those beyond the axes
        of the file were added, and are one pixel long.
    """
    first = np.array([field.offset for field in fields], dtype=float)
    boxes = np.stack([first, first + np.array([field.shape for field in fields])], axis=1)
    if channel_axis is not None:
        boxes = np.delete(boxes, channel_axis, axis=2)
    count = max(0, len(order) - boxes.shape[2])
    added = np.broadcast_to([[0.0], [1.0]], (len(fields), 2, 1)).repeat(count, axis=2)
    arranged: Boxes = np.concatenate([boxes, added], axis=2)[..., list(order)]
    return arranged - 0.5


def item_box(item: Item, viewer: ViewerModel) -> Box | None:
    """World coordinates that an item covers, in the viewer's units; None where it lies nowhere.

    Items without a place of their own, such as the names of wells, lie where their layers do.
    """
    layers = {layer.unique_id: layer for layer in viewer.layers}
    boxes = [_place_box(place, layers, viewer) for place in _merged(item.places)]
    if not boxes:
        found = [layers[key] for key in item.layers if key in layers]
        boxes = [_in_world(layer, np.array(layer.extent.data), viewer) for layer in found]
    there = [box for box in boxes if box is not None]
    if not there:
        return None
    ndim = max(box.shape[1] for box in there)
    # Layers share their last dimensions; along others those that lack them are everywhere.
    same = [np.pad(b, ((0, 0), (ndim - b.shape[1], 0)), constant_values=np.nan) for b in there]
    lows, highs = zip(*same, strict=True)
    return np.stack([np.nanmin(lows, axis=0), np.nanmax(highs, axis=0)])


def go_to(viewer: ViewerModel, item: Item) -> bool:
    """Move the camera and the sliders of a viewer to an item, and show it where it is hidden.

    Sliders go to the time and the plane that the file asks to be shown first. Where it asks for
    none, and among tiles and wells, which are compared, they stay as long as they are within the
    item.

    Returns
    -------
    bool
        Whether it lies anywhere.
    """
    box = item_box(item, viewer)
    if box is None:
        return False
    layers = [layer for layer in viewer.layers if layer.unique_id in set(item.layers)]
    if not any(layer.visible for layer in layers):
        for layer in layers:
            layer.visible = True
    _move_sliders(viewer, item, box)
    _fit(viewer, box)
    return True


def _merged(places: Iterable[Place]) -> Iterator[Place]:
    """Places in one image as one."""
    groups: dict[int, tuple[ShownPart, list[Field]]] = {}
    whole: dict[int, ShownPart] = {}
    for place in places:
        if place.fields:
            groups.setdefault(id(place.shown), (place.shown, []))[1].extend(place.fields)
        else:
            whole[id(place.shown)] = place.shown
    yield from map(Place, whole.values())
    for key, (shown, fields) in groups.items():
        if key not in whole:
            yield Place(shown, tuple(fields))


def _place_box(place: Place, layers: Mapping[Hashable, Layer], viewer: ViewerModel) -> Box | None:
    known = next((one for one in place.shown.layers if one.key in layers), None)
    if known is None:
        return None
    layer = layers[known.key]
    if not place.fields:
        return _in_world(layer, layer.extent.data + _BORDERS, viewer)
    order = layer_order(known, layer.ndim)
    boxes = tile_boxes(place.fields, place.shown.part.channel_axis, order)
    box = np.stack([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])
    return _in_world(layer, box, viewer)


def layer_order(layer: OpenLayer, ndim: int) -> Sequence[int]:
    """Which axis of the file, without that of channels, each dimension of a layer is."""
    order: Sequence[int] = layer.note.get("order") or range(ndim)
    return order


def _in_world(layer: Layer, box: Box, viewer: ViewerModel) -> Box:
    """The world coordinates that a box in a layer's pixels covers, in the viewer's units."""
    corners = [layer.data_to_world(corner) for corner in itertools.product(*box.T)]
    world = np.stack([np.min(corners, axis=0), np.max(corners, axis=0)])
    return world * unit_factors(layer, viewer)


def unit_factors(layer: Layer, viewer: ViewerModel) -> npt.NDArray[np.float64]:
    """From a layer's units to those of the viewer, which has one for each kind."""
    units, shown = layer.units, viewer.layers.units
    if shown is None:
        return np.ones(len(units))
    pairs = zip(units, shown[-len(units) :], strict=True)
    return np.array([_factor(unit, target) for unit, target in pairs])


def _factor(unit: Any, target: Any) -> float:
    if unit == target or unit.dimensionality != target.dimensionality:
        return 1.0
    return float((1.0 * unit).to(target).magnitude)


def _move_sliders(viewer: ViewerModel, item: Item, box: Box) -> None:
    dims, ndim = viewer.dims, box.shape[1]
    asked = _asked_planes(item, viewer)
    point = list(dims.point)
    first = dims.ndim - ndim
    for dimension in range(first, dims.ndim):
        low, high = box[:, dimension - first]
        inside = low <= point[dimension] <= high
        plane = asked.get(dimension - dims.ndim)
        stays = inside and (plane is None or any(place.fields for place in item.places))
        if dimension in dims.displayed or stays or np.isnan(low):
            continue
        point[dimension] = min(max(point[dimension], low), high) if plane is None else plane
    if point != list(dims.point):
        dims.point = tuple(point)


def _asked_planes(item: Item, viewer: ViewerModel) -> dict[int, float]:
    """World coordinates of the planes that the file asks for, by dimension, counted from the last.

    Those of the first image among the item's places that asks for any.
    """
    layers = {layer.unique_id: layer for layer in viewer.layers}
    for place in item.places:
        for known in place.shown.layers:
            layer = layers.get(known.key)
            indices = _asked_indices(place.shown.part)
            if layer is None or not indices:
                continue
            order = list(layer_order(known, layer.ndim))
            position = [0.0] * layer.ndim
            for axis, index in indices.items():
                position[order.index(axis)] = float(index)
            world = layer.data_to_world(position) * unit_factors(layer, viewer)
            found = [order.index(axis) for axis in indices]
            return {dimension - layer.ndim: float(world[dimension]) for dimension in found}
    return {}


def _asked_indices(part: PlacedPart) -> dict[int, int]:
    """Indices that a file asks for, by axis without the channel axis; empty where it does not."""
    if not isinstance(part, PlacedImage) or not (part.default_t or part.default_z):
        return {}
    axes = [axis for number, axis in enumerate(part.axes) if number != part.channel_axis]
    times = [number for number, axis in enumerate(axes) if axis.role == "time"]
    planes = axes_of_space(axes)[:-2]
    asked = [*zip(times[:1], [part.default_t], strict=False)]
    return dict([*asked, *zip(planes[-1:], [part.default_z], strict=False)])


def _fit(viewer: ViewerModel, box: Box) -> None:
    """Center the camera on a box, which then fills the canvas but for a margin."""
    ndisplay = viewer.dims.ndisplay
    displayed = [dimension - viewer.dims.ndim for dimension in viewer.dims.displayed]
    sides = [box[:, dimension] for dimension in displayed if -dimension <= box.shape[1]]
    center = [float(side.mean()) for side in sides]
    sizes = np.array([side[1] - side[0] for side in sides])
    camera = viewer.scene.camera
    camera.center = (*camera.center[: -len(center)], *center)
    canvas = viewer.canvas.viewbox_size(viewer.layers)
    # In 3D, which may be turned, the longest side is to fit in any direction.
    if ndisplay == 2:
        fitting = np.min(np.asarray(canvas, dtype=float) / sizes[-2:])
    else:
        fitting = min(canvas) / sizes.max()
    camera.zoom = float((1 - MARGIN) * fitting)
