"""Which well, field or tile lies at a place in the world.

A pointer asks at every move, of plates with thousands of fields: what is asked is prepared once, as
arrays, and answered by comparing all of them at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from napari_ome_zip.image.composite import Field, PlacedPart

_SPELT_OUT = ("tile", "field", "image")
"""Beginnings of names that say what is named."""

type _Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ShownImage:
    """An image of a file as a viewer shows it, in one layer or one a channel."""

    part: PlacedPart
    order: tuple[int, ...]
    """Which axis of the file (not counting that of channels), or added to it, each dimension of
    the layers is."""
    to_index: _Floats
    """From world coordinates, and a 1, to indices of level 0 along the layers' dimensions: shape
    (dimensions of the layers, dimensions of the viewer + 1)."""
    is_tile: bool = False
    """Whether it is one of several fields of a scan."""

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Size along each dimension of the layers."""
        sizes = self._without_channels(self.part.shape)
        return tuple(sizes[axis] if axis < len(sizes) else 1 for axis in self.order)

    @cached_property
    def is_divided(self) -> bool:
        """Whether it has a name for a part of itself, or is a part of a whole."""
        return self.is_tile or bool(self.part.fields) or self.part.position is not None

    def name_at(self, index: _Floats) -> str:
        """What lies at an index along each dimension of the layers, within the image."""
        fields = self.part.fields
        if not fields:
            return _name_of(self.part, is_tile=self.is_tile)
        place = np.zeros(len(self._first[0]))
        for axis, at in zip(self.order, index, strict=True):
            if axis < len(place):
                place[axis] = at
        found = np.flatnonzero(np.all((self._first <= place) & (place < self._last), axis=1))
        if len(found):  # of those that overlap, the last is seen
            return _name_of_field(fields[found[-1]])
        return self._well_around(place)

    @cached_property
    def _first(self) -> _Floats:
        offsets = [self._without_channels(field.offset) for field in self.part.fields]
        return np.array(offsets, dtype=np.float64) - 0.5

    @cached_property
    def _last(self) -> _Floats:
        sizes = [self._without_channels(field.shape) for field in self.part.fields]
        return self._first + np.array(sizes, dtype=np.float64)

    def _well_around(self, place: _Floats) -> str:
        """The well in which a place lies between the fields."""
        names, first, last = self._wells
        found = np.flatnonzero(np.all((first <= place) & (place < last), axis=1))
        return f"well {names[found[-1]]}" if len(found) else ""

    @cached_property
    def _wells(self) -> tuple[list[str], _Floats, _Floats]:
        """Names, and the box around the fields, of each well."""
        numbers: dict[str, int] = {}
        known = [
            (number, field.position.well)
            for number, field in enumerate(self.part.fields)
            if field.position is not None and field.position.well is not None
        ]
        well_of = np.array([numbers.setdefault(well, len(numbers)) for _, well in known], dtype=int)
        rows = np.array([number for number, _ in known], dtype=int)
        ndim = self._first.shape[1]
        first, last = np.full((len(numbers), ndim), np.inf), np.full((len(numbers), ndim), -np.inf)
        np.minimum.at(first, well_of, self._first[rows])
        np.maximum.at(last, well_of, self._last[rows])
        return list(numbers), first, last

    def _without_channels(self, values: Sequence[int]) -> tuple[int, ...]:
        axis = self.part.channel_axis
        return tuple(values) if axis is None else (*values[:axis], *values[axis + 1 :])


class Where:
    """Names of what lies at places in the world.

    Parameters
    ----------
    images : sequence of ShownImage
        From the bottom to the top.
    ndim : int
        Number of dimensions of the viewer.
    """

    def __init__(self, images: Sequence[ShownImage], ndim: int) -> None:
        self._images = images
        count = len(images)
        self._maps = np.zeros((count, ndim, ndim + 1))
        self._first = np.full((count, ndim), -np.inf)
        self._last = np.full((count, ndim), np.inf)
        for number, image in enumerate(images):
            dimensions = len(image.shape)
            self._maps[number, :dimensions] = image.to_index
            self._first[number, :dimensions] = -0.5
            self._last[number, :dimensions] = np.array(image.shape) - 0.5

    def at(self, position: Sequence[float], is_seen: Callable[[int], bool]) -> str:
        """What lies at a place; empty where nothing of a name does.

        Parameters
        ----------
        position : sequence of float
            World coordinates, one for each dimension of the viewer.
        is_seen : callable
            Whether the image of a number is visible.

        Examples
        --------
        >>> where.at((3.5, 120.0), lambda number: True)  # doctest: +SKIP
        'well C5, field 2'
        """
        if not self._images:
            return ""
        index = self._maps @ np.array([*position, 1.0])
        inside = np.all((self._first <= index) & (index < self._last), axis=1)
        hit = [int(number) for number in np.flatnonzero(inside)[::-1] if is_seen(int(number))]
        # What is part of a whole says more than a picture that lies over all of it.
        for number in sorted(hit, key=lambda number: not self._images[number].is_divided):
            image = self._images[number]
            name = image.name_at(index[number, : len(image.shape)])
            if name:
                return name
        return ""


def _name_of_field(field: Field) -> str:
    own = field.path.rpartition("/")[2]
    if field.position is None or field.position.well is None:
        return _spelt_out("tile", own)
    return f"well {field.position.well}, {_spelt_out('field', own)}"


def _name_of(part: PlacedPart, *, is_tile: bool) -> str:
    if part.position is not None and part.position.well is not None:
        return _name_of_field(Field(part.path, (), position=part.position))
    return _spelt_out("tile" if is_tile else "image", part.name)


def _spelt_out(what: str, name: str) -> str:
    return name if name.lower().startswith(_SPELT_OUT) else f"{what} {name}"
