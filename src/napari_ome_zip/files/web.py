"""Ranges of a file on a web server (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import urllib3

from napari_ome_zip.errors import ChangedFileError, LinkError
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.remote_object import Heard, Opening, RemoteObject, Took, Validator

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class WebObject(RemoteObject):
    """A file on a web server."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._pool = urllib3.PoolManager(maxsize=16)
        self._version = Validator(0)

    def open(
        self, *, head: int, tail: int, known: Validator | None = None, heard: Heard | None = None
    ) -> Opening:
        # docstring inherited
        answer = self._ask(f"-{tail}", known)
        if answer is None and known is not None:
            self._version = known
            return Opening(known, is_unchanged=True)
        self._version, data = answer or (Validator(0), b"")
        first = self._ask(f"0-{head - 1}", None) if known is None else None
        return Opening(self._version, first[1] if first else b"", data)

    def fetch(self, start: int, stop: int, took: Took) -> None:
        # docstring inherited
        answer = self._ask(f"{start}-{stop - 1}", None)
        if answer is None or answer[0] != self._version:
            raise ChangedFileError(f"The file changed: {self.link}")
        for at in range(0, stop - start, 1 << 16):
            took(answer[1][at : at + (1 << 16)])

    def whole(self) -> tuple[int | None, Iterator[bytes]]:
        # docstring inherited
        raise NotImplementedError

    def _ask(self, span: str, known: Validator | None) -> tuple[Validator, bytes] | None:
        headers = {"Range": f"bytes={span}", "Accept-Encoding": "identity"}
        if known is not None:
            headers["If-None-Match"] = known.etag
        answer = self._pool.request("GET", self.link.url, headers=headers)
        if answer.status == 304:
            return None
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if answer.status != 206 or found is None:
            raise LinkError(f"The server answers with {answer.status}: {self.link}")
        etag, modified = (answer.headers.get(key, "") for key in ("ETag", "Last-Modified"))
        return Validator(int(found[3]), etag, modified), answer.data
