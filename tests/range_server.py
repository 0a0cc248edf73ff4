"""A web server on this machine that serves bytes by ranges, counts them, and may take its time.

Faults of real servers that it is given come from `web_faults`.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
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


@dataclass
class Answer:
    """What is about to be sent."""

    status: int
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    range: tuple[int, int] | None = None
    """First byte of the content in the file, and one past the last."""
    is_chunked: bool = False
    """Whether it is sent without saying how long it is."""
    sends: int | None = None
    """Bytes of content after which the connection is closed; None for all, and it is kept."""
    is_dropped: bool = False
    """Whether the connection is closed without any answer."""


type Fault = Callable[[Request, Answer], Answer]
"""Makes another answer to a request of the one that would be right. `Request.status` and
`Request.sent` are those of the right one."""


class RangeServer:
    """Serves files from memory, each under its name.

    Parameters
    ----------
    files : mapping of str to bytes
        May be changed while it runs.
    delay : float
        Seconds before each answer, as a line has.
    fault : callable, optional
        What it does wrong.
    tls : ssl.SSLContext, optional
        Makes its links begin with ``https://``.

    Examples
    --------
    >>> with RangeServer({"a.ozx": b"..."}) as server:  # doctest: +SKIP
    ...     image = open_image(server.url("a.ozx"))
    ...     assert len(server.requests) <= 3
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        *,
        delay: float = 0,
        fault: Fault | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.files = dict(files)
        self.delay = delay
        self.fault = fault
        self.requests: list[Request] = []
        self._etags: dict[str, tuple[bytes, str]] = {}
        self.asked = threading.Event()
        """Set when a request has come."""
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._http = _Http(self)
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._http.socket = tls.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
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
        self.release()
        self._http.shutdown()
        self._http.server_close()
        self._http.close_connections()
        self._thread.join()

    def url(self, name: str) -> str:
        """Link to a file."""
        return f"{self._scheme}://127.0.0.1:{self.port}/{quote(name)}"

    @property
    def port(self) -> int:
        """Number of the port that it listens at."""
        return self._http.server_port

    @property
    def sent(self) -> int:
        """Bytes of content sent so far."""
        return sum(request.sent for request in self.requests)

    def forget(self) -> None:
        """Count from now on."""
        self.requests.clear()
        self.asked.clear()

    def hold(self) -> None:
        """Let every request wait from now on."""
        self.may_answer.clear()

    def release(self) -> None:
        """Answer them."""
        self.may_answer.set()

    def etag(self, name: str) -> str:
        """Of the content as it is now."""
        content = self.files[name]
        known = self._etags.get(name)
        if known is None or known[0] is not content:
            known = self._etags[name] = content, f'"{zlib.crc32(content):08x}"'
        return known[1]


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, owner: RangeServer) -> None:
        self.owner = owner
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Answers)

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        self._connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.discard(request)

    def close_connections(self) -> None:
        """Close those that clients keep, so that no thread waits for their next request."""
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is its own affair."""


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def do_GET(self) -> None:
        owner = self.server.owner
        owner.asked.set()
        time.sleep(owner.delay)
        owner.may_answer.wait(60)
        answer = self._right()
        if owner.fault is not None:
            answer = owner.fault(self._request(answer), answer)
        self._send(answer)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _right(self) -> Answer:
        owner = self.server.owner
        name = unquote(urlsplit(self.path).path.removeprefix("/"))
        content = owner.files.get(name)
        if content is None:
            return Answer(404)
        headers = {"ETag": owner.etag(name), "Accept-Ranges": "bytes"}
        if self.headers.get("If-None-Match") == headers["ETag"]:
            return Answer(304, b"", headers)
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is None:
            return Answer(200, content, headers)
        first, last = asked.groups()
        start = int(first) if first else max(0, len(content) - int(last))
        stop = min(int(last) + 1, len(content)) if first and last else len(content)
        if start >= len(content):
            return Answer(416, b"", {**headers, "Content-Range": f"bytes */{len(content)}"})
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
        return Answer(206, content[start:stop], headers, (start, stop))

    def _request(self, answer: Answer) -> Request:
        sent = len(answer.content) if self.command == "GET" else 0
        if answer.sends is not None:
            sent = min(sent, answer.sends)
        return Request(
            self.command, self.path, answer.range, answer.status, sent, dict(self.headers)
        )

    def _send(self, answer: Answer) -> None:
        request = self._request(answer)
        self.server.owner.requests.append(request)
        if answer.is_dropped:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for key, value in answer.headers.items():
            self.send_header(key, value)
        if answer.is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif answer.status not in (204, 304) and "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        content = answer.content[: request.sent]
        if answer.is_chunked:
            chunk = b"%x\r\n%b\r\n" % (len(content), content) if content else b""
            content = chunk + b"0\r\n\r\n"
        self.wfile.write(content)
        if answer.sends is not None:
            self.close_connection = True

    def log_message(self, *args: object) -> None:  # type: ignore[override]
        """Not to the terminal."""
