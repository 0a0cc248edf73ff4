"""How far what waits for a line is, and how it is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from napari_ome_zip.progress import Watch

ASKED_EVERY = 0.05
"""Seconds between two reports of what waits, in which it can be stopped, too."""

_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)
_keeps: ContextVar[bool] = ContextVar("keeps", default=True)


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Within this block, in this thread: whatever waits for a line reports, and can be stopped.

    Parameters
    ----------
    watch : Watch
        Told of the bytes that came of a file and of those that were asked for by then, and asked
        whether to go on, every 50 ms; what its ``stopped`` makes is raised by what waits.

    Examples
    --------
    >>> from napari_ome_zip.errors import ReadCancelledError
    >>> stopping = Watch(print, lambda: False, lambda: ReadCancelledError("Opening was cancelled"))
    >>> with watching(stopping):
    ...     pass  # open_image("https://…")
    """
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def current_watch() -> Watch | None:
    """Return what is told of waiting, here and now."""
    return _watch.get()


@contextmanager
def reading_once() -> Iterator[None]:
    """Within this block, in this thread: bytes that are asked for are not kept on disk.

    For what goes through a whole file, as a copy does: it would push everything else out.
    """
    token = _keeps.set(False)
    try:
        yield
    finally:
        _keeps.reset(token)


def keeps_on_disk() -> bool:
    """Whether bytes that are asked for here and now may be asked for again, another day."""
    return _keeps.get()
