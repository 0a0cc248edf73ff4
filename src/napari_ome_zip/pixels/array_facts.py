"""How an array is stored: what its document says, parsed once for each distinct document."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast

import numpy as np
import zarr
from zarr.abc.codec import Codec
from zarr.core.array_spec import ArraySpec
from zarr.core.buffer import default_buffer_prototype
from zarr.core.codec_pipeline import FusedCodecPipeline
from zarr.core.metadata import ArrayV2Metadata, ArrayV3Metadata
from zarr.errors import ZarrUserWarning
from zarr.storage import MemoryStore, StorePath

from napari_ome_zip.errors import MetadataError
from napari_ome_zip.pixels.chunk_codecs import ObjectCodec, usual_codec
from napari_ome_zip.storage.hierarchy import Node

_MAX_CAUSE = 300

type Metadata = ArrayV2Metadata | ArrayV3Metadata
type Decoder = tuple[FusedCodecPipeline, ArraySpec]


@dataclass(frozen=True)
class ArrayFacts:
    """Everything about an array but its place."""

    metadata: Metadata
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    """As stored, in the stored byte order."""
    chunks: tuple[int, ...]
    """What is decoded as one; the whole array where its chunks differ in shape."""
    stored: tuple[int, ...]
    """What is stored as one entry: a shard where there are shards, else a chunk."""
    fill_value: Any
    regular: bool
    """Whether all chunks are of one shape, so that the cells of `stored` are entries."""
    usual: ObjectCodec | None
    """Where all codecs are usual ones: their C libraries, called directly."""
    decoder: Decoder | None
    """Else zarr's pipeline that works in the calling thread, for this array only.

    None where a codec cannot do so, or chunks differ in shape; zarr's public reading is used then.
    """

    @property
    def decodes_here(self) -> bool:
        """Whether stored objects are decoded and encoded in the calling thread."""
        return self.usual is not None or self.decoder is not None


def array_facts(node: Node) -> ArrayFacts:
    """What the document of an array says about how it is stored; no bytes are read.

    The levels of an image, and the fields of view of a plate, often have equal documents: each is
    handed to zarr once.

    Raises
    ------
    MetadataError
        If the document does not describe an array that zarr can read.
    """
    document = {key: value for key, value in node.document.items() if key != "attributes"}
    try:
        return _parsed(json.dumps(document), node.zarr_format)
    except (
        ValueError,
        TypeError,
        KeyError,
        ArithmeticError,
        NotImplementedError,
        ZarrUserWarning,
    ) as error:
        # zarr's errors for documents are all of these: a bad value, a missing or unknown key.
        cause = _shortened(str(error)).rstrip(".") or type(error).__name__
        raise MetadataError(
            f"Array '{node.path}' cannot be read: {cause}. It needs a data type, codec or "
            "extension that is not supported here, or its document is damaged."
        ) from error


def _shortened(text: str) -> str:
    """An error's text in one line; zarr quotes documents in full, however long they are."""
    line = " ".join(text[: 2 * _MAX_CAUSE].strip("'\"").split())
    return line if len(line) <= _MAX_CAUSE else f"{line[:_MAX_CAUSE]} …"


@lru_cache(maxsize=1024)
def _parsed(text: str, zarr_format: int) -> ArrayFacts:
    document = json.loads(text)
    if document.get("storage_transformers"):
        raise ValueError("it uses storage transformers, none of which is known")
    metadata: Metadata
    with warnings.catch_warnings():
        # What zarr would repair, with advice to those who write, is no array that can be shown.
        warnings.simplefilter("error", ZarrUserWarning)
        if zarr_format == 3:
            metadata = ArrayV3Metadata.from_dict(document)
        else:
            # Some writers put an empty list where null is meant.
            filters = document.get("filters") or None
            metadata = ArrayV2Metadata.from_dict({**document, "filters": filters, "attributes": {}})
    array: zarr.Array[Any] = zarr.Array(zarr.AsyncArray(metadata, StorePath(MemoryStore())))
    if array.dtype.kind != "T":
        _refuse_codecs_of_texts(document, array.dtype)
    regular = zarr_format == 2 or _has_regular_grid(document)
    fill = 0 if array.fill_value is None else array.fill_value
    dtype = np.dtype(array.dtype)
    usual = usual_codec(metadata, dtype, fill) if regular else None
    return ArrayFacts(
        metadata=metadata,
        shape=array.shape,
        dtype=dtype,
        chunks=array.chunks if regular else array.shape,
        stored=(array.shards or array.chunks) if regular else array.shape,
        fill_value=fill,
        regular=regular,
        usual=usual,
        decoder=_synchronous_decoder(array) if regular and usual is None else None,
    )


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


def _synchronous_decoder(array: zarr.Array[Any]) -> Decoder | None:
    metadata = array.metadata
    config = array.async_array.config
    if isinstance(metadata, ArrayV2Metadata):
        config = replace(config, order=metadata.order)  # v3 says it with a transpose codec
    spec = ArraySpec(
        shape=array.shards or array.chunks,
        dtype=metadata.dtype,
        fill_value=metadata.fill_value,
        config=config,
        prototype=default_buffer_prototype(),
    )
    codecs = cast("Iterable[Codec]", array.async_array.codec_pipeline)
    pipeline = FusedCodecPipeline.from_codecs(codecs).evolve_from_array_spec(spec)
    return (pipeline, spec) if pipeline.sync_transform is not None else None
