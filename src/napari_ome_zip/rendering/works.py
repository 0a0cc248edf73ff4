"""What is drawn of each layer: its level and plane, and what reading them takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from napari_ome_zip.errors import PictureTooLargeError
from napari_ome_zip.rendering.contrast import looked_at
from napari_ome_zip.rendering.drawn_layer import DrawnLayer
from napari_ome_zip.rendering.levels import Level, level_for
from napari_ome_zip.rendering.raster import Raster
from napari_ome_zip.rendering.reading import Plane, bytes_to_read
from napari_ome_zip.rendering.scene import Scene
from napari_ome_zip.sizes import readable_size


@dataclass(frozen=True, eq=False)
class Work:
    """What is drawn of one layer."""

    layer: DrawnLayer
    level: Level
    plane: Plane
    is_lowest: bool
    """Whether it is the lowest layer that is visible."""

    @cached_property
    def plane_bytes(self) -> int:
        """Bytes of pixels that are decoded for the plane, at most about."""
        return bytes_to_read(self.plane.whole)

    @property
    def sample_bytes(self) -> int:
        """The same, for its limits of contrast."""
        return sum(map(bytes_to_read, looked_at(self.layer)))

    def pixels_in(self, raster: Raster) -> int:
        """Pixels of a picture that it covers, or that are looked at for it."""
        low, high = self.layer.extent(0.5)[:, -2:]
        spans = [raster.span(axis, float(low[axis]), float(high[axis])) for axis in (0, 1)]
        return math.prod(stop - first for first, stop in spans)


def works_of(
    scene: Scene,
    raster: Raster,
    point: Sequence[float],
    depth: int | None = None,
    *,
    labels: bool = True,
) -> list[Work]:
    """What is drawn, from the bottom; layers that do not reach to the plane are left out.

    Parameters
    ----------
    scene : Scene
    raster : Raster
    point : sequence of float
        Where the sliders are.
    depth : int, optional
        The slider of which all steps are shown together.
    labels : bool
        Whether labels are drawn.
    """
    found = []
    lowest = next(iter(scene.visible), None)
    for layer in scene.visible:
        if layer.kind == "labels" and not labels:
            continue
        along = None if depth is None else depth - (len(scene.names) - layer.ndim)
        along = along if along is not None and along >= 0 else None
        index = layer.index_at(point, whole=along)
        if index is not None:
            level = level_for(layer, raster.step)
            plane = Plane(level, level.index(index), along)
            found.append(Work(layer, level, plane, layer is lowest))
    return found


def check_budget(works: Sequence[Work], budget: int) -> None:
    """Refuse what would take too much.

    Raises
    ------
    PictureTooLargeError
        If more bytes of pixels would be decoded, about, than ``budget``.
    """
    total = sum(work.plane_bytes + work.sample_bytes for work in works)
    if total > budget:
        raise PictureTooLargeError(
            f"For this picture {readable_size(total)} of pixels would have to be read, more than "
            f"the {readable_size(budget)} that are allowed. Smaller levels (a pyramid) make it "
            "quick: save the image again with them."
        )
