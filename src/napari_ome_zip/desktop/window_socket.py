"""Where running windows listen for files, and what is said there.

Each process with windows has a socket of its own in a folder that only its user can enter. A
message is one line of JSON with the places to open, nothing else; nothing of it is executed::

    client                              window
    {"version": 1, "open": ["/a.ozx"]}  ─▶
                                        ◀─ {"accepted": true}
    {"version": 1, "go": true}          ─▶  opens them

The window opens nothing before the last line. A client that waited too long has opened another
window and hung up: then that line never comes, and no file is opened twice.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from napari_ome_zip.errors import HandOverError
from napari_ome_zip.files import is_link
from napari_ome_zip.names import is_archive_name

MAX_MESSAGE_BYTES = 1 << 20
"""Length of a line, at most: thousands of paths."""

MAX_ANSWER_BYTES = 1 << 12
"""Length of an answer, at most."""

SOCKET_SUFFIX = ".socket"

_VERSION = 1
_FOLDER = "napari-ome-zip"
_MAX_SOCKET_PATH = 100
"""Bytes of a socket's path: systems allow 103 to 107."""


def sockets_folder() -> Path | None:
    """Return the folder of the sockets, made if need be; None where there is no safe one.

    It belongs to this user, who alone can enter it, and no link leads there: whoever could put a
    socket into it would be told which files are opened, and could open files in a window.
    """
    if not hasattr(os, "getuid"):
        return None  # Windows: Python knows no sockets that are files there
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and _is_private(Path(runtime)):
        folder = Path(runtime) / _FOLDER
    else:
        folder = Path(tempfile.gettempdir()) / f"{_FOLDER}-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return None
    is_short = len(os.fsencode(new_socket(folder))) <= _MAX_SOCKET_PATH
    return folder if is_short and _is_private(folder) else None


def new_socket(folder: Path) -> Path:
    """Return a path for the socket of one more process."""
    return folder / f"{secrets.token_hex(4)}{SOCKET_SUFFIX}"


@contextmanager
def lock_of(folder: Path) -> Iterator[Callable[[], bool]]:
    """Give what tries to lock the folder of the sockets, and tells whether it is locked by that.

    The folder itself is locked: so nothing is left behind. It may be gone: then nobody waits.
    """
    # Where there is such a folder, there is this module, which Windows has not.
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        yield lambda: True
        return

    def is_mine() -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    try:
        yield is_mine
    finally:
        os.close(descriptor)


def remove_socket(path: Path) -> None:
    """Remove the socket of a process that ends, and the folder where it was the last one.

    The folder stays where somebody holds its lock, who is starting napari: whoever comes next looks
    for that lock.
    """
    with suppress(OSError):
        path.unlink()
    with lock_of(path.parent) as is_mine, suppress(OSError):
        if is_mine():
            path.parent.rmdir()  # where no other window has a socket


def request_of(places: Sequence[str]) -> bytes:
    """Return the line that asks a window to open files.

    Raises
    ------
    HandOverError
        If they are too many for one message.
    """
    line = _line({"open": list(places)})
    if len(line) > MAX_MESSAGE_BYTES:
        raise HandOverError(f"{len(places):,} files are too many to be opened at once.")
    return line


def places_of(line: bytes) -> list[str]:
    """Return what a line asks to open.

    Raises
    ------
    HandOverError
        If it is no such line, or names something else than archives by absolute paths or links.
    """
    places = _content(line).get("open")
    if not isinstance(places, list) or not places:
        raise HandOverError("The message names no files.")
    for place in places:
        if not isinstance(place, str) or "\0" in place:
            raise HandOverError("The message names something that is no path.")
        if not is_link(place) and not Path(place).is_absolute():
            raise HandOverError("The message names a file by a path that is not absolute.")
        if not is_archive_name(place):
            raise HandOverError("The message names a file that is no archive by its name.")
    return places


def answer_of(reason: str = "") -> bytes:
    """Return the line that says that files are accepted, or why not."""
    return _line({"accepted": False, "reason": reason} if reason else {"accepted": True})


def is_accepted(line: bytes) -> bool:
    """Whether an answer says so.

    Raises
    ------
    HandOverError
        If it is no answer.
    """
    return _content(line).get("accepted") is True


def go_ahead() -> bytes:
    """Return the line after which a window opens what it accepted."""
    return _line({"go": True})


def is_go_ahead(line: bytes) -> bool:
    """Whether a line says that what was accepted is to be opened.

    Raises
    ------
    HandOverError
        If it is no line of this kind.
    """
    return _content(line).get("go") is True


def _line(content: dict[str, Any]) -> bytes:
    # ASCII alone: names that are no valid Unicode come through as escapes.
    return json.dumps({"version": _VERSION, **content}).encode("ascii") + b"\n"


def _content(line: bytes) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise HandOverError("The message is not understood.") from error
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise HandOverError("The message is of another version.")
    return content


def _is_private(folder: Path) -> bool:
    """Whether a folder is this user's own, entered by nobody else, and no link."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    is_mine = found.st_uid == os.getuid()
    return stat.S_ISDIR(found.st_mode) and is_mine and not found.st_mode & 0o077
