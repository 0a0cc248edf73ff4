"""*Save picture…* in a real window: all that is visible, as it looks now, as a PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.utils.notifications import NotificationSeverity, notification_manager
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from link_windows import told
from napari_ome_zip import save_image
from napari_ome_zip.errors import ReadCancelledError
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.picture.command import IN_3D, NOTHING, ROLLED, Drawing, save_picture
from napari_ome_zip.plugin.picture.dialog import NO_GRID, REPLACES, PictureChoices, PictureDialog
from napari_ome_zip.plugin.picture.steps import NOT_THERE

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("errors_become_notifications")

WAIT = 20_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a stack in which plane n is as bright as 50 n, but for its first row."""
    pixels = np.zeros((5, 32, 64), np.uint8)
    pixels[:, 1:] = 50 * np.arange(5)[:, np.newaxis, np.newaxis]
    place = {"scale": (2, 0.5, 0.5), "units": ("um",) * 3, "axis_labels": ("z", "y", "x")}
    look = {"contrast_limits": (0, 255), "colormap": "#00FF00"}
    labels = np.zeros((5, 32, 64), np.int32)
    labels[:, 16:, 32:] = 1
    return save_image(
        [
            (pixels, {"name": "cells", **look, **place}, "image"),
            (labels, {"name": "nuclei", "visible": False, **place}, "labels"),
        ],
        tmp_path / "cells.ome.zip",
    )


def asked(window: napari.Viewer) -> PictureDialog:
    save_picture(window)
    return window.window._qt_window.findChildren(PictureDialog)[-1]


def drawn(qtbot: QtBot, window: napari.Viewer, dialog: PictureDialog) -> np.ndarray:
    """Press *Save*, wait for the result, and return the picture."""
    path = dialog.choices.target
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: any(text.startswith(f"Saved {path.name}") for text in told(window)), timeout=WAIT
    )
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGBA"))


def test_the_plane_that_is_shown_is_drawn_as_it_looks(
    qtbot: QtBot, window: napari.Viewer, file: Path
) -> None:
    window.open(file, plugin=PLUGIN)
    window.dims.set_point(0, 6)
    window.layers["cells"].colormap = "red"
    window.scene.camera.zoom *= 5  # all of it is drawn nevertheless
    dialog = asked(window)
    assert dialog.choices.target == file.with_name("cells.png")
    assert not dialog.labels.isVisible()
    dialog.size_field.setValue(64)
    dialog.scale_bar.setChecked(False)
    picture = drawn(qtbot, window, dialog)
    assert picture.shape == (32, 64, 4)
    assert picture[0].tolist() == [[0, 0, 0, 255]] * 64
    np.testing.assert_allclose(picture[1:], np.full((31, 64, 4), (150, 0, 0, 255)), atol=1)


def test_a_slider_that_begins_before_the_images_is_where_it_is(
    qtbot: QtBot, window: napari.Viewer, file: Path
) -> None:
    window.open(file, plugin=PLUGIN)
    window.add_points(np.array([[-40.0, 3, 3]]), name="before")
    window.dims.set_point(0, 2)
    dialog = asked(window)
    dialog.size_field.setValue(64)
    dialog.scale_bar.setChecked(False)
    picture = drawn(qtbot, window, dialog)
    np.testing.assert_allclose(picture[1:], np.full((31, 64, 4), (0, 50, 0, 255)), atol=1)
    assert "'before'" in told(window)[-1]


