"""Databases that programs of the system make of entries, and that desktops read instead."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from napari_ome_zip.desktop.integrate.desktop import Item, State
from napari_ome_zip.desktop.integrate.linux.places import Places
from napari_ome_zip.desktop.integrate.owned_files import remove_empty_folders, unlink
from napari_ome_zip.desktop.integrate.programs import ProgramError, Run
from napari_ome_zip.names import MIME_TYPE


@dataclass(frozen=True)
class Database:
    """What one program makes of all entries of a folder."""

    what: str
    program: str
    package: str
    """That has the program."""
    folder: Path
    result: Path
    """A file of it that names every type."""
    without: str
    """What does not work as long as it is not up to date."""
    others: Callable[[Path], bool]
    """Whether anybody else needs it."""


def databases(places: Places) -> tuple[Database, ...]:
    """Return those that our entries are part of."""
    return (
        Database(
            "the database of types",
            "update-mime-database",
            "shared-mime-info",
            places.mime,
            places.mime / "globs2",
            "archives have no type of their own, so no icon, no preview, and no double click",
            _has_other_types,
        ),
        Database(
            "the list of applications by type",
            "update-desktop-database",
            "desktop-file-utils",
            places.applications,
            places.applications / "mimeinfo.cache",
            "some desktops do not offer napari for archives",
            _has_other_applications,
        ),
    )


def item(database: Database) -> Item:
    """Return how a database stands."""
    try:
        knows = MIME_TYPE.encode() in database.result.read_bytes()
    except OSError:
        knows = False
    state = State.CURRENT if knows else State.ABSENT
    return Item(str(database.result), database.what, state)


def update(database: Database, run: Run) -> ProgramError | None:
    """Have a database made anew.

    Parameters
    ----------
    database : Database
    run : Run
        Runs a program.

    Returns
    -------
    ProgramError or None
        Why it is not up to date.
    """
    try:
        run([database.program, str(database.folder)])
    except ProgramError as error:
        return error
    return None


def files_there(found: Iterable[Database]) -> frozenset[Path]:
    """Return all files in the folders of databases, of whomever."""
    return frozenset(
        Path(at, name)
        for database in found
        for at, _, names in os.walk(database.folder)
        for name in names
    )


def not_updated(database: Database, problem: ProgramError) -> str:
    """Say what a database that is not up to date means, and what to do."""
    remedy = f"Install {database.package}" if problem.is_missing else "Repair that"
    return (
        f"{database.what.capitalize()} is not up to date: {problem}. Until then, "
        f"{database.without}. {remedy}, and do this again."
    )


def still_listed(database: Database, problem: ProgramError) -> str | None:
    """Say that a database lists archives after the removal, where it does."""
    if item(database).state is not State.CURRENT:
        return None
    remedy = f"Install {database.package}, then run" if problem.is_missing else "Run"
    return (
        f"{database.what.capitalize()} still lists archives: {problem}. {remedy}: "
        f"{database.program} {shlex.quote(str(database.folder))}"
    )


def forget(database: Database, caused: Iterable[Path]) -> None:
    """Remove what was made for us alone; where others need the database, only empty folders go."""
    made = [path for path in caused if path.is_relative_to(database.folder)]
    if not database.others(database.folder):
        for path in made:
            unlink(path)
    folders = {folder for path in made for folder in path.parents}
    remove_empty_folders(folder for folder in folders if database.folder in folder.parents)


def touch(folder: Path) -> None:
    """Let readers see that the cache of an icon theme is older than its icons."""
    with suppress(OSError):
        os.utime(folder)


def _has_other_types(folder: Path) -> bool:
    return any((folder / "packages").glob("*.xml"))


def _has_other_applications(folder: Path) -> bool:
    try:
        return b"=" in (folder / "mimeinfo.cache").read_bytes()
    except OSError:
        return False
