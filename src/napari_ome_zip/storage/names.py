"""Names of archive files, and of the entries that hold Zarr metadata."""

from __future__ import annotations

import os
import re
from pathlib import Path

ARCHIVE_SUFFIXES: tuple[str, ...] = (".ome.zarr.zip", ".zarr.zip", ".ome.zip", ".ozx")
"""File name endings of a single-image OME-Zarr archive; the longest that matches counts."""

_DIRECTORY_SUFFIXES = (".ome.zarr", ".zarr")
_FOREIGN_SUFFIXES = (".zip",)

DOCUMENT_NAMES = frozenset({"zarr.json", ".zgroup", ".zattrs", ".zarray"})
"""Base names of the entries that hold Zarr metadata, of format 3 and of format 2."""

_JUNK_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r"})
_JUNK_FOLDERS = frozenset({"__macosx", ".spotlight-v100", ".trashes", ".fseventsd"})
_DRIVE = re.compile(r"[A-Za-z]:")


def is_archive_name(path: str | os.PathLike[str]) -> bool:
    """Whether the file name ends as a single-image archive does, in any case of letters."""
    name = _file_name(path).lower()
    return any(name.endswith(suffix) and name != suffix for suffix in ARCHIVE_SUFFIXES)


def stem(path: str | os.PathLike[str]) -> str:
    """File name without its folder and its archive (or Zarr folder) ending.

    ``"/data/My cells.OME.ZIP"`` gives ``"My cells"``. A name with another ending is kept whole,
    except that ``.zip`` is taken off.
    """
    name = _file_name(path)
    for suffix in (*ARCHIVE_SUFFIXES, *_DIRECTORY_SUFFIXES, *_FOREIGN_SUFFIXES):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def is_document(name: str) -> bool:
    """Whether an entry of this name holds Zarr metadata; ``foozarr.json`` does not."""
    return name.rpartition("/")[2] in DOCUMENT_NAMES and not is_junk(name)


def is_junk(name: str) -> bool:
    """Whether an entry was left by a file manager and means nothing."""
    segments = name.lower().split("/")
    base = segments[-1]
    return (
        base in _JUNK_NAMES
        or base.startswith("._")
        or any(segment in _JUNK_FOLDERS for segment in segments)
    )


def is_safe(name: str) -> bool:
    """Whether a (normalised) entry name stays inside the archive: relative, without ``..``."""
    if not name or "\0" in name or _DRIVE.match(name):
        return False
    return not any(segment in ("", ".", "..") for segment in name.split("/"))


def _file_name(path: str | os.PathLike[str]) -> str:
    return Path(path).name
