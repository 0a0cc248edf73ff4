"""Write a hierarchy as an archive of good form: from a folder, or from another archive."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from napari_ome_zip.errors import ArchiveError, MetadataError, SaveCancelledError, SaveError
from napari_ome_zip.image.hierarchy import Hierarchy, natural_key
from napari_ome_zip.names import DOCUMENT_NAMES, is_junk
from napari_ome_zip.progress import Cancelled, Progress, Watch
from napari_ome_zip.repacking.resharding import Resharding, plan_resharding
from napari_ome_zip.storage import ArchiveStore, ArchiveWriter, DirectoryStore, HierarchyStore
from napari_ome_zip.storage.open import open_store
from napari_ome_zip.storage.zip_records import name_problem

_VERSION = re.compile(r"\d+\.\d+")
_DOCUMENT = "zarr.json"


def pack(
    directory: str | os.PathLike[str],
    file: str | os.PathLike[str],
    *,
    shard: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Path:
    """Pack the OME-Zarr in a folder as a single-image archive.

    Chunks are copied byte by byte; what file managers left behind is not.

    Parameters
    ----------
    directory : path
        A folder that is a hierarchy of Zarr v3, or holds one in its only folder that does.
    file : path
        File to write; used as it is. An existing one stays until the new one is complete.
    shard : bool
        Gather the chunks of arrays into shards, without changing a pixel.
    progress : callable, optional
        Called with the number of bytes copied and the number in all.
    cancelled : callable, optional
        Asked between entries; once it returns True nothing is kept.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If there is no such folder.
    ArchiveError
        If the folder holds no hierarchy, several, or one of Zarr v2.
    SaveError
        If the place to write to does not allow it.
    SaveCancelledError
        If ``cancelled`` returned True.

    Notes
    -----
    RFC-9, "OME-Zarr zip files".
    """
    store = open_store(DirectoryStore(directory))
    folder, target = Path(directory).resolve(), Path(file).resolve()
    if target.is_relative_to(folder):
        raise SaveError(
            f"The archive would lie in the folder that it is made of: {target.name!r}. "
            "Choose a place outside it."
        )
    return _write(store, target, shard, progress, cancelled)


def repack(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    shard: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Path:
    """Write a copy of an archive with everything repaired that is wrong with the container.

    The image moves to the archive's root, documents come first, nothing is compressed by ZIP,
    each name is there once; the format is ZIP64, the comment names the version. What file
    managers left behind, unsafe names and bytes outside the archive are left out. Every entry is
    verified by its checksum, and none is changed.

    Parameters
    ----------
    source : path
        The archive.
    target : path
        File to write; may be the same, which is replaced when the copy is complete.
    shard, progress, cancelled
        As for `pack`.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ArchiveError
        If the archive cannot be read, or holds Zarr v2.
    DamagedEntryError
        If an entry is damaged: a copy would hide it.
    SaveError
        If the place to write to does not allow it.
    SaveCancelledError
        If ``cancelled`` returned True.

    Notes
    -----
    RFC-9, "OME-Zarr zip files".
    """
    return _write(open_store(ArchiveStore(source)), Path(target), shard, progress, cancelled)


@dataclass(frozen=True)
class _Plan:
    """What goes into the archive."""

    version: str
    documents: dict[str, bytes]
    copied: list[str]
    """Entries that are copied as they are."""
    shards: Resharding


def _write(
    store: HierarchyStore,
    target: Path,
    shard: bool,
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> Path:
    plan = _plan(store, shard)
    sizes = {name: store.size_of(name) or 0 for name in plan.copied}
    total = sum(sizes.values()) + plan.shards.nbytes
    watch = Watch(progress, cancelled, copying_stopped, total)
    with ArchiveWriter(target, plan.version) as writer:
        writer.write_documents(plan.documents)
        watch.add(0)
        for name in plan.copied:
            content = store.get_sync(name)
            if content is not None:
                writer.write(name, content.as_numpy_array())
            watch.add(sizes[name])
        for name, shard_content, nbytes in plan.shards.entries(store):
            writer.write(name, shard_content)
            watch.add(nbytes)
        return writer.commit()


def copying_stopped() -> SaveCancelledError:
    """The error that ends a copy which is no longer wanted."""
    return SaveCancelledError("Cancelled: nothing was kept, what was there is untouched.")


def _plan(store: HierarchyStore, shard: bool) -> _Plan:
    names = [name for name in store.keys() if not is_junk(name)]  # noqa: SIM118  a store
    if _DOCUMENT not in names:
        raise _no_root_document(names)
    for name in names:
        problem = name_problem(name)
        if problem is not None:
            raise ArchiveError(
                f"Cannot pack {name!r}: {problem}. Rename the file, and pack again.",
                code="unsafe-entry-names",
            )
    documents = {name: _document(store, name) for name in names if _is_zarr_json(name)}
    shards = plan_resharding(store, documents, names) if shard else Resharding()
    documents |= shards.documents
    copied = [name for name in names if not _is_zarr_json(name) and name not in shards.chunks]
    return _Plan(_version(store), documents, sorted(copied, key=natural_key), shards)


def _document(store: HierarchyStore, name: str) -> bytes:
    content = store.read_document(name)
    return b"" if content is None else content


def _is_zarr_json(name: str) -> bool:
    return name == _DOCUMENT or name.endswith(f"/{_DOCUMENT}")


def _no_root_document(names: list[str]) -> ArchiveError:
    if DOCUMENT_NAMES.intersection(names):
        return ArchiveError(
            "This is Zarr v2 (OME-Zarr 0.4 or older): a single-image archive needs Zarr v3. "
            "Convert it first, for example by opening it in napari and saving it as .ome.zip.",
            code="root-zarr-v2",
        )
    return ArchiveError(
        "There is no zarr.json at the root, so nothing says what the image is.",
        code="root-missing",
    )


def _version(store: HierarchyStore) -> str:
    """The version for the archive's comment, ``X.Y``; 0.5 where the root states none."""
    try:
        root = Hierarchy(store).node("")
    except MetadataError as error:
        raise ArchiveError(str(error), code="root-missing") from error
    ome = root.attributes.get("ome") if root is not None else None
    stated = ome.get("version") if isinstance(ome, dict) else None
    match = _VERSION.match(stated) if isinstance(stated, str) else None
    return match[0] if match else "0.5"
