"""Downloads the whole file behind a link, for servers that send no ranges of it."""

from __future__ import annotations

import os
import queue
import secrets
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from napari_ome_zip.errors import LinkError, OmeZipError, ReadCancelledError, SaveError
from napari_ome_zip.files.connecting import remote_object
from napari_ome_zip.files.links import Link
from napari_ome_zip.files.syncing import sync
from napari_ome_zip.paths import target_path
from napari_ome_zip.progress import Cancelled, Progress, Watch
from napari_ome_zip.sizes import readable_size

_LOOK_EVERY = 0.1
"""Seconds after which a server that sends nothing is no longer waited for, once it is cancelled."""
_WAITING = 64
"""Pieces that may wait for the disk."""


def download(
    link: Link,
    target: str | os.PathLike[str],
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Path:
    """Download a file, and put it at a path once all of it is there.

    Parameters
    ----------
    link : Link
    target : str or path-like
        Replaced where there is a file.
    progress : callable, optional
        Called with the bytes that came, and those in all; 0 where the server does not say it.
    cancelled : callable, optional
        Asked every 0.1 s, also while the server sends nothing.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    LinkError
        When the file cannot be read, or less of it came than the server had announced.
    SaveError
        When it cannot be written; what was at the target is still there.
    ReadCancelledError
        When it was cancelled; nothing is kept.

    Examples
    --------
    >>> download(Link("https://example.org/cells.ozx"), "cells.ozx")  # doctest: +SKIP
    PosixPath('cells.ozx')
    """
    path = target_path(target)
    stopped = f"Cancelled: {link.name} was not downloaded."
    watch = Watch(progress, cancelled, lambda: ReadCancelledError(stopped))
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        _receive(link, partial, watch)
        partial.replace(path)
    except OmeZipError:
        raise
    except OSError as error:
        raise SaveError(
            f"{link.name} cannot be written to {path.parent}: {error.strerror or error}. "
            "Choose another folder.",
            error.errno,
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return path


def _receive(link: Link, path: Path, watch: Watch) -> None:
    got = 0
    with path.open("xb") as file:
        transfer = _Transfer(link)
        try:
            for piece in transfer.pieces(watch):
                got += file.write(piece)
                watch.report(got, transfer.size or 0)
        finally:
            transfer.is_wanted.clear()
        file.flush()
        sync(file.fileno())
    if transfer.size is not None and got != transfer.size:
        raise LinkError(
            f"Only {readable_size(got)} of the {readable_size(transfer.size)} of {link.name} came. "
            "Download it again.",
            code="link-short",
        )


class _Transfer:
    """Bytes that a thread receives: nobody has to wait for a server that has stopped sending."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._came: queue.Queue[bytes | Exception | None] = queue.Queue(_WAITING)
        self.size: int | None = None
        self.is_wanted = threading.Event()
        self.is_wanted.set()

    def pieces(self, watch: Watch) -> Iterator[bytes]:
        """Yield the file as it comes."""
        threading.Thread(target=self._run, name="download", daemon=True).start()
        while True:
            try:
                piece = self._came.get(timeout=_LOOK_EVERY)
            except queue.Empty:
                watch.check()
                continue
            if piece is None:
                return
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def _run(self) -> None:
        try:
            self.size, pieces = remote_object(self._link).whole()
            for piece in pieces:
                if not self._put(piece):
                    return
            self._put(None)
        except Exception as error:  # noqa: BLE001 (raised by the thread that waits for it)
            self._put(error)

    def _put(self, piece: bytes | Exception | None) -> bool:
        """Hand something over; False where nobody wants it any more."""
        while self.is_wanted.is_set():
            try:
                self._came.put(piece, timeout=_LOOK_EVERY)
            except queue.Full:
                continue
            return True
        return False
