"""The dimensions that layers share in a viewer, as the axes of one coordinate system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_ome_zip.findings import Finding
from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.orientations import Orientations, agreed
from napari_ome_zip.image.units import conversion, is_length, is_time, known_unit
from napari_ome_zip.layers.orientations import noted_orientations
from napari_ome_zip.layers.understanding import UnderstoodLayer
from napari_ome_zip.ome import Axis, CoordinateSystem
from napari_ome_zip.ome.axes import TYPES_BY_NAME
from napari_ome_zip.ome.images.held_axes import why_not_held
from napari_ome_zip.ome.versions import NEWEST, SPECS


def common_system(layers: Sequence[UnderstoodLayer]) -> CoordinateSystem:
    """The viewer's dimensions, with the names of the layer that has most of them."""
    ndim = max(layer.ndim for layer in layers)
    full = [layer for layer in layers if layer.ndim == ndim]
    names = next((layer.labels for layer in full if layer.labels), default_names(ndim))
    if len(set(names)) < ndim:
        names = default_names(ndim)
    units: list[str | None] = [None] * ndim
    for layer in layers:
        for number, unit in zip(own_dimensions(layer, names), layer.units, strict=True):
            units[number] = units[number] or unit
    axes = [
        _axis(name, _written_unit(name, unit, layers), names, layers)
        for name, unit in zip(names, units, strict=True)
    ]
    said = [layer_orientations(layer, axes) for layer in layers]
    agreeing = [agreed(each) for each in zip(*said, strict=True)]
    return CoordinateSystem(
        "world",
        tuple(replace(axis, orientation=way) for axis, way in zip(axes, agreeing, strict=True)),
    )


def layer_orientations(layer: UnderstoodLayer, axes: Sequence[Axis]) -> Orientations:
    """Where axes of all layers lead in a body as one layer says; None where it does not."""
    own = own_dimensions(layer, [axis.name for axis in axes])
    said = noted_orientations(layer.note)
    known = dict(zip(own, said, strict=True)) if len(said) == len(own) else {}
    return tuple(known.get(number) for number in range(len(axes)))


def renamed_axes(layers: Sequence[UnderstoodLayer], system: CoordinateSystem) -> Iterator[Finding]:
    """Findings for layers whose axes are renamed: all layers share the names of one of them.

    Those that are a part of a file keep the axes that they have there.
    """
    names = [axis.name for axis in system.axes]
    for layer in layers:
        saved = tuple(names[number] for number in own_dimensions(layer, names))
        if layer.opened is None and layer.labels and layer.labels != saved:
            text = (
                f"'{layer.name}': its axes {', '.join(layer.labels)} are saved as "
                f"{', '.join(saved)}."
            )
            yield Finding("axes-renamed", layer.name, text)


def own_dimensions(layer: UnderstoodLayer, names: Sequence[str]) -> tuple[int, ...]:
    """Which of the dimensions named ``names`` a layer has, by its own names in their order.

    Otherwise dimensions are counted from the last, as in a viewer.
    """
    missing = len(names) - layer.ndim
    if missing and set(layer.labels) <= set(names) and layer.labels:
        found = [names.index(label) for label in layer.labels]
        if found == sorted(set(found)):
            return tuple(found)
    return tuple(range(missing, len(names)))


def _axis(
    name: str, unit: str | None, names: Sequence[str], layers: Sequence[UnderstoodLayer]
) -> Axis:
    """An axis with its type: that of a file, else the last ones are space if names say nothing."""
    noted = _noted(name, layers)
    if noted is not None:
        return Axis(name, noted.get("type"), unit)
    kind = TYPES_BY_NAME.get(name.lower())
    if kind in (None, "channel"):
        known = sum(TYPES_BY_NAME.get(other.lower()) == "space" for other in names)
        # Without a type, "c" would be read as the axis of channels, which are layers of their own.
        other = None if kind is None else "other"
        kind = "space" if known < 2 and name in names[-2:] else other
    return Axis(name, kind, unit)


