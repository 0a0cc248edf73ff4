"""A box in the world that layers of a viewer share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_ome_zip.image.units import conversion

type Bounds = tuple[float, float] | None
"""Lowest and highest coordinate along a dimension; None for all of it."""


@dataclass(frozen=True, slots=True)
class WorldBox:
    """A box in the coordinates that layers share in a viewer."""

    bounds: tuple[Bounds, ...]
    """One for each dimension; layers with fewer dimensions have the last ones."""
    units: tuple[str | None, ...] = ()
    """Those of the coordinates; empty or None where they are those of the layers."""
    pixels: tuple[float | None, ...] = ()
    """How large pixels may be along each dimension, where less than full resolution is wanted;
    empty, or None along a dimension, where that does not matter."""
    margins: tuple[float, ...] = ()
    """How far beside the bounds points, shapes and the like still belong to it: half a step, where
    bounds are steps of a slider; empty for 0."""

    @property
    def is_everything(self) -> bool:
        """Whether no dimension is bounded."""
        return all(bounds is None for bounds in self.bounds)

    @property
    def is_stepped(self) -> tuple[bool, ...]:
        """Whether the bounds along each dimension are steps of a slider, or one coordinate."""
        margins = self.margins or (0.0,) * len(self.bounds)
        return tuple(
            bounds is not None and (margin > 0 or bounds[0] == bounds[1])
            for bounds, margin in zip(self.bounds, margins, strict=True)
        )

    def own(self, units: Sequence[str | None]) -> WorldBox:
        """The same for a layer, along its dimensions and in its units.

        Parameters
        ----------
        units : sequence of str or None
            One for each dimension of the layer.
        """
        ndim, count = len(units), len(self.bounds)
        given = _last(self.units or (None,) * count, ndim, None)
        factors = [conversion(unit, own) for unit, own in zip(given, units, strict=True)]
        bounds = [
            None if each is None else (each[0] * factor, each[1] * factor)
            for each, factor in zip(_last(self.bounds, ndim, None), factors, strict=True)
        ]
        pixels = [
            None if size is None else size * factor
            for size, factor in zip(
                _last(self.pixels or (None,) * count, ndim, None), factors, strict=True
            )
        ]
        margins = [
            size * factor
            for size, factor in zip(
                _last(self.margins or (0.0,) * count, ndim, 0.0), factors, strict=True
            )
        ]
        return WorldBox(tuple(bounds), (), tuple(pixels), tuple(margins))


def _last[T](values: Sequence[T], count: int, default: T) -> list[T]:
    """The last few values, one for each dimension of a layer."""
    return [*[default] * (count - len(values)), *values][-count:]
