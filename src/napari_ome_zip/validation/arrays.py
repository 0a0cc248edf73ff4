"""Checks on arrays against the entries that hold their chunks; no pixels are read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.names import DOCUMENT_NAMES, is_archive_name, is_document, is_junk
from napari_ome_zip.ome.json_values import is_object, objects
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.rules import INFO, MUST, SHOULD, Rule
from napari_ome_zip.storage import ArchiveStore, DirectoryStore, HierarchyStore
from napari_ome_zip.storage.hierarchy import Node, join
from napari_ome_zip.validation import container_rules
from napari_ome_zip.validation.container_rules import issue
from napari_ome_zip.validation.hierarchy.document_set import DocumentSet
from napari_ome_zip.validation.reading import Document
from napari_ome_zip.validation.report import Issue

_ZARR = "Zarr: chunks"
_SHOWN = 4

TINY_BYTES = 16 << 10
"""An entry below this size (16 KiB) costs more to find than to read."""
MANY_TINY = 1000
"""So many tiny entries are worth a warning."""
LARGE_CHUNK_BYTES = 512 << 20
"""A chunk above this size (512 MiB) is slow to show, and takes much memory."""

NOT_READABLE = Rule(
    "array-not-readable",
    MUST,
    "Zarr: array metadata",
    "The arrays of an image can be read: their document is complete, their codecs are known.",
    "Write the array again with the usual codecs (zstd, blosc, gzip), or update this program.",
)
CHUNKS_MISSING = Rule(
    "chunks-missing",
    INFO,
    _ZARR,
    "Chunks that hold nothing but the fill value need not be stored.",
    "Nothing, if these parts are empty. If not, the writing was interrupted: write it again.",
)
CHUNKS_LOST = Rule(
    "chunks-lost",
    SHOULD,
    "ZIP (APPNOTE), 4.4.22 total number of entries",
    "Chunks are left out of an archive only where they were never written.",
    "Copy or download the file again, or restore it from a backup: its end counts more entries "
    "than it lists, and these chunks may be among them.",
)
OUTSIDE = Rule(
    "chunks-outside-array",
    SHOULD,
    _ZARR,
    "Every chunk lies inside its array.",
    "Check the shape of the array: it may have been made smaller. These chunks are never shown.",
)
CHUNK_SIZE = Rule(
    "chunk-size-impossible",
    MUST,
    _ZARR,
    "The entry of a chunk is as long as its content needs.",
    "Write the image again, or copy it again: these chunks were cut off.",
)
LARGE = Rule(
    "chunks-too-large",
    SHOULD,
    _ZARR,
    "A chunk takes no more than 512 MiB in memory.",
    "Write the image again with smaller chunks, and with shards to keep the entries few.",
)
TINY = Rule(
    "entries-tiny",
    SHOULD,
    container_rules.UNSHARDED.section,
    "Pixels lie in few large entries rather than in thousands of tiny ones.",
    container_rules.UNSHARDED.remedy,
)
FOREIGN = Rule(
    "foreign-entries",
    INFO,
    "Zarr: hierarchy",
    "Every entry is a metadata document or a chunk.",
    "Nothing: other files do no harm. Remove them if they are there by mistake.",
)


@dataclass(frozen=True)
class StoredArray:
    """An array, and the entries that hold its chunks."""

    path: str
    array: ChunkedArray
    grid: tuple[int, ...]
    """Number of stored objects (shards, or chunks) along each axis."""
    zarr_format: int
    sharded: bool
    raw: bool
    """Whether chunks are stored as they are in memory, so that their size is known."""

    @property
    def cell_count(self) -> int:
        """How many stored objects there can be."""
        return math.prod(self.grid)

    @property
    def chunk_bytes(self) -> int:
        """Size of a chunk in memory."""
        return math.prod(self.array.chunks) * self.array.dtype.itemsize

    @property
    def stored_bytes(self) -> int:
        """Size of a stored object in memory."""
        return math.prod(self.array.stored) * self.array.dtype.itemsize

    @property
    def prefix(self) -> str:
        """What the names of its chunks begin with."""
        return f"{self.path}/" if self.path else ""

    @property
    def document(self) -> str:
        """Name of the array's document."""
        return self.prefix + ("zarr.json" if self.zarr_format == 3 else ".zarray")

    def region(self, cell: Sequence[int]) -> str:
        """Which part of the array a stored object holds, in words."""
        sides = zip(cell, self.array.stored, self.array.shape, strict=True)
        spans = ", ".join(f"{i * n}:{min((i + 1) * n, size)}" for i, n, size in sides)
        return f"'{self.path}' [{spans}]" if self.path else f"[{spans}] of the array"


@dataclass(frozen=True)
class Arrays:
    """All arrays of a hierarchy with the entries of each."""

    stored: Mapping[str, StoredArray]
    problems: Mapping[str, str]
    """Why an array cannot be read, by its path."""
    chunks: Mapping[str, ChunkNames]
    other: Sequence[str]
    """Entries that are neither a document nor a chunk of any array."""
    unopened: Sequence[str]
    """Entries of arrays that cannot be read, or whose chunks follow no regular grid."""


