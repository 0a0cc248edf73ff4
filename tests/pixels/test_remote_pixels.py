"""Pixels behind a link: few requests, few bytes, the same pixels, and what is known meanwhile."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder, multiscale, placement, ramp
from napari_ome_zip import link_cache_size, open_image, set_link_cache_size
from napari_ome_zip.errors import LinkError, ReadCancelledError
from napari_ome_zip.files import watching
from napari_ome_zip.image import virtual_levels
from napari_ome_zip.image.composite import PlacedImage
from napari_ome_zip.layers import to_layer_data
from napari_ome_zip.pixels import viewing
from napari_ome_zip.pixels.background import LINE
from napari_ome_zip.pixels.decoded_chunks import clear_cache
from napari_ome_zip.pixels.reading_ahead import AHEAD
from napari_ome_zip.pixels.viewing import View
from napari_ome_zip.progress import Watch
from range_server import Answer, RangeServer, Request
from waiting import until
from whole_archives import (
    whole_archive,
    whole_archive_of_0_4,
    whole_plate,
    whole_scene,
    whole_series,
)

SECONDS = 30
SIDE = 512
PLANES = 8
NAME = "stack.ozx"
LAYOUTS: dict[str, dict[str, Any]] = {
    "planes": {"chunks": (1, 128, 128)},
    "small": {"chunks": (1, 32, 32)},
    "cubes": {"chunks": (4, 64, 64)},
    "shards": {"chunks": (1, 64, 64), "shards": (1, 256, 256)},
    "deep-shards": {"chunks": (1, 128, 128), "shards": (8, 256, 256)},
}


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test counts its own requests, and waits for nothing that another began."""
    before = link_cache_size()
    set_link_cache_size(0)
    clear_cache()
    monkeypatch.setattr(viewing, "_patience", viewing._Patience())
    yield
    set_link_cache_size(before)
    until(lambda: LINE.is_idle)
    until(lambda: not any(t.name == "ome-zip-ahead" for t in threading.enumerate()))


def stack(path: Path, *, zarr_format: int = 3, **options: Any) -> list[np.ndarray]:
    """Write a stack of three levels whose noise does not compress; return its levels."""
    random = np.random.default_rng(1)
    pixels = random.integers(0, 2**16, (PLANES, SIDE, SIDE), np.uint16)
    levels = [pixels, pixels[:, ::2, ::2], pixels[:, ::4, ::4]]
    steps = [(str(n), placement([1.0, 2.0**n, 2.0**n])) for n in range(3)]
    version = {} if zarr_format == 3 else {"version": "0.4"}
    builder = HierarchyBuilder(zarr_format).group(multiscales=[multiscale("zyx", steps, **version)])
    for number, level in enumerate(levels):
        builder.array(str(number), level, **options)
    builder.archive(path)
    return levels


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., tuple[RangeServer, PlacedImage, list]]]:
    servers = []

    def serve(**options: Any) -> tuple[RangeServer, PlacedImage, list[np.ndarray]]:
        levels = stack(tmp_path / NAME, **options)
        server = RangeServer({NAME: (tmp_path / NAME).read_bytes()})
        servers.append(server.__enter__())
        (image,) = open_image(server.url(NAME)).images
        server.forget()
        return server, image, levels

    yield serve
    for server in servers:
        server.__exit__(None, None, None)


def stored_bytes(path: Path, is_shown: Callable[[str], bool]) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(i.compress_size for i in archive.infolist() if is_shown(i.filename))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_plane_is_fetched_together_and_little_else(
    served: Callable[..., Any], tmp_path: Path, layout: str
) -> None:
    options = LAYOUTS[layout]
    server, image, levels = served(**options)
    found = np.asarray(image.levels[0][2])
    np.testing.assert_array_equal(found, levels[0][2])
    # Of chunks as deep as this.
    depth = options["chunks"][0]
    assert server.sent <= 1.2 * depth * SIDE * SIDE * 2
    assert len(server.requests) <= 40
    server.forget()
    np.testing.assert_array_equal(np.asarray(image.levels[0][2]), levels[0][2])
    assert not server.requests  # it is in memory


