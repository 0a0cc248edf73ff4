"""Hands files to a window that is running, of the same user."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from napari_ome_zip.desktop.window_socket import (
    MAX_ANSWER_BYTES,
    SOCKET_SUFFIX,
    go_ahead,
    is_accepted,
    request_of,
    sockets_folder,
)
from napari_ome_zip.errors import HandOverError

ANSWERED_WITHIN = 2.0
"""Seconds that a window has to answer: one that takes longer is busy, and another is opened."""

TRIED_WITHIN = 4.0
"""Seconds in which all windows are asked, one after the other."""


def hand_over(places: Sequence[str]) -> bool:
    """Have files opened by a window that is running.

    The window that was used last is asked first. Returns at once where there is none.

    Parameters
    ----------
    places : sequence of str
        Absolute paths, and links.

    Returns
    -------
    bool
        Whether a window opens them. If not, none does, nor will one later.

    Examples
    --------
    >>> hand_over(["/data/cells.ozx"])  # doctest: +SKIP
    True
    """
    try:
        request = request_of(places)
    except HandOverError:
        return False
    until = time.monotonic() + TRIED_WITHIN
    return any(_ask(path, request, until) for path in window_sockets())


def window_sockets() -> list[Path]:
    """Return the sockets of windows, that of the window used last first."""
    folder = sockets_folder()
    if folder is None:
        return []
    found = []
    for path in folder.glob(f"*{SOCKET_SUFFIX}"):
        with suppress(OSError):  # closed meanwhile
            found.append((path.lstat().st_mtime_ns, path))
    return [path for _, path in sorted(found, reverse=True)]


def _ask(path: Path, request: bytes, until: float) -> bool:
    """Have files opened by one window; False where it does not, or takes too long."""
    until = min(until, time.monotonic() + ANSWERED_WITHIN)
    if until <= time.monotonic():
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        try:
            _wait_until(line, until)
            line.connect(str(path))
            if not is_same_user(line):
                return False
            line.sendall(request)
            if not is_accepted(_answer(line, until)):
                return False
            line.sendall(go_ahead())
        except ConnectionRefusedError:
            # Nobody listens any more: a window that was killed leaves its socket behind.
            with suppress(OSError):
                path.unlink()
            return False
        except (HandOverError, OSError):
            return False
    return True


def is_same_user(line: socket.socket) -> bool:
    """Whether the process at the other end is of this user, as far as the system says so."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the folder alone keeps others out
    credentials = struct.Struct("3i")
    found = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size)
    _, user, _ = credentials.unpack(found)
    return bool(user == os.getuid())


def _answer(line: socket.socket, until: float) -> bytes:
    got = b""
    while not got.endswith(b"\n"):
        _wait_until(line, until)
        more = line.recv(MAX_ANSWER_BYTES)
        got += more
        if not more or len(got) > MAX_ANSWER_BYTES:
            raise HandOverError("The window's answer is not understood.")
    return got


def _wait_until(line: socket.socket, until: float) -> None:
    """Let what is done next end in time; a timeout of 0 would mean not to wait at all."""
    line.settimeout(max(0.001, until - time.monotonic()))
