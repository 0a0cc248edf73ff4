"""A web server in a process of its own that answers as a server far away does: a while later.

It serves the files of a folder by ranges (RFC 9110, section 14). Every answer comes ``delay``
later; that to the first request of a connection twice as late, for a connection is made by a round
trip of its own. Answers to different requests wait side by side; bytes come as fast as this machine
sends them. ``/-/taken`` tells what was asked for since it was asked last, at once.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_PIECE = 1 << 18


class Line:
    """The server, as long as the block lasts.

    Parameters
    ----------
    folder : Path
    delay : float
        Seconds.
    """

    def __init__(self, folder: Path, delay: float) -> None:
        self._arguments = [str(folder), str(delay)]

    def __enter__(self) -> Self:
        command = [sys.executable, __file__, *self._arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._root = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()

    def url(self, name: str) -> str:
        return f"{self._root}/{name}"

    def taken(self) -> dict[str, int]:
        """Requests and bytes since this was asked last."""
        return taken(self.url(""))


def taken(root: str) -> dict[str, int]:
    """As of `Line.taken`, for another process."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{root.rstrip('/')}/-/taken") as answer:
        found: dict[str, int] = json.load(answer)
        return found


class _Server:
    def __init__(self, folder: Path, delay: float) -> None:
        self.folder, self.delay = folder, delay
        self.requests = self.sent = 0
        self._maps: dict[Path, memoryview] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        delay = 2 * self.delay
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, target, *_ = head.decode("latin-1").split(" ", 2)
                if target.startswith("/-/taken"):
                    await self._answer(writer, 200, self._told())
                    continue
                await asyncio.sleep(delay)
                delay = self.delay
                await self._file(writer, method, target, head)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _told(self) -> memoryview:
        told = {"requests": self.requests, "sent": self.sent}
        self.requests = self.sent = 0
        return memoryview(json.dumps(told).encode())

    async def _file(
        self, writer: asyncio.StreamWriter, method: str, target: str, head: bytes
    ) -> None:
        self.requests += 1
        path = self.folder / target.partition("?")[0].lstrip("/")
        if not path.is_file():
            await self._answer(writer, 404, memoryview(b""))
            return
        content = self._content(path)
        found = re.search(rb"\r\nrange: *([^\r]*)", head, re.IGNORECASE)
        asked = _RANGE.fullmatch(found[1].decode()) if found else None
        headers = {"ETag": f'"{path.stat().st_mtime_ns:x}"', "Accept-Ranges": "bytes"}
        status, size = 200, len(content)
        if asked is not None:
            first, last = asked.groups()
            start = int(first) if first else max(0, size - int(last))
            stop = min(int(last) + 1, size) if first and last else size
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
            status, content = 206, content[start:stop]
        await self._answer(writer, status, content, headers, body=method == "GET")
        self.sent += len(content) if method == "GET" else 0

    def _content(self, path: Path) -> memoryview:
        if path not in self._maps:
            with path.open("rb") as file:
                self._maps[path] = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
        return self._maps[path]

    async def _answer(
        self,
        writer: asyncio.StreamWriter,
        status: int,
        content: memoryview,
        headers: dict[str, str] | None = None,
        *,
        body: bool = True,
    ) -> None:
        lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(content)}"]
        lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        for start in range(0, len(content) if body else 0, _PIECE):
            writer.write(content[start : start + _PIECE])
            await writer.drain()


async def _main(folder: str, delay: str) -> None:
    made: Any = _Server(Path(folder), float(delay))
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        # It ends with the process that began it, however that ends: nobody holds the pipe then.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        server.close()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
