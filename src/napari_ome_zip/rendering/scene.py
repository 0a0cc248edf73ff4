"""What there is to be drawn: the layers, the world they share, and the point of its sliders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_ome_zip.errors import PictureError
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.napari_group import NapariGroup
from napari_ome_zip.layers.dimensions import default_names
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.to_layers import to_layer_data
from napari_ome_zip.layers.understanding import layer_units
from napari_ome_zip.rendering.drawn_layer import DRAWN_KINDS, DrawnLayer, drawn_layer

type Source = CompositeImage | Sequence[LayerData]
"""What a picture is made of."""


@dataclass(frozen=True)
class Slider:
    """A dimension of which one step is shown at a time, as a viewer counts them."""

    name: str
    start: float
    """World coordinate of its first step."""
    step: float
    count: int

    def place(self, step: int) -> float:
        """World coordinate of a step."""
        return self.start + self.step * step


@dataclass(frozen=True, eq=False)
class Scene:
    """Layers in one world."""

    layers: tuple[DrawnLayer, ...]
    """From the bottom, hidden ones too."""
    names: tuple[str, ...]
    """Of the world's dimensions."""
    units: tuple[str | None, ...]
    sliders: tuple[Slider, ...]
    """One for each dimension but the last two."""

    @property
    def visible(self) -> tuple[DrawnLayer, ...]:
        """The layers that are shown."""
        return tuple(layer for layer in self.layers if layer.is_visible)

    def box(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Lowest and highest y and x of all that is visible; of all layers where nothing is."""
        extents = [layer.extent(0.5)[:, -2:] for layer in self.visible or self.layers]
        low = np.min([extent[0] for extent in extents], axis=0)
        high = np.max([extent[1] for extent in extents], axis=0)
        return (float(low[0]), float(low[1])), (float(high[0]), float(high[1]))


def scene_of(source: Source) -> Scene:
    """The scene of a composite image, or of layers.

    Raises
    ------
    PictureError
        If there is no image and no labels, or a layer cannot be placed.
    """
    layers = layers_of(source)
    drawn = [layer for layer in layers if layer[2] in DRAWN_KINDS]
    if not drawn:
        raise PictureError("There is nothing to draw: no image and no labels.")
    first = max(drawn, key=lambda layer: _ndim(layer))
    units = layer_units(first[1], _ndim(first))
    understood = tuple(drawn_layer(layer, units) for layer in drawn)
    ndim = max(layer.ndim for layer in understood)
    labels = first[1].get("axis_labels")
    names = default_names(ndim) if labels is None else tuple(map(str, labels))
    sliders = tuple(_slider(understood, names[d], ndim - d) for d in range(ndim - 2))
    return Scene(understood, names, units, sliders)


def layers_of(source: Source) -> Sequence[LayerData]:
    """The layers of a composite image, without what a picture does not show; layers as they are."""
    if not isinstance(source, CompositeImage):
        return source
    # Tables and drawings take time to read, and records of the file to make.
    return to_layer_data(replace(source, opened=None, wells=(), napari=NapariGroup()))


def _ndim(layer: LayerData) -> int:
    data, keywords, kind = layer
    first = data[0] if isinstance(data, Sequence) else data
    return len(np.shape(first)) - bool(kind == "image" and keywords.get("rgb"))


def _slider(layers: Sequence[DrawnLayer], name: str, from_last: int) -> Slider:
    """The slider of a dimension, the ``from_last``-th from the last one (1)."""
    there = [layer for layer in layers if layer.ndim >= from_last]
    extents = [layer.extent(0.0)[:, -from_last] for layer in there]
    low = min(float(extent[0]) for extent in extents)
    high = max(float(extent[1]) for extent in extents)
    steps = [float(np.linalg.norm(layer.matrix[:, -1 - from_last])) for layer in there]
    step = min(steps)
    return Slider(name, low, step, int((high - low) / step) + 1)


def shown_point(scene: Scene) -> tuple[float, ...]:
    """Where the sliders are when the image is opened: as the file asks, else in the middle.

    A file asks for a time and a plane in depth of an image (OMERO's ``rdefs``). Otherwise, as in
    napari, the lowest layer is shown in the middle of its own sliders.

    Returns
    -------
    tuple of float
        World coordinates, one for each slider.
    """
    ndim = len(scene.names)
    first = scene.layers[0]
    point = []
    for number, slider in enumerate(scene.sliders):
        from_last = ndim - number
        if first.ndim < from_last:
            point.append(min(max(0.0, slider.start), slider.place(slider.count - 1)))
            continue
        own = _slider([first], slider.name, from_last)
        point.append(own.place((own.count - 1) // 2))
    return tuple(point)


def chosen_point(
    scene: Scene, point: Sequence[float], at: Mapping[str, int] | None
) -> tuple[float, ...]:
    """A point where some sliders are moved to a step.

    Parameters
    ----------
    scene : Scene
    point : sequence of float
        Where all of them are.
    at : mapping of str to int, optional
        Steps by the names of dimensions, counted from 0 as sliders do.

    Raises
    ------
    PictureError
        If there is no such slider, or no such step.
    """
    found = list(point)
    for name, step in (at or {}).items():
        number = slider_named(scene, name)
        slider = scene.sliders[number]
        if not 0 <= step < slider.count:
            raise PictureError(
                f"There is no step {step} along {slider.name}: its steps are 0 to "
                f"{slider.count - 1}."
            )
        found[number] = slider.place(step)
    return tuple(found)


def slider_named(scene: Scene, name: str) -> int:
    """The number of a slider.

    Raises
    ------
    PictureError
        If there is none of that name.
    """
    names = [slider.name.lower() for slider in scene.sliders]
    if name.lower() in names:
        return names.index(name.lower())
    there = ", ".join(slider.name for slider in scene.sliders)
    raise PictureError(
        f"There is no slider called {name!r}: "
        + (f"there are {there}." if there else "it is one plane only.")
    )
