"""Waits until what was written is on the disk itself."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_FAILURES = frozenset({errno.EIO, errno.ENOSPC, errno.EDQUOT})
"""What the disk has to say of the bytes; anything else is about the request alone."""


def sync(descriptor: int) -> None:
    """Wait until the bytes of an open file are on its disk.

    Parameters
    ----------
    descriptor : int
        A file, or a folder where the system opens folders.

    Raises
    ------
    OSError
        The disk did not take the bytes; some report only then that they are full.

    Notes
    -----
    ``fsync`` on macOS hands the bytes to the disk, whose own cache a power cut empties:
    ``F_FULLFSYNC`` empties that one. File systems of other makers, and shares, may refuse it.

    Examples
    --------
    >>> with open("cells.ozx", "wb") as file:
    ...     _ = file.write(b"PK")
    ...     file.flush()
    ...     sync(file.fileno())
    """
    if not _sync_fully(descriptor):
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut, where system and disk allow it."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            sync(descriptor)
        finally:
            os.close(descriptor)


def _sync_fully(descriptor: int) -> bool:
    """Empty the cache of the disk as well; False where that cannot be asked for."""
    if sys.platform == "win32":
        return False
    request = getattr(fcntl, "F_FULLFSYNC", None)
    if request is None:
        return False
    try:
        fcntl.fcntl(descriptor, request)
    except OSError as error:
        if error.errno in _FAILURES:
            raise
        return False
    return True
