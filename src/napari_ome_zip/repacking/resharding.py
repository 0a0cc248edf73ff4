"""Gathers the chunks of arrays into shards: bytes are put together, no pixel is decoded.

A shard holds encoded chunks one after another and ends with an index of where each lies, so the
chunks of an array that is not sharded are the inner chunks of one that is (Zarr v3, "sharding").
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.byte_codecs import Checksum
from napari_ome_zip.pixels.shard_codec import shard_of
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.storage.expected import expected_ahead
from napari_ome_zip.storage.hierarchy import Node

TARGET_SHARD_BYTES = 32 << 20
"""Approximate uncompressed size of a shard."""

_INDEX_CODECS = [
    {"name": "bytes", "configuration": {"endian": "little"}},
    {"name": "crc32c"},
]


@dataclass(frozen=True)
class _Gathering:
    """An array whose chunks become the inner chunks of shards."""

    array: ChunkedArray
    factors: tuple[int, ...]
    """Number of chunks in a shard along each axis."""

    def shards(self) -> Iterator[tuple[int, ...]]:
        """Yield the chunk coordinates of all shards."""
        sides = zip(self.array.shape, self.array.chunks, self.factors, strict=True)
        yield from itertools.product(*(range(-(-n // (c * f))) for n, c, f in sides))

    def inner(self, shard: Sequence[int]) -> Iterator[str]:
        """Yield the entries of the chunks in a shard, in the order of its index."""
        ranges = (range(i * f, (i + 1) * f) for i, f in zip(shard, self.factors, strict=True))
        yield from map(self.array.key, itertools.product(*ranges))


@dataclass(frozen=True)
class Resharding:
    """The chunks that are gathered into shards."""

    gatherings: tuple[_Gathering, ...] = ()
    documents: Mapping[str, bytes] = field(default_factory=dict)
    """The documents of the arrays that change, by entry name."""
    chunks: frozenset[str] = frozenset()
    """Entries that are gathered."""
    nbytes: int = 0
    """Size of these entries."""

    def entries(self, store: HierarchyStore) -> Iterator[tuple[str, bytes, int]]:
        """Yield name and bytes of every shard that is not empty, and the size of its chunks."""
        wanted = (
            (gathering.array.key(shard), name)
            for gathering in self.gatherings
            for shard in gathering.shards()
            for name in gathering.inner(shard)
        )
        ahead = expected_ahead(
            store, wanted, lambda item: item[1], lambda item: store.size_of(item[1]) or 0
        )
        with ahead as expected:
            for key, items in itertools.groupby(expected, lambda item: item[0]):
                made = _shard(store, [name for _, name in items])
                if made is not None:
                    content, nbytes = made
                    yield key, content, nbytes


def plan_resharding(
    store: HierarchyStore, documents: Mapping[str, bytes], names: Sequence[str]
) -> Resharding:
    """Find the arrays of Zarr v3 that have several chunks and no shards.

    Parameters
    ----------
    store : HierarchyStore
        Where the chunks lie.
    documents : mapping of str to bytes
        Every ``zarr.json`` by entry name.
    names : sequence of str
        All entries.
    """
    present = set(names)
    gatherings: list[_Gathering] = []
    changed: dict[str, bytes] = {}
    chunks: set[str] = set()
    for entry, content in documents.items():
        document = json.loads(content)
        gathering = _gathering(store, entry.rpartition("/")[0], document)
        if gathering is None:
            continue
        gatherings.append(gathering)
        changed[entry] = _sharded_document(document, gathering)
        for shard in gathering.shards():
            chunks.update(name for name in gathering.inner(shard) if name in present)
    nbytes = sum(store.size_of(name) or 0 for name in chunks)
    return Resharding(tuple(gatherings), changed, frozenset(chunks), nbytes)


def _gathering(store: HierarchyStore, path: str, document: object) -> _Gathering | None:
    if not isinstance(document, dict) or document.get("node_type") != "array":
        return None
    codecs = document.get("codecs")
    if not isinstance(codecs, list) or any(
        isinstance(codec, dict) and codec.get("name") == "sharding_indexed" for codec in codecs
    ):
        return None
    try:
        array = ChunkedArray(store, Node(path, "array", 3, {}, document))
    except MetadataError:
        return None  # copied as it is
    counts = [-(-n // c) for n, c in zip(array.shape, array.chunks, strict=True)]
    if not array.grid_chunk_shape or math.prod(counts) < 2:
        return None
    nbytes = math.prod(array.chunks) * array.dtype.itemsize
    return _Gathering(array, _factors(counts, nbytes))


def _factors(counts: Sequence[int], nbytes: int) -> tuple[int, ...]:
    """Return chunks per shard along each axis: all of the last axes, as the size allows."""
    room = max(1, TARGET_SHARD_BYTES // max(1, nbytes))
    factors = [1] * len(counts)
    for axis in reversed(range(len(counts))):
        factors[axis] = max(1, min(counts[axis], room))
        room //= factors[axis]
    return tuple(factors)


def _sharded_document(document: dict[str, object], gathering: _Gathering) -> bytes:
    chunks, factors = gathering.array.chunks, gathering.factors
    shape = [c * f for c, f in zip(chunks, factors, strict=True)]
    sharding = {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": list(chunks),
            "codecs": document["codecs"],
            "index_codecs": _INDEX_CODECS,
            "index_location": "end",
        },
    }
    grid = {"name": "regular", "configuration": {"chunk_shape": shape}}
    changed = document | {"chunk_grid": grid, "codecs": [sharding]}
    return json.dumps(changed, indent=1, ensure_ascii=False).encode()


def _shard(store: HierarchyStore, names: Sequence[str]) -> tuple[bytes, int] | None:
    chunks = [store.read(name) for name in names]
    shard = shard_of(chunks, (Checksum(),))
    return (
        None if shard is None else (shard, sum(len(chunk) for chunk in chunks if chunk is not None))
    )
