"""Which axes the items of a byDimension take and make, and the map that their maps form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from napari_ome_zip.errors import TransformationError
from napari_ome_zip.geometry.directions import Directions
from napari_ome_zip.geometry.matrices import Axes, check_axis_count, check_indices
from napari_ome_zip.geometry.named_axes import UNNAMED, axis_index, counted
from napari_ome_zip.geometry.point_map import AnyMap, Block, block_diagonal
from napari_ome_zip.ome.transformations import transformation as tf


class CompiledItem(NamedTuple):
    """One item of a byDimension, compiled."""

    columns: list[int]
    rows: list[int]
    found: Directions


def assembled(
    blocks: Iterable[tuple[AnyMap | None, list[int], list[int]]],
    input_axes: Axes,
    output_axes: Axes,
) -> AnyMap | None:
    """Put maps of some axes (columns to rows) together; None when one of them is missing."""
    listed = []
    for one, columns, rows in blocks:
        if one is None:
            return None
        listed.append(Block(one, tuple(columns), tuple(rows)))
    return block_diagonal(listed, input_axes, output_axes)


def produced_axes(transformation: tf.ByDimension, input_axes: Axes) -> Axes:
    """Say which axes a byDimension produces where no system is declared for its output."""
    produced = [axis for item in transformation.items for axis in item.output_axes]
    check_axis_count(transformation.kind, len(produced))
    if any(isinstance(axis, str) for axis in produced):
        return input_axes  # names can only be those that came in
    return (UNNAMED,) * len(produced)


def item_axes(wanted: Sequence[int | str], axes: Axes, field: str) -> list[int]:
    """Resolve the indices or names of an item to indices of the whole."""
    try:
        indices = [axis_index(axis, axes) if isinstance(axis, str) else axis for axis in wanted]
    except TransformationError as error:
        raise TransformationError(f"byDimension's {field} cannot be resolved: {error}") from error
    check_indices(f"byDimension's {field}", indices, axes)
    return indices


def check_produced_once(blocks: Iterable[CompiledItem], output_axes: Axes) -> None:
    """Refuse an output axis that no item makes, or several do.

    Raises
    ------
    TransformationError
    """
    produced = [row for block in blocks for row in block.rows]
    for row, name in enumerate(output_axes):
        times = produced.count(row)
        if times != 1:
            called = f" ('{name}')" if name != UNNAMED else ""
            raise TransformationError(
                f"byDimension produces output axis {row}{called} "
                f"{counted(times, 'time', 'times')}, expected once."
            )
