"""Lets a copy take the place of the file that it is made of, where that file is held meanwhile."""

from __future__ import annotations

import gc
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from napari_ome_zip.errors import SaveError
from napari_ome_zip.files import Link, is_link

_REPLACES_OPEN_FILES = sys.platform != "win32"


@contextmanager
def place_of_copy(source: str | os.PathLike[str] | Link, target: Path) -> Iterator[Path]:
    """Give the path to write a copy of a file to, which is at its target afterwards.

    Windows replaces no file that is open, as the source is while it is copied. If it is to be
    replaced, the copy is written beside it there, and put in its place when it is closed.

    Raises
    ------
    SaveError
        If somebody else has the source open: nothing is changed then, and no copy is left.
    """
    if _REPLACES_OPEN_FILES or not _is_same(source, target):
        yield target
        return
    target = target.resolve()
    copy = target.with_name(f".{secrets.token_hex(8)}.{target.name}")
    try:
        yield copy
        _replace(target, copy)
    finally:
        with suppress(OSError):
            copy.unlink(missing_ok=True)


def _replace(target: Path, copy: Path) -> None:
    gc.collect()  # stores are parts of cycles, and close their files when they are collected
    try:
        copy.replace(target)
    except PermissionError as error:
        raise SaveError(
            f"{target.name} is open, here or in another program, and cannot be replaced. Close it "
            "there, or choose another name.",
            error.errno,
        ) from error


def _is_same(source: str | os.PathLike[str] | Link, target: Path) -> bool:
    if isinstance(source, Link) or is_link(source):
        return False
    try:
        return target.samefile(source)
    except OSError:
        return False
