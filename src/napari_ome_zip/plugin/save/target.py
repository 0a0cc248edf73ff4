"""The file that is written where a name was typed, and whether it can be."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from napari_ome_zip.errors import SaveError
from napari_ome_zip.names import SAVED_SUFFIXES, complete_name


def target_of(typed: str) -> Path | None:
    """The file that is written where a name was typed; None where there is none."""
    path = typed_path(typed)
    return None if path is None else complete_name(path, SAVED_SUFFIXES[0])


def typed_path(typed: str) -> Path | None:
    """The path that was typed; None where nothing was.

    It may be anything: it is looked at with every key that is pressed.
    """
    typed = typed.strip()
    if not typed:
        return None
    path = Path(typed)
    # Of someone whom this computer does not know, "~name" is a name like any other.
    with suppress(RuntimeError):
        path = path.expanduser()
    return path.absolute()


def check_place(target: Path | None) -> None:
    """Refuse a place that nothing can be written to.

    Raises
    ------
    SaveError
        It says why, and what to do next.
    """
    if target is None:
        return
    try:
        _check(target)
    except SaveError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SaveError(
            f"{target.name[:_MOST_SHOWN]} cannot be written: {reason}. Choose another name or "
            "folder."
        ) from error


_MOST_SHOWN = 40
"""Characters of a name that cannot be."""


def _check(target: Path) -> None:
    folder = target.parent
    if not folder.is_dir():
        raise SaveError(f"No such folder: {folder}. Create it, or choose another one.")
    if not os.access(folder, os.W_OK):
        raise SaveError(f"No permission to write in {folder}. Choose another folder.")
    if target.is_dir():
        raise SaveError(f"A folder has this name: {target.name or target}. Choose another name.")
    if target.exists() and not os.access(target, os.W_OK):
        raise SaveError(f"Write-protected: {target.name}. Choose another name.")
