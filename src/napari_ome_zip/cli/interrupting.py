"""What became of the file that a command was writing when it was interrupted."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def told_if_complete(options: argparse.Namespace) -> Iterator[None]:
    """Let an interrupt say that the file was complete already, if it was, within this block.

    A file gets its name once all of it is there. What follows, such as a check, may be interrupted
    as well.

    Raises
    ------
    KeyboardInterrupt
        The same one, or one whose message says that the file is complete.
    """
    target = next((value for name in options.writes if (value := getattr(options, name))), None)
    before = _identity(target)
    try:
        yield
    except KeyboardInterrupt:
        after = _identity(target)
        if after is None or after == before:
            raise
        raise KeyboardInterrupt(f"{target} is complete, but was not checked.") from None


def _identity(path: str | None) -> tuple[int, ...] | None:
    if path is None:
        return None
    try:
        found = os.stat(path)  # noqa: PTH116 - of whatever was typed
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
