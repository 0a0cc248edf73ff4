"""What there is to be drawn: the layers, and the world they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_ome_zip.errors import PictureError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.napari_group import NapariGroup
from napari_ome_zip.image.virtual_levels import OVERVIEW_EDGE, virtual_levels
from napari_ome_zip.layers.channel_axis import split_channels
from napari_ome_zip.layers.dimensions import default_names
from napari_ome_zip.layers.layer_data import LayerData
from napari_ome_zip.layers.to_layers import layer_findings, to_layer_data
from napari_ome_zip.layers.understanding import layer_units
from napari_ome_zip.layers.view_state import Sliders, ViewState
from napari_ome_zip.rendering.drawn_layer import DRAWN_KINDS, DrawnLayer, drawn_layer

type Source = CompositeImage | Sequence[LayerData]
"""What a picture is made of."""

type Noted = Callable[[Finding], None]
"""Is called with what a person should know of a picture."""


@dataclass(frozen=True)
class Slider:
    """A dimension of which one step is shown at a time, as a viewer counts them."""

    name: str
    start: float
    """World coordinate of its first step."""
    step: float
    count: int

    def place(self, step: float) -> float:
        """World coordinate of a step, or of a place between two."""
        return self.start + self.step * step


@dataclass(frozen=True, eq=False)
class Scene:
    """Layers in one world."""

    layers: tuple[DrawnLayer, ...]
    """From the bottom, hidden ones too."""
    names: tuple[str, ...]
    """Of the world's dimensions."""
    units: tuple[str | None, ...]
    """Of the world's dimensions, as far as they are known."""
    saved: Sliders | None = None
    """Where the sliders were when the file was saved from a viewer."""

    @property
    def visible(self) -> tuple[DrawnLayer, ...]:
        """The layers that are shown."""
        return tuple(layer for layer in self.layers if layer.is_visible)

    @property
    def sliders(self) -> tuple[Slider, ...]:
        """One for each dimension but the last two."""
        ndim = len(self.names)
        return tuple(
            slider_of(self.layers, self.names[number], ndim - number) for number in range(ndim - 2)
        )

    def box(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Lowest and highest y and x of all that is visible; of all layers where nothing is."""
        extents = [layer.extent(0.5)[:, -2:] for layer in self.visible or self.layers]
        low = np.min([extent[0] for extent in extents], axis=0)
        high = np.max([extent[1] for extent in extents], axis=0)
        return (float(low[0]), float(low[1])), (float(high[0]), float(high[1]))


def scene_of(source: Source, size: int = OVERVIEW_EDGE, noted: Noted | None = None) -> Scene:
    """The scene of a composite image, or of layers; reads no pixels.

    Parameters
    ----------
    source : CompositeImage or sequence of LayerData
    size : int
        Longest edge of the picture: of images without smaller levels such are computed.
    noted : callable, optional
        Is told of layers that are not drawn.

    Raises
    ------
    PictureError
        If there is no image and no labels, or a layer cannot be placed.
    """
    saved = None
    others: list[str] = []
    found: list[Finding] = []
    if isinstance(source, CompositeImage):
        shown = _of_images(source, size)
        layers: Sequence[LayerData] = to_layer_data(shown, limits=False)
        view = ViewState.of(source.napari.view)
        saved = None if view is None else view.sliders
        others = [drawing.name for drawing in source.napari.drawings]
        found = [each for each in layer_findings(shown, layers) if each.code == "layers-many"]
    else:
        layers = split_channels(source)
        beside = [layer for layer in layers if layer[2] not in DRAWN_KINDS]
        others = [str(k.get("name") or kind) for _, k, kind in beside]
    if noted is not None:
        for finding in (*found, *_left_out(others)):
            noted(finding)
    drawn = [layer for layer in layers if layer[2] in DRAWN_KINDS]
    if not drawn:
        raise PictureError("There is nothing to draw: no image and no labels.")
    first = max(drawn, key=_ndim)
    ndim = _ndim(first)
    units = layer_units(first[1], ndim)
    labels = first[1].get("axis_labels")
    names = default_names(ndim) if labels is None else tuple(map(str, labels))
    return Scene(tuple(drawn_layer(layer, units) for layer in drawn), names, units, saved)


def _of_images(composite: CompositeImage, size: int) -> CompositeImage:
    """The images and labels of a composite image alone.

    Tables and drawings take time to read, and records of the file to make. For a small picture of a
    huge image without levels of its own a smaller level is computed than a viewer needs.
    """
    parts = composite.parts
    if size < OVERVIEW_EDGE:
        parts = tuple(
            replace(part, overviews=virtual_levels(part, size)) if part.overviews else part
            for part in parts
        )
    return replace(composite, parts=parts, opened=None, wells=(), napari=NapariGroup())


def slider_of(layers: Sequence[DrawnLayer], name: str, from_last: int) -> Slider:
    """The slider of a dimension, counted from the last one (1), as napari has it."""
    there = [layer for layer in layers if layer.ndim >= from_last]
    extents = [layer.extent(0.0)[:, -from_last] for layer in there]
    low = min(float(extent[0]) for extent in extents)
    high = max(float(extent[1]) for extent in extents)
    step = min(float(layer.steps[-from_last]) for layer in there)
    # Rounding must not cost the last step.
    return Slider(name, low, step, int((high - low) / step + 1e-6) + 1)


def _ndim(layer: LayerData) -> int:
    data, keywords, kind = layer
    first = data[0] if isinstance(data, Sequence) and len(data) else data
    return len(np.shape(first)) - bool(kind == "image" and keywords.get("rgb"))


def _left_out(names: Sequence[str]) -> list[Finding]:
    """What to say of layers that are no images and no labels."""
    if not names:
        return []
    named = ", ".join(f"'{name}'" for name in names[:_MAX_NAMED])
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    text = f"Not in the picture, which shows images and labels: {named}{more}."
    return [Finding("picture-layers-left-out", "", text)]


_MAX_NAMED = 3
