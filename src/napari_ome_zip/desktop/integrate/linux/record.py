"""The record of what was written: kept beside it, so that all of it can be removed again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from napari_ome_zip.desktop.integrate.desktop import Change, Did
from napari_ome_zip.desktop.integrate.owned_files import OwnedFile, digest, write

_VERSION = 1
_LARGEST = 1 << 20
"""Bytes of a record that is read."""


@dataclass(frozen=True)
class Record:
    """What was written."""

    interpreter: str = ""
    """That opens archives."""
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Paths, and the digests of what we wrote there: more than one while they are replaced."""
    folders: tuple[str, ...] = ()
    """That were made."""
    caused: tuple[str, ...] = ()
    """Files that programs of the system made because of us."""
    list_made: bool = False
    """Whether the list of default applications was made."""
    heading_added: bool = False
    """Whether the heading of default applications was added to it."""

    def known(self, path: Path) -> tuple[str, ...]:
        """Return the digests of what we wrote to a path."""
        return self.files.get(str(path), ())

    def about_to_write(self, files: Iterable[OwnedFile], folders: Iterable[Path]) -> Record:
        """Return the record while files are written: an interruption leaves each old or new."""
        both = {path: set(digests) for path, digests in self.files.items()}
        for file in files:
            both.setdefault(str(file.path), set()).add(digest(file.content))
        made = dict.fromkeys([*self.folders, *map(str, folders)])
        return replace(
            self,
            files={path: tuple(sorted(digests)) for path, digests in both.items()},
            folders=tuple(made),
        )

    def written(
        self, files: Iterable[OwnedFile], interpreter: Path, changes: Iterable[Change]
    ) -> Record:
        """Return the record when all files are written; others that were left stay known."""
        left = {change.where for change in changes if change.did is Did.LEFT}
        now = {path: digests for path, digests in self.files.items() if path in left}
        now.update((str(file.path), (digest(file.content),)) for file in files)
        return replace(self, files=now, interpreter=str(interpreter))


def read_record(path: Path) -> Record:
    """Return the record, an empty one where there is none that can be read."""
    try:
        if path.stat().st_size > _LARGEST:
            return Record()
        return _record(json.loads(path.read_bytes()))
    except (OSError, ValueError, RecursionError):
        return Record()


def write_record(path: Path, record: Record) -> None:
    """Write the record; its folder is there."""
    document = {"version": _VERSION, **asdict(record)}
    write(path, json.dumps(document, indent=1).encode())


def _record(document: Any) -> Record:
    """Raise ValueError where a document is none of ours."""
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        raise ValueError("no record of this version")
    files = document.get("files")
    if not isinstance(files, dict):
        raise ValueError("a record without files")
    return Record(
        interpreter=str(document.get("interpreter", "")),
        files={path: _texts(digests) for path, digests in files.items()},
        folders=_texts(document.get("folders")),
        caused=_texts(document.get("caused")),
        list_made=document.get("list_made") is True,
        heading_added=document.get("heading_added") is True,
    )


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError("no list of texts")
    return tuple(value)
