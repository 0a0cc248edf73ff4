"""The entries of a ZIP archive by normalized name, without unsafe ones, the last of each name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import takewhile

import numpy as np

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.central_directory import DirectoryColumns
from napari_ome_zip.archive.entry import METHOD_NAMES, USUAL_METHODS, ArchiveEntry
from napari_ome_zip.archive.layout import FULL_16
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.findings import Finding, listed
from napari_ome_zip.names import (
    DOCUMENT_NAMES,
    ZARR_JSON,
    is_junk,
    is_safe,
    is_zarr_json,
    without_junk,
)

# Names that are not plain hold one of these, when each name is set between line breaks. Searching
# all names at once is far faster than checking each.
_SUSPICIOUS = ("\n\n", "\\", "\0", ":", "//", "./", ".\n", "\n/")


class EntryTable:
    """Parsed records, and the rows of readable entries by name."""

    def __init__(
        self, columns: DirectoryColumns, shift: int, label: str, claims_json_first: bool
    ) -> None:
        self.columns = columns
        self._claims_json_first = claims_json_first
        self.findings: tuple[Finding, ...] = ()
        self.shift = shift
        self._last: ArchiveEntry | None = None
        if np.any((columns.disks != 0) & (columns.disks != FULL_16)):
            raise ArchiveError(
                "The archive is split into several parts, and this is one of them. "
                f"Join the parts into one file first: {label}",
                code=rules.SPLIT.code,
            )
        self.rows = self._rows(label)

    @cached_property
    def documents(self) -> tuple[str, ...]:
        """Names that hold Zarr metadata, in the directory's order."""
        endings = tuple(f"/{name}" for name in DOCUMENT_NAMES)
        found = [name for name in self.rows if name.endswith(endings) or name in DOCUMENT_NAMES]
        return tuple(without_junk(found))

    def find(self, name: str) -> ArchiveEntry | None:
        """Return the entry of this normalized name, or None."""
        last = self._last
        if last is not None and last.name == name:
            return last  # asked for its size first, then for its content
        row = self.rows.get(name)
        if row is None:
            return None
        self._last = entry = self.entry(row, name)
        return entry

    def entry(self, row: int, name: str) -> ArchiveEntry:
        """Return the entry in a row, under the name that is given."""
        columns = self.columns
        return ArchiveEntry(
            name,
            columns.offsets.item(row) + self.shift,
            columns.compressed_sizes.item(row),
            columns.sizes.item(row),
            columns.methods.item(row),
            columns.crcs.item(row),
            columns.flags.item(row),
        )

    def _rows(self, label: str) -> dict[str, int]:
        names = self.columns.names
        joined = joined_names(names)
        normalized, suspects, unsafe, backslashes = names, odd_names(names, joined), [], 0
        if suspects:
            normalized = list(names)
        for row in suspects:
            name = names[row].replace("\\", "/")
            normalized[row] = name.removeprefix("./")
            if not is_safe(normalized[row].removesuffix("/")):
                normalized[row] = ""
                unsafe.append(names[row])
            elif name != names[row]:
                backslashes += 1
        rows = dict(zip(normalized, range(len(normalized)), strict=True))
        count = len(normalized)
        if suspects or "/\n" in joined:
            rows = {name: row for name, row in rows.items() if name and not name.endswith("/")}
            count = sum(1 for name in normalized if name and not name.endswith("/"))
        self._refuse_collisions(normalized, suspects, rows, label)
        self.findings = (
            *_unsafe_finding(unsafe),
            *_backslash_finding(backslashes),
            *(self._repeated_finding(normalized, rows) if count > len(rows) else ()),
            *(self._order_finding(normalized) if self._claims_json_first else ()),
            *self._method_finding(),
        )
        return rows

    def _refuse_collisions(
        self, normalized: list[str], suspects: list[int], rows: dict[str, int], label: str
    ) -> None:
        written = self.columns.names
        as_written = set(written) if suspects else set()
        seen: dict[str, str] = {}
        for row in suspects:
            name = normalized[row]
            if name not in rows:
                continue
            other = name if name in as_written else seen.setdefault(name, written[row])
            if other != written[row]:
                raise ArchiveError(
                    f"Two of its files have the same name: {other!r} and {written[row]!r}, once "
                    f"these are written with forward slashes. "
                    f"Pack the archive again: {label}",
                    code=rules.NAMES_COLLIDE.code,
                )

    def _repeated_finding(self, normalized: list[str], rows: dict[str, int]) -> tuple[Finding, ...]:
        columns = self.columns
        differing: dict[str, None] = {}
        for row, name in enumerate(normalized):
            last = rows.get(name, row)
            if last == row:
                continue
            same = (
                columns.crcs[row] == columns.crcs[last]
                and columns.sizes[row] == columns.sizes[last]
            )
            # Programs that write in place replace a document by appending it: the last is the
            # newest. A writer that promises an order has packed a finished image.
            newest = columns.offsets[row] < columns.offsets[last]
            if not same and (self._claims_json_first or not newest):
                differing[name] = None
        if not differing:
            return ()
        names = [*differing]
        return (
            Finding.of(
                rules.REPEATED,
                names[0],
                f"Entries with the same name and different content: {listed(names, 1)}. The last "
                "one of each name is used.",
            ),
        )

    def _order_finding(self, normalized: list[str]) -> tuple[Finding, ...]:
        late = _late_document(normalized)
        if late is None:
            return ()
        return (
            Finding.of(
                rules.JSON_FIRST,
                late,
                f"The archive's comment says that zarr.json come first, the root's before all, "
                f"but {late!r} comes later; the archive was read completely instead.",
            ),
        )

    def _method_finding(self) -> tuple[Finding, ...]:
        methods = self.columns.methods
        unusual = methods[~np.isin(methods, USUAL_METHODS)]
        if not unusual.size:
            return ()
        kinds = ", ".join(
            METHOD_NAMES.get(method, f"method {method}") for method in np.unique(unusual).tolist()
        )
        return (
            Finding.of(
                rules.UNUSUAL_METHOD,
                "",
                f"{unusual.size:,} entries are compressed in an unusual way ({kinds}); "
                "other programs may not read them. Repack the archive without ZIP compression.",
            ),
        )


