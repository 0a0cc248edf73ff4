"""Every way of reading a region gives what zarr reads, whatever the layout, place and thread.

Arrays that are read one chunk after the other, in batches, or from what is kept of earlier reads
must not be told apart by their pixels.
"""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from folders import write_folder
from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import open_image
from napari_ome_zip.pixels.array_facts import array_facts
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.grid import shape_of
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.pixels.strictness import strict_reading
from napari_ome_zip.pixels.zarr_codec import ZarrCodec
from napari_ome_zip.storage import HierarchyStore, MappingStore, open_store
from napari_ome_zip.storage.hierarchy import Hierarchy
from regions import assert_same, regions_of
from stored_arrays import (
    FEW,
    PATH,
    SIZES,
    UNSHRUNK,
    StoredArray,
    documents,
    read_by_zarr,
    stored_arrays,
)

type Place = Callable[[dict[str, bytes], random.Random], HierarchyStore]

seeds = st.integers(0, 999)


def zipped(path: Path, entries: dict[str, bytes], rng: random.Random) -> Path:
    """Write by zipfile, in any order, some with extra fields, some DEFLATE."""
    names = list(entries)
    if rng.random() < 0.5:
        rng.shuffle(names)
    rare = rng.choice([0, 0, 0.1])
    padding = rng.choice([0, 0.3])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", b"x" * rng.randrange(100))
        for name in names:
            info = zipfile.ZipInfo(name)
            if rng.random() < padding:
                length = rng.randrange(200)
                info.extra = b"\x35\xd9" + length.to_bytes(2, "little") + bytes(length)
            if rng.random() < rare:
                info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entries[name])
    return path


