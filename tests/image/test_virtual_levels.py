"""Levels that no file has: means of what it holds, at a bounded cost however large it is."""

from __future__ import annotations

import math
import pickle
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hierarchy_builder import HierarchyBuilder, ramp
from napari_layers import layers_of
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.byte_cache import ByteCache
from napari_ome_zip.image import virtual_levels as limits
from napari_ome_zip.image.level_sampling import MAX_READ
from napari_ome_zip.image.virtual_levels import LevelGrid, VirtualLevel, virtual_levels
from napari_ome_zip.layers import from_layer_data
from napari_ome_zip.layers.layer_data import METADATA_KEY
from napari_ome_zip.pixels.best_known import BestKnown
from napari_ome_zip.pixels.grid import Region
from napari_ome_zip.pixels.reduction import reduce_block
from napari_ome_zip.pixels.source import PixelSource
from napari_ome_zip.pixels.strictness import strict_reading


class Counted(PixelSource):
    """Pixels whose reading is counted; chunks listed in ``blanks`` are not stored."""

    def __init__(self, pixels: np.ndarray, chunks: tuple[int, ...]) -> None:
        self.pixels = pixels
        self.counted = 0
        self._chunks = chunks

    @property
    def shape(self) -> tuple[int, ...]:
        return self.pixels.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.pixels.dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        return self._chunks

    def read(self, region: Region) -> np.ndarray:
        found = self.pixels[region]
        self.counted += found.size
        return found


class Endless(PixelSource):
    """A plane of any size, whose pixels are computed from their place."""

    chunks = (256, 256)  # type: ignore[assignment]
    dtype = np.dtype(np.uint16)  # type: ignore[assignment]
    shape = ()  # type: ignore[assignment]
    fill_value = 7  # type: ignore[assignment]

    def __init__(self, side: int, stored: bool = True) -> None:
        self.shape = (side, side)
        self.stored = stored
        self.counted = 0

    def read(self, region: Region) -> np.ndarray:
        rows, columns = (np.arange(s.start, s.stop) for s in region)
        self.counted += rows.size * columns.size
        return ((rows[:, np.newaxis] + columns) // 4).astype(np.uint16)

    def stored_boxes(self, region: Any) -> np.ndarray | None:
        return None if self.stored else np.empty((0, 2, 2), np.int64)


def level(base: Any, *factors: int, nearest: bool = False) -> VirtualLevel:
    plane = tuple(range(base.ndim))[-2:]
    return VirtualLevel(base, base, factors, factors, plane, nearest, ByteCache(2**20))


def means(pixels: np.ndarray, *step: int) -> np.ndarray:
    """Means of blocks, one by one."""
    shape = [-(-n // f) for n, f in zip(pixels.shape, step, strict=True)]
    out = np.empty(shape, pixels.dtype)
    for place in np.ndindex(*shape):
        block = pixels[tuple(slice(i * f, (i + 1) * f) for i, f in zip(place, step, strict=True))]
        mean = block.astype(float).mean()
        out[place] = np.rint(mean) if pixels.dtype.kind in "iu" else mean
    return out


@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    step=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    dtype=st.sampled_from([np.uint8, np.int16, np.uint32, np.float32]),
)
def test_a_pixel_is_the_mean_of_its_block(
    shape: tuple[int, int], step: tuple[int, int], dtype: type
) -> None:
    pixels = (ramp(shape, np.int64) * 37 % 101).astype(dtype)
    found = reduce_block(pixels, step, "mean")
    assert found.dtype == dtype
    np.testing.assert_allclose(found, means(pixels, *step), rtol=1e-6)


def test_means_do_not_overflow() -> None:
    for dtype in (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32):
        largest = np.full((64, 64), np.iinfo(dtype).max, dtype)
        assert (reduce_block(largest, (16, 16), "mean") == np.iinfo(dtype).max).all()


@pytest.mark.parametrize("nearest", [False, True])
@settings(max_examples=20)
@given(data=st.data())
def test_any_region_is_that_of_the_whole_level(nearest: bool, data: st.DataObject) -> None:
    pixels = (ramp((2, 7, 600), np.int64) * 7919 % 251).astype(np.uint8)
    virtual = level(Counted(pixels, (2, 16, 16)), 1, 2, 2, nearest=nearest)
    whole = pixels[:, ::2, ::2] if nearest else means(pixels, 1, 2, 2)
    region = tuple(
        slice(*sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n)))))
        for n in virtual.shape
    )
    np.testing.assert_array_equal(virtual[region], whole[region])


