"""Between the bytes of stored objects and their pixels: what codecs have in common; chunks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from zarr.abc.store import ByteRequest

from napari_ome_zip.pixels.byte_codecs import Bytes, Content, Step, fill
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.storage import resolve_range

type Fetch = Callable[[ByteRequest | None], Content | None]
"""Bytes of an entry, or a range of them; None where there is no such entry."""


@dataclass(frozen=True)
class Held:
    """Bytes of a stored object that were read already, to be read like those of a store."""

    content: Content

    def read(self, byte_range: ByteRequest | None) -> memoryview:
        """A `Fetch` of these bytes."""
        start, stop = resolve_range(byte_range, len(self.content))
        return memoryview(self.content)[start:stop]


class ObjectCodec(Protocol):
    """Between stored objects (shards, or chunks where there are none) and pixels."""

    def read(self, fetch: Fetch, within: Region, out: npt.NDArray[Any]) -> bool:
        """Decode a region of one stored object into ``out``.

        Parameters
        ----------
        fetch : callable
            Gives the object's bytes.
        within : tuple of slice
            Start and stop of the region in the object, along every axis.
        out : ndarray
            Of the region's shape; any byte order.

        Returns
        -------
        bool
            False where there is no such object; ``out`` is left as it is then.

        Raises
        ------
        Exception
            Of any kind: what a codec raises on damaged bytes is the codec's choice.
        """

    def encode(self, pixels: npt.NDArray[Any]) -> bytes | None:
        """Bytes of one whole stored object; None where it holds the fill value alone."""


@dataclass(frozen=True)
class ChunkCodec:
    """Chunks that are stored one by one."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    """As stored, in the stored byte order."""
    steps: tuple[Step, ...]
    """From the bytes of the pixels in C order to what is stored."""
    fill_value: Any

    def decode(self, content: Content) -> npt.NDArray[Any]:
        """All pixels of one chunk from its bytes."""
        if self.steps:
            first, *others = self.steps
            for step in reversed(others):
                content = step.decode(content)
            content = first.decode(content, self.nbytes)
        return np.frombuffer(content, self.dtype).reshape(self.shape)

    @property
    def nbytes(self) -> int:
        """Size of a decoded chunk."""
        return math.prod(self.shape) * self.dtype.itemsize

    def decode_into(self, content: Content, out: Bytes) -> None:
        """As `decode`, into memory of the size of a chunk.

        Raises
        ------
        Exception
            Of any kind, as `decode`.
        """
        if not self.steps:
            fill(out, content)
            return
        for step in self.steps[:0:-1]:
            content = step.decode(content)
        self.steps[0].decode_into(content, out)

    def read(self, fetch: Fetch, within: Region, out: npt.NDArray[Any]) -> bool:
        # docstring inherited
        content = fetch(None)
        if content is None:
            return False
        out[...] = self.decode(content)[within]
        return True

    def encode(self, pixels: npt.NDArray[Any]) -> bytes | None:
        # docstring inherited
        content: Any = np.ascontiguousarray(pixels, self.dtype)
        if self._is_blank(content):
            return None
        for step in self.steps:
            content = step.encode(content)
        return bytes(content)

    def _is_blank(self, chunk: npt.NDArray[Any]) -> bool:
        if not any(np.asarray(self.fill_value, self.dtype).tobytes()):
            return not chunk.view(np.uint8).any()  # -0.0 is another value
        return bool(self.fill_value != 0 and (chunk == self.fill_value).all())
