"""Looks through the arrays of a table before another library reads them.

Libraries believe what arrays say of themselves: a chunk that claims billions of texts would take
all memory. What is damaged, or larger than it should be, is an error here, which says where.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from napari_ome_zip.errors import MetadataError, OmeZipError, TableError, raise_line_failure
from napari_ome_zip.image.tables.backends.bounds import Bounds, too_large, unreadable
from napari_ome_zip.pixels.array_facts import array_facts
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.stored_texts import check_texts
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.storage.hierarchy import Hierarchy, Node

MAX_CHUNKS = 1 << 16
"""Chunks of one array, at most: each takes time, stored or not."""

_BYTES_PER_CELL = 64
"""Of an array, for each cell that a table may have, at most."""


def look_through(hierarchy: Hierarchy, table: str, paths: Sequence[str], bounds: Bounds) -> None:
    """Read some arrays once, all of each.

    Parameters
    ----------
    hierarchy : Hierarchy
    table : str
        Path of the table that they belong to, for messages.
    paths : sequence of str
        Of the arrays.
    bounds : Bounds
        No array may have more values than a table cells.

    Raises
    ------
    TableError
        If one is missing or damaged, or larger than it may be.
    """
    try:
        nodes = [_array_node(hierarchy, path) for path in paths]
        arrays = [ChunkedArray(hierarchy.store, node) for node in nodes]
        for array in arrays:
            _refuse_large(table, array, bounds)
        wanted = [key for array in arrays for key in _keys(array)]
        expected = hierarchy.store.expect(wanted)
        try:
            for array, node in zip(arrays, nodes, strict=True):
                _look_through(hierarchy, array, node)
        finally:
            expected.end()
    except TableError:
        raise
    except (OmeZipError, OSError, ValueError) as error:
        raise_line_failure(error)
        raise unreadable(table, error) from error


def _array_node(hierarchy: Hierarchy, path: str) -> Node:
    node = hierarchy.node(path)
    if node is None or node.kind != "array":
        raise MetadataError(f"its array '{path}' is missing")
    return node


def _refuse_large(table: str, array: ChunkedArray, bounds: Bounds) -> None:
    if array.dtype.kind not in "biufTUS":
        raise MetadataError(f"'{array.path}' holds {array.dtype}, expected numbers or texts")
    count = math.prod(array.shape)
    chunks = math.prod(-(-n // c) for n, c in zip(array.shape, array.grid_chunk_shape, strict=True))
    largest = max(count, math.prod(array.grid_chunk_shape))
    if largest > bounds.cells or largest * array.dtype.itemsize > _BYTES_PER_CELL * bounds.cells:
        raise too_large(table, f"{largest:,} values in '{array.path}'")
    if chunks > MAX_CHUNKS:
        raise MetadataError(f"'{array.path}' is in {chunks:,} chunks, expected {MAX_CHUNKS:,}")


def _keys(array: ChunkedArray) -> Iterator[str]:
    return map(array.key, np.ndindex(*array.chunk_grid_shape))


def _look_through(hierarchy: Hierarchy, array: ChunkedArray, node: Node) -> None:
    if array.dtype.kind == "T":
        facts = array_facts(node)
        for key in _keys(array):
            stored = hierarchy.store.read(key)
            try:
                if stored is not None:
                    check_texts(facts, stored)
            except ValueError as error:
                raise MetadataError(f"'{key}' is damaged: {error}") from error
    elif math.prod(array.shape):
        with strict_reading():
            array.read(tuple(slice(0, n) for n in array.shape))
