"""The save form: what is chosen, what is shown, and how one follows from the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_layers import layers_of, pixels
from napari_ome_zip.plugin.save import widget as save_widget
from napari_ome_zip.plugin.save.model import SaveChoices, SaveStatus, View, resolve
from napari_ome_zip.plugin.save.widget import SaveWidget
from napari_ome_zip.sizes import readable_size

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot

CELLS = (np.ones((40, 50), np.uint8), {"name": "cells", "contrast_limits": (0, 9)}, "image")
TILTED = (CELLS[0], {**CELLS[1], "name": "tilted", "rotate": 30}, "image")
NUCLEI = (np.ones((40, 50), np.uint8), {"name": "nuclei"}, "labels")
SPOTS = (np.zeros((1, 2)), {"name": "spots"}, "points")


def shown(choices: SaveChoices, *layers: Any, job: SaveStatus | None = None) -> View:
    return resolve(choices, list(enumerate(layers)), job)


def test_layers_that_cannot_be_saved_are_shown_with_the_reason(tmp_path: Path) -> None:
    view = shown(SaveChoices(file=str(tmp_path / "a")), CELLS, SPOTS)
    assert [(row.name, row.checked) for row in view.rows] == [("cells", True), ("spots", False)]
    assert view.rows[1].problem.startswith("is a points layer")
    assert view.can_save


def test_the_completed_name_size_and_version_are_told(tmp_path: Path) -> None:
    view = shown(SaveChoices(file=str(tmp_path / "a.zip")), CELLS, NUCLEI)
    assert view.target == tmp_path / "a.ome.zip"
    assert view.summary.startswith("a.ome.zip, about ")
    assert "(3.9 KiB uncompressed): one image, OME-Zarr 0.5, 2 arrays." in view.summary
    assert "0.6" in shown(SaveChoices(file=str(tmp_path / "a")), TILTED).summary


def test_a_file_that_will_be_replaced_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.ozx").write_bytes(b"old")
    view = shown(SaveChoices(file=str(tmp_path / "a.ozx")), CELLS)
    assert view.replaces
    assert "Replaces" in view.summary


CHOSEN = {"as_in_file": False}


@pytest.mark.parametrize(
    ("choices", "layers", "problem"),
    [
        ({}, [], "There are no layers"),
        ({}, [SPOTS], "Check at least one layer"),
        ({"unchecked": frozenset({0})}, [CELLS], "Check at least one layer"),
        ({"file": ""}, [CELLS], "Choose a file"),
        ({"file": "nowhere/a.ozx"}, [CELLS], "No such folder"),
        ({"file": "folder.ozx"}, [CELLS], "A folder has this name"),
        ({"chunk": 512, "shard": 700, **CHOSEN}, [CELLS], "not a whole number of chunks"),
        ({"codec": "zstd", "level": 99, **CHOSEN}, [CELLS], "Compression level 99"),
        ({"levels": 0}, [CELLS], "0 levels"),
        ({"version": "0.5"}, [TILTED], "Version 0.5 cannot hold .* 'tilted'"),
    ],
)
def test_impossible_choices_are_refused_before_work_begins(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    choices: dict[str, Any],
    layers: list[Any],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.ozx").mkdir()
    view = shown(SaveChoices(**{"file": "a.ozx", **choices}), *layers)
    assert not view.can_save
    with pytest.raises(ValueError, match=problem):
        raise ValueError(view.problem)


def test_nothing_is_saved_twice_at_once(tmp_path: Path) -> None:
    assert not shown(
        SaveChoices(file=str(tmp_path / "a")), CELLS, job=SaveStatus(running=True)
    ).can_save


def test_sizes_are_readable() -> None:
    assert [readable_size(n) for n in (7, 1536, 2.5e6, 3 << 30, 4 << 50)] == [
        *("7 bytes", "1.5 KiB", "2.4 MiB", "3 GiB"),
        "4,096 TiB",
    ]
    assert readable_size(2**20 - 1) == "1 MiB"


@pytest.fixture
def widget(window: napari.Viewer) -> SaveWidget:
    """Return the form docked in a window with an image and points."""
    window.add_image(np.arange(2000, dtype=np.uint16).reshape(40, 50), name="cells")
    window.add_points([[1, 2]], name="spots")
    title = "Save as single-image archive"
    _, widget = window.window.add_plugin_dock_widget("napari-ome-zip", title)
    return widget


def rows(widget: SaveWidget) -> list[str]:
    return [widget.layer_list.item(i).text().strip() for i in range(widget.layer_list.count())]


def test_the_list_follows_the_layers(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget
) -> None:
    assert rows(widget) == ["spots is a points layer", "cells"]
    assert widget.layer_list.item(0).flags() == Qt.ItemFlag.NoItemFlags
    window.add_labels(np.ones((40, 50), np.uint8), name="nuclei")
    window.layers["cells"].name = "zellen"
    qtbot.waitUntil(lambda: rows(widget) == ["nuclei", "spots is a points layer", "zellen"])
    window.layers.remove("nuclei")
    window.layers.move(0, 2)
    qtbot.waitUntil(lambda: rows(widget) == ["zellen", "spots is a points layer"])


def test_an_unchecked_layer_stays_unchecked_when_it_is_renamed(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget
) -> None:
    widget.layer_list.item(1).setCheckState(Qt.CheckState.Unchecked)
    window.layers["cells"].name = "zellen"
    qtbot.waitUntil(lambda: rows(widget)[1] == "zellen")
    assert widget.layer_list.item(1).checkState() == Qt.CheckState.Unchecked
    assert "Check at least one" in widget.summary.text()
    assert not widget.save_button.isEnabled()


def test_what_is_typed_becomes_a_choice(qtbot: QtBot, widget: SaveWidget, tmp_path: Path) -> None:
    widget.file.line_edit.value = str(tmp_path / "a")
    widget.version.value = "0.6"
    widget.levels.value = widget.levels.choices[1]
    widget.level_count.value = 3
    assert not widget.codec.enabled
    widget.stored.value = widget.stored.choices[1]
    qtbot.waitUntil(lambda: widget.codec.enabled)
    widget.codec.value = "none"
    widget.chunk.value = 32
    widget.shard.value = 64
    qtbot.waitUntil(widget.save_button.isEnabled)
    assert widget.choices == SaveChoices(
        str(tmp_path / "a"), frozenset(), "0.6", 3, 32, 64, "none", 0, as_in_file=False
    )
    assert not widget.level.enabled
    assert "OME-Zarr 0.6, 3 arrays" in widget.summary.text()


def test_choices_are_shown_in_the_form(widget: SaveWidget, tmp_path: Path) -> None:
    chosen = SaveChoices(str(tmp_path / "b"), frozenset(), "0.5", 2, 16, 0, "gzip", 7, **CHOSEN)
    widget.choices = chosen
    assert widget.choices == chosen
    assert widget.file.line_edit.value == str(tmp_path / "b")
    assert (widget.version.value, widget.level_count.value) == ("0.5", 2)
    assert (widget.chunk.value, widget.shard.value) == (16, 0)
    assert (widget.codec.value, widget.level.value) == ("gzip", 7)
    widget.choices = replace(chosen, shard=17)
    assert "not a whole number of chunks" in widget.summary.text()
    assert not widget.save_button.isEnabled()


def test_cancelling_keeps_no_file(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    window.layers.clear()
    slow = da.zeros((400, 64, 64), dtype=np.uint16, chunks=(1, 64, 64)).map_blocks(
        lambda block: __import__("time").sleep(0.02) or block, dtype=np.uint16
    )
    window.add_image(slow, name="slow", contrast_limits=(0, 1))
    widget.choices = SaveChoices(file=str(tmp_path / "a"), shard=0, chunk=64, **CHOSEN)
    widget.save_button.click()
    assert widget.job.running
    assert widget.progress.isVisible()
    qtbot.waitUntil(lambda: widget.progress.value() > 0, timeout=20_000)
    qtbot.mouseClick(widget.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not widget.job.running, timeout=20_000)
    assert widget.result.text().startswith("Cancelled")
    assert not list(tmp_path.iterdir())
    assert widget.save_button.isEnabled()


def test_labels_painted_during_a_save_are_saved_as_they_were(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    labels = window.add_labels(np.ones((40, 50), np.uint8), name="nuclei")
    widget.choices = SaveChoices(file=str(tmp_path / "a"))
    widget.save()
    labels.data[:] = 9
    qtbot.waitUntil(lambda: not widget.job.running, timeout=20_000)
    saved = {layer.name: layer for layer in layers_of(tmp_path / "a.ome.zip")}
    assert set(np.unique(pixels(saved["nuclei"]))) == {1}


def test_the_saved_file_can_be_checked(
    qtbot: QtBot, window: napari.Viewer, widget: SaveWidget, tmp_path: Path
) -> None:
    assert not widget.check_button.isVisible()
    for layer in window.layers:
        layer.units = ("um", "um")
    widget.choices = SaveChoices(file=str(tmp_path / "a.ozx"))
    widget.save_button.click()
    qtbot.waitUntil(lambda: widget.job.saved == tmp_path / "a.ozx", timeout=20_000)
    assert widget.check_button.isVisible()
    qtbot.mouseClick(widget.check_button, Qt.MouseButton.LeftButton)
    (validator,) = (
        w for n, w in window.window.dock_widgets.items() if n.startswith("Check an archive")
    )
    qtbot.waitUntil(lambda: validator.model.report is not None, timeout=20_000)
    assert not validator.model.report.issues


def test_without_a_validator_there_is_no_button(
    qtbot: QtBot, widget: SaveWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(save_widget, "CHECK_COMMAND", "not there")
    widget.choices = SaveChoices(file=str(tmp_path / "a"))
    widget.save_button.click()
    qtbot.waitUntil(lambda: widget.job.saved is not None, timeout=20_000)
    assert not widget.check_button.isVisible()
