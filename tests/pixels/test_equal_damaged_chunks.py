"""Damaged chunks show the same pixels and the same messages, however they are asked for.

A region of many chunks must give what its chunks give that are read one by one, each from a store
that was just opened: what is read in one go, or was kept, hides no damage and tells of none twice.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from folders import write_folder
from harm import harmed_chunk
from napari_ome_zip.storage import HierarchyStore, MappingStore, open_store
from one_by_one import OneByOne, Open, array_of, assert_as_one_by_one, assert_said
from regions import assert_same, parts_of, regions_of, within
from stored_arrays import (
    FEW,
    MANY,
    UNSHRUNK,
    StoredArray,
    read_by_zarr,
    stored_arrays,
)
from zipbuilder import build_zip

type Put = Callable[[dict[str, bytes]], Open]

seeds = st.integers(0, 999)


def arrays(**options: Any) -> st.SearchStrategy[StoredArray]:
    few = stored_arrays(sizes=(FEW, FEW, FEW, MANY, 24 << 10, 48 << 10), **options)
    return few.filter(lambda stored: stored.names and not stored.is_unsafe)


@pytest.fixture(scope="module", params=["archive", "folder", "memory"])
def put(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Put:
    """Return what puts a hierarchy into one kind of place, and returns what opens it there."""
    folder = tmp_path_factory.mktemp("damaged")
    numbers = count()

    def put(entries: dict[str, bytes]) -> Open:
        if request.param == "memory":
            return lambda: MappingStore(entries)
        path = folder / f"{next(numbers)}.zarr"
        if request.param == "folder":
            write_folder(entries, path)
        else:
            path = path.with_suffix(".zip")
            path.write_bytes(build_zip(entries))
        return lambda: open_store(path)

    return put


class TestChunks:
    """Whose bytes are wrong before they are packed: the container knows nothing of it."""

    @settings(max_examples=10, phases=UNSHRUNK)
    @given(st.data(), arrays(), seeds)
    def test_a_region_is_its_chunks_one_by_one(
        self, put: Put, data: Any, stored: StoredArray, seed: int
    ) -> None:
        entries, names = self.harmed(data, stored, seed)
        make = put(entries)
        whole, *others = regions_of(stored.pixels.shape, stored.chunks, seed)
        for region in (whole, random.Random(seed).choice(others)):
            assert_as_one_by_one(make, stored, region)
        array, _ = array_of(make())
        for name in set(stored.names) - set(names):
            region = stored.region(name)
            assert_same(array.read(region), stored.pixels[region], name)

    @settings(max_examples=30, phases=UNSHRUNK)
    @given(st.data(), arrays(), seeds)
    def test_what_zarr_reads_is_shown_and_what_it_refuses_is_told(
        self, data: Any, stored: StoredArray, seed: int
    ) -> None:
        assume("blosc" not in stored.document)  # zarr's may read beyond the end of damaged bytes
        entries, names = self.harmed(data, stored, seed, index=False)
        for name in names:
            for part in parts_of(stored.region(name), stored.chunks):
                array, said = array_of(MappingStore(entries))
                found = array.read(part)
                try:
                    expected = read_by_zarr(entries, part)
                except Exception:  # noqa: BLE001  a damaged chunk can make a codec raise anything
                    assert len(said) == 1
                    assert said[0].startswith(f"Damaged chunk {name}")
                    assert_same(found, stored.blank[part], part)
                else:
                    assert not said
                    assert_same(found, expected, part)

    @settings(max_examples=15, phases=UNSHRUNK)
    @given(st.data(), arrays(sharded=True), seeds)
    def test_part_of_a_shard_is_its_chunks_one_by_one(
        self, data: Any, stored: StoredArray, seed: int
    ) -> None:
        entries, _ = self.harmed(data, stored, seed)

        def make() -> HierarchyStore:
            return MappingStore(entries)

        for region in regions_of(stored.pixels.shape, stored.chunks, seed)[:5]:
            array, said = array_of(make())
            found = array.read(region)
            expected: list[str] = []
            for shard in parts_of(region, stored.objects):
                parts = parts_of(shard, stored.chunks)
                each = OneByOne.of(make, shard, parts)
                assert_same(found[within(shard, region)], each.pixels, shard)
                if len(each.said) == len(parts) > 1:
                    # Nothing of it can be read: it is named as a whole.
                    each = OneByOne.of(make, shard, [shard])
                    assert [", inner chunk" in message for message in each.said] == [False]
                expected += each.said
            assert_said(said, expected)

    def harmed(
        self, data: Any, stored: StoredArray, seed: int, index: bool = True
    ) -> tuple[dict[str, bytes], list[str]]:
        """All entries, of which some stored objects are harmed; and their names.

        Of an index of wrong numbers zarr makes what it can: it cuts a chunk at the shard's end.
        """
        rng = random.Random(seed)
        names = data.draw(
            st.lists(st.sampled_from(stored.names), min_size=1, max_size=4, unique=True)
        )
        changed = {name: harmed_chunk(stored, stored.entries[name], rng, index) for name in names}
        return stored.entries | changed, names
