"""The file that is written where a name was typed, and whether it can be."""

from __future__ import annotations

import os
from pathlib import Path

from napari_ome_zip.errors import SaveError
from napari_ome_zip.names import SAVED_SUFFIXES, complete_name


def target_of(typed: str) -> Path | None:
    """The file that is written where a name was typed; None where there is none."""
    typed = typed.strip()
    if not typed:
        return None
    return complete_name(Path(typed).expanduser().absolute(), SAVED_SUFFIXES[0])


def check_place(target: Path | None) -> None:
    """Refuse a place that nothing can be written to.

    Raises
    ------
    SaveError
        It says why, and what to do next.
    """
    if target is None:
        return
    folder = target.parent
    if not folder.is_dir():
        raise SaveError(f"No such folder: {folder}. Create it, or choose another one.")
    if not os.access(folder, os.W_OK):
        raise SaveError(f"No permission to write in {folder}. Choose another folder.")
    if target.is_dir():
        raise SaveError(f"A folder has this name: {target.name}. Choose another name.")
    if target.exists() and not os.access(target, os.W_OK):
        raise SaveError(f"Write-protected: {target.name}. Choose another name.")
