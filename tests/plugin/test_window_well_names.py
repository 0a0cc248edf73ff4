"""Names of wells are seen in a real window where they can be read, unless a person hides them."""

from __future__ import annotations

import string
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from napari.layers import Points
    from pytestqt.qtbot import QtBot

SIDE = 8
NEAR, FAR = 10, 2
"""Pixels of the screen for one of an image: wells are then 80 or 16 wide."""
TIMEOUT = 20_000


def plate(path: Path, rows: int = 3, columns: int = 4) -> Path:
    """A dark plate, one field in every well."""
    letters = string.ascii_uppercase[:rows]
    wells = [
        {"path": f"{letters[row]}/{column + 1}", "rowIndex": row, "columnIndex": column}
        for row, column in product(range(rows), range(columns))
    ]
    builder = HierarchyBuilder().group(
        plate={
            "rows": [{"name": letter} for letter in letters],
            "columns": [{"name": str(number + 1)} for number in range(columns)],
            "wells": wells,
        }
    )
    for well in wells:
        builder.group(str(well["path"]), well={"images": [{"path": "0"}]})
        builder.image(np.zeros((SIDE, SIDE), np.uint8), "yx", f"{well['path']}/0")
    return builder.archive(path / "plate.ozx")


@pytest.fixture
def names(window: napari.Viewer, tmp_path: Path) -> Points:
    window.open(plate(tmp_path), plugin="napari-ome-zip")
    layer: Points = window.layers["well names"]
    return layer


def has_text(window: napari.Viewer) -> bool:
    """Whether anything is bright: pixels are dark all over."""
    shot = window.screenshot(canvas_only=True, flash=False)[..., :3]
    return bool((shot.min(axis=-1) > 150).any())


def test_names_are_seen_where_a_well_is_large_on_the_screen(
    qtbot: QtBot, window: napari.Viewer, names: Points
) -> None:
    for zoom, seen in ((NEAR, True), (FAR, False), (NEAR, True)):
        window.scene.camera.zoom = zoom
        qtbot.waitUntil(lambda seen=seen: has_text(window) is seen, timeout=TIMEOUT)  # type: ignore[misc]
        assert names.visible


def test_names_that_a_person_hides_stay_hidden(window: napari.Viewer, names: Points) -> None:
    window.scene.camera.zoom = NEAR
    names.visible = False
    window.scene.camera.zoom = FAR
    window.scene.camera.zoom = NEAR
    assert not names.visible
    assert not has_text(window)


@pytest.mark.parametrize("chosen", [True, False])
def test_a_persons_choice_of_text_stays_at_every_zoom(
    window: napari.Viewer, names: Points, chosen: bool
) -> None:
    window.scene.camera.zoom = FAR if chosen else NEAR
    names.text.visible = chosen
    for zoom in (NEAR, FAR, NEAR):
        window.scene.camera.zoom = zoom
        assert names.text.visible is chosen


def test_the_image_is_selected_and_not_the_names(
    qtbot: QtBot, window: napari.Viewer, names: Points
) -> None:
    (image,) = (layer for layer in window.layers if layer is not names)
    qtbot.waitUntil(lambda: window.layers.selection.active is image, timeout=20_000)
    window.layers.selection.active = names  # by hand: it stays
    qtbot.wait(50)
    assert window.layers.selection.active is names


def test_volumes_show_no_names(window: napari.Viewer, names: Points) -> None:
    window.scene.camera.zoom = NEAR
    assert names.text.visible
    window.dims.ndisplay = 3
    assert not names.text.visible
    window.dims.ndisplay = 2
    window.scene.camera.zoom = NEAR
    assert names.text.visible


def test_of_many_wells_those_in_view_are_named_wherever_one_looks(
    window: napari.Viewer, tmp_path: Path
) -> None:
    window.open(plate(tmp_path, rows=12, columns=24), plugin="napari-ome-zip")
    layer = window.layers["well names"]
    camera = window.scene.camera
    camera.zoom = 5 * NEAR
    for place in ((SIDE, SIDE), (80, 100), (20, 150), (90, 10)):
        camera.center = (0, *place)
        half = np.array(window.canvas.size) / camera.zoom / 2
        seen = np.all(np.abs(layer.data - place) < half, axis=1)
        assert seen.any()
        assert layer.shown[seen].all()
        assert layer.shown.sum() < len(layer.data) / 2
        assert has_text(window)
