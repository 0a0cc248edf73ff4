"""How an array is stored: what its document says, parsed once for each distinct document."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import zarr
from zarr.errors import ZarrUserWarning
from zarr.storage import MemoryStore, StorePath
from zarr.types import AnyArray

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.pixels.chunk_codecs import ObjectCodec
from napari_ome_zip.pixels.usual_codecs import usual_codec
from napari_ome_zip.pixels.zarr_codec import ZarrCodec
from napari_ome_zip.rules import MUST, Effect, Rule
from napari_ome_zip.storage.hierarchy import Node
from napari_ome_zip.storage.json_document import JsonDocument

NOT_READABLE = Rule(
    "array-not-readable",
    MUST,
    "Zarr: array metadata",
    "The arrays of an image can be read: their document is complete, their codecs are known.",
    "Write the array again with the usual codecs (zstd, blosc, gzip), or update this program.",
    effect=Effect.NOT_SHOWN,
)

_MAX_CAUSE = 300


@dataclass(frozen=True)
class ArrayFacts:
    """Everything about an array but its place."""

    array: AnyArray
    """As zarr reads the document; it lies nowhere."""
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    """As stored, in the stored byte order."""
    chunks: tuple[int, ...]
    """What is decoded as one; the whole array where its chunks differ in shape."""
    grid_chunk_shape: tuple[int, ...]
    """What is stored as one entry: a shard where there are shards, else a chunk."""
    fill_value: Any
    codec: ObjectCodec | None
    """Of the stored objects; None where chunks differ in shape, and zarr reads the whole array."""


def array_facts(node: Node) -> ArrayFacts:
    """What the document of an array says about how it is stored; no bytes are read.

    The levels of an image, and the fields of view of a plate, often have equal documents: each is
    handed to zarr once, and not even looked through again.

    Raises
    ------
    MetadataError
        If the document does not describe an array that zarr can read.
    """
    document, zarr_format = node.document, node.zarr_format
    shared = document if isinstance(document, JsonDocument) else JsonDocument({})
    if isinstance(shared.worked_out, _Known) and shared.worked_out.zarr_format == zarr_format:
        return shared.worked_out.facts
    own = {key: value for key, value in document.items() if key != "attributes"}
    try:
        facts = _parsed(json.dumps(own), zarr_format)
    except (
        ValueError,
        TypeError,
        KeyError,
        ArithmeticError,
        NotImplementedError,
    ) as error:
        # zarr's errors for documents are all of these: a bad value, a missing or unknown key.
        cause = _shortened(str(error)).rstrip(".") or type(error).__name__
        raise MetadataError(
            f"Array '{node.path}' cannot be read: {cause}. It needs a data type, codec or "
            "extension that is not supported here, or its document is damaged."
        ) from error
    shared.worked_out = _Known(zarr_format, facts)
    return facts


class _Known(NamedTuple):
    """What is remembered of a document, which could be read as one of either format."""

    zarr_format: int
    facts: ArrayFacts


def _shortened(text: str) -> str:
    """An error's text in one line; zarr quotes documents in full, however long they are."""
    line = " ".join(text[: 2 * _MAX_CAUSE].strip("'\"").split())
    return line if len(line) <= _MAX_CAUSE else f"{line[:_MAX_CAUSE]} …"


@lru_cache(maxsize=1024)
def _parsed(text: str, zarr_format: int) -> ArrayFacts:
    document = json.loads(text)
    if document.get("storage_transformers"):
        raise ValueError("it uses storage transformers, none of which is known")
    if zarr_format == 2:
        # Some writers put an empty list where null is meant.
        document |= {"filters": document.get("filters") or None, "attributes": {}}
    array = _array(document)
    if array.dtype.kind != "T":
        _refuse_codecs_of_texts(document, array.dtype)
    regular = zarr_format == 2 or _has_regular_grid(document)
    fill = 0 if array.fill_value is None else array.fill_value
    dtype = np.dtype(array.dtype)
    grid_chunk_shape = (array.shards or array.chunks) if regular else array.shape
    codec: ObjectCodec | None = None
    if regular:
        codec = usual_codec(array, dtype, fill)
        codec = codec or ZarrCodec(document | {"shape": grid_chunk_shape}, array.shards is not None)
    return ArrayFacts(
        array=array,
        shape=array.shape,
        dtype=dtype,
        chunks=array.chunks if regular else array.shape,
        grid_chunk_shape=grid_chunk_shape,
        fill_value=fill,
        codec=codec,
    )


def _array(document: Any) -> AnyArray:
    """As zarr understands a document. What it would repair is an error: it could not be shown."""
    place = StorePath(MemoryStore())
    with warnings.catch_warnings():
        warnings.simplefilter("error", ZarrUserWarning)
        try:
            return zarr.Array(zarr.AsyncArray(document, place))
        except ZarrUserWarning as warning:
            # The array has no place yet that anyone could look for.
            raise ValueError(str(warning).removeprefix(f"Array {str(place)!r}: ")) from warning


def _refuse_codecs_of_texts(document: Mapping[str, Any], dtype: Any) -> None:
    """Refuse ``vlen-*`` where pixels are numbers: it makes room for as many as a chunk claims."""
    waiting = [document]
    while waiting:
        codec = waiting.pop()
        name = codec.get("name", codec.get("id"))
        if isinstance(name, str) and name.removeprefix("numcodecs.").startswith("vlen"):
            raise ValueError(f"codec {name} is of items of any length, but its type is {dtype}")
        configuration = codec.get("configuration")
        for holder in (codec, configuration if isinstance(configuration, dict) else {}):
            for key in ("codecs", "filters", "index_codecs"):
                waiting += [each for each in holder.get(key) or () if isinstance(each, dict)]


def _has_regular_grid(document: Mapping[str, Any]) -> bool:
    """Whether all chunks are of one shape; Zarr v2 knows no other grid."""
    grid = document.get("chunk_grid")
    return isinstance(grid, dict) and grid.get("name") == "regular"
