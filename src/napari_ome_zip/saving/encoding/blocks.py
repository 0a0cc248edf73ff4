"""One region of an array that is saved: computed, encoded and reduced, in whichever process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_ome_zip.errors import SaveError
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.computing import computed
from napari_ome_zip.pixels.grid import ChunkCoordinates, Region, pieces, shape_of
from napari_ome_zip.pixels.reduction import Kind, reduce_block


@dataclass(frozen=True)
class Block:
    """What a process that does not write needs to know of a region."""

    target: ChunkedArray
    """The array, of which the document alone has to be there."""
    region: Region
    """A whole number of stored objects."""
    title: str
    """Name of the layer, for messages."""
    step: tuple[int, ...]
    """Pixels that become one in the next level; empty where there is none."""
    kind: Kind


@dataclass(frozen=True)
class EncodedBlock:
    """All that is left to do is to write it."""

    objects: tuple[tuple[ChunkCoordinates, npt.NDArray[np.uint8] | None], ...]
    """Bytes of each stored object, as arrays, which are sent without a copy."""
    reduced: npt.NDArray[Any] | None
    """Its part of the next level."""
    nbytes: int
    """Of its pixels."""


def encode_block(block: Block, pixels: npt.NDArray[Any]) -> EncodedBlock:
    """Encode and reduce the pixels of a block.

    Raises
    ------
    TypeError, ValueError
        If the pixels are not of the type of the array, or not of the region's shape.
    """
    expected = shape_of(block.region)
    if pixels.shape != expected:
        raise ValueError(f"a block has the shape {pixels.shape}, expected {expected}")
    objects = []
    for chunk, _, part in pieces(block.region, block.target.grid_chunk_shape):
        encoded = block.target.encode(chunk, pixels[part])
        objects.append((chunk, None if encoded is None else np.frombuffer(encoded, np.uint8)))
    reduced = reduce_block(pixels, block.step, block.kind) if block.step else None
    return EncodedBlock(tuple(objects), reduced, pixels.nbytes)


def computed_block(source: da.Array, title: str) -> npt.NDArray[Any]:
    """Pixels of one block, computed in this thread, of the shape and the type that were said.

    Raises
    ------
    SaveError
        If they cannot be computed, or are not what was said of them.
    """
    pixels = computed(source, title)
    if pixels.dtype.newbyteorder("=") != source.dtype.newbyteorder("="):
        raise SaveError(
            f"The data of '{title}' say that their pixels are {source.dtype}, but they are "
            f"{pixels.dtype}. Nothing was saved; an earlier file is untouched. "
            "Convert the data to one type first, "
            f"as with astype({str(pixels.dtype)!r})."
        )
    return pixels
