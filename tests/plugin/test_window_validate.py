"""A real napari window with the dock widget that checks an archive and makes a fixed copy."""

from __future__ import annotations

import json
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QModelIndex, Qt, QUrl
from qtpy.QtWidgets import QApplication, QPushButton, QWidget

import napari_ome_zip
from dropping import post_drop_of
from napari_ome_zip.plugin.check.tree import WHERE
from napari_ome_zip.plugin.check.widget import CheckWidget
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.messages import CHECK_FILE
from napari_ome_zip.plugin.reader import read
from napari_ome_zip.rules import Effect, Location, Severity
from napari_ome_zip.validation.report import Issue, Report
from spoiling import change_root, damage, two_channels_for_one

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    from pytestqt.qtbot import QtBot
    from tests.plugin.conftest import BrightArchive

CHECK_WIDGET = "Check an archive"

WAIT = 20_000

SIZE = Effect.SIZE.meaning


pytestmark = pytest.mark.usefixtures("errors_become_notifications")


@pytest.fixture
def in_folder(bright_archive: BrightArchive) -> BrightArchive:
    """Return an archive as made by hand: everything in one folder, compressed, no comment."""
    path = bright_archive.path
    with zipfile.ZipFile(path) as archive:
        entries = {f"cells.zarr/{name}": archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return bright_archive


@pytest.fixture
def dock(window: napari.Viewer) -> CheckWidget:
    """Return the widget in its dock, as narrow as docks mostly are."""
    return open_dock(window)


def open_dock(window: napari.Viewer) -> CheckWidget:
    dock, widget = window.window.add_plugin_dock_widget(PLUGIN, CHECK_WIDGET)
    window.window._qt_window.resizeDocks([dock], [300], Qt.Orientation.Horizontal)
    return widget


def drop_on(widget: QWidget, *paths: Path) -> None:
    """Post the events of dragging files onto a widget and letting go of them."""
    post_drop_of([QUrl.fromLocalFile(str(path)) for path in paths], widget)


def wait_for_report(qtbot: QtBot, widget: CheckWidget) -> Report:
    qtbot.waitUntil(lambda: widget.model.report is not None, timeout=WAIT)
    assert widget.model.report is not None
    return widget.model.report


def lines_shown(widget: CheckWidget) -> list[QModelIndex]:
    """Return the lines of the tree that are not folded away, from the top."""
    tree = widget.parts.tree
    lines = [tree.model().index(0, 0)]
    while lines[-1].isValid():
        lines.append(tree.indexBelow(lines[-1]))
    return lines[:-1]


def rows_shown(widget: CheckWidget) -> list[str]:
    """Return the first column of the tree, as it is on the screen."""
    return [line.data() for line in lines_shown(widget)]


def click_row(qtbot: QtBot, widget: CheckWidget, row: int) -> None:
    tree = widget.parts.tree
    line = lines_shown(widget)[row]
    tree.scrollTo(line)
    spot = tree.visualRect(line).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=spot)


# Ways to name a file


def test_a_dropped_file_is_checked_and_its_faults_are_listed(
    qtbot: QtBot, dock: CheckWidget, in_folder: BrightArchive
) -> None:
    drop_on(dock, in_folder.path)
    report = wait_for_report(qtbot, dock)
    assert "root-in-folder" in [issue.code for issue in report.errors]
    assert dock.parts.name.text() == in_folder.path.name
    assert dock.parts.verdict.text().startswith("Not valid")
    meaning, message, *others = rows_shown(dock)
    assert meaning == Effect.REFUSED.meaning
    assert "cells.zarr" in message
    warned = {issue.effect.meaning for issue in report.warnings}
    assert warned <= set(others)


def test_of_several_files_the_first_is_checked_and_that_is_said(
    qtbot: QtBot, dock: CheckWidget, two_bright_archives: tuple[BrightArchive, BrightArchive]
) -> None:
    left, right = two_bright_archives
    drop_on(dock, left.path, right.path)
    wait_for_report(qtbot, dock)
    assert dock.parts.name.text() == left.path.name
    assert "the first is checked" in dock.parts.note.text()


