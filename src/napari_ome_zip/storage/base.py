"""The base of all stores: a read-only Zarr store with a synchronous and an asynchronous side."""

from __future__ import annotations

import zlib
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from pathlib import Path

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
from napari_ome_zip.errors import ArchiveError, OmeZipError
from napari_ome_zip.files.byte_file import NOTHING_EXPECTED, Expectation
from napari_ome_zip.findings import Finding
from napari_ome_zip.names import is_junk
from napari_ome_zip.rules import MUST, Effect, Rule
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage.json_document import POINTER

MAX_DOCUMENT_BYTES = 64 << 20
"""Largest metadata document that is read (64 MiB)."""

DOCUMENT_SIZE = Rule(
    "document-too-large",
    MUST,
    "Zarr: metadata documents",
    f"A metadata document takes no more than {readable_size(MAX_DOCUMENT_BYTES)}.",
    "Check who made the file: no image needs that much. Write it again.",
    effect=Effect.NOT_SHOWN,
)

READ_ROOM = 256
"""Maximum number of bytes of a buffer that `read_through` uses beside the content."""

MAX_HELD_BYTES = 64 << 20
"""Maximum size of an entry that is copied at once (64 MiB)."""

STREAMED_BYTES = 8 << 20
"""Size of the pieces of a larger entry (8 MiB)."""

type Wanted = str | tuple[str, ByteRequest]
"""An entry that will be read, or a range of its content."""

type Outcome = bytes | memoryview | Exception | None
"""Content of an entry, None where there is none, or why it cannot be read."""


