"""One Zarr array, read without an event loop; what cannot be read is told, and not fatal."""

from __future__ import annotations

import itertools
import math
import threading
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import zarr
from zarr.storage import StorePath

from napari_ome_zip.errors import DamagedEntryError, OmeZipError, UnreadableChunkError
from napari_ome_zip.pixels.array_facts import array_facts
from napari_ome_zip.pixels.chunk_codecs import (
    Held,
    ObjectCodec,
    Region,
    cell_ranges,
    piece_of,
    pieces,
)
from napari_ome_zip.pixels.stored_chunks import StoredCells, boxes
from napari_ome_zip.pixels.strictness import Checked, checked_entries
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.storage.hierarchy import Node

MAX_DAMAGE_REPORTS = 3
MAX_LOOKED_UP = 2**12
"""Stored objects that are asked for one by one, at most; more are taken from the store's list."""
MAX_LISTED = 2**20
"""Stored objects whose places are kept for one array, at most."""

type Piece = tuple[tuple[int, ...], Region, Region]
"""Part of one stored object: its cell in the grid, the region in it, and that in the output."""


class PixelSource(Protocol):
    """Anything that regions of pixels can be read from."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along each axis."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""

    @property
    def ndim(self) -> int:
        """Number of dimensions."""

    @property
    def chunks(self) -> Any:
        """Size of a chunk along each axis (of a dask array: of every block)."""

    def __getitem__(self, key: Any) -> Any:
        """Read a region, given as one slice or integer an axis."""


class DamagedChunkWarning(UserWarning):
    """A chunk cannot be read; the fill value is shown in its place."""


class ChunkedArray:
    """Array-like view of a Zarr array that survives damaged chunks.

    Every region is read in the calling thread: dask's threads are the parallelism, so no
    event loop and no second pool stand between a block and its bytes. A chunk that cannot be
    read or decoded is shown as the fill value and reported once, by name; within
    `strict_reading` it is an error instead.

    Parameters
    ----------
    store : HierarchyStore
        Where the array lies.
    node : Node
        The array's document.

    Raises
    ------
    MetadataError
        If the document does not describe an array that zarr can read.
    """

    def __init__(self, store: HierarchyStore, node: Node) -> None:
        self._store = store
        self._node = node
        self._reported: set[str] = set()
        self._lock = threading.Lock()
        self._always_checked: Checked | None = None
        self._open()

    def _open(self) -> None:
        facts = array_facts(self._node)
        self._facts = facts
        self.path = self._node.path
        self.shape = facts.shape
        # Texts of any length (of tables beside the image) have no byte order.
        self.dtype = facts.dtype if facts.dtype.kind == "T" else facts.dtype.newbyteorder("=")
        self.ndim = len(self.shape)
        self.chunks, self.stored = facts.chunks, facts.stored

    def __getstate__(self) -> tuple[HierarchyStore, Node, bool]:
        return self._store, self._node, self._checked is not None

    def __setstate__(self, state: tuple[HierarchyStore, Node, bool]) -> None:
        store, node, strict = state
        self.__init__(store, node)  # type: ignore[misc]
        self._always_checked = set() if strict else None

    @property
    def _checked(self) -> Checked | None:
        """What was checked already where reading is strict, here or since it was pickled."""
        found = checked_entries()
        return self._always_checked if found is None else found

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        """Read a region, given as one slice (of step 1) or integer an axis."""
        region, steps = split_key(key, self.shape)
        return self.read(region)[steps]

    def read(self, region: Region) -> npt.NDArray[Any]:
        """Pixels of ``region`` (start and stop of every axis) in native byte order.

        Raises
        ------
        UnreadableChunkError
            Within `strict_reading`, if a chunk of it is damaged or cannot be read.
        """
        out = np.empty(tuple(max(0, s.stop - s.start) for s in region), dtype=self.dtype)
        self.read_into(region, out)
        return out

    def read_into(self, region: Region, out: npt.NDArray[Any]) -> None:
        """As `read`, into an array of the region's shape and this dtype."""
        if not out.size:
            return
        as_stored = out if out.dtype == self._facts.dtype else np.empty_like(out, self._facts.dtype)
        for piece in self._stored_pieces(region, as_stored):
            self._read_piece(piece, as_stored)
        if as_stored is not out:
            out[...] = as_stored

    def _stored_pieces(self, region: Region, out: npt.NDArray[Any]) -> Iterable[Piece]:
        """The pieces to read of a region; of very many those that are there, the rest is filled."""
        cells = None
        if math.prod(len(r) for r in cell_ranges(region, self.stored)) > MAX_LOOKED_UP:
            cells = self._listed
        if cells is None:
            return pieces(region, self.stored)
        out[...] = self._facts.fill_value
        wanted = cells.within(cell_ranges(region, self.stored))
        return (piece_of(tuple(cell), region, self.stored) for cell in wanted.tolist())

    @property
    def fill_value(self) -> Any:
        """What is shown where nothing is stored."""
        return self._facts.fill_value

    def stored_boxes(self, region: Region) -> npt.NDArray[np.int64] | None:
        """Where pixels of a region are stored.

        Returns
        -------
        ndarray or None
            Of shape ``(n, 2, ndim)``: first pixel and one past the last of each stored object, as
            far as they lie in the region. None where that is not known: any may be stored.
        """
        if self._checked is not None or not self._facts.regular:
            return None  # absent or unreachable: reading finds out
        ranges = cell_ranges(region, self.stored)
        few = math.prod(self._grid) <= MAX_LOOKED_UP
        # A list that has to be made anew each time is worth it for many alone.
        cells = None if few and self._store.names_may_grow else self._listed
        if cells is not None:
            return boxes(cells.within(ranges), region, self.stored)
        if not few:
            return None
        asked = [cell for cell in itertools.product(*ranges) if self._store.has(self.key(cell))]
        found = np.array(asked, dtype=np.int64).reshape(-1, self.ndim)
        return boxes(found, region, self.stored)

    @property
    def _grid(self) -> tuple[int, ...]:
        return tuple(-(-n // s) for n, s in zip(self.shape, self.stored, strict=True))

    @property
    def _listed(self) -> StoredCells | None:
        """The stored objects there are, from the names in the store; None where not known."""
        if self._checked is not None or not self._facts.regular:
            return None
        if self._store.names_may_grow:
            return self._list()
        return self._listed_once

    @cached_property
    def _listed_once(self) -> StoredCells | None:
        return self._list()

    def _list(self) -> StoredCells | None:
        names = self._store.names_below(self.path)
        if names is None or len(names) > MAX_LISTED:
            return None
        return StoredCells.of(names, self.key, self._grid)

    def encode(self, cell: tuple[int, ...], pixels: npt.NDArray[Any]) -> bytes | None:
        """Bytes to store for one cell of the grid; None where it holds the fill value alone.

        Parameters
        ----------
        cell : tuple of int
            Position in the grid of stored objects (shards, or chunks where there are none).
        pixels : ndarray
            The part of the array that lies in the cell, smaller than the cell at the border.

        Raises
        ------
        TypeError
            If the pixels are of another type than the array: converting them could change them.
        ValueError
            If their shape is not that of the part: the rest would be made up.
        """
        codec = self._object_codec
        self._check_pixels(cell, pixels)
        if pixels.shape != self.stored:
            padded = np.full(self.stored, self._facts.fill_value, dtype=self._facts.dtype)
            padded[tuple(slice(0, n) for n in pixels.shape)] = pixels
            pixels = padded
        return codec.encode(pixels)

    def _check_pixels(self, cell: tuple[int, ...], pixels: npt.NDArray[Any]) -> None:
        if pixels.dtype.newbyteorder("=") != self.dtype:
            raise TypeError(
                f"Pixels of type {pixels.dtype} for {self.key(cell)}, expected {self.dtype}."
            )
        sides = zip(cell, self.stored, self.shape, strict=True)
        part = tuple(min(n, size - i * n) for i, n, size in sides)
        if pixels.shape != part:
            raise ValueError(
                f"Pixels of shape {pixels.shape} for {self.key(cell)}, expected {part}."
            )

    def decode(self, cell: tuple[int, ...], content: bytes | memoryview) -> npt.NDArray[Any]:
        """Pixels of one stored object (shard, or chunk where there are none) from its bytes.

        Parameters
        ----------
        cell : tuple of int
            Position in the grid of stored objects.
        content : bytes-like
            The bytes of its entry.

        Raises
        ------
        Exception
            Of any kind: what a codec raises on damaged bytes is the codec's choice.
        """
        out = np.empty(self.stored, dtype=self._facts.dtype)
        whole = tuple(slice(0, n) for n in self.stored)
        self._object_codec.read(Held(content).read, whole, out)
        return out

    @property
    def is_regular(self) -> bool:
        """Whether all chunks are of one shape, so that `decode` and `encode` can be used."""
        return self._facts.regular

    @property
    def _object_codec(self) -> ObjectCodec:
        if self._facts.codec is None:
            raise TypeError("an array whose chunks differ in shape is read by zarr as a whole")
        return self._facts.codec

    @property
    def document(self) -> Mapping[str, Any]:
        """The array's metadata document, as it is in the file."""
        return self._node.document

    @property
    def zarr_format(self) -> int:
        """2 or 3."""
        return self._node.zarr_format

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What others noted about the array."""
        return self._node.attributes

    def _read_piece(self, piece: Piece, out: npt.NDArray[Any]) -> None:
        if self._checked is not None:
            self._read_strictly(self._checked, piece, out)
            return
        cell, _, target = piece
        try:
            self._decode(piece, out)
        except MemoryError:
            raise
        except DamagedEntryError as error:
            self._read_damaged(error, piece, out)
        except Exception as error:  # noqa: BLE001  a damaged chunk can make a codec raise anything
            if _is_from_system(error):
                # The disk or network failed, not the chunk: the next view asks again.
                out[target] = self._facts.fill_value
                self._report(cell, None, error)
            else:
                self._lose(error, piece, out)

    def _read_strictly(
        self,
        checked: Checked,
        piece: Piece,
        out: npt.NDArray[Any],
    ) -> None:
        """Read what was written, or raise; nothing is remembered of earlier, tolerant reads."""
        name = self.key(piece[0])
        try:
            if self._facts.regular and (self._is_sharded or not self._store.has(name)):
                # Parts of a shard are read without its checksum; what is absent may be out of
                # reach instead.
                entry = (id(self._store), name)
                if entry not in checked:
                    self._store.verify(name)
                    checked.add(entry)
            self._decode(piece, out)
        except MemoryError:
            raise
        except Exception as error:
            raise self._unreadable(name, error) from error

    def _unreadable(self, name: str, error: Exception) -> UnreadableChunkError:
        source = self._store.source
        file = repr(self._store.name if source is None else Path(source).name)
        if _is_from_system(error) or not _is_damage(error):
            return UnreadableChunkError(
                f"Chunk {name} of {file} cannot be read: {_sentence(error)}",
                f"Make sure that {file} can be reached, and try again.",
                getattr(error, "errno", None),
            )
        return UnreadableChunkError(
            f"Chunk {name} of {file} is damaged: {_sentence(error)}",
            f"Use an intact copy of {file}, or leave this image out.",
        )

    @property
    def _is_sharded(self) -> bool:
        return self._facts.array.shards is not None

    def _read_damaged(self, error: DamagedEntryError, piece: Piece, out: npt.NDArray[Any]) -> None:
        """Show what can still be decoded of bytes whose checksum is wrong."""
        cell, _, target = piece
        if error.content is None:
            out[target] = self._facts.fill_value
            self._report(cell, None, error)
            return
        try:
            self._decode(piece, out, error.content)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  a damaged chunk can make a codec raise anything
            self._lose(error, piece, out)
        else:
            self._report(cell, None, error, shown="shown as far as it can be decoded")

    def _lose(self, error: Exception, piece: Piece, out: npt.NDArray[Any]) -> None:
        """Show the fill value; of a shard only where its inner chunks cannot be read either."""
        cell, within, target = piece
        if self.stored == self.chunks:
            out[target] = self._facts.fill_value
            self._report(cell, None, error)
            return
        lost = {}
        if math.prod(len(r) for r in cell_ranges(within, self.chunks)) > MAX_LOOKED_UP:
            # More chunks than a shard with an intact index is worth a try for.
            out[target] = self._facts.fill_value
            self._report(cell, None, error)
            return
        inner_pieces = list(pieces(within, self.chunks))
        for inner, inside, offset in inner_pieces:
            part = tuple(
                slice(i * n + p.start, i * n + p.stop)
                for i, n, p in zip(inner, self.chunks, inside, strict=True)
            )
            into = tuple(
                slice(t.start + o.start, t.start + o.stop)
                for t, o in zip(target, offset, strict=True)
            )
            try:
                self._decode((cell, part, into), out)
            except MemoryError:
                raise
            except Exception as problem:  # noqa: BLE001  as above
                out[into] = self._facts.fill_value
                lost[self._in_array(cell, inner)] = problem
        if len(lost) == len(inner_pieces) > 1:
            self._report(cell, None, error)  # nothing of the shard can be read: its index, mostly
            return
        for number, reason in lost.items():
            self._report(cell, number, reason)

    def _in_array(self, cell: tuple[int, ...], inner: tuple[int, ...]) -> tuple[int, ...]:
        """Number of an inner chunk in the whole array."""
        sides = zip(cell, self.stored, self.chunks, inner, strict=True)
        return tuple(i * (stored // chunk) + number for i, stored, chunk, number in sides)

    def _decode(
        self, piece: Piece, out: npt.NDArray[Any], content: bytes | memoryview | None = None
    ) -> None:
        """Decode one piece from the store, or from bytes that were read already.

        What is not stored is the fill value.
        """
        cell, within, target = piece
        name = self.key(cell)
        part = out[target] if target else out  # not a number where there are no axes
        if self._facts.codec is None:
            part[...] = self._zarr_array[within]
            return
        fetch = partial(self._store.read, name) if content is None else Held(content).read
        if not self._facts.codec.read(fetch, within, part):
            part[...] = self._facts.fill_value

    @cached_property
    def _zarr_array(self) -> zarr.Array[Any]:
        """zarr's own reading, for arrays whose chunks differ in shape."""
        path = StorePath(self._store, self.path)
        return zarr.Array(zarr.AsyncArray(self._facts.array.metadata, path))

    def key(self, cell: tuple[int, ...]) -> str:
        """Entry that holds a cell of the grid of stored objects."""
        key = self._facts.array.metadata.encode_chunk_key(cell)
        return f"{self.path}/{key}" if self.path else key

    def _report(
        self,
        cell: tuple[int, ...],
        inner: tuple[int, ...] | None,
        error: Exception,
        shown: str = "shown empty",
    ) -> None:
        name = self.key(cell)
        within = f", inner chunk {inner}" if inner is not None else ""
        with self._lock:
            known = not self._reported.isdisjoint((name, name + within))
            if known or len(self._reported) > MAX_DAMAGE_REPORTS:
                return
            self._reported.add(name + within)
            last = len(self._reported) > MAX_DAMAGE_REPORTS
        what = "Unreadable" if _is_from_system(error) else "Damaged"
        message = (
            f"More chunks of '{self.path}' are damaged; they are not listed here."
            if last
            else f"{what} chunk {name}{within}: {shown}. {_sentence(error)}"
        )
        if self._store.on_damage is not None:
            self._store.on_damage(message)
        else:
            warnings.warn(message, DamagedChunkWarning, stacklevel=2)


def _is_from_system(error: Exception) -> bool:
    """Whether the operating system refused: codecs raise errors of that kind without a number."""
    return (
        isinstance(error, OSError)
        and not isinstance(error, DamagedEntryError)
        and error.errno is not None
    )


def _is_damage(error: Exception) -> bool:
    return isinstance(error, DamagedEntryError) or not isinstance(error, OmeZipError)


def _sentence(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text if text.endswith(".") else f"{text}."


@dataclass(frozen=True)
class ChannelView:
    """One channel of an array, as an array without the channel axis.

    Cutting a channel out of a dask array would cost a layer of its graph, and the time to make it,
    for every level of every channel; cutting it out of what is read costs nothing.
    """

    array: PixelSource
    axis: int
    """Position of the channel axis."""
    channel: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """Number of dimensions, without the channel axis."""
        return self.array.ndim - 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along each axis but the channel axis."""
        return self._without(self.array.shape)

    @property
    def chunks(self) -> tuple[int, ...]:
        """Size of a chunk along each axis but the channel axis."""
        return self._without(self.array.chunks)

    @property
    def stored(self) -> tuple[int, ...]:
        """Size of what is stored as one along each axis but the channel axis."""
        return self._without(getattr(self.array, "stored", self.array.chunks))

    def __getitem__(self, key: Any) -> npt.NDArray[Any]:
        """Read a region, as `ChunkedArray` does."""
        key = key if isinstance(key, tuple) else (key,)
        key += (slice(None),) * (self.ndim - len(key))
        pixels: npt.NDArray[Any] = self.array[(*key[: self.axis], self.channel, *key[self.axis :])]
        return pixels

    def read_into(self, region: Region, out: npt.NDArray[Any]) -> None:
        """As of the array it is cut out of, which must be able to."""
        channel = slice(self.channel, self.channel + 1)
        whole = (*region[: self.axis], channel, *region[self.axis :])
        self.array.read_into(whole, np.expand_dims(out, self.axis))  # type: ignore[attr-defined]

    def _without(self, values: tuple[int, ...]) -> tuple[int, ...]:
        return values[: self.axis] + values[self.axis + 1 :]


def _indices(key: Any, size: int) -> range:
    """The indices along one axis that a slice or an integer means."""
    if isinstance(key, slice):
        return range(*key.indices(size))
    if not -size <= key < size:
        raise IndexError(f"index {key} is out of bounds for an axis of size {size}")
    return range(int(key) % size, int(key) % size + 1)


def split_key(key: Any, shape: Sequence[int]) -> tuple[Region, tuple[slice | int, ...]]:
    """A NumPy index of slices and integers as a region to read, and what to keep of it."""
    key = key if isinstance(key, tuple) else (key,)
    key += (slice(None),) * (len(shape) - len(key))
    wanted = [_indices(k, n) for k, n in zip(key, shape, strict=True)]
    # Not by min and max, which go through all of a range.
    ends = [(min(r[0], r[-1]), max(r[0], r[-1])) if r else (0, -1) for r in wanted]
    region = tuple(slice(first, last + 1) for first, last in ends)
    steps = tuple(
        slice(None, None, r.step) if isinstance(k, slice) else 0
        for k, r in zip(key, wanted, strict=True)
    )
    return region, steps
