"""What people do with the plugin from a drop to the end, in real windows, by mouse and keyboard.

``pytest tests/plugin/test_stories.py --pictures FOLDER`` leaves pictures of the windows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent, QWheelEvent
from qtpy.QtWidgets import QApplication, QLabel, QMainWindow, QPushButton, QWidget
from zarr.storage import ZipStore

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip.plugin.contents.widget import ContentsWidget
from napari_ome_zip.plugin.docks import open_save
from napari_ome_zip.plugin.save.widget import SaveWidget

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

WAIT = 30_000
LEFT = Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier
ROWS, COLUMNS, SIDE = "ABCDEFGH", 12, 64
SEEN = 8
"""Difference of a color, of 255, from which two pixels count as different."""


@pytest.fixture(params=["dark", "light"])
def person(
    request: pytest.FixtureRequest,
    window: napari.Viewer,
    qtbot: QtBot,
    drop: Callable[..., None],
) -> Iterator[Person]:
    """Return someone in front of a large window of either theme."""
    notification_manager.records.clear()
    window.theme = request.param
    window.window.resize(1300, 850)
    folder = request.config.getoption("--pictures")
    yield Person(window, qtbot, drop, None if folder is None else Path(folder))
    notification_manager.records.clear()


class Person:
    """Someone with a mouse and a keyboard in front of a window."""

    def __init__(
        self,
        window: napari.Viewer,
        qtbot: QtBot,
        drop: Callable[..., None],
        pictures: Path | None,
    ) -> None:
        self.window = window
        self.qtbot = qtbot
        self._drop = drop
        self._pictures = pictures

    @property
    def canvas(self) -> Any:
        return self.window.window._qt_viewer.canvas.native

    def drops(self, path: Path, layers: int) -> None:
        self._drop(self.window, [path])
        self.waits_for(lambda: len(self.window.layers) == layers)

    def waits_for(self, what: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(what, timeout=WAIT)

    def clicks(self, widget: QWidget, place: QPoint | None = None) -> None:
        self.qtbot.mouseClick(widget, LEFT, pos=widget.rect().center() if place is None else place)

    def chooses(self, menu: Any, *texts: str) -> None:
        for text in texts:
            (action,) = (a for a in menu.actions() if text in a.text().replace("&", ""))
            menu = action.menu()
        action.trigger()

    def button_of_notification(self, text: str) -> QPushButton:
        """The button of a notification, once that is there."""

        def found() -> list[QPushButton]:
            shown = self.window.window._qt_window.findChildren(NapariQtNotification)
            buttons = [b for each in shown for b in each.findChildren(QPushButton)]
            return [button for button in buttons if button.text() == text]

        self.waits_for(lambda: bool(found()))
        return found()[-1]

    def dock(self, kind: type) -> Any:
        """A dock widget, once it is there."""

        def found() -> list[Any]:
            docked = self.window.window.dock_widgets.values()
            return [widget for widget in docked if isinstance(widget, kind)]

        self.waits_for(lambda: bool(found()))
        return found()[0]

    def turns_the_wheel(self, place: QPoint, steps: int) -> None:
        where = QPointF(place), QPointF(self.canvas.mapToGlobal(place))
        turn = QPoint(0, 0), QPoint(0, 120 * steps)
        how = Qt.MouseButton.NoButton, NO_KEY, Qt.ScrollPhase.NoScrollPhase, False
        QApplication.sendEvent(self.canvas, QWheelEvent(*where, *turn, *how))

    def paints(self, layer: Any, first: tuple[int, ...], last: tuple[int, ...]) -> None:
        """Paint from one pixel to another with the brush."""
        self.qtbot.keyClick(self.canvas, Qt.Key.Key_2)
        start, end = (self.on_canvas(layer.data_to_world(pixel)) for pixel in (first, last))
        self.qtbot.mouseMove(self.canvas, start)
        self.qtbot.mousePress(self.canvas, LEFT, pos=start)
        for place in (start + (end - start) / 2, end):
            self.qtbot.wait(30)  # the canvas drops moves that follow faster than a hand's
            ends = QPointF(place), QPointF(self.canvas.mapToGlobal(place))
            move = QEvent.Type.MouseMove, *ends, Qt.MouseButton.NoButton, LEFT
            QApplication.sendEvent(self.canvas, QMouseEvent(*move, NO_KEY))
        self.qtbot.mouseRelease(self.canvas, LEFT, pos=end)

    def on_canvas(self, place: tuple[float, ...]) -> QPoint:
        camera = self.window.scene.camera
        away = (np.array(place)[-2:] - np.array(camera.center)[-2:]) * camera.zoom
        return QPoint(
            round(self.canvas.width() / 2 + away[1]), round(self.canvas.height() / 2 + away[0])
        )

    def reads_status(self) -> str:
        labels = [
            label
            for top in QApplication.topLevelWidgets()
            if isinstance(top, QMainWindow) and top.isVisible()
            for label in top.statusBar().findChildren(QLabel)
        ]
        return " ".join(label.text() for label in labels)

    def looks(self, name: str) -> None:
        """Leave a picture of the whole window, where pictures are wanted."""
        if self._pictures is not None:
            self._pictures.mkdir(parents=True, exist_ok=True)
            self.qtbot.wait(700)
            path = self._pictures / f"{name}-{self.window.theme}.png"
            self.window.screenshot(str(path), canvas_only=False, flash=False)


def plate(path: Path) -> Path:
    """96 wells, each of one value of its own."""
    places = [(row, column) for row in range(len(ROWS)) for column in range(COLUMNS)]
    wells = [
        {"path": f"{ROWS[row]}/{column + 1}", "rowIndex": row, "columnIndex": column}
        for row, column in places
    ]
    names = {
        "rows": [{"name": name} for name in ROWS],
        "columns": [{"name": str(number + 1)} for number in range(COLUMNS)],
    }
    builder = HierarchyBuilder().group(plate={**names, "wells": wells, "version": "0.5"})
    for row, column in places:
        well = f"{ROWS[row]}/{column + 1}"
        builder.group(well, well={"images": [{"path": "0"}], "version": "0.5"})
        pixels = np.full((SIDE, SIDE), value_of(row, column), np.uint8)
        builder.image(pixels, "yx", f"{well}/0")
    return builder.archive(path)


def value_of(row: int, column: int) -> int:
    return 50 + 20 * row + column


def test_someone_drops_a_plate_finds_a_well_and_zooms(person: Person, tmp_path: Path) -> None:
    person.drops(plate(tmp_path / "plate.ozx"), layers=2)
    person.looks("plate-1-dropped")
    person.clicks(person.button_of_notification("Contents"))
    contents = person.dock(ContentsWidget)
    grid = contents.parts.plate.view
    person.waits_for(grid.isVisible)
    person.clicks(grid, grid.center_of(2, 4).toPoint())
    viewer = person.window
    image = next(layer for layer in viewer.layers if layer.name != "well names")

    def value_in_the_middle() -> int:
        found = image.get_value(tuple(viewer.scene.camera.center)[-2:], world=True)
        return int(np.ravel(found)[-1])

    person.waits_for(lambda: value_in_the_middle() == value_of(2, 4))
    before = viewer.scene.camera.zoom
    middle = person.canvas.rect().center()
    person.turns_the_wheel(middle, 2)
    person.waits_for(lambda: viewer.scene.camera.zoom > before)

    def well_is_named() -> bool:
        for away in (3, 0):
            person.qtbot.wait(40)  # the canvas drops moves that follow faster than a hand's
            person.qtbot.mouseMove(person.canvas, middle + QPoint(away, 0))
        return "C5" in person.reads_status()

    person.waits_for(well_is_named)
    person.looks("plate-2-well")


def cells(path: Path) -> Path:
    """Bright cells, and labels of some of them, both of two levels."""
    y, x = np.mgrid[:96, :128]
    image = (200 * (np.sin(x / 7) * np.sin(y / 7) > 0.5)).astype(np.uint8)
    nuclei = np.zeros((96, 128), np.uint16)
    nuclei[4:20, 4:20] = 3
    builder = HierarchyBuilder().image([image, image[::2, ::2]], "yx", scale=(0.5, 0.5))
    builder.labels("nuclei").image(
        [nuclei, nuclei[::2, ::2]], "yx", "labels/nuclei", scale=(0.5, 0.5), **{"image-label": {}}
    )
    return builder.archive(path)


def test_someone_edits_labels_saves_over_the_file_and_opens_it_again(
    person: Person, tmp_path: Path
) -> None:
    path = cells(tmp_path / "cells.ozx")
    person.drops(path, layers=2)
    viewer = person.window
    viewer.layers.selection = {viewer.layers["nuclei"]}
    person.looks("labels-1-locked")
    person.chooses(viewer.window.layers_menu, "Annotate", "Edit labels")
    person.waits_for(lambda: not viewer.layers["nuclei"].multiscale)
    layer = viewer.layers["nuclei"]
    layer.selected_label = 7
    layer.brush_size = 9
    person.paints(layer, (50, 30), (50, 90))
    assert layer.data[50, 60] == 7
    person.looks("labels-2-painted")
    open_save(viewer)
    form = person.dock(SaveWidget)
    person.clicks(form.use_source.native)
    save = button(form, "Save", "Replace")
    person.waits_for(lambda: save.isEnabled() and save.text() == "Replace")
    person.looks("labels-3-form")
    person.clicks(save)
    person.waits_for(lambda: form.job.saved == path)
    with ZipStore(path, mode="r") as store:
        stored = zarr.open_array(store, path="labels/nuclei/0", mode="r")[...]
    assert stored[50, 60] == 7
    assert (stored[4:20, 4:20] == 3).all()
    viewer.layers.clear()
    person.drops(path, layers=2)
    again = viewer.layers["nuclei"]
    assert again.get_value((25.0, 30.0), world=True)[-1] == 7
    person.looks("labels-4-again")


def test_someone_saves_all_kinds_of_layers_and_sees_the_same_again(
    person: Person, tmp_path: Path
) -> None:
    viewer = person.window
    add_five_kinds(viewer)
    viewer.scene.camera.zoom *= 1.6
    viewer.scene.camera.center = (0, 40.0, 55.0)
    viewer.dims.set_point(0, 3)
    open_save(viewer)
    form = person.dock(SaveWidget)
    path = tmp_path / "five.ozx"
    form.file.value = path
    save = button(form, "Save")
    person.waits_for(save.isEnabled)
    person.looks("kinds-1-form")
    before = picture(person)
    person.clicks(save)
    person.waits_for(lambda: form.job.saved == path)
    names = [layer.name for layer in viewer.layers]
    viewer.layers.clear()
    viewer.scene.camera.zoom = 1
    viewer.scene.camera.center = (0, 0, 0)
    person.drops(path, layers=len(names))
    assert [layer.name for layer in viewer.layers] == names
    person.waits_for(lambda: np.mean(differs(before, picture(person))) < 0.02)
    person.looks("kinds-2-again")


def add_five_kinds(viewer: napari.Viewer) -> None:
    random = np.random.default_rng(4)
    z, y, x = np.mgrid[:6, :80, :110]
    stack = (900 * np.exp(-((z - 3) ** 2 / 6 + (y - 40) ** 2 / 400 + (x - 60) ** 2 / 900))).astype(
        np.uint16
    )
    viewer.add_image(stack, name="cells", colormap="magenta")
    viewer.add_labels((stack > 500).astype(np.uint8), name="nuclei").contour = 1
    viewer.add_points(random.uniform((3, 5, 5), (3, 75, 105), (12, 3)), name="spots", size=4)
    outline = [[3, 10, 10], [3, 10, 40], [3, 30, 25]]
    viewer.add_shapes([outline], shape_type="polygon", face_color="#00ff0055", name="region")
    steps = [[track, 3, 20 + 12 * track, 8 * step] for track in range(3) for step in range(9)]
    viewer.add_tracks(np.array([[t, s, y, x] for t, s, y, x in steps], float), name="paths")


def button(form: SaveWidget, *texts: str) -> QPushButton:
    return next(b for b in form.native.findChildren(QPushButton) if b.text() in texts)


def picture(person: Person) -> np.ndarray:
    person.qtbot.wait(300)
    # Of one size: a canvas becomes a pixel higher or lower as its window is laid out.
    shown: np.ndarray = person.window.screenshot(size=(600, 800), canvas_only=True, flash=False)
    return shown


def differs(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Which pixels look different."""
    far: np.ndarray = np.abs(before.astype(int) - after).max(axis=-1)
    return far > SEEN
