"""Finds the arrays of a hierarchy, and the entries that hold the chunks of each."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.names import DOCUMENT_NAMES, is_document
from napari_ome_zip.ome.json_values import is_object, objects
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.storage import DirectoryStore, HierarchyStore
from napari_ome_zip.storage.hierarchy import Node


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
    def object_count(self) -> int:
        """Number of stored objects in the whole grid."""
        return math.prod(self.grid)

    @property
    def chunk_bytes(self) -> int:
        """Size of a chunk in memory."""
        return math.prod(self.array.chunks) * self.array.dtype.itemsize

    @property
    def stored_bytes(self) -> int:
        """Size of a stored object in memory."""
        return math.prod(self.array.grid_chunk_shape) * self.array.dtype.itemsize

    @property
    def prefix(self) -> str:
        """Prefix of the names of its entries."""
        return f"{self.path}/" if self.path else ""

    @property
    def document(self) -> str:
        """Name of the array's document."""
        return self.prefix + ("zarr.json" if self.zarr_format == 3 else ".zarray")

    def region(self, coordinates: Sequence[int]) -> str:
        """Return the region that a stored object holds, in words."""
        region = self.array.region_of(coordinates)
        spans = ", ".join(f"{s.start}:{s.stop}" for s in region)
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
    coordinates: npt.NDArray[np.int64]
    """Chunk coordinates, one row an entry; some may lie outside the grid."""


def find_arrays(store: HierarchyStore, nodes: Mapping[str, Node]) -> Arrays:
    """Open every array by its document, and find the entries of each."""
    stored: dict[str, StoredArray] = {}
    problems: dict[str, str] = {}
    listed = {path: node for path, node in nodes.items() if node.kind == "array"}
    for path, node in listed.items():
        try:
            array = ChunkedArray(store, node)
        except MetadataError as error:
            problems[path] = str(error)
            continue
        if array.grid_chunk_shape:
            stored[path] = _stored(path, array, node)
    owned, other = _owners(_files(store), tuple(listed))
    chunks, unopened = {}, []
    for path, names in owned.items():
        if path not in stored:
            unopened += names
            continue
        found, rest = _chunk_names(stored[path], listed[path], names)
        chunks[path] = found
        other += rest
    other = [name for name in other if not is_document(name)]
    return Arrays(stored, problems, chunks, other, unopened)


def _files(store: HierarchyStore) -> Iterator[str]:
    """Return the names of all entries that are readable files."""
    if isinstance(store, DirectoryStore):
        return (entry.name for entry in store.entries() if not entry.problem)
    return store.keys()


def _stored(path: str, array: ChunkedArray, node: Node) -> StoredArray:
    grid = array.chunk_grid_shape
    codecs = [codec.get("name") for codec in objects(node.document.get("codecs"))]
    if node.zarr_format == 2:
        raw = not node.document.get("compressor") and not node.document.get("filters")
    else:
        raw = codecs == ["bytes"]
    return StoredArray(path, array, grid, node.zarr_format, "sharding_indexed" in codecs, raw)


def _owners(names: Iterable[str], arrays: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Return names by the array in whose folder they lie, and those outside of all arrays."""
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
    array: StoredArray, node: Node, names: Sequence[str]
) -> tuple[ChunkNames, list[str]]:
    separator, lead = _key_encoding(node)
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
    joined = separator.join([name[start:] for name in chunks])
    coordinates = np.array(joined.split(separator) if joined else [], dtype=np.int64)
    return ChunkNames(chunks, coordinates.reshape(-1, ndim)), rest


def _key_encoding(node: Node) -> tuple[str, str]:
    """Return the separator of the numbers in the name of a chunk, and the prefix before them."""
    if node.zarr_format == 2:
        return str(node.document.get("dimension_separator") or "."), ""
    encoding = node.document.get("chunk_key_encoding")
    name = encoding.get("name") if is_object(encoding) else "default"
    settings = encoding.get("configuration") if is_object(encoding) else None
    chosen = settings.get("separator") if is_object(settings) else None
    separator = str(chosen or ("." if name == "v2" else "/"))
    return separator, "" if name == "v2" else f"c{separator}"
