"""All files of ours together: written, found, removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from napari_ome_zip.desktop.integrate.desktop import Change, Did, Item, State
from napari_ome_zip.desktop.integrate.linux.record import Record
from napari_ome_zip.desktop.integrate.owned_files import OwnedFile, state_of, unlink, write
from napari_ome_zip.errors import IntegrationError


def items(files: Iterable[OwnedFile], record: Record) -> list[Item]:
    """Return how files stand."""
    return [Item(str(file.path), file.what, _state(file, record)) for file in files]


def refuse_foreign(files: Iterable[OwnedFile], record: Record) -> None:
    """Refuse to replace what someone else wrote, or changed.

    Raises
    ------
    IntegrationError
        Names it.
    """
    foreign = [str(file.path) for file in files if _state(file, record) is State.FOREIGN]
    if foreign:
        raise IntegrationError(
            f"Not written by us, or changed since: {', '.join(foreign)}. Nothing was done. Move "
            "that away, or replace it with 'ome-zip integrate --force'."
        )


def write_files(files: Sequence[OwnedFile], record: Record) -> list[Change]:
    """Write files where they are not as they should be, and remove others of the record.

    Raises
    ------
    IntegrationError
        One cannot be written.
    """
    changes = []
    for file in files:
        did = Did.UNCHANGED
        if _state(file, record) is not State.CURRENT:
            write(file.path, file.content)
            did = Did.WRITTEN
        changes.append(Change(str(file.path), file.what, did))
    now = {file.path for file in files}
    others = [path for path in map(Path, record.files) if path not in now]
    return [*changes, *(change for path in others for change in _removed(path, None, record))]


def remove_files(
    files: Iterable[OwnedFile], record: Record, *, replace: bool = False
) -> list[Change]:
    """Remove files of a record, and others that are exactly as they would be written.

    Parameters
    ----------
    files : iterable of OwnedFile
        As they would be written.
    record : Record
        What was written.
    replace : bool
        Whether those go that were changed since, too; what was never written stays.

    Raises
    ------
    IntegrationError
        One cannot be removed.
    """
    expected = {file.path: file for file in files}
    return [
        change
        for path in dict.fromkeys([*map(Path, record.files), *expected])
        for change in _removed(path, expected.get(path), record, replace)
    ]


def _removed(
    path: Path, file: OwnedFile | None, record: Record, replace: bool = False
) -> list[Change]:
    known = record.known(path)
    what = "of another version" if file is None else file.what
    state = state_of(path, None if file is None else file.content, known)
    if state in (State.CURRENT, State.OUTDATED) or (state is State.FOREIGN and known and replace):
        unlink(path)
        return [Change(str(path), what, Did.REMOVED)]
    if state is State.FOREIGN and known:
        return [Change(str(path), what, Did.LEFT)]
    return []


def _state(file: OwnedFile, record: Record) -> State:
    return state_of(file.path, file.content, record.known(file.path))