@dataclass(frozen=True)
class ChunkNames:
    """The entries that hold chunks of one array."""

    names: Sequence[str]
    cells: npt.NDArray[np.int64]
    """Position of each in the grid, one row an entry; some may lie outside it."""


def find_arrays(store: HierarchyStore, documents: Mapping[str, Document]) -> Arrays:
    """Open every array by its document, and find the entries of each."""
    stored: dict[str, StoredArray] = {}
    problems: dict[str, str] = {}
    for path, document in documents.items():
        node = _array_node(path, document)
        if node is None:
            continue
        try:
            array = ChunkedArray(store, node)
        except MetadataError as error:
            problems[path] = str(error)
            continue
        if array.stored:
            stored[path] = _stored(path, array, node)
    paths = [path for path, document in documents.items() if _array_node(path, document)]
    owned, other = _owners(_files(store), paths)
    chunks, unopened = {}, []
    for path, names in owned.items():
        if path not in stored:
            unopened += names
            continue
        found, rest = _chunk_names(stored[path], documents[path], names)
        chunks[path] = found
        other += rest
    other = [name for name in other if not is_document(name)]
    return Arrays(stored, problems, chunks, other, unopened)


def _files(store: HierarchyStore) -> Iterator[str]:
    """Names of all entries but those of a folder that the check of folders names."""
    if isinstance(store, DirectoryStore):
        return (entry.name for entry in store.entries() if not entry.problem)
    return store.keys()


def _array_node(path: str, document: Document) -> Node | None:
    array = document.get(".zarray")
    if is_object(array):
        return Node(path, "array", 2, {}, array)
    if document.get("node_type") != "array":
        return None
    attributes = document.get("attributes")
    return Node(path, "array", 3, attributes if is_object(attributes) else {}, document)


