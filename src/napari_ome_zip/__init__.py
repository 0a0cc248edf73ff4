"""Single-image OME-Zarr in one file: open, save and check ``.ome.zip`` and ``.ozx`` archives.

Public names are imported when first used: napari imports this package at start, and starting
must not wait for anything that is not needed yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_ome_zip.late_imports import late_imports

if TYPE_CHECKING:
    from napari_ome_zip.files.disk_cache.cache_folder import (
        clear_link_cache,
        link_cache_size,
        set_link_cache_size,
    )
    from napari_ome_zip.image.composite import CompositeImage
    from napari_ome_zip.image.load import open_image
    from napari_ome_zip.layers.crop import crop
    from napari_ome_zip.layers.to_layers import to_layer_data
    from napari_ome_zip.picture_inside import add_thumbnail
    from napari_ome_zip.pixels.decoded_chunks import cache_size, set_cache_size
    from napari_ome_zip.rendering import render
    from napari_ome_zip.repacking import pack, repack, unpack
    from napari_ome_zip.save import save_image
    from napari_ome_zip.saving.options import SaveOptions
    from napari_ome_zip.thumbnails.stored import read_thumbnail
    from napari_ome_zip.validation.validate import validate
    from napari_ome_zip.version import __version__

_MODULES = {
    "__version__": "napari_ome_zip.version",
    "add_thumbnail": "napari_ome_zip.picture_inside",
    "CompositeImage": "napari_ome_zip.image.composite",
    "SaveOptions": "napari_ome_zip.saving.options",
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
    "to_layer_data": "napari_ome_zip.layers",
    "unpack": "napari_ome_zip.repacking",
    "validate": "napari_ome_zip.validation.validate",
}

__all__ = [
    "CompositeImage",
    "SaveOptions",
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
    "to_layer_data",
    "unpack",
    "validate",
]

__getattr__ = late_imports(__name__, _MODULES)