def default_names(ndim: int) -> tuple[str, ...]:
    """Names for dimensions without one; readers keep them in this order: time first, space last."""
    known = ("t", "z", "y", "x")
    more = tuple(f"dim_{number}" for number in range(1, ndim - len(known) + 1))
    return ("t", *more, "z", "y", "x") if more else known[-ndim:]


def _noted(name: str, layers: Sequence[UnderstoodLayer]) -> Mapping[str, Any] | None:
    """What a file says of an axis that layers still have."""
    for layer in layers:
        for axis in layer.note.get("axes") or () if name in layer.labels else ():
            if axis.get("name") == name:
                return dict(axis)
    return None


def _written_unit(name: str, unit: str | None, layers: Sequence[UnderstoodLayer]) -> str | None:
    """The unit of an axis as its file writes it, where that is the same, or none that is known.

    Lengths and times get the names that the specification lists.
    """
    if is_length(unit) or is_time(unit):
        return unit
    for layer in layers:
        for axis in layer.note.get("axes") or ():
            written = axis.get("unit")
            if axis.get("name") == name and written and known_unit(written) == unit:
                return str(written)
    return unit


def placement(
    layer: UnderstoodLayer, system: CoordinateSystem, channel_axis: int | None
) -> tuple[tuple[Axis, ...], Affine]:
    """Axes of the stored array, and its map to the system."""
    own = layer_axes(layer, system)
    rows = [system.axes.index(axis) for axis in own]
    factors = [conversion(u, axis.unit) for u, axis in zip(layer.units, own, strict=True)]
    matrix = np.zeros((len(system.axes), len(own) + 1))
    matrix[rows] = layer.matrix * np.array(factors)[:, np.newaxis]
    if channel_axis is None:
        axes = tuple(axis.looked_along for axis in own)
    else:
        axes, _ = with_channels(layer, own)
        matrix = np.insert(matrix, channel_axis, 0.0, axis=1)
    names = tuple(axis.name for axis in axes)
    return axes, Affine(matrix, names, tuple(axis.name for axis in system.axes))


def layer_axes(layer: UnderstoodLayer, system: CoordinateSystem) -> tuple[Axis, ...]:
    """The axes of the system that a layer has, in the order of its dimensions."""
    names = [axis.name for axis in system.axes]
    return tuple(system.axes[number] for number in own_dimensions(layer, names))


def with_channels(layer: UnderstoodLayer, axes: Sequence[Axis]) -> tuple[tuple[Axis, ...], int]:
    """The axes of a layer with one of channels, and its position.

    It is where the file had it, unless a released version wants it elsewhere; else behind time,
    before all that is like it.
    """
    usual = next((n for n, axis in enumerate(axes) if axis.role != "time"), len(axes))
    found = _inserted(axes, usual, Axis(_channel_name(axes), "channel"))
    noted = _noted_channels(layer, axes)
    if noted is None:
        return found, usual
    as_noted, released = _inserted(axes, *noted), SPECS[NEWEST]
    is_better = why_not_held(found, released) is None and why_not_held(as_noted, released)
    return (found, usual) if is_better else (as_noted, noted[0])


def _inserted(axes: Sequence[Axis], position: int, axis: Axis) -> tuple[Axis, ...]:
    return (*axes[:position], axis, *axes[position:])


def _noted_channels(layer: UnderstoodLayer, axes: Sequence[Axis]) -> tuple[int, Axis] | None:
    """The axis that the layer's file had beside its own, and where."""
    names = [axis.name for axis in axes]
    noted = layer.note.get("axes") or ()
    beside = [number for number, axis in enumerate(noted) if axis.get("name") not in names]
    if len(beside) != 1 or [a.get("name") for a in noted if a.get("name") in names] != names:
        return None
    axis = noted[beside[0]]
    return (beside[0], Axis(axis["name"], axis.get("type"))) if axis.get("name") else None


def _channel_name(axes: Sequence[Axis]) -> str:
    return "channel" if any(axis.name.lower() == "c" for axis in axes) else "c"