def _stored(path: str, array: ChunkedArray, node: Node) -> StoredArray:
    grid = tuple(-(-n // c) for n, c in zip(array.shape, array.stored, strict=True))
    codecs = [codec.get("name") for codec in objects(node.document.get("codecs"))]
    if node.zarr_format == 2:
        raw = not node.document.get("compressor") and not node.document.get("filters")
    else:
        raw = codecs == ["bytes"]
    return StoredArray(path, array, grid, node.zarr_format, "sharding_indexed" in codecs, raw)


def _owners(names: Iterable[str], arrays: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Names by the array in whose folder they lie, and those that lie in none."""
    owned: dict[str, list[str]] = {path: [] for path in arrays}
    other: list[str] = []
    by_folder: dict[str, list[str]] = {}
    documents = {f"{path}/{name}" if path else name for path in arrays for name in DOCUMENT_NAMES}
    for name in names:
        if name in documents:
            continue
        folder = name.rpartition("/")[0]
        bucket = by_folder.get(folder)
        if bucket is None:
            bucket = by_folder[folder] = _bucket(folder, owned, other)
        bucket.append(name)
    return owned, other


def _bucket(folder: str, owned: Mapping[str, list[str]], other: list[str]) -> list[str]:
    while folder:
        if folder in owned:
            return owned[folder]
        folder = folder.rpartition("/")[0]
    return owned.get("", other)


def _chunk_names(
    array: StoredArray, document: Document, names: Sequence[str]
) -> tuple[ChunkNames, list[str]]:
    separator, lead = _key_encoding(document)
    ndim = len(array.grid)
    number = "(?:0|[1-9][0-9]{0,17})"
    pattern = re.escape(array.prefix + lead) + re.escape(separator).join([number] * ndim)
    chunks, rest = list(names), []
    if re.fullmatch(f"(?:{pattern}\n)*+", "\n".join((*names, ""))) is None:
        one = re.compile(pattern)
        chunks = [name for name in names if one.fullmatch(name)]
        taken = set(chunks)
        rest = [name for name in names if name not in taken]
    start = len(array.prefix + lead)
    text = separator.join([name[start:] for name in chunks])
    cells = np.array(text.split(separator) if text else [], dtype=np.int64)
    return ChunkNames(chunks, cells.reshape(-1, ndim)), rest


def _key_encoding(document: Document) -> tuple[str, str]:
    """What separates the numbers in the name of a chunk, and what comes before them."""
    array = document.get(".zarray")
    if is_object(array):
        return str(array.get("dimension_separator") or "."), ""
    encoding = document.get("chunk_key_encoding")
    name = encoding.get("name") if is_object(encoding) else "default"
    settings = encoding.get("configuration") if is_object(encoding) else None
    chosen = settings.get("separator") if is_object(settings) else None
    separator = str(chosen or ("." if name == "v2" else "/"))
    return separator, "" if name == "v2" else f"c{separator}"


def check_arrays(
    store: HierarchyStore, arrays: Arrays, checked: DocumentSet, *, in_archive: bool
) -> tuple[Issue, ...]:
    """Check arrays against the entries that hold their chunks, and what else there is.

    Parameters
    ----------
    store : HierarchyStore
        Where the entries lie.
    arrays : Arrays
        What `find_arrays` found there.
    checked : DocumentSet
        The documents.
    in_archive : bool
        Whether the rules on archives apply.
    """
    issues = [*_check_readable(arrays, checked)]
    tiny: list[str] = []
    unlisted = _unlisted(store)
    for path, array in arrays.stored.items():
        found = arrays.chunks[path]
        inside = np.all(found.cells < np.array(array.grid), axis=1)
        sizes = _sizes(store, found.names)
        issues += _check_cells(array, found, inside, unlisted)
        issues += _check_chunk_sizes(array, found, sizes)
        if len(found.names) and array.chunk_bytes > LARGE_CHUNK_BYTES:
            message = f"Chunks of {array.chunk_bytes / 2**20:,.0f} MiB: showing one takes that much"
            issues.append(issue(LARGE, message, array.document))
        if array.cell_count > 1:
            rows = np.flatnonzero(sizes < TINY_BYTES)
            tiny += [found.names[row] for row in rows.tolist()]
    if in_archive:
        issues += _check_sharding(arrays)
    if len(tiny) >= MANY_TINY:
        message = (
            f"{len(tiny):,} entries of less than {TINY_BYTES >> 10} KiB: slow to copy and open"
        )
        issues.append(issue(TINY, message, tiny[0], count=1))
    issues += _check_foreign(arrays.other)
    return tuple(issues)


def _check_readable(arrays: Arrays, checked: DocumentSet) -> Iterator[Issue]:
    of_images = _image_arrays(checked) if arrays.problems else frozenset()
    for path, problem in arrays.problems.items():
        if path in of_images:
            # What zarr advises to programmers helps nobody here.
            found = problem.partition(" Register one explicitly")[0]
            yield issue(NOT_READABLE, found, checked.nodes[path].entry)


def _image_arrays(checked: DocumentSet) -> frozenset[str]:
    found = set()
    for path, metadata in checked.metadata.items():
        for multiscale in objects(metadata.content.get("multiscales")):
            for dataset in objects(multiscale.get("datasets")):
                found.add(join(path, str(dataset.get("path"))))
    return frozenset(path for path in found if path is not None)


def _check_cells(
    array: StoredArray, found: ChunkNames, inside: npt.NDArray[np.bool_], unlisted: int
) -> Iterator[Issue]:
    outside = np.flatnonzero(~inside).tolist()
    if outside:
        names = [found.names[row] for row in outside]
        message = f"Chunks outside the array, whose shape is {array.array.shape}"
        yield issue(OUTSIDE, message, names[0], count=len(names), also=tuple(names[1:_SHOWN]))
    missing = array.cell_count - int(inside.sum())
    if missing:
        kind = "shards" if array.sharded else "chunks"
        message = f"{missing:,} of {array.cell_count:,} {kind} are not stored: shown as empty"
        yield issue(CHUNKS_LOST if unlisted else CHUNKS_MISSING, message, array.document)


def _unlisted(store: HierarchyStore) -> int:
    """How many entries an archive counts at its end, and does not list in its directory."""
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
        yield issue(CHUNK_SIZE, message, names[0], count=len(names), also=tuple(names[1:_SHOWN]))


def _check_sharding(arrays: Arrays) -> Iterator[Issue]:
    # S3: "SHOULD use the sharding codec". An array of one chunk is one entry as it is.
    plain = [
        array
        for array in arrays.stored.values()
        if array.zarr_format == 3 and not array.sharded and array.cell_count > 1
    ]
    if plain:
        entries = sum(len(arrays.chunks[array.path].names) for array in plain)
        names = [array.document for array in plain]
        message = f"Not sharded: arrays of several chunks, which take {entries:,} entries"
        yield issue(
            container_rules.UNSHARDED,
            message,
            names[0],
            count=len(names),
            also=tuple(names[1:_SHOWN]),
        )


def _check_foreign(names: Sequence[str]) -> Iterator[Issue]:
    foreign = [name for name in names if not _is_known(name)]
    if foreign:
        message = "Other files: neither metadata nor pixels of the image"
        yield issue(FOREIGN, message, foreign[0], count=len(foreign), also=tuple(foreign[1:_SHOWN]))


def _is_known(name: str) -> bool:
    base = name.rpartition("/")[2]
    return is_junk(name) or base in (".zmetadata", "METADATA.ome.xml") or is_archive_name(base)


def _sizes(store: HierarchyStore, names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Size of each entry; of an archive's by their rows, for there may be very many."""
    if isinstance(store, ArchiveStore):
        table = store.index.complete()
        prefix = f"{store.root}/" if store.root else ""
        rows = [table.rows[prefix + name] for name in names]
        return table.columns.sizes[rows].astype(np.int64)
    return np.array([store.size_of(name) or 0 for name in names], dtype=np.int64)
