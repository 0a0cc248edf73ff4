"""The model of one group of the hierarchy: everything OME-Zarr can describe in it."""

from __future__ import annotations

from dataclasses import dataclass

from napari_ome_zip.ome.collections.node import Node
from napari_ome_zip.ome.frozen_json import FrozenMapping
from napari_ome_zip.ome.images.image_label import ImageLabel
from napari_ome_zip.ome.images.multiscale import Multiscale
from napari_ome_zip.ome.images.omero import Omero
from napari_ome_zip.ome.plates.plate import Plate
from napari_ome_zip.ome.plates.well import Well
from napari_ome_zip.ome.scene import Scene

DISPLAY_KEY = "napari_ome_zip"
"""Attribute beside ``ome`` for what no version of OME-Zarr has a place for."""


@dataclass(frozen=True)
class OmeGroup:
    """The metadata of one group, in one model for all versions."""

    path: str = ""
    """Path in the hierarchy, empty for the root."""
    version: str | None = None
    """The version that it was read as, a key of `versions.SPECS` where it is a known one; None
    without OME-Zarr metadata."""
    zarr_format: int = 3
    multiscales: tuple[Multiscale, ...] = ()
    omero: Omero | None = None
    image_label: ImageLabel | None = None
    labels: tuple[str, ...] | None = None
    """Paths of label images, relative to this group."""
    plate: Plate | None = None
    well: Well | None = None
    series: tuple[str, ...] | None = None
    """Paths of images in the order of the OME-XML, relative to the parent of this group."""
    bioformats2raw_layout: int | None = None
    """3 where the group holds a series of images, as bioformats2raw writes them."""
    scene: Scene | None = None
    node: Node | None = None
    """The node that the group is, with all nodes inside (RFC-8, a draft)."""
    display: FrozenMapping | None = None
    """The attribute ``napari_ome_zip``: any JSON object; other readers ignore it."""

    def at_path(self, path: str) -> OmeGroup:
        """Return the same metadata at another path.

        A plate has thousands of groups with equal documents, and `dataclasses.replace` is slow.
        """
        other = object.__new__(OmeGroup)
        other.__dict__.update(self.__dict__, path=path)
        return other