def test_chunks_of_a_plane_are_on_their_way_at_once(served: Callable[..., Any]) -> None:
    server, image, levels = served(chunks=(1, 256, 256))
    together = threading.Barrier(4)

    def wait_for_the_others(request: Request, answer: Answer) -> Answer:
        together.wait(SECONDS)
        return answer

    server.fault = wait_for_the_others
    # The upper left quarter of four planes: none of these chunks is the neighbor of another.
    found = np.asarray(image.levels[0][2:6, :256, :256])
    np.testing.assert_array_equal(found, levels[0][2:6, :256, :256])
    assert len(server.requests) == 4


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("scheduler", ["threads", "synchronous"])
def test_pixels_are_those_of_the_file(
    served: Callable[..., Any], zarr_format: int, scheduler: str
) -> None:
    _, image, levels = served(chunks=(2, 128, 128), zarr_format=zarr_format)
    for found, expected in zip(image.levels, levels, strict=True):
        np.testing.assert_array_equal(
            found[1:5, 3:400].compute(scheduler=scheduler), expected[1:5, 3:400]
        )


class Watcher:
    """A canvas that shows levels of an image."""

    def __init__(self, image: PlacedImage) -> None:
        self.changes = 0
        self.errors: list[BaseException] = []
        self.levels = image.levels
        self.view = View(lambda: True, self.changed, self.errors.append)
        self.view.levels = image.sources
        for level in self.levels:
            level.viewed_by = self.view  # type: ignore[attr-defined]

    def changed(self) -> None:
        self.changes += 1

    def look(self, plane: int, level: int = 0) -> np.ndarray:
        return np.asarray(self.levels[level][plane])


def repeated(coarse: np.ndarray, times: int) -> np.ndarray:
    return coarse.repeat(times, axis=0).repeat(times, axis=1)


def test_a_view_does_not_wait_for_the_line(served: Callable[..., Any]) -> None:
    server, image, levels = served(chunks=(1, 128, 128))
    watcher = Watcher(image)
    server.hold()
    shown = watcher.look(2)
    assert not shown.any()
    server.release()
    until(lambda: np.array_equal(shown, levels[0][2]))
    assert watcher.changes
    assert not watcher.errors


def test_coarser_pixels_that_are_known_are_shown_at_once(served: Callable[..., Any]) -> None:
    server, image, levels = served(chunks=(1, 128, 128))
    watcher = Watcher(image)
    coarse = watcher.look(2, 2)
    until(lambda: np.array_equal(coarse, levels[2][2]))
    server.hold()
    shown = watcher.look(2)
    np.testing.assert_array_equal(shown, repeated(levels[2][2], 4))
    server.release()
    until(lambda: np.array_equal(shown, levels[0][2]))


def test_the_plane_that_stands_in_is_the_one_that_napari_shows(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).integers(0, 2**16, (8, 256, 256), np.uint16)
    levels = [pixels, pixels[::2, ::2, ::2]]
    steps = [(str(n), placement([2.0**n] * 3)) for n in range(2)]
    builder = HierarchyBuilder().group(multiscales=[multiscale("zyx", steps)])
    for number, level in enumerate(levels):
        builder.array(str(number), level, chunks=(1, 64, 64))
    builder.archive(tmp_path / NAME)
    with RangeServer({NAME: (tmp_path / NAME).read_bytes()}) as server:
        (image,) = open_image(server.url(NAME)).images
        watcher = Watcher(image)
        coarse = watcher.look(2, 1)
        until(lambda: np.array_equal(coarse, levels[1][2]))
        server.hold()
        shown = watcher.look(5)  # half of 5 is 2.5, which is rounded to the even number
        np.testing.assert_array_equal(shown, repeated(levels[1][2], 2))
        server.release()
        until(lambda: np.array_equal(shown, levels[0][5]))


