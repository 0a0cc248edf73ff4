"""Setting up a freedesktop.org desktop, undoing it, and looking at what there is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace as changed
from pathlib import Path

from napari_ome_zip.desktop.integrate.desktop import Change, Did, Outcome, Status
from napari_ome_zip.desktop.integrate.environment import Environment
from napari_ome_zip.desktop.integrate.linux.databases import (
    databases,
    files_there,
    forget,
    item,
    not_updated,
    still_listed,
    touch,
    update,
)
from napari_ome_zip.desktop.integrate.linux.default_list import DefaultList
from napari_ome_zip.desktop.integrate.linux.entries import owned_files
from napari_ome_zip.desktop.integrate.linux.places import Places
from napari_ome_zip.desktop.integrate.linux.record import Record, read_record, write_record
from napari_ome_zip.desktop.integrate.linux.writing import (
    items,
    refuse_foreign,
    remove_files,
    write_files,
)
from napari_ome_zip.desktop.integrate.owned_files import (
    OwnedFile,
    make_folders,
    missing_folders,
    remove_empty_folders,
    unlink,
)
from napari_ome_zip.desktop.integrate.programs import Run, run_program
from napari_ome_zip.errors import IntegrationError

_RECORD = "the list of all this"
_RELOAD = (
    "Open windows of the file manager show icons when they are reloaded (F5), and previews "
    "perhaps only after you have logged in again."
)


class LinuxDesktop:
    """A desktop as freedesktop.org specifies it, for one person.

    Parameters
    ----------
    environment : Environment
        What opens archives.
    places : Places
        Folders of the person.
    run : Run, optional
        Runs a program of the system.

    Examples
    --------
    >>> LinuxDesktop(this_environment(), own_places()).set_up()  # doctest: +SKIP
    """

    def __init__(self, environment: Environment, places: Places, run: Run = run_program) -> None:
        self._environment = environment
        self._places = places
        self._run = run
        self._defaults = DefaultList(places.defaults)

    @property
    def promise(self) -> str:  # docstring inherited
        return (
            "Archives (.ozx, .ome.zip) get a type, an icon and previews in the file manager, and a "
            "double click opens them in napari, with the Python of this environment "
            f"({self._environment.interpreter}). This is for you alone: files are written to "
            f"{self._places.data} and {self._places.config}, and all of them can be removed again."
        )

    @property
    def limits(self) -> Sequence[str]:  # docstring inherited
        return ()

    def status(self) -> Status:  # docstring inherited
        record = read_record(self._places.record)
        found = [
            *items(self._files(), record),
            self._defaults.item(),
            *map(item, databases(self._places)),
        ]
        return Status(tuple(found), record.interpreter, str(self._environment.interpreter))

    def set_up(self, *, replace: bool = False) -> Outcome:  # docstring inherited
        before, files = read_record(self._places.record), self._files()
        if not replace:
            refuse_foreign(files, before)
        folders = missing_folders(
            [self._places.record, self._places.defaults, *(file.path for file in files)]
        )
        try:
            return self._set_up(before, files, folders)
        except IntegrationError:
            if not before.files:
                # Nothing is left half done; what cannot be undone does not hide why.
                with suppress(IntegrationError):
                    self.remove()
                remove_empty_folders(folders)
            raise

    def remove(self, *, replace: bool = False) -> Outcome:  # docstring inherited
        record = read_record(self._places.record)
        changes = [
            *remove_files(self._files(), record, replace=replace),
            *self._defaults.take_out(made=record.list_made, heading_added=record.heading_added),
        ]
        if not changes and not record.files:
            return Outcome()
        notes = self._remove_from_databases(record)
        left = {change.where for change in changes if change.did is Did.LEFT}
        if left:
            # Whoever wants them gone as well is known by the record.
            kept = {path: known for path, known in record.files.items() if path in left}
            write_record(self._places.record, changed(record, files=kept, list_made=False))
            notes.append(
                f"Changed since they were written, and left: {', '.join(sorted(left))}. "
                "'ome-zip integrate --remove --force' removes them, too."
            )
        else:
            unlink(self._places.record)
            changes.append(Change(str(self._places.record), _RECORD, Did.REMOVED))
        touch(self._places.icons)
        remove_empty_folders(map(Path, record.folders))
        return Outcome(tuple(changes), tuple(notes))

    def _files(self) -> tuple[OwnedFile, ...]:
        return owned_files(self._places, self._environment)

    def _set_up(
        self, before: Record, files: Sequence[OwnedFile], folders: Sequence[Path]
    ) -> Outcome:
        make_folders(folders)
        wanted = self._defaults.wanted()
        # The record comes first, so that whatever is interrupted can be removed.
        record = before.about_to_write(files, folders)
        if wanted is not None:
            record = changed(
                record,
                list_made=before.list_made or wanted.made,
                heading_added=before.heading_added or wanted.heading_added,
            )
        write_record(self._places.record, record)
        changes = [*write_files(files, before), self._defaults.put_first(wanted)]
        record = record.written(files, self._environment.interpreter, changes)
        updated, notes = self._update_databases(record)
        changes.extend(updated)
        changes.append(Change(str(self._places.record), _RECORD, Did.WRITTEN))
        touch(self._places.icons)
        return Outcome(tuple(changes), (*notes, _RELOAD))

    def _update_databases(self, record: Record) -> tuple[list[Change], list[str]]:
        """Make databases anew, and record what this makes, even if a person interrupts it."""
        changes, notes = [], []
        affected = databases(self._places)
        before = files_there(affected)
        try:
            for database in affected:
                problem = update(database, self._run)
                if problem is None:
                    changes.append(Change(str(database.folder), database.what, Did.WRITTEN))
                else:
                    notes.append(not_updated(database, problem))
        finally:
            made = map(str, files_there(affected) - before)
            caused = tuple(sorted({*record.caused, *made}))
            write_record(self._places.record, changed(record, caused=caused))
        return changes, notes

    def _remove_from_databases(self, record: Record) -> list[str]:
        notes = []
        for database in databases(self._places):
            before = files_there([database])
            problem = update(database, self._run)
            forget(database, {*map(Path, record.caused), *(files_there([database]) - before)})
            listed = None if problem is None else still_listed(database, problem)
            if listed is not None:
                notes.append(listed)
        return notes
