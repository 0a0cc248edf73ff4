"""A file behind a link: ranges of it in memory, on disk, or on their way."""

from __future__ import annotations

import threading
import weakref
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from functools import partial

from napari_ome_zip.errors import LinkError
from napari_ome_zip.files.byte_file import (
    HEAD_BYTES,
    TAIL_BYTES,
    ByteFile,
    Expectation,
    Fingerprint,
    Range,
)
from napari_ome_zip.files.connecting import remote_object
from napari_ome_zip.files.disk_cache.range_cache import LinkCache, RangeCache, link_cache
from napari_ome_zip.files.fetching.blocks import MEMORY
from napari_ome_zip.files.fetching.fetcher import Fetcher
from napari_ome_zip.files.fetching.lines import Traffic
from napari_ome_zip.files.fetching.storing import STORING
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.remote_object import Opening, RemoteObject, Validator
from napari_ome_zip.files.watching import ASKED_EVERY, current_watch, keeps_on_disk

_FOR_OTHERS = 0.2  # seconds that what is read of the same link, or of others, may take to the disk


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
        kept = _whole_ends(link_cache(link))
        known = None if kept is None else kept.version
        contact = partial(self._object.open, head=HEAD_BYTES, tail=TAIL_BYTES, known=known)
        opening = _watched(contact)
        self._version, self.size = opening.validator, opening.size
        self._mark = _mark(opening)
        if not opening.is_unchanged:
            kept = _kept_of(link, self._version)
        self._fetcher = Fetcher(self._object.fetch, self.label, kept)
        self._have_ends(opening, kept)
        weakref.finalize(self, MEMORY.leave, self._fetcher.blocks).atexit = False

    def _have_ends(self, opening: Opening, kept: RangeCache | None) -> None:
        """Have both ends in memory, from the first contact, else from the disk."""
        for start, data in ((0, opening.head), (self.size - len(opening.tail), opening.tail)):
            if data:
                self._fetcher.hold(start, data)
                if kept is not None and keeps_on_disk():
                    kept.put(start, data)
        if kept is not None and opening.is_unchanged:
            for end in _ends(self.size):
                for start, data in kept.load(*end):
                    self._fetcher.hold(start, data)
        self.traffic.requests += 1 if opening.is_unchanged else 2
        self.traffic.received += len(opening.head) + len(opening.tail)

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
        """What was fetched so far."""
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
            tail = 1 if known else TAIL_BYTES  # which tells versions apart where nothing else does
            now = self._connect(self._object.link).open(head=1, tail=tail, known=known)
        except LinkError:
            return False
        if known is not None:
            return now.is_unchanged or now.validator.is_same_version(known)
        return (now.size, _mark(now)) == self.fingerprint()


def _ends(size: int) -> tuple[Range, Range]:
    return (0, min(HEAD_BYTES, size)), (max(0, size - TAIL_BYTES), size)


def _whole_ends(cache: LinkCache | None) -> RangeCache | None:
    """Return what is kept of a link, where that is enough for a single request to open it."""
    if cache is not None:
        STORING.wait(_FOR_OTHERS)
    known = None if cache is None else cache.known()
    if cache is None or known is None:
        return None
    kept = cache.of(known)
    return None if any(kept.holes(*end) for end in _ends(known.size)) else kept


def _kept_of(link: Link, version: Validator) -> RangeCache | None:
    cache = link_cache(link)
    return cache.of(version) if cache is not None and version.is_lasting else None


def _mark(opening: Opening) -> str:
    """Return what tells a version from others, by its end where the server says nothing of it."""
    version = opening.validator
    return version.text if version.is_lasting else f"crc32 {zlib.crc32(opening.tail):08x}"


def _watched(ask: Callable[..., Opening]) -> Opening:
    """Make the first contact; whoever is told of waiting can stop it at any time."""
    watch = current_watch()
    if watch is None:
        return ask()
    results: Future[Opening] = Future()
    received = 0
    is_over = False

    def heard(count: int) -> None:
        nonlocal received
        received += count
        if is_over:
            raise _StoppedError

    def work() -> None:
        try:
            results.set_result(ask(heard=heard))
        except BaseException as error:  # noqa: BLE001  raised where it is waited for
            results.set_exception(error)

    threading.Thread(target=work, name="ome-zip-link", daemon=True).start()
    try:
        while not wait([results], ASKED_EVERY).done:
            watch.report(received, HEAD_BYTES + TAIL_BYTES)
    finally:
        is_over = True
    return results.result()


class _StoppedError(Exception):
    """Nobody waits for the first contact any more."""
