"""The tiles of an open file as one image, or each as layers of its own; no Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_ome_zip.image.composite import CompositeImage, PlacedImage
from napari_ome_zip.image.mosaic import fuse
from napari_ome_zip.layers.label_tables import label_colors, label_properties
from napari_ome_zip.layers.layer_data import LayerData, layer_note, note_of
from napari_ome_zip.layers.opened_layer import opened_layer
from napari_ome_zip.layers.to_layers import MAX_LAYERS, to_layer_data
from napari_ome_zip.layers.understanding import world_matrix
from napari_ome_zip.plugin.contents.shown import ShownPart

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

FUSED, SEPARATE = 2, 0
"""What `open_image` is asked for: all tiles on one pixel grid as one, or none."""

_SAME_PLACE = 1e-9
_CONTRAST = ("contrast_limits_range", "contrast_limits")
_LOOK = {
    "image": ("visible", "opacity", "gamma", "colormap", *_CONTRAST),
    "labels": ("visible", "opacity", "contour"),
}
"""What a new layer takes over from the old one of the same channel, in this order."""


@dataclass(frozen=True)
class TileChoice:
    """How the tiles of a file are shown, and whether they can be shown otherwise."""

    is_fused: bool | None
    """Whether as one image; None where some are."""
    tiles: int
    separate_layers: int
    """Layers that there would be with each tile as layers of its own."""

    @property
    def problem(self) -> str:
        """Why they cannot be shown as layers of their own; empty where they can."""
        if self.separate_layers <= MAX_LAYERS:
            return ""
        return (
            f"{self.separate_layers:,} layers are too many: {self.tiles:,} tiles can be shown as "
            f"one image only. A window holds {MAX_LAYERS} layers of one file."
        )


def tile_choice(shown: Sequence[ShownPart]) -> TileChoice | None:
    """How the tiles of a file are shown; None where it has none that could be put together."""
    mosaics = [one for one in shown if one.is_image and one.is_mosaic]
    single = [one.part for one in shown if one.is_image and not one.is_mosaic]
    together, _ = fuse(single, "", FUSED)
    tiles = [part for part in together if part.fields]
    if not mosaics and not tiles:
        return None
    return TileChoice(
        None if mosaics and tiles else bool(mosaics),
        sum(len(one.fields) for one in mosaics) + sum(len(part.fields) for part in tiles),
        sum(len(one.fields) * one.part.channel_count for one in shown),
    )


def why_not(layer_data: Iterable[LayerData]) -> str:
    """Why layers of one file cannot be replaced: what would be lost, and what to do.

    Parameters
    ----------
    layer_data : iterable of LayerData
        Of all layers that were read from the file. Those that show no image of it, such as the
        names of wells or points, stay as they are.

    Returns
    -------
    str
        Empty where nothing would be lost.
    """
    layers = [item for item in layer_data if _is_part(item)]
    counts = Counter(map(_channel_of, layers))
    for item in layers:
        keywords = item[1]
        change = "is a copy" if counts[_channel_of(item)] > 1 else _change(*item)
        if change:
            return (
                f"'{keywords['name']}' {change}, which would be lost. Save the layers, open the "
                "saved file, and choose again."
            )
    return ""


def _is_part(item: LayerData) -> bool:
    """Whether a layer shows an image or label image of a file."""
    return opened_layer(layer_note(item[1])) is not None


def _channel_of(item: LayerData) -> Hashable:
    note = layer_note(item[1])
    return item[2], note.get("path"), note.get("multiscale"), note.get("channel")


def _change(data: Any, keywords: dict[str, Any], kind: str) -> str:
    """What a person has changed of a layer that no new one would have."""
    record = opened_layer(layer_note(keywords))
    if record is None or not record.has_pixels_of(data):
        return "was painted, or has new pixels"
    ndim = len(keywords["scale"])
    now, then = world_matrix(keywords, ndim), world_matrix(record.keywords, ndim)
    pixel = np.abs(then[:, :-1]).max(axis=1, keepdims=True)
    if np.any(np.abs(now - then) > _SAME_PLACE * (np.abs(then) + pixel)):
        return "was moved"
    own = record.without_tables  # what came from a table comes from there again
    if kind == "labels" and _look_of_labels(own(keywords)) != _look_of_labels(own(record.keywords)):
        return "was given other colors or properties"
    return ""


def _look_of_labels(keywords: Any) -> tuple[Any, Any]:
    return label_colors(keywords)[0], label_properties(keywords)[0]


def show_tiles(
    viewer: ViewerModel,
    layers: Sequence[Layer],
    fuse_from: int,
    open_image: Callable[..., CompositeImage],
    make: Callable[[list[LayerData]], list[Layer]],
) -> None:
    """Put the layers that a file gives with other tiles together in the place of those it gave.

    The camera, the sliders and other layers stay; channels look as they did.

    Parameters
    ----------
    viewer : ViewerModel
    layers : sequence of Layer
        All that were read from the file, see `why_not`.
    fuse_from : int
        `FUSED` or `SEPARATE`.
    open_image : callable
        As `napari_ome_zip.open_image`: documents are read again, pixels are not.
    make : callable
        Makes layers of layer data.
    """
    records = {layer: record for layer in layers if (record := opened_layer(note_of(layer)))}
    old = list(records)
    store = records[old[0]].opened.store
    system = note_of(old[0]).get("system")
    composite = open_image(store, fuse_from=fuse_from, system=system)
    looks = _looks(old)
    data = [item for item in to_layer_data(composite) if _is_part(item)]
    names = [keywords["name"] for _, keywords, _ in data]
    new = make(data)
    for layer in new:
        _take_look(layer, looks)
    _replace(viewer, old, new)
    for layer, name in zip(new, names, strict=True):
        layer.name = name


def _replace(viewer: ViewerModel, old: Sequence[Layer], new: Sequence[Layer]) -> None:
    start = min(viewer.layers.index(layer) for layer in old)
    # The new ones first: when a list was empty in between, napari would set the view anew.
    for number, layer in enumerate(new):
        viewer.layers.insert(start + number, layer)
    for layer in old:
        viewer.layers.remove(layer)
    viewer.layers.selection.active = new[0]


def _looks(layers: Iterable[Layer]) -> dict[Hashable, dict[str, Any]]:
    """Settings by channel, of the lowest layer that shows one."""
    looks: dict[Hashable, dict[str, Any]] = {}
    for layer in layers:
        kind, channel = _channel(layer)
        looks.setdefault((kind, channel), {key: getattr(layer, key) for key in _LOOK[kind]})
    return looks


def _take_look(layer: Layer, looks: dict[Hashable, dict[str, Any]]) -> None:
    look = looks.get(_channel(layer), {})
    for key, value in look.items():
        setattr(layer, key, value)


def _channel(layer: Layer) -> tuple[str, Hashable]:
    """Kind of a layer, and the name of its channel or label image; its number without a name."""
    note = note_of(layer)
    record = opened_layer(note)
    kind = layer.as_layer_data_tuple()[2]
    number = note.get("channel")
    if record is None:
        return kind, None
    part = record.part
    if not isinstance(part, PlacedImage):
        return kind, (part.path.rpartition("/")[2], number)
    name = None if number is None else part.channels[number].name
    return kind, name or number