def test_what_lies_between_two_steps_is_drawn_as_it_is_shown(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    planes = np.full((3, 8, 8), [[[50]], [[100]], [[150]]], np.uint8)
    look = {"scale": (0.5, 1, 1), "contrast_limits": (0, 255), "colormap": "gray"}
    window.add_image(planes, translate=(0.2, 0, 0), **look)
    # Steps are counted from another place now, but what is shown stays where it is.
    window.add_image(planes, translate=(0, 0, 8), **look)
    window.add_image(planes, translate=(0.4, 0, 16), **look)
    assert window.dims.point[0] == 0.7
    dialog = asked(window)
    dialog.file.setText(str(tmp_path / "between.png"))
    dialog.size_field.setValue(24)
    dialog.scale_bar.setChecked(False)
    picture = drawn(qtbot, window, dialog)
    # The second plane of each lies at 0.7, 0.5 and 0.9; at the next step, 0.5, it would be the
    # first one of the last.
    assert picture[..., 0].tolist() == [[100] * 24] * 8


def test_where_nothing_is_shown_there_is_no_picture(window: napari.Viewer, file: Path) -> None:
    window.open(file, plugin=PLUGIN)
    window.add_points(np.array([[-40.0, 3, 3]]), name="before")
    window.dims.set_point(0, -40)
    save_picture(window)
    assert notification_manager.records[-1].message == NOT_THERE
    assert not window.window._qt_window.findChildren(PictureDialog)


def test_labels_and_a_scale_bar_can_be_drawn(
    qtbot: QtBot, window: napari.Viewer, file: Path
) -> None:
    window.open(file, plugin=PLUGIN)
    window.dims.set_point(0, 0)
    window.layers["nuclei"].visible = True
    dialog = asked(window)
    assert dialog.labels.isVisible()
    dialog.size_field.setValue(256)
    dialog.labels.setCurrentText("None")
    bare = drawn(qtbot, window, dialog)
    assert bare[:40].max(initial=0, where=[True, True, True, False]) == 0
    assert bare[:, :, :3].max() == 255  # of the bar
    dialog = asked(window)
    assert dialog.choices.target.name == "cells 2.png"
    dialog.scale_bar.setChecked(False)
    dialog.labels.setCurrentText("Filled")
    dialog.size_field.setValue(64)
    filled = drawn(qtbot, window, dialog)
    assert filled[:16, :, :3].max() == filled[:, :32, :3].max() == 0
    assert (filled[16:, 32:, :3].max(axis=-1) > 0).all()


@pytest.mark.parametrize("in_grid", [False, True])
def test_that_a_grid_is_not_drawn_is_said(window: napari.Viewer, file: Path, in_grid: bool) -> None:
    window.open(file, plugin=PLUGIN)
    window.canvas.grid.enabled = in_grid
    dialog = asked(window)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert any(NO_GRID in text for text in texts) is in_grid
    dialog.reject()


def test_a_picture_that_is_there_is_said_to_be_replaced(
    qtbot: QtBot, window: napari.Viewer, file: Path
) -> None:
    there = file.with_name("there.png")
    there.write_bytes(b"")
    window.open(file, plugin=PLUGIN)
    dialog = asked(window)
    dialog.file.setText(str(file.with_name("there")))
    assert (dialog.remark.text(), dialog.save.text()) == (REPLACES, "Replace")
    dialog.file.setText(str(file.parent / "nowhere" / "a.png"))
    assert dialog.remark.text().startswith("No such folder")
    assert not dialog.save.isEnabled()
    dialog.accept()
    assert dialog.isVisible()
    dialog.reject()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Choose a file to write."),
        ("/", "A folder has this name: /."),
        ("..", "A folder has this name: .."),
        ("~nobody/a", "No such folder: "),
        ("n" * 300, "File name too long"),
    ],
)
def test_anything_may_be_typed_on_the_way_to_a_name(
    window: napari.Viewer,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    said: str,
) -> None:
    monkeypatch.chdir("/")  # where desktops start programs
    window.open(file, plugin=PLUGIN)
    dialog = asked(window)
    dialog.file.setText(typed)
    assert said in dialog.remark.text()
    assert not dialog.save.isEnabled()
    dialog.reject()


def test_a_cancel_while_a_line_is_waited_for_is_no_error(tmp_path: Path) -> None:
    choices = PictureChoices(tmp_path / "a.png", 64, "fill", scale_bar=False)
    Drawing([], {}, choices).failed(ReadCancelledError("Cancelled."))
    assert [(each.message, each.severity) for each in notification_manager.records] == [
        ("Cancelled.", NotificationSeverity.INFO)
    ]


def test_what_cannot_be_drawn_is_told_in_a_sentence(window: napari.Viewer, file: Path) -> None:
    save_picture(window)
    window.open(file, plugin=PLUGIN)
    window.dims.order = (1, 0, 2)
    save_picture(window)
    window.dims.order = (0, 1, 2)
    window.dims.ndisplay = 3
    save_picture(window)
    said = [record.message for record in notification_manager.records]
    assert said == [NOTHING, ROLLED, IN_3D]
