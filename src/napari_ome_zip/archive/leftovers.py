"""Names and locks of unfinished files, and removing what killed programs left of them."""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path

from napari_ome_zip.archive.layout import LOCAL_SIGNATURE

if sys.platform != "win32":
    import fcntl

STALE_AFTER_SECONDS = 24 * 60 * 60
"""A leftover that nobody holds is removed when it is a day old."""

# Room for the token and the suffix within the 255 bytes that file systems allow.
_LABEL_BYTES = 200
_TOKEN_BYTES = 8


def _label(name: str) -> str:
    return os.fsencode(name)[:_LABEL_BYTES].decode("utf-8", "ignore")


def partial_name(name: str) -> str:
    """A new name for the unfinished file of a target: ``.<name>.<random>.partial``."""
    return f".{_label(name)}.{secrets.token_hex(_TOKEN_BYTES)}.partial"


def lock(descriptor: int) -> None:
    """Mark an unfinished file as in use for as long as it is open."""
    if sys.platform != "win32":
        # Where a disk knows no locks, `_in_use` cannot take one either, and removes nothing.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def remove_leftovers(target: Path, now: float) -> None:
    """Remove what killed saves of the same target left, where it is certainly that.

    ``now`` is the disk's own clock, since another computer's may be off.
    """
    pattern = re.compile(rf"\.{re.escape(_label(target.name))}\.[0-9a-f]{{16}}\.partial")
    # A leftover that cannot be listed, opened or removed stays: it harms nobody.
    with suppress(OSError):
        for path in sorted(target.parent.iterdir()):
            if pattern.fullmatch(path.name) and _is_leftover(path, now):
                path.unlink(missing_ok=True)


def _is_leftover(path: Path, now: float) -> bool:
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or now - found.st_mtime < STALE_AFTER_SECONDS:
            return False
        with path.open("rb") as file:
            return file.read(4) in (b"", LOCAL_SIGNATURE) and not _in_use(file.fileno())
    except OSError:
        return False


def _in_use(descriptor: int) -> bool:
    if sys.platform == "win32":
        # Windows does not remove a file that another program has open.
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False