def _late_document(names: list[str]) -> str | None:
    """Return the first ``zarr.json`` after a chunk, or the root's where it is not the first.

    Other files at the root, and those of file managers, do not count, nor does the repetition of a
    document, even in another case.
    """
    leading = sum(1 for _ in takewhile(is_zarr_json, names))
    if names[:1] == [ZARR_JSON] and ZARR_JSON not in "\n".join(names[leading:]):
        return None  # one search through all names is far faster than a look at each
    data_from = next((row for row, name in enumerate(names) if _is_data(name)), len(names))
    seen: set[str] = set()
    for row, name in enumerate(names):
        if not is_zarr_json(name) or is_junk(name):
            continue
        if name.lower() not in seen and (row > data_from or (seen and name == ZARR_JSON)):
            return name
        seen.add(name.lower())
    return None


def _is_data(name: str) -> bool:
    if "/" not in name or name.endswith("/"):
        return False
    return not name.endswith(f"/{ZARR_JSON}") and not is_junk(name)


def joined_names(names: Sequence[str]) -> str:
    """Return all names between line breaks: one search through them is faster than one in each."""
    return f"\n{'\n'.join(names)}\n"


def odd_names(names: Sequence[str], joined: str) -> list[int]:
    """Return the rows whose names are not plain; names of folders are."""
    present = [sign for sign in _SUSPICIOUS if sign in joined]
    if not present:
        return []
    return [
        row
        for row, name in enumerate(names)
        if not name or any(sign in f"\n{name}\n" for sign in present)
    ]


def _unsafe_finding(unsafe: list[str]) -> tuple[Finding, ...]:
    if not unsafe:
        return ()
    count = "1 entry has a name" if len(unsafe) == 1 else f"{len(unsafe):,} entries have names"
    return (
        Finding.of(
            rules.UNSAFE_NAMES,
            unsafe[0],
            f"{count} that would lead out of the archive, such as {unsafe[0]!r}; ignored.",
        ),
    )


def _backslash_finding(count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    return (
        Finding.of(
            rules.BACKSLASHES,
            "",
            f"The names of {count:,} entries are written with backslashes instead of slashes; "
            "they were read as slashes.",
        ),
    )


def columns_of(entries: Sequence[ArchiveEntry]) -> DirectoryColumns:
    """Return entries as the columns of a directory; offsets are those in the file."""
    return DirectoryColumns(
        names=[entry.name for entry in entries],
        offsets=np.array([entry.offset for entry in entries], np.int64).astype(np.uint64),
        compressed_sizes=np.array([entry.compressed_size for entry in entries], np.uint64),
        sizes=np.array([entry.size for entry in entries], np.uint64),
        crcs=np.array([entry.crc for entry in entries], np.uint32),
        methods=np.array([entry.method for entry in entries], np.uint16),
        flags=np.array([entry.flags for entry in entries], np.uint16),
        disks=np.zeros(len(entries), np.uint16),
        zip64_count=0,
    )
