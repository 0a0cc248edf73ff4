"""A real window says which way is anterior, and is right about it, however it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.settings import get_plugin_settings

from hierarchy_builder import HierarchyBuilder, axes_of
from napari_ome_zip.plugin.orientation.overlays import POSITIONS, overlay_name

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

LPS = {"z": "inferior-to-superior", "y": "anterior-to-posterior", "x": "right-to-left"}
OPPOSITE = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}


def leading(words: dict[str, str], names: str = "zyx") -> list[Any]:
    return [
        axis
        if axis["name"] not in words
        else {**axis, "orientation": {"type": "anatomical", "value": words[axis["name"]]}}
        for axis in axes_of(names)
    ]


def volume(
    path: Path, words: dict[str, str] | None = None, *, bright: int = 2, **image: Any
) -> Path:
    """A dark volume that is bright at the end of one axis."""
    pixels = np.zeros((8, 8, 8), np.uint8)
    pixels[(slice(None),) * bright + (slice(6, None),)] = 255
    builder = HierarchyBuilder()
    builder.image_of_0_6(pixels, leading(LPS if words is None else words), **image)
    return builder.archive(path)


def edges(window: napari.Viewer) -> dict[str, str]:
    """What stands at the edges of the canvas; nothing is there beside words."""
    found = {edge: window.canvas.overlays.get(overlay_name(edge)) for edge in POSITIONS}
    assert all(shown is None or (shown.visible and shown.text) for shown in found.values())
    return {edge: shown.text for edge, shown in found.items() if shown is not None}


def opened(window: napari.Viewer, qtbot: QtBot, path: Path) -> Any:
    (layer,) = window.open(path, plugin="napari-ome-zip")
    qtbot.wait(20)
    return layer


FRONT = {"left": "right", "right": "left", "top": "anterior", "bottom": "posterior"}


def test_the_edges_are_named_until_the_layers_are_gone(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    layer = opened(window, qtbot, volume(tmp_path / "a.ozx"))
    assert edges(window) == FRONT
    assert window.dims.axis_labels == ("z", "y", "x")
    window.layers.remove(layer)
    qtbot.waitUntil(lambda: edges(window) == {})
    assert not [name for name in window.canvas.overlays if "orientation" in name]


def test_a_file_that_says_nothing_shows_nothing(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(window, qtbot, volume(tmp_path / "a.ozx", {}))
    assert edges(window) == {}


def test_axes_that_are_exchanged_or_rolled_take_their_words_along(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(window, qtbot, volume(tmp_path / "a.ozx"))
    window.dims.transpose()
    qtbot.waitUntil(
        lambda: (
            edges(window)
            == {"left": "anterior", "right": "posterior", "top": "right", "bottom": "left"}
        )
    )
    window.dims.order = (1, 0, 2)
    qtbot.waitUntil(lambda: edges(window)["top"] == "inferior")


def test_an_axis_without_orientation_has_bare_edges(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(window, qtbot, volume(tmp_path / "a.ozx", {"y": "cranial-to-caudal"}))
    assert edges(window) == {"top": "cranial", "bottom": "caudal"}


def brightness(window: napari.Viewer, qtbot: QtBot) -> np.ndarray:
    """Where the bright end of the volume is, from the middle of the canvas to its edge at 1."""
    qtbot.wait(50)
    shot = window.screenshot(canvas_only=True, flash=False).astype(float)
    red = np.clip(shot[..., 0] - shot[..., 1], 0, None)  # words are white
    rows, columns = np.indices(red.shape)
    height, width = red.shape
    middle = np.array([(red * rows).sum(), (red * columns).sum()]) / red.sum()
    found: np.ndarray = middle / (height, width) * 2 - 1
    return found


def named_where_it_is(window: napari.Viewer, qtbot: QtBot, end: str, start: str) -> bool:
    """Whether the edges towards the bright end bear its name, and those opposite the other's."""
    down, right = brightness(window, qtbot)
    shown = edges(window)
    towards = [
        edge
        for edge, share in (("right", right), ("left", -right), ("bottom", down), ("top", -down))
        if share > 0.15
    ]
    assert towards
    return all(
        end in shown[edge].split(", ") and start in shown[OPPOSITE[edge]].split(", ")
        for edge in towards
    )


