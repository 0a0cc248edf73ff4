"""All of a file is in view when it is dropped on an empty window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import open_image
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.view import restore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

WAIT = 20_000
SIDE, APART = 32, 400


def fields() -> HierarchyBuilder:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number in range(2):
        pixels = np.full((SIDE, SIDE), 100, np.uint8)
        builder.image(pixels, "yx", str(number), translation=[APART * number] * 2)
    return builder


def two_fields(path: Path) -> Path:
    """Two fields of view far from each other, in y and in x."""
    return fields().archive(path)


def with_view_of_other_dimensions(path: Path) -> Path:
    """The same, saved with a view of three dimensions, which its two do not have."""
    sliders = {
        "order": [0, 1, 2],
        "point": [0] * 3,
        "margin_left": [0] * 3,
        "margin_right": [0] * 3,
    }
    said = {"version": 1, "layers": [], "view": {"ndisplay": 2, "sliders": sliders}}
    return fields().group("napari").attribute("napari", "napari", said).archive(path)


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


def test_all_are_in_view_where_the_view_of_a_file_does_not_fit_to_them(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    path = with_view_of_other_dimensions(tmp_path / "two.ozx")
    assert open_image(path).napari.view is not None
    window.open(path, plugin=PLUGIN)
    qtbot.waitUntil(lambda: is_all_in_view(window), timeout=WAIT)


def test_a_canvas_that_becomes_smaller_still_shows_all(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "SETTLING_MS", 3 * WAIT)  # on a busy machine it takes long
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
