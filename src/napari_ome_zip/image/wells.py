"""Fields of view of plates and wells, laid out on a grid."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

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
    plates: dict[str, dict[int, FieldPosition]] = defaultdict(dict)
    for index, position in enumerate(positions):
        if position is not None:
            plates[position.plate][index] = position
    for members in plates.values():
        boxes = {i: _box(affines[i], shapes[i]) for i in members}
        shifts = _within_wells(members, affines, boxes)
        placed = {i: boxes[i] + shifts[i] for i in members}
        wells = defaultdict(list)
        for i, position in members.items():
            wells[(position.row, position.column)].append(i)
        pitch = _pitch(wells.values(), placed)
        origin = (min(r for r, _ in wells), min(c for _, c in wells))
        corners = {well: _corner(inside, members, placed) for well, inside in wells.items()}
        start = np.min(list(corners.values()), axis=0)
        for (row, column), inside in wells.items():
            step = np.array([row - origin[0], column - origin[1]]) * pitch
            step += start - corners[(row, column)]
            for i in inside:
                result[i] = _shifted(affines[i], shifts[i] + step)
    return tuple(result)


def place_wells(
    affines: Sequence[Affine],
    shapes: Sequence[tuple[int, ...]],
    positions: Sequence[FieldPosition | None],
) -> tuple[PlacedWell, ...]:
    """Where the wells of all plates lie, from the fields of view as `lay_out` placed them."""
    boxes: dict[tuple[str, str], list[np.ndarray]] = defaultdict(list)
    for affine, shape, position in zip(affines, shapes, positions, strict=True):
        if position is not None and position.well is not None:
            boxes[(position.plate, position.well)].append(_box(affine, shape))
    wells = []
    for (_, name), inside in boxes.items():
        low, high = np.min([b[0] for b in inside], axis=0), np.max([b[1] for b in inside], axis=0)
        (top, left), (bottom, right) = low.tolist(), high.tolist()
        wells.append(PlacedWell(name, (top, left), (bottom, right)))
    return tuple(wells)


def _corner(
    inside: Iterable[int], members: Mapping[int, FieldPosition], boxes: Mapping[int, np.ndarray]
) -> np.ndarray:
    """Lowest y and x of a well's fields; labels, which follow their field, do not count.

    Positions of the stage may run against the plate's rows or columns, and hold for the whole
    plate or each well: only what they say within a well is kept.
    """
    fields = {members[i]: i for i in reversed(list(inside))}
    corner: np.ndarray = np.min([boxes[i][0] for i in fields.values()], axis=0)
    return corner


def _plane(affine: Affine) -> tuple[int, int]:
    return len(affine.output_axes) - 2, len(affine.output_axes) - 1


def _box(affine: Affine, shape: tuple[int, ...]) -> np.ndarray:
    """Lowest and highest y and x that the voxels of a part cover, shape (2, 2)."""
    rows = list(_plane(affine))
    half = np.abs(affine.linear[rows]) @ (np.array(shape) / 2)
    middle = affine.apply((np.array(shape) - 1) / 2)[rows]
    return np.array([middle - half, middle + half])


def _within_wells(
    members: Mapping[int, FieldPosition],
    affines: Sequence[Affine],
    boxes: Mapping[int, np.ndarray],
) -> dict[int, np.ndarray]:
    """Shift of each field within its well: none where the fields lie apart by themselves."""
    groups: dict[tuple[int, int, int | None], list[int]] = defaultdict(list)
    for i, position in members.items():
        groups[(position.row, position.column, position.acquisition)].append(i)
    shifts = {i: np.zeros(2) for i in members}
    for inside in groups.values():
        count = max(members[i].number for i in inside) + 1
        origins = {tuple(np.round(affines[i].offset[list(_plane(affines[i]))], 9)) for i in inside}
        if count == 1 or len(origins) > 1:
            continue
        size = np.max([boxes[i][1] - boxes[i][0] for i in inside], axis=0)
        columns = math.ceil(math.sqrt(count))
        corners = {members[i].number: boxes[i][0] for i in reversed(inside)}
        start = np.min(list(corners.values()), axis=0)
        for i in inside:
            number = members[i].number
            shifts[i] = np.array(divmod(number, columns)) * size + (start - corners[number])
    return shifts


def _pitch(wells: Iterable[list[int]], boxes: dict[int, np.ndarray]) -> np.ndarray:
    """Distance between neighboring wells: the extent of the widest, and a gap."""
    extents = []
    for inside in wells:
        low = np.min([boxes[i][0] for i in inside], axis=0)
        high = np.max([boxes[i][1] for i in inside], axis=0)
        extents.append(high - low)
    extent: np.ndarray = np.max(extents, axis=0)
    return extent * (1 + GAP)


def _shifted(affine: Affine, shift: np.ndarray) -> Affine:
    matrix = affine.matrix.copy()
    matrix[list(_plane(affine)), -1] += shift
    return Affine(matrix, affine.input_axes, affine.output_axes)
