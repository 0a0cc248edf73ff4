"""Single-image OME-Zarr in one file: open, save and check ``.ome.zip`` and ``.ozx`` archives.

Public names are imported when first used: napari imports this package at start, and starting
must not wait for anything that is not needed yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_ome_zip.late_imports import late_imports

if TYPE_CHECKING:
    from napari_ome_zip.errors import (
        ArchiveError,
        ChangedFileError,
        CheckCancelledError,
        CropError,
        DamagedEntryError,
        LinkError,
        MetadataError,
        NoRangesError,
        OmeZipError,
        PictureCancelledError,
        PictureError,
        PictureTooLargeError,
        ProfileError,
        SaveCancelledError,
        SaveError,
        SaveWarning,
        TableError,
        TransformationError,
        UnreadableChunkError,
    )
    from napari_ome_zip.files.disk_cache.cache_folder import (
        clear_link_cache,
        link_cache_size,
        set_link_cache_size,
    )
    from napari_ome_zip.findings import Finding
    from napari_ome_zip.geometry import Affine
    from napari_ome_zip.image.composite import (
        Channel,
        CompositeImage,
        PlacedImage,
        PlacedLabels,
        PlacedPart,
        PlacedWell,
    )
    from napari_ome_zip.image.load import open_image
    from napari_ome_zip.image.tables.table import Table
    from napari_ome_zip.layers.crop import crop
    from napari_ome_zip.layers.to_layers import to_layer_data
    from napari_ome_zip.ome import Axis
    from napari_ome_zip.picture_inside import add_thumbnail
    from napari_ome_zip.pixels.damage import DamagedChunkWarning
    from napari_ome_zip.pixels.decoded_chunks import cache_size, set_cache_size
    from napari_ome_zip.pixels.strictness import strict_reading
    from napari_ome_zip.rendering import render
    from napari_ome_zip.repacking import pack, repack, unpack
    from napari_ome_zip.rules import Effect, Severity
    from napari_ome_zip.save import save_image
    from napari_ome_zip.saving.options import SaveOptions
    from napari_ome_zip.storage import ArchiveStore
    from napari_ome_zip.storage.archive_store import LateFindingWarning
    from napari_ome_zip.thumbnails.stored import StoredThumbnail, read_thumbnail
    from napari_ome_zip.validation.report import Issue, Report
    from napari_ome_zip.validation.validate import validate
    from napari_ome_zip.version import __version__

_MODULES = {
    "Affine": "napari_ome_zip.geometry",
    "ArchiveError": "napari_ome_zip.errors",
    "ArchiveStore": "napari_ome_zip.storage",
    "Axis": "napari_ome_zip.ome",
    "ChangedFileError": "napari_ome_zip.errors",
    "Channel": "napari_ome_zip.image.composite",
    "CheckCancelledError": "napari_ome_zip.errors",
    "CompositeImage": "napari_ome_zip.image.composite",
    "CropError": "napari_ome_zip.errors",
    "DamagedChunkWarning": "napari_ome_zip.pixels.damage",
    "DamagedEntryError": "napari_ome_zip.errors",
    "Effect": "napari_ome_zip.rules",
    "Finding": "napari_ome_zip.findings",
    "Issue": "napari_ome_zip.validation.report",
    "LateFindingWarning": "napari_ome_zip.storage.archive_store",
    "LinkError": "napari_ome_zip.errors",
    "MetadataError": "napari_ome_zip.errors",
    "NoRangesError": "napari_ome_zip.errors",
    "OmeZipError": "napari_ome_zip.errors",
    "PictureCancelledError": "napari_ome_zip.errors",
    "PictureError": "napari_ome_zip.errors",
    "PictureTooLargeError": "napari_ome_zip.errors",
    "ProfileError": "napari_ome_zip.errors",
    "PlacedImage": "napari_ome_zip.image.composite",
    "PlacedLabels": "napari_ome_zip.image.composite",
    "PlacedPart": "napari_ome_zip.image.composite",
    "PlacedWell": "napari_ome_zip.image.composite",
    "Report": "napari_ome_zip.validation.report",
    "SaveCancelledError": "napari_ome_zip.errors",
    "SaveError": "napari_ome_zip.errors",
    "SaveOptions": "napari_ome_zip.saving.options",
    "SaveWarning": "napari_ome_zip.errors",
    "Severity": "napari_ome_zip.rules",
    "StoredThumbnail": "napari_ome_zip.thumbnails.stored",
    "Table": "napari_ome_zip.image.tables.table",
    "TableError": "napari_ome_zip.errors",
    "TransformationError": "napari_ome_zip.errors",
    "UnreadableChunkError": "napari_ome_zip.errors",
    "__version__": "napari_ome_zip.version",
    "add_thumbnail": "napari_ome_zip.picture_inside",
    "cache_size": "napari_ome_zip.pixels.decoded_chunks",
    "clear_link_cache": "napari_ome_zip.files.disk_cache.cache_folder",
    "crop": "napari_ome_zip.layers.crop",
    "link_cache_size": "napari_ome_zip.files.disk_cache.cache_folder",
    "open_image": "napari_ome_zip.image.load",
    "pack": "napari_ome_zip.repacking",
    "read_thumbnail": "napari_ome_zip.thumbnails.stored",
    "render": "napari_ome_zip.rendering",
    "repack": "napari_ome_zip.repacking",
    "save_image": "napari_ome_zip.save",
    "set_cache_size": "napari_ome_zip.pixels.decoded_chunks",
    "set_link_cache_size": "napari_ome_zip.files.disk_cache.cache_folder",
    "strict_reading": "napari_ome_zip.pixels.strictness",
    "to_layer_data": "napari_ome_zip.layers",
    "unpack": "napari_ome_zip.repacking",
    "validate": "napari_ome_zip.validation.validate",
}

__all__ = [
    "Affine",
    "ArchiveError",
    "ArchiveStore",
    "Axis",
    "ChangedFileError",
    "Channel",
    "CheckCancelledError",
    "CompositeImage",
    "CropError",
    "DamagedChunkWarning",
    "DamagedEntryError",
    "Effect",
    "Finding",
    "Issue",
    "LateFindingWarning",
    "LinkError",
    "MetadataError",
    "NoRangesError",
    "OmeZipError",
    "PictureCancelledError",
    "PictureError",
    "PictureTooLargeError",
    "PlacedImage",
    "PlacedLabels",
    "PlacedPart",
    "PlacedWell",
    "ProfileError",
    "Report",
    "SaveCancelledError",
    "SaveError",
    "SaveOptions",
    "SaveWarning",
    "Severity",
    "StoredThumbnail",
    "Table",
    "TableError",
    "TransformationError",
    "UnreadableChunkError",
    "__version__",
    "add_thumbnail",
    "cache_size",
    "clear_link_cache",
    "crop",
    "link_cache_size",
    "open_image",
    "pack",
    "read_thumbnail",
    "render",
    "repack",
    "save_image",
    "set_cache_size",
    "set_link_cache_size",
    "strict_reading",
    "to_layer_data",
    "unpack",
    "validate",
]

__getattr__ = late_imports(__name__, _MODULES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
