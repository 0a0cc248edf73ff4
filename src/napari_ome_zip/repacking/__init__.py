"""Pack a folder as an archive, unpack an archive, or write a repaired copy of one."""

from __future__ import annotations

from napari_ome_zip.repacking.packing import pack
from napari_ome_zip.repacking.repairing import repack
from napari_ome_zip.repacking.unpacking import unpack

__all__ = ["pack", "repack", "unpack"]
