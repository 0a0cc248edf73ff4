"""An open archive file: its bytes by position, and the index of its entries."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

from napari_ome_zip.archive.index import ArchiveIndex
from napari_ome_zip.archive.layout import ReadAt
from napari_ome_zip.archive.remote_index import RemoteIndex
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.files import ByteFile, Expectation, Fingerprint, Link, Place, open_file

type MakeIndex = Callable[[ReadAt, int, str], ArchiveIndex]
"""Makes the index of a file from its reader, its size, and its name for messages."""


class ArchiveFile:
    """A ZIP archive that stays open as long as this object lives, wherever its bytes lie.

    Parameters
    ----------
    place : str, path-like or Link
        The archive.
    make_index : callable, optional
        Finds its entries; by default they are taken from its central directory, of a file behind a
        link from parts of it.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        As the operating system says.
    LinkError
        When a link leads to no file that can be read.
    ArchiveError
        When the file is not a usable ZIP archive.
    """

    def __init__(
        self, place: str | os.PathLike[str] | Link, make_index: MakeIndex | None = None
    ) -> None:
        self.bytes: ByteFile = open_file(place)
        self.label, self.size = self.bytes.label, self.bytes.size
        self.read, self.read_into = self.bytes.read, self.bytes.read_into
        self._documents: Expectation | None = None
        self.index: ArchiveIndex
        if make_index is None and self.bytes.is_remote:
            self.index = RemoteIndex(self.bytes)
        else:
            self.index = (make_index or ArchiveIndex)(self.read, self.size, self.label)
        _living.add(self)

    @property
    def place(self) -> Place:
        """What opens it again."""
        return self.bytes.place

    @property
    def name(self) -> str:
        """Of the file, without its folder."""
        place = self.place
        return place.name if isinstance(place, Link) else Path(place).name

    @property
    def source(self) -> str:
        """What it is called: an absolute path, or a link without what is secret in it."""
        return self.bytes.source

    def expect_documents(self) -> None:
        """Begin to fetch the documents of a file behind a link, all that are read on opening it."""
        if self.bytes.is_remote and self._documents is None:
            self._documents = self.bytes.expect(self.index.document_ranges())

    def fingerprint(self) -> Fingerprint:
        """Return what distinguishes this file from another one at the same place."""
        return self.bytes.fingerprint()

    @property
    def is_current(self) -> bool:
        """Whether the file at its place is still this one, unchanged."""
        return self.bytes.is_current

    def renew_locks(self) -> None:
        """Forget locks that another thread held when the process was forked."""
        self.bytes.renew_locks()
        self.index.renew_lock()


def reopened(place: Place, fingerprint: Fingerprint) -> ArchiveFile:
    """Return the archive that another process had open, opened once in this one.

    Raises
    ------
    ArchiveError
        When another file is at the place by now.
    """
    with _shared_lock:
        shared = _shared.get((place, fingerprint))
    if shared is not None:
        return shared
    opened = ArchiveFile(place)  # which may take the time of a line
    if opened.fingerprint() != fingerprint:
        raise ArchiveError(
            f"The archive was changed since it was opened: {opened.label}. Open it again."
        )
    with _shared_lock:
        return _shared.setdefault((place, fingerprint), opened)


_shared: weakref.WeakValueDictionary[tuple[Place, Fingerprint], ArchiveFile] = (
    weakref.WeakValueDictionary()
)
_shared_lock = threading.Lock()
_living: weakref.WeakSet[ArchiveFile] = weakref.WeakSet()


def _after_fork() -> None:
    global _shared_lock
    _shared_lock = threading.Lock()
    for file in list(_living):
        file.renew_locks()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
