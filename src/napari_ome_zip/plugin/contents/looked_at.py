"""The well that is looked at: the one in the middle of the view; no Qt."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_ome_zip.image.composite import Field
from napari_ome_zip.plugin.contents.places import Boxes, layer_order, tile_boxes, unit_factors
from napari_ome_zip.plugin.contents.plate import Well
from napari_ome_zip.plugin.contents.shown import ShownPart

if TYPE_CHECKING:
    from napari.components import ViewerModel

NEAR = 3.0
"""A view of no more than so many fields of view in a row looks at one well."""


class WellFinder:
    """Finds the well in the middle of a view.

    Parameters
    ----------
    wells : sequence of Well
    """

    def __init__(self, wells: Sequence[Well]) -> None:
        by_image: dict[int, _Imaged] = {}
        for well in wells:
            for shown, field in well.fields:
                imaged = by_image.setdefault(id(shown), _Imaged(shown, [], []))
                imaged.fields.append(field)
                imaged.wells.append(well)
        self._images = list(by_image.values())

    def well_looked_at(self, viewer: ViewerModel) -> Well | None:
        """The well in the middle of a view; None where there is none, or the view shows many."""
        if not self._images or viewer.dims.ndisplay != 2:
            return None
        layers = {layer.unique_id: layer for layer in viewer.layers}
        middle = np.array(viewer.dims.point)
        middle[list(viewer.dims.displayed)] = viewer.scene.camera.center[-2:]
        shorter = min(viewer.canvas.viewbox_size(viewer.layers)) / viewer.scene.camera.zoom
        for imaged in self._images:
            known = next((one for one in imaged.shown.layers if one.key in layers), None)
            if known is None:
                continue
            layer = layers[known.key]
            factors = unit_factors(layer, viewer)
            pixel = np.array(layer.world_to_data(middle[-layer.ndim :] / factors))
            boxes = imaged.boxes(layer_order(known, layer.ndim))[..., -2:]
            inside = np.all((boxes[:, 0] <= pixel[-2:]) & (pixel[-2:] <= boxes[:, 1]), axis=1)
            for number in np.flatnonzero(inside).tolist():
                side = max(boxes[number, 1] - boxes[number, 0])
                if shorter <= NEAR * side * abs(layer.scale[-1]) * factors[-1]:
                    return imaged.wells[number]
        return None


@dataclass(eq=False)
class _Imaged:
    """An image, its fields of view, and the well that each is in."""

    shown: ShownPart
    fields: list[Field]
    wells: list[Well]
    _boxes: tuple[Hashable, Boxes] | None = None

    def boxes(self, order: Sequence[int]) -> Boxes:
        """The pixels that the fields of view cover in a layer."""
        key = tuple(order)
        if self._boxes is None or self._boxes[0] != key:
            found = tile_boxes(self.fields, self.shown.part.channel_axis, order)
            self._boxes = key, found
        return self._boxes[1]
