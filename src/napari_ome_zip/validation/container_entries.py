"""Checks the entries of an archive: their compression methods, sizes and names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.amplification import MAX_UNPACKED_BYTES, TOO_LARGE, claims_too_much
from napari_ome_zip.archive.central_directory import DirectoryColumns
from napari_ome_zip.archive.decoding import SUPPORTED_METHODS
from napari_ome_zip.archive.entry import METHOD_NAMES, USUAL_METHODS
from napari_ome_zip.archive.file import ArchiveFile
from napari_ome_zip.archive.index import ArchiveIndex
from napari_ome_zip.archive.layout import ENCRYPTED_FLAG, LOCAL_HEADER, UTF8_FLAG
from napari_ome_zip.names import is_document, is_junk, is_safe
from napari_ome_zip.rules import Rule
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage.base import DOCUMENT_SIZE, MAX_DOCUMENT_BYTES
from napari_ome_zip.validation.file_issue import issue
from napari_ome_zip.validation.report import MOST_PLACES, Issue


@dataclass(frozen=True)
class Container:
    """An archive that is checked: all records of its directory, as they are written."""

    file: ArchiveFile

    @property
    def index(self) -> ArchiveIndex:
        """The index that the reader uses."""
        return self.file.index

    @cached_property
    def columns(self) -> DirectoryColumns:
        """All records, in the order of the directory."""
        return self.index.complete().columns

    @cached_property
    def names(self) -> list[str]:
        """Names with forward slashes, in the order of the directory; nothing is left out."""
        written = self.columns.names
        if "\\" not in "".join(written):
            return written
        return [name.replace("\\", "/") for name in written]

    @cached_property
    def is_file(self) -> NDArray[np.bool_]:
        """Whether each record is a file, not a folder."""
        if "/\n" not in "\n".join((*self.names, "")):
            return np.ones(len(self.names), bool)
        return np.array([not name.endswith("/") for name in self.names], bool)

    def name_issue(self, rule: Rule, message: str, rows: Sequence[int]) -> Issue:
        """Return the issue of the entries in some rows."""
        places = [self.columns.names[row] for row in rows[:MOST_PLACES]]
        return issue(rule, message, places[0], count=len(rows), also=places[1:])


def check_methods(container: Container) -> Iterator[Issue]:
    """Check S2, "ZIP-level compression SHOULD be disabled", and whether entries can be read."""
    columns = container.columns
    encrypted = np.flatnonzero(columns.flags & ENCRYPTED_FLAG)
    if encrypted.size:
        message = f"Encrypted: {_entries(encrypted.size)} cannot be read without a password"
        yield container.name_issue(rules.ENCRYPTED, message, encrypted.tolist())
    compressed = np.flatnonzero((columns.methods != 0) & container.is_file)
    if compressed.size:
        kinds = _kinds(columns.methods[compressed])
        message = f"Compressed by ZIP: {_entries(compressed.size)} ({kinds})"
        yield container.name_issue(rules.COMPRESSION, message, compressed.tolist())
    known = np.isin(columns.methods, SUPPORTED_METHODS)
    unusual = np.flatnonzero(known & ~np.isin(columns.methods, USUAL_METHODS))
    if unusual.size:
        message = (
            f"Unusual compression ({_kinds(columns.methods[unusual])}): "
            "many programs cannot read these entries"
        )
        yield container.name_issue(rules.UNUSUAL_METHOD, message, unusual.tolist())
    unknown = np.flatnonzero(~known)
    if unknown.size:
        message = f"Unknown compression ({_kinds(columns.methods[unknown])}): it cannot be read"
        yield container.name_issue(rules.UNKNOWN_METHOD, message, unknown.tolist())


def check_sizes(container: Container) -> Iterator[Issue]:
    """Check for sizes that are too large, impossible, or beyond the end of the file."""
    columns, size = container.columns, container.file.size
    stored, sizes = columns.compressed_sizes, columns.sizes
    compressed = columns.methods != 0
    large = np.flatnonzero(compressed & (sizes > MAX_UNPACKED_BYTES))
    if large.size:
        biggest = int(sizes[large].max())
        message = (
            f"Claims to unpack to {biggest:,} bytes, more than the {MAX_UNPACKED_BYTES:,} "
            "that are unpacked for one entry"
        )
        yield container.name_issue(TOO_LARGE, message, large.tolist())
    documents = np.flatnonzero(sizes > MAX_DOCUMENT_BYTES)
    rows = [row for row in documents.tolist() if is_document(container.names[row])]
    if rows:
        message = (
            f"A metadata document of {int(sizes[rows].max()):,} bytes: at most "
            f"{readable_size(MAX_DOCUMENT_BYTES)} are read"
        )
        yield container.name_issue(DOCUMENT_SIZE, message, rows)
    unbelievable = claims_too_much(columns.methods, stored, sizes) & (sizes <= MAX_UNPACKED_BYTES)
    wrong = np.flatnonzero(
        (~compressed & (stored != sizes) & (columns.flags & ENCRYPTED_FLAG == 0)) | unbelievable
    )
    if wrong.size:
        message = "Impossible sizes: the entry is damaged"
        yield container.name_issue(rules.SIZES_IMPOSSIBLE, message, wrong.tolist())
    starts = columns.offsets.astype(np.float64) + container.index.end.shift
    outside = np.flatnonzero((starts < 0) | (starts + LOCAL_HEADER.size + stored > size))
    if outside.size:
        message = f"Beyond the end of the file: {_entries(outside.size)} incomplete"
        yield container.name_issue(rules.CUT_SHORT, message, outside.tolist())


def check_names(container: Container) -> Iterator[Issue]:
    """Check for names that are unsafe, not portable, or not marked as UTF-8 (APPNOTE 4.4.17)."""
    written, names = container.columns.names, container.names
    for finding in container.index.findings:
        if finding.code == rules.UNSAFE_NAMES.code:
            rows = [row for row, name in enumerate(names) if not _is_safe(name)]
            message = "Names that lead out of the archive, as harmful files have them"
            yield container.name_issue(rules.UNSAFE_NAMES, message, rows)
        elif finding.code == rules.BACKSLASHES.code:
            rows = [row for row, name in enumerate(written) if "\\" in name]
            message = f"Names written with backslashes: {_entries(len(rows))}"
            yield container.name_issue(rules.BACKSLASHES, message, rows)
    if not "".join(written).isascii():
        flags = container.columns.flags
        rows = [
            row
            for row, name in enumerate(written)
            if not name.isascii() and not flags[row] & UTF8_FLAG
        ]
        if rows:
            message = f"Names not marked as UTF-8: {_entries(len(rows))}"
            yield container.name_issue(rules.NAME_ENCODING, message, rows)


def _is_safe(name: str) -> bool:
    return is_safe(name.removeprefix("./").removesuffix("/"))


def check_repeats(container: Container) -> Iterator[Issue]:
    """Check for names that occur more than once, exactly or in another case."""
    names = container.names
    unique = set(names)
    if len(unique) < len(names):
        last = {name: row for row, name in enumerate(names)}
        rows = [row for row, name in enumerate(names) if last[name] != row]
        rows = [row for row in rows if container.is_file[row]]
        if rows:
            message = f"Repeated names: {_entries(len(rows))} replaced by a later one"
            yield container.name_issue(rules.REPEATED, message, rows)
    if len({name.lower() for name in unique}) < len(unique):
        first: dict[str, str] = {}
        rows = [
            row for row, name in enumerate(names) if first.setdefault(name.lower(), name) != name
        ]
        message = "Names that differ in upper and lower case only"
        yield container.name_issue(rules.CASE_COLLIDING, message, rows)


def check_junk(container: Container) -> Iterator[Issue]:
    """Check for entries that file managers left behind."""
    kinds: dict[str, list[int]] = {}
    joined = "\n".join(container.names).lower()
    if not any(sign in joined for sign in _JUNK_SIGNS):
        return
    for row, name in enumerate(container.names):
        if container.is_file[row] and is_junk(name):
            kinds.setdefault(_junk_kind(name), []).append(row)
    for kind, rows in kinds.items():
        yield container.name_issue(
            rules.JUNK, f"Left behind by {kind}: not part of the image", rows
        )


_JUNK_SIGNS = (
    "._",
    ".ds_store",
    "thumbs.db",
    "desktop.ini",
    "icon\r",
    "__macosx",
    ".spotlight-v100",
    ".trashes",
    ".fseventsd",
)


def _junk_kind(name: str) -> str:
    lower = name.lower()
    if "__macosx/" in lower or lower.rpartition("/")[2].startswith("._"):
        return "macOS (__MACOSX, ._ files)"
    if lower.endswith((".db", "desktop.ini")):
        return "Windows (thumbs.db, desktop.ini)"
    return "the macOS Finder (.DS_Store and others)"


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"


def _kinds(methods: NDArray[np.uint16]) -> str:
    return ", ".join(METHOD_NAMES.get(m, f"method {m}") for m in np.unique(methods).tolist())
