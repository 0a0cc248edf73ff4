"""What a ZIP archive holds: the index of its entries, complete at once or in two steps."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.findings import Finding
from napari_ome_zip.storage.central_directory import (
    SIGNATURE,
    DirectoryColumns,
    leading_length,
    parse_directory,
)
from napari_ome_zip.storage.end_record import EndRecord, ReadAt, read_end_record
from napari_ome_zip.storage.names import is_document, is_safe

METHOD_NAMES: dict[int, str] = {
    0: "stored",
    1: "shrunk",
    6: "imploded",
    8: "DEFLATE",
    9: "DEFLATE64",
    12: "bzip2",
    14: "LZMA",
    93: "zstd",
    95: "XZ",
    97: "WavPack",
    98: "PPMd",
    99: "AES encryption",
}
"""Names of ZIP compression methods by their number."""

# Any of these after the leading documents makes a complete reading necessary at once: another
# document (then "documents first" is untrue), or a name that leads out of the archive.
_TELLTALES = (b"zarr.json", b".zattrs", b".zgroup", b".zarray", b"../", b"..\\")
# Names that need a closer look hold one of these, when each is set between line breaks. Searching
# all names at once for a few substrings is far quicker than a look at each.
_SUSPICIOUS = ("\n\n", "\\", "\0", ":", "//", "./", ".\n", "\n/")
_USUAL_METHODS = (0, 8)


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One entry of the archive, as its central directory describes it."""

    name: str
    """Name, with forward slashes."""
    offset: int
    """Place of the local header in the file."""
    compressed_size: int
    """Bytes taken in the file."""
    size: int
    """Bytes of the content."""
    method: int
    """Compression method: 0 stored, 8 DEFLATE, …"""
    crc: int
    """CRC-32 of the content."""
    flags: int
    """General purpose flags."""

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed."""
        return bool(self.flags & 1)

    @property
    def method_name(self) -> str:
        """Name of the compression method, with its number where it has none."""
        return METHOD_NAMES.get(self.method, f"method {self.method}")


class ArchiveIndex:
    """The entries of an archive by name.

    Where the comment says ``jsonFirst`` (RFC-9), only the Zarr documents at the front are parsed
    when the index is made. That they are all of them is verified by a plain search through the
    remaining bytes; where it is not so, everything is parsed at once. Thus what is asked of the
    index never depends on whether the comment tells the truth.

    Parameters
    ----------
    read : callable
        ``read(offset, length)`` gives up to so many bytes of the file.
    size : int
        Size of the file in bytes.
    label : str
        How messages name the file.

    Raises
    ------
    ArchiveError
        When the file is not a usable ZIP archive.
    """

    def __init__(self, read: ReadAt, size: int, label: str = "the file") -> None:
        self.label = label
        self.end: EndRecord = read_end_record(read, size, label)
        self._raw = read(self.end.directory_start, self.end.directory_size)
        if len(self._raw) < self.end.directory_size:
            raise ArchiveError(f"The archive is incomplete, its end cannot be read: {label}")
        self._lock = threading.Lock()
        self._full: _Table | None = None
        self._leading: _Table | None = None
        self._end_findings = _end_findings(self.end)
        if self.claims_json_first:
            self._read_leading()
        if self._leading is None:
            self.complete()

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
        """Whether every entry is indexed by now, not the leading documents only."""
        return self._full is not None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was tolerated so far."""
        table = self._full or self._documents_table()
        return self._end_findings + self._count_finding(table) + table.findings

    def find(self, name: str) -> ArchiveEntry | None:
        """The entry of this name, or None."""
        table = self._full
        if table is None:
            if is_document(name):
                return self._documents_table().find(name)
            table = self.complete()
        return table.find(name)

    def names(self) -> tuple[str, ...]:
        """Names of all entries that can be read: no folders, no unsafe names, each once."""
        return tuple(self.complete().rows)

    def documents(self) -> tuple[str, ...]:
        """Names of the entries that hold Zarr metadata, in the directory's order."""
        return tuple(name for name in self._documents_table().rows if is_document(name))

    def records(self) -> Iterator[ArchiveEntry]:
        """Every record of the central directory in its order: repeated, folders, unsafe, all.

        Names are as written, offsets are places in the file.
        """
        table = self.complete()
        for row, name in enumerate(table.columns.names):
            yield table.entry(row, name)

    @property
    def zip64_record_count(self) -> int:
        """How many records of the central directory carry ZIP64 fields."""
        return self.complete().columns.zip64_count

    def complete(self) -> _Table:
        """Index every entry, if that has not been done yet."""
        if self._full is None:
            with self._lock:
                if self._full is None:
                    self._full = self._table(self._raw)
                    self._leading = None
                    self._raw = b""
        return self._full

    def renew_lock(self) -> None:
        """Forget a lock that another thread held when the process was forked."""
        self._lock = threading.Lock()

    def _documents_table(self) -> _Table:
        # Read once: another thread may complete the index between two looks.
        leading = self._leading
        return leading if leading is not None else self.complete()

    def _read_leading(self) -> None:
        raw = self._raw
        length = leading_length(raw, b"zarr.json")
        if not length or any(raw.find(word, length) >= 0 for word in _TELLTALES):
            return
        if raw.count(SIGNATURE) != self.end.entry_count:
            return
        # Archives are written by one tool in one way: the first chunk tells how the others are.
        method = int.from_bytes(raw[length + 10 : length + 12], "little")
        if len(raw) > length and method not in _USUAL_METHODS:
            return
        self._leading = self._table(raw[:length])

    def _table(self, raw: bytes) -> _Table:
        columns = parse_directory(raw)
        return _Table(columns, self.end.shift, self.label, self.claims_json_first)

    def _count_finding(self, table: _Table) -> tuple[Finding, ...]:
        claimed, counted = self.end.entry_count, len(table.columns)
        # Without ZIP64 the 16-bit count overflows; nothing is in doubt then. And the leading
        # documents stand alone only where the number of all records is as claimed.
        if table is not self._full or claimed in (counted, counted & 0xFFFF):
            return ()
        return (
            Finding(
                "wrong-entry-count",
                "",
                f"The archive's end claims {claimed:,} entries, its central directory lists "
                f"{counted:,}; all of these are used.",
            ),
        )


