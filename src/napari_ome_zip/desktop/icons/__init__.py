"""The icon of an archive: drawn once, as ``archive.svg``.

``archive.ico`` and ``archive.icns`` are renditions of it, for Windows and macOS, made by
``tools/draw_icons.py``.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent

ICO = _FOLDER / "archive.ico"
"""For Windows."""

ICNS = _FOLDER / "archive.icns"
"""For macOS."""


def archive_svg() -> bytes:
    """Return the drawing."""
    return (_FOLDER / "archive.svg").read_bytes()
