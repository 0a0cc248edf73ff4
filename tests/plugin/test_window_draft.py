"""Layers that only a draft of OME-Zarr holds: a person is asked once, and decides."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox

from hierarchy_builder import HierarchyBuilder, write_archive
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.save.model import SaveChoices
from napari_ome_zip.plugin.save.question import AS_DRAFT, AS_SERIES, CANCEL, WITHOUT_ORIENTATION
from napari_ome_zip.plugin.writer import write_ozx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

    from napari_ome_zip.plugin.save.widget import SaveWidget

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

type Answer = Callable[[str], list[str]]

WAIT = 20_000
NAMES = ("t", "angle", "lifetime", "z", "y", "x")
SIX = np.random.default_rng(0).integers(0, 999, (2, 3, 2, 4, 20, 24), np.uint16)
UNITS = ("second", "pixel", "nanosecond", "micrometer", "micrometer", "micrometer")


@pytest.fixture
def six(window: napari.Viewer) -> napari.layers.Image:
    """Return a layer of six dimensions in a window."""
    place: dict[str, Any] = {"scale": (1, 2, 3, 4, 5, 6), "translate": (6, 5, 4, 3, 2, 1)}
    return window.add_image(SIX, name="flim", axis_labels=NAMES, units=UNITS, **place)


@pytest.fixture
def channels(window: napari.Viewer, tmp_path: Path) -> Path:
    """Return an archive of 0.5 with six axes, one of them of channels, which is open."""
    axes = [{"name": n, "type": "space" if n in "zyx" else "custom"} for n in "tapzyx"]
    axes[0]["type"], axes[1] = "time", {"name": "c", "type": "channel"}
    entries = HierarchyBuilder().image(SIX, axes).entries
    path = write_archive(tmp_path / "channels.ozx", entries)
    window.open(path, plugin=PLUGIN)
    return path


def version_of(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        comment = json.loads(archive.comment)
    return str(comment["ome"]["version"])


def test_six_dimensions_are_saved_as_a_draft_and_opened_alike(
    window: napari.Viewer, six: napari.layers.Image, answer: Answer, tmp_path: Path
) -> None:
    asked = answer(AS_DRAFT)
    window.layers.save(str(tmp_path / "six.ozx"), plugin=PLUGIN)
    (question,) = asked
    assert "'flim' has 6 axes (t, angle, lifetime, z, y, x)" in question
    assert "0.9.dev1 does, a draft of OME-Zarr that few programs read yet." in question
    assert version_of(tmp_path / "six.ozx") == "0.9.dev1"
    (again,) = window.open(tmp_path / "six.ozx", plugin=PLUGIN)
    assert again.name.startswith("flim")
    assert again.axis_labels == six.axis_labels
    assert again.units == six.units
    np.testing.assert_allclose(again.scale, six.scale)
    np.testing.assert_allclose(again.translate, six.translate)
    np.testing.assert_array_equal(np.asarray(again.data), SIX)


def test_who_cancels_keeps_no_file(
    window: napari.Viewer, six: napari.layers.Image, answer: Answer, tmp_path: Path
) -> None:
    answer(CANCEL)
    with pytest.raises(Exception, match="Cancelled: nothing was saved"):
        window.layers.save(str(tmp_path / "six.ozx"), plugin=PLUGIN)
    assert not (tmp_path / "six.ozx").exists()


def test_desktops_may_mark_keys_in_the_texts_of_buttons(
    window: napari.Viewer,
    six: napari.layers.Image,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def press(box: QMessageBox) -> None:
        (button,) = (each for each in box.buttons() if each.text() == AS_DRAFT)
        for each in box.buttons():
            each.setText(f"&{each.text()}")
        box.show()
        button.click()

    monkeypatch.setattr(QMessageBox, "exec", press)
    window.layers.save(str(tmp_path / "six.ozx"), plugin=PLUGIN)
    assert version_of(tmp_path / "six.ozx") == "0.9.dev1"


def test_channels_become_a_series_where_a_person_wants_that(
    window: napari.Viewer, channels: Path, answer: Answer, tmp_path: Path
) -> None:
    for layer in window.layers:
        layer.translate = (1.0,) * layer.ndim
    asked = answer(AS_SERIES)
    window.layers.save(str(tmp_path / "series.ozx"), plugin=PLUGIN)
    (question,) = asked
    assert question.endswith(" 0.5, which most programs read, holds one image per channel.")
    assert version_of(tmp_path / "series.ozx") == "0.5"
    window.layers.clear()
    found = window.open(tmp_path / "series.ozx", plugin=PLUGIN)
    assert len(found) == 3
    for number, layer in enumerate(found):
        np.testing.assert_array_equal(np.asarray(layer.data), SIX[:, number])


def test_an_oriented_volume_beside_another_image_is_asked_about(
    window: napari.Viewer, answer: Answer, tmp_path: Path
) -> None:
    way = {"type": "anatomical", "value": "left-to-right"}
    axes: list[dict[str, Any]] = [{"name": name, "type": "space"} for name in "zyx"]
    axes[2]["orientation"] = way
    pixels = np.ones((4, 5, 6), np.uint8)
    entries = HierarchyBuilder().image(pixels, axes).entries
    window.open(write_archive(tmp_path / "old.ozx", entries), plugin=PLUGIN)
    window.add_image(np.ones((4, 5, 7), np.uint8), name="other", axis_labels=("z", "y", "x"))
    asked = answer(WITHOUT_ORIENTATION)
    window.layers.save(str(tmp_path / "new.ozx"), plugin=PLUGIN)
    assert "says how its axes are oriented in a body (x: left-to-right)" in asked[0]
    assert version_of(tmp_path / "new.ozx") == "0.5"
    answer(AS_DRAFT)
    window.layers.save(str(tmp_path / "draft.ozx"), plugin=PLUGIN)
    assert version_of(tmp_path / "draft.ozx") == "0.9.dev1"
    with zipfile.ZipFile(tmp_path / "draft.ozx") as archive:
        texts = [archive.read(n).decode() for n in archive.namelist() if n.endswith("zarr.json")]
    assert any("left-to-right" in text for text in texts)


def test_a_file_of_a_draft_is_saved_unasked(window: napari.Viewer, tmp_path: Path) -> None:
    axes = [{"name": name, "type": "space"} for name in "wzyx"]
    pixels = np.ones((2, 3, 4, 5), np.uint8)
    entries = HierarchyBuilder().image_of_0_6(pixels, axes, version="0.9.dev1").entries
    window.open(write_archive(tmp_path / "old.ozx", entries), plugin=PLUGIN)
    window.add_labels(np.ones((2, 3, 4, 5), np.uint8), name="drawn", axis_labels=tuple("wzyx"))
    window.layers.save(str(tmp_path / "new.ozx"), plugin=PLUGIN)
    assert version_of(tmp_path / "new.ozx") == "0.9.dev1"


def test_a_script_without_a_window_is_told_what_to_choose(tmp_path: Path) -> None:
    layer = (SIX, {"name": "flim", "axis_labels": NAMES}, "image")
    with pytest.raises(OSError, match=r"Choose SaveOptions\(version='0\.9\.dev1'\)"):
        write_ozx(str(tmp_path / "six.ozx"), [layer])
    assert not list(tmp_path.iterdir())


# The form


@pytest.fixture
def form(window: napari.Viewer, six: napari.layers.Image, tmp_path: Path) -> SaveWidget:
    """Return the form beside a layer of six dimensions."""
    _, widget = window.window.add_plugin_dock_widget(PLUGIN, "Save as single-image archive")
    widget.choices = SaveChoices(str(tmp_path / "six.ozx"))
    return widget


def wait_for(qtbot: QtBot, form: SaveWidget, text: str) -> None:
    qtbot.waitUntil(lambda: text in form.footer.summary.text(), timeout=WAIT)


def press_save(qtbot: QtBot, form: SaveWidget) -> None:
    qtbot.waitUntil(form.footer.save.isEnabled, timeout=WAIT)
    qtbot.mouseClick(form.footer.save, Qt.MouseButton.LeftButton)


def test_the_form_says_that_it_will_ask_and_asks(
    qtbot: QtBot, form: SaveWidget, answer: Answer, tmp_path: Path
) -> None:
    wait_for(qtbot, form, "You are asked before it is saved.")
    asked = answer(AS_DRAFT)
    press_save(qtbot, form)
    qtbot.waitUntil(lambda: form.job.saved is not None, timeout=WAIT)
    assert len(asked) == 1
    assert version_of(tmp_path / "six.ozx") == "0.9.dev1"
    assert form.version.value == "auto"


def test_who_cancels_in_the_form_is_told_so(
    qtbot: QtBot, form: SaveWidget, answer: Answer, tmp_path: Path
) -> None:
    wait_for(qtbot, form, "You are asked before it is saved.")
    answer(CANCEL)
    press_save(qtbot, form)
    assert form.footer.result.text() == "Cancelled: nothing was saved."
    assert not (tmp_path / "six.ozx").exists()


def test_the_draft_can_be_chosen_in_the_form_and_is_not_remembered(
    qtbot: QtBot, window: napari.Viewer, form: SaveWidget, tmp_path: Path
) -> None:
    texts = [form.version.native.itemText(n) for n in range(form.version.native.count())]
    assert texts == ["automatic", "0.5", "0.6", "0.9.dev1 (draft)"]
    form.version.value = "0.9.dev1"
    wait_for(qtbot, form, "OME-Zarr 0.9.dev1, a draft of OME-Zarr that few programs read yet.")
    press_save(qtbot, form)
    qtbot.waitUntil(lambda: form.job.saved is not None, timeout=WAIT)
    assert version_of(tmp_path / "six.ozx") == "0.9.dev1"
    form.native.parentWidget().destroyOnClose()
    _, again = window.window.add_plugin_dock_widget(PLUGIN, "Save as single-image archive")
    assert again.choices.version == "auto"
