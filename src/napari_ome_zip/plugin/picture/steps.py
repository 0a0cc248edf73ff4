"""Where the sliders of a viewer are, as a picture counts their steps; knows nothing of Qt."""

from __future__ import annotations

from collections.abc import Sequence

from napari_ome_zip.image.units import conversion
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.rendering.scene import scene_of


def shown_steps(
    layers: Sequence[LayerData], point: Sequence[float], units: Sequence[str]
) -> dict[str, int]:
    """The step of each slider that is nearest to a point of the world, by the slider's name.

    A viewer counts from where any of its layers begins, a picture from where images do.

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
        If there is no image and no labels, or a layer cannot be placed.
    """
    scene = scene_of(layers)
    missing = len(point) - len(scene.names)
    found = {}
    for number, slider in enumerate(scene.sliders):
        unit = units[number + missing] if units else None
        at = point[number + missing] * conversion(unit, scene.units[number])
        step = round((at - slider.start) / slider.step)
        found[slider.name] = min(max(step, 0), slider.count - 1)
    return found
