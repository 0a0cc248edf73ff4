"""Lists the files of a folder that are packed; links are followed only for parts of the image."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from napari_ome_zip.errors import ArchiveError, MetadataError
from napari_ome_zip.names import is_document, is_junk
from napari_ome_zip.storage import DirectoryStore
from napari_ome_zip.storage.folder_walk import UNREADABLE, FolderEntry
from napari_ome_zip.storage.hierarchy import Hierarchy

_CHUNK = re.compile(r"(?:c|(?:c[/.])?[0-9]+(?:[/.][0-9]+)*)")
# bioformats2raw writes the original metadata of a series of images here.
_DESCRIPTIONS = frozenset({"METADATA.ome.xml"})


def packed_names(store: DirectoryStore) -> list[str]:
    """Return the names of all files in a folder, if all of them can be packed.

    Raises
    ------
    ArchiveError
        Something cannot be read, or is a link that leads out of the folder to a file that is
        not part of the image.
    OSError
        A folder cannot be listed.
    """
    entries = [entry for entry in store.entries() if not is_junk(entry.name)]
    for entry in entries:
        if entry.problem:
            raise ArchiveError(
                f"Not packed: {entry.name!r} cannot be read: {entry.problem}. Put the file itself "
                "there, or remove it, and pack again.",
                code=UNREADABLE.code,
            )
    stray = stray_link(store, entries)
    if stray:
        raise ArchiveError(f"Not packed: {stray}", code="link-leads-out")
    return [entry.name for entry in entries]


def stray_link(store: DirectoryStore, entries: Iterable[FolderEntry]) -> str | None:
    """Say which link leads out of the folder to a file that is not part of the image, if any."""
    linked = [entry for entry in entries if entry.links and not is_junk(entry.name)]
    for link, name in _stray_links(store, linked):
        return (
            f"{link!r} is a link that leads out of the folder, and {name!r} is not part of the "
            "image. Remove the link, or put a copy of the file in its place, and try again."
        )
    return None


def _stray_links(store: DirectoryStore, linked: Sequence[FolderEntry]) -> Iterator[tuple[str, str]]:
    """Yield links that lead out of the folder but not to a part of the image, and a file each."""
    if not linked:
        return
    arrays = _array_paths(store)
    wanted = {link for entry in linked if _is_part(entry.name, arrays) for link in entry.links}
    root = Path(str(store.source))
    for entry in linked:
        for link in entry.links:
            if link not in wanted and _leads_out(root, link):
                yield link, entry.name


def _array_paths(store: DirectoryStore) -> frozenset[str]:
    hierarchy, found = Hierarchy(store), []
    for path in store.group_paths():
        with suppress(MetadataError):  # reported where documents are read
            node = hierarchy.node(path)
            if node is not None and node.kind == "array":
                found.append(path)
    return frozenset(found)


def _is_part(name: str, arrays: frozenset[str]) -> bool:
    """Whether a file is a document of the hierarchy, or has the name of a chunk of an array."""
    if is_document(name) or name.rpartition("/")[2] in _DESCRIPTIONS:
        return True
    folder = name
    while folder:
        folder = folder.rpartition("/")[0]
        if folder in arrays:
            start = len(folder) + 1 if folder else 0
            return _CHUNK.fullmatch(name[start:]) is not None
    return False


def _leads_out(root: Path, link: str) -> bool:
    return not Path(os.path.realpath(root / link)).is_relative_to(os.path.realpath(root))