class _Table:
    """Parsed records, and the rows that can be read by their names."""

    def __init__(
        self, columns: DirectoryColumns, shift: int, label: str, claims_json_first: bool
    ) -> None:
        self.columns = columns
        self._claims_json_first = claims_json_first
        self.findings: tuple[Finding, ...] = ()
        self._shift = shift
        if np.any((columns.disks != 0) & (columns.disks != 0xFFFF)):
            raise ArchiveError(
                "The archive is split into several parts, and this is one of them. "
                f"Join the parts into one file first: {label}"
            )
        self.rows = self._rows(label)

    def find(self, name: str) -> ArchiveEntry | None:
        row = self.rows.get(name)
        return None if row is None else self.entry(row, name)

    def entry(self, row: int, name: str) -> ArchiveEntry:
        columns = self.columns
        return ArchiveEntry(
            name,
            int(columns.offsets[row]) + self._shift,
            int(columns.compressed_sizes[row]),
            int(columns.sizes[row]),
            int(columns.methods[row]),
            int(columns.crcs[row]),
            int(columns.flags[row]),
        )

    def _rows(self, label: str) -> dict[str, int]:
        names = self.columns.names
        joined = f"\n{'\n'.join(names)}\n"
        served, suspects, unsafe, backslashes = names, _suspects(names, joined), [], 0
        if suspects:
            served = list(names)
        for row in suspects:
            name = names[row].replace("\\", "/")
            served[row] = name.removeprefix("./")
            if not is_safe(served[row].removesuffix("/")):
                served[row] = ""
                unsafe.append(names[row])
            elif name != names[row]:
                backslashes += 1
        rows = dict(zip(served, range(len(served)), strict=True))
        count = len(served)
        if suspects or "/\n" in joined:
            rows = {name: row for name, row in rows.items() if name and not name.endswith("/")}
            count = sum(1 for name in served if name and not name.endswith("/"))
        self._refuse_collisions(served, suspects, rows, label)
        self.findings = (
            *_unsafe_finding(unsafe),
            *_backslash_finding(backslashes),
            *(self._repeated_finding(served, rows) if count > len(rows) else ()),
            *(self._order_finding(served) if self._claims_json_first else ()),
            *self._method_finding(),
        )
        return rows

    def _refuse_collisions(
        self, served: list[str], suspects: list[int], rows: dict[str, int], label: str
    ) -> None:
        written = self.columns.names
        as_written = set(written) if suspects else set()
        seen: dict[str, str] = {}
        for row in suspects:
            name = served[row]
            if name not in rows:
                continue
            other = name if name in as_written else seen.setdefault(name, written[row])
            if other != written[row]:
                raise ArchiveError(
                    f"Two entries of the archive have the same name once it is written with "
                    f"forward slashes: {other!r} and {written[row]!r}. "
                    f"Pack the archive again: {label}"
                )

    def _repeated_finding(self, served: list[str], rows: dict[str, int]) -> tuple[Finding, ...]:
        columns = self.columns
        differing: dict[str, None] = {}
        for row, name in enumerate(served):
            last = rows.get(name, row)
            if last == row:
                continue
            same = (
                columns.crcs[row] == columns.crcs[last]
                and columns.sizes[row] == columns.sizes[last]
            )
            # A program that writes as it goes rewrites a document by appending: the last is the
            # newest, and nothing is in doubt. Who promises an order has packed a finished image.
            newest = columns.offsets[row] < columns.offsets[last]
            if not same and (self._claims_json_first or not newest):
                differing[name] = None
        if not differing:
            return ()
        first = next(iter(differing))
        others = f" and {len(differing) - 1:,} more" if len(differing) > 1 else ""
        return (
            Finding(
                "repeated-entries",
                first,
                f"The archive holds {first!r}{others} more than once with different content; "
                "the last one is used.",
            ),
        )

    def _order_finding(self, served: list[str]) -> tuple[Finding, ...]:
        late = _late_document(served)
        if late is None:
            return ()
        return (
            Finding(
                "json-first-untrue",
                late,
                f"The archive's comment says that zarr.json come first, the root's before all, "
                f"but {late!r} comes later; the archive was read completely instead.",
            ),
        )

    def _method_finding(self) -> tuple[Finding, ...]:
        methods = self.columns.methods
        unusual = methods[~np.isin(methods, _USUAL_METHODS)]
        if not unusual.size:
            return ()
        kinds = ", ".join(
            METHOD_NAMES.get(method, f"method {method}") for method in np.unique(unusual).tolist()
        )
        return (
            Finding(
                "unusual-compression",
                "",
                f"{unusual.size:,} entries are compressed in an unusual way ({kinds}); "
                "other programs may not read them. Repack the archive without ZIP compression.",
            ),
        )


