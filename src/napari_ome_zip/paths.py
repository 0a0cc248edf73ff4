"""Checks paths that users give, so that errors are in plain words."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from napari_ome_zip.errors import ArchiveError, SaveError

_WINDOWS_LINK_LOOP = 1921
_LINK = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def source_path(path: str | os.PathLike[str]) -> Path:
    """Return a path to read from, which need not exist.

    Raises
    ------
    ArchiveError
        The path holds a NUL character, or its symbolic links form a loop.
    """
    problem = _problem(path)
    if problem is not None:
        raise ArchiveError(f"Cannot open {os.fspath(path)!r}: {problem}.")
    return Path(path)


def target_path(path: str | os.PathLike[str]) -> Path:
    """Return a path to write to.

    Raises
    ------
    SaveError
        As for `source_path`, or it is a link.
    """
    if _LINK.match(os.fspath(path)):
        # Not named: a link may hold a password.
        raise SaveError(
            "Not saved: links are only read. Give the path of a new file or folder on this machine."
        )
    problem = _problem(path)
    if problem is not None:
        raise SaveError(f"Not saved as {os.fspath(path)!r}: {problem}.")
    return Path(path)


def is_link_loop(error: OSError) -> bool:
    """Whether an error says that symbolic links form a loop."""
    return error.errno == errno.ELOOP or getattr(error, "winerror", None) == _WINDOWS_LINK_LOOP


def _problem(path: str | os.PathLike[str]) -> str | None:
    if "\0" in os.fspath(path):
        return "it holds a NUL character, which no path can. Give the path again"
    try:
        Path(path).stat()
    except OSError as error:
        if is_link_loop(error):
            return (
                "symbolic links on the way there lead round in a circle. "
                "Remove the link, or give the path of the file itself"
            )
    return None
