"""The order in which axes are looked at: time first, the y and x of a picture last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from napari_ome_zip.ome import Axis

_TYPE_RANK = {"time": 0, "space": 2, "array": 2}
_SPACE_RANK = {"z": 0, "y": 1, "x": 2}


def in_viewing_order(axes: Iterable[Axis]) -> list[Axis]:
    """Axes as a viewer has them; those that nothing tells apart stay in their order.

    Space comes last, and of it z, y, x: other axes of space are looked along.

    Examples
    --------
    >>> axes = [Axis(name, "space") for name in ("y", "x", "dy", "dx")]
    >>> [axis.name for axis in in_viewing_order([*axes, Axis("t", "time")])]
    ['t', 'dy', 'dx', 'y', 'x']
    """
    listed = list(axes)
    names = {axis.name for axis in listed}

    def rank(axis: Axis) -> tuple[int, int]:
        kind = _TYPE_RANK.get(axis.role or "", 1)
        # Of x and X, the first lies in the picture.
        small = axis.name.lower()
        name = small if small == axis.name or small not in names else axis.name
        return kind, _SPACE_RANK.get(name, -1) if kind == 2 else 0

    return sorted(listed, key=rank)


def axes_of_space(axes: Sequence[Axis]) -> list[int]:
    """Positions of the axes of space, in the order in which they are looked at: x is the last.

    Examples
    --------
    >>> axes_of_space([Axis("x"), Axis("c"), Axis("y"), Axis("z")])
    [3, 2, 0]
    """
    numbers = {axis.name: number for number, axis in enumerate(axes) if axis.role == "space"}
    return [numbers[axis.name] for axis in in_viewing_order(axes) if axis.name in numbers]
