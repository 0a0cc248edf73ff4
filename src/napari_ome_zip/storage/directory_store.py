"""A read-only Zarr store on a folder of the local file system."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.findings import Finding
from napari_ome_zip.names import DOCUMENT_NAMES, is_junk, is_safe, stem
from napari_ome_zip.storage.base import (
    MAX_DOCUMENT_BYTES,
    HierarchyStore,
    as_buffer,
    resolve_range,
)

# Hierarchies are a few folders deep.
_MAX_DEPTH = 16

MAX_LISTED = 2**16
"""Files that are listed to know which chunks there are, at most."""


class DirectoryStore(HierarchyStore):
    """The hierarchy in a folder.

    Parameters
    ----------
    path : str or path-like
        The folder that is the root of the hierarchy.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        When there is no such folder.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        folder = Path(path).absolute()
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
            path = self._folder / key
            return path.stat().st_size if path.is_file() else None
        except OSError:
            return None

    def verify(self, key: str) -> None:
        # docstring inherited
        # A chunk that is absent from a folder that is absent was not left out: a disk was pulled.
        self._folder.stat()
        try:
            (self._folder / key).stat()
        except (FileNotFoundError, NotADirectoryError):
            return

    def keys(self) -> Iterator[str]:
        # docstring inherited
        root = str(self._folder)
        for folder, subfolders, files in os.walk(root):
            subfolders.sort()
            relative = Path(folder).relative_to(root).as_posix()
            prefix = "" if relative == "." else f"{relative}/"
            for name in sorted(files):
                yield prefix + name

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
                # Links to folders may lead anywhere, also back.
                linked = any(Path(path, name).is_symlink() for name in folders)
                if linked or len(found) > MAX_LISTED:
                    return None
        except OSError:
            return None  # asking for each chunk tells which cannot be reached
        return found

    def group_paths(self) -> tuple[str, ...]:
        # docstring inherited
        found = self._walk("", 0, set())
        return tuple(sorted(found, key=lambda path: (path.count("/") + bool(path), path)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __str__(self) -> str:
        return self._folder.as_uri()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def _again(self) -> DirectoryStore:
        return self.at_root("")

    def read(self, key: str, byte_range: ByteRequest | None = None) -> bytes | None:
        # docstring inherited
        if not is_safe(key):
            return None
        path = self._folder / key
        try:
            if not path.is_file():
                return None  # opening a pipe would wait for a writer
            with path.open("rb") as file:
                if byte_range is None:
                    return file.read()
                start, stop = resolve_range(byte_range, os.fstat(file.fileno()).st_size)
                file.seek(start)
                return file.read(stop - start)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _walk(self, path: str, depth: int, seen: set[tuple[int, int]]) -> Iterator[str]:
        """Folders with documents at and below a path; nothing below an array."""
        status = (self._folder / path).stat()
        place = (status.st_dev, status.st_ino)
        if place in seen and status.st_ino:  # a loop of symbolic links
            return
        seen.add(place)
        with os.scandir(self._folder / path) as entries:
            listed = [(entry.name, entry.is_dir()) for entry in entries]
        names = {name for name, _ in listed}
        if names & DOCUMENT_NAMES:
            yield path
            if ".zarray" in names or self._is_array(path):
                return
        elif not path:
            return
        if depth < _MAX_DEPTH:
            for name in sorted(name for name, is_folder in listed if is_folder):
                if not is_junk(name):
                    yield from self._walk(f"{path}/{name}" if path else name, depth + 1, seen)

    def _is_array(self, path: str) -> bool:
        key = f"{path}/zarr.json" if path else "zarr.json"
        if (self.size_of(key) or 0) > MAX_DOCUMENT_BYTES:
            return True
        try:
            document = json.loads(self.read_document(key) or b"{}")
        except (ValueError, RecursionError, ArchiveError):
            return False
        return isinstance(document, dict) and document.get("node_type") == "array"


def _raise(error: OSError) -> None:
    raise error
