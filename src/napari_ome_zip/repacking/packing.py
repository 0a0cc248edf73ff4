"""Writes a hierarchy as a single-image archive, from a folder or any other store."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from napari_ome_zip.archive import ArchiveWriter, rules
from napari_ome_zip.archive.records import name_problem
from napari_ome_zip.errors import ArchiveError, MetadataError, SaveCancelledError, SaveError
from napari_ome_zip.files import is_link
from napari_ome_zip.findings import Finding
from napari_ome_zip.image.own_thumbnail import Picture, write_thumbnail
from napari_ome_zip.names import DOCUMENT_NAMES, ZARR_JSON, is_zarr_json
from napari_ome_zip.ome.versions import SPECS
from napari_ome_zip.paths import target_path
from napari_ome_zip.progress import Cancelled, Progress, Watch
from napari_ome_zip.repacking.folder_links import packed_names
from napari_ome_zip.repacking.noting import Noted, warn
from napari_ome_zip.repacking.picturing import room_for_picture, thumbnails_last
from napari_ome_zip.repacking.portable_names import name_findings
from napari_ome_zip.repacking.resharding import Resharding, plan_resharding
from napari_ome_zip.storage import DirectoryStore, HierarchyStore
from napari_ome_zip.storage.base import MAX_HELD_BYTES
from napari_ome_zip.storage.expected import expected_ahead
from napari_ome_zip.storage.hierarchy import Hierarchy, natural_key
from napari_ome_zip.storage.open import open_store

_VERSION = re.compile(r"\d+\.\d+")


def pack(
    directory: str | os.PathLike[str],
    file: str | os.PathLike[str],
    *,
    shard: bool = False,
    picture: Picture | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    noted: Noted = warn,
) -> Path:
    """Pack the OME-Zarr in a folder as a single-image archive.

    Chunks are copied byte by byte; what file managers left behind is not. Symbolic links that
    the hierarchy is made of are followed.

    Parameters
    ----------
    directory : path
        A folder that is a hierarchy of Zarr v3, or has one in a single subfolder.
    file : path
        File to write; used as it is. An existing one stays until the new one is complete.
    shard : bool
        Gather the chunks of arrays into shards, without changing a pixel.
    picture : callable, optional
        Draws a composite image as a small PNG, such as `napari_ome_zip.rendering.thumbnail_png`:
        the archive gets a thumbnail then, in the place of one that was made here before.
    progress : callable, optional
        Called with the number of bytes copied and the number in all.
    cancelled : callable, optional
        Called between entries; once it returns True nothing is kept.
    noted : callable, optional
        Called with each `Finding` on the archive, such as names that other systems cannot hold;
        by default each becomes a `SaveWarning`.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If there is no such folder.
    ArchiveError
        If the folder holds no hierarchy, several, or one of Zarr v2; if anything in it cannot be
        read, or is a link that leads out of it to something that is not part of the image.
    PermissionError
        If a folder in it cannot be listed, or a file not be read.
    SaveError
        If the place to write to does not allow it.
    SaveCancelledError
        If ``cancelled`` returned True.

    Notes
    -----
    RFC-9, "OME-Zarr zip files".

    Examples
    --------
    >>> from napari_ome_zip import pack, validate
    >>> validate(pack("cells.zarr", "packed.ozx")).valid
    True
    """
    if is_link(directory):
        raise ArchiveError(
            "Not packed: a folder is packed, and links lead to files. "
            "'ome-zip repack' copies an archive behind a link."
        )
    store = open_store(DirectoryStore(directory))
    folder, target = Path(directory).resolve(), target_path(file).resolve()
    if target.is_relative_to(folder):
        raise SaveError(
            f"The archive would lie in the folder that it is made of: {target.name!r}. "
            "Choose a place outside it."
        )
    return write_copy(store, target, shard, picture, progress, cancelled, noted)


@dataclass(frozen=True)
class _Plan:
    """The content of the archive."""

    version: str
    documents: dict[str, bytes]
    copied: list[str]
    """Entries that are copied as they are."""
    shards: Resharding
    findings: tuple[Finding, ...]
    """Findings on the archive, such as names that other systems cannot hold."""


def write_copy(
    store: HierarchyStore,
    target: Path,
    shard: bool,
    picture: Picture | None,
    progress: Progress | None,
    cancelled: Cancelled | None,
    noted: Noted,
) -> Path:
    """Write a hierarchy as an archive; the parameters are those of `pack`."""
    plan = _plan(store, shard)
    room = None if picture is None else room_for_picture(store, plan.documents, plan.copied)
    if room is not None:
        documents = {**plan.documents, ZARR_JSON: room.root}
        plan = replace(plan, documents=documents, copied=room.copied)
    findings = [*plan.findings]
    sizes = {name: store.size_of(name) or 0 for name in plan.copied}
    total = sum(sizes.values()) + plan.shards.nbytes
    watch = Watch(progress, cancelled, copying_stopped, total)
    with ArchiveWriter(target, plan.version) as writer:
        writer.write_documents(plan.documents)
        watch.add(0)
        with expected_ahead(store, plan.copied, str, sizes.__getitem__) as ahead:
            for name in ahead:
                _copy(store, writer, name, watch)
        for name, shard_content, nbytes in plan.shards.entries(store):
            writer.write(name, shard_content)
            watch.add(nbytes)
        if room is not None and picture is not None:
            problem = write_thumbnail(writer, room.name, picture)
            findings += [] if problem is None else [problem]
            watch.check()  # whoever cancelled meanwhile keeps the file that there was
        made = writer.commit()
    for finding in findings:
        noted(finding)
    return made


def _copy(store: HierarchyStore, writer: ArchiveWriter, name: str, watch: Watch) -> None:
    """Copy one entry; one that is too large for memory is read twice if its checksum is unknown."""
    size = store.size_of(name)
    content = store.read(name) if size is not None and size <= MAX_HELD_BYTES else None
    if content is not None:
        writer.write(name, content)
        watch.add(len(content))
    elif size is None or size <= MAX_HELD_BYTES:
        raise ArchiveError(
            f"{name!r} was there, and is gone. Make sure that no other program writes there, and "
            "try again."
        )
    else:
        writer.write_pieces(name, size, store.crc32(name), watch.counted(store.stream(name)))


def copying_stopped() -> SaveCancelledError:
    """Return the error that ends a cancelled copy."""
    return SaveCancelledError("Cancelled: nothing was kept, what was there is untouched.")


def _plan(store: HierarchyStore, shard: bool) -> _Plan:
    names = _names(store)
    if ZARR_JSON not in names:
        raise _no_root_document(names)
    for name in names:
        problem = name_problem(name)
        if problem is not None:
            raise ArchiveError(
                f"Cannot pack {name!r}: {problem}. Rename the file, and pack again.",
                code=rules.UNSAFE_NAMES.code,
            )
    documents = {name: _document(store, name) for name in names if is_zarr_json(name)}
    shards = plan_resharding(store, documents, names) if shard else Resharding()
    documents |= shards.documents
    copied = [name for name in names if not is_zarr_json(name) and name not in shards.chunks]
    ordered = thumbnails_last(documents[ZARR_JSON], sorted(copied, key=natural_key))
    return _Plan(_version(store), documents, ordered, shards, name_findings(names))


def _names(store: HierarchyStore) -> list[str]:
    if isinstance(store, DirectoryStore):
        return packed_names(store)
    return store.names_without_junk()


def _document(store: HierarchyStore, name: str) -> bytes:
    content = store.read_document(name)
    return b"" if content is None else content


def _no_root_document(names: list[str]) -> ArchiveError:
    if DOCUMENT_NAMES.intersection(names):
        return ArchiveError(
            "This is Zarr v2 (OME-Zarr 0.4 or older): a single-image archive needs Zarr v3. "
            f"{rules.ROOT_V2.remedy}",
            code=rules.ROOT_V2.code,
        )
    return ArchiveError(
        "There is no zarr.json at the root, so nothing says what the image is.",
        code=rules.ROOT_MISSING.code,
    )


def _version(store: HierarchyStore) -> str:
    """Return the version for the archive's comment; 0.5 where the root states none.

    That of a draft is named as it is, any other as ``X.Y``.
    """
    try:
        root = Hierarchy(store).node("")
    except MetadataError as error:
        raise ArchiveError(str(error), code=rules.ROOT_MISSING.code) from error
    ome = root.attributes.get("ome") if root is not None else None
    stated = ome.get("version") if isinstance(ome, dict) else None
    if isinstance(stated, str) and stated in SPECS:
        return stated
    match = _VERSION.match(stated) if isinstance(stated, str) else None
    return match[0] if match else "0.5"
