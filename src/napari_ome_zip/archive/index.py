"""The index of the entries of a ZIP archive, made at once or in two steps."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.amplification import refuse_amplification
from napari_ome_zip.archive.central_directory import (
    DirectoryColumns,
    count_signatures,
    holds_telltale,
    leading_length,
    parse_directory,
)
from napari_ome_zip.archive.document_ranges import document_ranges
from napari_ome_zip.archive.end_record import EndRecord, read_end_record
from napari_ome_zip.archive.entry import USUAL_METHODS, ArchiveEntry
from napari_ome_zip.archive.entry_table import EntryTable
from napari_ome_zip.archive.layout import ReadAt
from napari_ome_zip.archive.leading_documents import LeadingDocuments
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.files import Range
from napari_ome_zip.findings import Finding
from napari_ome_zip.names import DOCUMENT_NAMES, ZARR_JSON

__all__ = ["ArchiveEntry", "ArchiveIndex"]


class ArchiveIndex:
    """The entries of an archive by name.

    Where the comment says ``jsonFirst`` (RFC-9), only the leading Zarr documents are parsed when
    the index is made. A search through the remaining bytes verifies that there are no others, else
    everything is parsed at once. So the answers of the index do not depend on a false comment.

    Parameters
    ----------
    read : callable
        ``read(offset, length)`` returns at most ``length`` bytes of the file.
    size : int
        Size of the file in bytes.
    label : str
        Name of the file in messages.

    Raises
    ------
    ArchiveError
        When the file is not a usable ZIP archive.
    """

    def __init__(self, read: ReadAt, size: int, label: str = "the file") -> None:
        self._begin(read_end_record(read, size, label), size, label)
        self._raw = read(self.end.directory_start, self.end.directory_size)
        if len(self._raw) < self.end.directory_size:
            raise end_missing(label)
        if self.claims_json_first:
            self._read_leading()
        if self._leading is None:
            self.complete()

    def _begin(self, end: EndRecord, size: int, label: str) -> None:
        self.label = label
        self._size = size
        self.end = end
        self._raw = b""
        self._lock = threading.Lock()
        self._full: EntryTable | None = None
        self._leading: EntryTable | None = None
        self._contents: LeadingDocuments | None = None
        self._end_findings = _end_findings(end)

    @classmethod
    def of_columns(cls, columns: DirectoryColumns, size: int, label: str) -> ArchiveIndex:
        """Return the index of records that do not come from a central directory."""
        index = cls.__new__(cls)
        index._begin(EndRecord(size, 0, len(columns), 0, b"", False, 0, False), size, label)
        index._full = EntryTable(columns, 0, label, claims_json_first=False)
        refuse_amplification(index._full, size, label)
        return index

    def __len__(self) -> int:
        return len(self.complete().rows)

    def __contains__(self, name: str) -> bool:
        return self.find(name) is not None

    @property
    def comment(self) -> bytes:
        """The archive comment."""
        return self.end.comment

    @cached_property
    def claims_json_first(self) -> bool:
        """Whether the comment says that all ``zarr.json`` come first (RFC-9, S6)."""
        try:
            value = json.loads(self.end.comment.rstrip(b"\0"))
        except (ValueError, RecursionError):
            return False
        for key in ("ome", "zipFile", "centralDirectory", "jsonFirst"):
            if not isinstance(value, dict):
                return False
            value = value.get(key)
        return value is True

    @property
    def is_complete(self) -> bool:
        """Whether all entries are indexed, not only the leading documents."""
        return self._full is not None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings on the archive so far."""
        table = self._full or self._documents_table()
        return self._end_findings + self._count_finding(table) + table.findings

    def find(self, name: str) -> ArchiveEntry | None:
        """Return the entry of this name, or None."""
        table = self._full
        if table is None:
            # Nothing after the leading documents is called like one, not even in a folder of junk.
            is_called_document = name.rpartition("/")[2] in DOCUMENT_NAMES
            table = self._documents_table() if is_called_document else self.complete()
        return table.find(name)

    def listen(self, tell: Callable[[str], None]) -> None:
        """Hand what is found after the index was made to a method; here that is nothing."""

    def find_all(self, names: Sequence[str]) -> list[ArchiveEntry | None]:
        """Return entries that are wanted together, None for those that are not there."""
        return [self.find(name) for name in names]

    def find_known(self, names: Sequence[str]) -> list[ArchiveEntry | None]:
        """Return entries as far as nothing must be fetched to find them."""
        return self.find_all(names)

    def rows_of(self, names: Sequence[str]) -> tuple[DirectoryColumns, int, list[int | None]]:
        """Return columns of a directory, the shift of their offsets, and the rows of entries."""
        table = self.complete()
        return table.columns, table.shift, [table.rows.get(name) for name in names]

    def leading_content(self, name: str, read: ReadAt) -> bytes | None:
        """Return the content of one of the leading documents; None where it is to be read itself.

        Parameters
        ----------
        name : str
            Normalized name.
        read : callable
            As for the index.
        """
        contents = self._contents
        return None if contents is None else contents.content(name, read)

    def names(self) -> tuple[str, ...]:
        """Return the names of all readable entries, each once, without folders and unsafe names."""
        return tuple(self.complete().rows)

    def documents(self) -> tuple[str, ...]:
        """Return the names of the entries that hold Zarr metadata, in the directory's order."""
        return self._documents_table().documents

    def document_ranges(self) -> list[Range]:
        """Return where these lie in the file; see `document_ranges`."""
        return document_ranges(self._documents_table(), self._size)

    def records(self) -> Iterator[ArchiveEntry]:
        """Yield every record of the central directory in order, even repeated and unsafe ones.

        Names are as written; offsets are those in the file.
        """
        table = self.complete()
        for row, name in enumerate(table.columns.names):
            yield table.entry(row, name)

    @property
    def zip64_record_count(self) -> int:
        """Number of records of the central directory with ZIP64 fields."""
        return self.complete().columns.zip64_count

    def complete(self) -> EntryTable:
        """Index every entry, if that has not been done yet."""
        if self._full is None:
            with self._lock:
                if self._full is None:
                    self._full = self._whole_table(self._raw)
                    self._leading = None
                    self._contents = None
                    self._raw = b""
        return self._full

    def renew_lock(self) -> None:
        """Forget a lock that another thread held when the process was forked."""
        self._lock = threading.Lock()

    def _documents_table(self) -> EntryTable:
        # Read once: another thread may complete the index between two looks.
        leading = self._leading
        return leading if leading is not None else self.complete()

    def _read_leading(self) -> None:
        raw = self._raw
        length = leading_length(raw, ZARR_JSON.encode())
        if not length or holds_telltale(raw, length):
            return
        if count_signatures(raw) != self.end.entry_count:
            return
        # One tool writes all entries of an archive alike: the first chunk stands for all.
        flags, method = (
            int.from_bytes(raw[length + n : length + n + 2], "little") for n in (8, 10)
        )
        if len(raw) > length and (flags & 1 or method not in USUAL_METHODS):
            return
        self._leading = self._table(raw[:length])
        self._contents = LeadingDocuments(self._leading)

    def _whole_table(self, raw: bytes) -> EntryTable:
        table = self._table(raw)
        refuse_amplification(table, self._size, self.label)
        return table

    def _table(self, raw: bytes) -> EntryTable:
        columns = parse_directory(raw)
        return EntryTable(columns, self.end.shift, self.label, self.claims_json_first)

    def _count_finding(self, table: EntryTable) -> tuple[Finding, ...]:
        claimed, counted = self.end.entry_count, len(table.columns)
        # Without ZIP64 the 16-bit count overflows, which is no fault. A table of the leading
        # documents alone exists only where the number of records is as claimed.
        if table is not self._full or claimed in (counted, counted & 0xFFFF):
            return ()
        return (
            Finding.of(
                rules.ENTRY_COUNT,
                "",
                f"The archive's end claims {claimed:,} entries, its central directory lists "
                f"{counted:,}; all of these are used.",
            ),
        )


def end_missing(label: str) -> ArchiveError:
    """Return the error of a file that ends before the directory does."""
    return ArchiveError(
        f"The archive is incomplete, its end cannot be read: {label}", code=rules.INCOMPLETE.code
    )


def _end_findings(end: EndRecord) -> tuple[Finding, ...]:
    found = []
    if end.shift:
        found.append(
            Finding.of(
                rules.UNCOUNTED_PREFIX,
                "",
                f"{abs(end.shift):,} bytes before the archive are not counted in its offsets; "
                "the offsets were corrected.",
            )
        )
    if end.trailing and not end.trailing_is_padding:
        found.append(
            Finding.of(
                rules.TRAILING, "", f"{end.trailing:,} bytes after the archive were ignored."
            )
        )
    return tuple(found)
