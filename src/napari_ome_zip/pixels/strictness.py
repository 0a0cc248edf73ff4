"""Whether pixels are read to be kept: then none may be replaced by a fill value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

type Checked = set[tuple[int, str]]
"""Stores (by identity) and entries whose checksums were found to be right already."""

_checked: ContextVar[Checked | None] = ContextVar("checked", default=None)


@contextmanager
def strict_reading(checked: Checked | None = None) -> Iterator[None]:
    """Within this block, in this thread: a chunk that cannot be read is an error.

    Arrays that are pickled within it stay strict wherever they are unpickled, so that other
    processes read as this one would.

    Parameters
    ----------
    checked : set, optional
        Shared by the threads that read for one purpose, so that each entry is checked once.

    Raises
    ------
    UnreadableChunkError
        From whatever reads in it, if a chunk is damaged or cannot be read.

    Examples
    --------
    >>> from napari_ome_zip import open_image, strict_reading
    >>> image = open_image("cells.ozx").images[0]
    >>> with strict_reading():
    ...     brightest = image.levels[0].max().compute()
    >>> int(brightest)
    900
    """
    token = _checked.set(set() if checked is None else checked)
    try:
        yield
    finally:
        _checked.reset(token)


def checked_entries() -> Checked | None:
    """What was checked in this strict reading; None where reading is tolerant."""
    return _checked.get()
