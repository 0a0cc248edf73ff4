"""A read-only Zarr store on a folder of the local file system."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from zarr.abc.buffer import Buffer, BufferPrototype
from zarr.abc.store import ByteRequest

from napari_ome_zip.errors import ArchiveError, DamagedEntryError
from napari_ome_zip.findings import Finding
from napari_ome_zip.names import DOCUMENT_NAMES, ZARR_JSON, breadth_first, is_junk, is_safe, stem
from napari_ome_zip.paths import is_link_loop, source_path
from napari_ome_zip.storage.base import (
    MAX_DOCUMENT_BYTES,
    HierarchyStore,
    as_buffer,
    resolve_range,
)
from napari_ome_zip.storage.folder_walk import MAX_LINKS, FolderEntry, kind_of_file, walk_folder

# Hierarchies are a few folders deep.
_MAX_DEPTH = 16
# Errors for names that no file can have.
_NO_SUCH_NAME = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)

MAX_LISTED = 2**16
"""Maximum number of files that are listed to find which chunks exist."""


class DirectoryStore(HierarchyStore):
    """The hierarchy in a folder.

    Symbolic links are followed. A broken link, a named pipe, or a file or folder without
    permission exists, and reading it is an error: it is not taken for a chunk that was left out.

    Parameters
    ----------
    path : str or path-like
        The folder that is the root of the hierarchy.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        When there is no such folder.
    ArchiveError
        When the path holds a NUL character, or its symbolic links form a loop.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        folder = source_path(path).absolute()
        if not folder.exists():
            raise FileNotFoundError(f"There is no such folder: {folder}")
        if not folder.is_dir():
            raise NotADirectoryError(f"This is not a folder: {folder}")
        super().__init__(stem(folder), str(folder))
        self._folder = folder

    def at_root(self, root: str, noted: tuple[Finding, ...] = ()) -> DirectoryStore:
        # docstring inherited
        other = type(self)(self._folder / root)
        other.name = self.name
        other._noted = self._noted + noted
        return other

    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        # docstring inherited
        data = self.read(key, byte_range)
        return None if data is None else as_buffer(data, prototype)

    async def get(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        # docstring inherited
        # Opening a file may wait for a disk or a network, so it leaves the event loop.
        await self._ensure_open()
        data = await asyncio.to_thread(self.read, key, byte_range)
        return None if data is None else as_buffer(data, prototype)

    def size_of(self, key: str) -> int | None:
        # docstring inherited
        if not is_safe(key):
            return None
        try:
            status = (self._folder / key).stat()
        except (FileNotFoundError, NotADirectoryError):
            self._refuse_broken_link(key)
            return None
        except UnicodeEncodeError:
            return None
        except OSError as error:
            if error.errno in _NO_SUCH_NAME:
                return None
            if is_link_loop(error):
                raise _unreadable(key, "a link on the way to it leads back to itself") from error
            raise
        if stat.S_ISDIR(status.st_mode):
            return None
        if not stat.S_ISREG(status.st_mode):
            raise _unreadable(key, kind_of_file(status.st_mode))  # opening a pipe would wait
        return status.st_size

    def has(self, key: str) -> bool:
        # docstring inherited
        try:
            return super().has(key)
        except OSError:
            return True  # reading it raises the error

    def verify(self, key: str) -> None:
        # docstring inherited
        # Where the folder is gone too, the chunk was not left out: a disk was removed.
        self._folder.stat()
        self.size_of(key)

    def keys(self) -> Iterator[str]:
        # docstring inherited
        for entry in self.entries():
            yield entry.name

    def entries(self) -> Iterator[FolderEntry]:
        """Yield all entries, with the links on the way to each and its problem, if any.

        Raises
        ------
        OSError
            A folder cannot be listed.
        """
        yield from walk_folder(self._folder)

    def child_names(self, prefix: str) -> tuple[str, ...]:
        # docstring inherited
        folder = prefix.strip("/")
        if folder and not is_safe(folder):
            return ()
        try:
            return tuple(sorted(entry.name for entry in (self._folder / folder).iterdir()))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    names_may_grow = True

    def names_below(self, folder: str) -> Sequence[str] | None:
        # docstring inherited
        if folder and not is_safe(folder):
            return ()
        found: list[str] = []
        try:
            for path, folders, files in os.walk(self._folder / folder, onerror=_raise):
                relative = Path(path).relative_to(self._folder).as_posix()
                prefix = "" if relative == "." else f"{relative}/"
                found += [prefix + name for name in files]
                # Links to folders may form loops.
                linked = any(Path(path, name).is_symlink() for name in folders)
                if linked or len(found) > MAX_LISTED:
                    return None
        except OSError:
            return None  # asking for each chunk raises an error for those out of reach
        return found

    def group_paths(self) -> tuple[str, ...]:
        # docstring inherited
        return tuple(sorted(self._walk("", (), 0), key=breadth_first))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __str__(self) -> str:
        return self._folder.as_uri()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def _clone(self) -> DirectoryStore:
        return self.at_root("")

    def read(self, key: str, byte_range: ByteRequest | None = None) -> bytes | None:
        # docstring inherited
        if self.size_of(key) is None:
            return None
        try:
            with (self._folder / key).open("rb") as file:
                if byte_range is None:
                    return file.read()
                start, stop = resolve_range(byte_range, os.fstat(file.fileno()).st_size)
                file.seek(start)
                return file.read(stop - start)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _refuse_broken_link(self, key: str) -> None:
        """Raise an error if an absent file lies behind a broken link, so was not left out."""
        place, name = self._folder, ""
        for part in key.split("/"):
            name = f"{name}/{part}" if name else part
            place = place / part
            if not place.exists():
                if place.is_symlink():
                    raise _unreadable(key, f"{name!r} is a link to something that is not there")
                return

    def _walk(self, path: str, above: tuple[tuple[int, int], ...], links: int) -> Iterator[str]:
        """Yield the folders with documents at and below a path, but not below an array."""
        status = (self._folder / path).stat()
        place = (status.st_dev, status.st_ino)
        if place in above and status.st_ino:  # a loop of symbolic links
            return
        with os.scandir(self._folder / path) as entries:
            listed = [(entry.name, _is_folder(entry), entry.is_symlink()) for entry in entries]
        names = {name for name, _, _ in listed}
        if names & DOCUMENT_NAMES:
            yield path
            if ".zarray" in names or self._is_array(path):
                return
        elif not path:
            return
        if len(above) >= _MAX_DEPTH:
            return
        for name, is_folder, is_link in sorted(listed):
            if is_folder and not is_junk(name) and links + is_link <= MAX_LINKS:
                below = f"{path}/{name}" if path else name
                yield from self._walk(below, (*above, place), links + is_link)

    def _is_array(self, path: str) -> bool:
        key = f"{path}/{ZARR_JSON}" if path else ZARR_JSON
        try:
            if (self.size_of(key) or 0) > MAX_DOCUMENT_BYTES:
                return True
            document = json.loads(self.read_document(key) or b"{}")
        except (ValueError, RecursionError, ArchiveError, OSError):
            return False  # reported where the document is read
        return isinstance(document, dict) and document.get("node_type") == "array"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # reading a file in it raises the error


def _unreadable(key: str, problem: str) -> DamagedEntryError:
    return DamagedEntryError(
        key, f"{key!r} cannot be read: {problem}. Put the file itself there, or remove it."
    )


def _raise(error: OSError) -> None:
    raise error
