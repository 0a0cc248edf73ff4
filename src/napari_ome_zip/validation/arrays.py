"""Checks arrays against the entries that hold their chunks, without reading pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from napari_ome_zip.archive import rules
from napari_ome_zip.names import is_archive_name, is_junk
from napari_ome_zip.pixels.array_facts import NOT_READABLE
from napari_ome_zip.pixels.stored_chunks import CHUNKS_MISSING
from napari_ome_zip.rules import INFO, MUST, SHOULD, Effect, Rule
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage import ArchiveStore, HierarchyStore
from napari_ome_zip.storage.hierarchy import join
from napari_ome_zip.validation.file_issue import issue
from napari_ome_zip.validation.hierarchy.judged import JudgedHierarchy
from napari_ome_zip.validation.report import Issue
from napari_ome_zip.validation.stored_arrays import Arrays, ChunkNames, StoredArray
from napari_ome_zip.validation.thumbnails import thumbnail_entries

_ZARR = "Zarr: chunks"

TINY_BYTES = 16 << 10
"""An entry below this size (16 KiB) costs more to find than to read."""
MANY_TINY = 1000
"""At least this many tiny entries are worth a warning."""
LARGE_CHUNK_BYTES = 512 << 20
"""A chunk above this size (512 MiB) is slow to show, and takes much memory."""

CHUNKS_LOST = Rule(
    "chunks-lost",
    SHOULD,
    "ZIP (APPNOTE), 4.4.22 total number of entries",
    "Chunks are left out of an archive only where they were never written.",
    "Copy or download the file again, or restore it from a backup: its end counts more entries "
    "than it lists, and these chunks may be among them.",
    effect=Effect.DAMAGED,
)
OUTSIDE = Rule(
    "chunks-outside-array",
    SHOULD,
    _ZARR,
    "Every chunk lies inside its array.",
    "Check the shape of the array: it may have been made smaller. These chunks are never shown.",
    effect=Effect.NEEDLESS,
)
CHUNK_SIZE = Rule(
    "chunk-size-impossible",
    MUST,
    _ZARR,
    "The entry of a chunk is as long as its content needs.",
    "Write the image again, or copy it again: these chunks were cut off.",
    effect=Effect.DAMAGED,
)
LARGE = Rule(
    "chunks-too-large",
    SHOULD,
    _ZARR,
    f"A chunk takes no more than {readable_size(LARGE_CHUNK_BYTES)} in memory.",
    "Write the image again with smaller chunks, and with shards to keep the entries few.",
    effect=Effect.SLOW,
)
TINY = Rule(
    "entries-tiny",
    SHOULD,
    rules.UNSHARDED.section,
    "Pixels lie in few large entries rather than in thousands of tiny ones.",
    rules.UNSHARDED.remedy,
    effect=Effect.SLOW,
)
FOREIGN = Rule(
    "foreign-entries",
    INFO,
    "Zarr: hierarchy",
    "Every entry is a metadata document or a chunk.",
    "Nothing: other files do no harm. Remove them if they are there by mistake.",
    effect=Effect.NEEDLESS,
)


def check_arrays(
    store: HierarchyStore, arrays: Arrays, judged: JudgedHierarchy, *, in_archive: bool
) -> tuple[Issue, ...]:
    """Check arrays against the entries that hold their chunks, and for other entries.

    Parameters
    ----------
    store : HierarchyStore
        Where the entries lie.
    arrays : Arrays
        What `find_arrays` found there.
    judged : JudgedHierarchy
        The documents.
    in_archive : bool
        Whether the rules on archives apply.
    """
    issues = [*_check_readable(arrays, judged)]
    tiny: list[str] = []
    unlisted = _unlisted(store)
    for path, array in arrays.stored.items():
        found = arrays.chunks[path]
        inside = np.all(found.coordinates < np.array(array.grid), axis=1)
        sizes = _sizes(store, found.names)
        issues += _check_coordinates(array, found, inside, unlisted)
        issues += _check_chunk_sizes(array, found, sizes)
        if len(found.names) and array.chunk_bytes > LARGE_CHUNK_BYTES:
            message = f"Chunks of {readable_size(array.chunk_bytes)}: showing one takes that much"
            issues.append(issue(LARGE, message, array.document))
        if array.object_count > 1:
            rows = np.flatnonzero(sizes < TINY_BYTES)
            tiny += [found.names[row] for row in rows.tolist()]
    if in_archive:
        issues += _check_sharding(arrays)
    if len(tiny) >= MANY_TINY:
        message = (
            f"{len(tiny):,} entries of less than {readable_size(TINY_BYTES)}: slow to copy and open"
        )
        issues.append(issue(TINY, message, tiny[0], count=1))
    named = {*judged.node_documents, *thumbnail_entries(judged.nodes)}
    issues += _check_foreign([name for name in arrays.other if name not in named])
    return tuple(issues)


def _check_readable(arrays: Arrays, judged: JudgedHierarchy) -> Iterator[Issue]:
    of_images = _image_arrays(judged) if arrays.problems else frozenset()
    for path, problem in arrays.problems.items():
        if path in of_images:
            # zarr adds advice for programmers.
            found = problem.partition(" Register one explicitly")[0]
            yield issue(NOT_READABLE, found, judged.nodes[path].entry)


def _image_arrays(judged: JudgedHierarchy) -> frozenset[str]:
    found = {
        join(path, dataset.path)
        for path, parsed in judged.groups.items()
        for image in parsed.group.multiscales
        for dataset in image.datasets
    }
    return frozenset(path for path in found if path is not None)


def _check_coordinates(
    array: StoredArray, found: ChunkNames, inside: npt.NDArray[np.bool_], unlisted: int
) -> Iterator[Issue]:
    outside = np.flatnonzero(~inside).tolist()
    if outside:
        names = [found.names[row] for row in outside]
        message = f"Chunks outside the array, whose shape is {array.array.shape}"
        yield issue(OUTSIDE, message, names[0], count=len(names), also=names[1:])
    missing = array.object_count - int(inside.sum())
    if missing:
        kind = "shards" if array.sharded else "chunks"
        message = f"{missing:,} of {array.object_count:,} {kind} are not stored: shown as empty"
        yield issue(CHUNKS_LOST if unlisted else CHUNKS_MISSING, message, array.document)


def _unlisted(store: HierarchyStore) -> int:
    """Return the number of entries that an archive counts at its end but does not list."""
    if not isinstance(store, ArchiveStore):
        return 0
    claimed, listed = store.index.end.entry_count, len(store.index.complete().columns)
    return max(0, claimed - listed)


def _check_chunk_sizes(
    array: StoredArray, found: ChunkNames, sizes: npt.NDArray[np.int64]
) -> Iterator[Issue]:
    if array.raw:
        wrong = sizes != array.stored_bytes
        needs = f"{array.stored_bytes:,}"
    else:
        # A shard ends (or begins) with the place and the length of each of its chunks.
        inner = array.stored_bytes // max(1, array.chunk_bytes)
        least = 16 * inner if array.sharded else 1
        wrong = sizes < least
        needs = f"at least {least:,}"
    rows = np.flatnonzero(wrong).tolist()
    if rows:
        names = [found.names[row] for row in rows]
        message = f"{int(sizes[rows[0]]):,} bytes long where {needs} are needed"
        yield issue(CHUNK_SIZE, message, names[0], count=len(names), also=names[1:])


def _check_sharding(arrays: Arrays) -> Iterator[Issue]:
    # S3: "SHOULD use the sharding codec". An array of one chunk is one entry as it is.
    plain = [
        array
        for array in arrays.stored.values()
        if array.zarr_format == 3 and not array.sharded and array.object_count > 1
    ]
    if plain:
        entries = sum(len(arrays.chunks[array.path].names) for array in plain)
        names = [array.document for array in plain]
        message = f"Not sharded: arrays of several chunks, which take {entries:,} entries"
        yield issue(
            rules.UNSHARDED,
            message,
            names[0],
            count=len(names),
            also=names[1:],
        )


def _check_foreign(names: Sequence[str]) -> Iterator[Issue]:
    foreign = [name for name in names if not _is_known(name)]
    if foreign:
        message = "Other files: neither metadata nor pixels of the image"
        yield issue(FOREIGN, message, foreign[0], count=len(foreign), also=foreign[1:])


def _is_known(name: str) -> bool:
    base = name.rpartition("/")[2]
    return is_junk(name) or base in (".zmetadata", "METADATA.ome.xml") or is_archive_name(base)


def _sizes(store: HierarchyStore, names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the size of each entry; in an archive by its row, since there may be very many."""
    if isinstance(store, ArchiveStore):
        table = store.index.complete()
        prefix = f"{store.root}/" if store.root else ""
        rows = [table.rows[prefix + name] for name in names]
        return table.columns.sizes[rows].astype(np.int64)
    return np.array([store.size_of(name) or 0 for name in names], dtype=np.int64)
