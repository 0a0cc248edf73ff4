"""Writes a repaired copy of an archive, even of one whose end is missing."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_ome_zip.archive import ArchiveEntry, ArchiveIndex, rules
from napari_ome_zip.archive.entry_scan import LostEntry, index_of_entries, scan_entries
from napari_ome_zip.archive.layout import ReadAt
from napari_ome_zip.errors import ArchiveError, DamagedEntryError, MetadataError
from napari_ome_zip.files import Link, is_link, reading_once, watching
from napari_ome_zip.image.own_thumbnail import Picture
from napari_ome_zip.paths import target_path
from napari_ome_zip.progress import Cancelled, Progress, Watch
from napari_ome_zip.repacking.block_reader import BlockReader
from napari_ome_zip.repacking.in_place import place_of_copy
from napari_ome_zip.repacking.losses import array_findings, entry_findings
from napari_ome_zip.repacking.noting import Noted, warn
from napari_ome_zip.repacking.packing import copying_stopped, write_copy
from napari_ome_zip.storage import ArchiveStore, HierarchyStore
from napari_ome_zip.storage.hierarchy import Hierarchy
from napari_ome_zip.storage.open import open_store


def repack(
    source: str | os.PathLike[str] | Link,
    target: str | os.PathLike[str],
    *,
    shard: bool = False,
    salvage: bool = False,
    picture: Picture | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    noted: Noted = warn,
) -> Path:
    """Write a copy of an archive with everything repaired that is wrong with the container.

    The image moves to the archive's root, documents come first, nothing is compressed by ZIP,
    each name occurs once; the format is ZIP64, the comment gives the version. What file
    managers left behind, unsafe names and bytes outside the archive are left out. Every entry is
    verified by its checksum, and none is changed.

    Parameters
    ----------
    source : path or Link
        The archive; a string may be a link.
    target : path
        File to write; may be that of the archive, which is replaced when the copy is complete.
    shard, picture
        As for `pack`.
    salvage : bool
        Save what is left of an archive whose end is missing, or that is damaged: entries are
        found by their own headers, and those whose checksums hold are kept. What is missing from
        the copy is named through `noted`.
    progress, cancelled, noted
        As for `pack`. With `salvage`, progress counts bytes looked at, then bytes copied.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    LinkError
        If a link leads to no file that can be read.
    ArchiveError
        If the archive cannot be read, is made to fill disks, or holds Zarr v2; with `salvage`,
        if the document of the image itself is not among what is left.
    DamagedEntryError
        Without `salvage`, if an entry is damaged: a copy would hide it.
    SaveError
        If the place to write to does not allow it.
    SaveCancelledError
        If ``cancelled`` returned True.

    Notes
    -----
    RFC-9, "OME-Zarr zip files".

    Examples
    --------
    >>> repack("cells.ozx", "repaired.ozx").name
    'repaired.ozx'

    What is left of a file whose transfer was interrupted:

    >>> from pathlib import Path
    >>> whole = Path("cells.ozx").read_bytes()
    >>> size = Path("cut.ozx").write_bytes(whole[:40_000])
    >>> missing = []
    >>> repack("cut.ozx", "rest.ozx", salvage=True, noted=missing.append).name
    'rest.ozx'
    >>> len(missing) > 0
    True
    """
    place = target_path(target)
    watch = Watch(progress, cancelled, copying_stopped)
    with watching(watch.silent), place_of_copy(source, place) as written:
        made = _repacked(source, written, shard, salvage, picture, watch, noted)
    return made if written == place else place


def _repacked(
    source: str | os.PathLike[str] | Link,
    place: Path,
    shard: bool,
    salvage: bool,
    picture: Picture | None,
    watch: Watch,
    noted: Noted,
) -> Path:
    if not salvage:
        store = open_store(ArchiveStore(source))
        try:
            return write_copy(store, place, shard, picture, watch.progress, watch.cancelled, noted)
        except DamagedEntryError as error:
            raise DamagedEntryError(
                error.entry,
                f"{error.message} If that does not help, salvage what is left of it.",
            ) from error
    store, search = _salvaged(source, watch)
    missing = [*entry_findings(search.lost)]
    if search.lost or not search.was_listed:
        # Where the directory is whole and nothing was lost, no chunk is missing.
        missing += array_findings(store)
    made = write_copy(store, place, shard, picture, watch.progress, watch.cancelled, noted)
    for finding in missing:
        noted(finding)
    return made


@dataclass
class _Search:
    """Makes the index of a file by scanning all of it, and collects lost entries."""

    watch: Watch
    is_remote: bool
    """Whether small reads take as long as large ones."""
    lost: Sequence[LostEntry] = ()
    was_listed: bool = False
    """Whether the central directory can be read."""

    def __call__(self, read: ReadAt, size: int, label: str) -> ArchiveIndex:
        if self.is_remote:
            read = BlockReader(read, size)

        def looked_at(offset: int, length: int) -> bytes:
            self.watch.check()  # there may be gigabytes between two entries
            return read(offset, length)

        met: list[ArchiveEntry | LostEntry] = []
        for done, entry in scan_entries(looked_at, size):
            self.watch.report(done, size)
            met.append(entry)
        self.watch.report(size, size)
        listed = _listed(read, size, label)
        self.was_listed = listed is not None
        if listed is not None:
            met = _as_listed(met, listed)
        found = {entry.name: entry for entry in met if isinstance(entry, ArchiveEntry)}
        last = {entry.name: entry for entry in met}
        self.lost = tuple(
            _with_earlier(entry, found) for entry in last.values() if isinstance(entry, LostEntry)
        )
        return index_of_entries([*found.values()], size, label)


def _as_listed(
    met: Iterable[ArchiveEntry | LostEntry], listed: Mapping[int, str]
) -> list[ArchiveEntry | LostEntry]:
    """Return entries under the names that the directory gives them, and lost entries.

    Entries that it does not name were deleted. An entry at another offset than it says counts
    if there is none at that offset: where bytes were lost, all later offsets are wrong.
    """
    names = set(listed.values())
    placed = [replace(entry, name=listed[entry.offset]) for entry in met if entry.offset in listed]
    there = {entry.name for entry in placed}
    moved = [entry for entry in met if entry.name in names and entry.name not in there]
    there.update(entry.name for entry in moved)
    gone = [
        LostEntry(name, "it is not where the directory says", offset)
        for offset, name in listed.items()
        if name not in there and not name.endswith("/")
    ]
    return [*moved, *placed, *gone]


def _with_earlier(entry: LostEntry, kept: Container[str]) -> LostEntry:
    if entry.name not in kept:
        return entry
    return replace(entry, reason=f"{entry.reason}, an earlier one of this name is kept")


def _listed(read: ReadAt, size: int, label: str) -> dict[int, str] | None:
    """Return names by offset from the central directory; None where it cannot be read."""
    try:
        records = ArchiveIndex(read, size, label).records()
        return {entry.offset: entry.name for entry in records}
    except ArchiveError:
        return None


def _salvaged(
    source: str | os.PathLike[str] | Link, watch: Watch
) -> tuple[HierarchyStore, _Search]:
    search = _Search(watch, isinstance(source, Link) or is_link(source))
    with reading_once():
        container = ArchiveStore(source, make_index=search)
    kept = container.names_without_junk()
    try:
        if not kept:
            raise ArchiveError("no entry in it is whole.", code=rules.INCOMPLETE.code)
        store = open_store(container)
        if not _is_whole_image(store, kept):
            raise ArchiveError(
                "the zarr.json of the image itself is not among them.", code=rules.ROOT_MISSING.code
            )
    except ArchiveError as error:
        found = f"{len(kept):,} entries of it are whole, but " if kept else ""
        raise ArchiveError(
            f"Nothing can be salvaged from {container.file.label}: {found}{error}", code=error.code
        ) from error
    return store, search


def _is_whole_image(store: HierarchyStore, kept: Iterable[str]) -> bool:
    """Whether the root is the whole image, not a part whose parent was lost."""
    root = store.root if isinstance(store, ArchiveStore) else ""
    if not root:
        return True
    try:
        node = Hierarchy(store).node("")
    except MetadataError:
        return False
    is_group = node is not None and node.kind == "group"
    return is_group and all(name.startswith(f"{root}/") for name in kept)
