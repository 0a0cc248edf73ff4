"""Checks a file, a folder or a document: its container, documents, arrays and pixels."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from napari_ome_zip.archive import rules
from napari_ome_zip.errors import ArchiveError, CheckCancelledError, LinkError, MetadataError
from napari_ome_zip.files import Link, is_link, known_link, shown_place, watching
from napari_ome_zip.image.discover import discover
from napari_ome_zip.names import DOCUMENT_NAMES
from napari_ome_zip.paths import source_path
from napari_ome_zip.progress import Cancelled, Progress, Watch
from napari_ome_zip.storage import ArchiveStore, DirectoryStore, HierarchyStore, open_store
from napari_ome_zip.storage.hierarchy import CONSOLIDATED_STALE, Hierarchy
from napari_ome_zip.validation.arrays import check_arrays
from napari_ome_zip.validation.container import check_container, check_file_name, refusal
from napari_ome_zip.validation.container_comment import check_comment_version
from napari_ome_zip.validation.document_file import check_document
from napari_ome_zip.validation.documents_check import (
    check_hierarchy_documents,
)
from napari_ome_zip.validation.file_issue import issue
from napari_ome_zip.validation.folder import check_folder
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy
from napari_ome_zip.validation.pixels import check_pixels
from napari_ome_zip.validation.profiles import RFC9, Profile, profile_of
from napari_ome_zip.validation.report import Issue, Report
from napari_ome_zip.validation.speed import check_archive_speed, check_image_speed
from napari_ome_zip.validation.stored_arrays import find_arrays
from napari_ome_zip.validation.thumbnails import check_thumbnails


def validate(
    path: str | os.PathLike[str] | Link,
    deep: bool = False,
    *,
    profile: str = RFC9.name,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Report:
    """Check an archive, a folder or a metadata document.

    Parameters
    ----------
    path : str, path-like or Link
        A single-image archive, on a disk or behind a link; a folder that is a Zarr hierarchy; or
        one JSON document (a ``zarr.json``, a ``.zattrs``, or any ``.json`` that holds the
        attributes of a group). For a folder or a document the rules on containers do not apply.
    deep : bool
        Also read every entry, verify its checksum and decode every chunk.
    profile : {"rfc9", "strict", "fast-to-read"}
        What counts as an error: a broken MUST of a specification, a broken SHOULD as well, or what
        makes the file slow to open or to look at.
    progress : callable, optional
        Called regularly with the amount done and the total: documents, then (where `deep`)
        bytes.
    cancelled : callable, optional
        Called regularly; once it returns True the check ends.

    Returns
    -------
    Report
        A file that cannot be used has a report as well, with an issue that says why.

    Raises
    ------
    FileNotFoundError, PermissionError, OSError
        If there is no such file, or it cannot be read.
    ProfileError
        If there is no such profile.
    LinkError
        If a link leads to no file that can be read, or to a folder or a document.
    ArchiveError
        If the path holds a NUL character, or its symbolic links form a loop.
    CheckCancelledError
        If ``cancelled`` returned True.

    Notes
    -----
    RFC-9, "OME-Zarr zip files", and the specifications of OME-Zarr 0.1 to 0.6 and of
    the drafts that are read.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_ome_zip import save_image
    >>> path = save_image([(np.ones((8, 8), "uint8"), {"name": "cells"}, "image")], "cells.ozx")
    >>> validate(path, deep=True).verdict
    'Valid OME-Zarr 0.5: 2 warnings'
    >>> {issue.code for issue in validate(path, profile="strict").errors}
    {'axis-unit-missing'}
    """
    watch = Watch(progress, cancelled, _stopped)
    asked = _Asked(shown_place(path), deep, profile_of(profile), watch)
    if isinstance(path, Link) or is_link(path):
        link = path if isinstance(path, Link) else known_link(os.fspath(path))
        return _check_link(asked, link)
    place = source_path(path)
    if place.is_dir():
        return _check_store(asked, "directory", DirectoryStore(place))
    if place.suffix.lower() == ".json" or place.name in DOCUMENT_NAMES:
        version, found = check_document(place)
        return asked.report("document", version, found)
    with place.open("rb"):  # a file that cannot be read is not a bad archive
        pass
    return _check_archive(asked, place)


@dataclass(frozen=True)
class _Asked:
    """What was asked for."""

    name: str
    deep: bool
    profile: Profile
    watch: Watch

    def report(
        self,
        kind: str,
        version: str | None,
        issues: Iterable[Issue],
        pixels_checked: bool | None = None,
    ) -> Report:
        """Return the report on what was found."""
        return Report.of(
            self.name, kind, version, issues, pixels_checked=pixels_checked, profile=self.profile
        )


def _check_link(asked: _Asked, link: Link) -> Report:
    ending = link.name.lower()
    if ending.endswith(".json") or link.name in DOCUMENT_NAMES:
        kind = "document"
    elif ending.endswith(".zarr") or urlsplit(link.url).path.endswith("/"):
        kind = "folder"
    else:
        with watching(asked.watch.silent):
            return _check_archive(asked, link)
    raise LinkError(
        f"A {kind} behind a link is not checked, only an archive: {asked.name}. "
        f"Download it, and check the {kind} on this machine."
    )


def _check_archive(asked: _Asked, place: Path | Link) -> Report:
    try:
        store = ArchiveStore(place)
        store.index.complete()
    except ArchiveError as error:
        return asked.report("archive", None, (*check_file_name(place), refusal(error)))
    return _check_store(asked, "archive", store)


def _check_store(asked: _Asked, kind: str, container: ArchiveStore | DirectoryStore) -> Report:
    issues: list[Issue] = []
    store = _hierarchy(container, issues)
    if isinstance(container, ArchiveStore):
        root = store.root if isinstance(store, ArchiveStore) else None
        issues += check_file_name(container.file.place)
        issues += check_container(container.file, root=root)
        if store is None:
            issues = _without_repetition(issues)
    elif store is not None and store.source != container.source:
        folder = Path(str(store.source)).name
        message = f"Everything lies in the folder '{folder}/' inside the folder"
        issues.append(issue(rules.ROOT_IN_FOLDER, message, folder))
    if store is None:
        return asked.report(kind, None, issues)
    if isinstance(store, DirectoryStore):
        issues += check_folder(store)
    hierarchy = Hierarchy(store)
    judged = JudgedHierarchy(hierarchy.usable_nodes(asked.watch.report), _json_reader(hierarchy))
    issues += (issue(fault.rule, fault.message, fault.key) for fault in hierarchy.faults)
    if isinstance(container, ArchiveStore):
        issues += _check_root_document(judged)
        issues += check_comment_version(container.index.comment, _stated(judged))
    issues += _check_second(hierarchy, judged)
    issues += check_hierarchy_documents(judged)
    issues += _check_consolidated(hierarchy)
    issues += check_thumbnails(store, judged.nodes)
    asked.watch.check()
    arrays = find_arrays(store, judged.nodes)
    issues += check_arrays(store, arrays, judged, in_archive=kind == "archive")
    issues += check_image_speed(arrays, judged)
    if isinstance(container, ArchiveStore):
        issues += check_archive_speed(container.index)
    if asked.deep:
        issues += check_pixels(store, arrays, asked.watch)
    return asked.report(kind, judged.version, issues, asked.deep)


def _json_reader(hierarchy: Hierarchy) -> Callable[[str], Mapping[str, Any] | None]:
    """Return what reads JSON documents; those that cannot be read are faults of the hierarchy."""

    def read(key: str) -> Mapping[str, Any] | None:
        try:
            return hierarchy.json_document(key)
        except (ArchiveError, MetadataError):
            return None

    return read


def _hierarchy(
    container: ArchiveStore | DirectoryStore, issues: list[Issue]
) -> HierarchyStore | None:
    """Return the hierarchy inside; None, with an issue, where there is no usable one."""
    try:
        return open_store(container)
    except ArchiveError as error:
        issues.append(refusal(error))
        return None


def _without_repetition(issues: list[Issue]) -> list[Issue]:
    """Drop the refusal where a check reports the same with the number of occurrences."""
    first, *others = issues
    return others if any(first.code == other.code for other in others) else issues


def _check_root_document(judged: JudgedHierarchy) -> Iterator[Issue]:
    # M2: "A root-level zarr.json MUST be present", which Zarr v2 does not have.
    if "" in judged.nodes and judged.nodes[""].zarr_format == 2:
        message = "No zarr.json at the root: this is Zarr v2, of OME-Zarr 0.4 or older"
        yield issue(rules.ROOT_V2, message)


def _stated(judged: JudgedHierarchy) -> str | None:
    root = judged.group("")
    stated = root.namespace.stated if root is not None else None
    return stated if isinstance(stated, str) else None


def _check_second(hierarchy: Hierarchy, judged: JudgedHierarchy) -> Iterator[Issue]:
    """Yield issues of M1, "exactly one OME-Zarr hierarchy": images that the reader leaves out."""
    if not judged.is_image("") or len(judged.images_below.get("", ())) == 0:
        return
    try:
        findings = discover(hierarchy).findings
    except (ArchiveError, MetadataError):
        return  # reported by the checks of documents
    for finding in findings:
        if finding.code == rules.SECOND.code:
            message = f"Another image lies beside the image: '{finding.where}'"
            yield issue(rules.SECOND, message, finding.where)


def _check_consolidated(hierarchy: Hierarchy) -> Iterator[Issue]:
    try:
        findings = hierarchy.consolidated_findings()
    except (ArchiveError, MetadataError):
        return  # reported where documents are read
    for finding in findings:
        yield issue(CONSOLIDATED_STALE, finding.message, finding.where)


def _stopped() -> CheckCancelledError:
    return CheckCancelledError("Cancelled: the check was stopped before its end.")
