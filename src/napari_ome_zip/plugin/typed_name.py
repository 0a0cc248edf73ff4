"""From the name that was typed into a dialog to that of a file, which is never replaced unasked."""

from __future__ import annotations

from pathlib import Path

from napari_ome_zip.errors import SaveError
from napari_ome_zip.names import complete_name


def completed(typed: Path, suffix: str) -> Path:
    """Complete a name as `complete_name` does.

    Raises
    ------
    SaveError
        If there is a file of the completed name: the dialog asked about another one, so the
        person has not agreed to replace it.
    """
    target = complete_name(typed, suffix)
    if target == typed or not target.exists():
        return target
    if typed.exists() and target.samefile(typed):
        return target
    raise SaveError(
        f"{target.name} exists already. To replace it, type its name in full; nothing was saved."
    )
