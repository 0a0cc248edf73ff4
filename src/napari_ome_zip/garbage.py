"""Making very many objects without a search for garbage every few thousand of them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Leave cycles of garbage where they are until the end of a ``with`` block, in all threads.

    Python looks for them again whenever a quarter more objects live than before. While a plate of
    a million objects is opened, all of which stay, that is a third of the time.

    Examples
    --------
    >>> with no_collection():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    if not gc.isenabled():  # as someone wants it, or another thread does this already
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
