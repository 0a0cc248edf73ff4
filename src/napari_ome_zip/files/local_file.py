"""A file on a disk: one descriptor, positional reads."""

from __future__ import annotations

import os
import stat
import threading
import weakref
import zlib
from pathlib import Path

from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.files.byte_file import ByteFile, Fingerprint
from napari_ome_zip.files.shown_names import shown_name
from napari_ome_zip.paths import source_path

_FINGERPRINTED = 1 << 16
_CHUNK = 1 << 30
_NOT_A_ZIP = "not-a-zip"  # the code of a rule of archives, which know of files, not files of them


class LocalFile(ByteFile):
    """A file that stays open as long as this object lives.

    It stays the same file even when another one replaces it at its path. Reads are positional, so
    that threads, and forked processes, which inherit the descriptor, do not disturb one another.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        As the operating system says.
    ArchiveError
        When it is not an ordinary file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.place = self._path = str(source_path(path).absolute())
        self.source = shown_name(self._path)
        self.label = repr(Path(self.source).name)
        self._refuse_other_kinds()
        self._lock = threading.Lock()
        self._descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        closing = weakref.finalize(self, os.close, self._descriptor)
        closing.atexit = False
        found = os.fstat(self._descriptor)
        self.size, self._changed = found.st_size, found.st_mtime_ns

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
            there = Path(self._path).stat()
        except OSError:
            return False
        same = os.path.samestat(there, os.fstat(self._descriptor))
        return same and (there.st_size, there.st_mtime_ns) == (self.size, self._changed)

    def renew_locks(self) -> None:
        """Forget locks that another thread held when the process was forked."""
        self._lock = threading.Lock()

    def _refuse_other_kinds(self) -> None:
        mode = Path(self._path).stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(f"This is a folder, not an archive: {self.label}")
        if not stat.S_ISREG(mode):
            raise ArchiveError(
                f"Not an ordinary file, so not an archive: {self.label}", code=_NOT_A_ZIP
            )

    if hasattr(os, "pread"):

        def _read(self, offset: int, length: int) -> bytes:
            return os.pread(self._descriptor, length, offset)

    else:  # Windows has no positional read

        def _read(self, offset: int, length: int) -> bytes:
            with self._lock:
                os.lseek(self._descriptor, offset, os.SEEK_SET)
                return os.read(self._descriptor, length)
