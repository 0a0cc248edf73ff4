"""Colors of labels, stored by columns: there may be a million labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, overload

Rgba = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class LabelColor:
    """The color of one label value."""

    value: int
    rgba: Rgba | None = None
    """Red, green, blue, alpha, 0 to 255 each; None where absent or illegal."""


class LabelColors(Sequence[LabelColor]):
    """The colors of labels, equal to a tuple of them; each is made when it is asked for.

    Parameters
    ----------
    values : sequence of int
        The labels.
    rgba : bytes
        Red, green, blue and opacity of each, one after the other.
    """

    __slots__ = ("rgba", "values")

    def __init__(self, values: Sequence[int], rgba: bytes) -> None:
        self.values = values
        self.rgba = rgba

    @classmethod
    def written(
        cls, labels: Sequence[int], entries: Sequence[dict[str, Any]]
    ) -> LabelColors | None:
        """Return the colors of JSON objects, None where one is not written as it should be.

        Parameters
        ----------
        labels
            Label value of each object.
        entries
            The objects, with the color as ``rgba``.
        """
        try:
            colors = [entry["rgba"] for entry in entries]
        except KeyError:
            return None
        if not ({list} >= set(map(type, colors)) and {4} >= set(map(len, colors))):
            return None
        parts = list(chain.from_iterable(colors))
        if not {int} >= set(map(type, parts)):
            return None
        try:
            return cls(labels, bytes(parts))
        except ValueError:  # a number is not from 0 to 255
            return None

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> LabelColor: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[LabelColor, ...]: ...
    def __getitem__(self, index: int | slice) -> LabelColor | tuple[LabelColor, ...]:
        if isinstance(index, slice):
            return tuple(self[row] for row in range(*index.indices(len(self))))
        row = range(len(self))[index]
        red, green, blue, alpha = self.rgba[4 * row : 4 * row + 4]
        return LabelColor(self.values[row], (red, green, blue, alpha))

    def __iter__(self) -> Iterator[LabelColor]:
        fours = zip(*[iter(self.rgba)] * 4, strict=True)
        return map(LabelColor, self.values, fours)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LabelColors):
            return self.rgba == other.rgba and list(self.values) == list(other.values)
        return tuple(self) == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
