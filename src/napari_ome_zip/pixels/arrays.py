"""One Zarr array, read in the thread that asks; what cannot be read is reported, and not fatal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from zarr.storage import StorePath

from napari_ome_zip.errors import DamagedEntryError, ReadCancelledError
from napari_ome_zip.pixels.array_facts import array_facts
from napari_ome_zip.pixels.best_known import BestKnown
from napari_ome_zip.pixels.byte_codecs import Content
from napari_ome_zip.pixels.chunk_codecs import ChunkCodec, Held, ObjectCodec
from napari_ome_zip.pixels.chunk_reader import ChunkReader
from napari_ome_zip.pixels.damage import NOT_DAMAGE, DamageReports, is_from_system, unreadable
from napari_ome_zip.pixels.expecting import StoredArray, WantedLater, expecting
from napari_ome_zip.pixels.grid import (
    ChunkCoordinates,
    Piece,
    Region,
    chunk_ranges,
    chunk_region,
    piece_of,
    pieces,
    shape_of,
)
from napari_ome_zip.pixels.remote_pixels import remote_best_known
from napari_ome_zip.pixels.shard_codec import ShardCodec
from napari_ome_zip.pixels.source import DirectSource
from napari_ome_zip.pixels.stored_chunks import MAX_LOOKED_UP, StoredChunks, boxes
from napari_ome_zip.pixels.strictness import Checked, checked_entries
from napari_ome_zip.storage import HierarchyStore, Wanted
from napari_ome_zip.storage.hierarchy import Node


class ChunkedArray(DirectSource):
    """A Zarr array of a hierarchy that survives damaged chunks.

    Every region is read in the calling thread: whoever wants more asks from several, so no
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

    Examples
    --------
    >>> array = ChunkedArray(store, hierarchy.node("0"))  # doctest: +SKIP
    >>> array[3, :100, :100]  # doctest: +SKIP
    """

    def __init__(self, store: HierarchyStore, node: Node) -> None:
        self._store = store
        self._node = node
        self._facts = array_facts(node)
        self._reports = DamageReports(store, node.path)
        self._always_checked: Checked | None = None

    def __getstate__(self) -> tuple[HierarchyStore, Node, bool]:
        return self._store, self._node, self._checked is not None

    def __setstate__(self, state: tuple[HierarchyStore, Node, bool]) -> None:
        store, node, strict = state
        self.__init__(store, node)  # type: ignore[misc]
        self._always_checked = set() if strict else None

    # What it is

    @property
    def path(self) -> str:
        # docstring inherited
        return self._node.path

    @property
    def shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self._facts.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        # docstring inherited
        # Strings of any length (of tables beside the image) have no byte order.
        dtype = self._facts.dtype
        return dtype if dtype.kind == "T" else dtype.newbyteorder("=")

    @property
    def chunks(self) -> tuple[int, ...]:
        # docstring inherited
        return self._facts.chunks

    @property
    def grid_chunk_shape(self) -> tuple[int, ...]:
        # docstring inherited
        return self._facts.grid_chunk_shape

    @property
    def fill_value(self) -> Any:
        # docstring inherited
        return self._facts.fill_value

    @property
    def gains_from_threads(self) -> bool:
        # docstring inherited
        return self._reader is None or self._reader.gains_from_threads

    @property
    def is_regular(self) -> bool:
        """Whether all chunks are of one shape, so that `decode` and `encode` can be used."""
        return self._facts.codec is not None

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

    def key(self, coordinates: ChunkCoordinates) -> str:
        """Name of the entry that holds a chunk of the grid, from the root of the store."""
        key = self._facts.array.metadata.encode_chunk_key(coordinates)
        return f"{self.path}/{key}" if self.path else key

    def region_of(self, coordinates: Sequence[int]) -> Region:
        """Where a chunk of the grid lies in the array."""
        return chunk_region(coordinates, self.grid_chunk_shape, self.shape)

    # Reading

    def read_into(self, region: Region, out: npt.NDArray[Any]) -> None:
        """As `read`, into an array of the region's shape and this dtype.

        Raises
        ------
        UnreadableChunkError
            Within `strict_reading`, if a chunk of it is damaged or cannot be read.
        """
        if not out.size:
            return
        if not self.is_remote:
            self._read_into(region, out)
            return
        with expecting(self, [region]):
            self._read_into(region, out)

    def _read_into(self, region: Region, out: npt.NDArray[Any]) -> None:
        wanted = self._stored_pieces(region, out)
        if self._reader is not None and self._checked is None:
            wanted = self._reader.read_into(wanted, out)
        for piece in wanted:
            self._read_piece(piece, out)

    # Behind a line

    @property
    def store(self) -> HierarchyStore:
        """Where it lies."""
        return self._store

    @property
    def is_remote(self) -> bool:
        # docstring inherited
        return self._store.is_remote

    def stored_regions(self, region: Region) -> Iterable[tuple[StoredArray, Region]]:
        # docstring inherited
        there = self.is_remote and self.is_regular and all(shape_of(region))
        return [(self, region)] if there else ()

    def wanted(self, region: Region) -> tuple[list[Wanted], list[WantedLater]]:
        """What is read for a region, see `StoredArray`."""
        found = self._wanted_pieces(region)
        if self._reader is not None and self._checked is None:
            return self._reader.wanted(found)
        return [self.key(coordinates) for coordinates, _, _ in found], []

    def _wanted_pieces(self, region: Region) -> Iterable[Piece]:
        """As `_stored_pieces`, without an array that is filled."""
        ranges = chunk_ranges(region, self.grid_chunk_shape)
        if math.prod(len(r) for r in ranges) <= MAX_LOOKED_UP:
            return pieces(region, self.grid_chunk_shape)
        listed = self._stored.listed if self._may_look_up else None
        there = [] if listed is None else listed.within(ranges).tolist()
        return (piece_of(tuple(each), region, self.grid_chunk_shape) for each in there)

    def recall(self, region: Region, out: npt.NDArray[Any]) -> bool:
        # docstring inherited
        if self._reader is None or self._checked is not None:
            return False
        counts = (len(r) for r in chunk_ranges(region, self.chunks))
        if math.prod(counts) > MAX_LOOKED_UP:
            return False
        return self._reader.recall(pieces(region, self.grid_chunk_shape), out)

    def best_known(self, region: Region) -> BestKnown | None:
        # docstring inherited
        if not self.is_remote or self._checked is not None:
            return None
        return remote_best_known(self, region)

    def fetch(self, region: Region) -> None:
        # docstring inherited
        if self._reader is not None and self._checked is None:
            aside = np.empty(shape_of(region), self.dtype)
            for _ in self._reader.read_into(self._stored_pieces(region, aside), aside):
                pass  # what cannot be read is left to whoever asks for it

    @cached_property
    def _reader(self) -> ChunkReader | None:
        codec = self._facts.codec
        if not isinstance(codec, ChunkCodec | ShardCodec):
            return None
        return ChunkReader(self._store, self.key, codec)

    def _stored_pieces(self, region: Region, out: npt.NDArray[Any]) -> Iterable[Piece]:
        """The pieces to read of a region; of very many those that are there, the rest is filled."""
        ranges = chunk_ranges(region, self.grid_chunk_shape)
        many = math.prod(len(r) for r in ranges) > MAX_LOOKED_UP
        listed = self._stored.listed if many and self._may_look_up else None
        if listed is None:
            return pieces(region, self.grid_chunk_shape)
        out[...] = self.fill_value
        there = listed.within(ranges).tolist()
        return (piece_of(tuple(each), region, self.grid_chunk_shape) for each in there)

    def stored_boxes(self, region: Region) -> npt.NDArray[np.int64] | None:
        # docstring inherited
        if not self._may_look_up:
            return None
        found = self._stored.within(chunk_ranges(region, self.grid_chunk_shape))
        return None if found is None else boxes(found, region, self.grid_chunk_shape)

    @cached_property
    def _stored(self) -> StoredChunks:
        return StoredChunks(self._store, self.path, self.key, self.chunk_grid_shape)

    @property
    def _may_look_up(self) -> bool:
        """Whether what is not in the store is background.

        Read strictly it may be out of reach instead: reading finds out.
        """
        return self._checked is None and self.is_regular

    @property
    def _checked(self) -> Checked | None:
        """What was checked already where reading is strict, here or since it was pickled."""
        found = checked_entries()
        return self._always_checked if found is None else found

    def _read_piece(self, piece: Piece, out: npt.NDArray[Any]) -> None:
        if self._checked is not None:
            self._read_strictly(self._checked, piece, out)
            return
        coordinates, _, target = piece
        try:
            self._decode(piece, out)
        except NOT_DAMAGE:
            raise
        except DamagedEntryError as error:
            self._read_damaged(error, piece, out)
        except Exception as error:  # noqa: BLE001  a damaged chunk can make a codec raise anything
            if is_from_system(error):
                # The disk or network failed, not the chunk: the next view asks again.
                out[target] = self.fill_value
                self._reports.report(self.key(coordinates), None, error)
            else:
                self._lose(error, piece, out)

    def _read_strictly(self, checked: Checked, piece: Piece, out: npt.NDArray[Any]) -> None:
        """Read what was written, or raise; nothing is remembered of earlier, tolerant reads."""
        name = self.key(piece[0])
        sharded = self._facts.array.shards is not None
        try:
            if self.is_regular and (sharded or not self._store.has(name)):
                # Parts of a shard are read without its checksum; what is absent may be out of
                # reach instead.
                entry = (id(self._store), name)
                if entry not in checked:
                    self._store.verify(name)
                    checked.add(entry)
            self._decode(piece, out)
        except (MemoryError, ReadCancelledError):
            raise
        except Exception as error:
            raise unreadable(self._store, name, error) from error

    def _read_damaged(self, error: DamagedEntryError, piece: Piece, out: npt.NDArray[Any]) -> None:
        """Show what can still be decoded of bytes whose checksum is wrong."""
        coordinates, _, target = piece
        name = self.key(coordinates)
        if error.content is None:
            out[target] = self.fill_value
            self._reports.report(name, None, error)
            return
        try:
            self._decode(piece, out, error.content)
        except NOT_DAMAGE:
            raise
        except Exception:  # noqa: BLE001  a damaged chunk can make a codec raise anything
            self._lose(error, piece, out)
        else:
            self._reports.report(name, None, error, shown="shown as far as it can be decoded")

    def _lose(self, error: Exception, piece: Piece, out: npt.NDArray[Any]) -> None:
        """Show the fill value; of a shard only where its inner chunks cannot be read either."""
        coordinates, within, target = piece
        name = self.key(coordinates)
        inner_count = math.prod(len(r) for r in chunk_ranges(within, self.chunks))
        # More chunks than these are not worth a try each.
        if self.grid_chunk_shape == self.chunks or inner_count > MAX_LOOKED_UP:
            out[target] = self.fill_value
            self._reports.report(name, None, error)
            return
        lost = self._read_inner_chunks(piece, out)
        if len(lost) == inner_count > 1:
            # Nothing of the shard can be read: its index, mostly.
            self._reports.report(name, None, error)
            return
        for inner, reason in lost.items():
            self._reports.report(name, inner, reason)

    def _read_inner_chunks(
        self, piece: Piece, out: npt.NDArray[Any]
    ) -> dict[ChunkCoordinates, Exception]:
        """Read each chunk of a shard by itself; of those that are lost, why.

        Returns
        -------
        dict
            By coordinates of the chunk in the whole array.
        """
        coordinates, within, target = piece
        sides = zip(self.grid_chunk_shape, self.chunks, strict=True)
        per_shard = [shard // chunk for shard, chunk in sides]
        lost: dict[ChunkCoordinates, Exception] = {}
        for inner, inside, offset in pieces(within, self.chunks):
            corner = [i * n for i, n in zip(inner, self.chunks, strict=True)]
            part = _moved(inside, corner)
            into = _moved(offset, [t.start for t in target])
            try:
                self._decode((coordinates, part, into), out)
            except NOT_DAMAGE:
                raise
            except Exception as problem:  # noqa: BLE001  as above
                out[into] = self.fill_value
                numbers = zip(coordinates, per_shard, inner, strict=True)
                lost[tuple(i * count + n for i, count, n in numbers)] = problem
        return lost

    def _decode(self, piece: Piece, out: npt.NDArray[Any], content: Content | None = None) -> None:
        """Decode one piece from the store, or from bytes that were read already.

        What is not stored is the fill value.
        """
        coordinates, within, target = piece
        part = out[target] if target else out  # not a number where there are no axes
        codec = self._facts.codec
        if codec is None:
            part[...] = self._zarr_array[within]
            return
        name = self.key(coordinates)
        fetch = partial(self._store.read, name) if content is None else Held(content).read
        if not codec.read(fetch, within, part):
            part[...] = self.fill_value

    @cached_property
    def _zarr_array(self) -> zarr.Array[Any]:
        """zarr's own reading, for arrays whose chunks differ in shape."""
        path = StorePath(self._store, self.path)
        return zarr.Array(zarr.AsyncArray(self._facts.array.metadata, path))

    # Single stored objects

    def encode(self, coordinates: ChunkCoordinates, pixels: npt.NDArray[Any]) -> bytes | None:
        """Bytes to store for one chunk of the grid; None where it holds the fill value alone.

        Parameters
        ----------
        coordinates : tuple of int
            Of the chunk, or of the shard where there are shards.
        pixels : ndarray
            The part of the array that lies in it, smaller than a chunk at the border.

        Raises
        ------
        TypeError
            If the pixels are of another type than the array: converting them could change them.
        ValueError
            If their shape is not that of the part: the rest would be made up.
        """
        codec = self._object_codec
        self._check_pixels(coordinates, pixels)
        if pixels.shape != self.grid_chunk_shape:
            padded = np.full(self.grid_chunk_shape, self.fill_value, dtype=self._facts.dtype)
            padded[tuple(slice(0, n) for n in pixels.shape)] = pixels
            pixels = padded
        return codec.encode(pixels)

    def _check_pixels(self, coordinates: ChunkCoordinates, pixels: npt.NDArray[Any]) -> None:
        name = self.key(coordinates)
        if pixels.dtype.newbyteorder("=") != self.dtype:
            raise TypeError(f"Pixels of type {pixels.dtype} for {name}, expected {self.dtype}.")
        part = shape_of(self.region_of(coordinates))
        if pixels.shape != part:
            raise ValueError(f"Pixels of shape {pixels.shape} for {name}, expected {part}.")

    def decode(self, content: Content) -> npt.NDArray[Any]:
        """Pixels of one stored object (shard, or chunk where there are none) from its bytes.

        Raises
        ------
        Exception
            Of any kind: what a codec raises on damaged bytes is the codec's choice.
        """
        out = np.empty(self.grid_chunk_shape, dtype=self._facts.dtype)
        whole = tuple(slice(0, n) for n in self.grid_chunk_shape)
        self._object_codec.read(Held(content).read, whole, out)
        return out

    @property
    def _object_codec(self) -> ObjectCodec:
        if self._facts.codec is None:
            raise TypeError("an array whose chunks differ in shape is read by zarr as a whole")
        return self._facts.codec


def _moved(region: Region, by: Iterable[int]) -> Region:
    return tuple(slice(s.start + n, s.stop + n) for s, n in zip(region, by, strict=True))
