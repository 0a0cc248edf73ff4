"""Files of this computer that are called otherwise than by their paths, such as standard input."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAMES: dict[str, str] = {}


@contextmanager
def shown_as(path: str | os.PathLike[str], name: str) -> Iterator[None]:
    """Call a file by this name within this block: in messages, in reports, in what is written.

    Examples
    --------
    >>> with shown_as("/tmp/copy", "<standard input>"):
    ...     shown_name("/tmp/copy")
    '<standard input>'
    >>> shown_name("/tmp/copy")
    '/tmp/copy'
    """
    place = _key(path)
    _NAMES[place] = name
    try:
        yield
    finally:
        del _NAMES[place]


def shown_name(path: str | os.PathLike[str]) -> str:
    """Return what a file is called: the path as it was given, where nothing else was agreed on."""
    return _NAMES.get(_key(path), os.fspath(path)) if _NAMES else os.fspath(path)


def has_own_name(path: str | os.PathLike[str]) -> bool:
    """Whether a file is called by its own name, so that the name says something of it."""
    return _key(path) not in _NAMES


def _key(path: str | os.PathLike[str]) -> str:
    return str(Path(path).absolute())
