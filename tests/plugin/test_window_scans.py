"""Fields of one scan cover one another where they overlap; channels and modalities add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Labels

from hierarchy_builder import HierarchyBuilder

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

SIDE = 20
STEP = 15
"""Pixels from one field to the next: columns 15 to 20 are seen by both."""
RED, GREEN, BLUE = "FF0000", "00FF00", "0000FF"
LEFT, RIGHT = (40, 100), (80, 60)
"""Brightness of red and green in each field, of 255."""
OVERVIEW = 70
"""Brightness of blue in the image of another microscope, which covers both fields."""
TIMEOUT = 20_000


def field(red: int, green: int) -> np.ndarray:
    return np.stack([np.full((SIDE, SIDE), value, np.uint8) for value in (red, green)])


def channels(*colors: str) -> dict[str, Any]:
    shown = {"min": 0, "max": 255, "start": 0, "end": 255}
    return {
        "channels": [
            {"label": color, "color": color, "active": True, "window": shown} for color in colors
        ]
    }


def scan(*, overview: bool = False) -> HierarchyBuilder:
    """Two fields that overlap; before them, if asked for, an image of another microscope."""
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    number = 0
    if overview:
        pixels = np.full((SIDE, SIDE + STEP), OVERVIEW, np.uint8)
        builder.image(pixels, "yx", "0", omero=channels(BLUE))
        number = 1
    for place, values in enumerate((LEFT, RIGHT)):
        builder.image(
            field(*values),
            "cyx",
            str(number + place),
            translation=[0, 0, place * STEP],
            omero=channels(RED, GREEN),
        )
    return builder


def open_scan(window: napari.Viewer, path: Path, **kind: bool) -> None:
    window.open(scan(**kind).archive(path / "scan.ozx"), plugin="napari-ome-zip")


def color_at(window: napari.Viewer, y: float, x: float) -> tuple[int, ...]:
    """What the middle of the canvas shows when a place in the world is moved there."""
    window.scene.camera.center = (0, y, x)
    window.scene.camera.zoom = 100
    shot = window.screenshot(canvas_only=True, flash=False)
    return tuple(shot[shot.shape[0] // 2, shot.shape[1] // 2, :3].tolist())


def is_color(window: napari.Viewer, place: tuple[float, float], color: tuple[int, ...]) -> bool:
    seen = color_at(window, *place)
    return all(abs(a - b) <= 2 for a, b in zip(seen, color, strict=True))


ONLY_LEFT, BOTH, ONLY_RIGHT = (10.0, 5.0), (10.0, 17.0), (10.0, 30.0)


def test_an_overlap_has_the_value_of_the_later_field(window: napari.Viewer, tmp_path: Path) -> None:
    open_scan(window, tmp_path)
    assert len(window.layers) == 4
    assert is_color(window, ONLY_LEFT, (*LEFT, 0))
    assert is_color(window, BOTH, (*RIGHT, 0))
    assert is_color(window, ONLY_RIGHT, (*RIGHT, 0))


def test_another_modality_adds_up_wherever_it_is_in_the_file(
    window: napari.Viewer, tmp_path: Path
) -> None:
    open_scan(window, tmp_path, overview=True)
    assert len(window.layers) == 5
    assert is_color(window, ONLY_LEFT, (*LEFT, OVERVIEW))
    assert is_color(window, BOTH, (*RIGHT, OVERVIEW))


def test_the_next_channel_covers_where_the_first_one_is_hidden(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    open_scan(window, tmp_path)
    reds = [layer for layer in window.layers if layer.name.endswith(RED)]
    for layer in reds:
        layer.visible = False
    qtbot.waitUntil(lambda: is_color(window, BOTH, (0, RIGHT[1], 0)), timeout=TIMEOUT)
    for layer in reds:
        layer.visible = True
    qtbot.waitUntil(lambda: is_color(window, BOTH, (*RIGHT, 0)), timeout=TIMEOUT)


def test_blending_that_a_person_chose_stays(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    open_scan(window, tmp_path)
    qtbot.wait(50)
    upper = window.layers[2]
    upper.blending = "additive"
    window.layers[3].visible = False
    window.layers[3].visible = True
    qtbot.wait(50)
    assert upper.blending == "additive"
    both = tuple(a + b for a, b in zip(LEFT, RIGHT, strict=True))
    assert is_color(window, BOTH, (*both, 0))


def test_a_scan_that_is_opened_over_another_image_does_not_hide_it(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    window.add_image(
        np.full((SIDE, SIDE + STEP), OVERVIEW, np.uint8),
        colormap="blue",
        contrast_limits=(0, 255),
        blending="additive",
        units=("micrometer", "micrometer"),
    )
    open_scan(window, tmp_path)
    qtbot.waitUntil(lambda: is_color(window, ONLY_LEFT, (*LEFT, OVERVIEW)), timeout=TIMEOUT)
    window.layers.move(0, 5)
    qtbot.waitUntil(lambda: is_color(window, BOTH, (*RIGHT, OVERVIEW)), timeout=TIMEOUT)


def test_volumes_add_up_in_3d_and_their_planes_cover_again(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    builder = HierarchyBuilder().group(**{"bioformats2raw.layout": 3})
    for number in range(2):
        pixels = np.full((4, SIDE, SIDE), 100, np.uint8)
        builder.image(pixels, "zyx", str(number), translation=[0, 0, number * STEP])
    window.open(builder.archive(tmp_path / "stacks.ozx"), plugin="napari-ome-zip")
    in_planes = [layer.blending for layer in window.layers]
    assert in_planes == ["translucent_no_depth"] * 2
    window.dims.ndisplay = 3
    qtbot.waitUntil(
        lambda: {layer.blending for layer in window.layers} == {"additive"}, timeout=TIMEOUT
    )
    window.dims.ndisplay = 2
    qtbot.waitUntil(lambda: [layer.blending for layer in window.layers] == in_planes)


def test_the_sample_shows_the_section_without_bands(window: napari.Viewer) -> None:
    window.open_sample("napari-ome-zip", "overlapping-fields")
    images = [layer for layer in window.layers if layer.as_layer_data_tuple()[2] == "image"]
    assert len(images) == 8
    for layer in window.layers:
        layer.visible = layer in images
    seen = color_at(window, 128.0, 64.0)  # rows 240 to 272 of the section lie in two fields
    for layer in images[:2]:
        layer.visible = False
    assert color_at(window, 128.0, 64.0) == seen


@pytest.mark.parametrize("blending", ["additive", "translucent"])
def test_blending_that_a_file_states_stays(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, blending: str
) -> None:
    open_scan(window, tmp_path)
    for layer in window.layers:
        layer.blending = blending
    (saved,) = window.layers.save(str(tmp_path / "saved.ozx"))
    window.layers.clear()
    window.open(saved, plugin="napari-ome-zip")
    qtbot.wait(50)
    assert {layer.blending for layer in window.layers} == {blending}


def test_nuclei_of_the_sample_are_outlines(window: napari.Viewer) -> None:
    window.open_sample("napari-ome-zip", "overlapping-fields")
    labels = [layer for layer in window.layers if isinstance(layer, Labels)]
    assert [layer.contour for layer in labels] == [2, 2, 2, 2]


@pytest.mark.parametrize("width", [0, 3])
def test_outlines_are_kept_in_a_file(window: napari.Viewer, tmp_path: Path, width: int) -> None:
    window.add_image(np.zeros((8, 8), np.uint8))
    window.add_labels(np.ones((8, 8), np.uint8)).contour = width
    (saved,) = window.layers.save(str(tmp_path / "saved.ozx"), plugin="napari-ome-zip")
    window.layers.clear()
    window.open(saved, plugin="napari-ome-zip")
    assert window.layers[1].contour == width
