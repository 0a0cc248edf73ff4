"""A file behind a link: ranges of it in memory, on disk, or on their way."""

from __future__ import annotations

import threading
import weakref
import zlib
from collections.abc import Callable, Iterable

from napari_ome_zip.errors import LinkError
from napari_ome_zip.files.blocks import MEMORY
from napari_ome_zip.files.byte_file import (
    HEAD_BYTES,
    TAIL_BYTES,
    ByteFile,
    Expectation,
    Fingerprint,
    Range,
)
from napari_ome_zip.files.connecting import remote_object
from napari_ome_zip.files.fetching import Fetcher
from napari_ome_zip.files.lines import Traffic
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.range_cache import RangeCache, link_cache
from napari_ome_zip.files.remote_object import Heard, Opening, RemoteObject, Validator
from napari_ome_zip.files.watching import ASKED_EVERY, current_watch, keeps_on_disk


class RemoteFile(ByteFile):
    """A file on a server, of which ranges are asked for.

    Opening takes one round trip. What was read of the same version another day is read from the
    disk, and opening is then a single request.

    Parameters
    ----------
    link : Link
        Where it lies.
    connect : callable
        Makes what is asked.

    Raises
    ------
    LinkError
        When the link leads to no file that can be read by ranges.
    """

    is_remote = True

    def __init__(self, link: Link, connect: Callable[[Link], RemoteObject] = remote_object) -> None:
        self.place = link
        self.source = link.source
        self.label = repr(link.name)
        self._connect, self._object = connect, connect(link)
        cache = link_cache(link)
        known = None if cache is None else cache.known()
        opening = _watched(lambda heard: _first_contact(self._object, known, heard))
        self._version, self.size = opening.validator, opening.size
        self._mark = _mark(opening)
        keeps = cache is not None and self._version.is_lasting
        kept = cache.of(self._version) if cache is not None and keeps else None
        self._fetcher = Fetcher(self._object.fetch, self.label, kept)
        self._hold_ends(opening, kept)
        weakref.finalize(self, MEMORY.leave, self._fetcher.blocks).atexit = False

    def _hold_ends(self, opening: Opening, kept: RangeCache | None) -> None:
        for start, data in ((0, opening.head), (self.size - len(opening.tail), opening.tail)):
            if data:
                self._fetcher.hold(start, data)
                if kept is not None and keeps_on_disk():
                    kept.put(start, data)

    def read(self, offset: int, length: int) -> bytes:
        # docstring inherited
        stop = min(offset + length, self.size)
        return b"".join(self._fetcher.read(offset, stop)) if offset < stop else b""

    def read_into(self, offset: int, buffer: memoryview) -> int:
        # docstring inherited
        stop = min(offset + len(buffer), self.size)
        at = 0
        if offset < stop:
            for piece in self._fetcher.read(offset, stop):
                buffer[at : at + len(piece)] = piece
                at += len(piece)
        return at

    def expect(self, ranges: Iterable[Range], *, ahead: bool = False) -> Expectation:
        # docstring inherited
        inside = ((max(0, start), min(stop, self.size)) for start, stop in ranges)
        there = [(start, stop) for start, stop in inside if start < stop]
        return self._fetcher.expect(there, ahead=ahead)

    def renew_locks(self) -> None:
        # docstring inherited
        self._object.renew()

    @property
    def traffic(self) -> Traffic:
        """What was fetched so far, without the first contact."""
        return self._fetcher.traffic

    @property
    def coming(self) -> int:
        """Bytes that were asked for and are not there yet."""
        return self._fetcher.coming

    def fingerprint(self) -> Fingerprint:
        # docstring inherited
        return self.size, self._mark

    @property
    def is_current(self) -> bool:
        # docstring inherited
        known = self._version if self._version.is_lasting else None
        try:
            now = self._connect(self._object.link).open(head=1, tail=TAIL_BYTES, known=known)
        except LinkError:
            return False
        if known is not None:
            return now.is_unchanged or now.validator.is_same_version(known)
        return (now.size, _mark(now)) == self.fingerprint()


def _first_contact(remote: RemoteObject, known: Validator | None, heard: Heard | None) -> Opening:
    return remote.open(head=HEAD_BYTES, tail=TAIL_BYTES, known=known, heard=heard)


def _mark(opening: Opening) -> str:
    """Return what tells a version from others, by its end where the server says nothing of it."""
    version = opening.validator
    return version.text if version.is_lasting else f"crc32 {zlib.crc32(opening.tail):08x}"


def _watched[T](ask: Callable[[Heard | None], T]) -> T:
    """Ask a server; whoever is told of waiting can stop it at any time."""
    watch = current_watch()
    if watch is None:
        return ask(None)
    results: list[T] = []
    errors: list[BaseException] = []
    received = 0
    done = threading.Event()

    def heard(count: int) -> None:
        nonlocal received
        received += count

    def work() -> None:
        try:
            results.append(ask(heard))
        except BaseException as error:  # noqa: BLE001  raised below
            errors.append(error)
        done.set()

    threading.Thread(target=work, name="ome-zip-link", daemon=True).start()
    while not done.wait(ASKED_EVERY):
        watch.report(received, HEAD_BYTES + TAIL_BYTES)
    for error in errors:
        raise error
    return results[0]
