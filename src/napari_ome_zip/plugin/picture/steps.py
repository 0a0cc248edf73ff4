"""Where the sliders of a viewer are, as a picture counts their steps; knows nothing of Qt."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ome_zip.errors import PictureError
from napari_ome_zip.image.units import conversion
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.rendering.scene import scene_of

NOT_THERE = "No visible image is where the sliders are. Move them to one first."


def shown_steps(
    layers: Sequence[LayerData], point: Sequence[float], units: Sequence[str]
) -> dict[str, float]:
    """The step of each slider at a point of the world, by the slider's name.

    A viewer counts from where any of its layers begins, a picture from where images do; and a
    viewer that layers were added to may show what lies between two of its steps.

    Parameters
    ----------
    layers : sequence of LayerData
        What is to be drawn.
    point : sequence of float
        World coordinates, one for each dimension of the viewer.
    units : sequence of str
        Theirs; empty where there are none.

    Raises
    ------
    PictureError
        If there is no image and no labels, a layer cannot be placed, or none reaches there.
    """
    scene = scene_of(layers)
    missing = len(point) - len(scene.names)
    place = [
        at * conversion(unit, own)
        for at, unit, own in zip(
            point[missing:], units[missing:] or scene.units, scene.units, strict=True
        )
    ][:-2]
    if all(layer.index_at(place) is None for layer in scene.visible):
        raise PictureError(NOT_THERE)
    return {
        slider.name: min(max((at - slider.start) / slider.step, 0), slider.count - 1)
        for slider, at in zip(scene.sliders, place, strict=True)
    }