@pytest.fixture(scope="module", params=["archive", "folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return what puts a hierarchy into one kind of place, and opens it there."""
    folder = tmp_path_factory.mktemp(request.param)
    numbers = count()

    def put(entries: dict[str, bytes], rng: random.Random) -> HierarchyStore:
        path = folder / str(next(numbers))
        if request.param == "archive":
            return open_store(zipped(path.with_suffix(".zip"), entries, rng))
        if request.param == "folder":
            return open_store(write_folder(entries, path))
        return MappingStore(entries)

    return put


def opened(store: HierarchyStore) -> tuple[ChunkedArray, list[str]]:
    """The array of a store, and the list that messages about damage are added to."""
    said: list[str] = []
    store.on_damage = said.append
    node = Hierarchy(store).node(PATH)
    assert node is not None
    return ChunkedArray(store, node), said


@pytest.mark.parametrize("size", SIZES)
@settings(max_examples=5, phases=UNSHRUNK)
@given(st.data(), seeds)
def test_every_region_is_what_zarr_reads(
    place: Place, size: str | int, data: Any, seed: int
) -> None:
    stored = data.draw(stored_arrays(sizes=[size]))
    array, said = opened(place(stored.entries, random.Random(seed)))
    pixels = lazy(array)
    assert (array.shape, array.dtype) == (stored.pixels.shape, stored.pixels.dtype)
    for region in regions_of(stored.pixels.shape, stored.chunks, seed):
        expected = stored.pixels[region]
        assert_same(array.read(region), expected, region)
        # The same again, from whatever is kept of it; by another way, and strictly.
        assert_same(array.read(region), expected, region)
        with dask.config.set(num_workers=4):
            assert_same(np.asarray(pixels[region]), expected, region)
        with strict_reading():
            assert_same(array.read(region), expected, region)
    assert not said


@settings(max_examples=10, phases=UNSHRUNK)
@given(stored_arrays(), seeds)
def test_threads_that_read_at_once_do_not_disturb_one_another(
    place: Place, stored: StoredArray, seed: int
) -> None:
    array, said = opened(place(stored.entries, random.Random(seed)))
    pixels = lazy(array)
    regions = 3 * regions_of(stored.pixels.shape, stored.chunks, seed)
    random.Random(seed).shuffle(regions)

    def read(number: int) -> np.ndarray:
        region = regions[number]
        return array.read(region) if number % 2 else np.asarray(pixels[region])

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(read, range(len(regions))))

    for region, read_at_once in zip(regions, found, strict=True):
        assert_same(read_at_once, stored.pixels[region], region)
    assert not said


@settings(max_examples=10, phases=UNSHRUNK)
@given(stored_arrays(), seeds, st.booleans())
def test_pixels_are_read_into_a_part_of_any_array(
    place: Place, stored: StoredArray, seed: int, strict: bool
) -> None:
    array, _ = opened(place(stored.entries, random.Random(seed)))
    rng = np.random.default_rng(seed)
    for region in regions_of(array.shape, stored.chunks, seed):
        shape = shape_of(region)
        order = rng.permutation(array.ndim)
        larger = np.empty([shape[axis] + 3 for axis in order], array.dtype)
        larger.view(np.uint8)[...] = 0x55
        untouched = larger.tobytes()
        inner = tuple(slice(2, 2 + shape[axis]) for axis in order)
        out = larger[inner].transpose(np.argsort(order))
        if strict:
            with strict_reading():
                array.read_into(region, out)
        else:
            array.read_into(region, out)
        assert_same(out, stored.pixels[region], region)
        # What lies around the part is as it was.
        larger[inner] = np.frombuffer(untouched, array.dtype).reshape(larger.shape)[inner]
        assert larger.tobytes() == untouched


@settings(max_examples=10, phases=UNSHRUNK)
@given(stored_arrays(), seeds)
def test_what_is_kept_of_one_array_is_not_shown_for_another(
    place: Place, stored: StoredArray, seed: int
) -> None:
    """Two arrays of one document and of the same names, in two stores; then the first again."""
    other = {name: content for name, content in stored.entries.items() if name in stored.names[::2]}
    other |= {name: stored.entries[name] for name in documents(stored.entries)}
    expected = read_by_zarr(other)
    first, _ = opened(place(stored.entries, random.Random(seed)))
    second, _ = opened(place(other, random.Random(seed)))
    for region in regions_of(stored.pixels.shape, stored.chunks, seed)[1:]:
        for array, truth in ((first, stored.pixels), (second, expected), (first, stored.pixels)):
            assert_same(array.read(region), truth[region], region)
    del first
    third, _ = opened(place(other, random.Random(seed)))
    assert_same(third[()], expected)


@settings(max_examples=9, phases=UNSHRUNK)
@given(st.data(), seeds)
def test_levels_of_an_image_are_what_zarr_reads(place: Place, data: Any, seed: int) -> None:
    """The way of a user: every plane and channel of the levels of an opened image."""
    stored = data.draw(
        stored_arrays(sizes=(FEW, 48 << 10)).filter(
            lambda a: a.pixels.ndim >= 2 and a.pixels.dtype.kind in "iuf"
        )
    )
    names = "tczyx"[5 - stored.pixels.ndim :]
    array = dict(stored.entries)
    version = 3 if f"{PATH}/zarr.json" in array else 2
    listed = [{"name": n, "type": {"t": "time", "c": "channel"}.get(n, "space")} for n in names]
    scale = [{"type": "scale", "scale": [1.0] * len(names)}]
    entry = {"axes": listed, "datasets": [{"path": PATH, "coordinateTransformations": scale}]}
    if version == 2:
        entry["version"] = "0.4"
    root = HierarchyBuilder(version).group(multiscales=[entry]).entries
    image = open_image(place(array | root, random.Random(seed)))
    (level,) = image.images[0].levels

    assert_same(np.asarray(level), stored.pixels)
    for region in regions_of(stored.pixels.shape, stored.chunks, seed):
        index = tuple(s.start if s.stop - s.start == 1 else s for s in region)
        assert_same(np.asarray(level[index]), np.asarray(stored.pixels[index]), index)


def test_arrays_of_all_kinds_are_drawn() -> None:
    """Neither codecs, nor sizes, nor orders are missing among those that are compared."""
    seen: set[Any] = set()

    @settings(max_examples=150, database=None, phases=UNSHRUNK)
    @given(st.one_of([stored_arrays(sizes=[size]) for size in SIZES]))
    def look(stored: StoredArray) -> None:
        array, _ = opened(MappingStore(stored.entries))
        pixels = stored.pixels
        seen.add("usual" if not isinstance(array_facts(array._node).codec, ZarrCodec) else "rare")
        seen.add(pixels.ndim)
        seen.add("sharded" if stored.sharded else "chunks")
        size = int(np.prod(stored.chunks)) * pixels.itemsize
        seen.add("small" if size < 32 << 10 else "medium" if size <= 64 << 10 else "large")
        seen.add("a large region" if pixels.nbytes > 1 << 19 else "a small region")
        seen.add("many chunks" if np.prod(array.chunk_grid_shape) > 100 else "few chunks")
        if any(c > n for c, n in zip(stored.chunks, pixels.shape, strict=True)):
            seen.add("a chunk larger than the array")
        if stored.chunks[:2] == stored.chunks[1:] * 2 or len(set(stored.chunks)) == 1:
            seen.add("cubes")
        if len(stored.names) < np.prod(array.chunk_grid_shape):
            seen.add("missing")

    look()
    assert seen >= {
        *("usual", "rare", 1, 2, 3, 4, 5, "sharded", "chunks", "small", "medium", "large"),
        *("a large region", "a small region", "many chunks", "few chunks", "missing"),
        *("a chunk larger than the array", "cubes"),
    }
