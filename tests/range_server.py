"""A web server on this machine that serves bytes by ranges, counts them, and may take its time."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import quote, unquote, urlsplit

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class Request:
    """What was asked for, and what was sent."""

    method: str
    target: str
    """Path and query, as asked for."""
    range: tuple[int, int] | None
    """First byte, and one past the last; None where all was asked for."""
    status: int
    sent: int
    """Bytes of content."""
    headers: Mapping[str, str]


class RangeServer:
    """Serves files from memory, each under its name.

    Parameters
    ----------
    files : mapping of str to bytes
        May be changed while it runs.
    delay : float
        Seconds before each answer, as a line has.

    Examples
    --------
    >>> with RangeServer({"a.ozx": b"..."}) as server:  # doctest: +SKIP
    ...     image = open_image(server.url("a.ozx"))
    ...     assert len(server.requests) <= 3
    """

    def __init__(self, files: Mapping[str, bytes], *, delay: float = 0) -> None:
        self.files = dict(files)
        self.delay = delay
        self.requests: list[Request] = []
        self._http = _Http(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def url(self, name: str) -> str:
        """Link to a file."""
        return f"http://127.0.0.1:{self._http.server_port}/{quote(name)}"

    @property
    def sent(self) -> int:
        """Bytes of content sent so far."""
        return sum(request.sent for request in self.requests)

    def forget(self) -> None:
        """Count from now on."""
        self.requests.clear()

    def etag(self, name: str) -> str:
        """Of the content as it is now."""
        return f'"{hash(self.files[name]) & 0xFFFFFFFF:08x}"'


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, owner: RangeServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Answers)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is its own affair."""


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def do_GET(self) -> None:
        owner = self.server.owner
        time.sleep(owner.delay)
        name = unquote(urlsplit(self.path).path.removeprefix("/"))
        content = owner.files.get(name)
        if content is None:
            self._send(404, b"")
            return
        headers = {"ETag": owner.etag(name), "Accept-Ranges": "bytes"}
        if self.headers.get("If-None-Match") == headers["ETag"]:
            self._send(304, b"", headers)
            return
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is None:
            self._send(200, content, headers)
            return
        first, last = asked.groups()
        start = int(first) if first else max(0, len(content) - int(last))
        stop = min(int(last) + 1, len(content)) if first and last else len(content)
        if start >= len(content):
            headers["Content-Range"] = f"bytes */{len(content)}"
            self._send(416, b"", headers)
            return
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
        self._send(206, content[start:stop], headers, (start, stop))

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(
        self,
        status: int,
        content: bytes,
        headers: Mapping[str, str] | None = None,
        of: tuple[int, int] | None = None,
    ) -> None:
        sent = content if self.command == "GET" else b""
        self.server.owner.requests.append(
            Request(self.command, self.path, of, status, len(sent), dict(self.headers))
        )
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        if status != 304:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *args: object) -> None:  # type: ignore[override]
        """Not to the terminal."""
