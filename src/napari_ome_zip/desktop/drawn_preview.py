"""Draws a preview of an image that has no thumbnail of its own; importing this takes its time."""

from __future__ import annotations

import os

from napari_ome_zip.image.load import open_image
from napari_ome_zip.rendering import thumbnail_png

BUDGET = 128 << 20
"""Bytes of pixels that may be decoded for a preview (128 MiB)."""


def drawn_preview(path: str | os.PathLike[str], edge: int) -> bytes:
    """Return a picture of the image in a file of this computer, as a PNG file.

    Parameters
    ----------
    path : path
    edge : int
        Longest edge in pixels.

    Raises
    ------
    OmeZipError, OSError
        If it cannot be opened, or drawn, or takes more than 128 MiB of decoded pixels.
    """
    return thumbnail_png(open_image(path), edge, budget=BUDGET)
