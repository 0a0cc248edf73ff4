"""Labels as they are at one moment, however they are painted afterwards."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numcodecs import Zstd

from napari_ome_zip.errors import SaveError
from napari_ome_zip.pixels.grid import (
    ChunkCoordinates,
    Piece,
    Region,
    chunk_region,
    pieces,
    shape_of,
    small_blocks,
)
from napari_ome_zip.pixels.source import PixelSource
from napari_ome_zip.threads import in_threads

BATCH_BLOCKS = 8
"""What one thread compresses at a time: handing over single blocks takes longer than the work."""

KEPT_BYTES = 2**26
"""Compressed blocks take at most so much memory (64 MiB)..."""
KEPT_PART = 8
"""...or this part of the pixels, whichever is more."""

_CODEC = Zstd(level=1)

type _Block = tuple[ChunkCoordinates, bytes | None, int]
"""Coordinates, compressed bytes where there is room for them, and CRC-32 of the pixels."""


class Snapshot(PixelSource):
    """The pixels of an array in memory at the time when this is made.

    Labels are large areas of one value: compressing them takes less time than a copy would, and a
    hundredth of its memory. Where it does not, the rest is not kept: of each further block the
    checksum is, so that a change is found, and an error instead of a mixture of before and after.

    Parameters
    ----------
    pixels : ndarray
        May be changed as soon as this returns.
    title : str
        Name of the layer, for messages.
    """

    def __init__(self, pixels: npt.NDArray[Any], title: str) -> None:
        self._shape = pixels.shape
        self._dtype = pixels.dtype
        self._title = title
        self._room = max(KEPT_BYTES, pixels.nbytes // KEPT_PART)
        self._kept: dict[ChunkCoordinates, bytes] = {}
        self._checksums: dict[ChunkCoordinates, int] = {}
        self._take(pixels)
        self._pixels = pixels if self._checksums else None

    @property
    def shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        # docstring inherited
        return self._dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        # docstring inherited
        return small_blocks(self._shape, self._dtype.itemsize)

    @property
    def is_in_memory(self) -> bool:
        # docstring inherited
        return True

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Pixels of a region, as they were.

        Raises
        ------
        SaveError
            If they were changed, and are not kept.
        """
        out = np.empty(shape_of(region), self._dtype)
        for coordinates, within, target in pieces(region, self.chunks):
            out[target] = self._block(coordinates)[within]
        return out

    def _take(self, pixels: npt.NDArray[Any]) -> None:
        whole = tuple(slice(0, n) for n in self._shape)

        def compress(batch: Sequence[Piece]) -> list[_Block]:
            found = []
            for coordinates, _, part in batch:
                block = np.ascontiguousarray(pixels[part])
                compressed = _CODEC.encode(block) if self._room else None
                found.append((coordinates, compressed, zlib.crc32(block)))
            return found

        def keep(_: Sequence[Piece], blocks: list[_Block]) -> None:
            for coordinates, compressed, checksum in blocks:
                if compressed is not None and len(compressed) <= self._room:
                    self._room -= len(compressed)
                    self._kept[coordinates] = compressed
                else:
                    self._room = 0
                    self._checksums[coordinates] = checksum

        each = itertools.batched(pieces(whole, self.chunks), BATCH_BLOCKS)
        in_threads(compress, each, keep, name="ome-zip-snapshot", in_order=True)

    def _block(self, coordinates: ChunkCoordinates) -> npt.NDArray[Any]:
        region = chunk_region(coordinates, self.chunks, self._shape)
        block = np.empty(shape_of(region), self._dtype)
        if self._pixels is None or coordinates in self._kept:
            _CODEC.decode(self._kept[coordinates], block)
            return block
        block[...] = self._pixels[region]
        if zlib.crc32(block) != self._checksums[coordinates]:
            raise SaveError(
                f"'{self._title}' was painted while it was saved. Nothing was saved; an earlier "
                "file is untouched. Save again, and paint on when it is done."
            )
        return block
