"""Puts a small picture of an image into the archive that holds it."""

from __future__ import annotations

import os
from pathlib import Path

from napari_ome_zip.errors import SaveError
from napari_ome_zip.files import Link, is_link
from napari_ome_zip.image.load import open_image
from napari_ome_zip.progress import Cancelled, Progress
from napari_ome_zip.rendering import thumbnail_png
from napari_ome_zip.repacking import repack
from napari_ome_zip.repacking.noting import Noted, warn
from napari_ome_zip.storage import open_store


def add_thumbnail(
    source: str | os.PathLike[str] | Link,
    target: str | os.PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    noted: Noted = warn,
) -> Path:
    """Make the thumbnail of an archive, or make it anew.

    The archive is written again as `repack` does, with all other entries byte for byte, and
    replaced when that is complete. Thumbnails that other programs made stay beside it.

    Parameters
    ----------
    source : path or Link
        The archive; a string may be a link.
    target : path, optional
        File to write; by default the archive itself.
    progress, cancelled, noted
        As for `pack`.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    PictureError
        If nothing of the image can be drawn; nothing is written.
    SaveError
        If the place to write to does not allow it, or the archive lies behind a link and no file
        is named.
    ArchiveError, DamagedEntryError, LinkError, SaveCancelledError
        As for `repack`.

    Notes
    -----
    The Zarr convention "thumbnails", version 1: a PNG of 256 pixels at its longest edge.

    Examples
    --------
    >>> from napari_ome_zip import add_thumbnail, read_thumbnail
    >>> add_thumbnail("cells.ozx").name
    'cells.ozx'
    >>> read_thumbnail("cells.ozx").width
    256
    """
    if target is None:
        if isinstance(source, Link) or is_link(source):
            raise SaveError(
                "What lies behind a link is not changed: name a file to write the copy with a "
                "thumbnail to."
            )
        target = source
    drawn = thumbnail_png(open_image(open_store(source)))
    return repack(
        source,
        target,
        picture=lambda image: drawn,
        progress=progress,
        cancelled=cancelled,
        noted=noted,
    )
