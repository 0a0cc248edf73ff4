"""What will be written: documents, arrays that are encoded, entries that are copied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from napari_ome_zip.archive.records import records_size
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.own_thumbnail import THUMBNAIL_BYTES
from napari_ome_zip.saving.encoding.array_plan import ArrayPlan
from napari_ome_zip.saving.original.carrying import Copy
from napari_ome_zip.storage import HierarchyStore

type Layout = Literal["image", "series", "scene", "kept"]


@dataclass(frozen=True)
class SavePlan:
    """Everything that will be written, decided before the first byte."""

    version: str
    """Of OME-Zarr: that of the file, where it keeps its arrangement."""
    documents: dict[str, bytes] = field(repr=False)
    """By entry name."""
    arrays: tuple[ArrayPlan, ...]
    """In the order of writing: an array that is made from another comes after it."""
    layout: Layout
    """``kept`` where the file keeps the arrangement that it has."""
    copies: tuple[Copy, ...] = field(default=(), repr=False)
    origin: HierarchyStore | None = field(default=None, repr=False)
    """Where the copies are taken from."""
    extras: dict[str, bytes] = field(default_factory=dict, repr=False)
    """Entries beside the hierarchy that are written anew, by name."""
    lost: tuple[Finding, ...] = ()
    """What the file that was opened has, and the one that will be written has not."""
    thumbnail: str | None = None
    """Name of the entry for a picture of the file, which is drawn and written last; None where
    there is to be none, or the one there is stays."""

    @property
    def nbytes(self) -> int:
        """Size in bytes of all that is encoded (before that) and copied."""
        return sum(array.nbytes for array in self.arrays) + self.copied_bytes

    @property
    def copied_bytes(self) -> int:
        """Size in bytes of all entries that are copied."""
        return sum(copy.nbytes for copy in self.copies)

    @property
    def known_bytes(self) -> int:
        """Size in bytes of the file without what is encoded: documents, copies, and about that of a
        thumbnail."""
        written = {**self.documents, **self.extras}
        documents = sum(records_size(name) + len(text) for name, text in written.items())
        copied = sum(copy.archived_bytes for copy in self.copies)
        return documents + copied + (THUMBNAIL_BYTES if self.thumbnail else 0)