class HierarchyStore(Store):
    """A read-only Zarr store of one hierarchy, whose root is the root of the store.

    The asynchronous methods of :class:`zarr.abc.store.Store` call the synchronous ones.
    """

    supports_writes: bool = False
    supports_deletes: bool = False
    supports_listing: bool = True

    name: str
    """Display name: the file's name without its archive suffix."""
    source: str | None
    """Absolute path of the file or folder; None in memory."""
    on_damage: Callable[[str], None] | None = None
    """Called, in any thread, with a message for each damaged chunk; where None, it is a warning."""

    def __init__(self, name: str, source: str | None, noted: tuple[Finding, ...] = ()) -> None:
        super().__init__(read_only=True)
        self.name = name
        self.source = source
        self._noted = noted

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings on the container so far."""
        return self._noted

    @property
    def label(self) -> str:
        """What it is called in messages: the name of the file or folder in quotation marks."""
        return repr(self.name if self.source is None else Path(self.source).name)

    @property
    def is_current(self) -> bool:
        """Whether another process that opens `source` gets the same content."""
        return True

    @property
    def holds_secrets(self) -> bool:
        """Whether it is opened elsewhere by a link with a password or the like, as a pickle is."""
        return False

    @property
    def is_remote(self) -> bool:
        """Whether a question takes the time of a line: many are better asked together."""
        return False

    def expect(self, wanted: Sequence[Wanted], *, ahead: bool = False) -> Expectation:
        """Begin to fetch entries that will be read soon, most wanted first.

        Never waits for what is fetched; in a thread of its own, for it may look for the entries.

        Parameters
        ----------
        wanted : sequence of str or tuple
            Whole entries, and ranges of others.
        ahead : bool
            Whether nobody asked for them yet: they come after all that was asked for.
        """
        return NOTHING_EXPECTED

    # Abstract

    @abstractmethod
    def at_root(self, root: str, noted: tuple[Finding, ...] = ()) -> HierarchyStore:
        """Return a store whose root is a folder of this one, with additional findings."""

    @abstractmethod
    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """Return the bytes of an entry, or a range of them; None where there is no such entry.

        Raises
        ------
        DamagedEntryError
            When the bytes are damaged.
        """

    @abstractmethod
    def size_of(self, key: str) -> int | None:
        """Return the size of an entry's content in bytes; None where there is no such entry."""

    @abstractmethod
    def keys(self) -> Iterator[str]:
        """Yield the names of all entries."""

    @abstractmethod
    def child_names(self, prefix: str) -> tuple[str, ...]:
        """Return names of files and folders directly in a folder (``""`` is the root), sorted."""

    @abstractmethod
    def group_paths(self) -> tuple[str, ...]:
        """Return the folders that directly hold a Zarr document, parents before children."""

    # Shared by all stores

    names_may_grow: bool = False
    """Whether entries may be added while the store is open."""

    def names_below(self, folder: str) -> Sequence[str] | None:
        """Return the names of the entries in a folder and below it, as they are now.

        Returns
        -------
        sequence of str or None
            In any order; None where listing them takes as long as asking for each.
        """
        return None

    def names_without_junk(self) -> list[str]:
        """Return the names of all entries but those that file managers left behind."""
        return [name for name in self.keys() if not is_junk(name)]

    def read(self, key: str, byte_range: ByteRequest | None = None) -> bytes | memoryview | None:
        """Return the same bytes as `get_sync`, without a buffer around them, which is faster.

        Raises
        ------
        DamagedEntryError
            When the bytes are damaged.
        """
        buffer = self.get_sync(key, byte_range=byte_range)
        return None if buffer is None else memoryview(buffer.as_numpy_array())

    def read_all(self, keys: Sequence[str]) -> Iterator[tuple[int, Outcome]]:
        """Read several whole entries, which a store may do faster together.

        Yields
        ------
        tuple of int and bytes-like, None or Exception
            In any order: position in ``keys``, and the content, which is there until the next one
            is asked for; None where there is no such entry, and what `read` raises where it cannot
            be read.
        """
        return ((position, self._outcome(key)) for position, key in enumerate(keys))

    def _outcome(self, key: str) -> Outcome:
        try:
            return self.read(key)
        except (OmeZipError, OSError) as error:
            return error

    def stream(self, key: str) -> Iterator[bytes | memoryview]:
        """Yield the bytes of an entry piece by piece, for those too large for memory.

        Raises
        ------
        KeyError
            When there is no such entry.
        DamagedEntryError
            At the last piece, when the bytes are damaged.
        """
        size = self.size_of(key)
        if size is None:
            raise KeyError(key)
        for start in range(0, size, STREAMED_BYTES):
            piece = self.read(key, RangeByteRequest(start, min(start + STREAMED_BYTES, size)))
            yield b"" if piece is None else piece

    def read_through(self, key: str, buffer: memoryview) -> bytes | memoryview | None:
        """Return the same bytes as `read` for a whole entry, in ``buffer`` where possible.

        A caller that reads thousands of entries saves the time for allocating memory. At most
        the entry's size and `READ_ROOM` bytes of the buffer are used.
        """
        return self.read(key)

    def checksum_of(self, key: str) -> int | None:
        """Return the CRC-32 that the container holds of an entry's content; None without one.

        `read` and `stream` compare it with the bytes of a whole entry.
        """
        return None

    def crc32(self, key: str) -> int:
        """Return the CRC-32 of an entry's content: that of the container, else computed.

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
        """Verify a whole entry, as far as the container allows.

        Needed where parts of it were read, which no checksum covers, and where it seemed to be
        absent, but may only be unreachable.

        Raises
        ------
        DamagedEntryError
            When its bytes are damaged.
        OSError
            When it cannot be reached.
        """

    def read_document(self, key: str) -> bytes | None:
        """Return a whole metadata document; None where there is none.

        Raises
        ------
        ArchiveError
            When it is larger than ``MAX_DOCUMENT_BYTES``, or only a Git LFS pointer to it.
        DamagedEntryError
            When its bytes are damaged.
        """
        size = self.size_of(key)
        if size is None:
            return None
        if size > MAX_DOCUMENT_BYTES:
            raise ArchiveError(
                f"{key!r} has {size:,} bytes, more than the {readable_size(MAX_DOCUMENT_BYTES)} "
                "that are read of a metadata document.",
                code=DOCUMENT_SIZE.code,
            )
        read = self.read(key)
        if read is None:
            return None
        content = bytes(read)
        if is_lfs_pointer(content):
            raise ArchiveError(
                f"{key!r} is a Git LFS pointer, which only names the real file. "
                "Run 'git lfs pull' where it was packed, then pack it again.",
                code=POINTER.code,
            )
        return content

    def set_sync(self, key: str, value: Buffer) -> None:
        """Raise an error; zarr reads synchronously only where this method exists."""
        self._check_writable()

    def delete_sync(self, key: str) -> None:
        """Raise an error, see :meth:`set_sync`."""
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
        # The default merges ranges over gaps of up to 1 MiB, which pays for requests over a
        # network. Here a request is a system call, and reading the gap takes longer.
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
        """Return another store of the same bytes that is not open yet."""


def resolve_range(byte_range: ByteRequest | None, size: int) -> tuple[int, int]:
    """Return first and one past last byte of a request, within ``0 … size``.

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
    """Return bytes as the kind of buffer that the caller wants, without a copy where possible."""
    kind = (prototype or default_buffer_prototype()).buffer
    return kind.from_bytes(data)


def _worthwhile_gap(byte_ranges: Sequence[ByteRequest | None]) -> int:
    """Return the largest gap worth reading: half of the shortest range, at most 64 KiB."""
    lengths = [r.end - r.start for r in byte_ranges if isinstance(r, RangeByteRequest)]
    return min(max(min(lengths, default=0), 0) // 2, 1 << 16)
