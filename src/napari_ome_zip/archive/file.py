"""An open archive file: one descriptor, positional reads, and the index of its entries."""

from __future__ import annotations

import os
import stat
import threading
import weakref
import zlib
from collections.abc import Callable
from pathlib import Path

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.index import ArchiveIndex
from napari_ome_zip.archive.layout import ReadAt
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.paths import source_path

type MakeIndex = Callable[[ReadAt, int, str], ArchiveIndex]
"""Makes the index of a file from its reader, its size, and its name for messages."""

Fingerprint = tuple[int, int]
"""Size and CRC-32 of the last bytes, which hold sizes and CRCs of the entries."""

_FINGERPRINTED = 1 << 16
_CHUNK = 1 << 30


class ArchiveFile:
    """A ZIP archive that stays open as long as this object lives.

    It stays the same file even when another one replaces it at its path. Reads are positional, so
    that threads, and forked processes, which inherit the descriptor, do not disturb one another.

    Parameters
    ----------
    path : str or path-like
        The archive.
    make_index : callable, optional
        Finds its entries; by default from its central directory.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        As the operating system says.
    ArchiveError
        When the file is not a usable ZIP archive.
    """

    def __init__(self, path: str | os.PathLike[str], make_index: MakeIndex = ArchiveIndex) -> None:
        self.path = str(source_path(path).absolute())
        self.label = repr(Path(self.path).name)
        self._refuse_other_kinds()
        self._lock = threading.Lock()
        self._descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        closing = weakref.finalize(self, os.close, self._descriptor)
        closing.atexit = False
        found = os.fstat(self._descriptor)
        self.size, self._changed = found.st_size, found.st_mtime_ns
        self.index = make_index(self.read, self.size, self.label)
        _living.add(self)

    def read(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset``; fewer only at the end of the file."""
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        data = self._read(offset, min(length, _CHUNK))
        if len(data) == length:
            return data
        parts = [data]
        got = len(data)
        while data and got < length:
            data = self._read(offset + got, min(length - got, _CHUNK))
            parts.append(data)
            got += len(data)
        return b"".join(parts)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Read into a buffer like `read`; return the number of bytes read."""
        length = max(0, min(len(buffer), self.size - offset))
        if hasattr(os, "preadv"):
            return os.preadv(self._descriptor, [buffer[:length]], offset)
        data = self.read(offset, length)
        buffer[: len(data)] = data
        return len(data)

    def fingerprint(self) -> Fingerprint:
        """Return what distinguishes this file from another one at the same path."""
        start = max(0, self.size - _FINGERPRINTED)
        return self.size, zlib.crc32(self.read(start, self.size - start))

    @property
    def is_current(self) -> bool:
        """Whether the file at the path is still this one, unchanged."""
        try:
            there = Path(self.path).stat()
        except OSError:
            return False
        same = os.path.samestat(there, os.fstat(self._descriptor))
        return same and (there.st_size, there.st_mtime_ns) == (self.size, self._changed)

    def renew_locks(self) -> None:
        """Forget locks that another thread held when the process was forked."""
        self._lock = threading.Lock()
        self.index.renew_lock()

    def _refuse_other_kinds(self) -> None:
        mode = Path(self.path).stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(f"This is a folder, not an archive: {self.label}")
        if not stat.S_ISREG(mode):
            raise ArchiveError(
                f"Not an ordinary file, so not an archive: {self.label}", code=rules.NOT_A_ZIP.code
            )

    if hasattr(os, "pread"):

        def _read(self, offset: int, length: int) -> bytes:
            return os.pread(self._descriptor, length, offset)

    else:  # Windows has no positional read

        def _read(self, offset: int, length: int) -> bytes:
            with self._lock:
                os.lseek(self._descriptor, offset, os.SEEK_SET)
                return os.read(self._descriptor, length)


def reopened(path: str, fingerprint: Fingerprint) -> ArchiveFile:
    """Return the archive that another process had open, opened once in this one.

    Raises
    ------
    ArchiveError
        When another file is at the path by now.
    """
    with _shared_lock:
        shared = _shared.get((path, fingerprint))
        if shared is not None:
            return shared
        opened = ArchiveFile(path)
        if opened.fingerprint() != fingerprint:
            raise ArchiveError(
                f"The archive was changed since it was opened: {opened.label}. Open it again."
            )
        _shared[path, fingerprint] = opened
        return opened


_shared: weakref.WeakValueDictionary[tuple[str, Fingerprint], ArchiveFile] = (
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
