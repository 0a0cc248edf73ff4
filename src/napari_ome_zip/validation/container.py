"""Checks on the container: every MUST and SHOULD of RFC-9, and ZIP's own; no pixels are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from napari_ome_zip.archive.central_directory import DirectoryColumns
from napari_ome_zip.archive.decoding import MAX_DECODED_BYTES, SUPPORTED_METHODS, ZSTD
from napari_ome_zip.archive.entry_table import METHOD_NAMES, USUAL_METHODS
from napari_ome_zip.archive.file import ArchiveFile
from napari_ome_zip.archive.index import ArchiveIndex
from napari_ome_zip.archive.layout import (
    ENCRYPTED_FLAG,
    END_SIGNATURE,
    LOCAL_HEADER,
    LOCAL_SIGNATURE,
    UTF8_FLAG,
    local_lengths,
    zip64_values,
)
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.names import is_archive_name, is_document, is_junk, is_safe
from napari_ome_zip.rules import Rule
from napari_ome_zip.storage.base import MAX_DOCUMENT_BYTES
from napari_ome_zip.validation import container_rules as rules
from napari_ome_zip.validation.container_comment import check_comment
from napari_ome_zip.validation.container_order import check_order
from napari_ome_zip.validation.container_rules import issue
from napari_ome_zip.validation.report import Issue

_SHOWN = 4
# Local headers are looked at one by one: all of them up to so many, else as many, evenly spread.
_HEADERS_READ = 512

_REFUSALS = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            rules.FILE_EMPTY,
            rules.NOT_A_ZIP,
            rules.INCOMPLETE,
            rules.SPLIT,
            rules.DIRECTORY_SIZE,
            rules.NAMES_COLLIDE,
            rules.EMPTY,
            rules.NO_HIERARCHY,
            rules.ROOT_MISSING,
            rules.SEVERAL,
            rules.ARCHIVE_INSIDE,
            rules.ENCRYPTED,
            rules.UNKNOWN_METHOD,
            rules.TOO_LARGE,
            rules.OVERLAP,
            rules.DOCUMENT_SIZE,
        )
    }
)


@dataclass(frozen=True)
class Container:
    """An archive as the checks see it: all records of its directory, as they are written."""

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
        """Which records are files, not folders."""
        if "/\n" not in "\n".join((*self.names, "")):
            return np.ones(len(self.names), bool)
        return np.array([not name.endswith("/") for name in self.names], bool)

    def name_issue(self, rule: Rule, message: str, rows: Iterable[int]) -> Issue:
        """The issue of entries, named by their rows."""
        places = [self.columns.names[row] for row in rows]
        return issue(rule, message, places[0], count=len(places), also=tuple(places[1:_SHOWN]))


def refusal(error: ArchiveError) -> Issue:
    """The issue of an archive that cannot be used, from the error that says so."""
    return issue(_REFUSALS.get(error.code, rules.UNUSABLE), str(error))


def check_file_name(path: Path) -> Iterator[Issue]:
    """S5: the name ends in ``.ozx``; capital letters are no other name."""
    if not path.name.lower().endswith(".ozx"):
        message = f"The name does not end in .ozx: {path.name!r}"
        yield issue(rules.FILE_NAME, message)


def check_container(file: ArchiveFile, *, root: str | None) -> tuple[Issue, ...]:
    """Check an archive that opens.

    Parameters
    ----------
    file : ArchiveFile
        The archive.
    root : str or None
        The folder that is the root of the hierarchy, ``""`` for the archive's own root; None
        where there is no hierarchy.

    Returns
    -------
    tuple of Issue
        Not merged.
    """
    container = Container(file)
    issues = [*_check_root(root), *_check_inner_archives(container, root)]
    checks = (_check_zip64, _check_methods, _check_sizes, _check_names, _check_repeats)
    for check in checks:
        issues += check(container)
    at_root = "zarr.json" in container.index
    issues += check_order(
        container.names,
        container.columns.offsets,
        has_root=at_root,
        claimed=container.index.claims_json_first,
    )
    issues += check_comment(container.index.comment)
    issues += _check_junk(container)
    issues += _check_ends(container)
    issues += _check_local_headers(container)
    return tuple(issues)


def _check_root(root: str | None) -> Iterator[Issue]:
    # M2: "The root of the ZIP archive MUST correspond to the root of the OME-Zarr hierarchy."
    if root:
        message = f"Everything lies in the folder '{root}/' inside the archive"
        yield issue(rules.ROOT_IN_FOLDER, message, root)


def _check_inner_archives(container: Container, root: str | None) -> Iterator[Issue]:
    # M3: "MUST NOT be embedded in another OME-Zarr hierarchy."
    names = container.names
    rows = [row for row, name in enumerate(names) if name.endswith(("x", "X", "p", "P"))]
    rows = [row for row in rows if is_archive_name(names[row]) and not is_junk(names[row])]
    if rows and root is not None:
        message = "An OME-Zarr archive lies inside the archive, where nothing reads it"
        yield container.name_issue(rules.ARCHIVE_INSIDE, message, rows)


def _check_zip64(container: Container) -> Iterator[Issue]:
    # S1: "SHOULD use the ZIP64 format extension, irrespective of its size."
    if container.index.end.is_zip64 or container.index.zip64_record_count:
        return
    offsets = container.columns.offsets
    if len(offsets) and _has_zip64_extra(container, int(np.argmin(offsets))):
        return
    message = "Not in the ZIP64 format: fine for small files, but advised for all"
    yield issue(rules.NO_ZIP64, message)


def _has_zip64_extra(container: Container, row: int) -> bool:
    offset = container.index.end.shift + int(container.columns.offsets[row])
    header = container.file.read(offset, LOCAL_HEADER.size) if offset >= 0 else b""
    lengths = local_lengths(header)
    if lengths is None:
        return False
    name, extra = lengths
    fields = container.file.read(offset + LOCAL_HEADER.size + name, extra)
    return zip64_values(fields, 0) is not None


def _check_methods(container: Container) -> Iterator[Issue]:
    columns = container.columns
    encrypted = np.flatnonzero(columns.flags & ENCRYPTED_FLAG)
    if encrypted.size:
        message = f"Encrypted: {_entries(encrypted.size)} cannot be read without a password"
        yield container.name_issue(rules.ENCRYPTED, message, encrypted.tolist())
    # S2: "ZIP-level compression SHOULD be disabled."
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


def _check_sizes(container: Container) -> Iterator[Issue]:
    columns, size = container.columns, container.file.size
    stored, sizes = columns.compressed_sizes, columns.sizes
    compressed = columns.methods != 0
    large = np.flatnonzero(compressed & (sizes > MAX_DECODED_BYTES))
    if large.size:
        biggest = int(sizes[large].max())
        message = (
            f"Claims to unpack to {biggest:,} bytes, more than the {MAX_DECODED_BYTES:,} "
            "that are unpacked for one entry"
        )
        yield container.name_issue(rules.TOO_LARGE, message, large.tolist())
    documents = np.flatnonzero(sizes > MAX_DOCUMENT_BYTES)
    rows = [row for row in documents.tolist() if is_document(container.names[row])]
    if rows:
        message = f"A metadata document of {int(sizes[rows].max()):,} bytes: 64 MiB are read"
        yield container.name_issue(rules.DOCUMENT_SIZE, message, rows)
    ratio = np.where(columns.methods == ZSTD, 1 << 15, 1032).astype(np.float64)
    bounded = np.isin(columns.methods, (8, ZSTD)) & (sizes <= MAX_DECODED_BYTES)
    wrong = np.flatnonzero(
        (~compressed & (stored != sizes) & (columns.flags & ENCRYPTED_FLAG == 0))
        | (bounded & (sizes > stored * ratio + 1024))
    )
    if wrong.size:
        message = "Sizes that cannot be true: the entry is damaged"
        yield container.name_issue(rules.SIZES_IMPOSSIBLE, message, wrong.tolist())
    starts = columns.offsets.astype(np.float64) + container.index.end.shift
    outside = np.flatnonzero((starts < 0) | (starts + LOCAL_HEADER.size + stored > size))
    if outside.size:
        message = f"Beyond the end of the file: {_entries(outside.size)} incomplete"
        yield container.name_issue(rules.CUT_SHORT, message, outside.tolist())


def _check_names(container: Container) -> Iterator[Issue]:
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


def _check_repeats(container: Container) -> Iterator[Issue]:
    names = container.names
    unique = set(names)
    if len(unique) < len(names):
        last = {name: row for row, name in enumerate(names)}
        rows = [row for row, name in enumerate(names) if last[name] != row]
        rows = [row for row in rows if container.is_file[row]]
        if rows:
            message = f"There more than once: {_entries(len(rows))} replaced by a later one"
            yield container.name_issue(rules.REPEATED, message, rows)
    if len({name.lower() for name in unique}) < len(unique):
        first: dict[str, str] = {}
        rows = [
            row for row, name in enumerate(names) if first.setdefault(name.lower(), name) != name
        ]
        message = "Names that differ in capital letters only"
        yield container.name_issue(rules.CASE_COLLIDING, message, rows)


def _check_junk(container: Container) -> Iterator[Issue]:
    kinds: dict[str, list[int]] = {}
    joined = "\n".join(container.names).lower()
    if not any(text in joined for text in _JUNK_SIGNS):
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


def _check_ends(container: Container) -> Iterator[Issue]:
    end, offsets = container.index.end, container.columns.offsets
    if end.shift:
        message = f"{abs(end.shift):,} bytes before the archive are not counted in its offsets"
        yield issue(rules.UNCOUNTED_PREFIX, message)
    elif len(offsets) and container.file.read(0, 4) != LOCAL_SIGNATURE:
        message = f"{int(offsets.min()):,} bytes lie before the archive (a program, or a remnant)"
        yield issue(rules.PREFIX, message)
    if end.trailing:
        rule = rules.PADDING if end.trailing_is_padding else rules.TRAILING
        kind = "zeros" if end.trailing_is_padding else "other bytes"
        yield issue(rule, f"{end.trailing:,} {kind} lie after the archive")
    claimed, counted = end.entry_count, len(container.columns)
    if claimed not in (counted, counted & 0xFFFF):
        message = f"The archive's end claims {claimed:,} entries, its directory lists {counted:,}"
        yield issue(rules.ENTRY_COUNT, message)
    if END_SIGNATURE in end.comment:
        message = "The comment holds the signature that ends an archive"
        yield issue(rules.COMMENT_SIGNATURE, message)


def _check_local_headers(container: Container) -> Iterator[Issue]:
    columns, shift = container.columns, container.index.end.shift
    count = len(columns)
    step = max(1, count // _HEADERS_READ)
    missing, renamed = [], []
    for row in range(0, count, step):
        start = int(columns.offsets[row]) + shift
        name = columns.names[row]
        if not 0 <= start <= container.file.size - LOCAL_HEADER.size:
            continue
        header = container.file.read(start, LOCAL_HEADER.size + 4 * len(name))
        lengths = local_lengths(header)
        if lengths is None:
            missing.append(row)
            continue
        local = header[LOCAL_HEADER.size :][: lengths[0]]
        if local not in (name.encode(), name.encode("cp437", "replace")):
            renamed.append(row)
    if missing:
        message = "No entry begins where the directory says"
        yield container.name_issue(rules.LOCAL_MISSING, message, missing)
    if renamed:
        message = "The entry itself has another name than the directory gives it"
        yield container.name_issue(rules.LOCAL_NAME, message, renamed)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"


def _kinds(methods: NDArray[np.uint16]) -> str:
    return ", ".join(METHOD_NAMES.get(m, f"method {m}") for m in np.unique(methods).tolist())
