"""The ZIP format alone: end record, directory, entries, decoding, writing, verification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_ome_zip.archive.entry import ArchiveEntry
from napari_ome_zip.late_imports import late_imports

if TYPE_CHECKING:
    from napari_ome_zip.archive.decoding import refuse_without_chunks
    from napari_ome_zip.archive.index import ArchiveIndex
    from napari_ome_zip.archive.writer import ArchiveWriter

__all__ = ["ArchiveEntry", "ArchiveIndex", "ArchiveWriter", "refuse_without_chunks"]

# Late, so that whoever only looks for a preview does not wait for arrays and codecs.
__getattr__ = late_imports(
    __name__,
    {
        "ArchiveIndex": "napari_ome_zip.archive.index",
        "ArchiveWriter": "napari_ome_zip.archive.writer",
        "refuse_without_chunks": "napari_ome_zip.archive.decoding",
    },
)
