"""Looks for tables where programs put them: ``tables/`` in an image, in a plate, at the root.

Names are looked at before anything is read: most images have no tables, and a plate has thousands
of images.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from napari_ome_zip.errors import ArchiveError, MetadataError
from napari_ome_zip.findings import Finding, listed
from napari_ome_zip.image.found import Found
from napari_ome_zip.image.tables.recognize import Place, recognized
from napari_ome_zip.image.tables.table import Table, TableForm, TableKind
from napari_ome_zip.storage.hierarchy import Hierarchy

FOLDER = "tables"
"""Name of the group that holds tables."""

MAX_TABLES = 1 << 14
"""Tables whose documents are read, at most: as many as a plate of 384 wells has of 40 kinds."""


def find_tables(
    hierarchy: Hierarchy, found: Sequence[Found]
) -> tuple[tuple[Table, ...], tuple[Finding, ...]]:
    """All tables beside images, and what is wrong with them.

    Parameters
    ----------
    hierarchy : Hierarchy
    found : sequence of Found
        The images and label images that there are.

    Returns
    -------
    tuple of Table
        Those of one image side by side, in the order of the images.
    tuple of Finding
        Documents that cannot be read; labels that tables name and that are not there.
    """
    holders = [*_holders(found, hierarchy)]
    if not holders:
        return (), ()
    # A hierarchy of their own: what tables hold on to is not to be all documents of all images.
    finder = _Finder(Hierarchy(hierarchy.store), found)
    room = MAX_TABLES
    for holder, paths in holders:
        finder.look_at(holder, paths[:room])
        room = max(0, room - len(paths))
    left = sum(len(paths) for _, paths in holders) - MAX_TABLES
    if left > 0:
        text = f"The first {MAX_TABLES:,} tables are looked at, and {left:,} more are not."
        finder.findings.append(Finding("tables-many", "", text))
    return tuple(finder.tables), (*finder.findings, *_absent(finder.tables))


class _Finder:
    """Recognizes tables, one folder after the other."""

    def __init__(self, hierarchy: Hierarchy, found: Sequence[Found]) -> None:
        self.tables: list[Table] = []
        self.findings: list[Finding] = []
        self._hierarchy = hierarchy
        self._own: dict[str, list[str]] = defaultdict(list)
        labels = [item for item in found if item.kind == "labels"]
        for item in labels:
            self._own[_image_of(item)].append(item.group.path)
        self._all = frozenset(item.group.path for item in labels)

    def look_at(self, holder: str, paths: Sequence[str]) -> None:
        """Add what of some groups are tables, which lie in the folder ``tables`` of another."""
        names = partial(_names_beside, self._hierarchy, holder)
        place = Place(holder, tuple(self._own[holder]), self._all, names)
        for path in paths:
            try:
                node = self._hierarchy.node(path)
                table = None if node is None else recognized(self._hierarchy, node, place)
            except (ArchiveError, MetadataError) as error:
                finding = Finding("table-unreadable", path, f"{error} It is not shown.")
                self.findings.append(finding)
                continue
            if table is not None:
                self.tables.append(table)


def _holders(found: Iterable[Found], hierarchy: Hierarchy) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Groups with tables, and the paths of these: images, and all that lead to them."""
    seen: dict[str, None] = {}
    for item in found:
        path = item.group.path if item.kind == "image" else ""
        while path not in seen:
            seen[path] = None
            path = path.rpartition("/")[0]
    for path in seen:
        children = hierarchy.child_groups(f"{path}/{FOLDER}" if path else FOLDER)
        if children:
            yield path, children


def _image_of(item: Found) -> str:
    """The image of labels, else the group whose folder ``labels`` holds them."""
    if item.image is not None:
        return item.image
    return item.group.path.rpartition("labels/")[0].rstrip("/")


def _names_beside(hierarchy: Hierarchy, holder: str, kind: str) -> set[str]:
    children = hierarchy.child_groups(f"{holder}/{kind}" if holder else kind)
    return {path.rpartition("/")[2] for path in children}


def _absent(tables: Iterable[Table]) -> Iterator[Finding]:
    """Tables of features whose labels are not there: their rows are about nothing that is shown."""
    for table in tables:
        if table.kind is not TableKind.FEATURES:
            continue
        text = ""
        if table.absent:
            names = listed(table.absent, 1, "'{:.60}'".format)
            text = (
                f"Table '{table.path}' is about the labels {names}, which are not there or cannot "
                "be shown."
            )
        elif not table.labels and table.form in (TableForm.NGIO, TableForm.FRACTAL):
            text = f"Table '{table.path}' does not say which labels it is about."
        if text:
            yield Finding("table-region-not-found", table.path, text)
