"""Opens an archive, a folder or a mapping as a store, and finds the root of its hierarchy."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

from napari_ome_zip.archive import rules
from napari_ome_zip.archive.decoding import refuse_unreadable
from napari_ome_zip.errors import ArchiveError, LinkError
from napari_ome_zip.files import Link, is_link, known_link
from napari_ome_zip.findings import Finding, listed
from napari_ome_zip.names import DOCUMENT_NAMES, is_archive_name, is_junk
from napari_ome_zip.paths import source_path
from napari_ome_zip.storage.archive_store import ArchiveStore
from napari_ome_zip.storage.base import HierarchyStore
from napari_ome_zip.storage.directory_store import DirectoryStore
from napari_ome_zip.storage.memory_store import MappingStore

_SHOWN = 4


def open_store(
    source: str | os.PathLike[str] | Link | HierarchyStore | Mapping[str, bytes],
) -> HierarchyStore:
    """Open an archive, a folder, or bytes in memory as the store of one hierarchy.

    The root of the hierarchy is the root of the store. A hierarchy that lies in a folder inside is
    opened from there, with a finding, if it is the only one.

    Parameters
    ----------
    source : str, path-like, Link, HierarchyStore or mapping of str to bytes
        Where the image lies; a string may be a link, such as ``https://…/cells.ozx``.

    Raises
    ------
    FileNotFoundError, PermissionError
        As the operating system says.
    ArchiveError
        When the container cannot be used, or holds no hierarchy, or several and none at its root.
    """
    store = _choose(source)
    if not _has_documents(store, ""):
        store = _at_only_folder(store)
    if isinstance(store, ArchiveStore):
        for document in sorted(DOCUMENT_NAMES):
            entry = store.entry(document)
            if entry is not None:
                refuse_unreadable(entry)
    return store


def _choose(
    source: str | os.PathLike[str] | Link | HierarchyStore | Mapping[str, bytes],
) -> HierarchyStore:
    if isinstance(source, HierarchyStore):
        return source
    if isinstance(source, Mapping):
        return MappingStore(source)
    if isinstance(source, str) and is_link(source):
        source = known_link(source)
    if isinstance(source, Link):
        _refuse_folder(source)
        return ArchiveStore(source)
    path = source_path(source)
    if path.is_dir():
        return DirectoryStore(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no such file: {path}")
    return ArchiveStore(path)


def _refuse_folder(link: Link) -> None:
    """Refuse what is named like a folder: a server has no list of the files in it.

    Raises
    ------
    LinkError
        Before anything is asked for.
    """
    if link.name.lower().endswith(".zarr"):
        raise LinkError(
            f"{link.name} is a folder, and at a link only archives can be opened: {link}. Open it "
            "with the plugin napari-ome-zarr.",
            code="link-folder",
        )


def _has_documents(store: HierarchyStore, folder: str) -> bool:
    prefix = f"{folder}/" if folder else ""
    # zarr.json first: where documents lead the archive, the rest need not be read.
    return any(store.has(prefix + name) for name in sorted(DOCUMENT_NAMES, reverse=True))


def _at_only_folder(store: HierarchyStore) -> HierarchyStore:
    container = "folder" if isinstance(store, DirectoryStore) else "archive"
    roots = _roots(store)
    if not roots:
        raise _nothing(store, container)
    if len(roots) > 1:
        raise _several(roots, container)
    (root,) = roots
    finding = Finding.of(
        rules.ROOT_IN_FOLDER,
        root,
        f"Everything lies in the folder '{root}/' inside the {container}; opened from there. "
        "Repack it so that zarr.json is at the root.",
    )
    return store.at_root(root, (finding,))


def _roots(store: HierarchyStore) -> list[str]:
    """Return the topmost folders with Zarr documents; in a directory, only its direct children."""
    if isinstance(store, DirectoryStore):
        names = store.child_names("")
        return [name for name in names if not is_junk(name) and _has_documents(store, name)]
    topmost: dict[str, None] = {}
    for path in store.group_paths():
        if not any(str(parent) in topmost for parent in PurePosixPath(path).parents):
            topmost[path] = None
    return list(topmost)


def _several(roots: list[str], container: str) -> ArchiveError:
    # Folders that are images of their own have names in .zarr; parts of one image do not.
    if any(root.lower().endswith(".zarr") for root in roots):
        return ArchiveError(
            f"Several OME-Zarr images lie in the {container}, and none at its root: "
            f"{listed(roots, _SHOWN)}. Unpack it, and pack the content of each folder on its own.",
            code=rules.SEVERAL.code,
        )
    return ArchiveError(
        f"No zarr.json at the root of the {container}, only the folders {listed(roots, _SHOWN)}. "
        "The document that describes the image is missing, or there are several images: "
        "write it again, or pack the content of one folder on its own.",
        code=rules.ROOT_MISSING.code,
    )


def _nothing(store: HierarchyStore, container: str) -> ArchiveError:
    if isinstance(store, DirectoryStore):
        return ArchiveError(
            f"No OME-Zarr in this folder: there is no zarr.json in {store.source}",
            code=rules.NO_HIERARCHY.code,
        )
    files = store.names_without_junk()
    if not files:
        return ArchiveError(
            "The archive is empty: it holds no files. Write it again, or download it again.",
            code=rules.EMPTY.code,
        )
    nested = [name for name in files if is_archive_name(name) or name.lower().endswith(".zip")]
    if len(nested) == len(files):
        return ArchiveError(
            f"The archive only contains another archive: {listed(nested, _SHOWN)}. "
            "Unpack it first, then open that file.",
            code=rules.ARCHIVE_INSIDE.code,
        )
    kinds = Counter(PurePosixPath(name).suffix.lower() or "no suffix" for name in files)
    suffixes = ", ".join(f"{count:,} × {kind}" for kind, count in kinds.most_common(_SHOWN))
    return ArchiveError(
        f"No OME-Zarr in the {container}: there is no zarr.json among its files ({suffixes}). "
        "Unpack it and open the files themselves.",
        code=rules.NO_HIERARCHY.code,
    )
