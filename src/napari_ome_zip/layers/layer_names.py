"""Distinct names of layers, made from those of images and channels."""

from __future__ import annotations

from collections import Counter

from napari_ome_zip.image.composite import (
    Channel,
    CompositeImage,
    PlacedImage,
    PlacedLabels,
    PlacedPart,
)
from napari_ome_zip.layers import display_state
from napari_ome_zip.layers.layer_data import LayerData


def name_prefix(composite: CompositeImage, part: PlacedPart, *, several: bool) -> str:
    """Prefix for the name of a channel or label image where there are several images."""
    if not several:
        return ""
    if isinstance(part, PlacedLabels):
        image = next((i for i in composite.images if i.path == part.image_path), None)
        return f"{image.name}: " if image is not None else ""
    return f"{part.name}: "


def channel_name(part: PlacedImage, channel: Channel, number: int, prefix: str) -> str:
    """Name of the layer that shows one channel of an image."""
    if part.channel_count == 1:
        return f"{prefix}{channel.name}" if channel.name else part.name
    return f"{prefix or part.name + ': ' if not channel.name else prefix}" + (
        channel.name or f"channel {number}"
    )


def make_names_distinct(layers: list[LayerData]) -> None:
    """Number layers of the same name; the first that a viewer saved by that name keeps it."""
    counts = Counter(keywords["name"] for _, keywords, _ in layers)
    taken = set(counts)
    kept: set[str] = set()
    for _, keywords, _ in layers:
        name = keywords["name"]
        from_viewer = keywords.pop(display_state.ORDER, None) is not None
        if counts[name] < 2:
            continue
        if from_viewer and name not in kept:
            kept.add(name)
            continue
        number = 1
        while f"{name} [{number}]" in taken:
            number += 1
        keywords["name"] = f"{name} [{number}]"
        taken.add(keywords["name"])
