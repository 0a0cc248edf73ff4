"""Names and locks of unfinished files, and the removal of those that killed programs left."""

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
"""Age of one day at which an unlocked leftover is removed."""

# Leaves room for the token and the suffix within the 255 bytes that file systems allow.
_LABEL_BYTES = 200
_TOKEN_BYTES = 8


def _label(name: str) -> str:
    return os.fsencode(name)[:_LABEL_BYTES].decode("utf-8", "ignore")


def partial_name(name: str) -> str:
    """Return a new name for the unfinished file of a target: ``.<name>.<random>.partial``."""
    return f".{_label(name)}.{secrets.token_hex(_TOKEN_BYTES)}.partial"


def lock(descriptor: int) -> None:
    """Mark an unfinished file as in use for as long as it is open."""
    if sys.platform != "win32":
        # On a disk without locks `_in_use` cannot take one either, so that nothing is removed.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def remove_leftovers(target: Path, now: float) -> None:
    """Remove files that are certainly leftovers of killed saves of the same target.

    ``now`` is a time of the disk's own clock, from which that of this computer may differ.
    """
    pattern = re.compile(rf"\.{re.escape(_label(target.name))}\.[0-9a-f]{{16}}\.partial")
    # A leftover that cannot be listed, opened or removed does no harm.
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
