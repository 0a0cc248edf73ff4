"""Writes a single-image archive in one pass: documents, then chunks, then the directory."""

from __future__ import annotations

import os
import re
import threading
import zlib
from collections.abc import Buffer, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from napari_ome_zip.archive.partial_file import PartialFile
from napari_ome_zip.archive.records import (
    archive_comment,
    central_record,
    end_records,
    local_record,
    name_problem,
)
from napari_ome_zip.archive.verification import verify_archive
from napari_ome_zip.errors import ArchiveError, SaveError
from napari_ome_zip.names import ZARR_JSON, breadth_first, is_zarr_json

_VERSION = re.compile(r"\d+\.\d+([.+-]?[A-Za-z][A-Za-z0-9.+-]*)?")


class ArchiveWriter:
    """An archive that is being written, beside its target, entry by entry.

    All entries are stored without compression by ZIP, with ZIP64 records throughout, as RFC-9
    requires, and with a fixed time. :meth:`commit` reads back what was written, and replaces the
    target; leaving the ``with`` block without it removes the temporary file.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write; an existing one stays as it is until :meth:`commit`.
    version : str
        Version of OME-Zarr for the archive's comment, such as ``"0.5"``.

    Raises
    ------
    SaveError
        The folder is missing or read-only, or the target cannot be replaced.
    ArchiveError
        ``version`` is not of the form ``X.Y``, behind which a draft has its own name.

    Examples
    --------
    >>> with ArchiveWriter("cells.ome.zip", "0.5") as writer:  # doctest: +SKIP
    ...     writer.write_documents({"zarr.json": b"{...}", "0/zarr.json": b"{...}"})
    ...     writer.write("0/c/0/0", chunk)
    ...     writer.commit()
    """

    def __init__(self, path: str | os.PathLike[str], version: str) -> None:
        if not _VERSION.fullmatch(version):
            raise ArchiveError(f"Unusable OME-Zarr version {version!r}: expected one like '0.5'.")
        self._comment = archive_comment(version)
        self._documents: dict[str, bytes] = {}
        self._names: dict[str, tuple[int, int]] = {}
        self._directory = bytearray()
        self._unfinished: str | None = None
        self._failure: SaveError | None = None
        self._lock = threading.Lock()
        self._file = PartialFile(path)

    @property
    def documents(self) -> Mapping[str, bytes]:
        """The documents as they were written, in the order of the file."""
        return self._documents

    def __len__(self) -> int:
        return len(self._names)

    def write_documents(self, documents: Mapping[str, Buffer]) -> None:
        """Write all ``zarr.json`` documents, the root's first, then breadth first (RFC-9).

        Parameters
        ----------
        documents : mapping of str to bytes
            The documents by entry name, ``"zarr.json"`` for the root among them, in any order.

        Raises
        ------
        ArchiveError
            Something is not a ``zarr.json``, the root's is missing, or documents were written
            before: they must all come first, which the comment promises.
        SaveError
            The bytes cannot be written.
        """
        strangers = [name for name in documents if not is_zarr_json(name)]
        if strangers:
            raise ArchiveError(f"Not a zarr.json document: {strangers[0]!r}. Write it as a chunk.")
        if ZARR_JSON not in documents:
            raise ArchiveError(
                "No root zarr.json: an archive begins with the document of its root."
            )
        contents = {name: bytes(documents[name]) for name in sorted(documents, key=breadth_first)}
        for name in contents:
            _check_name(name)
        with self._lock:
            self._check_usable()
            if self._names:
                raise ArchiveError(
                    "Documents were written already: give all of them at once, before any chunk."
                )
            for name, content in contents.items():
                self._append(name, len(content), zlib.crc32(content), (content,))
            self._documents = contents

    def renew_root(self, document: bytes) -> None:
        """Put another document of the root in the place of the one that was written.

        It comes first, and may state what is known last.

        Parameters
        ----------
        document : bytes
            As long as the one that it replaces.

        Raises
        ------
        ArchiveError
            It has another length, no documents have been written, or the writer is closed.
        SaveError
            The bytes cannot be written.
        """
        with self._lock:
            self._check_usable()
            before = self._documents.get(ZARR_JSON)
            if before is None or len(before) != len(document):
                found = "none was written" if before is None else f"{len(before)} bytes"
                raise ArchiveError(
                    f"The root's document cannot be replaced: {found}, {len(document)} expected."
                )
            crc = zlib.crc32(document)
            self._unfinished = ZARR_JSON
            try:
                self._file.overwrite(0, local_record(ZARR_JSON, crc, len(document)) + document)
            except SaveError as error:
                self._failure = error
                raise
            record = central_record(ZARR_JSON, crc, len(document), 0)
            self._directory[: len(record)] = record
            self._documents[ZARR_JSON] = document
            self._unfinished = None

    def write(self, name: str, data: Buffer) -> None:
        """Append one chunk, shard or other entry; may be called from several threads.

        Parameters
        ----------
        name : str
            The entry's path in the archive, each written once.
        data : bytes-like
            The bytes to store, C-contiguous.

        Raises
        ------
        ArchiveError
            The name is illegal, was written before, or is a ``zarr.json``'s; or no documents
            have been written yet; or the writer is closed.
        SaveError
            The bytes cannot be written.
        """
        self._check_chunk_name(name)
        view = memoryview(data)
        view = view.cast("B") if view.nbytes else memoryview(b"")
        # The checksum takes longer than the write, and needs no lock.
        crc = zlib.crc32(view)
        with self._lock:
            self._check_usable()
            self._check_new(name)
            self._append(name, view.nbytes, crc, (view,))

    def write_copies(self, entries: Sequence[tuple[str, Buffer, int]]) -> None:
        """Append entries that were verified where they are copied from.

        Parameters
        ----------
        entries : sequence of (str, bytes-like, int)
            Name, content and CRC-32 of each.

        Raises
        ------
        ArchiveError, SaveError
            As of :meth:`write`.
        """
        for name, _, _ in entries:
            self._check_chunk_name(name)
        with self._lock:
            self._check_usable()
            parts: list[Buffer] = []
            offset = self._file.size
            # Set first, since an interrupt may occur between any two lines.
            self._unfinished = "entries that are copied"
            for name, data, crc in entries:
                self._check_new(name)
                size = memoryview(data).nbytes
                header = local_record(name, crc, size)
                parts += [header, data]
                self._add_record(name, size, crc, offset, offset + len(header))
                offset += len(header) + size
            self._put(*parts)
            self._unfinished = None

    def write_pieces(self, name: str, size: int, crc: int, pieces: Iterable[Buffer]) -> None:
        """Append an entry that is too large for memory.

        Parameters
        ----------
        name : str
            As for :meth:`write`.
        size, crc : int
            Of all pieces together; both precede them in the file.
        pieces : iterable of bytes-like
            The bytes, in order; an exception of the iterable ends the archive.

        Raises
        ------
        ArchiveError, SaveError
            As of :meth:`write`; also where size or checksum of the pieces is wrong.
        """
        self._check_chunk_name(name)
        with self._lock:
            self._check_usable()
            self._check_new(name)
            self._append(name, size, crc, _counted(name, size, crc, pieces))

    def size_of(self, name: str) -> int | None:
        """Return the size in bytes of an entry that was written; None where there is none."""
        place = self._names.get(name)
        return None if place is None else place[1]

    def read(self, name: str, start: int, stop: int) -> bytes:
        """Return bytes of an entry that was written: smaller levels are made from larger ones.

        Raises
        ------
        KeyError
            No such entry was written.
        """
        offset, size = self._names[name]
        return self._file.read(offset + start, max(0, min(stop, size) - start))

    def commit(self) -> Path:
        """Finish, verify, and put the archive in its target's place.

        Returns
        -------
        pathlib.Path
            The file that was written, with symbolic links resolved.

        Raises
        ------
        ArchiveError
            Nothing was written, or the writer is closed.
        SaveError
            The bytes cannot be written (or an earlier write has failed), what was written does
            not read back the same, or the target cannot be replaced. The target is untouched
            then.
        """
        try:
            with self._lock:
                self._check_usable()
                if not self._names:
                    raise ArchiveError("Nothing to save: an archive holds at least zarr.json.")
                offset = self._file.size
                ends = end_records(len(self._names), len(self._directory), offset, self._comment)
                self._file.append(self._directory, ends)
                self._file.sync()
                verify_archive(self._file.path, self._documents, len(self._names), self._comment)
                return self._file.publish()
        finally:
            self.abort()

    def abort(self) -> None:
        """Remove what was written. Does nothing after :meth:`commit`, or a second time."""
        with self._lock:
            self._file.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.abort()

    def _check_usable(self) -> None:
        if self._failure is not None:
            # Each of many threads raises the disk's error, whichever is reported first.
            raise SaveError(str(self._failure), self._failure.errno) from self._failure
        if self._unfinished is not None:
            raise ArchiveError(
                f"The archive is incomplete: writing {self._unfinished!r} was interrupted. "
                "Start the save again."
            )
        if not self._file.is_open:
            raise ArchiveError("The archive is closed: it was saved or cancelled before.")

    def _check_chunk_name(self, name: str) -> None:
        _check_name(name)
        if is_zarr_json(name):
            raise ArchiveError(
                f"Too late for the document {name!r}: documents come first in the archive, "
                "through write_documents."
            )

    def _check_new(self, name: str) -> None:
        if not self._names:
            raise ArchiveError(f"Documents come first: {name!r} cannot precede zarr.json.")
        if name in self._names:
            raise ArchiveError(
                f"Written twice: {name!r}. An entry cannot be changed; let each block of "
                "work cover whole chunks (or shards)."
            )

    def _append(self, name: str, size: int, crc: int, pieces: Iterable[Buffer]) -> None:
        offset = self._file.size
        # Set before, for an interrupt may fall between any two lines.
        self._unfinished = name
        header = local_record(name, crc, size)
        for piece in pieces:
            self._put(header, piece)
            header = b""
        self._add_record(name, size, crc, offset, self._file.size - size)
        self._unfinished = None

    def _put(self, *parts: Buffer) -> None:
        try:
            self._file.append(*parts)
        except SaveError as error:
            self._failure = error
            raise

    def _add_record(self, name: str, size: int, crc: int, offset: int, start: int) -> None:
        """Add an entry to the directory: its header is at ``offset``, its bytes at ``start``."""
        self._directory += central_record(name, crc, size, offset)
        self._names[name] = (start, size)


def _counted(name: str, size: int, crc: int, pieces: Iterable[Buffer]) -> Iterator[Buffer]:
    """Yield the pieces, at least one, and check their total size and checksum."""
    found, checksum = 0, 0
    for piece in pieces:
        found += memoryview(piece).nbytes
        checksum = zlib.crc32(piece, checksum)
        yield piece
    if (found, checksum) != (size, crc):
        raise ArchiveError(
            f"{name!r} was changed while it was copied: expected {size:,} bytes, found {found:,}. "
            "Make sure that no other program writes there, and try again."
        )
    if not size:
        yield b""


def _check_name(name: str) -> None:
    problem = name_problem(name)
    if problem is not None:
        raise ArchiveError(f"Illegal entry name {name!r}: {problem}.")
