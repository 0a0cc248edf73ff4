"""A transformation compiled in both directions, and how those of its parts join."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

from napari_ome_zip.geometry.matrices import Axes
from napari_ome_zip.geometry.named_axes import counted
from napari_ome_zip.geometry.point_map import AnyMap, join
from napari_ome_zip.ome.transformations import transformation as tf


class Directions(NamedTuple):
    """A transformation compiled in both directions; the order of fields is that of an `Edge`."""

    forward: AnyMap | None
    """Map from input to output; None when it cannot be applied."""
    backward: AnyMap | None
    """Map from output to input; None when there is none."""
    problem: str | None
    """Why a direction is missing (the forward one, if both are); None when none is."""

    @property
    def output_axes(self) -> Axes:
        """Axes that it leads to; none where it has no direction at all."""
        if self.forward is not None:
            return self.forward.output_axes
        return self.backward.input_axes if self.backward is not None else ()


def with_inverse(transformation: tf.Transformation, forward: AnyMap) -> Directions:
    """Both directions of a map whose backward one is its inverse, or why there is none."""
    inverse = forward.inverse()
    if inverse is not None:
        return Directions(forward, inverse, None)
    inputs, outputs = len(forward.input_axes), len(forward.output_axes)
    mixed = f"leads from {inputs} to {counted(outputs, 'axis', 'axes')}"
    reason = mixed if inputs != outputs else "flattens an axis"
    return Directions(
        forward, None, f"{transformation.kind} {reason}, so it cannot be followed backwards."
    )


def joined(maps: Iterable[AnyMap | None]) -> AnyMap | None:
    """Apply maps one after the other; None when one of them is missing."""
    listed = list(maps)
    present = [one for one in listed if one is not None]
    return reduce(join, present) if len(present) == len(listed) else None


def first_problem(
    forward: AnyMap | None, backward: AnyMap | None, parts: Iterable[Directions]
) -> str | None:
    """Return the problem of the first part that lacks the direction which the whole lacks."""
    for part in parts:
        if (forward is None and part.forward is None) or (
            forward is not None and backward is None and part.backward is None
        ):
            return part.problem
    return None