def _late_document(names: list[str]) -> str | None:
    """The first ``zarr.json`` that comes after chunks, or the root's where it is not the first.

    Other files at the root are none of the hierarchy's, and the same document once more (also in
    other letters, where a file system ignored their case) hides nothing.
    """
    seen: set[str] = set()
    passed_data = False
    for name in names:
        if name != "zarr.json" and not name.endswith("/zarr.json"):
            passed_data = passed_data or ("/" in name and not name.endswith("/"))
            continue
        if name.lower() not in seen and (passed_data or (seen and name == "zarr.json")):
            return name
        seen.add(name.lower())
    return None


def _suspects(names: list[str], joined: str) -> list[int]:
    """Rows whose names need a closer look."""
    present = [text for text in _SUSPICIOUS if text in joined]
    if not present:
        return []
    return [
        row
        for row, name in enumerate(names)
        if not name or any(text in f"\n{name}\n" for text in present)
    ]


def _end_findings(end: EndRecord) -> tuple[Finding, ...]:
    found = []
    if end.shift:
        found.append(
            Finding(
                "uncounted-prefix",
                "",
                f"{abs(end.shift):,} bytes before the archive are not counted in its offsets; "
                "the offsets were corrected.",
            )
        )
    if end.trailing and not end.trailing_is_padding:
        found.append(
            Finding("trailing-bytes", "", f"{end.trailing:,} bytes after the archive were ignored.")
        )
    return tuple(found)


def _unsafe_finding(unsafe: list[str]) -> tuple[Finding, ...]:
    if not unsafe:
        return ()
    count = "1 entry has a name" if len(unsafe) == 1 else f"{len(unsafe):,} entries have names"
    return (
        Finding(
            "unsafe-entry-names",
            unsafe[0],
            f"{count} that would lead out of the archive, such as {unsafe[0]!r}; ignored.",
        ),
    )


def _backslash_finding(count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    return (
        Finding(
            "backslash-names",
            "",
            f"The names of {count:,} entries are written with backslashes instead of slashes; "
            "they were read as slashes.",
        ),
    )
