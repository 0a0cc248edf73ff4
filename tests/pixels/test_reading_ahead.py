"""What is scrolled along is decoded ahead while nobody asks, and nothing else is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dask.array as da
import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip.image.mosaic_array import MosaicArray, Tile
from napari_ome_zip.pixels.arrays import ChunkedArray
from napari_ome_zip.pixels.byte_codecs import Bytes, Content
from napari_ome_zip.pixels.chunk_codecs import ChunkCodec
from napari_ome_zip.pixels.decoded_chunks import clear_cache
from napari_ome_zip.pixels.lazy import lazy
from napari_ome_zip.pixels.pixel_array import PixelArray
from napari_ome_zip.pixels.reading_ahead import AHEAD, IDLE, STEPS, following
from napari_ome_zip.pixels.source import ChannelView, PixelSource
from napari_ome_zip.pixels.viewing import View
from napari_ome_zip.storage import ArchiveStore
from napari_ome_zip.storage.hierarchy import Hierarchy

PIXELS = np.arange(2 * 12 * 64 * 64, dtype=np.uint16).reshape(2, 12, 64, 64)
SECONDS = 20


class Decoded:
    """Counts the chunks that are decoded."""

    def __init__(self) -> None:
        self.count = 0

    def settled(self) -> int:
        """How many, when nothing is left to be read ahead."""
        until = time.monotonic() + SECONDS
        while AHEAD._is_running:
            assert time.monotonic() < until
            time.sleep(0.005)
        return self.count


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Decoded]:
    clear_cache()
    counter = Decoded()
    decode = ChunkCodec.decode_into

    def counted(self: ChunkCodec, content: Content, out: Bytes) -> None:
        counter.count += 1
        decode(self, content, out)

    monkeypatch.setattr(ChunkCodec, "decode_into", counted)
    yield counter
    counter.settled()


def source_in(path: Path, told: Callable[[str], None] | None = None) -> ChunkedArray:
    builder = HierarchyBuilder().array("a", PIXELS, chunks=(1, 1, 32, 32))
    store = ArchiveStore(builder.archive(path / "a.ozx"))
    store.on_damage = told
    node = Hierarchy(store).node("a")
    assert node is not None
    return ChunkedArray(store, node)


def viewed(source: PixelSource) -> da.Array:
    pixels = lazy(source)
    assert isinstance(pixels, PixelArray)
    pixels.viewed_by = View(lambda: True, lambda: None, lambda _: None)
    return pixels


@pytest.fixture
def pixels(tmp_path: Path) -> da.Array:
    return viewed(ChannelView(source_in(tmp_path), 0, 1))


def test_the_next_planes_are_decoded(pixels: da.Array, decoded: Decoded) -> None:
    np.asarray(pixels[3])
    np.asarray(pixels[4])
    assert decoded.settled() == 4 * (2 + STEPS)
    for z in (5, 6):
        np.testing.assert_array_equal(np.asarray(pixels[z]), PIXELS[1, z])
    assert decoded.settled() == 4 * (4 + STEPS)


def test_backwards_and_no_further_than_there_are_any(pixels: da.Array, decoded: Decoded) -> None:
    np.asarray(pixels[2])
    np.asarray(pixels[1])
    assert decoded.settled() == 4 * 3  # 2, 1, and 0


def test_in_steps(pixels: da.Array, decoded: Decoded) -> None:
    np.asarray(pixels[1:2])
    np.asarray(pixels[4:5])
    decoded.settled()
    before = decoded.count
    np.testing.assert_array_equal(np.asarray(pixels[7]), PIXELS[1, 7])
    np.testing.assert_array_equal(np.asarray(pixels[10]), PIXELS[1, 10])
    assert decoded.count == before


def test_one_plane_alone_says_nothing(pixels: da.Array, decoded: Decoded) -> None:
    np.asarray(pixels[3])
    np.asarray(pixels[3])
    assert decoded.settled() == 4


def test_a_script_reads_what_it_asks_for(tmp_path: Path, decoded: Decoded) -> None:
    pixels = lazy(source_in(tmp_path))
    np.asarray(pixels[1, 3])
    np.asarray(pixels[1, 4])
    assert decoded.settled() == 8


def test_tiles_of_a_mosaic(tmp_path: Path, decoded: Decoded) -> None:
    source = source_in(tmp_path)
    shape = (2, 12, 64, 128)
    tiles = (Tile(source, (0, 0, 0, 0)), Tile(source, (0, 0, 0, 64)))
    pixels = viewed(MosaicArray("", tiles, shape, source.dtype))
    np.asarray(pixels[0, 3])
    np.asarray(pixels[0, 4])
    assert decoded.settled() == 4 * (2 + STEPS)
    both = np.concatenate([PIXELS[0, 5]] * 2, axis=-1)
    np.testing.assert_array_equal(np.asarray(pixels[0, 5]), both)


def test_damage_is_told_when_it_is_seen(tmp_path: Path, decoded: Decoded) -> None:
    told: list[str] = []
    source = source_in(tmp_path, told.append)
    path = tmp_path / "a.ozx"
    data = bytearray(path.read_bytes())
    entry = source._store.entry("a/c/0/5/0/0")  # type: ignore[attr-defined]
    data[entry.offset + 60] ^= 0xFF
    path.write_bytes(data)
    pixels = viewed(source)
    np.asarray(pixels[0, 3])
    np.asarray(pixels[0, 4])
    decoded.settled()
    assert told == []
    np.asarray(pixels[0, 5])
    assert len(told) == 1
    assert "a/c/0/5/0/0" in told[0]


def test_it_waits_while_pixels_are_asked_for(pixels: da.Array, decoded: Decoded) -> None:
    np.asarray(pixels[3])
    until = time.monotonic() + 0.2
    while time.monotonic() < until:  # never idle
        np.asarray(pixels[4])
        np.asarray(pixels[3])
    assert decoded.settled() == 4 * 4  # 4, 3, and what follows 3: 2 and 1


def test_it_waits_for_the_end_of_a_long_read(tmp_path: Path, decoded: Decoded) -> None:
    source = source_in(tmp_path)
    plane = [(slice(0, 1), slice(z, z + 1), slice(0, 64), slice(0, 64)) for z in range(3)]
    with AHEAD.after(source, plane[0]):
        pass
    with AHEAD.after(source, plane[1]):
        pass  # from now on the plane that follows is wanted
    with AHEAD.after(source, plane[0]):
        time.sleep(10 * IDLE)
        assert decoded.count == 0
    assert decoded.settled() == 0  # nothing is before the first plane


def test_following() -> None:
    whole = slice(0, 64)
    shape = (12, 64, 64)
    at = [(slice(z, z + 1), whole, whole) for z in range(12)]
    assert following(None, at[3], shape) == []
    assert following(at[3], at[3], shape) == []
    assert following(at[3], at[4], shape) == at[5 : 5 + STEPS]
    assert following(at[10], at[11], shape) == []
    assert following(at[4], at[3], shape) == [at[2], at[1]]
    other = (slice(4, 5), slice(0, 32), whole)
    assert following(at[3], other, shape) == []  # moved and cut
    assert following((slice(0, 3), whole, whole), (slice(1, 5), whole, whole), shape) == []
    panned = [(slice(3, 4), whole, slice(x, x + 20)) for x in (0, 15, 30, 45)]
    cut = (slice(3, 4), whole, slice(45, 64))
    assert following(panned[0], panned[1], shape) == [panned[2], cut]
