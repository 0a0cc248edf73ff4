"""The axes of the display system, and maps brought onto them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.axis_order import in_viewing_order
from napari_ome_zip.image.systems import ImageSystems
from napari_ome_zip.image.units import conversion, known_unit
from napari_ome_zip.image.warp import Warp
from napari_ome_zip.ome import Axis


@dataclass(frozen=True)
class Mapped:
    """A multiscale mapped to some system, before all are brought onto common axes."""

    image: ImageSystems
    level: Affine
    affine: Affine
    axes: tuple[Axis, ...]
    warp: Warp | None = None


def display_axes(first: Iterable[Axis], mapped: Sequence[Mapped]) -> tuple[Axis, ...]:
    """The union of all axes but channels, each with the first known unit, in the order of viewers.

    They are two at least: a profile (x) is shown as a picture that is one pixel high.

    Parameters
    ----------
    first : iterable of Axis
        Those of the display system, which may be none.
    mapped : sequence of Mapped
    """
    found: dict[str, Axis] = {}
    distinct = {_map_of(one): one for one in mapped}.values()
    candidates = [*first, *(axis for one in distinct for axis in one.axes)]
    candidates += [axis for one in distinct for axis in _passengers(one)]
    for axis in candidates:
        if axis.role == "channel":
            continue
        known = found.get(axis.name)
        if known is None or (known_unit(known.unit) is None and known_unit(axis.unit)):
            found[axis.name] = axis if known is None else replace(known, unit=axis.unit)
    return _of_a_picture(in_viewing_order(found.values()))


def _of_a_picture(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    """The axes, or if a viewer could not show a picture along them alone, with others in front."""
    taken = {axis.name for axis in axes}
    free = (Axis(name, "space") for name in ("y", "x", "z") if name not in taken)
    return (*itertools.islice(free, max(0, 2 - len(axes))), *axes)


def _passengers(one: Mapped) -> tuple[Axis, ...]:
    """Array axes that move nothing in the system: they become display axes of their own.

    A time axis of an image that a scene places only in space still is an axis to look along.
    """
    kept = [row for row, axis in enumerate(one.axes) if axis.role != "channel"]
    moves = np.any(one.affine.linear[kept] != 0, axis=0)
    return tuple(
        axis
        for axis, moving in zip(one.image.axes, moves, strict=True)
        if not moving and axis.role != "channel"
    )


type _Map = tuple[int, int, int, int]


def _map_of(one: Mapped) -> _Map:
    """What multiscales that are mapped alike have in common: fields of view of a plate, mostly."""
    return id(one.level), id(one.affine), id(one.axes), id(one.image.axes)


def all_onto(mapped: Sequence[Mapped], axes: tuple[Axis, ...]) -> tuple[Affine, ...]:
    """The map of each to exactly ``axes``, in their units; axes it does not know stay at 0."""
    known: dict[_Map, Affine] = {}
    affines = []
    for one in mapped:
        key = _map_of(one)
        affine = known.get(key)
        if affine is None:
            affine = known[key] = _onto(one, axes)
        affines.append(affine)
    return tuple(affines)


def _onto(one: Mapped, axes: tuple[Axis, ...]) -> Affine:
    affine = one.affine
    columns = len(affine.input_axes) + 1
    passengers = {axis.name for axis in _passengers(one)}
    rows = []
    for axis in axes:
        if axis.name in passengers:
            own = next(a for a in one.image.axes if a.name == axis.name)
            row = _own_row(one, axis.name) * conversion(own.unit, axis.unit)
        elif axis.name in affine.output_axes:
            row = affine.matrix[affine.output_axes.index(axis.name)]
            own = one.axes[affine.output_axes.index(axis.name)]
            row = row * conversion(own.unit, axis.unit)
        else:
            row = np.zeros(columns)
        rows.append(row)
    return Affine(
        np.array(rows).reshape(len(axes), columns),
        affine.input_axes,
        tuple(axis.name for axis in axes),
    )


def _own_row(one: Mapped, name: str) -> np.ndarray:
    """How an array axis runs in the intrinsic system, for an axis the display system lacks."""
    names = one.level.output_axes
    if name in names and np.any(one.level.linear[names.index(name)]):
        own: np.ndarray = one.level.matrix[names.index(name)]
        return own
    row = np.zeros(len(one.level.input_axes) + 1)
    row[one.level.input_axes.index(name)] = 1.0
    return row
