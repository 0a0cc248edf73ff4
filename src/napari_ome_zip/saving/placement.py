"""Where a part lies: what its own scale and translation say, and what leads on to the world."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_ome_zip.geometry import Affine
from napari_ome_zip.image.composite import CompositeImage, PlacedPart


@dataclass(frozen=True)
class Placed:
    """A part with its own scale and translation, and what leads on to the world."""

    part: PlacedPart
    scale: tuple[float, ...]
    translation: tuple[float, ...]
    to_world: Affine | None
    """From its intrinsic system to the display system; None where axes of one name agree."""


def own_placement(part: PlacedPart, image: CompositeImage) -> Placed:
    """Split a part's placement into what a level's scale and translation hold, and the rest."""
    affine = part.to_display
    names = tuple(axis.name for axis in part.axes)
    scale, translation = [1.0] * len(names), [0.0] * len(names)
    straight = True
    for column, name in enumerate(names):
        if column == part.channel_axis:
            continue
        direction = affine.linear[:, column]
        row = affine.output_axes.index(name) if name in affine.output_axes else None
        length = float(np.linalg.norm(direction))
        scale[column] = length
        alone = row is not None and math.isclose(direction[row], length, rel_tol=1e-12)
        straight = straight and alone
        if row is not None:
            translation[column] = float(affine.offset[row])
    free = part.kept.unplaced if part.kept is not None else ()
    unused = [row for row, name in enumerate(affine.output_axes) if name not in (*names, *free)]
    straight = straight and not np.any(affine.offset[unused])
    if straight:
        return Placed(part, tuple(scale), tuple(translation), None)
    factors = np.array(scale)
    rest = Affine(
        np.column_stack([affine.linear / factors, affine.offset]), names, affine.output_axes
    )
    return Placed(part, tuple(scale), (0.0,) * len(names), rest)


def from_pixel(affine: Affine, first: Sequence[int]) -> Affine:
    """The map of an array that begins at a pixel of another one, in pixels of level 0."""
    offset = affine.offset + affine.linear @ np.array(first, dtype=float)
    matrix = np.column_stack([affine.linear, offset])
    return Affine(matrix, affine.input_axes, affine.output_axes)
