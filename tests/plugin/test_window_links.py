"""Pixels behind a link in a real window, which lives while the server takes its time."""

from __future__ import annotations

import itertools
import threading
import zipfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import QEventLoop, QTimer

from heartbeat import Heartbeat
from hierarchy_builder import HierarchyBuilder, multiscale, placement
from link_windows import PATIENCE, drop_links, told, wait_for_layers
from napari_ome_zip import link_cache_size, set_link_cache_size
from napari_ome_zip.pixels import viewing
from napari_ome_zip.pixels.background import LINE
from napari_ome_zip.pixels.decoded_chunks import clear_cache
from range_server import Answer, RangeServer, Request

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("errors_become_notifications")

SHAPE = 6, 1024, 1024
NAME = "stack.ozx"
EDGE = 128
CHUNK_BYTES = 2 * EDGE**2
FIRST, NEXT, LAST = 1, 3, 5
BEATS = 30


@pytest.fixture(autouse=True)
def nothing_is_kept(qtbot: QtBot) -> Iterator[None]:
    before = link_cache_size()
    set_link_cache_size(0)
    clear_cache()
    yield
    set_link_cache_size(before)
    qtbot.waitUntil(lambda: LINE.is_idle, timeout=PATIENCE)


def write_levels(path: Path, axes: str, kind: str = "image") -> list[np.ndarray]:
    """Write three levels that do not compress; return them."""
    random = np.random.default_rng(5)
    pixels = random.integers(1000, 60_000, SHAPE[-len(axes) :], np.uint16)
    levels = [pixels[..., :: 2**n, :: 2**n] for n in range(3)]
    scales = [[*[1.0] * (len(axes) - 2), 2.0**n, 2.0**n] for n in range(3)]
    steps = [(str(n), placement(scale)) for n, scale in enumerate(scales)]
    window = {"start": 0, "end": 60_000, "min": 0, "max": 65_535}
    more: dict[str, Any] = {"omero": {"channels": [{"color": "FFFFFF", "window": window}]}}
    if kind == "labels":
        more = {"image-label": {}}
    builder = HierarchyBuilder().group(multiscales=[multiscale(axes, steps)], **more)
    for number, level in enumerate(levels):
        builder.array(str(number), level, chunks=(1, EDGE, EDGE)[-len(axes) :])
    builder.archive(path)
    return levels


@pytest.fixture
def levels(tmp_path: Path) -> list[np.ndarray]:
    return write_levels(tmp_path / NAME, "zyx")


@pytest.fixture
def server(tmp_path: Path, levels: list[np.ndarray]) -> Iterator[RangeServer]:
    with RangeServer({NAME: (tmp_path / NAME).read_bytes()}) as server:
        yield server
        server.release()


def in_event_loop(work: Callable[[], Any]) -> None:
    """Call ``work`` where events are handled, as after a click."""
    loop = QEventLoop()
    errors: list[BaseException] = []

    def call() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  raised below
            errors.append(error)
        finally:
            loop.quit()

    QTimer.singleShot(0, call)
    loop.exec()
    for error in errors:
        raise error


def shown(window: napari.Viewer) -> np.ndarray:
    """The pixels that the canvas shows."""
    return np.asarray(window.layers[0]._slice.image.raw)


def is_final(window: napari.Viewer, levels: list[np.ndarray], plane: int) -> bool:
    layer = window.layers[0]
    (top, left), (bottom, right) = layer.corner_pixels[:, -2:]
    level = levels[layer.data_level][plane]
    found = shown(window)
    thumbnail = np.asarray(layer._slice.thumbnail.raw)
    return np.array_equal(found, level[top : bottom + 1, left : right + 1]) and np.array_equal(
        thumbnail, levels[-1][plane]
    )


def open_link(qtbot: QtBot, window: napari.Viewer, server: RangeServer) -> None:
    drop_links(window, server.url(NAME))
    wait_for_layers(qtbot, window)
    in_event_loop(lambda: window.dims.set_current_step(0, FIRST))


def test_a_plane_that_is_scrolled_to_is_coarse_and_then_fine(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, levels: list[np.ndarray]
) -> None:
    open_link(qtbot, window, server)
    in_event_loop(lambda: setattr(window.layers[0], "locked_data_level", 0))
    qtbot.waitUntil(lambda: is_final(window, levels, FIRST), timeout=PATIENCE)
    server.hold()
    in_event_loop(lambda: window.dims.set_current_step(0, NEXT))
    beats = Heartbeat()
    qtbot.waitUntil(lambda: beats.count > BEATS, timeout=PATIENCE)
    assert not is_final(window, levels, NEXT)
    server.release()
    qtbot.waitUntil(lambda: is_final(window, levels, NEXT), timeout=PATIENCE)
    # Back again everything is known.
    server.hold()
    in_event_loop(lambda: window.dims.set_current_step(0, FIRST))
    assert is_final(window, levels, FIRST)


def test_coarse_pixels_stand_in_where_it_is_zoomed(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, levels: list[np.ndarray]
) -> None:
    open_link(qtbot, window, server)
    in_event_loop(lambda: setattr(window.layers[0], "locked_data_level", 2))
    qtbot.waitUntil(lambda: is_final(window, levels, FIRST), timeout=PATIENCE)
    clear_cache()
    window.layers[0].refresh()
    qtbot.waitUntil(lambda: is_final(window, levels, FIRST), timeout=PATIENCE)
    server.hold()
    in_event_loop(lambda: setattr(window.layers[0], "locked_data_level", 0))
    coarse = levels[2][FIRST].repeat(4, axis=0).repeat(4, axis=1)
    (top, left), (bottom, right) = window.layers[0].corner_pixels[:, -2:]
    found, fine = shown(window), levels[0][FIRST][top : bottom + 1, left : right + 1]
    coarse = coarse[top : bottom + 1, left : right + 1]
    assert ((found == coarse) | (found == fine)).all()  # some may have been fetched before
    server.release()
    qtbot.waitUntil(lambda: is_final(window, levels, FIRST), timeout=PATIENCE)


