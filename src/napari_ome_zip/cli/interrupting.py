"""What became of the file that a command was writing when it was interrupted."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from napari_ome_zip.paths import Identity, identity


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


def _identity(path: str | None) -> Identity | None:
    try:
        return None if path is None else identity(path)
    except (OSError, ValueError):  # nothing there, or nothing that could be
        return None
