"""Opens a file wherever it lies."""

from __future__ import annotations

import os

from napari_ome_zip.files.byte_file import ByteFile
from napari_ome_zip.files.known_links import known_link, remember_link
from napari_ome_zip.files.links import Link, is_link
from napari_ome_zip.files.local_file import LocalFile
from napari_ome_zip.files.shown_names import shown_name


def open_file(place: str | os.PathLike[str] | Link) -> ByteFile:
    """Open a file on a disk, or one behind a link.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        As the operating system says.
    LinkError
        When a link leads to no file that can be read.
    """
    if isinstance(place, str) and is_link(place):
        place = known_link(place)
    if isinstance(place, Link):
        from napari_ome_zip.files.remote_file import RemoteFile

        opened = RemoteFile(place)
        remember_link(place)
        return opened
    return LocalFile(place)


def shown_place(place: str | os.PathLike[str] | Link) -> str:
    """Return how a place that a person gave is shown: as it was given, a link without secrets."""
    if isinstance(place, str) and is_link(place):
        place = Link(place)
    return place.source if isinstance(place, Link) else shown_name(place)
