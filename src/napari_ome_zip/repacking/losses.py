"""Reports what a salvaged image lacks: entries, arrays, and chunks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.entry_scan import LostEntry
from napari_ome_zip.errors import ArchiveError, MetadataError
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.levels import NOT_FOUND
from napari_ome_zip.ome import OmeGroup, parse_group
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.stored_chunks import CHUNKS_MISSING
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.storage.hierarchy import Hierarchy, join

_SHOWN = 5
_NUMBERS = re.compile(r"(?:c[/.])?([0-9]{1,18}(?:[/.][0-9]{1,18})*)")


def entry_findings(lost: Sequence[LostEntry]) -> Iterator[Finding]:
    """Yield a finding for entries that begin in the file but are not in the copy."""
    if not lost:
        return
    shown = "; ".join(f"{entry.name!r}: {entry.reason}" for entry in lost[:_SHOWN])
    more = f"; and {len(lost) - _SHOWN:,} more" if len(lost) > _SHOWN else ""
    count = "1 entry was" if len(lost) == 1 else f"{len(lost):,} entries were"
    yield Finding.of(rules.ENTRY_DAMAGED, lost[0].name, f"{count} left out ({shown}{more}).")


def array_findings(store: HierarchyStore) -> tuple[Finding, ...]:
    """Return findings on the missing arrays and chunks of a hierarchy.

    Chunks that hold nothing but the fill value need not be stored, so the number of missing
    chunks is an upper limit.
    """
    hierarchy = Hierarchy(store)
    names = _names_by_folder(store)
    findings: list[Finding] = []
    for path in store.group_paths():
        try:
            node = hierarchy.node(path)
            if node is None:
                continue
            if node.kind == "array":
                document = node.document.get("chunk_grid")
                regular = isinstance(document, dict) and document.get("name") == "regular"
                if node.zarr_format == 3 and regular:
                    findings += _missing_chunks(ChunkedArray(store, node), names)
                continue
            group = parse_group(node.attributes, path=path, zarr_format=node.zarr_format).group
        except (ArchiveError, MetadataError):
            continue  # reported when the copy is opened
        findings += _missing_nodes(hierarchy, group)
    return tuple(findings)


def _missing_chunks(array: ChunkedArray, names: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    grid = array.chunk_grid_shape
    present = sum(1 for name in names.get(array.path, ()) if _is_chunk(array, grid, name))
    total = math.prod(grid)
    if present < total:
        kind = "chunks" if array.grid_chunk_shape == array.chunks else "shards"
        yield Finding.of(
            CHUNKS_MISSING,
            array.path,
            f"Array '{array.path}': at most {total - present:,} of {total:,} {kind} are missing "
            "(those that are empty need not be there); they are shown as empty.",
        )


def _is_chunk(array: ChunkedArray, grid: Sequence[int], name: str) -> bool:
    if not grid:
        return array.key(()) == name
    start = len(array.path) + 1 if array.path else 0
    match = _NUMBERS.fullmatch(name[start:])
    coordinates = tuple(map(int, re.split("[/.]", match[1]))) if match is not None else ()
    inside = len(coordinates) == len(grid) and all(
        i < n for i, n in zip(coordinates, grid, strict=True)
    )
    return inside and array.key(coordinates) == name


def _missing_nodes(hierarchy: Hierarchy, group: OmeGroup) -> Iterator[Finding]:
    """Yield a finding for each array or image that a group names but that does not exist."""
    datasets = [level.path for image in group.multiscales for level in image.datasets]
    for kind, paths in (("array", datasets), ("label image", group.labels or ())):
        for relative in paths:
            path = join(group.path, relative)
            if path is not None and not _exists(hierarchy, path):
                yield Finding.of(
                    NOT_FOUND,
                    path,
                    f"The {kind} '{path}' that '{group.path or 'the root'}' names is missing "
                    "altogether.",
                )


def _exists(hierarchy: Hierarchy, path: str) -> bool:
    try:
        return hierarchy.node(path) is not None
    except (ArchiveError, MetadataError):
        return False


def _names_by_folder(store: HierarchyStore) -> Mapping[str, Sequence[str]]:
    """Return names of entries by the array or group that they lie in."""
    folders = set(store.group_paths())
    found: dict[str, list[str]] = {path: [] for path in folders}
    for name in store.keys():  # noqa: SIM118  a store
        folder = name.rpartition("/")[0]
        while folder and folder not in folders:
            folder = folder.rpartition("/")[0]
        if folder in found:
            found[folder].append(name)
    return found
