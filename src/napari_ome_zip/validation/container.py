"""Checks on the container: every MUST and SHOULD of RFC-9, and ZIP's own; no pixels are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import numpy as np

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.amplification import TOO_LARGE
from napari_ome_zip.archive.end_record import DIRECTORY_SIZE
from napari_ome_zip.archive.file import ArchiveFile
from napari_ome_zip.archive.layout import (
    END_SIGNATURE,
    LOCAL_HEADER,
    LOCAL_SIGNATURE,
    local_lengths,
    zip64_values,
)
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.files import Link, has_own_name
from napari_ome_zip.names import is_archive_name, is_junk
from napari_ome_zip.storage.base import DOCUMENT_SIZE
from napari_ome_zip.validation.container_comment import check_comment
from napari_ome_zip.validation.container_entries import (
    Container,
    check_junk,
    check_methods,
    check_names,
    check_repeats,
    check_sizes,
)
from napari_ome_zip.validation.container_headers import check_local_headers
from napari_ome_zip.validation.container_order import check_order
from napari_ome_zip.validation.file_issue import issue
from napari_ome_zip.validation.report import Issue

_REFUSALS = MappingProxyType(
    {
        rule.code: rule
        for rule in (
            rules.FILE_EMPTY,
            rules.NOT_A_ZIP,
            rules.INCOMPLETE,
            rules.SPLIT,
            DIRECTORY_SIZE,
            rules.NAMES_COLLIDE,
            rules.EMPTY,
            rules.NO_HIERARCHY,
            rules.ROOT_MISSING,
            rules.SEVERAL,
            rules.ARCHIVE_INSIDE,
            rules.ENCRYPTED,
            rules.UNKNOWN_METHOD,
            TOO_LARGE,
            rules.OVERLAP,
            DOCUMENT_SIZE,
        )
    }
)


def refusal(error: ArchiveError) -> Issue:
    """Return the issue of an archive that cannot be used."""
    return issue(_REFUSALS.get(error.code, rules.UNUSABLE), str(error))


def check_file_name(place: str | Path | Link) -> Iterator[Issue]:
    """Check S5: the name ends in ``.ozx``, in any case; what has no name of its own passes."""
    if not isinstance(place, Link) and not has_own_name(place):
        return
    name = place.name if isinstance(place, Link) else Path(place).name
    ending = name.lower()
    if ending.endswith(".ozx"):
        return
    # Those who choose the other name of single-image archives know what they do.
    rule = rules.FILE_NAME_OURS if ending.endswith(".ome.zip") else rules.FILE_NAME
    yield issue(rule, f"The name does not end in .ozx: {name!r}")


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
    checks = (_check_zip64, check_methods, check_sizes, check_names, check_repeats)
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
    issues += check_junk(container)
    issues += _check_ends(container)
    issues += check_local_headers(container)
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
