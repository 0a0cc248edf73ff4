"""Which parts of which files the layers of a viewer show; neither Qt nor napari."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from napari_ome_zip.image.composite import Field, PlacedImage, PlacedPart
from napari_ome_zip.image.opened import Opened
from napari_ome_zip.layers.opened_layer import opened_layer


@dataclass(frozen=True)
class OpenLayer:
    """What of a layer the contents of its file are made from."""

    key: Hashable
    """Tells it from all others."""
    name: str
    kind: str
    """As layer data name it, such as ``"image"``."""
    note: Mapping[str, Any]
    """What was noted when it was read, see `napari_ome_zip.layers.layer_data`."""

    @property
    def source(self) -> str | None:
        """The file that it was read from; None for any other layer."""
        found = self.note.get("source")
        return found if isinstance(found, str) else None


@dataclass(frozen=True)
class ShownPart:
    """An image or label image of a file, and the layers that show it."""

    part: PlacedPart
    layers: tuple[OpenLayer, ...]

    @property
    def keys(self) -> tuple[Hashable, ...]:
        """Keys of the layers."""
        return tuple(layer.key for layer in self.layers)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The images that were fused into it; where it is one image, that."""
        part = self.part
        if part.fields:
            return part.fields
        start = (0,) * len(part.axes)
        return (Field(part.path, start, part.shape, part.position, part.name),)

    @property
    def is_mosaic(self) -> bool:
        """Whether its layers show several images."""
        return bool(self.part.fields)

    @property
    def is_image(self) -> bool:
        """Whether it is an intensity image, and not labels."""
        return isinstance(self.part, PlacedImage)


def sources(layers: Iterable[OpenLayer]) -> list[str]:
    """The files that layers were read from, in the order of the layers."""
    return list(dict.fromkeys(layer.source for layer in layers if layer.source is not None))


def shown_parts(layers: Iterable[OpenLayer]) -> list[ShownPart]:
    """The parts of one file that layers show, in the order of their first layers.

    Parameters
    ----------
    layers : iterable of OpenLayer
        Those of one file; some may show no part of it, such as the names of wells.
    """
    parts: dict[Hashable, PlacedPart] = {}
    shown: dict[Hashable, list[OpenLayer]] = {}
    for layer in layers:
        record = opened_layer(layer.note)
        if record is not None:
            key = record.part.path, record.part.multiscale
            parts.setdefault(key, record.part)
            shown.setdefault(key, []).append(layer)
    return [ShownPart(parts[key], tuple(found)) for key, found in shown.items()]


def opened_of(layers: Sequence[OpenLayer]) -> Opened | None:
    """The hierarchy that layers of one file were read from; None where no layer says it."""
    records = (opened_layer(layer.note) for layer in layers)
    return next((record.opened for record in records if record is not None), None)
