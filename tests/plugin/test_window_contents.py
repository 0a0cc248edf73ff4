"""In a real window, Contents leads to each part of a file by clicks and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication

from hierarchy_builder import HierarchyBuilder
from napari_layers import value_in_world
from napari_ome_zip.plugin.check.widget import CheckWidget
from napari_ome_zip.plugin.contents.model import Kind
from napari_ome_zip.plugin.contents.text_window import TextWindow
from napari_ome_zip.plugin.contents.widget import ContentsWidget
from napari_ome_zip.plugin.docks import PLUGIN, open_contents
from whole_archives import whole_archive

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot

WAIT = 20_000
PIXEL = 0.5
HEIGHT, WIDTH = 20, 40
"""Of each field of view and tile, in pixels, of which a twentieth is a whole number."""
LEFT = Qt.MouseButton.LeftButton


# Files


def plate(path: Path, rows: str = "ABC", columns: int = 4, empty: int = 1) -> Path:
    """A plate with one field of view in each well but the last, each of one value of its own."""
    wells = [(row, column) for row in range(len(rows)) for column in range(columns)]
    builder = HierarchyBuilder().group(
        plate={
            "name": "screen",
            "version": "0.5",
            "rows": [{"name": row} for row in rows],
            "columns": [{"name": str(column + 1)} for column in range(columns)],
            "wells": [
                {"path": f"{rows[row]}/{column + 1}", "rowIndex": row, "columnIndex": column}
                for row, column in wells
            ],
        }
    )
    for row in rows:
        builder.group(row)
    for row, column in wells[: len(wells) - empty]:
        well = f"{rows[row]}/{column + 1}"
        builder.group(well, well={"images": [{"path": "0"}], "version": "0.5"})
        pixels = np.full((HEIGHT, WIDTH), value_of(row, column), np.uint8)
        builder.image(pixels, "yx", f"{well}/0", scale=(PIXEL, PIXEL))
    return builder.archive(path)


def value_of(row: int, column: int) -> int:
    return 10 + 10 * row + column


def middle_of_well(row: int, column: int) -> tuple[float, float]:
    """Wells lie as far apart as they are large, and a twentieth more."""
    height, width = HEIGHT * PIXEL, WIDTH * PIXEL
    corner = row * height * 1.05, column * width * 1.05
    return corner[0] + (height - PIXEL) / 2, corner[1] + (width - PIXEL) / 2


def scan(path: Path, rows: int = 2, columns: int = 2, planes: int = 1) -> Path:
    """Tiles side by side, each of one value of its own."""
    builder = HierarchyBuilder().group()
    for row in range(rows):
        for column in range(columns):
            pixels = np.full((2, planes, HEIGHT, WIDTH), value_of(row, column), np.uint8)
            y, x = corner_of_tile(row, column)
            builder.image(
                pixels,
                "czyx",
                f"tile {row}-{column}",
                scale=(1, 2, PIXEL, PIXEL),
                translation=(0, 0, y, x),
                omero={
                    "channels": [
                        {"label": name, "color": color, "active": True, "window": window}
                        for name, color in (("DAPI", "0000FF"), ("GFP", "00FF00"))
                        for window in [{"min": 0, "max": 255, "start": 0, "end": 100}]
                    ],
                    "rdefs": {"defaultZ": planes - 2 if planes > 2 else 0},
                },
            )
    return builder.archive(path)


def corner_of_tile(row: int, column: int) -> tuple[float, float]:
    return 100 + row * 12.0, 200 + column * 20.0


def middle_of_tile(row: int, column: int) -> tuple[float, float]:
    y, x = corner_of_tile(row, column)
    return y + (HEIGHT - 1) * PIXEL / 2, x + (WIDTH - 1) * PIXEL / 2


# What a person does, and sees


@pytest.fixture
def contents(window: napari.Viewer, qtbot: QtBot) -> Callable[[Path], ContentsWidget]:
    """Return a function that opens a file, and then Contents."""

    def open_both(path: Path) -> ContentsWidget:
        window.open(path, plugin=PLUGIN)
        open_contents(window)
        return docked(window, qtbot, path)

    return open_both


def docked(window: napari.Viewer, qtbot: QtBot, path: Path) -> ContentsWidget:
    """Return the widget when it is on the screen, and shows a file."""
    (widget,) = [w for w in window.window.dock_widgets.values() if isinstance(w, ContentsWidget)]
    dock = widget.parentWidget()
    window.window._qt_window.resizeDocks([dock], [300], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: widget.isVisible() and widget.source == str(path), timeout=WAIT)
    return widget


def spot(widget: ContentsWidget, *names: str) -> QPoint:
    """Open the branches that lead to an item by a click on each, and return where it is."""
    tree, model = widget.parts.tree, widget.parts.tree.contents
    index = model.index(0, 0)
    for name in names:
        if not tree.isExpanded(index):
            tree.expand(index)  # what a click on the arrow does
        rows = [model.index(row, 0, index) for row in range(model.rowCount(index))]
        found = [row for row in rows if row.data() == name]
        assert found, f"{name} is not in {[row.data() for row in rows]}"
        index = found[0]
    tree.scrollTo(index)
    return tree.visualRect(index).center()


def click(qtbot: QtBot, widget: ContentsWidget, *names: str) -> None:
    qtbot.mouseClick(widget.parts.tree.viewport(), LEFT, pos=spot(widget, *names))


def double_click(qtbot: QtBot, widget: ContentsWidget, *names: str) -> None:
    click(qtbot, widget, *names)
    qtbot.mouseDClick(widget.parts.tree.viewport(), LEFT, pos=spot(widget, *names))


def click_box(qtbot: QtBot, widget: ContentsWidget, *names: str) -> None:
    """Click on the check box of an item, which is at its very left."""
    tree = widget.parts.tree
    place = spot(widget, *names)
    left = tree.visualRect(tree.indexAt(place)).left()
    qtbot.mouseClick(tree.viewport(), LEFT, pos=QPoint(left + 9, place.y()))


def names_shown(widget: ContentsWidget) -> list[str]:
    """Return the names in the tree as they are on the screen, from top to bottom."""
    tree = widget.parts.tree
    index, found = tree.contents.index(0, 0), []
    while index.isValid():
        found.append(index.data())
        index = tree.indexBelow(index)
    return found


def view_of(window: napari.Viewer) -> tuple[tuple[float, float], np.ndarray]:
    """Return the middle of the canvas in the world, and its height and width."""
    camera = window.scene.camera
    y, x = camera.center[-2:]
    return (float(y), float(x)), np.array(window.canvas.size) / camera.zoom


def assert_at(window: napari.Viewer, middle: tuple[float, float]) -> None:
    """Check that a field of view fills the canvas but for a margin."""
    found, size = view_of(window)
    assert found == pytest.approx(middle)
    field = np.array([HEIGHT, WIDTH]) * PIXEL
    assert np.min(size / field) == pytest.approx(1 / 0.95)


def selected(window: napari.Viewer) -> set[str]:
    return {layer.name for layer in window.layers.selection}


# The tree


def test_the_menu_opens_contents_with_what_is_in_the_open_file(
    window: napari.Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    path = whole_archive(tmp_path / "whole.ome.zip").path
    window.open(path, plugin=PLUGIN)
    menu = window.window.file_menu
    for text in ("IO Utilities", "Show contents"):
        (action,) = [a for a in menu.actions() if text in a.text().replace("&", "")]
        menu = action.menu()
    action.trigger()
    widget = docked(window, qtbot, path)
    shown = ["whole.ome.zip", "whole", "DAPI", "GFP", "cells", "tissue"]
    expected = [*shown, "tables", "attachments"]
    qtbot.waitUntil(lambda: names_shown(widget) == expected, timeout=WAIT)
    assert widget.minimumSizeHint().width() <= 300


def test_a_click_selects_the_layers_and_says_what_is_to_be_known(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(whole_archive(tmp_path / "whole.ome.zip").path)
    click(qtbot, widget, "whole", "GFP")
    assert selected(window) == {"GFP"}
    click(qtbot, widget, "whole")
    assert selected(window) == {"DAPI", "GFP", "cells", "tissue"}
    for text in ("x 34 × y 21 × z 5, 2 channels", "uint16", "blosc", "0.5", "0.363 µm"):
        assert text in widget.parts.details.text()


def test_a_layer_that_is_selected_in_napari_is_selected_in_the_tree(
    window: napari.Viewer, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(whole_archive(tmp_path / "whole.ome.zip").path)
    window.layers.selection.active = window.layers["cells"]
    assert [item.name for item in widget.parts.tree.items_chosen()] == ["cells"]
    assert "label image" in widget.parts.details.text().lower()


def test_check_boxes_show_and_hide_layers_and_follow_them(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(whole_archive(tmp_path / "whole.ome.zip").path)
    model = widget.parts.tree.contents

    def state(*names: str) -> Qt.CheckState:
        index = widget.parts.tree.indexAt(spot(widget, *names))
        return Qt.CheckState(model.data(index, Qt.ItemDataRole.CheckStateRole))

    assert state("whole") == Qt.CheckState.PartiallyChecked  # the file hides the second channel
    click_box(qtbot, widget, "whole")
    assert all(layer.visible for layer in window.layers)
    assert state("whole") == Qt.CheckState.Checked
    click_box(qtbot, widget, "whole", "cells")
    assert [layer.name for layer in window.layers if not layer.visible] == ["cells"]
    click_box(qtbot, widget, "whole")
    assert all(layer.visible for layer in window.layers)
    window.layers["GFP"].visible = False
    assert state("whole", "GFP") == Qt.CheckState.Unchecked
    assert state() == Qt.CheckState.PartiallyChecked


def test_what_is_typed_into_the_filter_is_found_and_can_be_hidden_together(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(scan(tmp_path / "scan.ozx"))
    qtbot.keyClicks(widget.parts.filter, "dapi")
    tiles = [f"tile {row}-{column}" for row in range(2) for column in range(2)]
    found = ["scan.ozx", *(name for tile in tiles for name in (tile, "DAPI"))]
    qtbot.waitUntil(lambda: names_shown(widget) == found, timeout=WAIT)
    click_box(qtbot, widget)
    assert {layer.name for layer in window.layers if layer.visible} == {
        f"{tile}: GFP" for tile in tiles
    }
    qtbot.keyClicks(widget.parts.filter, "zzz")
    qtbot.waitUntil(lambda: names_shown(widget) == ["scan.ozx"], timeout=WAIT)
    assert widget.parts.message.text() == "Nothing is called 'dapizzz'."


def test_what_was_open_stays_open_when_layers_come_and_go(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(scan(tmp_path / "scan.ozx", 3, 4))
    spot(widget, "scan", "tiles", "tile 1-1")
    before = names_shown(widget)
    assert "tile 2-3" in before
    added = window.add_points(np.zeros((1, 2)))
    window.layers.remove(added)
    window.layers[0].name = "renamed"
    expected = ["renamed" if name == "DAPI" else name for name in before]
    qtbot.waitUntil(lambda: names_shown(widget) == expected, timeout=WAIT)


# Going there


def test_a_double_click_goes_to_a_tile_of_a_mosaic(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(scan(tmp_path / "scan.ozx", 3, 4))
    double_click(qtbot, widget, "scan", "tiles", "tile 2-1")
    assert_at(window, middle_of_tile(2, 1))
    (y, x), _ = view_of(window)
    assert value_in_world(window.layers[0], y=y, x=x) == value_of(2, 1)


def test_the_enter_key_goes_to_the_current_item(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(scan(tmp_path / "scan.ozx"))
    click(qtbot, widget, "tile 0-0")
    qtbot.keyClick(widget.parts.tree, Qt.Key.Key_Return)
    assert_at(window, middle_of_tile(0, 0))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Return):  # close it, to the next
        qtbot.keyClick(widget.parts.tree, key)
    assert_at(window, middle_of_tile(0, 1))


def test_sliders_go_where_the_file_asks_and_stay_among_tiles(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(scan(tmp_path / "scan.ozx", 3, 4, planes=5))
    window.dims.set_current_step(0, 1)
    double_click(qtbot, widget, "scan")
    assert window.dims.point[0] == 3 * 2.0  # the fourth plane, 2 µm each
    window.dims.set_current_step(0, 1)
    double_click(qtbot, widget, "scan", "tiles", "tile 0-1")
    assert window.dims.point[0] == 1 * 2.0
    window.add_image(np.zeros((60, 4, 4)), scale=(2, 1, 1))
    window.dims.set_current_step(0, 40)  # beyond the file
    double_click(qtbot, widget, "scan", "tiles", "tile 0-2")
    assert window.dims.point[0] == 3 * 2.0


def test_what_is_hidden_is_shown_when_one_goes_there(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(whole_archive(tmp_path / "whole.ome.zip").path)
    assert not window.layers["GFP"].visible
    double_click(qtbot, widget, "whole", "GFP")
    assert window.layers["GFP"].visible


def test_a_layer_in_other_units_lies_where_the_viewer_shows_it(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(scan(tmp_path / "scan.ozx"))
    window.add_image(np.zeros((4, 4)), units=("nm", "nm"), name="elsewhere")
    double_click(qtbot, widget, "tile 1-0")
    factor = 1000 if str(window.layers.units[-1]) == "nanometer" else 1
    (y, x), _ = view_of(window)
    assert (y, x) == pytest.approx(tuple(factor * side for side in middle_of_tile(1, 0)))


# The plate


def click_well(qtbot: QtBot, widget: ContentsWidget, row: int, column: int) -> None:
    where = widget.parts.plate.view.center_of(row, column).toPoint()
    qtbot.mouseClick(widget.parts.plate.view, LEFT, pos=where)


def test_a_click_on_the_plate_goes_to_the_well_and_marks_it(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(plate(tmp_path / "plate.ozx"))
    view = widget.parts.plate.view
    assert view.marked is None
    chosen = selected(window)
    for row, column in ((1, 2), (0, 0), (2, 1)):
        click_well(qtbot, widget, row, column)
        assert_at(window, middle_of_well(row, column))
        (y, x), _ = view_of(window)
        assert value_in_world(window.layers[0], y=y, x=x) == value_of(row, column)
        qtbot.waitUntil(lambda place=(row, column): view.marked == place, timeout=WAIT)
        assert [item.name for item in widget.parts.tree.items_chosen()] == [
            f"{'ABC'[row]}{column + 1}"
        ]
    assert selected(window) == chosen  # whoever paints goes from well to well
    window.reset_view()
    qtbot.waitUntil(lambda: view.marked is None, timeout=WAIT)


def test_moving_the_view_by_hand_marks_the_well_that_is_looked_at(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(plate(tmp_path / "plate.ozx"))
    window.scene.camera.zoom = 50
    window.scene.camera.center = middle_of_well(0, 3)
    qtbot.waitUntil(lambda: widget.parts.plate.view.marked == (0, 3), timeout=WAIT)


def test_a_well_without_an_image_is_nothing_to_go_to(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(plate(tmp_path / "plate.ozx"))
    before = view_of(window)[0]
    click_well(qtbot, widget, 2, 3)
    assert view_of(window)[0] == before


def test_the_keys_move_about_on_the_plate(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(plate(tmp_path / "plate.ozx"))
    for key in ("Down", "Right", "Right", "Return"):
        qtbot.keyClick(widget.parts.plate.view, getattr(Qt.Key, f"Key_{key}"))
    assert_at(window, middle_of_well(1, 2))


def test_the_plate_is_painted_as_it_is_filled_in_the_colors_of_the_theme(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(plate(tmp_path / "plate.ozx"))
    view = widget.parts.plate.view

    def color_of(row: int, column: int) -> str:
        where = view.center_of(row, column) * view.devicePixelRatioF()
        return str(view.grab().toImage().pixelColor(where.toPoint()).name())

    dark = color_of(0, 0)
    assert dark == color_of(2, 2)
    assert dark != color_of(2, 3)  # the well without an image is a ring
    window.theme = "light"
    qtbot.waitUntil(lambda: color_of(0, 0) not in (dark, color_of(2, 3)), timeout=WAIT)


def test_a_file_without_a_plate_shows_none(
    contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(scan(tmp_path / "scan.ozx"))
    assert not widget.parts.plate.isVisible()


# Attachments


def text_windows() -> list[TextWindow]:
    found = QApplication.topLevelWidgets()
    return [shown for shown in found if isinstance(shown, TextWindow) and shown.isVisible()]


@pytest.fixture
def no_windows_left() -> Iterator[None]:
    """Close what was opened to be read."""
    yield
    for shown in text_windows():
        shown.close()


@pytest.mark.usefixtures("no_windows_left")
def test_a_double_click_opens_an_attachment_to_be_read(
    qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(whole_archive(tmp_path / "whole.ome.zip").path)
    qtbot.waitUntil(lambda: "attachments" in names_shown(widget), timeout=WAIT)
    double_click(qtbot, widget, "attachments")
    assert "notes/empty" in names_shown(widget)  # a branch alone is opened and closed
    double_click(qtbot, widget, "attachments", "OME-XML (METADATA.ome.xml)")
    (shown,) = text_windows()
    assert "    <Description>5 µm sections</Description>" in shown.text.toPlainText()
    assert shown.text.isReadOnly()
    qtbot.mouseClick(shown.copy, LEFT)
    assert "5 µm sections" in QApplication.clipboard().text()
    shown.close()
    double_click(qtbot, widget, "attachments", "thumbnail.png")
    (shown,) = text_windows()
    assert not shown.text.isVisible()


# Files


def test_contents_follows_the_selected_layer_among_several_files(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    first = scan(tmp_path / "first.ozx")
    widget = contents(first)
    assert not widget.parts.files.isVisible()
    second = plate(tmp_path / "second.ozx")
    window.open(second, plugin=PLUGIN)
    qtbot.waitUntil(lambda: widget.source == str(second), timeout=WAIT)
    assert widget.parts.plate.isVisible()
    window.layers.selection.active = window.layers[0]
    qtbot.waitUntil(lambda: widget.source == str(first), timeout=WAIT)
    assert not widget.parts.plate.isVisible()
    assert widget.parts.files.isVisible()
    qtbot.keyClick(widget.parts.files, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: widget.source == str(second), timeout=WAIT)
    window.layers.selection.active = window.add_points(np.zeros((1, 2)))  # of no file
    assert widget.source == str(second)


def test_without_a_file_it_is_said_what_to_do(window: napari.Viewer, qtbot: QtBot) -> None:
    open_contents(window)
    (widget,) = [w for w in window.window.dock_widgets.values() if isinstance(w, ContentsWidget)]
    qtbot.waitUntil(widget.isVisible, timeout=WAIT)
    assert widget.parts.hint.text().startswith("Open a file")
    assert not widget.parts.body.isVisible()


def test_contents_is_empty_again_when_all_layers_are_gone(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(scan(tmp_path / "scan.ozx"))
    window.layers.clear()
    qtbot.waitUntil(lambda: widget.source == "", timeout=WAIT)
    assert widget.parts.hint.isVisible()


def test_contents_that_was_closed_follows_nothing_any_more(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(plate(tmp_path / "plate.ozx"))
    gone: list[bool] = []
    widget.destroyed.connect(lambda *_: gone.append(True))  # bindings differ in what they emit
    window.window.remove_dock_widget(widget)
    widget.deleteLater()
    qtbot.waitUntil(lambda: bool(gone), timeout=WAIT)
    window.scene.camera.zoom = 3
    window.layers.selection.active = window.layers[0]
    window.layers[0].visible = False
    window.add_points(np.zeros((1, 2)))  # errors in what follows would be raised here
    open_contents(window)
    assert docked(window, qtbot, tmp_path / "plate.ozx") is not widget


def test_the_buttons_check_save_and_copy_the_path(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    path = scan(tmp_path / "scan.ozx")
    widget = contents(path)
    qtbot.mouseClick(widget.parts.copy, LEFT)
    assert QApplication.clipboard().text() == str(path)
    before = set(window.window.dock_widgets)
    qtbot.mouseClick(widget.parts.save, LEFT)
    (added,) = set(window.window.dock_widgets) - before
    assert added.startswith("Save as")
    qtbot.mouseClick(widget.parts.check, LEFT)
    (check,) = [w for w in window.window.dock_widgets.values() if isinstance(w, CheckWidget)]
    qtbot.waitUntil(lambda: check.model.report is not None, timeout=WAIT)
    assert check.model.report is not None
    assert check.model.report.path == str(path)


# Tiles


def test_tiles_become_one_image_and_layers_again_in_place(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    below = window.add_image(np.zeros((4, 4)), name="below")
    widget = contents(scan(tmp_path / "scan.ozx", planes=5))
    window.dims.set_current_step(0, 1)
    above = window.add_points(np.zeros((1, 2)), name="above")
    for layer in window.layers:
        if layer.name.endswith("GFP"):
            layer.contrast_limits = (3, 50)
            layer.visible = False
    window.layers.selection.active = window.layers[1]
    window.scene.camera.center, window.scene.camera.zoom = (103, 207), 7.5
    choice = widget.parts.tiles
    assert (choice.isVisible(), choice.currentText()) == (True, "separate layers")
    qtbot.keyClick(choice, Qt.Key.Key_Up)
    assert [layer.name for layer in window.layers] == ["below", "DAPI", "GFP", "above"]
    assert (window.layers[0], window.layers[-1]) == (below, above)
    assert tuple(window.scene.camera.center[-2:]) == (103, 207)
    assert window.scene.camera.zoom == 7.5
    assert window.dims.point[0] == 2.0
    green = window.layers["GFP"]
    assert not green.visible
    assert tuple(green.contrast_limits) == (3, 50)
    for row in range(2):
        for column in range(2):
            y, x = middle_of_tile(row, column)
            assert value_in_world(green, y=y, x=x) == value_of(row, column)
    qtbot.waitUntil(lambda: choice.currentText() == "one image", timeout=WAIT)
    qtbot.keyClick(choice, Qt.Key.Key_Down)
    tiles = [f"tile {row}-{column}" for row in range(2) for column in range(2)]
    names = [f"{tile}: {channel}" for tile in tiles for channel in ("DAPI", "GFP")]
    assert [layer.name for layer in window.layers] == ["below", *names, "above"]
    y, x = middle_of_tile(1, 0)
    assert value_in_world(window.layers["tile 1-0: GFP"], y=y, x=x) == value_of(1, 0)
    assert not window.layers["tile 1-0: GFP"].visible


def test_what_was_changed_is_not_lost_by_another_choice_of_tiles(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(scan(tmp_path / "scan.ozx"))
    window.layers[2].translate = (0, 0, 0)
    before = list(window.layers)
    qtbot.keyClick(widget.parts.tiles, Qt.Key.Key_Up)
    assert list(window.layers) == before
    said = widget.parts.message.text()
    assert said.startswith("Not changed: 'tile 0-1: DAPI' was moved, which would be lost.")
    assert widget.parts.tiles.currentText() == "separate layers"


def test_a_plate_is_taken_apart_and_its_wells_are_found_still(
    window: napari.Viewer, qtbot: QtBot, contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    widget = contents(plate(tmp_path / "plate.ozx", "AB", 2))
    names = window.layers["well names"]
    qtbot.keyClick(widget.parts.tiles, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: len(window.layers) == 3 + 1, timeout=WAIT)
    assert window.layers["well names"] is names
    click_well(qtbot, widget, 1, 0)
    assert_at(window, middle_of_well(1, 0))


# What is said on opening


def notified() -> list[tuple[str, list[str]]]:
    """Return the messages of all notifications, each with the texts of its buttons."""
    found = notification_manager.records
    return [(record.message, [text for text, _ in record.actions]) for record in found]


@pytest.mark.usefixtures("errors_become_notifications")
def test_a_dropped_plate_says_what_is_in_it_and_leads_there(
    window: napari.Viewer,
    qtbot: QtBot,
    drop: Callable[..., None],
    tmp_path: Path,
) -> None:
    path = plate(tmp_path / "plate.ozx", empty=0)
    drop(window, [path])
    qtbot.waitUntil(lambda: len(notified()) == 1, timeout=WAIT)
    ((message, buttons),) = notified()
    assert message.startswith("12 wells, 1 channel.\n")
    assert "Contents" in buttons
    (record,) = notification_manager.records
    dict(record.actions)["Contents"](record)
    widget = docked(window, qtbot, path)
    assert widget.parts.plate.isVisible()


@pytest.mark.usefixtures("errors_become_notifications")
def test_a_scan_of_which_something_was_repaired_says_it_with_the_repair(
    window: napari.Viewer, qtbot: QtBot, drop: Callable[..., None], tmp_path: Path
) -> None:
    broken = HierarchyBuilder().group()
    for number in range(9):
        image = np.zeros((HEIGHT, WIDTH), np.uint8)
        broken.image(image, "yx", f"{number}", translation=(0, number * (WIDTH + 0.4)))
    path = broken.archive(tmp_path / "between pixels.ozx")
    drop(window, [path])
    qtbot.waitUntil(lambda: len(notified()) == 1, timeout=WAIT)
    ((message, buttons),) = notified()
    assert "Tiles were moved to whole pixels" in message
    assert buttons == ["Check the file", "Contents"]


@pytest.mark.usefixtures("errors_become_notifications")
def test_of_a_file_with_little_in_it_nothing_is_said(
    window: napari.Viewer, qtbot: QtBot, drop: Callable[..., None], tmp_path: Path
) -> None:
    drop(window, [scan(tmp_path / "scan.ozx")])
    qtbot.waitUntil(lambda: len(window.layers) == 8, timeout=WAIT)
    assert notified() == []


def test_of_a_file_with_one_image_that_is_selected_with_its_layer(
    contents: Callable[[Path], ContentsWidget], tmp_path: Path
) -> None:
    pixels = np.zeros((8, 8), np.uint8)
    widget = contents(HierarchyBuilder().image(pixels, "yx").archive(tmp_path / "one.ozx"))
    assert [item.kind for item in widget.parts.tree.items_chosen()] == [Kind.IMAGE]
