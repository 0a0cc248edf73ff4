"""Checks paths that users give, so that errors are in plain words."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from napari_ome_zip.errors import ArchiveError, SaveError

type Identity = tuple[int, int, int, int]
"""Disk, number, size and time of the last change of a file."""

_WINDOWS_LINK_LOOP = 1921
_FILE_LINK = re.compile(r"file:/", re.IGNORECASE)
_LINK = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def source_path(path: str | os.PathLike[str]) -> Path:
    """Return a path to read from, which need not exist.

    A link to a file of this computer, ``file:///…``, is its path.

    Raises
    ------
    ArchiveError
        The path holds a NUL character, its symbolic links form a loop, or a ``file:`` link leads to
        another computer.
    """
    if isinstance(path, str) and _FILE_LINK.match(path):
        path = _path_of_link(path)
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


def identity(path: str | os.PathLike[str]) -> Identity:
    """Return what changes when another file, or other content, takes the place of a file.

    Raises
    ------
    OSError
        If there is none.
    """
    found = Path(path).stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def is_link_loop(error: OSError) -> bool:
    """Whether an error says that symbolic links form a loop."""
    return error.errno == errno.ELOOP or getattr(error, "winerror", None) == _WINDOWS_LINK_LOOP


def _path_of_link(link: str) -> str:
    """Return the path that a ``file:`` link stands for (RFC 8089)."""
    parts = urlsplit(link)
    path = url2pathname(parts.path)
    if parts.netloc.lower() in ("", "localhost"):
        return path
    if os.name == "nt":
        return rf"\\{parts.netloc}{path}"
    raise ArchiveError(
        f"Cannot open {link!r}: it is a file of another computer, {parts.netloc}. Give the path "
        "that it has on this one."
    )


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
