"""All of a file is in view when it is dropped on an empty window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.view import fitting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

WAIT = 20_000
SIDE, APART = 32, 400


def two_fields(path: Path) -> Path:
    """Two fields of view far from each other, in y and in x."""
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number in range(2):
        pixels = np.full((SIDE, SIDE), 100, np.uint8)
        builder.image(pixels, "yx", str(number), translation=[APART * number] * 2)
    return builder.archive(path)


def shown(window: napari.Viewer) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest y and x in the world that the canvas shows."""
    half = np.array(window.canvas.size) / window.scene.camera.zoom / 2
    middle = np.array(window.scene.camera.center[-2:])
    return middle - half, middle + half


def is_all_in_view(window: napari.Viewer) -> bool:
    low, high = shown(window)
    return bool((low <= 0).all() and (high >= APART + SIDE - 1).all())


def test_all_fields_of_a_dropped_file_are_in_view(
    qtbot: QtBot, window: napari.Viewer, drop: Callable[..., None], tmp_path: Path
) -> None:
    drop(window, [two_fields(tmp_path / "two.ozx")])
    qtbot.waitUntil(lambda: len(window.layers) == 2 and is_all_in_view(window), timeout=WAIT)


def test_a_canvas_that_becomes_smaller_still_shows_all(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "SETTLING_MS", 3 * WAIT)  # on a busy machine it takes long
    window.open(two_fields(tmp_path / "two.ozx"), plugin=PLUGIN)
    before = window.canvas.size
    width, height = window.window.geometry()[2:]
    window.window.resize(width - 100, height - 150)
    qtbot.waitUntil(lambda: window.canvas.size != before and is_all_in_view(window), timeout=WAIT)


def test_where_a_person_looks_meanwhile_is_looked_at(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    window.open(two_fields(tmp_path / "two.ozx"), plugin=PLUGIN)
    window.scene.camera.zoom = 9
    before = window.canvas.size
    width, height = window.window.geometry()[2:]
    window.window.resize(width - 100, height - 150)
    qtbot.waitUntil(lambda: window.canvas.size != before, timeout=WAIT)
    assert window.scene.camera.zoom == 9


def test_a_view_of_other_layers_stays(window: napari.Viewer, tmp_path: Path) -> None:
    window.add_image(np.zeros((8, 8)))
    window.scene.camera.zoom = 9
    window.open(two_fields(tmp_path / "two.ozx"), plugin=PLUGIN)
    assert window.scene.camera.zoom == 9


def test_all_fields_of_the_sample_are_in_view(qtbot: QtBot, window: napari.Viewer) -> None:
    window.open_sample(PLUGIN, "overlapping-fields")

    def is_in_view() -> bool:
        low, high = shown(window)
        first, last = window.layers.extent.world
        return bool((low <= first).all() and (high >= last).all())

    qtbot.waitUntil(is_in_view, timeout=WAIT)
