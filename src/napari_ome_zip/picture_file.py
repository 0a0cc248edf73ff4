"""A picture written as a file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_ome_zip.archive.partial_file import PartialFile
from napari_ome_zip.rendering import png_of


def write_picture(path: str | os.PathLike[str], picture: npt.NDArray[np.uint8]) -> Path:
    """Write a picture as a PNG file, beside its place until it is complete.

    Parameters
    ----------
    path : path
        An existing file is replaced; a symbolic link is followed.
    picture : ndarray of uint8, shape (rows, columns, 4)
        As `render` returns it.

    Returns
    -------
    Path
        The file, with symbolic links resolved.

    Raises
    ------
    SaveError
        If it cannot be written; an earlier file is untouched.
    """
    file = PartialFile(path)
    try:
        file.append(png_of(picture))
        return file.publish()
    finally:
        file.discard()
