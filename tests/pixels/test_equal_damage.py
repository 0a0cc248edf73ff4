"""A damaged archive shows the same pixels and the same messages, however it is asked.

A region of many chunks must give what its chunks give that are read one by one, each from a store
that was just opened: what is read in one go, or was kept, hides no damage and tells of none twice.
"""

from __future__ import annotations

import os
import random
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harm import BLANK, HARMS, UNUSUAL, WHOLE, Harm, harmed_archive
from napari_ome_zip.names import is_document
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.storage import HierarchyStore, open_store
from one_by_one import assert_as_one_by_one
from regions import assert_same, parts_of, regions_of, within
from stored_arrays import (
    FEW,
    MANY,
    UNSHRUNK,
    StoredArray,
    stored_arrays,
)
from zipbuilder import build_zip

seeds = st.integers(0, 999)


def arrays(**options: Any) -> st.SearchStrategy[StoredArray]:
    few = stored_arrays(sizes=(FEW, FEW, FEW, MANY, 24 << 10, 48 << 10), **options)
    return few.filter(lambda stored: stored.names and not stored.is_unsafe)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("harmed")


class TestEntries:
    """Of an archive whose records or bytes are wrong."""

    @pytest.mark.parametrize("kind", [*HARMS, *UNUSUAL])
    @settings(max_examples=2, phases=UNSHRUNK)
    @given(st.data(), arrays(sharded=False), seeds)
    def test_each_kind_shows_and_says_what_was_done(
        self, folder: Path, kind: str, data: Any, stored: StoredArray, seed: int
    ) -> None:
        names = data.draw(st.lists(st.sampled_from(stored.names), min_size=1, max_size=3))
        self.check(folder, stored, dict.fromkeys(names, kind), seed)

    @settings(max_examples=16, phases=UNSHRUNK)
    @given(st.data(), arrays(), seeds)
    def test_a_region_is_its_chunks_one_by_one(
        self, folder: Path, data: Any, stored: StoredArray, seed: int
    ) -> None:
        rng = random.Random(seed)
        odd = rng.choice([0, 0.1, 0.5])
        unusual = {n: rng.choice(list(UNUSUAL)) for n in stored.names if rng.random() < odd}
        kinds = st.dictionaries(
            st.sampled_from(stored.names), st.sampled_from(list(HARMS)), max_size=4
        )
        self.check(folder, stored, unusual | data.draw(kinds), seed)

    def check(self, folder: Path, stored: StoredArray, kinds: dict[str, str], seed: int) -> None:
        """Whatever is asked, and however: what is seen of each entry is what was done to it."""
        rng = random.Random(seed)
        path = folder / "a.zip"
        path.unlink(missing_ok=True)
        path.write_bytes(harmed_archive(stored.entries, kinds, rng))
        whole, *others = regions_of(stored.pixels.shape, stored.chunks, seed)
        for region in (whole, rng.choice(others)):
            found = assert_as_one_by_one(lambda: open_store(path), stored, region)
            parts = parts_of(region, stored.objects)
            for part, said in zip(parts, found.messages, strict=True):
                name = stored.name_at(part)
                harm = HARMS.get(kinds.get(name, ""))
                pixels = found.pixels[within(part, region)]
                self.check_shown(stored, harm, part, pixels)
                self.check_said(stored, harm, name, said)

    def check_shown(
        self, stored: StoredArray, harm: Harm | None, part: Region, pixels: np.ndarray
    ) -> None:
        """Pixels of one stored object, by what was done to its entry."""
        if harm is None or harm.shown == WHOLE:
            assert_same(pixels, stored.pixels[part], part)
        elif harm.shown == BLANK and not (stored.sharded and harm.in_part):
            assert_same(pixels, stored.blank[part], part)

    def check_said(
        self, stored: StoredArray, harm: Harm | None, name: str, said: list[str]
    ) -> None:
        if harm is None:
            assert not said
        elif not stored.sharded:
            (message,) = said
            assert message.startswith(f"Damaged chunk {name}: shown ")
            assert harm.said in message
        elif harm.shown == BLANK and not harm.in_part:
            assert said  # of the others, parts are read without the checksum of the whole

    @settings(max_examples=8, phases=UNSHRUNK)
    @given(arrays(sharded=False), seeds)
    def test_a_file_that_is_cut_while_it_is_open(
        self, folder: Path, stored: StoredArray, seed: int
    ) -> None:
        # Its documents come first, and are still there.
        names = sorted(stored.entries, key=lambda name: not is_document(name))
        content = build_zip({name: stored.entries[name] for name in names})
        starts = [content.index(name.encode()) + len(name) for name in stored.names]
        length = random.Random(seed).randrange(starts[0], starts[-1] + 60)
        numbers = count()

        def make() -> HierarchyStore:
            path = folder / f"{next(numbers)}" / "a.zip"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            store = open_store(path)
            os.truncate(path, length)
            return store

        whole = regions_of(stored.pixels.shape, stored.chunks, seed)[0]
        found = assert_as_one_by_one(make, stored, whole)
        cut = {
            name
            for name, start in zip(stored.names, starts, strict=True)
            if start + len(stored.entries[name]) > length
        }
        for part, said in zip(parts_of(whole, stored.objects), found.messages, strict=True):
            lost = stored.name_at(part) in cut
            assert_same(found.pixels[part], (stored.blank if lost else stored.pixels)[part], part)
            assert [
                "the file ends before" in message or "does not begin where" in message
                for message in said
            ] == [True] * lost
