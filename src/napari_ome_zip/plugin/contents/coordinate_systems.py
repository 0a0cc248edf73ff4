"""Which coordinate systems layers can be shown in, and moving them there; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from napari_ome_zip.image.composite import CompositeImage
from napari_ome_zip.image.mosaic import FUSE_FROM
from napari_ome_zip.layers.channel_array import layer_placement
from napari_ome_zip.layers.layer_data import METADATA_KEY, note_of
from napari_ome_zip.layers.opened_layer import NOTE, opened_layer
from napari_ome_zip.layers.orientations import moved_note

type Open = Callable[..., CompositeImage]


class MovableLayer(Protocol):
    """What of a napari layer is read and set."""

    name: str
    metadata: dict[str, Any]
    ndim: int
    scale: Any
    translate: Any
    rotate: Any
    shear: Any
    affine: Any
    units: Any
    axis_labels: Any


@dataclass(frozen=True)
class Choice:
    """The systems that a layer's archive offers."""

    source: str
    """The archive or folder."""
    systems: tuple[str, ...]
    """The default first."""
    current: str


def choice_of(layer: MovableLayer | None) -> Choice | None:
    """What the archive of a layer offers; None where there is nothing to choose."""
    note = note_of(layer)
    source, systems = note.get("source"), note.get("systems")
    if not isinstance(source, str) or not isinstance(systems, list | tuple) or len(systems) < 2:
        return None
    current = note.get("system")
    known = isinstance(current, str) and current in systems
    return Choice(source, tuple(systems), str(current) if known else systems[0])


def move(layers: Iterable[MovableLayer], source: str, system: str, open_image: Open) -> list[str]:
    """Move all layers of an archive into one of its systems; pixels and settings stay.

    Parameters
    ----------
    layers
        Of a viewer; those that came from elsewhere are left alone.
    source : str
        The archive.
    system : str
        One of its systems.
    open_image
        As `napari_ome_zip.open_image`: documents are read again, pixels are not.

    Returns
    -------
    list of str
        Names of layers that have no place in that system, as they are now; those stay.
    """
    own = [layer for layer in layers if note_of(layer).get("source") == source]
    records = (opened_layer(note_of(layer)) for layer in own)
    fused = {record.opened.fuse_from for record in records if record is not None}
    # Of tiles that were fused otherwise, the parts would be others.
    composite = open_image(source, system=system, fuse_from=next(iter(fused), FUSE_FROM))
    # All are placed before any is moved, so that what fails leaves the picture as it is.
    placed = [(layer, layer_placement(composite, note_of(layer), layer.ndim)) for layer in own]
    for layer, place in placed:
        if place is not None:
            _put(layer, place)
            note = {**moved_note(layer.metadata[METADATA_KEY], composite), "system": system}
            opened = opened_layer(note)
            if opened is not None:
                note[NOTE] = opened.placed(place)
            layer.metadata = {**layer.metadata, METADATA_KEY: note}
    return [layer.name for layer, place in placed if place is None]


def _put(layer: MovableLayer, place: Mapping[str, Any]) -> None:
    layer.rotate = np.eye(layer.ndim)
    layer.shear = np.zeros(layer.ndim * (layer.ndim - 1) // 2)
    layer.affine = place.get("affine", np.eye(layer.ndim + 1))
    layer.scale = place["scale"]
    layer.translate = place.get("translate", (0.0,) * layer.ndim)
    layer.axis_labels = place["axis_labels"]
    layer.units = place["units"]
