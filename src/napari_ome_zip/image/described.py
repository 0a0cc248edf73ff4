"""What a composite image and its parts are, in a line each: what an interpreter shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_ome_zip.image.composite import CompositeImage
    from napari_ome_zip.image.placed import PlacedPart

MAX_LINES = 20
"""Parts that are described one by one; of more, the number is."""

MAX_NAMES = 6
"""Channels that are named; of more, the number is."""


def part_line(part: PlacedPart) -> str:
    """The size along each axis, type of pixels, levels and channels of a part."""
    sizes = ", ".join(f"{a.name}={size}" for a, size in zip(part.axes, part.shape, strict=True))
    levels = f"{len(part.sources)} level{'s' * (len(part.sources) != 1)}"
    names = [channel.name or str(n) for n, channel in enumerate(getattr(part, "channels", ()))]
    channels = ""
    if part.channel_axis is not None and 0 < len(names) <= MAX_NAMES:
        channels = f", channels {', '.join(names)}"
    return f"{part.name!r} ({sizes}) {part.dtype}, {levels}{channels}"


def composite_lines(composite: CompositeImage) -> str:
    """The system, the parts, the tables, and how much was repaired or could not be shown."""
    lines = [f"{composite.name!r} along {_axes(composite)}"]
    lines += _first(f"image {part_line(part)}" for part in composite.images)
    lines += _first(f"labels {part_line(part)}" for part in composite.labels)
    lines += _first(f"table {table.name!r} ({table.kind})" for table in composite.tables)
    count = len(composite.findings)
    lines += [f"{count} finding{'s' * (count != 1)}"] * bool(count)
    return "\n  ".join(lines)


def _axes(composite: CompositeImage) -> str:
    """Names of axes, with the unit behind the last of those that share one."""
    texts = []
    for unit, axes in groupby(composite.system.axes, key=lambda axis: axis.unit):
        names = ", ".join(axis.name for axis in axes)
        texts.append(f"{names} ({unit})" if unit else names)
    return ", ".join(texts)


def _first(lines: Iterable[str]) -> Iterator[str]:
    every = list(lines)
    yield from every[:MAX_LINES]
    if len(every) > MAX_LINES:
        yield f"… and {len(every) - MAX_LINES} more"
