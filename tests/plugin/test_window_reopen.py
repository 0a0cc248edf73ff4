"""A file opens as it was: in real windows, compared by what they show."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager

from napari_ome_zip import open_image
from napari_ome_zip.layers.view_state import Camera, ViewState, zoom_for
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.save.model import SaveChoices
from napari_ome_zip.plugin.save.widget import SaveWidget
from napari_ome_zip.plugin.view import restore
from napari_ome_zip.plugin.view.capture import capture_view
from napari_ome_zip.plugin.view.restore import show_view

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

WAIT = 20_000
PLACE: dict[str, Any] = {
    "scale": (2, 0.5, 0.5),
    "units": ("um", "um", "um"),
    "axis_labels": ("z", "y", "x"),
}
CALM = 20
"""How often in a row, with 10 ms between, a canvas must have one size to be settled."""
SEEN = 8
"""Difference of a color, of 255, from which two pixels count as different."""


def fill(window: napari.Viewer) -> None:
    """Add a layer of each of the seven kinds."""
    random = np.random.default_rng(0)
    z, y, x = np.mgrid[:12, :80, :100]
    cells = 1000 * np.exp(-((z - 6) ** 2 / 8 + (y - 40) ** 2 / 300 + (x - 50) ** 2 / 500))
    window.add_image(cells.astype(np.uint16), name="cells", colormap="green", **PLACE)
    other = {"colormap": "viridis", "opacity": 0.5, "contrast_limits": (100, 900), "gamma": 0.8}
    window.add_image(cells[:, ::-1].astype(np.uint16), name="others", **other, **PLACE)
    nuclei = ((cells > 300) * (1 + x // 30)).astype(np.uint8)
    labels = window.add_labels(nuclei, name="nuclei", **PLACE)
    labels.new_colormap(3)
    places = random.random((40, 3)) * (11, 79, 99)
    window.add_points(
        places,
        name="spots",
        features={"n": random.random(40)},
        face_color="n",
        size=6,
        symbol=["o", "s", "+", "x"] * 10,
        text={"string": "{n:.1f}", "size": 7, "color": "yellow"},
        **PLACE,
    )
    window.add_shapes(
        [
            np.array([[6, 10, 10], [6, 30, 20], [6, 20, 50]]),
            np.array([[6, 50, 50], [6, 50, 80], [6, 70, 80], [6, 70, 50]]),
        ],
        shape_type=["polygon", "ellipse"],
        edge_color="red",
        face_color=[[0, 0, 1, 0.3], [1, 1, 0, 0.3]],
        edge_width=[1, 2],
        name="regions",
        **PLACE,
    )
    flow = random.random((20, 2, 3)) * (0, 79, 99) + (6, 0, 0)
    flow[:, 1] *= (0, 0.1, 0.1)
    window.add_vectors(flow, name="flow", edge_color="cyan", **PLACE)
    paths = [[i, t, 10 + 5 * i + t, 10 + 8 * t] for i in range(5) for t in range(8)]
    window.add_tracks(np.array(paths, float), name="paths", tail_length=10, **PLACE)
    vertices = np.array([[2, 10, 60], [8, 10, 90], [8, 35, 60], [2, 35, 90.0]])
    triangles = np.array([[0, 1, 2], [1, 3, 2]])
    skin = (vertices, triangles, np.array([0, 0.3, 0.6, 1]))
    window.add_surface(skin, name="skin", colormap="magma", **PLACE)


def look_at_a_plane(window: napari.Viewer) -> None:
    window.layers["nuclei"].contour = 2
    window.dims.set_point(0, 12)
    window.scene.camera.zoom *= 1.7
    window.scene.camera.center = (0, 22, 27)
    window.canvas.overlays["scale_bar"].visible = True
    window.layers.move(7, 1)
    window.layers.selection = {window.layers["spots"], window.layers["cells"]}


def look_at_a_volume(window: napari.Viewer) -> None:
    window.dims.ndisplay = 3
    window.scene.camera.angles = (10, 30, 120)
    window.scene.camera.zoom *= 1.3
    window.scene.camera.perspective = 30
    window.scene.overlays["axes"].visible = True
    window.layers["others"].depiction = "plane"
    window.layers["others"].plane.position = (6, 40, 50)
    window.layers.selection = {window.layers["nuclei"]}


def look_at_a_slab_from_the_side(window: napari.Viewer) -> None:
    window.dims.order = (1, 0, 2)
    window.dims.set_point(1, 20)
    window.dims.margin_left = (0, 3, 0)
    window.dims.margin_right = (0, 2, 0)
    window.scene.camera.zoom *= 0.9
    window.layers.selection.clear()


def look_at_a_grid(window: napari.Viewer) -> None:
    window.canvas.grid.enabled = True
    window.canvas.grid.shape = (2, -1)
    window.canvas.grid.stride = -1
    window.canvas.grid.spacing = 0.1


LOOKS = [look_at_a_plane, look_at_a_volume, look_at_a_slab_from_the_side, look_at_a_grid]


def as_if_new(window: napari.Viewer) -> None:
    """Empty a window, and look at nothing in particular."""
    window.layers.clear()
    window.dims.ndisplay = 2
    window.dims.order = tuple(range(window.dims.ndim))
    window.scene.camera.angles = (0, 0, 0)
    window.scene.camera.perspective = 0
    window.canvas.grid.enabled = False
    window.canvas.grid.shape = (-1, -1)
    window.canvas.grid.stride = 1
    window.canvas.grid.spacing = 0
    for overlay in (window.canvas.overlays["scale_bar"], window.scene.overlays["axes"]):
        overlay.visible = False


def settle(window: napari.Viewer, qtbot: QtBot) -> None:
    """Wait until docks and sliders have left the canvas the size that it keeps."""
    sizes: list[tuple[int, int]] = []

    def is_calm() -> bool:
        sizes.append(window.canvas.size)
        return len(sizes) > CALM and len({*sizes[-CALM:]}) == 1

    qtbot.waitUntil(is_calm, timeout=WAIT)


def open_in(window: napari.Viewer, path: Path, qtbot: QtBot) -> None:
    window.open(path, plugin=PLUGIN)
    settle(window, qtbot)


def assert_same_view(after: ViewState, before: ViewState) -> None:
    """Check all but the size of the canvas, of which a layout may give or take a pixel."""
    assert after.camera is not None
    assert before.camera is not None
    np.testing.assert_allclose(after.camera.canvas, before.camera.canvas, atol=5)
    camera = replace(after.camera, canvas=before.camera.canvas)
    assert replace(after, camera=camera) == before


def different(one: np.ndarray, other: np.ndarray) -> float:
    """Return the fraction of the pixels of two pictures that differ."""
    height, width = (min(a, b) for a, b in zip(one.shape[:2], other.shape[:2], strict=True))
    one, other = one[:height, :width], other[:height, :width]
    apart = np.abs(one[..., :3].astype(int) - other[..., :3]).max(axis=-1)
    return float((apart > SEEN).mean())


@pytest.mark.parametrize("look", LOOKS)
def test_all_kinds_of_layers_look_as_before(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path, look: Callable[[napari.Viewer], None]
) -> None:
    window.window.resize(1200, 950)  # with room for all docks, which else take some of the canvas
    fill(window)
    look(window)
    window.layers.save(str(tmp_path / "a.ozx"))
    settle(
        window, qtbot
    )  # afterwards: the sign that something was done takes a pixel of the canvas
    before, picture = capture_view(window), window.screenshot(flash=False)
    names = [layer.name for layer in window.layers]
    as_if_new(window)
    settle(window, qtbot)
    open_in(window, tmp_path / "a.ozx", qtbot)
    qtbot.waitUntil(lambda: capture_view(window).selected == before.selected, timeout=WAIT)
    assert [layer.name for layer in window.layers] == names
    assert_same_view(capture_view(window), before)
    assert different(picture, window.screenshot(flash=False)) < 0.02


def test_a_picture_of_something_else_differs(window: napari.Viewer, qtbot: QtBot) -> None:
    fill(window)
    look_at_a_plane(window)
    before = window.screenshot(flash=False)
    window.dims.set_point(0, 14)
    assert different(before, window.screenshot(flash=False)) > 0.02


def test_the_form_keeps_the_view_too_and_a_drop_restores_it(
    window: napari.Viewer,
    qtbot: QtBot,
    tmp_path: Path,
    drop: Callable[[napari.Viewer, list[Path]], None],
) -> None:
    fill(window)
    look_at_a_plane(window)
    before = capture_view(window)
    form = SaveWidget(window)
    qtbot.addWidget(form.native)
    form.choices = SaveChoices(file=str(tmp_path / "a.ozx"))
    form.save()
    qtbot.waitUntil(lambda: form.job.saved is not None, timeout=WAIT)
    as_if_new(window)
    drop(window, [tmp_path / "a.ozx"])
    qtbot.waitUntil(lambda: len(window.layers) == 8, timeout=WAIT)
    qtbot.waitUntil(lambda: capture_view(window).selected == before.selected, timeout=WAIT)
    assert_same_view(capture_view(window), before)


@pytest.fixture
def saved(window: napari.Viewer, tmp_path: Path, qtbot: QtBot) -> Path:
    """Return a file of two layers that were looked at from close by, in 3D; the window is empty."""
    window.add_image(np.random.default_rng(1).random((4, 30, 40)), name="cells", **PLACE)
    window.add_points([[1, 2, 3], [2, 20, 30]], name="spots", **PLACE)
    look = capture_view(window)
    window.dims.ndisplay = 3
    window.scene.camera.zoom *= 3
    window.layers.save(str(tmp_path / "a.ozx"))
    as_if_new(window)
    settle(window, qtbot)
    assert look.ndisplay == 2
    return tmp_path / "a.ozx"


def test_what_is_shown_already_is_not_looked_at_otherwise(
    window: napari.Viewer, qtbot: QtBot, saved: Path
) -> None:
    window.add_image(np.zeros((4, 50, 60)), name="mine", **PLACE)
    window.scene.camera.zoom = 4
    window.scene.camera.center = (0, 3, 5)
    settle(window, qtbot)
    before = capture_view(window)
    open_in(window, saved, qtbot)
    after = capture_view(window)
    assert [layer.name for layer in window.layers] == ["mine", "cells", "spots"]
    assert (after.ndisplay, after.camera, after.grid) == (2, before.camera, before.grid)


def test_a_setting_lets_files_open_as_any_other(
    window: napari.Viewer, qtbot: QtBot, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_ome_zip.plugin.opened_files.restores_view", lambda: False)
    open_in(window, saved, qtbot)
    assert len(window.layers) == 2
    assert window.dims.ndisplay == 2


def test_another_size_of_the_canvas_shows_as_much() -> None:
    camera = Camera((0, 0, 0), 6.0, (0, 0, 0), 0, canvas=(600, 800))
    assert zoom_for(camera, (600, 800)) == 6
    assert zoom_for(camera, (300, 800)) == 3
    assert zoom_for(camera, (1200, 1600)) == 12
    assert zoom_for(camera, (600, 100)) == 0.75


def test_the_canvas_may_change_its_size_while_a_file_is_opened(
    window: napari.Viewer, qtbot: QtBot, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "SETTLING_MS", WAIT)
    window.open(saved, plugin=PLUGIN)
    zoom, (height, width) = window.scene.camera.zoom, window.canvas.size
    window.window._qt_window.resize(1300, 900)
    qtbot.waitUntil(lambda: window.canvas.size[0] > height + 50, timeout=WAIT)
    bigger = window.canvas.size
    expected = zoom * min(bigger[0] / height, bigger[1] / width)
    qtbot.waitUntil(lambda: abs(window.scene.camera.zoom / expected - 1) < 0.02, timeout=WAIT)


def rewritten(path: Path, name: str, change: Callable[[Any], None]) -> None:
    """Change what a group of an archive says for napari."""
    with zipfile.ZipFile(path) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    document = json.loads(entries[name])
    change(document["attributes"]["napari"])
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in {**entries, name: json.dumps(document).encode()}.items():
            archive.writestr(entry, content)


def test_a_look_that_napari_refuses_costs_the_look_alone(
    window: napari.Viewer, qtbot: QtBot, saved: Path
) -> None:
    text = {"string": {"format": "{nothing}", "encoding_type": "no such encoding"}}
    rewritten(saved, "napari/0/zarr.json", lambda said: said["settings"].update(text=text))
    notification_manager.records.clear()
    open_in(window, saved, qtbot)
    assert [layer.name for layer in window.layers] == ["cells", "spots"]
    np.testing.assert_array_equal(window.layers["spots"].data, [[1, 2, 3], [2, 20, 30]])
    assert list(window.layers["spots"].scale) == [2, 0.5, 0.5]
    (record,) = notification_manager.records
    assert record.message.startswith("A layer does not look as it was saved. The layer 'spots'")


@pytest.mark.parametrize(
    "view",
    [
        {"sliders": {"order": [0, 1], "point": [0, 0]}, "camera": {"zoom": 9, "center": [0] * 3}},
        {"camera": {"center": [1, 2], "zoom": 3}},
        {"camera": {"center": [1, 2, 3], "zoom": -3}},
        {"camera": {"center": [1, 2, 1e300], "zoom": 3}},
        {"sliders": {"order": [0, 1, 1], "point": [0, 0, 0]}},
        {"sliders": {"order": [0, 1, 2], "point": [0, 0, "x"]}},
        {"grid": {"enabled": True, "shape": [0, 1], "stride": 0}},
        {"overlays": {"scale_bar": 3, "nothing": True}},
        {"selected": [1, 2], "ndisplay": 7},
        {"selected": ["someone else"], "ndisplay": 2},
    ],
)
def test_a_view_that_does_not_fit_changes_nothing(view: Any) -> None:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((4, 30, 40)), **PLACE)
    before = capture_view(viewer)
    state = ViewState.of(view)
    if state is not None:
        show_view(viewer, state)
    assert capture_view(viewer) == before


def test_a_file_with_a_view_of_other_dimensions_opens_as_any_other(
    window: napari.Viewer, qtbot: QtBot, saved: Path
) -> None:
    view = {
        "sliders": {"order": [0, 1], "point": [0, 0]},
        "camera": {"zoom": 9, "center": [0, 0, 0]},
        "selected": ["someone else"],
    }
    rewritten(saved, "napari/zarr.json", lambda said: said.update(view=view))
    open_in(window, saved, qtbot)
    state = capture_view(window)
    assert (state.ndisplay, state.selected) == (2, ("spots",))
    assert window.scene.camera.zoom != 9


def test_a_state_is_the_same_after_json(window: napari.Viewer) -> None:
    fill(window)
    look_at_a_slab_from_the_side(window)
    state = capture_view(window)
    assert ViewState.of(json.loads(json.dumps(state.to_json()))) == state


def test_a_view_of_other_units_is_converted(
    window: napari.Viewer, qtbot: QtBot, saved: Path
) -> None:
    def in_nanometers(said: Any) -> None:
        sliders, camera = said["view"]["sliders"], said["view"]["camera"]
        sliders["units"] = ["nanometer"] * 3
        sliders["point"] = [1000 * value for value in sliders["point"]]
        camera["center"] = [1000 * value for value in camera["center"]]
        camera["zoom"] /= 1000

    view = open_image(saved).napari.view
    assert view is not None
    expected = view.to_json()["camera"]
    rewritten(saved, "napari/zarr.json", in_nanometers)
    open_in(window, saved, qtbot)
    camera = window.scene.camera
    np.testing.assert_allclose(camera.center, expected["center"])
    ratio = zoom_for(ViewState.of(view.to_json()).camera, window.canvas.size) / expected["zoom"]
    np.testing.assert_allclose(camera.zoom, expected["zoom"] * ratio)
