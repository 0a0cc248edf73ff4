"""OME-Zarr documents, 0.1 to 0.6 and drafts, as frozen models: JSON in, JSON out, no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_ome_zip.late_imports import late_imports
from napari_ome_zip.ome.axes import Axis
from napari_ome_zip.ome.coordinate_system import CoordinateSystem
from napari_ome_zip.ome.frozen_json import FrozenMapping
from napari_ome_zip.ome.group import DISPLAY_KEY, OmeGroup
from napari_ome_zip.ome.images.image_label import ImageLabel
from napari_ome_zip.ome.images.label_colors import LabelColor, LabelColors
from napari_ome_zip.ome.images.label_table import LabelProperties, LabelTable
from napari_ome_zip.ome.images.multiscale import Dataset, Multiscale
from napari_ome_zip.ome.images.omero import Omero, OmeroChannel, Window
from napari_ome_zip.ome.parse import ParsedGroup, parse_group
from napari_ome_zip.ome.plates.acquisition import Acquisition
from napari_ome_zip.ome.plates.plate import Plate, PlateWell
from napari_ome_zip.ome.plates.well import Well, WellImage
from napari_ome_zip.ome.scene import Scene
from napari_ome_zip.ome.transformations.transformation import (
    AffineTransformation,
    Bijection,
    ByDimension,
    ByDimensionItem,
    Coordinates,
    Displacements,
    Identity,
    MapAxis,
    ProjectAxis,
    Rotation,
    Scale,
    SequenceTransformation,
    SystemRef,
    Transformation,
    Translation,
    Unknown,
)

if TYPE_CHECKING:
    from napari_ome_zip.ome.serialize import to_attributes

__all__ = [
    "DISPLAY_KEY",
    "Acquisition",
    "AffineTransformation",
    "Axis",
    "Bijection",
    "ByDimension",
    "ByDimensionItem",
    "CoordinateSystem",
    "Coordinates",
    "Dataset",
    "Displacements",
    "FrozenMapping",
    "Identity",
    "ImageLabel",
    "LabelColor",
    "LabelColors",
    "LabelProperties",
    "LabelTable",
    "MapAxis",
    "Multiscale",
    "OmeGroup",
    "Omero",
    "OmeroChannel",
    "ParsedGroup",
    "Plate",
    "PlateWell",
    "ProjectAxis",
    "Rotation",
    "Scale",
    "Scene",
    "SequenceTransformation",
    "SystemRef",
    "Transformation",
    "Translation",
    "Unknown",
    "Well",
    "WellImage",
    "Window",
    "parse_group",
    "to_attributes",
]

__getattr__ = late_imports(__name__, {"to_attributes": "napari_ome_zip.ome.serialize"})
