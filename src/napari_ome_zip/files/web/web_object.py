"""A file on a web server, of which ranges are asked for (RFC 9110, section 14)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from napari_ome_zip.errors import LinkError, NoRangesError
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.meanwhile import Meanwhile
from napari_ome_zip.files.pieces import Pieces
from napari_ome_zip.files.remote_object import Heard, Opening, RemoteObject, Took, Validator
from napari_ome_zip.files.web import errors as web_errors
from napari_ome_zip.files.web import line as web_line
from napari_ome_zip.files.web.line import Line, Patience
from napari_ome_zip.files.web.transfer import NotSatisfiable, Unchanged, receive, receive_all


class WebObject(RemoteObject):
    """A file on a web server.

    Parameters
    ----------
    link : Link
        That begins with ``http://`` or ``https://``.
    patience : Patience, optional
        How long is waited; by default, `web_line.PATIENCE`.
    """

    def __init__(self, link: Link, patience: Patience | None = None) -> None:
        self.link = link
        self._line = Line(link, patience or web_line.PATIENCE)
        self._version: Validator | None = None
        self._whole: bytes | None = None

    def open(
        self,
        *,
        head: int,
        tail: int,
        known: Validator | None = None,
        heard: Heard | None = None,
    ) -> Opening:
        # docstring inherited
        opening = self._open_known(tail, known, heard) if known is not None else None
        if opening is None:
            opening = self._open(head, tail, heard)
        self._version = opening.validator
        return opening

    def fetch(self, start: int, stop: int, took: Took) -> None:
        # docstring inherited
        if self._version is None:
            raise ValueError("The file was not opened.")
        if self._whole is not None:
            took(self._whole[start:stop])
            return
        try:
            receive(self._line, start, stop, took, version=self._version)
        except NotSatisfiable:
            raise web_errors.changed(self.link) from None

    def whole(self) -> tuple[int | None, Iterator[bytes]]:
        # docstring inherited
        return receive_all(self._line)

    def _open_known(self, tail: int, known: Validator, heard: Heard | None) -> Opening | None:
        """Return the opening of a version that is known; None where it is another one now.

        Only a tag is asked about (RFC 9110, section 13.1.2). Some servers take dates as a limit:
        to them a file that was replaced by an older one is unchanged. It is compared here.
        """
        start = max(0, known.size - tail)
        if start == known.size:
            return None
        got = Pieces(heard)
        asked = {"If-None-Match": known.etag} if known.etag else {}
        try:
            version, whole = receive(self._line, start, known.size, got.take, conditions=asked)
        except Unchanged:
            return Opening(known, is_unchanged=True)
        except (NotSatisfiable, NoRangesError):
            return None
        if whole is not None or not version.is_same_version(known):
            return None
        return Opening(version, tail=got.joined, is_unchanged=True)

    def _open(self, head: int, tail: int, heard: Heard | None) -> Opening:
        """Ask for both ends at once; where a server refuses the last bytes, the first ones decide.

        Azure refuses ranges from the end, and other servers answer them with 416, 501, the wrong
        end or all of the file.
        """
        front = Meanwhile(partial(self._front, head, heard))
        got = Pieces(heard)
        version: Validator | None = None
        try:
            version, whole = receive(self._line, None, tail, got.take)
            if whole is not None:
                got.data = [whole[-tail:]]
        except (LinkError, NotSatisfiable):
            got.data.clear()
        first, data = front.result()
        if version is None:
            got.data = [self._last(first, data, tail, heard)]
        elif not version.is_same_version(first):
            raise web_errors.changed(self.link)
        return Opening(first, head=data[:head], tail=got.joined)

    def _front(self, head: int, heard: Heard | None) -> tuple[Validator, bytes]:
        """Return version and first bytes, all of them where it is not larger than was asked for."""
        got = Pieces(heard)
        try:
            version, self._whole = receive(self._line, 0, head, got.take)
        except NotSatisfiable as answer:
            if answer.size != 0:
                raise web_errors.unexpected(416, self.link) from None
            self._whole = b""
            return answer.version, b""
        if self._whole is not None:
            return version, self._whole
        return version, got.joined

    def _last(self, version: Validator, front: bytes, tail: int, heard: Heard | None) -> bytes:
        if version.size <= len(front):
            return front[-tail:]
        got = Pieces(heard)
        start = max(0, version.size - tail)
        try:
            receive(self._line, start, version.size, got.take, version=version)
        except NotSatisfiable:
            raise web_errors.changed(self.link) from None
        return got.joined
