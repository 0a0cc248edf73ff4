"""A window shows at once what is known of a large image, and the rest when it is computed.

The threads that compute it wait for each test's word, so that what is seen before can be looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import QEventLoop, QTimer

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import open_image
from napari_ome_zip.image import virtual_levels
from napari_ome_zip.pixels import background

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

SIDE = 2048
BRIGHT = 200
TIMEOUT = 20_000


@dataclass
class Threads:
    """Those that compute what a window shows; they wait until they may."""

    may_compute: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None

    @property
    def have_ended(self) -> bool:
        return not any(t.name == "ome-zip-background" for t in threading.enumerate())


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> Iterator[Threads]:
    """Hold up the threads, and let images of 2048 pixels be giants."""
    held = Threads()
    compute = background.compute_while_wanted

    def wait_and_compute(*task: Any) -> np.ndarray:
        held.begun.set()
        assert held.may_compute.wait(TIMEOUT / 1000)
        if held.error is not None:
            raise held.error
        return compute(*task)

    monkeypatch.setattr(background, "compute_while_wanted", wait_and_compute)
    monkeypatch.setattr(virtual_levels, "MAX_EDGE", 512)
    monkeypatch.setattr(virtual_levels, "OVERVIEW_EDGE", 256)
    monkeypatch.setattr(virtual_levels, "BLOCK_EDGE", 128)
    monkeypatch.setattr(virtual_levels, "MAX_READ", 4)  # levels 2 and 3 are samples
    yield held
    held.may_compute.set()
    qtbot.waitUntil(lambda: held.have_ended, timeout=TIMEOUT)


def write_giant(path: Path, axes: str, *, damaged: bool = False) -> None:
    """Write an image that is bright all over, but for its left half, which is less so."""
    shape = (*(3 for _ in axes[:-2]), SIDE, SIDE)
    pixels = np.full(shape, BRIGHT, np.uint8)
    pixels[..., : SIDE // 2] = BRIGHT // 2
    builder = HierarchyBuilder().image(pixels, axes)
    if damaged:
        name = next(name for name in builder.entries if name.startswith("0/c/"))
        builder.put(name, b"no chunk")
    builder.archive(path)


@pytest.fixture(params=["yx", "zyx"])
def giant(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "giant.ozx"
    write_giant(path, request.param)
    return path


def picture(window: napari.Viewer) -> np.ndarray:
    """The middle of the canvas, which the image fills."""
    shot = window.screenshot(canvas_only=True, flash=False)[..., :3].max(axis=-1)
    height, width = shot.shape
    return shot[height // 3 : -height // 3, width // 3 : -width // 3]


def is_final(window: napari.Viewer) -> bool:
    shown = picture(window)
    left, right = shown[:, : shown.shape[1] // 3], shown[:, -shown.shape[1] // 3 :]
    return bool((np.abs(left.astype(int) - BRIGHT // 2) < 4).all() and (right >= BRIGHT - 4).all())


def in_event_loop(work: Callable[[], Any]) -> Any:
    """What ``work`` returns, called where events are handled, as after a click."""
    loop = QEventLoop()
    results: list[Any] = []

    def call() -> None:
        try:
            results.append(work())
        finally:
            loop.quit()

    QTimer.singleShot(0, call)
    loop.exec()
    return results[0]


def open_by_hand(qtbot: QtBot, window: napari.Viewer, path: Path) -> None:
    """Open a file where events are handled; its limits are those of the data type."""
    in_event_loop(lambda: window.open(path, plugin="napari-ome-zip"))
    qtbot.waitUntil(lambda: len(window.layers) == 1, timeout=TIMEOUT)
    window.layers[0].contrast_limits = 0, 255


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def slicing(request: pytest.FixtureRequest) -> Iterator[None]:
    from napari.settings import get_settings

    settings = get_settings().experimental
    before = settings.async_
    settings.async_ = request.param
    yield
    settings.async_ = before


@pytest.mark.usefixtures("slicing")
def test_it_is_refined_without_being_touched(
    qtbot: QtBot, window: napari.Viewer, giant: Path, threads: Threads
) -> None:
    open_by_hand(qtbot, window, giant)
    assert threads.begun.wait(TIMEOUT / 1000)
    assert not picture(window).any()
    threads.may_compute.set()
    qtbot.waitUntil(lambda: is_final(window), timeout=TIMEOUT)
    thumbnail = window.layers[0].thumbnail[..., :3].max(axis=-1)
    assert thumbnail[16, 24] > thumbnail[16, 8] > 0


def write_other_giant(path: Path, kind: str) -> None:
    """Write the same picture in true color, with its axes exchanged, or as complex numbers."""
    pixels = np.full((SIDE, SIDE), BRIGHT, np.uint8)
    pixels[:, : SIDE // 2] = BRIGHT // 2
    builder = HierarchyBuilder()
    if kind == "colors":
        colors = [{"label": c, "color": c} for c in ("FF0000", "00FF00", "0000FF")]
        builder.image(np.stack([pixels] * 3), "cyx", omero={"channels": colors})
    elif kind == "exchanged":
        builder.image(np.ascontiguousarray(pixels.T), "xy")
    else:
        builder.image(pixels * np.complex64(1j), "yx")
    builder.archive(path)


@pytest.mark.usefixtures("slicing")
@pytest.mark.parametrize("kind", ["colors", "exchanged", "complex"])
def test_images_of_other_kinds_are_refined_as_well(
    qtbot: QtBot, window: napari.Viewer, threads: Threads, tmp_path: Path, kind: str
) -> None:
    write_other_giant(tmp_path / "giant.ozx", kind)
    open_by_hand(qtbot, window, tmp_path / "giant.ozx")
    assert threads.begun.wait(TIMEOUT / 1000)
    assert not picture(window).any()
    threads.may_compute.set()
    qtbot.waitUntil(lambda: is_final(window), timeout=TIMEOUT)


@pytest.mark.usefixtures("slicing")
@pytest.mark.parametrize("giant", ["yx"], indirect=True)
def test_coarse_pixels_stand_in_when_it_is_zoomed(
    qtbot: QtBot, window: napari.Viewer, giant: Path, threads: Threads
) -> None:
    threads.may_compute.set()
    open_by_hand(qtbot, window, giant)
    qtbot.waitUntil(lambda: is_final(window) and threads.have_ended, timeout=TIMEOUT)
    threads.may_compute.clear()
    threads.begun.clear()
    in_event_loop(lambda: setattr(window.layers[0], "locked_data_level", 2))
    assert threads.begun.wait(TIMEOUT / 1000)
    qtbot.wait(300)
    assert is_final(window)  # two areas look the same at any size
    threads.may_compute.set()
    qtbot.waitUntil(lambda: threads.have_ended, timeout=TIMEOUT)
    assert is_final(window)


def test_anyone_else_gets_final_pixels_meanwhile(
    qtbot: QtBot, window: napari.Viewer, giant: Path, threads: Threads, tmp_path: Path
) -> None:
    open_by_hand(qtbot, window, giant)
    levels = window.layers[0].data
    assert len(levels) == 4

    def read() -> list[np.ndarray]:
        return [np.asarray(level) for level in levels]

    for found in (read(), in_event_loop(read), [level.compute() for level in levels]):
        for level in found:
            middle = level.shape[-1] // 2
            assert (level[..., :middle] == BRIGHT // 2).all()
            assert (level[..., middle:] == BRIGHT).all()
    (saved,) = in_event_loop(lambda: window.layers.save(str(tmp_path / "saved.ozx")))
    pixels = np.asarray(open_image(saved).parts[0].levels[0])
    assert (pixels[..., SIDE // 2 :] == BRIGHT).all()
    assert not picture(window).any()  # still


def test_a_script_without_an_event_loop_gets_final_pixels(
    window: napari.Viewer, giant: Path, threads: Threads
) -> None:
    (layer,) = window.open(giant, plugin="napari-ome-zip")
    layer.contrast_limits = 0, 255
    assert is_final(window)
    assert not threads.begun.is_set()


def test_threads_end_when_the_layer_is_deleted(
    qtbot: QtBot, window: napari.Viewer, giant: Path, threads: Threads
) -> None:
    open_by_hand(qtbot, window, giant)
    assert threads.begun.wait(TIMEOUT / 1000)
    in_event_loop(window.layers.clear)
    qtbot.wait(50)
    threads.may_compute.set()
    qtbot.waitUntil(lambda: threads.have_ended, timeout=TIMEOUT)
    qtbot.wait(500)


def test_threads_end_when_the_window_is_closed(
    qtbot: QtBot,
    make_napari_viewer: Callable[..., napari.Viewer],
    giant: Path,
    threads: Threads,
) -> None:
    window = make_napari_viewer(show=True)
    open_by_hand(qtbot, window, giant)
    assert threads.begun.wait(TIMEOUT / 1000)
    in_event_loop(window.close)
    threads.may_compute.set()
    qtbot.waitUntil(lambda: threads.have_ended, timeout=TIMEOUT)
    qtbot.wait(500)


def test_a_file_dropped_on_another_window_is_refined_there(
    qtbot: QtBot,
    window: napari.Viewer,
    make_napari_viewer: Callable[..., napari.Viewer],
    giant: Path,
    threads: Threads,
) -> None:
    make_napari_viewer(show=True)
    open_by_hand(qtbot, window, giant)
    threads.may_compute.set()
    qtbot.waitUntil(lambda: is_final(window), timeout=TIMEOUT)


def messages() -> str:
    from napari.utils.notifications import notification_manager

    return "\n".join(record.message for record in notification_manager.records)


@pytest.mark.usefixtures("errors_become_notifications")
def test_what_fails_in_a_thread_is_shown(
    qtbot: QtBot, window: napari.Viewer, giant: Path, threads: Threads
) -> None:
    threads.error = MemoryError("no room for a block")
    with qtbot.captureExceptions() as raised:
        open_by_hand(qtbot, window, giant)
        threads.may_compute.set()
        qtbot.waitUntil(lambda: bool(raised), timeout=TIMEOUT)
        qtbot.waitUntil(lambda: threads.have_ended, timeout=TIMEOUT)
    assert {error for _, error, _ in raised} == {threads.error}


@pytest.mark.usefixtures("errors_become_notifications")
def test_damage_that_a_thread_comes_upon_is_shown(
    qtbot: QtBot, window: napari.Viewer, threads: Threads, tmp_path: Path
) -> None:
    write_giant(tmp_path / "damaged.ozx", "yx", damaged=True)
    threads.may_compute.set()
    open_by_hand(qtbot, window, tmp_path / "damaged.ozx")
    qtbot.waitUntil(lambda: "0/c/" in messages(), timeout=TIMEOUT)
