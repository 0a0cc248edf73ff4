"""Lists all files below a folder, following links, and names what cannot be read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_ome_zip.paths import is_link_loop
from napari_ome_zip.rules import MUST, Effect, Rule

UNREADABLE = Rule(
    "entry-unreadable",
    MUST,
    "Zarr: hierarchy",
    "Everything in the folder is a file that can be read, or a link to one.",
    "Put the file itself in its place, or remove it: what it holds is shown as empty.",
    effect=Effect.NOT_SHOWN,
)

MAX_LINKS = 3
"""Maximum number of links to folders on the way to a file: folders that link to one another would
otherwise be reached by ever more paths."""

type _Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A file below a folder, or something in its place that cannot be read."""

    name: str
    """Its path in the folder, with forward slashes."""
    links: tuple[str, ...] = ()
    """Symbolic links on the way to it, outermost first, including itself."""
    problem: str = ""
    """Why it cannot be read; empty for a file."""


def walk_folder(folder: Path) -> Iterator[FolderEntry]:
    """Yield every file below a folder, by name, before the files of its subfolders.

    Links to folders are followed, unless they lead back to a folder that they lie in.

    Raises
    ------
    OSError
        A folder cannot be listed.
    """
    yield from _walk(str(folder), "", (_place(Path(folder).stat()),), ())


def kind_of_file(mode: int) -> str:
    """Return in words what is neither a file nor a folder, from its mode."""
    for test, kind in (
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if test(mode):
            return f"it is {kind}, not a file"
    return "it is not a file"


def _walk(
    folder: str, prefix: str, above: tuple[_Place, ...], links: tuple[str, ...]
) -> Iterator[FolderEntry]:
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda entry: entry.name)
    below: list[tuple[os.DirEntry[str], _Place, tuple[str, ...]]] = []
    for entry in entries:
        name = prefix + entry.name
        is_link = entry.is_symlink() or entry.is_junction()
        passed = (*links, name) if is_link else links
        if not is_link and entry.is_file():
            yield FolderEntry(name, passed)
            continue
        try:
            status = Path(entry.path).stat()  # scandir gives no inode on Windows
        except OSError as error:
            yield FolderEntry(name, passed, _why_not(error, is_link))
            continue
        if stat.S_ISREG(status.st_mode):
            yield FolderEntry(name, passed)
        elif not stat.S_ISDIR(status.st_mode):
            yield FolderEntry(name, passed, kind_of_file(status.st_mode))
        elif _place(status) in above:
            yield FolderEntry(name, passed, "it leads back to a folder that it lies in")
        elif len(passed) > MAX_LINKS:
            yield FolderEntry(name, passed, f"it lies behind more than {MAX_LINKS} links")
        else:
            below.append((entry, _place(status), passed))
    for entry, place, passed in below:
        yield from _walk(entry.path, f"{prefix}{entry.name}/", (*above, place), passed)


def _place(status: os.stat_result) -> _Place:
    return status.st_dev, status.st_ino


def _why_not(error: OSError, is_link: bool) -> str:
    if is_link and isinstance(error, FileNotFoundError):
        return "it is a link to something that is not there"
    if is_link_loop(error):
        return "it is a link that leads back to itself"
    return f"{error.strerror or error}"
