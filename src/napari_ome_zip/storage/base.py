"""What every place an image can lie in has in common: a read-only Zarr store, also synchronous."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

from zarr.abc.buffer import Buffer, BufferPrototype
from zarr.abc.store import (
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    Store,
    SuffixByteRequest,
)
from zarr.buffer import default_buffer_prototype

from napari_ome_zip.archive.recognize import is_lfs_pointer
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.findings import Finding
from napari_ome_zip.names import is_junk
from napari_ome_zip.sizes import readable_size

MAX_DOCUMENT_BYTES = 64 << 20
"""Largest metadata document that is read (64 MiB)."""

READ_ROOM = 256
"""Bytes that reading an entry through a buffer takes there beside its content, at most."""

MAX_HELD_BYTES = 64 << 20
"""Larger entries are copied piece by piece (64 MiB)."""

STREAMED_BYTES = 8 << 20
"""Piece of an entry that is copied at once (8 MiB)."""


class HierarchyStore(Store):
    """A read-only Zarr store of one hierarchy, whose root is the root of the store.

    Everything is offered synchronously; the asynchronous side of :class:`zarr.abc.store.Store`
    is made from that.
    """

    supports_writes: bool = False
    supports_deletes: bool = False
    supports_listing: bool = True

    name: str
    """Display name: the file's name without its archive suffix."""
    source: str | None
    """Absolute path of the file or folder; None in memory."""
    on_damage: Callable[[str], None] | None = None
    """Called, in any thread, with each chunk that is shown empty; where None, it is a warning."""

    def __init__(self, name: str, source: str | None, noted: tuple[Finding, ...] = ()) -> None:
        super().__init__(read_only=True)
        self.name = name
        self.source = source
        self._noted = noted

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was tolerated in the container so far."""
        return self._noted

    @property
    def is_current(self) -> bool:
        """Whether another process that opens `source` finds what this one reads."""
        return True

    # What a kind of store must say

    @abstractmethod
    def at_root(self, root: str, noted: tuple[Finding, ...] = ()) -> HierarchyStore:
        """The store whose root is a folder of this one, with findings to add to its own."""

    @abstractmethod
    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """The bytes of an entry or a range of them; None where there is no such entry.

        Raises
        ------
        DamagedEntryError
            When the bytes are not those that were written.
        """

    @abstractmethod
    def size_of(self, key: str) -> int | None:
        """Size of an entry's content in bytes; None where there is no such entry."""

    @abstractmethod
    def keys(self) -> Iterator[str]:
        """Names of all entries."""

    @abstractmethod
    def child_names(self, prefix: str) -> tuple[str, ...]:
        """Names of the files and folders directly in a folder (``""`` is the root), sorted."""

    @abstractmethod
    def group_paths(self) -> tuple[str, ...]:
        """Folders that directly hold a Zarr document, parents before children; ``""`` = root."""

    # Shared by all

    names_may_grow: bool = False
    """Whether entries may be added while the store is open."""

    def names_below(self, folder: str) -> Sequence[str] | None:
        """Names of the entries in a folder and below it, as they are now.

        Returns
        -------
        sequence of str or None
            In any order; None where listing them takes as long as asking for each.
        """
        return None

    def names_without_junk(self) -> list[str]:
        """Names of all entries but those that file managers left."""
        return [name for name in self.keys() if not is_junk(name)]

    def read(self, key: str, byte_range: ByteRequest | None = None) -> bytes | memoryview | None:
        """What `get_sync` gives, as plain bytes: chunks are read by the thousand.

        Raises
        ------
        DamagedEntryError
            When the bytes are not those that were written.
        """
        buffer = self.get_sync(key, byte_range=byte_range)
        return None if buffer is None else memoryview(buffer.as_numpy_array())

    def stream(self, key: str) -> Iterator[bytes | memoryview]:
        """The bytes of an entry piece by piece, for those too large to be held at once.

        Raises
        ------
        KeyError
            When there is no such entry.
        DamagedEntryError
            At the last piece, when the bytes are not those that were written.
        """
        size = self.size_of(key)
        if size is None:
            raise KeyError(key)
        for start in range(0, size, STREAMED_BYTES):
            piece = self.read(key, RangeByteRequest(start, min(start + STREAMED_BYTES, size)))
            yield b"" if piece is None else piece

    def read_through(self, key: str, buffer: memoryview) -> bytes | memoryview | None:
        """What `read` gives of a whole entry, in ``buffer`` where it can be.

        Who reads thousands of entries once each spends most of the time on fresh memory. Of the
        buffer no more than the entry's size and `READ_ROOM` is used.
        """
        return self.read(key)

    def checksum_of(self, key: str) -> int | None:
        """CRC-32 of an entry's content that the container keeps; None where it keeps none.

        `read` and `stream` compare it with the bytes of a whole entry.
        """
        return None

    def crc32(self, key: str) -> int:
        """CRC-32 of an entry's content: what the container keeps, else that of all its bytes.

        Raises
        ------
        KeyError
            When there is no such entry.
        """
        crc = self.checksum_of(key)
        if crc is None:
            crc = 0
            for piece in self.stream(key):
                crc = zlib.crc32(piece, crc)
        return crc

    def has(self, key: str) -> bool:
        """Whether there is an entry of this name."""
        return self.size_of(key) is not None

    def verify(self, key: str) -> None:
        """Make sure of an entry before it is relied on, as far as the container allows.

        Parts of an entry are read without its checksum; and an entry that is not there may only
        be out of reach.

        Raises
        ------
        DamagedEntryError
            When its bytes are not those that were written.
        OSError
            When the operating system does not let it be reached.
        """

    def read_document(self, key: str) -> bytes | None:
        """A whole metadata document; None where there is none.

        Raises
        ------
        ArchiveError
            When it is larger than ``MAX_DOCUMENT_BYTES``, or only a Git LFS pointer to it.
        DamagedEntryError
            When its bytes are not those that were written.
        """
        size = self.size_of(key)
        if size is None:
            return None
        if size > MAX_DOCUMENT_BYTES:
            raise ArchiveError(
                f"{key!r} has {size:,} bytes, more than the {readable_size(MAX_DOCUMENT_BYTES)} "
                "that are read of a metadata document.",
                code="document-too-large",
            )
        buffer = self.get_sync(key)
        if buffer is None:
            return None
        content = buffer.to_bytes()
        if is_lfs_pointer(content):
            raise ArchiveError(
                f"{key!r} is a Git LFS pointer, which only names the real file. "
                "Run 'git lfs pull' where it was packed, then pack it again.",
                code="document-is-pointer",
            )
        return content

    def set_sync(self, key: str, value: Buffer) -> None:
        """Refused. The zarr library reads synchronously only where this is offered as well."""
        self._check_writable()

    def delete_sync(self, key: str) -> None:
        """Refused, see :meth:`set_sync`."""
        self._check_writable()

    # The asynchronous side

    async def get(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        # docstring inherited
        await self._ensure_open()
        return self.get_sync(key, prototype=prototype, byte_range=byte_range)

    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        # docstring inherited
        return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]

    def get_ranges_sync(
        self,
        key: str,
        byte_ranges: Sequence[ByteRequest | None],
        *,
        prototype: BufferPrototype,
        max_gap_bytes: int = 0,
        max_coalesced_bytes: int = 16 << 20,
    ) -> Sequence[tuple[int, Buffer | None]]:
        # docstring inherited
        # The default merges over gaps of up to 1 MiB, which pays where each request is a round
        # trip. Here a request is a system call, and the gap is what costs.
        return super().get_ranges_sync(
            key,
            byte_ranges,
            prototype=prototype,
            max_gap_bytes=min(max_gap_bytes, _worthwhile_gap(byte_ranges)),
            max_coalesced_bytes=max_coalesced_bytes,
        )

    async def get_ranges(
        self,
        key: str,
        byte_ranges: Sequence[ByteRequest | None],
        *,
        prototype: BufferPrototype,
        max_concurrency: int = 10,
        max_gap_bytes: int = 0,
        max_coalesced_bytes: int = 16 << 20,
    ) -> AsyncIterator[Sequence[tuple[int, Buffer | None]]]:
        # docstring inherited
        async for group in super().get_ranges(
            key,
            byte_ranges,
            prototype=prototype,
            max_concurrency=max_concurrency,
            max_gap_bytes=min(max_gap_bytes, _worthwhile_gap(byte_ranges)),
            max_coalesced_bytes=max_coalesced_bytes,
        ):
            yield group

    async def exists(self, key: str) -> bool:
        # docstring inherited
        return self.has(key)

    async def getsize(self, key: str) -> int:
        # docstring inherited
        size = self.size_of(key)
        if size is None:
            raise FileNotFoundError(key)
        return size

    async def list(self) -> AsyncIterator[str]:
        # docstring inherited
        for key in self.keys():
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        # docstring inherited
        for key in self.keys():
            if key.startswith(prefix):
                yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        # docstring inherited
        for name in self.child_names(prefix):
            yield name

    async def set(self, key: str, value: Buffer) -> None:
        # docstring inherited
        self._check_writable()

    async def delete(self, key: str) -> None:
        # docstring inherited
        self._check_writable()

    def with_read_only(self, read_only: bool = False) -> HierarchyStore:
        # docstring inherited
        if not read_only:
            super().with_read_only(read_only)
        return self._clone()

    @abstractmethod
    def _clone(self) -> HierarchyStore:
        """Another store of the same bytes that is not open yet."""


def resolve_range(byte_range: ByteRequest | None, size: int) -> tuple[int, int]:
    """First and one past last byte that a request means, within ``0 … size``.

    Raises
    ------
    TypeError
        For anything that is not a byte request.
    """
    match byte_range:
        case None:
            start, stop = 0, size
        case RangeByteRequest(start, stop):
            pass
        case OffsetByteRequest(start):
            stop = size
        case SuffixByteRequest(count):
            start, stop = max(0, size - count), size
        case _:
            raise TypeError(f"Unexpected byte_range, got {byte_range}.")
    start = min(max(start, 0), size)
    return start, min(max(stop, start), size)


def as_buffer(data: bytes | memoryview, prototype: BufferPrototype | None) -> Buffer:
    """The bytes as a buffer of the kind that the caller wants, without a copy where possible."""
    kind = (prototype or default_buffer_prototype()).buffer
    return kind.from_bytes(data)


def _worthwhile_gap(byte_ranges: Sequence[ByteRequest | None]) -> int:
    """Gap over which merging two ranges reads at most half as much again as is wanted."""
    lengths = [r.end - r.start for r in byte_ranges if isinstance(r, RangeByteRequest)]
    return min(max(min(lengths, default=0), 0) // 2, 1 << 16)