@pytest.mark.parametrize("vertical", ["down", "up"])
@pytest.mark.parametrize("horizontal", ["right", "left"])
@pytest.mark.parametrize(
    ("bright", "start", "end"), [(1, "anterior", "posterior"), (2, "right", "left")]
)
def test_the_bright_end_is_at_the_edge_of_its_name(
    window: napari.Viewer,
    qtbot: QtBot,
    tmp_path: Path,
    vertical: str,
    horizontal: str,
    bright: int,
    start: str,
    end: str,
) -> None:
    layer = opened(window, qtbot, volume(tmp_path / "a.ozx", bright=bright))
    layer.colormap = "red"
    window.scene.camera.orientation2d = (vertical, horizontal)
    assert named_where_it_is(window, qtbot, end, start)


def test_an_image_that_its_file_flips_is_seen_mirrored_and_named_rightly(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    level = {"type": "scale", "scale": [1.0, 1.0, -1.0]}
    layer = opened(window, qtbot, volume(tmp_path / "a.ozx", level=level))
    layer.colormap = "red"
    assert edges(window) == FRONT
    # The last voxels of the array have the lowest coordinates now, which are to the right.
    assert named_where_it_is(window, qtbot, "right", "left")


ANGLES = [(35, -40, 20), (-50, 30, -140), (140, 40, 60)]


@pytest.mark.parametrize(
    ("depth", "horizontal"), [("towards", "right"), ("away", "right"), ("away", "left")]
)
@pytest.mark.parametrize(
    ("bright", "start", "end"),
    [(0, "inferior", "superior"), (1, "anterior", "posterior"), (2, "right", "left")],
)
def test_in_3d_words_follow_the_camera(
    window: napari.Viewer,
    qtbot: QtBot,
    tmp_path: Path,
    depth: str,
    horizontal: str,
    bright: int,
    start: str,
    end: str,
) -> None:
    window.window.resize(600, 400)  # large volumes are drawn slowly
    opened(window, qtbot, volume(tmp_path / "a.ozx", bright=bright)).colormap = "red"
    window.scene.camera.orientation = (depth, "down", horizontal)
    window.dims.ndisplay = 3
    for angles in ANGLES:
        window.scene.camera.angles = angles
        assert named_where_it_is(window, qtbot, end, start)


def test_files_that_contradict_one_another_name_nothing_along_that_axis(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(window, qtbot, volume(tmp_path / "a.ozx"))
    other = opened(window, qtbot, volume(tmp_path / "b.ozx", {**LPS, "x": "left-to-right"}))
    assert edges(window) == {"top": "anterior", "bottom": "posterior"}
    other.visible = False
    qtbot.waitUntil(lambda: edges(window) == FRONT)


def test_what_a_person_wrote_on_the_canvas_stays(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    text = window.canvas.overlays.text
    text.text, text.visible, text.position = "mine", True, "top_center"
    layer = opened(window, qtbot, volume(tmp_path / "a.ozx"))
    window.layers.remove(layer)
    qtbot.waitUntil(lambda: edges(window) == {})
    assert (text.text, text.visible, text.position) == ("mine", True, "top_center")


def test_a_person_may_prefer_bare_edges(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(window, qtbot, volume(tmp_path / "a.ozx"))
    reading = get_plugin_settings("napari-ome-zip").reading
    assert edges(window) == FRONT
    try:
        reading.show_orientation = False
        qtbot.waitUntil(lambda: edges(window) == {})
    finally:
        reading.show_orientation = True
    qtbot.waitUntil(lambda: edges(window) == FRONT)