def test_the_coarsest_level_comes_before_the_finest(
    served: Callable[..., Any], tmp_path: Path
) -> None:
    server, image, levels = served(chunks=(1, 128, 128))
    watcher = Watcher(image)
    held = threading.Event()
    with zipfile.ZipFile(tmp_path / NAME) as archive:
        places = [i.header_offset for i in archive.infolist() if i.filename.startswith("0/c/")]

    def hold_the_finest(request: Request, answer: Answer) -> Answer:
        if request.range is not None and min(places) <= request.range[0] <= max(places):
            held.wait(SECONDS)
        return answer

    server.fault = hold_the_finest
    shown = watcher.look(2)
    until(lambda: np.array_equal(shown, repeated(levels[2][2], 4)))
    held.set()
    until(lambda: np.array_equal(shown, levels[0][2]))


def test_what_was_scrolled_past_is_not_fetched(served: Callable[..., Any]) -> None:
    server, image, _ = served(chunks=(1, 32, 32))
    watcher = Watcher(image)
    server.hold()
    shown = np.asarray(watcher.levels[0][:, :, :32])  # 128 chunks that lie apart
    assert server.asked.wait(SECONDS)
    del shown
    until(lambda: LINE.is_idle)  # while no answer has come
    server.release()
    assert len(server.requests) < 64


def test_reading_that_is_cancelled_is_no_damage(served: Callable[..., Any]) -> None:
    server, image, _ = served(chunks=(1, 128, 128))
    damaged: list[str] = []
    image.sources[0].store.on_damage = damaged.append
    server.hold()
    stopping = Watch(None, server.asked.is_set, lambda: ReadCancelledError("stopped"))
    with watching(stopping), pytest.raises(ReadCancelledError, match="stopped"):
        image.sources[0][1]
    assert not damaged


