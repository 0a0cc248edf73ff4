"""Ranges of a file on a web server (RFC 9110, section 14)."""

from __future__ import annotations

import re

import urllib3

from napari_ome_zip.errors import LinkError
from napari_ome_zip.files.links import Link

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class WebObject:
    """A file on a web server."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._pool = urllib3.PoolManager(maxsize=16)
        self.size, self.validator = 0, ""
        self._ask(0, 1)

    def fetch(self, start: int, stop: int) -> bytes:
        """Return a range of bytes."""
        return self._ask(start, stop)

    def _ask(self, start: int, stop: int) -> bytes:
        answer = self._pool.request(
            "GET",
            self.link.url,
            headers={"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"},
        )
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if answer.status != 206 or found is None:
            raise LinkError(f"The server answers with {answer.status}: {self.link}")
        self.size = int(found[3])
        self.validator = answer.headers.get("ETag") or answer.headers.get("Last-Modified", "")
        return answer.data
