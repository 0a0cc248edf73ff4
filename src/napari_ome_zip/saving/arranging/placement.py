"""Where a part lies: what its own scale and translation say, and what leads on to the world."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_ome_zip.geometry import NEGLIGIBLE, Affine, strays
from napari_ome_zip.image.composite import PlacedPart
from napari_ome_zip.ome import Axis, CoordinateSystem
from napari_ome_zip.ome.orientation import Orientation


@dataclass(frozen=True)
class Placed:
    """A part with its own scale and translation, and what leads on to the world."""

    part: PlacedPart
    scale: tuple[float, ...]
    translation: tuple[float, ...]
    to_world: Affine | None
    """From its intrinsic system to the display system; None where axes of one name agree."""


def own_placement(part: PlacedPart, system: CoordinateSystem) -> Placed:
    """Split a part's placement into what a level's scale and translation hold, and the rest.

    Parameters
    ----------
    part : PlacedPart
    system : CoordinateSystem
        The display system. Its units become those of the part's axes, which may have others in the
        file, or none: the numbers count in them. Where they lead in a body follows from where its
        axes do.
    """
    part = replace(part, axes=_in_units_of(system, part.axes))
    affine = part.to_display
    names = tuple(axis.name for axis in part.axes)
    aligned = _axis_aligned(part)
    if aligned is not None:
        return _oriented(aligned, system)
    factors = np.array([math.hypot(*column) or 1.0 for column in affine.linear.T])
    if part.channel_axis is not None:
        factors[part.channel_axis] = 1.0
    rest = Affine(
        np.column_stack([affine.linear / factors, affine.offset]), names, affine.output_axes
    )
    return _oriented(Placed(part, tuple(factors.tolist()), (0.0,) * len(names), rest), system)


def _in_units_of(system: CoordinateSystem, axes: Sequence[Axis]) -> tuple[Axis, ...]:
    units = {axis.name: axis.unit for axis in system.axes if axis.unit}
    return tuple(
        axis if axis.role == "channel" else replace(axis, unit=units.get(axis.name, axis.unit))
        for axis in axes
    )


def _oriented(placed: Placed, system: CoordinateSystem) -> Placed:
    """A part whose axes lead where the display axes do that they run along.

    A level's scale may be negative: its axes are still those of the display system, and lead where
    these lead. Axes of a part that is rotated or mirrored below the display system are others.
    """
    along = _orientations(placed.part, system)
    if not any(along.values()) and not placed.part.nonlinear:
        return placed  # what a field moved leads where the display axes do, if anywhere
    axes = []
    for number, axis in enumerate(placed.part.axes):
        orientation = along.get(axis.name)
        if placed.to_world is not None:
            row, is_flipped = _nearest_row(placed.to_world.linear[:, number])
            orientation = None if row is None else along[placed.to_world.output_axes[row]]
            orientation = orientation.reversed() if orientation and is_flipped else orientation
        axes.append(axis if axis.role == "channel" else replace(axis, orientation=orientation))
    return replace(placed, part=replace(placed.part, axes=tuple(axes)))


def _orientations(part: PlacedPart, system: CoordinateSystem) -> dict[str, Orientation | None]:
    """Where display axes lead: what their system says, else the part itself."""
    own: Sequence[Orientation | None] = part.orientations
    if len(own) != len(system.axes):
        own = (None,) * len(system.axes)
    pairs = zip(system.axes, own, strict=True)
    return {axis.name: axis.orientation or said for axis, said in pairs}


def _nearest_row(column: np.ndarray) -> tuple[int | None, bool]:
    """The display axis that an axis is within 45° of, and whether it leads the other way.

    Orientations are of bodies that are roughly aligned to the axes (RFC-4).
    """
    squares = column**2
    row = int(squares.argmax())
    is_near = 2 * squares[row] > (1 + NEGLIGIBLE) * squares.sum()
    return (row if is_near else None), bool(column[row] < 0)


def _axis_aligned(part: PlacedPart) -> Placed | None:
    """A part that its own scale (negative for a flip) and translation place; None for others."""
    affine = part.to_display
    names = [axis.name for axis in part.axes]
    columns = [c for c in range(len(names)) if c != part.channel_axis]
    if not {names[c] for c in columns} <= set(affine.output_axes):
        return None
    rows = [affine.output_axes.index(names[c]) for c in columns]
    free = part.kept.unplaced if part.kept is not None else ()
    unused = [row for row in range(len(affine.output_axes)) if row not in rows]
    said = [row for row in unused if affine.output_axes[row] not in free]
    own = affine.linear[np.ix_(rows, columns)]
    if np.any(affine.linear[unused]) or np.any(affine.offset[said]):
        return None
    if not np.all(own.diagonal()):
        return None
    if np.any(strays(own, [part.shape[c] for c in columns]) > NEGLIGIBLE):
        return None
    scale, translation = np.ones(len(names)), np.zeros(len(names))
    scale[columns], translation[columns] = own.diagonal(), affine.offset[rows]
    return Placed(part, tuple(scale.tolist()), tuple(translation.tolist()), None)


def from_pixel(affine: Affine, first: Sequence[int]) -> Affine:
    """The map of an array that begins at a pixel of another one, in pixels of level 0."""
    offset = affine.offset + affine.linear @ np.array(first, dtype=float)
    matrix = np.column_stack([affine.linear, offset])
    return Affine(matrix, affine.input_axes, affine.output_axes)