def test_a_line_that_fails_is_told_and_tried_again(
    served: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, image, levels = served(chunks=(1, 128, 128))
    watcher = Watcher(image)
    coarse = watcher.look(3, 2)
    until(lambda: np.array_equal(coarse, levels[2][3]))
    content = server.files.pop(NAME)  # as a server that lost it
    shown = watcher.look(3)
    until(lambda: bool(watcher.errors))
    assert isinstance(watcher.errors[0], LinkError)
    until(lambda: LINE.is_idle)
    assert len(watcher.errors) == 1
    np.testing.assert_array_equal(shown, repeated(levels[2][3], 4))  # what was shown stays
    server.files[NAME] = content
    monkeypatch.setattr(viewing, "RETRY", 0)
    watcher.look(3, 2)  # anything that is looked at
    until(lambda: np.array_equal(shown, levels[0][3]))


def test_whoever_needs_final_pixels_is_told_that_the_line_fails(
    served: Callable[..., Any],
) -> None:
    server, image, _ = served(chunks=(1, 128, 128))
    server.files.clear()
    with pytest.raises(LinkError):
        np.asarray(image.levels[0][1])
    with pytest.raises(LinkError):
        image.levels[0][1].compute()


def test_chunks_that_are_not_stored_are_known_when_they_were_asked_for(
    tmp_path: Path,
) -> None:
    pixels = np.zeros((256, 256), np.uint16)
    pixels[:64, :64] = 7
    HierarchyBuilder().image(pixels, "yx", chunks=(64, 64)).archive(tmp_path / NAME)
    with RangeServer({NAME: (tmp_path / NAME).read_bytes()}) as server:
        (image,) = open_image(server.url(NAME)).images
        source = image.sources[0]
        np.testing.assert_array_equal(np.asarray(image.levels[0]), pixels)
        out = np.ones((256, 256), np.uint16)
        assert source.recall((slice(0, 256), slice(0, 256)), out)
        np.testing.assert_array_equal(out, pixels)


def test_planes_that_follow_are_fetched_while_nothing_is_asked_for(
    served: Callable[..., Any],
) -> None:
    server, image, levels = served(chunks=(1, 128, 128))
    watcher = Watcher(image)
    for plane in (0, 1):
        shown = watcher.look(plane)
        until(lambda shown=shown, plane=plane: np.array_equal(shown, levels[0][plane]))  # type: ignore[misc]
    until(lambda: not AHEAD._is_running)
    server.hold()
    for plane in (2, 3):
        np.testing.assert_array_equal(watcher.look(plane), levels[0][plane])
    server.release()


def test_tiles_of_a_mosaic_are_fetched_together(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    tiles = random.integers(0, 2**16, (9, 256, 256), np.uint16)
    builder = HierarchyBuilder()
    for number, tile in enumerate(tiles):
        row, column = divmod(number, 3)
        level = ("0", placement([1.0, 1.0], [256.0 * row, 256.0 * column]))
        builder.group(str(number), multiscales=[multiscale("yx", [level], name=f"tile {number}")])
        builder.array(f"{number}/0", tile)
    builder.archive(tmp_path / NAME)
    whole = tiles.reshape(3, 3, 256, 256).transpose(0, 2, 1, 3).reshape(768, 768)
    content = (tmp_path / NAME).read_bytes()
    with RangeServer({"read.ozx": content, "seen.ozx": content}) as server:
        (image,) = open_image(server.url("read.ozx")).images
        server.forget()
        np.testing.assert_array_equal(np.asarray(image.levels[0]), whole)
        assert len(server.requests) <= 3
        (image,) = open_image(server.url("seen.ozx")).images
        watcher = Watcher(image)
        server.hold()
        shown = np.asarray(watcher.levels[0])
        assert not shown.any()
        server.release()
        until(lambda: np.array_equal(shown, whole))
        server.hold()
        np.testing.assert_array_equal(np.asarray(watcher.levels[0])[:100], whole[:100])


def exchanged(builder: HierarchyBuilder) -> None:
    builder.image(ramp((256, 200, 3)), "xyz", chunks=(64, 64, 1))


def colors(builder: HierarchyBuilder) -> None:
    channels = [{"label": c, "color": c} for c in ("FF0000", "00FF00", "0000FF")]
    pixels = ramp((3, 256, 256), np.uint8)
    builder.image(pixels, "cyx", chunks=(1, 64, 64), omero={"channels": channels})


def complex_numbers(builder: HierarchyBuilder) -> None:
    builder.image(ramp((256, 256)) * np.complex64(1 + 1j), "yx", chunks=(64, 64))


def channels(builder: HierarchyBuilder) -> None:
    builder.image(ramp((2, 4, 256, 256)), "czyx", chunks=(2, 2, 64, 64))


def giant(builder: HierarchyBuilder) -> None:
    builder.image(ramp((1024, 1024)), "yx", chunks=(64, 64))


@pytest.mark.parametrize("kind", [exchanged, colors, complex_numbers, channels, giant])
def test_layers_of_every_kind_are_completed(
    tmp_path: Path, kind: Callable[[HierarchyBuilder], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind is giant:
        for name, value in {"MAX_EDGE": 256, "OVERVIEW_EDGE": 128, "BLOCK_EDGE": 64}.items():
            monkeypatch.setattr(virtual_levels, name, value)
    builder = HierarchyBuilder()
    kind(builder)
    builder.archive(tmp_path / NAME)
    assert_layers_are_completed(tmp_path / NAME)


def assert_layers_are_completed(path: Path) -> None:
    """A canvas ends with the pixels that the same archive has on a disk, in every layer."""
    expected = to_layer_data(open_image(path))
    with RangeServer({NAME: path.read_bytes()}) as server:
        found = to_layer_data(open_image(server.url(NAME)))
        clear_cache()
        for (data, _, kind), (truth, _, _) in zip(found, expected, strict=True):
            if kind not in ("image", "labels"):
                continue
            levels = data if isinstance(data, list) else [data]
            view = View(lambda: True, lambda: None, pytest.fail)
            view.levels = [level.whole_source for level in levels]
            same = truth if isinstance(truth, list) else [truth]
            for level, right in zip(levels, same, strict=True):
                level.viewed_by = view
                shown, final = np.asarray(level), np.asarray(right)
                until(lambda shown=shown, final=final: np.array_equal(shown, final))  # type: ignore[misc]


@pytest.mark.parametrize(
    "write", [whole_archive, whole_archive_of_0_4, whole_series, whole_scene, whole_plate]
)
def test_layers_of_whole_archives_are_completed(
    tmp_path: Path, write: Callable[[Path], object]
) -> None:
    write(tmp_path / NAME)
    assert_layers_are_completed(tmp_path / NAME)
