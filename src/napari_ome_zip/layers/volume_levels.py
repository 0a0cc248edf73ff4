"""Which level of each image a viewer shows in 3D: the finest that memory allows, for all alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from napari_ome_zip.image.virtual_levels import MAX_VOLUME_EDGE
from napari_ome_zip.sizes import readable_size

_MORE = "for more: File > Preferences, Memory for 3D"


@dataclass(frozen=True)
class Volume:
    """What a layer can show in 3D."""

    shapes: tuple[tuple[int, ...], ...]
    """Size of each level along the axes that are displayed, largest first."""
    voxel: int
    """Bytes of a voxel."""
    fixed: int | None = None
    """The level that is shown whatever memory there is, as a person chose it."""

    def nbytes(self, level: int) -> int:
        """Bytes of a level."""
        return math.prod(self.shapes[level]) * self.voxel


def finest_levels(
    volumes: Sequence[Volume], budget: int, longest: int = MAX_VOLUME_EDGE
) -> list[int]:
    """The level of each volume.

    Volumes of equal levels, such as the channels of an image, are shown at the same one. What has
    the smallest next level is refined first.

    Parameters
    ----------
    volumes : sequence of Volume
        All that are visible.
    budget : int
        Bytes for all of them together. The coarsest levels are shown in any case.
    longest : int
        Voxels along an edge that a graphics card can show.

    Examples
    --------
    >>> stack = Volume(((64, 512, 512), (64, 256, 256), (32, 128, 128)), 2)
    >>> finest_levels([stack, stack], 20_000_000)
    [1, 1]
    """
    levels = [len(v.shapes) - 1 if v.fixed is None else v.fixed for v in volumes]
    groups: dict[Volume, list[int]] = {}
    for number, volume in enumerate(volumes):
        if volume.fixed is None:
            groups.setdefault(volume, []).append(number)
    left = budget - sum(v.nbytes(level) for v, level in zip(volumes, levels, strict=True))
    at = {volume: len(volume.shapes) - 1 for volume in groups}
    while at:
        volume = min(at, key=lambda v: v.nbytes(max(0, at[v] - 1)) * len(groups[v]))
        level = at[volume] - 1
        cost = volume.nbytes(level) - volume.nbytes(level + 1) if level >= 0 else 0
        cost *= len(groups[volume])
        if level < 0 or max(volume.shapes[level]) > longest or cost > left:
            del at[volume]
            continue
        left -= cost
        at[volume] = level
        for number in groups[volume]:
            levels[number] = level
    return levels


def description(chosen: Sequence[tuple[Volume, int]]) -> str:
    """What is shown in 3D, and what there is to do about it."""
    levels = sorted({level for _, level in chosen})
    if not levels:
        return ""
    size = readable_size(sum(volume.nbytes(level) for volume, level in chosen))
    if levels == [0]:
        return f"3D: full resolution, {size}"
    counts = {len(volume.shapes) for volume, _ in chosen}
    which = " to ".join(str(level + 1) for level in dict.fromkeys((levels[0], levels[-1])))
    of = f" of {counts.pop()}" if len(counts) == 1 else ""
    return f"3D: level {which}{of}, {size}; {_MORE}"
