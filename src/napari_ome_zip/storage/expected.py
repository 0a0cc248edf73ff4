"""Entries that are read one after another, of which a line brings the next ones meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from napari_ome_zip.files import Expectation, reading_once
from napari_ome_zip.storage.base import HierarchyStore
from napari_ome_zip.threads import batches

WINDOW_BYTES, WINDOW_ENTRIES = 16 << 20, 4096
"""What is asked for together: it fills a line, and three of them fit in memory."""


@contextmanager
def expected_ahead[T](
    store: HierarchyStore, items: Iterable[T], key: Callable[[T], str], size: Callable[[T], int]
) -> Iterator[Iterator[T]]:
    """Iterate over items whose entries are read within this block, in any thread.

    Entries of a store behind a line are fetched together, those of the items that come next while
    those before are worked on. Larger ones than `WINDOW_BYTES` fill a line by themselves, when
    they are read. None of it is kept on the disk, where it would push everything else out.

    Parameters
    ----------
    store : HierarchyStore
    items : iterable
    key, size : callable
        Entry of an item, and its size in bytes.

    Examples
    --------
    >>> with expected_ahead(store, names, str, store.size_of) as ahead:  # doctest: +SKIP
    ...     for name in ahead:
    ...         content = store.read(name)
    """
    if not store.is_remote:
        yield iter(items)
        return
    expected: deque[Expectation] = deque()

    def ahead() -> Iterator[T]:
        current: list[T] = []
        for following in batches(items, size, most=WINDOW_BYTES, count=WINDOW_ENTRIES):
            wanted = [key(item) for item in following if size(item) <= WINDOW_BYTES]
            with reading_once():
                expected.append(store.expect(wanted))
            yield from current
            current = following
            while len(expected) > 2:
                expected.popleft().end()
        yield from current

    try:
        yield ahead()
    finally:
        for each in expected:
            each.end()
