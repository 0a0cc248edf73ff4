"""The index of an archive behind a line: no more of its directory is fetched than is asked for."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Sequence

from napari_ome_zip.archive.central_directory import (
    DirectoryColumns,
    holds_telltale,
    leading_length,
)
from napari_ome_zip.archive.disproofs import disproofs
from napari_ome_zip.archive.end_record import read_end_record
from napari_ome_zip.archive.entry import USUAL_METHODS, ArchiveEntry
from napari_ome_zip.archive.entry_table import EntryTable, columns_of
from napari_ome_zip.archive.index import ArchiveIndex, end_missing
from napari_ome_zip.archive.kept_bytes import AT_ONCE_BYTES, BEGINNING_BYTES, KeptBytes
from napari_ome_zip.archive.leading_documents import LeadingDocuments
from napari_ome_zip.archive.partial_directory import PartialDirectory
from napari_ome_zip.errors import ArchiveError, OmeZipError
from napari_ome_zip.files import ByteFile, Fingerprint
from napari_ome_zip.findings import Finding
from napari_ome_zip.names import DOCUMENT_NAMES, ZARR_JSON

_GROWTH = 16
"""How many times as much is fetched of a directory whose beginning names documents alone."""
_CHUNKS_BYTES = 1 << 13
"""Records of chunks that should follow those of documents in what is fetched (8 KiB)."""
PIECE_BYTES = 1 << 19
"""Bytes of each request for the rest of it (512 KiB)."""
QUIET = 1.0
"""Seconds in which no chunk is looked for, before the rest is fetched: views come first."""
_PATIENCE = 10.0
"""Seconds after which it is fetched all the same."""
_NAP = 0.1

type Tell = Callable[[str], None]


class RemoteIndex(ArchiveIndex):
    """The entries of an archive behind a line, of whose directory only parts are fetched.

    Where the comment says ``jsonFirst`` (RFC-9), the directory is fetched as far as the leading
    Zarr documents go; small directories, and those of other archives, as a whole. Chunks are found
    by parts of it (`PartialDirectory`), if their order allows; the whole comes once in the
    background, from the first chunk on that is asked for. Until then is trusted, and checked when
    it has come:

    - that no document comes later (only the comment says so);
    - that no entry which was found is listed once more (the last record of a name counts);
    - that no entries share bytes of the file.

    What turns out to be wrong is handed to `tell` and is one of the `findings`. An archive that is
    refused then answers nothing any more. An entry is absent only if the whole directory says so.

    Parameters
    ----------
    file : ByteFile

    Raises
    ------
    ArchiveError
        When the file is not a usable ZIP archive.
    LinkError
        When it cannot be fetched.
    """

    def __init__(self, file: ByteFile) -> None:
        self._file = file
        self._bytes = KeptBytes(file)
        self._late: tuple[Finding, ...] = ()
        self._untold: tuple[str, ...] = ()
        self._listeners: list[weakref.WeakMethod[Tell]] = []
        self._refused: ArchiveError | None = None
        self._given: dict[str, ArchiveEntry] = {}
        self._thread: threading.Thread | None = None
        self._looked = 0.0
        self._partial: PartialDirectory | None = None
        end = read_end_record(self._bytes.read, file.size, file.label)
        self._begin(end, file.size, file.label)
        if self._directory_is_large and self.claims_json_first and self._is_trusted:
            self._read_beginning()
        if self._leading is None:
            self.complete()

    def listen(self, tell: Tell) -> None:
        """Hand what is found late to a method, in any thread; to the newest whose object lives."""
        living = [listener for listener in self._listeners if listener() is not None]
        self._listeners = [*living, weakref.WeakMethod(tell)]

    @property
    def findings(self) -> tuple[Finding, ...]:
        # docstring inherited
        return super().findings + self._late

    def find(self, name: str) -> ArchiveEntry | None:
        # docstring inherited
        if self._full is None and self._refused is None:
            known = self._given.get(name)
            if known is not None:
                return known
            if name.rpartition("/")[2] not in DOCUMENT_NAMES:
                return self.find_all([name])[0]
        elif self._refused is not None:
            raise self._refused
        return super().find(name)

    def find_all(self, names: Sequence[str]) -> list[ArchiveEntry | None]:
        # docstring inherited
        self._look_for([name for name in names if name.rpartition("/")[2] not in DOCUMENT_NAMES])
        table = self._full
        if table is not None:
            return [table.find(name) for name in names]
        return [self.find(name) for name in names]

    def find_known(self, names: Sequence[str]) -> list[ArchiveEntry | None]:
        # docstring inherited
        partial = self._partial
        if partial is None:
            return self.find_all(names)
        return [self._given.get(name) or partial.find(name) for name in names]

    def rows_of(self, names: Sequence[str]) -> tuple[DirectoryColumns, int, list[int | None]]:
        # docstring inherited
        entries = self.find_all(names)
        if self._full is not None:
            return super().rows_of(names)
        found = [entry for entry in entries if entry is not None]
        numbers = iter(range(len(found)))
        return columns_of(found), 0, [None if entry is None else next(numbers) for entry in entries]

    def complete(self) -> EntryTable:
        # docstring inherited
        table = self._full
        if table is None:
            try:
                with self._lock:
                    table = self._full if self._full is not None else self._completed()
            finally:
                self._tell_of_late()
        return table

    def renew_lock(self) -> None:
        # docstring inherited
        super().renew_lock()
        self._bytes.renew_lock()
        self._thread = None

    def _look_for(self, names: Sequence[str]) -> None:
        """Make sure that entries are among the parts that were fetched, or fetch the whole."""
        if self._full is not None or all(name in self._given for name in names):
            return
        self._looked = time.monotonic()
        try:
            with self._lock:
                if self._full is None:
                    self._find_or_complete([name for name in names if name not in self._given])
        finally:
            self._tell_of_late()

    def _find_or_complete(self, names: Sequence[str]) -> None:
        if self._partial is None or not self._partial.look_for(names):
            self._completed()
            return
        found = ((name, self._partial.find(name)) for name in names)
        self._given |= {name: entry for name, entry in found if entry is not None}
        self._complete_in_background()

    def _completed(self) -> EntryTable:
        """Fetch what is missing of the directory and index all of it; the lock is held."""
        if self._refused is not None:
            raise self._refused
        leading = self._leading
        raw = self._whole_directory()
        try:
            table = self._whole_table(raw)
        except ArchiveError as error:
            self._refused = error
            if leading is not None:
                self._untold = (str(error),)
            self._forget_parts()
            raise
        if leading is not None:
            self._late = disproofs(table, leading, self._given)
            if self._late:
                _disproved.add((self._file.source, self._file.fingerprint()))
            self._untold = tuple(finding.with_headline for finding in self._late)
        self._full = table
        self._leading = None
        self._contents = None
        self._forget_parts()
        return table

    def _forget_parts(self) -> None:
        self._partial = None
        self._given = {}
        self._bytes.forget()

    def _whole_directory(self) -> bytes:
        first, size = self.end.directory_start, self.end.directory_size
        raw = self._bytes.read_together(first, size)
        if len(raw) < size:
            raise end_missing(self.label)
        return raw

    @property
    def _directory_is_large(self) -> bool:
        first = self.end.directory_start
        missing = self._bytes.missing(first, first + self.end.directory_size)
        return sum(stop - start for start, stop in missing) > AT_ONCE_BYTES

    @property
    def _is_trusted(self) -> bool:
        return (self._file.source, self._file.fingerprint()) not in _disproved

    def _read_beginning(self) -> None:
        """Read the directory as far as the leading documents go, unless it disproves the claim."""
        raw, leading = self._beginning()
        flags, method = (
            int.from_bytes(raw[leading + n : leading + n + 2], "little") for n in (8, 10)
        )
        # One tool writes all entries of an archive alike: the first chunk stands for all.
        if not leading or flags & 1 or method not in USUAL_METHODS or holds_telltale(raw, leading):
            return
        tail = self._bytes.tail_from(self.end.directory_start, self.end.directory_size)
        if holds_telltale(tail, 0):
            return
        table = self._table(raw[:leading])
        nodes = {name.rpartition("/")[0] for name in table.documents}
        partial = PartialDirectory(self._file, self.end, nodes)
        if not partial.add(0, raw, at_record=True):
            return
        partial.add(self.end.directory_size - len(tail), tail, to_end=True)
        self._leading, self._partial = table, partial
        self._contents = LeadingDocuments(table)

    def _beginning(self) -> tuple[bytes, int]:
        """Return the directory with its first chunks, and the size of what comes before these.

        Nothing comes before them where all of the directory would have to be fetched to find them.
        """
        first, size = self.end.directory_start, self.end.directory_size
        length = BEGINNING_BYTES
        while length < size // 2:
            raw = self._bytes.read_together(first, length)
            leading = leading_length(raw, ZARR_JSON.encode())
            if leading + _CHUNKS_BYTES <= len(raw):
                return raw, leading
            length *= _GROWTH
        return b"", 0

    def _tell_of_late(self) -> None:
        """Hand over what was found late, once; not while the lock is held."""
        living = [tell for listener in self._listeners if (tell := listener()) is not None]
        if not self._untold or not living:
            return
        with self._lock:
            told, self._untold = self._untold, ()
        for message in told:
            living[-1](message)

    def _complete_in_background(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=_fetch_rest, args=(weakref.ref(self),), name="ome-zip-directory", daemon=True
            )
            self._thread.start()

    def _fetch_piece(self) -> bool:
        """Fetch the next part of the directory; whether that was needed."""
        first = self.end.directory_start
        missing = self._bytes.missing(first, first + self.end.directory_size)
        if self._full is not None or self._refused is not None or not missing:
            return False
        start, stop = missing[0]
        self._bytes.keep(start, min(stop, start + PIECE_BYTES))
        return True


_disproved: set[tuple[str, Fingerprint]] = set()
"""Files whose comment is not believed any more in this process."""


def _fetch_rest(index: weakref.ref[RemoteIndex]) -> None:
    """Fetch the whole directory, one part after the other, as long as somebody has its index."""
    begun = time.monotonic()
    try:
        while (found := index()) is not None:
            wait = min(found._looked + QUIET, begun + _PATIENCE) - time.monotonic()
            if wait <= 0 and not found._fetch_piece():
                found.complete()
                return
            del found
            time.sleep(min(max(wait, 0), _NAP))
    except (OmeZipError, OSError):
        # Whoever needs the whole is told; the next chunk that is looked for begins anew.
        if (left := index()) is not None:
            left._thread = None
