"""One range of a file on a web server: as many answers as it takes, each of them checked."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import urllib3

from napari_ome_zip.files.links import Link
from napari_ome_zip.files.remote_object import Took, Validator
from napari_ome_zip.files.web import errors as web_errors
from napari_ome_zip.files.web.connections import discard
from napari_ome_zip.files.web.errors import Trouble
from napari_ome_zip.files.web.line import Attempts, Line

_CONTENT_RANGE = re.compile(r"bytes\s+(\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.IGNORECASE)
_UNSATISFIED = re.compile(r"bytes\s+\*/(\d{1,19})", re.IGNORECASE)


class Unchanged(Exception):
    """The file is the version that was asked about (304)."""


class NotSatisfiable(Exception):
    """The file has no such bytes (416).

    Parameters
    ----------
    size : int or None
        Of the file, where the server says it.
    version : Validator
        As far as the answer tells it.
    """

    def __init__(self, size: int | None, version: Validator) -> None:
        super().__init__()
        self.size = size
        self.version = version


@dataclass(slots=True)
class _Wanted:
    """What has still to come."""

    start: int | None
    """First byte; None for as many bytes from the end as ``stop`` says."""
    stop: int

    @property
    def length(self) -> int:
        """The largest number of bytes it can be."""
        return self.stop - (self.start or 0)

    @property
    def header(self) -> str:
        """As it is asked for."""
        return (
            f"bytes=-{self.stop}" if self.start is None else f"bytes={self.start}-{self.stop - 1}"
        )


def receive(
    line: Line,
    start: int | None,
    stop: int,
    took: Took,
    *,
    version: Validator | None = None,
    conditions: Mapping[str, str] | None = None,
) -> tuple[Validator, bytes | None]:
    """Hand over a range of a file.

    What breaks off is gone on with where it broke off. No condition on the version is sent: a proxy
    that weakens tags would make each of them fail (RFC 9110, section 13.1.1). Every answer has to
    be of the right version instead; where it is not, nothing of it is handed over.

    Parameters
    ----------
    line : Line
    start, stop : int
        First byte and one past the last, which may lie behind the end of the file. Without
        ``start``, the last ``stop`` bytes of the file.
    took : callable
        Called with each piece, in order.
    version : Validator, optional
        That all has to be of; by default, that of the first answer.
    conditions : mapping of str to str
        Further headers.

    Returns
    -------
    version : Validator
    whole : bytes or None
        All of the file, where the server sent it instead and it is no more than was asked for. It
        was not handed over then.

    Raises
    ------
    Unchanged
        When the conditions say so.
    NotSatisfiable
        When the file has no byte of the range.
    NoRangesError, ChangedFileError, LinkError
        When it cannot be read.
    """
    wanted = _Wanted(start, stop)
    attempts = line.attempts(wanted.length)
    while True:
        headers = {"Range": wanted.header, **(conditions or {})}
        try:
            with line.answer(headers, attempts) as response:
                if response.status == 200:
                    return _whole(line, response, wanted, version, attempts, took)
                part = _part(response, line.link, wanted, version, bool(conditions))
                version = part.version
                for piece in line.pieces(response, part.length, attempts):
                    took(piece)
                    part.start += len(piece)
                    wanted.start = part.start
                if part.length:
                    raise Trouble(web_errors.broken_off(line.link))
        except Trouble as trouble:
            attempts.wait(trouble)
        else:
            # A server may send less than was asked for (RFC 9110, section 15.3.7).
            if part.start == wanted.stop:
                return part.version, None


def receive_all(line: Line) -> tuple[int | None, Iterator[bytes]]:
    """Return the size of a file where the server says it, and all of it in pieces.

    Raises
    ------
    LinkError
        When no answer comes; the iterator, when the file ends before all of it came.
    """
    attempts = line.attempts(0)
    while True:
        with ExitStack() as stack:
            try:
                response = stack.enter_context(line.answer({}, attempts))
            except Trouble as trouble:
                attempts.wait(trouble)
                continue
            if response.status != 200:
                raise web_errors.unexpected(response.status, line.link)
            return response.length_remaining, _rest(line, response, stack.pop_all())


def _rest(line: Line, response: urllib3.BaseHTTPResponse, stack: ExitStack) -> Iterator[bytes]:
    with stack:
        try:
            yield from line.pieces(response, sys.maxsize)
        except Trouble as trouble:
            raise trouble.error from None


@dataclass(slots=True)
class _Part:
    """What is left of the part that an answer holds."""

    start: int
    stop: int
    version: Validator

    @property
    def length(self) -> int:
        """In bytes."""
        return self.stop - self.start


def _part(
    response: urllib3.BaseHTTPResponse,
    link: Link,
    wanted: _Wanted,
    version: Validator | None,
    is_asked_about: bool,
) -> _Part:
    """Return which part an answer holds, after comparing it with what is wanted.

    Of what is wanted, the end of the file becomes known by it.
    """
    if response.status == 304:
        discard(response)
        if not is_asked_about:
            raise web_errors.unexpected(response.status, link)
        raise Unchanged
    if response.status == 416:
        found = _UNSATISFIED.fullmatch(response.headers.get("Content-Range", ""))
        discard(response)
        size = int(found[1]) if found else None
        raise NotSatisfiable(size, _version(response, size or 0))
    said = response.headers.get("Content-Range", "")
    found = _CONTENT_RANGE.fullmatch(said.strip())
    if found is None:
        # None at all, or several parts in one answer, which nobody asked for.
        raise web_errors.wrong_range(link, said or "an unnamed one", wanted.header)
    first, stop = int(found[1]), int(found[2]) + 1
    size = _size(found[3], wanted, version, stop)
    if size is None:
        raise web_errors.unexpected(response.status, link)
    start = max(0, size - wanted.stop) if wanted.start is None else wanted.start
    end = size if wanted.start is None else min(size, wanted.stop)
    is_part = first == start < stop and response.length_remaining in (None, stop - first)
    there = _version(response, size)
    if is_part and version is not None and not there.is_same_version(version):
        raise web_errors.changed(link)
    # Less than was asked for may be sent, but of the last bytes nobody would know how many.
    if not is_part or stop > end or (wanted.start is None and stop < end):
        raise web_errors.wrong_range(link, said, wanted.header)
    wanted.start, wanted.stop = start, end
    return _Part(first, stop, there)


def _size(said: str, wanted: _Wanted, version: Validator | None, stop: int) -> int | None:
    """Return the size of the file; a server may leave it open."""
    if said != "*":
        return int(said)
    if version is not None:
        return version.size
    return stop if wanted.start is None else None


def _whole(
    line: Line,
    response: urllib3.BaseHTTPResponse,
    wanted: _Wanted,
    version: Validator | None,
    attempts: Attempts,
    took: Took,
) -> tuple[Validator, bytes | None]:
    """Read a file that a server sent as a whole, if it is no more than was asked for.

    Only the number of bytes that were asked for bounds what is read, and one more to see the end.
    """
    most = wanted.length
    size = response.length_remaining
    if size is not None and size > most:
        raise web_errors.no_ranges(line.link, size)
    content = b"".join(line.pieces(response, most + 1, attempts))
    if len(content) > most:
        raise web_errors.no_ranges(line.link, None)
    there = _version(response, len(content))
    if version is None:
        return there, content
    if not there.is_same_version(version):
        raise web_errors.changed(line.link)
    if wanted.start is None:
        return there, content
    # Perhaps a part of it is there already, from an answer that broke off.
    took(content[wanted.start : wanted.stop])
    return there, None


def _version(response: urllib3.BaseHTTPResponse, size: int) -> Validator:
    headers = response.headers
    return Validator(size, headers.get("ETag", ""), headers.get("Last-Modified", ""))
