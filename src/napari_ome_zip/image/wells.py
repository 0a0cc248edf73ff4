"""Fields of view of plates and wells, laid out on a grid."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.composite import PlacedWell
from napari_ome_zip.image.found import FieldPosition

GAP = 0.05
"""Space between neighboring wells, as a fraction of a well."""


def lay_out(
    affines: Sequence[Affine],
    shapes: Sequence[tuple[int, ...]],
    positions: Sequence[FieldPosition | None],
) -> tuple[Affine, ...]:
    """Shift the fields of view of each plate to their place on the plate.

    The specification gives wells a row and a column, but no distance: wells lie on a grid just
    wide enough for the widest. Fields of one well lie where their own transformations put
    them; where these put all at one place, on a grid within the well::

              1      2      3
           ┌─────┐┌─────┐┌─────┐
        A  │┌┐┌┐ ││     ││     │    from well to well: as far as the widest, and a gap
           │└┘└┘ ││     ││┌┐   │
           └─────┘└─────┘└└┘───┘    of each well the lowest corner of its fields is put
           ┌─────┐┌─────┐┌─────┐    where its row and column say, counted from the
        B  │     ││┌┐   ││     │    lowest corner of all
           └─────┘└└┘───┘└─────┘

    Parameters
    ----------
    affines : sequence of Affine
        Array indices to display axes of each part.
    shapes : sequence of tuple of int
        Shape of level 0 of each part.
    positions : sequence of FieldPosition or None
        None for a part that is not a field of view; labels carry the position of their field.

    Returns
    -------
    tuple of Affine
        The same maps, shifted.

    Notes
    -----
    OME-Zarr, sections "plate" and "well".
    """
    result = list(affines)
    plates: dict[str, list[int]] = defaultdict(list)
    for index, position in enumerate(positions):
        if position is not None:
            plates[position.plate].append(index)
    for members in plates.values():
        fields = _Fields.of(members, affines, shapes, positions)
        shifts = _within_wells(fields)
        placed = fields.boxes + shifts[:, np.newaxis]
        wells: dict[tuple[int, int], list[int]] = defaultdict(list)
        for i, position in enumerate(fields.positions):
            wells[(position.row, position.column)].append(i)
        pitch = _pitch(wells.values(), placed)
        origin = (min(r for r, _ in wells), min(c for _, c in wells))
        corners = {well: _corner(inside, fields, placed) for well, inside in wells.items()}
        start = np.min(list(corners.values()), axis=0)
        for (row, column), inside in wells.items():
            step = np.array([row - origin[0], column - origin[1]]) * pitch
            step += start - corners[(row, column)]
            shifts[inside] += step
        for index, affine, shift in zip(members, fields.affines, shifts, strict=True):
            result[index] = _shifted(affine, shift)
    return tuple(result)


def place_wells(
    affines: Sequence[Affine],
    shapes: Sequence[tuple[int, ...]],
    positions: Sequence[FieldPosition | None],
) -> tuple[PlacedWell, ...]:
    """Where the wells of all plates lie, from the fields of view as `lay_out` placed them."""
    wells: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, position in enumerate(positions):
        if position is not None and position.well is not None:
            wells[(position.plate, position.well)].append(number)
    placed = []
    for (_, name), members in wells.items():
        boxes = plane_boxes([affines[i] for i in members], [shapes[i] for i in members])
        (top, left), (bottom, right) = (
            boxes[:, 0].min(axis=0).tolist(),
            boxes[:, 1].max(axis=0).tolist(),
        )
        placed.append(PlacedWell(name, (top, left), (bottom, right)))
    return tuple(placed)


@dataclass(frozen=True)
class _Fields:
    """The fields of view of one plate, and the labels of them."""

    positions: list[FieldPosition]
    affines: list[Affine]
    boxes: np.ndarray
    """Lowest and highest y and x that the voxels of each cover, shape (n, 2, 2)."""

    @classmethod
    def of(
        cls,
        members: Sequence[int],
        affines: Sequence[Affine],
        shapes: Sequence[tuple[int, ...]],
        positions: Sequence[FieldPosition | None],
    ) -> _Fields:
        found = [affines[i] for i in members]
        boxes = plane_boxes(found, [shapes[i] for i in members])
        there = [position for i in members if (position := positions[i]) is not None]
        return cls(there, found, boxes)


def _corner(inside: Iterable[int], fields: _Fields, boxes: np.ndarray) -> np.ndarray:
    """Lowest y and x of a well's fields; labels, which follow their field, do not count.

    Positions of the stage may run against the plate's rows or columns, and hold for the whole
    plate or each well: only what they say within a well is kept.
    """
    first = {fields.positions[i]: i for i in reversed(list(inside))}
    corner: np.ndarray = boxes[list(first.values()), 0].min(axis=0)
    return corner


def _plane(affine: Affine) -> tuple[int, int]:
    return len(affine.output_axes) - 2, len(affine.output_axes) - 1


def plane_boxes(affines: Sequence[Affine], shapes: Sequence[tuple[int, ...]]) -> np.ndarray:
    """Lowest and highest y and x that the voxels of each part cover, shape (n, 2, 2).

    y and x are the last two axes of the display system.
    """
    # Where the first voxel lies differs from part to part, all else only from kind to kind.
    extents: dict[tuple[bytes, tuple[int, ...]], np.ndarray] = {}
    found = []
    for affine, shape in zip(affines, shapes, strict=True):
        kind = affine.linear.tobytes(), shape
        extent = extents.get(kind)
        if extent is None:
            extent = extents[kind] = _extent(affine, shape)
        found.append(extent)
    halves, middles = np.array(found).transpose(1, 0, 2)
    middles = middles + _origins(affines)
    return np.stack([middles - halves, middles + halves], axis=1)


def _extent(affine: Affine, shape: tuple[int, ...]) -> np.ndarray:
    """Half of the size along y and x, and the middle, seen from the center of the first voxel."""
    rows = list(_plane(affine))
    half = np.abs(affine.linear[rows]) @ (np.array(shape) / 2)
    middle = ((np.array(shape) - 1) / 2) @ affine.linear.T
    return np.array([half, middle[rows]])


def _origins(affines: Sequence[Affine]) -> np.ndarray:
    """y and x of the center of each first voxel, shape (n, 2)."""
    return np.array([affine.offset[-2:] for affine in affines])


def _within_wells(fields: _Fields) -> np.ndarray:
    """Shift of each field within its well: none where the fields lie apart by themselves."""
    groups: dict[tuple[int, int, int | None], list[int]] = defaultdict(list)
    for i, position in enumerate(fields.positions):
        groups[(position.row, position.column, position.acquisition)].append(i)
    shifts = np.zeros((len(fields.positions), 2))
    rounded = list(map(tuple, np.round(_origins(fields.affines), 9).tolist()))
    for inside in groups.values():
        numbers = [fields.positions[i].number for i in inside]
        count = max(numbers) + 1
        if count == 1 or len({rounded[i] for i in inside}) > 1:
            continue
        boxes = fields.boxes[inside]
        size = (boxes[:, 1] - boxes[:, 0]).max(axis=0)
        columns = math.ceil(math.sqrt(count))
        # Of a field and its labels the first counts.
        places = {number: place for place, number in reversed(list(enumerate(numbers)))}
        start = boxes[list(places.values()), 0].min(axis=0)
        for i, number in zip(inside, numbers, strict=True):
            corner = boxes[places[number], 0]
            shifts[i] = np.array(divmod(number, columns)) * size + (start - corner)
    return shifts


def _pitch(wells: Iterable[list[int]], boxes: np.ndarray) -> np.ndarray:
    """Distance between neighboring wells: the extent of the widest, and a gap."""
    extents = [boxes[inside, 1].max(axis=0) - boxes[inside, 0].min(axis=0) for inside in wells]
    extent: np.ndarray = np.max(extents, axis=0)
    return extent * (1 + GAP)


def _shifted(affine: Affine, shift: np.ndarray) -> Affine:
    matrix = affine.matrix.copy()
    matrix[list(_plane(affine)), -1] += shift
    return Affine(matrix, affine.input_axes, affine.output_axes)
