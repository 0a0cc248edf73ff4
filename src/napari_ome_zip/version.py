"""Which version of the program this is."""

from __future__ import annotations

import importlib.metadata

_PROGRAM = "napari-ome-zip"

try:
    __version__ = importlib.metadata.version(_PROGRAM)
except importlib.metadata.PackageNotFoundError:  # run from a copy that is not installed
    __version__ = "unknown"


def program() -> str:
    """Return the name and version of this program, such as ``napari-ome-zip 0.1.0``."""
    return f"{_PROGRAM} {__version__}"
