"""The other end of a running window's socket, without Qt: what it answers is up to a test."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any


class FakeWindow:
    """Listens on a socket as a window does; a context manager.

    Parameters
    ----------
    path : Path
        Of the socket.
    answer : callable
        Gives the bytes that answer a line; None to say nothing.
    """

    def __init__(self, path: Path, answer: Callable[[bytes], bytes | None]) -> None:
        self.said: list[Any] = []
        """The lines that were heard, as JSON."""
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> FakeWindow:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line, line.makefile("rb") as heard, suppress(OSError):  # it may hang up
                for said in heard:
                    self.said.append(json.loads(said))
                    answer = self._answer(said)
                    if answer is not None:
                        line.sendall(answer)


def accepts(said: bytes) -> bytes | None:
    """Answer as a window that opens whatever it is asked to."""
    return b'{"version": 1, "accepted": true}\n' if b'"open"' in said else None
