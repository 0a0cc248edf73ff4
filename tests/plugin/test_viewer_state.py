"""What napari keeps beside layer data is saved and comes back: contrast ranges, sliders."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel

from hierarchy_builder import HierarchyBuilder
from napari_layers import layers_of
from napari_ome_zip import open_image, save_image, to_layer_data
from napari_ome_zip.plugin.save.model import SaveChoices
from napari_ome_zip.plugin.save.widget import SaveWidget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

PLUGIN = "napari-ome-zip"
PIXELS = np.random.default_rng(1).integers(100, 900, (3, 5, 40, 50), np.uint16)
FOUR = {"axis_labels": ("t", "z", "y", "x"), "scale": (2, 0.5, 1, 1)}


def omero_of(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        found: dict[str, Any] = json.loads(archive.read("zarr.json"))["attributes"]["ome"]["omero"]
    return found


@pytest.fixture
def shown(window: napari.Viewer) -> napari.Viewer:
    """Return a window that shows two channels at time 2, plane 3."""
    for name, limits, offered in (("a", (150, 400), (0, 1000)), ("b", (200, 300), (200, 4095))):
        layer = window.add_image(PIXELS, name=name, contrast_limits=limits, **FOUR)
        layer.contrast_limits_range = offered
    window.dims.set_current_step(0, 2)
    window.dims.set_current_step(1, 3)
    return window


def save_by_menu(window: napari.Viewer, path: Path, qtbot: QtBot) -> None:
    window.layers.save(str(path))


def save_by_form(window: napari.Viewer, path: Path, qtbot: QtBot) -> None:
    form = SaveWidget(window)
    qtbot.addWidget(form.native)
    form.choices = SaveChoices(file=str(path))
    form.save()
    qtbot.waitUntil(lambda: form.job.saved is not None, timeout=20_000)


@pytest.mark.parametrize("save", [save_by_menu, save_by_form])
def test_contrast_ranges_are_the_windows_min_and_max_and_come_back(
    shown: napari.Viewer,
    tmp_path: Path,
    qtbot: QtBot,
    save: Callable[[napari.Viewer, Path, QtBot], None],
) -> None:
    path = tmp_path / "a.ozx"
    save(shown, path, qtbot)
    assert [channel["window"] for channel in omero_of(path)["channels"]] == [
        {"min": 0, "max": 1000, "start": 150, "end": 400},
        {"min": 200, "max": 4095, "start": 200, "end": 300},
    ]
    assert omero_of(path)["rdefs"] == {"model": "color", "defaultT": 2, "defaultZ": 3}
    shown.layers.clear()
    again = shown.open(path, plugin=PLUGIN)
    assert [layer.contrast_limits for layer in again] == [[150, 400], [200, 300]]
    assert [layer.contrast_limits_range for layer in again] == [[0, 1000], [200, 4095]]


@pytest.fixture
def two_ranges(tmp_path: Path) -> list[Path]:
    """Return two files of another program, of one channel each."""
    paths = []
    for number, (low, high) in enumerate([(0, 4095), (10, 300)]):
        window = {"min": low, "max": high, "start": 20, "end": 200}
        omero = {"channels": [{"label": "c", "color": "00FF00", "window": window}]}
        builder = HierarchyBuilder().image(PIXELS[0, 0], "yx", omero=omero)
        paths.append(builder.archive(tmp_path / f"{number}.ozx"))
    return paths


@pytest.mark.parametrize("stack", [False, True])
def test_a_file_of_others_keeps_its_range_however_it_is_opened(
    window: napari.Viewer, two_ranges: list[Path], stack: bool
) -> None:
    layers = window.open([str(path) for path in two_ranges], plugin=PLUGIN, stack=stack)
    assert [layer.contrast_limits for layer in layers] == [[20, 200]] * 2
    assert [layer.contrast_limits_range for layer in layers] == [[0, 4095], [10, 300]]
    assert {layer.source.reader_plugin for layer in layers} == {PLUGIN}
    if not stack:
        assert [layer.source.path for layer in layers] == [str(path) for path in two_ranges]


def test_a_range_survives_a_save_where_nobody_knows_the_layer(
    two_ranges: list[Path], tmp_path: Path
) -> None:
    layers = [layer for path in two_ranges for layer in to_layer_data(open_image(path))]
    save_image(layers[:1], tmp_path / "a.ozx")
    [channel] = omero_of(tmp_path / "a.ozx")["channels"]
    assert channel["window"] == {"min": 0, "max": 4095, "start": 20, "end": 200}


def test_limits_beyond_the_range_widen_it(two_ranges: list[Path], tmp_path: Path) -> None:
    [(data, keywords, kind)] = to_layer_data(open_image(two_ranges[1]))
    layer = (data, {**keywords, "contrast_limits": (5, 400)}, kind)
    save_image([layer], tmp_path / "a.ozx")
    [channel] = omero_of(tmp_path / "a.ozx")["channels"]
    assert channel["window"] == {"min": 5, "max": 400, "start": 5, "end": 400}


def test_without_a_window_the_first_plane_is_the_one_shown(tmp_path: Path) -> None:
    viewer = ViewerModel()
    viewer.add_image(PIXELS, name="a", **FOUR)
    save_image([layer.as_layer_data_tuple() for layer in viewer.layers], tmp_path / "a.ozx")
    assert omero_of(tmp_path / "a.ozx")["rdefs"] == {"model": "color", "defaultT": 0, "defaultZ": 0}


@pytest.mark.parametrize(("stated", "kept"), [((2, 4), (2, 4)), ((9, -1), (2, 0))])
def test_the_plane_that_a_file_wants_shown_stays(
    tmp_path: Path, stated: tuple[int, int], kept: tuple[int, int]
) -> None:
    rdefs = {"defaultT": stated[0], "defaultZ": stated[1]}
    omero = {"channels": [{"label": "c", "color": "00FF00"}], "rdefs": rdefs}
    entries = HierarchyBuilder().image(PIXELS, "tzyx", omero=omero).entries
    [(data, keywords, kind)] = to_layer_data(open_image(entries))
    moved = {**keywords, "translate": (0, 5, 5, 5)}
    save_image([(data, moved, kind)], tmp_path / "a.ozx")
    found = omero_of(tmp_path / "a.ozx")["rdefs"]
    assert (found["defaultT"], found["defaultZ"]) == kept


@pytest.mark.parametrize(("colormap", "model"), [("gray", "greyscale"), ("green", "color")])
def test_a_model_stays_where_it_is_still_true(tmp_path: Path, colormap: str, model: str) -> None:
    omero = {"channels": [{"label": "c", "color": "FF0000"}], "rdefs": {"model": "greyscale"}}
    entries = HierarchyBuilder().image(PIXELS, "tzyx", omero=omero).entries
    [layer] = layers_of(entries)
    assert layer.colormap.name == "gray"
    layer.colormap = colormap
    save_image([layer.as_layer_data_tuple()], tmp_path / "a.ozx")
    assert omero_of(tmp_path / "a.ozx")["rdefs"] == {
        "model": model, "defaultT": 0, "defaultZ": 0,
    }  # fmt: skip
    [again] = layers_of(tmp_path / "a.ozx")
    np.testing.assert_allclose(again.colormap.map([1.0]), layer.colormap.map([1.0]))
