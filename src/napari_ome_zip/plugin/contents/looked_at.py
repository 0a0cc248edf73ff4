"""The well that is looked at: the one in the middle of the view; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from napari_ome_zip.image.composite import Field
from napari_ome_zip.plugin.contents.places import Boxes, layer_order, tile_boxes, unit_factors
from napari_ome_zip.plugin.contents.plate import Well
from napari_ome_zip.plugin.contents.shown import ShownPart

if TYPE_CHECKING:
    from napari.components import ViewerModel

NEAR = 2.0
"""A view of no more than so many wells in a row looks at one of them."""


class WellFinder:
    """Finds the well in the middle of a view.

    Parameters
    ----------
    wells : sequence of Well
    """

    def __init__(self, wells: Sequence[Well]) -> None:
        images: dict[int, _Imaged] = {}
        for well in wells:
            for shown, field in well.fields:
                images.setdefault(id(shown), _Imaged(shown)).add(field, well)
        self._images = list(images.values())

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
            view = shorter / (abs(layer.scale[-1]) * factors[-1])
            well = imaged.well_at(pixel, view, layer_order(known, layer.ndim))
            if well is not None:
                return well
        return None


class _Imaged:
    """An image, and the wells of which it shows fields of view."""

    def __init__(self, shown: ShownPart) -> None:
        self.shown = shown
        self._fields: list[Field] = []
        self._wells: list[Well] = []
        self._starts: list[int] = []
        """Number of the first field of each well."""
        self._boxes: tuple[tuple[int, ...], Boxes] | None = None

    def add(self, field: Field, well: Well) -> None:
        """Add a field of view; those of one well come one after the other."""
        if not self._wells or self._wells[-1] is not well:
            self._wells.append(well)
            self._starts.append(len(self._fields))
        self._fields.append(field)

    def well_at(self, pixel: Boxes, view: float, order: Sequence[int]) -> Well | None:
        """The well at a pixel of a layer, if the shorter side of the view, in pixels, is small."""
        boxes = self._well_boxes(order)[..., -2:]
        inside = np.all((boxes[:, 0] <= pixel[-2:]) & (pixel[-2:] <= boxes[:, 1]), axis=1)
        found = np.flatnonzero(inside).tolist()
        near = (n for n in found if view <= NEAR * max(boxes[n, 1] - boxes[n, 0]))
        number = next(near, None)
        return None if number is None else self._wells[number]

    def _well_boxes(self, order: Sequence[int]) -> Boxes:
        """The pixels that the fields of view of each well cover in a layer."""
        key = tuple(order)
        if self._boxes is None or self._boxes[0] != key:
            fields = tile_boxes(self._fields, self.shown.part.channel_axis, order)
            low = np.minimum.reduceat(fields[:, 0], self._starts)
            high = np.maximum.reduceat(fields[:, 1], self._starts)
            self._boxes = key, np.stack([low, high], axis=1)
        return self._boxes[1]
