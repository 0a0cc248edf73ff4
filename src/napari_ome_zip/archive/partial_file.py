"""A file that is written beside its target and takes the target's place when it is complete.

Until then the target is unchanged, even if the program, the disk or the power fails.
"""

from __future__ import annotations

import errno
import gc
import os
import stat
import sys
import warnings
from collections.abc import Buffer, Sequence
from contextlib import suppress
from pathlib import Path

from napari_ome_zip.archive.early_sync import EarlySync
from napari_ome_zip.archive.leftovers import lock, partial_name, remove_leftovers
from napari_ome_zip.errors import SaveError, SaveWarning
from napari_ome_zip.files.syncing import sync, sync_folder
from napari_ome_zip.names import stem
from napari_ome_zip.paths import target_path
from napari_ome_zip.sizes import readable_size

_PARTS_AT_ONCE = 512
"""Parts that are passed to one system call, which may accept no more than 1,024."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM)


class PartialFile:
    """A temporary sibling of a file that grows at its end, named ``.<name>.<random>.partial``.

    It is locked while it is open, which distinguishes a file in use from one that a killed program
    left behind; leftovers of the same target are removed when they are a day old.

    Parameters
    ----------
    target : str or os.PathLike
        The file to write. A symbolic link is followed: the file it points to is replaced.

    Raises
    ------
    SaveError
        Before anything is written: the folder is missing or read-only, the target is a folder,
        is not a regular file, is write-protected, or is open where open files cannot be replaced
        (Windows); or its path holds a NUL character or a loop of links.
    """

    def __init__(self, target: str | os.PathLike[str]) -> None:
        self._shown = target_path(target)
        self._pid = os.getpid()
        self._size = 0
        try:
            self.target = self._shown.resolve()
            existing = _existing(self.target, self._shown)
            self.path = self.target.with_name(partial_name(self.target.name))
            self._fd: int | None = _create(self.path)
        except SaveError:
            raise
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._begin(self._fd, existing)
        except BaseException:  # Ctrl+C as well: nobody else knows of the file yet
            self.discard()
            raise

    def _begin(self, descriptor: int, existing: os.stat_result | None) -> None:
        if existing is not None:
            _take_over_rights(descriptor, existing)
        lock(descriptor)
        self._early = EarlySync(descriptor)
        remove_leftovers(self.target, now=os.fstat(descriptor).st_mtime)

    @property
    def size(self) -> int:
        """Bytes appended so far."""
        return self._size

    @property
    def is_open(self) -> bool:
        """Whether bytes can still be appended."""
        return self._fd is not None

    def append(self, *parts: Buffer) -> None:
        """Append bytes; raise :class:`SaveError` where they cannot be written."""
        try:
            for first in range(0, len(parts), _PARTS_AT_ONCE):
                self._write([memoryview(part) for part in parts[first : first + _PARTS_AT_ONCE]])
            self._early.grown(self._size)
        except OSError as error:
            raise self._interrupted(error) from error

    def overwrite(self, offset: int, data: Buffer) -> None:
        """Put other bytes in the place of some that were appended.

        Raises
        ------
        SaveError
            Where they cannot be written.
        """
        view = memoryview(data)
        try:
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.lseek(self._descriptor, 0, os.SEEK_END)
        except OSError as error:
            raise self._interrupted(error) from error

    def _write(self, views: list[memoryview]) -> None:
        while views:
            written = _write_together(self._descriptor, views)
            self._size += written
            while views and written >= len(views[0]):
                written -= len(views.pop(0))
            if views:
                views[0] = views[0][written:]

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes that were appended before."""
        parts = []
        while length > 0 and (part := self._read(offset, length)):
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)

    if hasattr(os, "pread"):

        def _read(self, offset: int, length: int) -> bytes:
            return os.pread(self._descriptor, length, offset)

    else:  # Windows has no positional read; a second descriptor keeps its own position

        def _read(self, offset: int, length: int) -> bytes:
            with self.path.open("rb") as file:
                file.seek(offset)
                return file.read(length)

    def sync(self) -> None:
        """Wait until the bytes are on the disk; some disks report only then that they are full."""
        try:
            self._early.finish()
            sync(self._descriptor)
        except OSError as error:
            raise self._interrupted(error) from error

    def publish(self) -> Path:
        """Put the file in the target's place, in one step, and return the target.

        A target that has other names (hard links) loses them, with a :class:`SaveWarning`: writing
        into it would not be one step.

        Raises
        ------
        SaveError
            If the target cannot be replaced; the complete file then stays beside it, and is named.
        """
        self.sync()
        self._close()
        others = _other_names(self.target)
        try:
            self.path.replace(self.target)
        except OSError as error:
            raise self._not_replaced(error, self._kept_beside()) from error
        sync_folder(self.target.parent)
        if others:
            names = "another name" if others == 1 else f"{others} other names"
            warnings.warn(
                f"The file that {self._shown.name} replaced has {names} on this disk (hard "
                "links), and there it stays as it was. Copy the new file there if it should "
                "change as well.",
                SaveWarning,
                stacklevel=2,
            )
        return self.target

    def discard(self) -> None:
        """Close and remove the temporary file. Does nothing after :meth:`publish`."""
        # A forked process holds the same descriptor, but the file is its parent's.
        if self._fd is None or os.getpid() != self._pid:
            return
        self._close()
        self.path.unlink(missing_ok=True)

    @property
    def _descriptor(self) -> int:
        if self._fd is None:
            raise OSError(errno.EBADF, "the file is closed")
        return self._fd

    def _close(self) -> None:
        descriptor, self._fd = self._fd, None
        if descriptor is not None:
            # Network file systems may report an earlier failure here; `sync` has asked before.
            with suppress(OSError):
                os.close(descriptor)

    def _unwritable(self, error: OSError) -> SaveError:
        folder, name = self._shown.parent, self._shown.name
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            problem = f"No such folder: {folder}. Create it, or choose another one"
        elif error.errno == errno.EROFS:
            problem = f"Read-only disk: {folder}. Choose a folder on another disk"
        elif error.errno in _FORBIDDEN:
            problem = f"No right to write in {folder}. Choose another folder"
        elif error.errno in _FULL:
            problem = f"Disk full: no room for a new file in {folder}. Free some space there"
        elif error.errno == errno.ENAMETOOLONG:
            problem = f"Name too long: {name}. Choose a shorter one"
        else:
            problem = f"Cannot write in {folder} ({error.strerror}). Choose another folder"
        return SaveError(f"{problem}; {name} was not saved.", error.errno)

    def _kept_beside(self) -> Path:
        """Give the finished file a visible name, and return its path."""
        name = self.target.name
        base, ending = stem(name), name[len(stem(name)) :]
        copies = (
            f"{base} (saved copy{n}){ending}" for n in ("", *(f" {k}" for k in range(2, 100)))
        )
        for copy in copies:
            path = self.target.with_name(copy)
            if not path.exists():
                with suppress(OSError):
                    self.path.rename(path)
                    return path
        return self.path

    def _not_replaced(self, error: OSError, kept: Path) -> SaveError:
        name = self._shown.name
        if error.errno in _FORBIDDEN:
            why = "it may be open, here or in another program. Close it there"
        else:
            why = f"{error.strerror}. Remove or rename it"
        return SaveError(
            f"Cannot replace {name}: {why}, and rename the complete new file, which was kept "
            f"beside it as {kept.name}. The earlier {name} was not changed.",
            error.errno,
        )

    def _interrupted(self, error: OSError) -> SaveError:
        folder, name = self._shown.parent, self._shown.name
        if error.errno in _FULL:
            what = "Disk full"
            then = "Free some space there, or choose another disk"
        elif error.errno == errno.EFBIG:
            what = "File too large for this disk"
            then = "Choose a disk, or account, that allows larger files"
        else:
            what = f"The disk stopped taking data ({error.strerror or error})"
            then = "Check the disk, or choose another one"
        return SaveError(
            f"{what}: {name} was not saved. {readable_size(self._size)} had been written in "
            f"{folder}; they are removed, and any earlier {name} is untouched. {then}, and save "
            "again.",
            error.errno,
        )