def test_no_part_of_the_widget_keeps_a_dropped_file_for_itself(dock: CheckWidget) -> None:
    assert [part for part in dock.findChildren(QWidget) if part.acceptDrops()] == []


def test_a_chosen_file_is_checked(
    qtbot: QtBot,
    dock: CheckWidget,
    bright_archive: BrightArchive,
    choose_in_dialog: Callable[[Path], None],
) -> None:
    choose_in_dialog(bright_archive.path)
    qtbot.mouseClick(dock.parts.choose, Qt.MouseButton.LeftButton)
    assert wait_for_report(qtbot, dock).valid
    assert dock.parts.verdict.text().startswith("Valid OME-Zarr 0.5")


def test_the_file_of_the_selected_layer_is_checked(
    qtbot: QtBot, window: napari.Viewer, dock: CheckWidget, bright_archive: BrightArchive
) -> None:
    window.open(bright_archive.path, plugin=PLUGIN)
    qtbot.mouseClick(dock.parts.from_layer, Qt.MouseButton.LeftButton)
    assert Path(wait_for_report(qtbot, dock).path) == bright_archive.path


def test_a_layer_without_a_file_is_named(
    qtbot: QtBot, window: napari.Viewer, dock: CheckWidget
) -> None:
    qtbot.mouseClick(dock.parts.from_layer, Qt.MouseButton.LeftButton)
    assert "Select one layer" in dock.parts.note.text()
    window.add_image(np.zeros((4, 4)), name="drawn here")
    qtbot.mouseClick(dock.parts.from_layer, Qt.MouseButton.LeftButton)
    assert "drawn here was not read from a file" in dock.parts.note.text()


def open_by_menu(window: napari.Viewer) -> None:
    texts = ("IO Utilities", CHECK_WIDGET)
    menu = window.window.file_menu
    for text in texts:
        found = [a for a in menu.actions() if text in a.text().replace("&", "")]
        assert found, [a.text() for a in menu.actions()]
        action, menu = found[0], found[0].menu()
    action.trigger()


def checkers(window: napari.Viewer) -> list[QWidget]:
    """Return the docked widgets that check files."""
    found = window.window.dock_widgets.values()
    return [widget for widget in found if isinstance(widget, CheckWidget)]


def test_the_menu_opens_the_widget(qtbot: QtBot, window: napari.Viewer) -> None:
    open_by_menu(window)
    (widget,) = checkers(window)
    qtbot.waitUntil(widget.isVisible, timeout=WAIT)


def test_a_file_that_is_gone_is_explained_in_a_sentence(
    qtbot: QtBot, dock: CheckWidget, bright_archive: BrightArchive
) -> None:
    bright_archive.path.unlink()
    dock.check(str(bright_archive.path))
    qtbot.waitUntil(lambda: "There is no file" in dock.parts.verdict.text(), timeout=WAIT)
    assert bright_archive.path.name in dock.parts.verdict.text()
    assert notification_manager.records == []


def test_a_damaged_chunk_is_not_called_valid_and_the_button_for_pixels_finds_it(
    qtbot: QtBot, dock: CheckWidget, bright_archive: BrightArchive
) -> None:
    path = bright_archive.path
    damage(path, "0/c/1/2")
    drop_on(dock, path)
    assert wait_for_report(qtbot, dock).valid
    assert dock.parts.verdict.text().endswith("pixels not checked")
    qtbot.mouseClick(dock.parts.deepen, Qt.MouseButton.LeftButton)
    assert not wait_for_report(qtbot, dock).valid
    assert "not checked" not in dock.parts.verdict.text()
    assert "0/c/1/2" in dock.parts.details.toPlainText()
    assert not dock.parts.deepen.isVisible()


