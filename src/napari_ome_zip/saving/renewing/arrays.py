"""Arrays of Zarr v2 as arrays of Zarr v3 whose chunks are the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import zarr
from numcodecs import Blosc
from zarr import Array
from zarr.abc.buffer import Buffer
from zarr.buffer import default_buffer_prototype
from zarr.metadata.migrate_v3 import migrate_to_v3
from zarr.storage import MemoryStore, StorePath

from napari_ome_zip.names import ZARR_JSON
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.storage.json_writing import to_json

CHUNKS = "c/"
"""What names of chunks begin with in Zarr v3, from the folder of their array."""

_USUAL_NAMES = {"name": "default", "configuration": {"separator": "/"}}


def renewed_array(array: ChunkedArray, names: Sequence[str]) -> bytes | None:
    """Return the ``zarr.json`` of an array of Zarr v2, for chunks named as is usual in Zarr v3.

    Parameters
    ----------
    array : ChunkedArray
    names : sequence of str
        Of its dimensions.

    Returns
    -------
    bytes or None
        None where Zarr v3 has no such array.
    """
    migrated = _migrated(json.dumps(_with_plain_shuffle(array)))
    if migrated is None:
        return None
    document = json.loads(migrated)
    document |= {
        "chunk_key_encoding": _USUAL_NAMES,
        "dimension_names": list(names),
        "attributes": dict(array.attributes),
    }
    return to_json(document)


def _with_plain_shuffle(array: ChunkedArray) -> dict[str, Any]:
    """The document with the way of shuffling that Blosc chose, which Zarr v3 has to name."""
    document = dict(array.document)
    compressor = document.get("compressor")
    if isinstance(compressor, Mapping) and compressor.get("shuffle") == Blosc.AUTOSHUFFLE:
        chosen = Blosc.BITSHUFFLE if array.dtype.itemsize == 1 else Blosc.SHUFFLE
        document["compressor"] = {**compressor, "shuffle": chosen}
    return document


@lru_cache(maxsize=256)
def _migrated(document: str) -> bytes | None:
    """Migrate a document once for the thousands of alike arrays of a plate."""
    before = default_buffer_prototype().buffer.from_bytes(document.encode())
    written: dict[str, Buffer] = {}
    try:
        array = zarr.open_array(MemoryStore({".zarray": before}), mode="r", zarr_format=2)
        migrate_to_v3(array, StorePath(MemoryStore(written)))
    except (NotImplementedError, TypeError, ValueError):
        return None  # what Zarr v3 has no codec or data type for
    return _with_fill_value(json.loads(written[ZARR_JSON].to_bytes()), array)


def _with_fill_value(document: dict[str, Any], array: Array[Any]) -> bytes:
    """What is shown of chunks that are not there: zeros, where Zarr v2 leaves that open."""
    if array.metadata.fill_value is None:
        document["fill_value"] = array.metadata.dtype.to_json_scalar(
            np.zeros((), array.dtype)[()], zarr_format=3
        )
    return to_json(document)


def renewed_chunk_names(array: ChunkedArray, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names of the chunks of an array of Zarr v2, each after its usual one in Zarr v3.

    Parameters
    ----------
    array : ChunkedArray
    names : sequence of str
        Of entries in its folder and below, from there.
    """
    separator = array.document.get("dimension_separator", ".")
    number = r"(?:0|[1-9][0-9]*)"
    is_chunk = re.compile(rf"{number}(?:{re.escape(separator)}{number}){{{len(array.shape) - 1}}}")
    for name in names:
        if is_chunk.fullmatch(name):
            yield f"{CHUNKS}{name.replace(separator, '/')}", name
