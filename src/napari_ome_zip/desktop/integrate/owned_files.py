"""Files that are ours: written whole, known again, and never taken for those of someone else."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from napari_ome_zip.desktop.integrate.desktop import State
from napari_ome_zip.errors import IntegrationError

_LARGEST = 1 << 20
"""Bytes of a file that is looked at: ours are a hundredth of that."""

_FOR_THE_PERSON = 0o700
"""Of new folders, as the XDG Base Directory Specification wants it."""

_ADVICE = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "Free some space, and try again."),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS), "It has to be in a folder that you may write to."
    ),
    **dict.fromkeys(
        (errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP),
        "Something else is in the way: move that away, and try again.",
    ),
}
"""What to do, where the system refuses something."""


@dataclass(frozen=True)
class OwnedFile:
    """A file as it should be."""

    path: Path
    what: str
    """In a few words."""
    content: bytes


def digest(content: bytes) -> str:
    """Return what a content is known again by."""
    return hashlib.sha256(content).hexdigest()


def state_of(path: Path, content: bytes | None, known: Collection[str]) -> State:
    """Return how a file stands.

    Parameters
    ----------
    path : Path
        Of the file.
    content : bytes, optional
        What it should hold, if anything.
    known : collection of str
        Digests of what we wrote there.

    Raises
    ------
    IntegrationError
        Whether it is there cannot be told, since a folder may not be looked into.
    """
    try:
        facts = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return State.FOREIGN if path.is_symlink() else State.ABSENT
    except PermissionError:
        with said(path, "read"):
            raise
    except OSError:
        return State.FOREIGN
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > _LARGEST:
        return State.FOREIGN
    try:
        found = path.read_bytes()
    except OSError:
        return State.FOREIGN
    if found == content:
        return State.CURRENT
    return State.OUTDATED if digest(found) in known else State.FOREIGN


def write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file, as a whole or not at all; its folder is there.

    Raises
    ------
    IntegrationError
        It cannot be written.
    """
    with said(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def unlink(path: Path) -> None:
    """Remove a file, if there is one.

    Raises
    ------
    IntegrationError
        It cannot be removed.
    """
    with said(path, "removed"), suppress(FileNotFoundError, NotADirectoryError):
        path.unlink()


def missing_folders(paths: Iterable[Path]) -> list[Path]:
    """Return the folders that have to be made for files, outermost first."""
    missing = {folder for path in paths for folder in path.parents if not folder.exists()}
    return sorted(missing, key=lambda folder: len(folder.parts))


def make_folders(folders: Iterable[Path]) -> None:
    """Make folders, outermost first.

    Raises
    ------
    IntegrationError
        One cannot be made.
    """
    for folder in folders:
        with said(folder):
            folder.mkdir(mode=_FOR_THE_PERSON, exist_ok=True)


def remove_empty_folders(folders: Iterable[Path]) -> None:
    """Remove those folders that are empty, innermost first; what holds anything stays."""
    for folder in sorted(folders, key=lambda folder: len(folder.parts), reverse=True):
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def said(path: Path, done: str = "written") -> Iterator[None]:
    """Say what could not be done with a file, and why, where the system refuses it."""
    try:
        yield
    except OSError as error:
        if isinstance(error, IntegrationError):
            raise
        advice = _ADVICE.get(error.errno or 0, "")
        why = error.strerror or str(error)
        raise IntegrationError(f"{path} cannot be {done}: {why}. {advice}".rstrip()) from error