def test_the_deep_check_can_be_chosen_before(
    qtbot: QtBot, dock: CheckWidget, bright_archive: BrightArchive
) -> None:
    damage(bright_archive.path, "0/c/1/2")
    qtbot.mouseClick(dock.parts.deep, Qt.MouseButton.LeftButton)
    drop_on(dock, bright_archive.path)
    assert not wait_for_report(qtbot, dock).valid


# What is looked at


def issues_of_a_kind() -> tuple[Issue, ...]:
    def issue(severity: Severity, number: int) -> Issue:
        place = Location(f"{number}/zarr.json")
        code, message = f"rule-{number}", f"Fault {number}"
        return Issue(code, severity, place, message, "The rules", "Mend it", effect=Effect.SIZE)

    severities = [Severity.ERROR, Severity.WARNING, Severity.WARNING, Severity.INFO]
    return tuple(issue(severity, number) for number, severity in enumerate(severities))


@pytest.fixture
def four_issues(dock: CheckWidget, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Show a report on four issues, whatever the rules find."""

    def validate(path: str, deep: bool = False, **_: Any) -> Report:
        return Report.of(path, "archive", "0.5", issues_of_a_kind())

    monkeypatch.setattr(dock.model, "_validate", validate)
    dock.check("cells.ozx")
    wait_for_report(qtbot, dock)


@pytest.mark.usefixtures("four_issues")
def test_a_click_on_a_row_shows_its_details_and_what_to_do(qtbot: QtBot, dock: CheckWidget) -> None:
    assert "Fault 0" in dock.parts.details.toPlainText()
    click_row(qtbot, dock, 2)
    text = dock.parts.details.toPlainText()
    for part in ("wrong size", "Fault 1", "Fault 2", "Mend it", "The rules", "rule-2", "level 2"):
        assert part in text
    assert text.index("wrong size") < text.index("Mend it") < text.index("2/zarr.json")


@pytest.mark.usefixtures("four_issues")
def test_what_means_the_same_is_one_row_that_opens(qtbot: QtBot, dock: CheckWidget) -> None:
    assert rows_shown(dock) == [SIZE, "Fault 0", SIZE, SIZE]
    click_row(qtbot, dock, 2)
    qtbot.keyClick(dock.parts.tree, Qt.Key.Key_Right)
    assert rows_shown(dock) == [SIZE, "Fault 0", SIZE, "Fault 1", "Fault 2", SIZE]
    qtbot.keyClick(dock.parts.tree, Qt.Key.Key_Down)
    text = dock.parts.details.toPlainText()
    assert "Fault 1" in text
    assert "Fault 2" not in text
    dock.parts.search.setText("fault")
    dock.parts.search.setText("")
    assert rows_shown(dock) == [SIZE, "Fault 0", SIZE, "Fault 1", "Fault 2", SIZE]


@pytest.mark.usefixtures("four_issues")
def test_places_have_a_column_where_there_is_room(
    qtbot: QtBot, window: napari.Viewer, dock: CheckWidget
) -> None:
    def resize(width: int) -> None:
        window.window._qt_window.resizeDocks([dock.parent()], [width], Qt.Orientation.Horizontal)

    window.window._qt_window.resize(1500, 900)
    resize(300)
    qtbot.waitUntil(lambda: dock.parts.tree.isColumnHidden(WHERE), timeout=WAIT)
    resize(600)
    qtbot.waitUntil(lambda: not dock.parts.tree.isColumnHidden(WHERE), timeout=WAIT)
    places = [line.siblingAtColumn(WHERE).data() for line in lines_shown(dock)]
    assert places == ["level 0", "level 0", "2 places", "level 3"]


@pytest.mark.usefixtures("four_issues")
def test_severities_are_hidden_and_words_searched(qtbot: QtBot, dock: CheckWidget) -> None:
    assert [button.text() for button in dock.parts.filters.values()] == [
        "1 error",
        "2 warnings",
        "1 info",
    ]
    qtbot.mouseClick(dock.parts.filters[Severity.WARNING], Qt.MouseButton.LeftButton)
    assert rows_shown(dock) == [SIZE, "Fault 0", SIZE]
    qtbot.keyClicks(dock.parts.search, "fault 3")
    assert rows_shown(dock) == [SIZE, "Fault 3"]
    assert "Fault 3" in dock.parts.details.toPlainText()
    qtbot.keyClicks(dock.parts.search, "x")
    assert rows_shown(dock) == []
    assert "No row" in dock.parts.details.toPlainText()
    dock.parts.search.clear()
    qtbot.mouseClick(dock.parts.filters[Severity.WARNING], Qt.MouseButton.LeftButton)
    assert len(dock.model.state.rows) == 3


@pytest.mark.usefixtures("four_issues")
def test_what_the_model_is_told_is_shown(dock: CheckWidget) -> None:
    dock.model.set_deep(True)
    dock.model.show(Severity.ERROR, False)
    dock.model.search("fault")
    dock.model.select(("warning", "size", "rule-2"))
    assert dock.parts.deep.isChecked()
    assert not dock.parts.filters[Severity.ERROR].isChecked()
    assert dock.parts.search.text() == "fault"
    assert rows_shown(dock) == [SIZE, "Fault 1", "Fault 2", SIZE]  # opened for what is selected
    assert dock.parts.tree.currentIndex().data() == "Fault 2"
    assert "Fault 2" in dock.parts.details.toPlainText()


@pytest.mark.usefixtures("four_issues")
def test_the_widget_fits_into_a_narrow_dock(window: napari.Viewer, dock: CheckWidget) -> None:
    dock.model.say("A sentence that is too long for one line of a dock that is so narrow.")
    assert dock.minimumSizeHint().width() <= 300
    assert dock.width() <= 320


@pytest.mark.usefixtures("four_issues")
def test_the_report_is_copied_and_saved_as_text_and_as_json(
    qtbot: QtBot,
    dock: CheckWidget,
    tmp_path: Path,
    choose_in_dialog: Callable[[Path], None],
) -> None:
    as_text, as_json = dock.parts.copy_menu.actions()
    as_text.trigger()
    assert "ERROR rule-0" in QApplication.clipboard().text()
    as_json.trigger()
    assert len(json.loads(QApplication.clipboard().text())["files"][0]["issues"]) == 4
    for name, start in [("report.txt", "Checked by napari-ome-zip"), ("report.json", "{")]:
        choose_in_dialog(tmp_path / name)
        qtbot.mouseClick(dock.parts.save, Qt.MouseButton.LeftButton)
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
        assert name in dock.parts.note.text()


# A fixed copy


def test_a_fixed_copy_is_made_opened_and_valid(
    qtbot: QtBot,
    window: napari.Viewer,
    dock: CheckWidget,
    in_folder: BrightArchive,
    tmp_path: Path,
    choose_in_dialog: Callable[[Path], None],
) -> None:
    before = in_folder.path.read_bytes()
    drop_on(dock, in_folder.path)
    assert not wait_for_report(qtbot, dock).valid
    copy = tmp_path / "fixed.ome.zip"
    choose_in_dialog(tmp_path / "fixed.zip")  # completed as by saving
    qtbot.mouseClick(dock.parts.repack, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dock.parts.open_copy.isVisible(), timeout=WAIT)
    assert in_folder.path.read_bytes() == before
    assert Path(wait_for_report(qtbot, dock).path) == copy
    assert dock.parts.name.text() == copy.name
    assert dock.parts.verdict.text().startswith("Valid")
    assert copy.name in dock.parts.note.text()

    qtbot.mouseClick(dock.parts.open_copy, Qt.MouseButton.LeftButton)
    (layer,) = window.layers
    data = layer.data[0] if layer.multiscale else layer.data
    np.testing.assert_array_equal(np.asarray(data).squeeze(), in_folder.pixels)
    qtbot.mouseClick(dock.parts.from_layer, Qt.MouseButton.LeftButton)
    report = wait_for_report(qtbot, dock)
    assert Path(report.path) == copy
    assert report.valid
    assert notification_manager.records == []


def test_of_a_file_without_its_end_what_is_left_is_salvaged_and_opened(
    qtbot: QtBot,
    window: napari.Viewer,
    dock: CheckWidget,
    in_folder: BrightArchive,
    tmp_path: Path,
    choose_in_dialog: Callable[[Path], None],
) -> None:
    cut = tmp_path / "cut.ozx"
    cut.write_bytes(in_folder.path.read_bytes()[:-30])
    drop_on(dock, in_folder.path)
    wait_for_report(qtbot, dock)
    assert not dock.parts.salvage.isVisible()
    drop_on(dock, cut)
    qtbot.waitUntil(lambda: dock.model.state.path == str(cut), timeout=WAIT)
    (issue,) = wait_for_report(qtbot, dock).errors
    assert issue.code == "archive-incomplete"
    assert "salvage what is left" in dock.parts.details.toPlainText()
    assert dock.parts.salvage.text().startswith("Salvage what is left")
    choose_in_dialog(tmp_path / "saved.ozx")
    qtbot.mouseClick(dock.parts.salvage, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dock.parts.open_copy.isVisible(), timeout=WAIT)
    qtbot.mouseClick(dock.parts.open_copy, Qt.MouseButton.LeftButton)
    (layer,) = window.layers
    data = layer.data[0] if layer.multiscale else layer.data
    np.testing.assert_array_equal(np.asarray(data).squeeze(), in_folder.pixels)
    assert notification_manager.records == []


def test_a_copy_that_cannot_be_made_is_explained(
    qtbot: QtBot, dock: CheckWidget, in_folder: BrightArchive, tmp_path: Path
) -> None:
    dock.check(str(in_folder.path))
    wait_for_report(qtbot, dock)
    dock.model.repack(str(tmp_path / "nowhere" / "copy.ozx"))
    qtbot.waitUntil(lambda: not dock.model.state.activity, timeout=WAIT)
    assert dock.parts.note.text()
    assert not dock.parts.open_copy.isVisible()
    assert notification_manager.records == []


# Work in the background


class Slow:
    """A check that goes on until it is cancelled, and tells."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.stopped = threading.Event()

    def __call__(
        self, path: str, deep: bool = False, *, progress: Any, cancelled: Callable[[], bool]
    ) -> Report:
        progress(1, 4)
        self.started.set()
        while not cancelled():
            threading.Event().wait(0.01)
        self.stopped.set()
        return Report.of(path, "archive", "0.5", ())


@pytest.fixture
def slow(dock: CheckWidget, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Slow:
    """Start a check that does not end by itself."""
    slow = Slow()
    monkeypatch.setattr(dock.model, "_validate", slow)
    dock.check("slow.ozx")
    qtbot.waitUntil(slow.started.is_set, timeout=WAIT)
    return slow


def test_progress_is_shown_and_the_check_is_cancelled(
    qtbot: QtBot, dock: CheckWidget, slow: Slow
) -> None:
    qtbot.waitUntil(lambda: dock.parts.bar.value() == 25, timeout=WAIT)
    assert dock.parts.activity.isVisible()
    qtbot.mouseClick(dock.parts.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(slow.stopped.is_set, timeout=WAIT)
    assert "cancelled" in dock.parts.note.text()
    assert not dock.parts.activity.isVisible()
    assert dock.model.report is None


def test_a_new_check_ends_the_one_before(
    qtbot: QtBot,
    dock: CheckWidget,
    slow: Slow,
    bright_archive: BrightArchive,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dock.model, "_validate", napari_ome_zip.validate)
    dock.check(str(bright_archive.path))
    qtbot.waitUntil(slow.stopped.is_set, timeout=WAIT)
    assert Path(wait_for_report(qtbot, dock).path) == bright_archive.path


def test_closing_the_dock_ends_the_check(qtbot: QtBot, dock: CheckWidget, slow: Slow) -> None:
    dock.parent().destroyOnClose()
    qtbot.waitUntil(slow.stopped.is_set, timeout=WAIT)


def test_closing_the_window_ends_the_check(
    qtbot: QtBot, window: napari.Viewer, dock: CheckWidget, slow: Slow
) -> None:
    window.close()
    qtbot.waitUntil(slow.stopped.is_set, timeout=WAIT)


def test_a_mistake_in_the_check_is_a_notification_and_not_the_end(
    qtbot: QtBot, dock: CheckWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    crash = dock.model.crash
    monkeypatch.setattr(
        dock.model, "crash", lambda job: (threads.append(threading.current_thread()), crash(job))
    )

    def mistaken(path: str, deep: bool = False, **_: Any) -> Report:
        raise RuntimeError("a mistake in a rule")

    monkeypatch.setattr(dock.model, "_validate", mistaken)
    dock.check("cells.ozx")
    qtbot.waitUntil(lambda: bool(notification_manager.records), timeout=WAIT)
    assert [record.message for record in notification_manager.records] == ["a mistake in a rule"]
    assert threads == [threading.main_thread()]
    assert "error in this plugin" in dock.parts.verdict.text()
    assert dock.parts.check.isEnabled()


# From a notification to the widget


def press_check(qtbot: QtBot, window: napari.Viewer) -> CheckWidget:
    """Press the button of the first notification that offers a check."""

    def offered() -> list[QPushButton]:
        toasts = window.window._qt_window.findChildren(NapariQtNotification)
        return [b for t in toasts for b in t.findChildren(QPushButton) if b.text() == CHECK_FILE]

    qtbot.waitUntil(lambda: bool(offered()), timeout=WAIT)
    qtbot.mouseClick(offered()[0], Qt.MouseButton.LeftButton)
    (widget,) = checkers(window)
    return widget


def test_the_notification_on_a_bad_file_leads_to_its_check(
    qtbot: QtBot, window: napari.Viewer, bright_archive: BrightArchive, drop: Callable[..., None]
) -> None:
    bright_archive.path.write_bytes(bright_archive.path.read_bytes()[:-200])
    drop(window, [bright_archive.path])
    widget = press_check(qtbot, window)
    report = wait_for_report(qtbot, widget)
    assert Path(report.path) == bright_archive.path
    assert report.errors
    assert widget.isVisible()


@pytest.mark.parametrize("from_menu", [False, True])
def test_the_notification_on_a_tolerated_fault_leads_to_its_check_in_the_same_dock(
    qtbot: QtBot,
    window: napari.Viewer,
    bright_archive: BrightArchive,
    drop: Callable[..., None],
    from_menu: bool,
) -> None:
    if from_menu:
        open_by_menu(window)
    else:
        open_dock(window)
    (before,) = checkers(window)
    change_root(bright_archive.path, two_channels_for_one)
    drop(window, [bright_archive.path])
    widget = press_check(qtbot, window)
    assert checkers(window) == [before]
    assert widget is before
    assert len(notification_manager.records) == 1
    codes = [issue.code for issue in wait_for_report(qtbot, widget).issues]
    assert "omero-channel-count" in codes


def test_the_notification_on_a_damaged_chunk_leads_to_the_check_that_finds_it(
    qtbot: QtBot, window: napari.Viewer, bright_archive: BrightArchive, drop: Callable[..., None]
) -> None:
    damage(bright_archive.path, "0/c/1/2")
    drop(window, [bright_archive.path])
    report = wait_for_report(qtbot, press_check(qtbot, window))
    assert [issue.location.entry for issue in report.errors] == ["0/c/1/2"]


def test_without_a_window_a_notification_offers_nothing(
    window: napari.Viewer, bright_archive: BrightArchive
) -> None:
    window.close()
    change_root(bright_archive.path, two_channels_for_one)
    assert read(str(bright_archive.path))
    (record,) = notification_manager.records
    assert bright_archive.path.name in record.message
    assert list(record.actions) == []
