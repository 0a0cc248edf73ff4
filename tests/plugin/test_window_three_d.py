"""In 3D a real window shows the finest level that memory allows, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip.pixels import volume_reading
from napari_ome_zip.plugin import three_d

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

SHAPE = (16, 64, 64)
COUNTS = (65_536, 8_192, 1_024)
"""Bytes of each level of a channel."""
TIMEOUT = 30_000


def halved(pixels: np.ndarray) -> np.ndarray:
    return pixels[..., ::2, ::2, ::2]


def stack(path: Path, *, axes: str = "czyx", name: str = "stack", levels: int = 3) -> Path:
    """An image of three levels; its voxels tell their level, their channel and their time."""
    found = []
    shape = (2, *SHAPE)
    for level in range(levels):
        pixels = np.full(shape, 50 * (3 - level), np.uint8)
        pixels[1] += 20
        found.append(pixels)
        shape = halved(pixels).shape
    return HierarchyBuilder().image(found, axes).archive(path / f"{name}.ozx")


class Memory:
    """What a person allows for 3D."""

    def __init__(self) -> None:
        self.nbytes = 10**9
        self.changed: list[Callable[[], None]] = []

    def allow(self, nbytes: int) -> None:
        self.nbytes = nbytes
        for call in self.changed:
            call()


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    found = Memory()
    monkeypatch.setattr(three_d, "memory_for_3d", lambda: found.nbytes)
    monkeypatch.setattr(three_d, "follow_memory_for_3d", found.changed.append)
    return found


def open_stack(window: napari.Viewer, path: Path, **kind: Any) -> list[Any]:
    window.open(stack(path, **kind), plugin="napari-ome-zip")
    return list(window.layers)


def settles(qtbot: QtBot, layers: list[Any], level: int | None) -> None:
    def is_shown() -> bool:
        return all(layer.locked_data_level == level for layer in layers)

    qtbot.waitUntil(is_shown, timeout=TIMEOUT)


def statuses_of(window: napari.Viewer) -> list[str]:
    """What the status bar says of 3D from now on; napari writes over it when it looks what is below
    the pointer."""
    said: list[str] = []

    def listen(event: Any) -> None:
        if "3D: " in str(event.value):
            said.append(str(event.value))

    window.events.status.connect(listen)
    return said


def shown(layer: Any) -> np.ndarray:
    """The voxels that the canvas has."""
    pixels: np.ndarray = layer._slice.image.raw
    return pixels


@pytest.mark.parametrize(
    ("nbytes", "level"), [(2 * COUNTS[0], 0), (2 * COUNTS[0] - 1, 1), (2 * COUNTS[1] - 1, None)]
)
def test_all_channels_show_the_finest_level_that_fits_and_2d_is_as_before(
    qtbot: QtBot,
    window: napari.Viewer,
    tmp_path: Path,
    memory: Memory,
    nbytes: int,
    level: int | None,
) -> None:
    memory.nbytes = nbytes
    layers = open_stack(window, tmp_path)
    said = statuses_of(window)
    window.dims.ndisplay = 3
    found = 2 if level is None else level
    qtbot.waitUntil(lambda: bool(said), timeout=TIMEOUT)
    settles(qtbot, layers, level)
    qtbot.waitUntil(lambda: "reading" not in said[-1], timeout=TIMEOUT)
    assert ("full resolution" if level == 0 else f"level {found + 1} of 3") in said[-1]
    for channel, layer in enumerate(layers):
        assert (shown(layer) == 50 * (3 - found) + 20 * channel).all()
        assert shown(layer).size == COUNTS[found]
    window.dims.ndisplay = 2
    assert [layer.locked_data_level for layer in layers] == [None, None]


def test_it_is_read_in_a_thread_and_the_coarsest_level_is_seen_meanwhile(
    qtbot: QtBot,
    window: napari.Viewer,
    tmp_path: Path,
    memory: Memory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    may_read, threads = threading.Event(), set()
    read = volume_reading.pixels_of

    def wait_and_read(array: Any) -> np.ndarray:
        threads.add(threading.current_thread())
        assert may_read.wait(TIMEOUT / 1000)
        return read(array)

    monkeypatch.setattr(volume_reading, "pixels_of", wait_and_read)
    layers = open_stack(window, tmp_path)
    said = statuses_of(window)
    window.dims.ndisplay = 3
    qtbot.waitUntil(lambda: bool(threads), timeout=TIMEOUT)
    assert "reading" in said[-1]
    assert (shown(layers[0]) == 50).all()
    may_read.set()
    settles(qtbot, layers, 0)
    assert threading.main_thread() not in threads


def test_what_was_read_is_not_read_again_by_the_window(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, memory: Memory
) -> None:
    from napari_ome_zip.pixels.pixel_array import PixelArray

    layers = open_stack(window, tmp_path)
    window.dims.ndisplay = 3
    settles(qtbot, layers, 0)
    array = layers[0].data[0]
    assert isinstance(array, PixelArray)
    assert array.viewed_by is not None
    prepared = array.viewed_by._prepared
    assert prepared is not None
    assert np.shares_memory(prepared[1], shown(layers[0]))
    window.dims.ndisplay = 2
    assert array.viewed_by._prepared is None


def test_a_level_that_a_person_chooses_stays(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, memory: Memory
) -> None:
    first, second = open_stack(window, tmp_path)
    first.locked_data_level = 2
    window.dims.ndisplay = 3
    settles(qtbot, [second], 0)
    assert first.locked_data_level == 2
    second.locked_data_level = 1
    window.dims.ndisplay = 2
    assert (first.locked_data_level, second.locked_data_level) == (2, 1)


def test_a_changed_preference_is_followed(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, memory: Memory
) -> None:
    layers = open_stack(window, tmp_path)
    window.dims.ndisplay = 3
    settles(qtbot, layers, 0)
    memory.allow(2 * COUNTS[1])
    settles(qtbot, layers, 1)
    memory.allow(0)
    settles(qtbot, layers, None)


def test_layers_that_are_added_in_3d_are_shown_so_too(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, memory: Memory
) -> None:
    open_stack(window, tmp_path)
    window.dims.ndisplay = 3
    layers = open_stack(window, tmp_path, name="another")
    assert len(layers) == 4
    settles(qtbot, layers, 0)


def test_another_time_point_is_shown_coarsely_first(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, memory: Memory
) -> None:
    (layer,) = open_stack(window, tmp_path, axes="tzyx")
    window.dims.ndisplay = 3
    settles(qtbot, [layer], 0)
    assert (shown(layer) == 150).all()
    window.dims.set_current_step(0, 1)
    assert layer.locked_data_level is None
    assert (shown(layer) == 70).all()
    settles(qtbot, [layer], 0)
    assert (shown(layer) == 170).all()


def test_an_image_of_one_level_is_left_alone(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, memory: Memory
) -> None:
    layers = open_stack(window, tmp_path, levels=1)
    window.dims.ndisplay = 3
    qtbot.wait(2 * three_d.REST)
    assert all(not layer.multiscale for layer in layers)
    assert "3D" not in window.status


def test_what_the_window_has_to_wait_for_is_announced_before(
    qtbot: QtBot,
    window: napari.Viewer,
    tmp_path: Path,
    memory: Memory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(three_d, "NOTICED_BYTES", 2 * COUNTS[0])
    open_stack(window, tmp_path, levels=1)
    qtbot.wait(50)
    seen: list[str] = []
    window.dims.events.ndisplay.connect(lambda event: seen.append(window.status))
    window.dims.ndisplay = 3
    assert seen == ["3D: reading 128 KiB …"]
