"""Bytes of many chunks asked for together, before the first of them is read.

Behind a line each question takes as long as a transfer of many chunks. So all that a region needs
is expected at once, and read when it is there. Of files on a disk nothing is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from napari_ome_zip.files.byte_file import NOTHING_EXPECTED, Expectation
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.storage import HierarchyStore, Wanted

type WantedLater = Callable[[], Iterable[Wanted]]
"""Waits for the index of a shard, and says which chunks of it are read."""


class StoredArray(Protocol):
    """An array whose chunks lie in a store."""

    @property
    def store(self) -> HierarchyStore:
        """Where."""

    def wanted(self, region: Region) -> tuple[list[Wanted], list[WantedLater]]:
        """What is read first for a region, and what then says what else is."""


class Regional(Protocol):
    """Pixels that come from stored arrays."""

    def stored_regions(self, region: Region) -> Iterable[tuple[StoredArray, Region]]:
        """Arrays, and what of them is read for a region of these pixels."""


class Together(Expectation):
    """Several expectations that end together."""

    def __init__(self, parts: Sequence[Expectation]) -> None:
        self._parts = parts

    def end(self) -> None:
        # docstring inherited
        for part in self._parts:
            part.end()


def expect(source: Regional, regions: Iterable[Region], *, ahead: bool = False) -> Expectation:
    """Begin to fetch the bytes that regions are decoded from, the first ones first.

    Waits for the indexes of shards that are read in part, all of them at once.

    Parameters
    ----------
    source : PixelSource
    regions : iterable of tuple of slice
    ahead : bool
        Whether nobody asked for them yet.
    """
    return expect_all(((source, region) for region in regions), ahead=ahead)


def expect_all(wanted: Iterable[tuple[Regional, Region]], *, ahead: bool = False) -> Expectation:
    """As `expect`, of several sources together."""
    first: list[tuple[HierarchyStore, Iterable[Wanted]]] = []
    later: list[tuple[HierarchyStore, WantedLater]] = []
    for source, region in wanted:
        for array, part in source.stored_regions(region):
            now, then = array.wanted(part)
            first.append((array.store, now))
            later += [(array.store, each) for each in then]
    begun = _expected(first, ahead=ahead)
    # All indexes are on their way by now.
    begun += _expected(((store, each()) for store, each in later), ahead=ahead)
    if not begun:
        return NOTHING_EXPECTED
    return begun[0] if len(begun) == 1 else Together(begun)


def _expected(
    wanted: Iterable[tuple[HierarchyStore, Iterable[Wanted]]], *, ahead: bool
) -> list[Expectation]:
    stores: dict[int, tuple[HierarchyStore, dict[Wanted, None]]] = {}
    for store, entries in wanted:
        # Each once, in the order in which they are wanted.
        stores.setdefault(id(store), (store, {}))[1].update(dict.fromkeys(entries))
    return [store.expect(list(each), ahead=ahead) for store, each in stores.values() if each]


_is_expected: ContextVar[bool] = ContextVar("is_expected", default=False)


@contextmanager
def expecting(source: Regional, regions: Iterable[Region]) -> Iterator[None]:
    """Within this block, in this thread, regions are read: their bytes are fetched together.

    Does nothing within another such block.
    """
    if _is_expected.get():
        yield
        return
    token = _is_expected.set(True)
    try:
        with expect(source, regions):
            yield
    finally:
        _is_expected.reset(token)
