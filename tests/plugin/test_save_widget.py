"""The form for saving in a real window: what is chosen, what is shown, what scripts can do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dask.array as da
import napari
import numpy as np
import pytest
from magicgui.widgets import Container
from napari.settings import get_plugin_settings
from napari.utils.history import get_save_history
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_layers import layers_of, pixels
from napari_ome_zip import read_thumbnail, save_image
from napari_ome_zip.errors import SaveError
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.save import planning
from napari_ome_zip.plugin.save import widget as save_widget
from napari_ome_zip.plugin.save.model import SaveChoices, View
from napari_ome_zip.plugin.save.widget import SaveWidget
from napari_ome_zip.saving.estimate import SizeEstimate, largest_size
from napari_ome_zip.saving.planned import SavePlan
from range_server import RangeServer

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

WAIT = 20_000
TITLE = "Save as single-image archive"
LONG = "a layer with a name that is far too long for a dock of three hundred pixels " * 3
CHOSEN = {"as_in_file": False}


@pytest.fixture
def widget(window: napari.Viewer) -> SaveWidget:
    """Return the form docked in a window with an image."""
    window.add_image(np.arange(2000, dtype=np.uint16).reshape(40, 50), name="cells")
    _, widget = window.window.add_plugin_dock_widget(PLUGIN, TITLE)
    return widget


def rows(widget: SaveWidget) -> list[tuple[str, bool]]:
    listed = widget.layers.native
    items = [listed.item(number) for number in range(listed.count())]
    return [(item.text(), item.isSelected()) for item in items]


def click_row(qtbot: QtBot, widget: SaveWidget, number: int) -> None:
    listed = widget.layers.native
    place = listed.visualItemRect(listed.item(number)).center()
    qtbot.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=place)


def wait_for(qtbot: QtBot, widget: SaveWidget, text: str) -> None:
    qtbot.waitUntil(lambda: text in widget.footer.summary.text(), timeout=WAIT)


def wait_saved(qtbot: QtBot, widget: SaveWidget) -> None:
    qtbot.waitUntil(lambda: widget.job.saved is not None, timeout=WAIT)


# The layers


def test_the_list_follows_the_layers_and_leaves_out_what_cannot_be_saved(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget
) -> None:
    assert rows(widget) == [("cells", True)]
    window.add_image(np.zeros((4, 4), np.longdouble), name="wide", visible=False)
    wait_for(qtbot, widget, "Not saved: 'wide' holds ")
    assert rows(widget) == [("cells", True)]
    window.layers.remove("wide")
    window.add_labels(np.ones((40, 50), np.uint8), name="nuclei")
    window.layers["cells"].name = "zellen"
    qtbot.waitUntil(lambda: rows(widget) == [("nuclei", True), ("zellen", True)], timeout=WAIT)
    window.layers.move(0, 2)
    qtbot.waitUntil(lambda: rows(widget) == [("zellen", True), ("nuclei", True)], timeout=WAIT)
    window.layers.remove("nuclei")
    qtbot.waitUntil(lambda: rows(widget) == [("zellen", True)], timeout=WAIT)


def test_a_click_leaves_a_layer_out_and_renaming_it_changes_nothing(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget
) -> None:
    window.add_labels(np.ones((40, 50), np.uint8), name="nuclei")
    qtbot.waitUntil(lambda: len(rows(widget)) == 2, timeout=WAIT)
    click_row(qtbot, widget, 1)
    assert rows(widget) == [("nuclei", True), ("cells", False)]
    assert widget.layers.value == [window.layers["nuclei"]]
    window.layers["cells"].name = "zellen"
    qtbot.waitUntil(lambda: rows(widget) == [("nuclei", True), ("zellen", False)], timeout=WAIT)
    click_row(qtbot, widget, 0)
    wait_for(qtbot, widget, "Choose at least one layer")
    assert not widget.footer.save.isEnabled()
    click_row(qtbot, widget, 1)
    qtbot.waitUntil(widget.footer.save.isEnabled, timeout=WAIT)


def test_labels_are_saved_alone_where_a_person_says_so(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    assert not widget.labels_alone.visible
    source = save_image([(np.ones((40, 50), np.uint8), {"name": "a"}, "image")], tmp_path / "a.ozx")
    window.layers.clear()
    with RangeServer({"a.ozx": source.read_bytes()}) as server:
        window.open(server.url("a.ozx"), plugin=PLUGIN)
        window.add_labels(np.ones((40, 50), np.uint8), name="nuclei")
        qtbot.waitUntil(lambda: widget.labels_alone.visible, timeout=WAIT)
        widget.labels_alone.value = True
        wait_for(qtbot, widget, "labels alone")
        assert widget.file.line_edit.value.endswith("a labels.ozx")
        assert not widget.use_source.visible
        widget.file.line_edit.value = str(tmp_path / "nuclei")
        widget.save()
        wait_saved(qtbot, widget)
    (saved,) = layers_of(tmp_path / "nuclei.ome.zip")
    assert saved.metadata["napari_ome_zip"]["labels_of"] == server.url("a.ozx")


def test_labels_alone_do_not_take_the_place_of_their_image(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    source = save_image([(np.ones((40, 50), np.uint8), {"name": "a"}, "image")], tmp_path / "a.ozx")
    window.layers.clear()
    window.open(source, plugin=PLUGIN)
    window.add_labels(np.ones((40, 50), np.uint8), name="nuclei")
    before = source.read_bytes()
    widget.choices = replace(widget.choices, file=str(source), labels_alone=True)
    wait_for(qtbot, widget, "labels alone would replace it")
    with pytest.raises(SaveError, match="labels alone would replace it"):
        widget.save()
    assert source.read_bytes() == before


# What is chosen


def test_what_is_typed_becomes_a_choice(qtbot: QtBot, widget: SaveWidget, tmp_path: Path) -> None:
    widget.file.line_edit.value = str(tmp_path / "a")
    widget.version.value = "0.6"
    widget.split.value = True
    widget.levels.value = 3
    assert not widget.codec.enabled
    widget.as_usual.value = False
    qtbot.waitUntil(lambda: widget.codec.enabled, timeout=WAIT)
    widget.codec.value = "none"
    widget.chunk.value = 32
    widget.shard.value = 64
    qtbot.waitUntil(lambda: not widget.level.enabled, timeout=WAIT)
    wait_for(qtbot, widget, "OME-Zarr 0.6")
    assert widget.choices == SaveChoices(
        str(tmp_path / "a"),
        version="0.6",
        split=True,
        levels=3,
        chunk=32,
        shard=64,
        codec="none",
        level=0,
        as_in_file=False,
    )
    assert widget.footer.summary.text().startswith("a.ome.zip, ")


def test_choices_are_shown_in_the_form(qtbot: QtBot, widget: SaveWidget, tmp_path: Path) -> None:
    chosen = SaveChoices(
        str(tmp_path / "b"),
        version="0.5",
        split=True,
        levels=2,
        chunk=16,
        shard=0,
        codec="gzip",
        level=7,
        **CHOSEN,
    )
    widget.choices = chosen
    assert widget.choices == chosen
    assert widget.file.line_edit.value == str(tmp_path / "b")
    assert (widget.version.value, widget.levels.value) == ("0.5", 2)
    assert widget.split.value
    assert (widget.chunk.value, widget.shard.value) == (16, 0)
    assert (widget.codec.value, widget.level.value) == ("gzip", 7)
    widget.choices = replace(chosen, shard=17)
    wait_for(qtbot, widget, "not a whole number of chunks")
    assert not widget.footer.save.isEnabled()


def test_advanced_choices_appear_when_they_are_asked_for(qtbot: QtBot, widget: SaveWidget) -> None:
    fields = [widget.version, widget.split, widget.levels, widget.for_others, widget.as_usual]
    fields += [widget.codec, widget.level, widget.chunk, widget.shard]
    assert not any(field.native.isVisible() for field in fields)
    qtbot.mouseClick(widget.advanced.native, Qt.MouseButton.LeftButton)
    assert all(field.native.isVisible() for field in fields)
    qtbot.mouseClick(widget.advanced.native, Qt.MouseButton.LeftButton)
    assert not any(field.native.isVisible() for field in fields)
    widget.version.value = "0.6"
    qtbot.waitUntil(lambda: widget.advanced.text.endswith("Advanced (changed)"), timeout=WAIT)


def test_everything_that_can_be_chosen_is_explained(widget: SaveWidget) -> None:
    fields = list(widget)
    assert len(fields) > 10
    for field in fields:
        assert field.tooltip, field.name
    for button in (widget.footer.save, widget.footer.cancel):
        assert button.toolTip()


def test_it_fits_into_a_dock_of_three_hundred_pixels(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget
) -> None:
    window.layers["cells"].name = LONG
    window.add_image(np.zeros((200, 300, 9, 9), np.uint8), name=LONG)
    qtbot.mouseClick(widget.advanced.native, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(rows(widget)) == 2, timeout=WAIT)
    wait_for(qtbot, widget, ".ome.zip, ")
    qtbot.waitUntil(widget.depth.native.isVisible, timeout=WAIT)
    assert widget.native.minimumSizeHint().width() <= 300


# The file


def test_a_new_name_beside_the_opened_file_is_proposed(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    pixels_ = np.ones((40, 50), np.uint8)
    path = save_image(
        [(pixels_, {"name": "a", "contrast_limits": (0, 9)}, "image")], tmp_path / "my cells.ozx"
    )
    window.open(path, plugin=PLUGIN)
    _, widget = window.window.add_plugin_dock_widget(PLUGIN, TITLE)
    assert widget.file.value == tmp_path / "my cells edited.ozx"
    wait_for(qtbot, widget, "my cells edited.ozx, ")
    assert widget.footer.save.text() == "Save"
    widget.visible_only.value = True
    qtbot.waitUntil(lambda: widget.file.value == tmp_path / "my cells part.ozx", timeout=WAIT)
    widget.visible_only.value = False
    qtbot.mouseClick(widget.use_source.native, Qt.MouseButton.LeftButton)
    assert widget.file.value == path
    wait_for(qtbot, widget, "Replaces the existing file.")
    assert widget.footer.save.text() == "Replace"
    assert not widget.use_source.native.isVisible()


def test_a_name_that_was_typed_stays_when_layers_come(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    line = widget.file.line_edit.native
    line.selectAll()
    qtbot.keyClicks(line, str(tmp_path / "mine.ozx"))
    window.layers.clear()
    window.add_image(np.ones((9, 9)), name="other")
    qtbot.waitUntil(lambda: rows(widget) == [("other", True)], timeout=WAIT)
    assert widget.file.value == tmp_path / "mine.ozx"


def test_the_folder_of_the_sample_which_will_be_gone_is_not_proposed(
    window: napari.Viewer,
) -> None:
    window.open_sample(PLUGIN, "overlapping-fields")
    _, widget = window.window.add_plugin_dock_widget(PLUGIN, TITLE)
    assert widget.file.value.parent == Path(get_save_history()[0])
    assert not widget.use_source.native.isVisible()


def test_folder_and_options_are_remembered(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    widget.choices = SaveChoices(
        str(tmp_path / "a"), codec="gzip", level=3, chunk=64, shard=0, levels=2, **CHOSEN
    )
    widget.save()
    wait_saved(qtbot, widget)
    assert get_save_history()[0] == str(tmp_path)
    widget.native.parentWidget().destroyOnClose()
    _, again = window.window.add_plugin_dock_widget(PLUGIN, TITLE)
    assert again is not widget
    assert again.choices == SaveChoices(
        str(tmp_path / "cells.ome.zip"), codec="gzip", level=3, chunk=64, shard=0, **CHOSEN
    )


def test_a_preview_is_put_into_the_file_unless_a_person_does_not_want_it(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    path = tmp_path / "a.ozx"
    widget.file.value = path
    wait_for(qtbot, widget, "a.ozx, ")
    assert widget.thumbnail.value is True
    widget.save()
    wait_saved(qtbot, widget)
    found = read_thumbnail(path)
    assert found is not None
    assert (found.width, found.height) == (256, 205)  # of 50 × 40 pixels
    widget.thumbnail.value = False
    widget.file.value = tmp_path / "b.ozx"
    wait_for(qtbot, widget, "b.ozx, ")
    widget.save()
    qtbot.waitUntil(lambda: (tmp_path / "b.ozx").exists(), timeout=WAIT)
    assert read_thumbnail(tmp_path / "b.ozx") is None
    assert get_plugin_settings("napari-ome-zip").saving.thumbnail is False


def test_nothing_is_remembered_of_what_was_not_saved(
    window: napari.Viewer, widget: SaveWidget
) -> None:
    widget.codec.value = "gzip"
    widget.native.parentWidget().destroyOnClose()
    _, again = window.window.add_plugin_dock_widget(PLUGIN, TITLE)
    assert again.choices.codec == "zstd"


# Scripts


def test_scripts_use_it_as_any_container_of_magicgui(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path
) -> None:
    cells = window.add_image(np.arange(12, dtype=np.uint16).reshape(3, 2, 2), name="cells")
    window.add_labels(np.ones((2, 2), np.uint8), name="nuclei")
    form = SaveWidget(window)
    qtbot.addWidget(form.native)
    assert isinstance(form, Container)
    assert set(form.asdict()) == {
        *("layers", "labels_alone", "file", "visible_only", "time", "depth", "version", "levels"),
        *("split", "for_others", "thumbnail", "as_usual", "codec", "level", "chunk", "shard"),
    }
    form.layers.value = [cells]
    form.depth.value = (1, 2)
    form.update(file=tmp_path / "a.ozx", version="0.6")
    form.save()
    wait_saved(qtbot, form)
    (saved,) = layers_of(tmp_path / "a.ozx")
    np.testing.assert_array_equal(pixels(saved), np.asarray(cells.data)[1:])
    form.layers.value = []
    with pytest.raises(SaveError, match="Choose at least one layer"):
        form.save()


def test_it_finds_the_viewer_in_front(qtbot: QtBot, window: napari.Viewer) -> None:
    window.add_image(np.ones((4, 4)), name="cells")
    form = SaveWidget()
    qtbot.addWidget(form.native)
    assert [layer.name for layer in form.layers.value] == ["cells"]
    other = Container(widgets=[form], labels=False)
    qtbot.addWidget(other.native)
    assert other.save_layers is form


def test_without_a_viewer_it_says_so(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(napari, "current_viewer", lambda: None)
    with pytest.raises(ValueError, match="There is no viewer"):
        SaveWidget()


# Saving


def test_cancelling_keeps_no_file(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    window.layers.clear()
    slow = da.zeros((400, 64, 64), dtype=np.uint16, chunks=(1, 64, 64)).map_blocks(
        lambda block: __import__("time").sleep(0.02) or block, dtype=np.uint16
    )
    window.add_image(slow, name="slow", contrast_limits=(0, 1))
    widget.choices = SaveChoices(file=str(tmp_path / "a"), shard=0, chunk=64, **CHOSEN)
    qtbot.waitUntil(widget.footer.save.isEnabled, timeout=WAIT)
    widget.footer.save.click()
    assert widget.job.running
    assert widget.footer.progress.isVisible()
    qtbot.waitUntil(lambda: widget.footer.progress.value() > 0, timeout=WAIT)
    with pytest.raises(SaveError, match="A save is running"):
        widget.save()
    qtbot.mouseClick(widget.footer.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not widget.job.running, timeout=WAIT)
    assert widget.footer.result.text().startswith("Cancelled")
    assert not list(tmp_path.iterdir())
    qtbot.waitUntil(widget.footer.save.isEnabled, timeout=WAIT)


def test_labels_painted_during_a_save_are_saved_as_they_were(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    labels = window.add_labels(np.ones((40, 50), np.uint8), name="nuclei")
    widget.choices = SaveChoices(file=str(tmp_path / "a"))
    widget.save()
    labels.data[:] = 9
    wait_saved(qtbot, widget)
    saved = {layer.name: layer for layer in layers_of(tmp_path / "a.ome.zip")}
    assert set(np.unique(pixels(saved["nuclei"]))) == {1}


def test_a_look_that_changed_just_before_is_saved(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    widget.choices = SaveChoices(file=str(tmp_path / "a.ozx"))
    wait_for(qtbot, widget, "a.ozx, about")
    window.layers["cells"].contrast_limits = (5, 77)
    widget.save()
    wait_saved(qtbot, widget)
    (saved,) = layers_of(tmp_path / "a.ozx")
    assert saved.contrast_limits == [5, 77]


def test_the_saved_file_can_be_opened_and_checked(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    assert not widget.footer.check.isVisible()
    window.layers["cells"].units = ("um", "um")
    widget.choices = SaveChoices(file=str(tmp_path / "a.ozx"))
    widget.save()
    wait_saved(qtbot, widget)
    qtbot.mouseClick(widget.footer.check, Qt.MouseButton.LeftButton)
    (validator,) = (
        w for n, w in window.window.dock_widgets.items() if n.startswith("Check an archive")
    )
    qtbot.waitUntil(lambda: validator.model.report is not None, timeout=WAIT)
    assert not validator.model.report.issues
    qtbot.mouseClick(widget.footer.open, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.layers) == 2, timeout=WAIT)
    assert window.layers[-1].source.path == str(tmp_path / "a.ozx")


def test_without_a_validator_there_is_no_button(
    qtbot: QtBot, widget: SaveWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(save_widget, "CHECK_COMMAND", "not there")
    widget.choices = SaveChoices(file=str(tmp_path / "a"))
    widget.save()
    wait_saved(qtbot, widget)
    assert not widget.footer.check.isVisible()


def test_the_estimate_that_is_shown_is_near_what_is_written(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    random = np.random.default_rng(4)
    window.add_image(random.poisson(90, (900, 800)).astype(np.uint16), name="noise")
    widget.choices = SaveChoices(file=str(tmp_path / "a.ozx"))
    wait_for(qtbot, widget, "a.ozx, about ")
    said = widget.footer.summary.text().partition("about ")[2]
    assert said.split()[1].rstrip(":") == "KiB"
    widget.save()
    wait_saved(qtbot, widget)
    written = (tmp_path / "a.ozx").stat().st_size
    assert float(said.split()[0]) * 1024 == pytest.approx(written, rel=0.1)


def test_what_takes_long_with_many_layers_is_not_done_by_the_window(
    qtbot: QtBot, window: napari.Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    decide = planning.resolve

    def note(*args: Any) -> View:
        threads.append(threading.current_thread())
        return decide(*args)

    monkeypatch.setattr(planning, "resolve", note)
    monkeypatch.setattr(save_widget, "resolve", note)
    for number in range(4):
        window.add_image(np.ones((8, 8)), name=f"n{number}", contrast_limits=(0, 9), visible=False)
    _, widget = window.window.add_plugin_dock_widget(PLUGIN, TITLE)
    wait_for(qtbot, widget, ".ome.zip, about")
    assert len(rows(widget)) == 4
    assert threads
    assert threading.main_thread() not in threads


@pytest.fixture
def endless_estimates(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], bool]]:
    """Let estimates go on until they are cancelled; return what tells of each whether it is."""
    running: list[Callable[[], bool]] = []

    def estimate(plan: SavePlan, cancelled: Callable[[], bool]) -> SizeEstimate:
        running.append(cancelled)
        for _ in range(WAIT // 10):
            if cancelled():
                break
            time.sleep(0.01)
        return largest_size(plan)

    monkeypatch.setattr(planning, "estimate_size", estimate)
    return running


def test_the_estimate_ends_with_the_form(
    qtbot: QtBot, window: napari.Viewer, endless_estimates: list[Callable[[], bool]]
) -> None:
    window.add_image(np.ones((40, 50)), name="cells")
    _, widget = window.window.add_plugin_dock_widget(PLUGIN, TITLE)
    wait_for(qtbot, widget, ".ome.zip, at most")
    qtbot.waitUntil(lambda: bool(endless_estimates), timeout=WAIT)
    (is_cancelled,) = endless_estimates
    assert not is_cancelled()
    widget.native.parentWidget().destroyOnClose()
    del widget
    qtbot.waitUntil(is_cancelled, timeout=WAIT // 4)


def test_another_name_or_view_needs_no_other_estimate(
    qtbot: QtBot,
    window: napari.Viewer,
    tmp_path: Path,
    endless_estimates: list[Callable[[], bool]],
) -> None:
    window.add_image(np.ones((40, 50)), name="cells")
    _, widget = window.window.add_plugin_dock_widget(PLUGIN, TITLE)
    qtbot.waitUntil(lambda: bool(endless_estimates), timeout=WAIT)
    window.scene.camera.zoom *= 2
    widget.file.value = tmp_path / "other.ozx"
    wait_for(qtbot, widget, "other.ozx, ")
    window.add_labels(np.ones((40, 50), np.uint8), name="nuclei")
    qtbot.waitUntil(lambda: len(endless_estimates) > 1, timeout=WAIT)
    first, second = endless_estimates
    assert first()
    assert not second()
