"""Axes by their names, and how messages speak of axes, numbers and shapes."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ome_zip.errors import TransformationError

UNNAMED = ""
"""Name of an axis that has none, as between the parts of a sequence; it matches every name."""


def axes_agree(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two systems have as many axes, of equal names wherever both have one."""
    return len(first) == len(second) and all(
        UNNAMED in (a, b) or a == b for a, b in zip(first, second, strict=True)
    )


def axis_index(name: str, axes: Sequence[str]) -> int:
    """Return the index of the one axis called `name`, or raise a TransformationError."""
    times = axes.count(name)
    if times != 1:
        found = "not found" if times == 0 else f"found {times} times, expected once,"
        raise TransformationError(f"Axis {name!r} {found} among {axes_text(axes)}.")
    return axes.index(name)


def axes_text(axes: Sequence[str]) -> str:
    """Say how many axes there are and what they are called, for a message."""
    count = counted(len(axes), "axis", "axes")
    names = [name for name in axes if name != UNNAMED]
    return f"{count} ({', '.join(names)})" if names and len(names) == len(axes) else count


def counted(count: int, one: str, many: str) -> str:
    """Say a number of things, for a message."""
    return f"{count} {one if count == 1 else many}"


def shape_text(shape: Sequence[int]) -> str:
    """Say a shape as ``3×4``, for a message."""
    return "×".join(str(length) for length in shape) if shape else "a single number"