def test_a_level_of_a_level_is_the_level_of_both_factors() -> None:
    pixels = ramp((64, 64), np.float64)
    base = Counted(pixels, (16, 16))
    cache = ByteCache(2**20)
    first = VirtualLevel(base, base, (2, 2), (2, 2), (0, 1), False, cache)
    second = VirtualLevel(first, base, (2, 2), (4, 4), (0, 1), False, cache)
    np.testing.assert_allclose(second[:, :], means(pixels, 4, 4))


def completed(known: BestKnown) -> np.ndarray:
    """Pixels after all that was missing was computed."""
    for missing in known.missing:
        known.whole[missing.target] = missing.compute()[missing.inside]
    return known.shown(known.whole)


class TestBestKnown:
    @settings(max_examples=20)
    @given(data=st.data())
    def test_what_is_missing_completes_any_region(self, data: st.DataObject) -> None:
        pixels = (ramp((3, 600, 700), np.int64) * 7919 % 251).astype(np.uint8)
        virtual = level(Counted(pixels, (2, 16, 16)), 1, 2, 2)
        sums = pixels.reshape(3, 300, 2, 350, 2).sum(axis=(2, 4))
        whole = np.rint(sums / 4).astype(np.uint8)
        for _ in range(3):
            region = tuple(
                slice(*sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n)))))
                for n in virtual.shape
            )
            known = virtual.best_known(region)
            assert known is not None
            np.testing.assert_array_equal(completed(known), whole[region])

    def test_what_was_computed_is_not_missing(self) -> None:
        virtual = level(Counted(ramp((1024, 1024)), (64, 64)), 2, 2)
        virtual[:256, :256]
        known = virtual.best_known((slice(0, 512), slice(0, 512)))
        assert known is not None
        assert len(known.missing) == 3
        np.testing.assert_array_equal(known.whole[:256, :256], virtual[:256, :256])

    def test_nothing_is_read_before_it_is_asked_for(self) -> None:
        base = Endless(2**17)
        known = level(base, 128, 128).best_known((slice(0, 1024), slice(0, 1024)))
        assert known is not None
        assert base.counted == 0
        assert (known.whole == base.fill_value).all()

    def test_a_sketch_is_read_in_a_fraction_of_the_time(self) -> None:
        base = Endless(2**17)
        factors = 128, 128
        cache: Any = ByteCache(2**24)
        virtual = VirtualLevel(base, base, factors, factors, (0, 1), False, cache)
        known = virtual.best_known((slice(0, 1024), slice(0, 1024)))
        assert known is not None
        for missing in known.missing:
            assert missing.sketch is not None
            block = missing.sketch.compute()
            known.whole[missing.target] = block[missing.inside]
        assert base.counted <= limits.SKETCH_READ * known.whole.size
        y, x = np.indices(known.whole.shape)
        truth = (y + x + 1) * 128 // 4
        far = np.abs(known.whole.astype(int) - truth)
        assert far.max() <= 2 * 256 * 128 // 4  # as far as a block reaches
        again = virtual.best_known((slice(100, 200), slice(300, 400)))
        assert again is not None
        assert [missing.sketch for missing in again.missing] == [None]
        np.testing.assert_array_equal(again.whole, known.whole[100:200, 300:400])

    def test_what_is_near_the_middle_comes_first(self) -> None:
        virtual = level(Counted(ramp((8192, 512)), (64, 64)), 2, 2)
        known = virtual.best_known((slice(0, 256 * 5), slice(0, 256)))
        assert known is not None
        first = [missing.target[0].start // 256 for missing in known.missing]
        assert first[0] == 2
        assert sorted(first[1:3]) == [1, 3]

    @pytest.mark.parametrize("nearest", [False, True])
    def test_a_coarser_level_stands_in_for_what_is_missing(self, nearest: bool) -> None:
        pixels = (ramp((1, 700, 900), np.int64) * 7919 % 251).astype(np.uint8)
        base = Counted(pixels, (1, 64, 64))
        cache: Any = ByteCache(2**24)
        grids = [LevelGrid.of(base, (1, n, n), (1, 2)) for n in (4, 8)]
        steps = (1, 2, 2), (1, 4, 4), (1, 8, 8)
        fine, coarse, coarsest = (
            VirtualLevel(base, base, n, n, (1, 2), nearest, cache, tuple(grids[i:]))
            for i, n in enumerate(steps)
        )
        region = (slice(0, 1), slice(37, 349), slice(5, 450))

        def shown() -> np.ndarray:
            known = fine.best_known(region)
            assert known is not None
            assert known.missing
            return known.whole

        def repeated(level: VirtualLevel, times: int) -> np.ndarray:
            return level[:, :, :].repeat(times, axis=1).repeat(times, axis=2)[region]

        assert not shown().any()
        np.testing.assert_array_equal(repeated(coarsest, 4), shown())
        np.testing.assert_array_equal(repeated(coarse, 2), shown())

    def test_who_reads_strictly_waits(self) -> None:
        virtual = level(Counted(ramp((64, 64)), (16, 16)), 2, 2)
        with strict_reading():
            assert virtual.best_known((slice(0, 32), slice(0, 32))) is None

    @pytest.mark.usefixtures("small_screen")
    def test_every_level_knows_those_that_are_coarser(self) -> None:
        builder = HierarchyBuilder().image(ramp((100, 170)), "yx")
        (part,) = open_image(builder.entries).parts
        levels = [source for source in part.overviews if isinstance(source, VirtualLevel)]
        shapes = [source.shape for source in levels]
        assert len(shapes) == 4
        for number, source in enumerate(levels):
            assert [grid.shape for grid in source.coarser] == shapes[number + 1 :]


class TestCost:
    def test_what_was_computed_is_not_read_again(self) -> None:
        base = Counted(ramp((512, 512)), (64, 64))
        virtual = level(base, 2, 2)
        virtual[:, :]
        read = base.counted
        virtual[10:20, 10:20]
        assert base.counted == read == base.pixels.size

    def test_an_overview_of_a_huge_plane_reads_a_bounded_part_of_it(self) -> None:
        base = Endless(2**15)
        virtual = level(base, 128, 128)
        shown = virtual[:, :]
        assert shown.shape == (256, 256)
        assert base.counted <= MAX_READ * shown.size
        # The picture is one of brightness growing along both axes; what stands for a place is
        # as far from it as a group of chunks reaches.
        y, x = np.indices(shown.shape)
        truth = ((y + x + 1) * 128 - 1) // 4 % 2**16
        near = np.abs(shown.astype(int) - truth) < 2 * 16 * 128 // 4
        assert near.mean() > 0.95

    def test_pixels_over_a_chunk_that_was_read_are_exact(self) -> None:
        base = Endless(2**14)
        virtual = level(base, 64, 64)
        y, x = np.indices((256, 256))
        truth = np.rint(((y + x) * 64 + 63) / 4 - 0.375)
        exact = np.abs(virtual[:, :].astype(float) - truth % 2**16) <= 1
        assert exact.mean() >= 1 / 17  # one of sixteen chunks is read

    def test_what_is_not_stored_is_not_read(self) -> None:
        base = Endless(2**17, stored=False)
        assert (level(base, 128, 128)[:, :] == 7).all()
        assert base.counted == 0

    def test_stored_chunks_alone_are_shown_where_few_are_stored(self) -> None:
        builder = HierarchyBuilder().group()
        builder.array("a", np.zeros((4096, 4096), np.uint8), chunks=(32, 32))
        builder.put("a/c/70/33", b"\x05" * 32**2)

        base = _array(builder.entries, "a")
        assert not len(base.stored_boxes((slice(0, 4096), slice(0, 1056))))
        (box,) = base.stored_boxes((slice(0, 2250), slice(0, 1060)))
        assert box.tolist() == [[2240, 1056], [2250, 1060]]

    def test_the_cache_stays_within_its_limit(self) -> None:
        cache = ByteCache(1000)
        for number in range(50):
            cache.put(number, np.zeros(100, np.uint8))
            assert cache.nbytes <= 1000
        assert cache.get(49) is not None
        assert cache.get(0) is None

    def test_memory_while_browsing_is_bounded_by_the_cache(self) -> None:
        cache = ByteCache(300_000)
        base = Counted(np.zeros((2048, 2048), np.uint8), (64, 64))
        virtual = VirtualLevel(base, base, (2, 2), (2, 2), (0, 1), False, cache)
        for row in range(0, 1024, 64):
            virtual[row : row + 64, :]
            assert cache.nbytes <= 300_000

    def test_many_threads_share_the_cache(self) -> None:
        cache = ByteCache(2000)
        pixels = ramp((64, 600))
        virtual = VirtualLevel(
            Counted(pixels, (16, 16)),
            Counted(pixels, (16, 16)),
            (2, 2),
            (2, 2),
            (0, 1),
            False,
            cache,
        )
        found: list[np.ndarray] = []
        threads = [threading.Thread(target=lambda: found.append(virtual[:, :])) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        for each in found:
            np.testing.assert_array_equal(each, means(pixels, 2, 2))


def _array(entries: Mapping[str, bytes], path: str) -> Any:
    from napari_ome_zip.pixels.arrays import ChunkedArray
    from napari_ome_zip.storage import open_store
    from napari_ome_zip.storage.hierarchy import Hierarchy

    hierarchy = Hierarchy(open_store(entries))
    node = hierarchy.node(path)
    assert node is not None
    return ChunkedArray(hierarchy.store, node)


@pytest.fixture
def small_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small images be giants."""
    monkeypatch.setattr(limits, "MAX_EDGE", 64)
    monkeypatch.setattr(limits, "OVERVIEW_EDGE", 16)
    monkeypatch.setattr(limits, "MAX_VOLUME_EDGE", 32)


class TestGiants:
    def test_an_image_that_fits_gets_none(self) -> None:
        builder = HierarchyBuilder().image(ramp((200, 300)), "yx")
        (part,) = open_image(builder.entries).parts
        assert part.overviews == ()

    def test_levels_go_down_to_about_a_screen(self) -> None:
        shapes = self._shapes((3, 20000, 9000), "cyx")
        assert shapes == [
            (3, 10000, 9000),
            (3, 5000, 4500),
            (3, 2500, 2250),
            (3, 1250, 1125),
            (3, 625, 563),
        ]

    def test_a_volume_too_large_for_a_graphics_card_is_halved_along_depth_too(self) -> None:
        shapes = self._shapes((2, 4000, 3000, 3000), "tzyx")
        depths = [(2000, 1500, 1500), (2000, 750, 750), (1000, 750, 750), (500, 375, 375)]
        assert shapes == [(2, *depth) for depth in depths]
        assert math.prod(shapes[-1][1:]) <= limits.MAX_VOXELS < math.prod(depths[-2])

    def test_time_is_never_halved(self) -> None:
        assert {shape[0] for shape in self._shapes((9000, 20, 5000, 5000), "tzyx")} == {9000}

    @staticmethod
    def _shapes(shape: tuple[int, ...], axes: str) -> list[tuple[int, ...]]:
        builder = HierarchyBuilder().image(np.zeros((1,) * len(shape), np.uint8), axes)
        document = builder.entries["0/zarr.json"].decode()
        size = document.index('"shape"')
        end = document.index("]", size)
        document = f'{document[:size]}"shape": {list(shape)}{document[end + 1 :]}'
        (part,) = open_image({**builder.entries, "0/zarr.json": document.encode()}).parts
        return [source.shape for source in virtual_levels(part)]

    @pytest.mark.usefixtures("small_screen")
    def test_a_giant_opens_as_a_multiscale_layer_of_means(self) -> None:
        pixels = (ramp((2, 100, 70), np.int64) * 7919 % 1009).astype(np.uint16)
        builder = HierarchyBuilder().image(pixels, "cyx")
        layers = layers_of(builder.entries)
        assert [layer.multiscale for layer in layers] == [True, True]
        for layer, channel in zip(layers, pixels, strict=True):
            np.testing.assert_array_equal(layer.data[0], channel)
            np.testing.assert_array_equal(layer.data[1], means(channel, 2, 2))

    @pytest.mark.usefixtures("small_screen")
    def test_labels_keep_their_numbers(self) -> None:
        labels = (ramp((100, 100), np.int64) % 7 * 1000).astype(np.uint16)
        builder = HierarchyBuilder().image(ramp((100, 100)), "yx").labels("cells")
        builder.image(labels, "yx", "labels/cells")
        layer = layers_of(builder.entries)[1]
        np.testing.assert_array_equal(layer.data[1], labels[::2, ::2])

    @pytest.mark.usefixtures("small_screen")
    def test_virtual_levels_are_not_saved(self, tmp_path: Any) -> None:
        pixels = ramp((2, 100, 70))
        layers = to_layer_data(open_image(HierarchyBuilder().image(pixels, "cyx").entries))
        assert len(layers[0][0]) > 1
        (image,) = from_layer_data(layers).images
        assert [level.shape for level in image.levels] == [(2, 100, 70)]
        saved = open_image(save_image(layers, tmp_path / "a.ozx"))
        np.testing.assert_array_equal(saved.parts[0].levels[0], pixels)

    @pytest.mark.usefixtures("small_screen")
    def test_levels_that_someone_exchanged_are_saved_as_they_are(self) -> None:
        data, keywords, kind = to_layer_data(
            open_image(HierarchyBuilder().image(ramp((100, 70)), "yx").entries)
        )[0]
        assert keywords["metadata"][METADATA_KEY]["levels"] == 1
        (image,) = from_layer_data([(data[:-1], keywords, kind)]).images
        assert len(image.levels) == len(data) - 1

    @pytest.mark.usefixtures("small_screen")
    def test_a_virtual_level_survives_a_journey_to_another_process(self) -> None:
        (part,) = open_image(HierarchyBuilder().image(ramp((100, 70)), "yx").entries).parts
        for source in part.overviews:
            again = pickle.loads(pickle.dumps(source))
            np.testing.assert_array_equal(again[:, :], source[:, :])
