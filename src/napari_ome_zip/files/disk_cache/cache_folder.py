"""The folder with what was read of links: how much it may take, and what goes first.

It has a folder for each link, named by a digest, of

``version.json``
    which version of the file is kept (size, ETag, Last-Modified);
``….data`` and ``….index``
    segments: bytes one after another, and where in the file they belong. A segment is written by
    one process alone, and goes as a whole: that which was not used for longest first.

Nothing is locked, so that several windows, and the nodes of a cluster on one home folder, use it
together: whatever is gone, cut short or damaged is fetched again.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_dir

from napari_ome_zip.byte_cache import check_limit, limit_of_environment

DEFAULT_LINK_CACHE_BYTES = 2000 << 20
"""Size of the cache where nothing else is set (2,000 MiB)."""
LINK_CACHE_VARIABLE = "NAPARI_OME_ZIP_LINK_CACHE_MB"
"""Environment variable that sets the size of the cache, in megabytes (2²⁰ bytes)."""
LINK_CACHE_FOLDER_VARIABLE = "NAPARI_OME_ZIP_LINK_CACHE"
"""Environment variable for another folder than the person's own, such as a disk of a node."""

DATA, INDEX = ".data", ".index"
"""Endings of the two files of a segment."""
VERSION_NAME = "version.json"

_LARGEST_SEGMENT = 64 << 20
_PARTS = 16  # of the cache: what is written between two looks at its size
_ROOM = 0.9  # of the limit that is left once something had to go

_log = logging.getLogger(__name__)


@dataclass
class _State:
    """That of this process."""

    limit: int
    written: int | None = None
    """Bytes since the size was looked at; None before the first time."""
    has_complained: bool = False


_state = _State(limit_of_environment(LINK_CACHE_VARIABLE, DEFAULT_LINK_CACHE_BYTES))
_looking = threading.Lock()


def link_cache_size() -> int:
    """Bytes of files behind links that are kept on disk, at most, of all links together.

    Examples
    --------
    >>> import napari_ome_zip
    >>> before = napari_ome_zip.link_cache_size()
    >>> napari_ome_zip.set_link_cache_size(0)
    >>> napari_ome_zip.link_cache_size()
    0
    >>> napari_ome_zip.set_link_cache_size(before)
    """
    return _state.limit


def set_link_cache_size(nbytes: int) -> None:
    """Keep at most so many bytes of files behind links on disk, of all links together.

    Parameters
    ----------
    nbytes : int
        0 keeps nothing, and removes what is there. Without this it is 2,000 MiB, or as many
        megabytes as the environment variable ``NAPARI_OME_ZIP_LINK_CACHE_MB`` says.

    Raises
    ------
    ValueError
        For a negative number.

    Examples
    --------
    >>> import napari_ome_zip
    >>> before = napari_ome_zip.link_cache_size()
    >>> napari_ome_zip.set_link_cache_size(4 << 30)
    >>> napari_ome_zip.link_cache_size() >> 20
    4096
    >>> napari_ome_zip.set_link_cache_size(before)
    """
    check_limit(nbytes)
    is_less = nbytes < _state.limit
    _state.limit = nbytes
    if is_less:
        make_room()


def clear_link_cache() -> int:
    """Remove what is kept on disk of files behind links; open ones are read from there again.

    Returns
    -------
    int
        Bytes that were removed.

    Examples
    --------
    >>> import napari_ome_zip
    >>> removed = napari_ome_zip.clear_link_cache()
    >>> napari_ome_zip.clear_link_cache()
    0
    """
    before = kept_bytes()
    shutil.rmtree(cache_folder(), ignore_errors=True)
    return before - kept_bytes()


def cache_folder() -> Path:
    """Return the folder, which need not be there."""
    chosen = os.environ.get(LINK_CACHE_FOLDER_VARIABLE)
    return Path(chosen or user_cache_dir("napari-ome-zip", appauthor=False)) / "links"


def kept_bytes() -> int:
    """Count the bytes that the cache takes now."""
    return sum(segment.nbytes for segment in _segments())


def segment_bytes() -> int:
    """Return the size from which on a segment is followed by another one."""
    return min(_LARGEST_SEGMENT, _state.limit // _PARTS)


def count_written(nbytes: int, *, current: Path) -> None:
    """Count what was written into a segment, which stays, and make room now and then."""
    first = _state.written is None
    _state.written = (_state.written or 0) + nbytes
    if first or _state.written > _state.limit // _PARTS:
        make_room(current)


def make_room(current: Path | None = None) -> None:
    """Remove what was not used for longest, where there is too much."""
    if not _looking.acquire(blocking=False):
        return
    try:
        _state.written = 0
        segments = sorted(_segments(), key=lambda segment: segment.last_used)
        excess = sum(segment.nbytes for segment in segments) - _state.limit
        if excess > 0:
            excess += int(_state.limit * (1 - _ROOM))
            for segment in segments:
                if excess <= 0:
                    break
                if current is None or segment.path != current:
                    segment.remove()
                    excess -= segment.nbytes
    finally:
        _looking.release()


def complain(error: OSError) -> None:
    """Say once that nothing can be kept."""
    if not _state.has_complained:
        _state.has_complained = True
        _log.warning(
            "What is read of links is not kept for another time, since %s cannot be written: %s",
            cache_folder(),
            error.strerror or error,
        )


@dataclass
class _Segment:
    """A pair of files."""

    path: Path
    """Without an ending."""
    nbytes: int = 0
    last_used: float = 0

    def remove(self) -> None:
        """Remove both, and the folder when it was the last one."""
        for ending in (INDEX, DATA):
            with suppress(OSError):  # another process did, or on Windows is reading it
                Path(f"{self.path}{ending}").unlink()
        with suppress(OSError):
            others = list(self.path.parent.iterdir())
            if not any(other.suffix in (DATA, INDEX) for other in others):
                for other in others:
                    other.unlink()
            self.path.parent.rmdir()


def _segments() -> list[_Segment]:
    """Return all segments, of all links."""
    found: dict[Path, _Segment] = {}
    for folder in _entries(cache_folder()):
        for file in _entries(Path(folder.path)):
            path = Path(file.path)
            if path.suffix in (DATA, INDEX):
                segment = found.setdefault(path.with_suffix(""), _Segment(path.with_suffix("")))
                with suppress(OSError):
                    facts = file.stat()
                    segment.nbytes += facts.st_size
                    segment.last_used = max(segment.last_used, facts.st_mtime)
    return list(found.values())


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _after_fork() -> None:
    global _looking
    _looking = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
