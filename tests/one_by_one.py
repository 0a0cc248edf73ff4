"""A region of many chunks against its chunks that are read one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from napari_ome_zip.errors import UnreadableChunkError
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.damage import MAX_DAMAGE_REPORTS
from napari_ome_zip.pixels.grid import Region, shape_of
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.storage import HierarchyStore
from napari_ome_zip.storage.hierarchy import Hierarchy
from regions import assert_same, parts_of, within
from stored_arrays import PATH, StoredArray

type Open = Callable[[], HierarchyStore]
"""Opens the same store anew."""


def array_of(store: HierarchyStore) -> tuple[ChunkedArray, list[str]]:
    """The array of a store, and the list that messages about damage are added to."""
    said: list[str] = []
    store.on_damage = said.append
    node = Hierarchy(store).node(PATH)
    assert node is not None
    return ChunkedArray(store, node), said


@dataclass(frozen=True)
class OneByOne:
    """The parts of a region, each read from a store that was just opened."""

    pixels: np.ndarray
    """Of the region."""
    messages: list[list[str]]
    """Of each part."""
    refusal: str | None
    """The first error where they are read strictly."""

    @classmethod
    def of(cls, make: Open, region: Region, parts: Sequence[Region]) -> OneByOne:
        pixels, messages, refusals = [], [], []
        for part in parts:
            array, said = array_of(make())
            refusals.append(_refusal(array, part))
            assert not said
            pixels.append(array.read(part))
            messages.append(said)
        out = np.empty(shape_of(region), pixels[0].dtype)
        for part, found in zip(parts, pixels, strict=True):
            out[within(part, region)] = found
        return cls(out, messages, next(filter(None, refusals), None))

    @property
    def said(self) -> list[str]:
        return [message for messages in self.messages for message in messages]


def assert_said(found: list[str], expected: list[str]) -> None:
    """Each message once, in any order; of many the first, and that there are more."""
    if len(expected) <= MAX_DAMAGE_REPORTS:
        assert sorted(found) == sorted(expected)
        return
    *named, last = found
    assert len(named) == MAX_DAMAGE_REPORTS == len(set(named) & set(expected))
    assert last.startswith(f"More chunks of '{PATH}' are damaged")


def assert_as_one_by_one(make: Open, stored: StoredArray, region: Region) -> OneByOne:
    """Ask for a region in every way; return what its stored objects give one by one."""
    parts = parts_of(region, stored.objects)
    expected = OneByOne.of(make, region, parts)

    array, said = array_of(make())
    assert_same(array.read(region), expected.pixels, region)
    assert_said(said, expected.said)
    # Again, from whatever is kept; the whole and its parts; nothing is said twice.
    before = list(said)
    for again in (region, *parts[:3], region):
        assert_same(array.read(again), expected.pixels[within(again, region)], again)
    assert said == before

    array, said = array_of(make())
    level = lazy(array)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: np.asarray(level[region]), range(4)))
    for at_once in found:
        assert_same(at_once, expected.pixels, region)
    assert_said(said, expected.said)

    # Read strictly, the first part that is damaged is the error, also where it was shown before.
    array, said = array_of(make())
    assert _refusal(array, region) == expected.refusal
    assert not said
    assert_same(array.read(region), expected.pixels, region)
    assert _refusal(array, region) == expected.refusal
    return expected


def _refusal(array: ChunkedArray, region: Region) -> str | None:
    with strict_reading():
        try:
            array.read(region)
        except UnreadableChunkError as error:
            return str(error)
    return None