def _existing(target: Path, shown: Path) -> os.stat_result | None:
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise SaveError(
            f"A folder has this name: {shown}. Choose another name, or move the folder away.",
            errno.EISDIR,
        )
    if not stat.S_ISREG(found.st_mode):
        raise SaveError(f"Not a regular file: {shown}. Choose another name.", errno.EINVAL)
    try:
        os.close(os.open(target, os.O_WRONLY))
    except PermissionError as error:
        raise SaveError(
            f"Write-protected: {shown}. Choose another name, or allow the file to be changed.",
            error.errno,
        ) from error
    _refuse_in_use(target, shown)
    return found


def _other_names(target: Path) -> int:
    """Return the number of other hard links to the file that is about to be replaced."""
    try:
        return max(0, target.stat().st_nlink - 1)
    except OSError:
        return 0


def _refuse_in_use(target: Path, shown: Path) -> None:
    """Raise `SaveError` where the target is open, which prevents replacing it on Windows.

    Renaming a file to its own name changes nothing, and fails for the same reason.
    """
    with suppress(PermissionError):
        target.rename(target)
        return
    gc.collect()  # files of layers that were removed may be closed only by that
    try:
        target.rename(target)
    except PermissionError as error:
        raise SaveError(
            f"{shown.name} is open, here or in another program, and cannot be replaced. Close it "
            "there (remove the layers that it was opened as), or choose another name.",
            error.errno,
        ) from error


def _create(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    return os.open(path, flags, 0o666)


def _take_over_rights(descriptor: int, existing: os.stat_result) -> None:
    if sys.platform == "win32":
        return
    # Before writing: the new bytes of a private file must never be public.
    with suppress(OSError):
        os.fchown(descriptor, existing.st_uid, existing.st_gid)
    # Some network and FAT disks have no modes.
    with suppress(OSError):
        os.fchmod(descriptor, stat.S_IMODE(existing.st_mode))


def _write_together(descriptor: int, parts: Sequence[memoryview]) -> int:
    """Write parts one after the other, as far as possible; return the number of bytes written."""
    if hasattr(os, "writev"):
        return os.writev(descriptor, parts)
    return os.write(descriptor, parts[0])  # Windows
