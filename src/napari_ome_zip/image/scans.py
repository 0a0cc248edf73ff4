"""Images that are fields of one scan, where they are not fused: few of them, or turned ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from napari_ome_zip.image.composite import PlacedImage
from napari_ome_zip.image.kinship import kinship
from napari_ome_zip.image.rounds import lie_apart, rounds_of
from napari_ome_zip.image.wells import plane_boxes


def scans_of(images: Sequence[PlacedImage]) -> list[list[PlacedImage]]:
    """Images that show one thing in parts: alike, and beside each other but for their edges.

    Parameters
    ----------
    images : sequence of PlacedImage

    Returns
    -------
    list of list of PlacedImage
        Each scan, of two fields or more, in the order of their first images. Images at one place
        are of different rounds, and so of different scans; warped ones, whose corners show
        nothing, are of none.
    """
    alike: dict[Any, list[PlacedImage]] = defaultdict(list)
    for image in images:
        if not image.nonlinear:
            alike[kinship(image, turned=True)].append(image)
    return [scan for group in alike.values() if len(group) > 1 for scan in _scans(group)]


def _scans(alike: Sequence[PlacedImage]) -> list[list[PlacedImage]]:
    low, high = _boxes(alike)
    rounds = rounds_of(alike, (low, high))
    return [images for images in rounds if len(images) > 1 and lie_apart(_boxes(images))]


def _boxes(images: Sequence[PlacedImage]) -> tuple[Any, Any]:
    boxes = plane_boxes([i.to_display for i in images], [i.shape for i in images])
    return boxes[:, 0], boxes[:, 1]