def test_a_zoomed_view_fetches_the_chunks_that_it_shows(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, levels: list[np.ndarray]
) -> None:
    open_link(qtbot, window, server)
    qtbot.waitUntil(lambda: is_final(window, levels, FIRST), timeout=PATIENCE)
    in_event_loop(lambda: setattr(window.scene.camera, "center", (0, 200, 200)))
    # napari keeps what it shows of a level while that is zoomed; it begins with another level.
    in_event_loop(lambda: setattr(window.layers[0], "locked_data_level", 2))
    in_event_loop(lambda: setattr(window.scene.camera, "zoom", max(window.canvas.size) / 300))
    in_event_loop(lambda: setattr(window.layers[0], "locked_data_level", None))
    qtbot.waitUntil(lambda: window.layers[0].data_level == 0, timeout=PATIENCE)
    qtbot.waitUntil(lambda: is_final(window, levels, FIRST), timeout=PATIENCE)
    server.forget()
    in_event_loop(lambda: window.dims.set_current_step(0, LAST))
    qtbot.waitUntil(lambda: is_final(window, levels, LAST), timeout=PATIENCE)
    # At most 300 pixels around 200 are seen, of the first three chunks along each axis; the
    # thumbnail is of the four chunks of the coarsest level.
    assert 0 < server.sent <= 1.2 * (3 * 3 + 4) * CHUNK_BYTES


def test_a_server_that_is_gone_is_told_of_once_and_asked_again(
    qtbot: QtBot,
    window: napari.Viewer,
    server: RangeServer,
    levels: list[np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_link(qtbot, window, server)
    qtbot.waitUntil(lambda: is_final(window, levels, FIRST), timeout=PATIENCE)
    content = server.files.pop(NAME)
    in_event_loop(lambda: window.dims.set_current_step(0, NEXT))
    qtbot.waitUntil(lambda: bool(told(window)), timeout=PATIENCE)
    qtbot.waitUntil(lambda: LINE.is_idle, timeout=PATIENCE)
    assert len(told(window)) == 1
    server.files[NAME] = content
    monkeypatch.setattr(viewing, "RETRY", 0)
    in_event_loop(lambda: window.dims.set_current_step(0, NEXT + 1))
    qtbot.waitUntil(lambda: is_final(window, levels, NEXT + 1), timeout=PATIENCE)
    in_event_loop(lambda: window.dims.set_current_step(0, NEXT))
    qtbot.waitUntil(lambda: is_final(window, levels, NEXT), timeout=PATIENCE)


def test_the_value_under_the_pointer_asks_no_server(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, levels: list[np.ndarray]
) -> None:
    open_link(qtbot, window, server)
    qtbot.waitUntil(lambda: is_final(window, levels, FIRST), timeout=PATIENCE)
    qtbot.waitUntil(lambda: LINE.is_idle, timeout=PATIENCE)
    server.hold()
    server.forget()
    for y, x in itertools.product(range(100, 900, 200), repeat=2):
        window.layers[0].get_value((FIRST, y, x), world=True)
    window.layers[0].reset_contrast_limits("slice")
    assert not server.asked.is_set()


def test_a_volume_is_read_by_a_thread(
    qtbot: QtBot, window: napari.Viewer, server: RangeServer, levels: list[np.ndarray]
) -> None:
    open_link(qtbot, window, server)
    qtbot.waitUntil(lambda: is_final(window, levels, FIRST), timeout=PATIENCE)
    server.hold()
    in_event_loop(lambda: setattr(window.dims, "ndisplay", 3))
    beats = Heartbeat()
    qtbot.waitUntil(lambda: beats.count > BEATS, timeout=PATIENCE)
    server.release()
    qtbot.waitUntil(
        lambda: any(np.array_equal(shown(window), level) for level in levels), timeout=PATIENCE
    )


@pytest.mark.parametrize("kind", ["image", "labels"])
def test_the_first_picture_of_a_plane_is_coarse(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, kind: str
) -> None:
    levels = write_levels(tmp_path / NAME, "yx", kind)
    content = (tmp_path / NAME).read_bytes()
    with zipfile.ZipFile(tmp_path / NAME) as archive:
        places = [i.header_offset for i in archive.infolist() if i.filename.startswith("0/c/")]
    finest = threading.Event()

    def hold_the_finest(request: Request, answer: Answer) -> Answer:
        if request.range is not None and min(places) <= request.range[0] <= max(places):
            finest.wait(PATIENCE / 1000)
        return answer

    coarse = levels[2].repeat(4, axis=0).repeat(4, axis=1)
    with RangeServer({NAME: content}, fault=hold_the_finest) as server:
        drop_links(window, server.url(NAME))
        wait_for_layers(qtbot, window)
        in_event_loop(lambda: setattr(window.layers[0], "locked_data_level", 0))
        beats = Heartbeat()
        qtbot.waitUntil(
            lambda: np.array_equal(shown(window), within(window, coarse)), timeout=PATIENCE
        )
        qtbot.waitUntil(lambda: beats.count > BEATS, timeout=PATIENCE)
        finest.set()
        qtbot.waitUntil(
            lambda: np.array_equal(shown(window), within(window, levels[0])), timeout=PATIENCE
        )


def within(window: napari.Viewer, plane: np.ndarray) -> np.ndarray:
    """What of a plane of the finest level the canvas shows."""
    (top, left), (bottom, right) = window.layers[0].corner_pixels[:, -2:]
    return plane[top : bottom + 1, left : right + 1]
