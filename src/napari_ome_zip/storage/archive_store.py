"""A read-only Zarr store on a ZIP archive, with positional reads and exact byte ranges."""

from __future__ import annotations

import asyncio
import os
import warnings
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property

from zarr.abc.buffer import Buffer, BufferPrototype
from zarr.abc.store import ByteRequest

from napari_ome_zip.archive.amplification import TOO_LARGE
from napari_ome_zip.archive.decoding import decode, refuse_unreadable
from napari_ome_zip.archive.entry_batch import MIN_BATCH, read_batch
from napari_ome_zip.archive.entry_content import (
    cut_short,
    header_size,
    refuse_two_sizes,
    verify_crc,
    wrong_checksum,
)
from napari_ome_zip.archive.file import ArchiveFile, MakeIndex, reopened
from napari_ome_zip.archive.index import ArchiveEntry, ArchiveIndex
from napari_ome_zip.archive.layout import LOCAL_HEADER, STORED
from napari_ome_zip.archive.recognize import is_lfs_pointer
from napari_ome_zip.byte_cache import ByteCache
from napari_ome_zip.errors import ArchiveError
from napari_ome_zip.files import Expectation, Fingerprint, Link, Place, Range
from napari_ome_zip.files.byte_file import NOTHING_EXPECTED
from napari_ome_zip.files.streaming import PIECE, pieces_of
from napari_ome_zip.findings import Finding
from napari_ome_zip.names import stem
from napari_ome_zip.sizes import readable_size
from napari_ome_zip.storage.base import (
    READ_ROOM,
    HierarchyStore,
    Outcome,
    Wanted,
    as_buffer,
    resolve_range,
)
from napari_ome_zip.storage.tree import NameTree, SortedNames, group_paths

MAX_READ_BYTES = 8 << 30
"""Largest entry that is read as a whole (8 GiB); ranges of larger ones can be read."""

DECODED_CACHE_BYTES = 128 << 20
"""Size of the cache of decoded entries (128 MiB)."""

# Bytes read for the extra fields of a local header, so that one read mostly suffices.
_EXTRA_ROOM = 64
# Longer reads are done in a thread; for shorter ones that would take longer than the read.
_LONG_READ = 1 << 20


class LateFindingWarning(UserWarning):
    """What was shown of an archive behind a link is not all that it holds, or was replaced."""


