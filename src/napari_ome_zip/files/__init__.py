"""The bytes of one file by position, wherever it lies: on a disk or behind a link."""

from __future__ import annotations

from napari_ome_zip.files.byte_file import ByteFile, Expectation, Fingerprint, Place, Range
from napari_ome_zip.files.known_links import known_link
from napari_ome_zip.files.links import Link, is_link
from napari_ome_zip.files.opening import open_file, shown_place
from napari_ome_zip.files.shown_names import has_own_name, shown_as
from napari_ome_zip.files.watching import reading_once, watching

__all__ = [
    "ByteFile",
    "Expectation",
    "Fingerprint",
    "Link",
    "Place",
    "Range",
    "has_own_name",
    "is_link",
    "known_link",
    "open_file",
    "reading_once",
    "shown_as",
    "shown_place",
    "watching",
]