class ArchiveStore(HierarchyStore):
    """The hierarchy inside a ZIP archive.

    Read-only. Several threads may use it at once, and it can be pickled: elsewhere the file is
    opened again when it is first read, and must be the same.

    The file stays open as long as the store lives, so that another file may be put in its place
    while layers still read from it. Closing the store does not close the file.

    Parameters
    ----------
    place : str, path-like or Link
        The archive.
    root : str
        Folder inside the archive that is the root of the hierarchy; empty for the archive's root.
    make_index : callable, optional
        As for `ArchiveFile`.

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        As the operating system says.
    ArchiveError
        When the file is not a usable ZIP archive.

    Examples
    --------
    >>> import zarr
    >>> from napari_ome_zip import ArchiveStore
    >>> root = zarr.open_group(ArchiveStore("cells.ozx"), mode="r")
    >>> root["0"].shape
    (2, 16, 192, 256)
    """

    def __init__(
        self,
        place: str | os.PathLike[str] | Link,
        root: str = "",
        *,
        make_index: MakeIndex | None = None,
    ) -> None:
        file = ArchiveFile(place, make_index)
        self._set(file.place, file.source, root)
        self._file = file
        file.index.listen(self._tell)

    def _set(self, place: Place, source: str, root: str, noted: tuple[Finding, ...] = ()) -> None:
        super().__init__(stem(source), source, noted)
        self._place = place
        self._source = source
        self.root = root.strip("/")
        self._prefix = f"{self.root}/" if self.root else ""
        self._data_starts: dict[int, int] = {}
        self._decoded = ByteCache[int, memoryview](DECODED_CACHE_BYTES)

    @cached_property
    def _file(self) -> ArchiveFile:
        # A store that came from another process opens the file when it is first read, so that a
        # file that was changed since is an error of reading, not of unpickling.
        file = reopened(self._place, self._fingerprint)
        file.index.listen(self._tell)
        return file

    @property
    def holds_secrets(self) -> bool:
        # docstring inherited
        return isinstance(self._place, Link) and self._place.has_secrets

    @property
    def file(self) -> ArchiveFile:
        """The open archive file."""
        return self._file

    @property
    def index(self) -> ArchiveIndex:
        """The index of all entries of the archive."""
        return self._file.index

    @property
    def findings(self) -> tuple[Finding, ...]:
        # docstring inherited
        return self._noted + self._file.index.findings

    def at_root(self, root: str, noted: tuple[Finding, ...] = ()) -> ArchiveStore:
        # docstring inherited
        other = type(self).__new__(type(self))
        other._set(self._place, self._source, self._prefix + root, self._noted + noted)
        other._file = self._file
        other.on_damage = self.on_damage
        self._file.index.listen(other._tell)
        return other

    @property
    def label(self) -> str:
        # docstring inherited
        return repr(self._place.name) if isinstance(self._place, Link) else super().label

    @property
    def is_remote(self) -> bool:
        # docstring inherited
        return isinstance(self._place, Link)

    def expect(self, wanted: Sequence[Wanted], *, ahead: bool = False) -> Expectation:
        # docstring inherited
        if not self.is_remote:
            return NOTHING_EXPECTED
        keys = [each if isinstance(each, str) else each[0] for each in wanted]
        names = [self._prefix + key for key in keys]
        index = self._file.index
        entries = index.find_known(names) if ahead else index.find_all(names)
        ranges = [
            part
            for each, entry in zip(wanted, entries, strict=True)
            if entry is not None
            for part in self._ranges(entry, None if isinstance(each, str) else each[1])
        ]
        return self._file.bytes.expect(ranges, ahead=ahead) if ranges else NOTHING_EXPECTED

    def _ranges(self, entry: ArchiveEntry, byte_range: ByteRequest | None) -> list[Range]:
        """What reading an entry, or a range of one, reads of the file."""
        if entry.offset < 0:
            return []
        if byte_range is None or entry.method != STORED:
            return [_extent(entry)]
        first, last = resolve_range(byte_range, entry.size)
        header = entry.offset, entry.offset + LOCAL_HEADER.size
        known = self._data_starts.get(entry.offset)
        if known is not None:
            return [(known + first, known + last)]
        # Where its content begins only its header says: behind the name, and what else is there.
        start = header[1] + len(entry.name.encode())
        return [header, (start + first, start + last + _EXTRA_ROOM)]

    @property
    def is_current(self) -> bool:
        # docstring inherited
        return self._file.is_current

    def verify(self, key: str) -> None:
        # docstring inherited
        entry = self.entry(key)
        if entry is None or entry.method != STORED:
            return  # certainly absent, or verified whenever it is decoded
        for _ in self.stream(key):
            pass

    def stream(self, key: str) -> Iterator[bytes | memoryview]:
        # docstring inherited
        entry = self.entry(key)
        if entry is None:
            raise KeyError(key)
        if entry.method != STORED:
            yield self._read_entry(entry, None)
            return
        refuse_unreadable(entry)
        refuse_two_sizes(entry)
        start, size = self._data_start(entry), entry.compressed_size
        found = got = 0
        for data in pieces_of(self._file.bytes, start, start + size):
            found, got = zlib.crc32(data, found), got + len(data)
            if len(data) < PIECE and got < size:
                raise cut_short(entry)
            if got == size and found != entry.crc:
                raise wrong_checksum(entry, found)
            yield data

    def read_through(self, key: str, buffer: memoryview) -> bytes | memoryview | None:
        # docstring inherited
        entry = self.entry(key)
        if entry is None or entry.method != STORED or entry.compressed_size != entry.size:
            return self.read(key)
        refuse_unreadable(entry)
        room = LOCAL_HEADER.size + len(entry.name) + _EXTRA_ROOM
        wanted = room + entry.size
        if entry.offset < 0 or room > READ_ROOM or wanted > len(buffer):
            return self.read(key)
        got = self._file.read_into(entry.offset, buffer[:wanted])
        start = header_size(entry, bytes(buffer[: LOCAL_HEADER.size]))
        if got < start + entry.size:
            return self.read(key)
        payload = buffer[start : start + entry.size]
        verify_crc(entry, payload)
        return payload

    def checksum_of(self, key: str) -> int | None:
        # docstring inherited
        entry = self.entry(key)
        return None if entry is None else entry.crc

    def entry(self, key: str) -> ArchiveEntry | None:
        """Return the entry of a key, None where there is none."""
        return self._file.index.find(self._prefix + key)

    def get_sync(
        self,
        key: str,
        *,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        # docstring inherited
        data = self.read(key, byte_range)
        return None if data is None else as_buffer(data, prototype)

    def read(self, key: str, byte_range: ByteRequest | None = None) -> bytes | memoryview | None:
        # docstring inherited
        entry = self._file.index.find(self._prefix + key)
        return None if entry is None else self._read_entry(entry, byte_range)

    def read_all(self, keys: Sequence[str]) -> Iterator[tuple[int, Outcome]]:
        # docstring inherited
        if len(keys) < MIN_BATCH:
            yield from super().read_all(keys)
            return
        prefix = self._prefix
        columns, shift, rows = self._file.index.rows_of([prefix + key for key in keys])
        known = [position for position, row in enumerate(rows) if row is not None]
        for position, row in enumerate(rows):
            if row is None:
                yield position, None
        wanted = [row for row in rows if row is not None]
        for number, content in read_batch(self._file.read_into, columns, shift, wanted):
            position = known[number]
            yield position, self._outcome(keys[position]) if content is None else content

    def read_document(self, key: str) -> bytes | None:
        # docstring inherited
        self._file.expect_documents()
        content = self._file.index.leading_content(self._prefix + key, self._pread)
        if content is None or is_lfs_pointer(content):
            return super().read_document(key)
        return content

    async def get(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        # docstring inherited
        if not self._is_open:
            await self._open()
        entry = self._file.index.find(self._prefix + key)
        if entry is None:
            return None
        start, stop = resolve_range(byte_range, entry.size)
        if entry.method == STORED and stop - start < _LONG_READ:
            return as_buffer(self._read_entry(entry, byte_range), prototype)
        data = await asyncio.to_thread(self._read_entry, entry, byte_range)
        return as_buffer(data, prototype)

    def size_of(self, key: str) -> int | None:
        # docstring inherited
        entry = self.entry(key)
        return None if entry is None else entry.size

    def keys(self) -> Iterator[str]:
        # docstring inherited
        prefix = self._prefix
        if not prefix:
            yield from self._file.index.names()
            return
        for name in self._file.index.names():
            if name.startswith(prefix):
                yield name[len(prefix) :]

    def child_names(self, prefix: str) -> tuple[str, ...]:
        # docstring inherited
        return self._tree.children(prefix)

    def names_below(self, folder: str) -> Sequence[str]:
        # docstring inherited
        return self._sorted_names.below(folder)

    def group_paths(self) -> tuple[str, ...]:
        # docstring inherited
        prefix = self._prefix
        documents = self._file.index.documents()
        return group_paths(name[len(prefix) :] for name in documents if name.startswith(prefix))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, type(self))
            and self.source == other.source
            and self.root == other.root
            and (self._is_same_file(other) or self._fingerprint == other._fingerprint)
        )

    def _is_same_file(self, other: ArchiveStore) -> bool:
        mine = self.__dict__.get("_file")
        return mine is not None and mine is other.__dict__.get("_file")

    def __hash__(self) -> int:
        return hash((self.source, self.root))

    def __str__(self) -> str:
        return f"ome-zip://{self.source}" + (f"!/{self.root}" if self.root else "")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[object, ...]:
        placed = (self._place, self._source, self.root, self._noted)
        return _restore, (type(self), placed, self._fingerprint)

    def _clone(self) -> ArchiveStore:
        return self.at_root("")

    @cached_property
    def _fingerprint(self) -> Fingerprint:
        return self._file.fingerprint()

    @cached_property
    def _sorted_names(self) -> SortedNames:
        return SortedNames(self.keys())

    @cached_property
    def _tree(self) -> NameTree:
        return NameTree(self.keys())

    def _tell(self, message: str) -> None:
        """Tell whoever has the store of what was found late."""
        if self.on_damage is not None:
            self.on_damage(message)
        else:
            warnings.warn(message, LateFindingWarning, stacklevel=2)

    def _pread(self, offset: int, length: int) -> bytes:
        """Return bytes of the file, as all that reads one entry by itself."""
        return self._file.read(offset, length)

    def _read_entry(
        self, entry: ArchiveEntry, byte_range: ByteRequest | None
    ) -> bytes | memoryview:
        start, stop = resolve_range(byte_range, entry.size)
        refuse_unreadable(entry)
        if entry.method != STORED:
            content = self._decoded.get(entry.offset)
            if content is None:
                content = memoryview(decode(entry, bytes(self._payload(entry))))
                verify_crc(entry, content)
                self._decoded.put(entry.offset, content)
            return content[start:stop]
        refuse_two_sizes(entry)
        if byte_range is None:
            payload = self._payload(entry)
            verify_crc(entry, payload)
            return payload
        if start == stop:
            return b""
        data = self._pread(self._data_start(entry) + start, stop - start)
        if len(data) < stop - start:
            raise cut_short(entry)
        return data

    def _payload(self, entry: ArchiveEntry) -> memoryview:
        """Return the entry's bytes in the file, read together with its local header."""
        size = entry.compressed_size
        if entry.offset + LOCAL_HEADER.size + size > self._file.size or entry.offset < 0:
            raise cut_short(entry)
        if size > MAX_READ_BYTES:
            raise ArchiveError(
                f"{entry.name!r} has {size:,} bytes, more than the {readable_size(MAX_READ_BYTES)} "
                "that are read of one entry. Use smaller chunks, or sharding.",
                code=TOO_LARGE.code,
            )
        guess = LOCAL_HEADER.size + len(entry.name) + _EXTRA_ROOM + size
        data = memoryview(self._pread(entry.offset, guess))
        start = header_size(entry, bytes(data[: LOCAL_HEADER.size]))
        if len(data) < start + size:
            data = memoryview(self._pread(entry.offset + start, size))
            start = 0
        if len(data) < start + size:
            raise cut_short(entry)
        return data[start : start + size]

    def _data_start(self, entry: ArchiveEntry) -> int:
        """Return the offset of the entry's bytes, cached for further ranges of it."""
        start = self._data_starts.get(entry.offset)
        if start is None:
            if entry.offset < 0:
                raise cut_short(entry)
            start = entry.offset + header_size(entry, self._pread(entry.offset, LOCAL_HEADER.size))
            self._data_starts[entry.offset] = start
        return start


def _extent(entry: ArchiveEntry) -> Range:
    """Where an entry lies in the file, with room for its header."""
    room = LOCAL_HEADER.size + len(entry.name) + _EXTRA_ROOM
    return entry.offset, entry.offset + room + entry.compressed_size


def _restore(
    kind: type[ArchiveStore],
    placed: tuple[Place, str, str, tuple[Finding, ...]],
    fingerprint: Fingerprint,
) -> ArchiveStore:
    store = kind.__new__(kind)
    store._set(*placed)
    store._fingerprint = fingerprint
    return store
