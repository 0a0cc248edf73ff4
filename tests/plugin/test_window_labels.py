"""What a window says of labels that it cannot show as the file has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from napari.utils.notifications import notification_manager

from napari_ome_zip.image import label_colors
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.reader import read
from shared_material import corpus_params

if TYPE_CHECKING:
    from typing import Any

    import napari
    from pytestqt.qtbot import QtBot

COLORED = [p for p in corpus_params() if p.values[0] and "uint64_huge" in p.values[0]["id"]]


@pytest.mark.parametrize("case", COLORED)
def test_colors_that_need_numba_are_said_to_be_hidden_once_and_in_a_window_only(
    qtbot: QtBot, window: napari.Viewer, monkeypatch: pytest.MonkeyPatch, case: dict[str, Any]
) -> None:
    monkeypatch.setattr(label_colors, "has_numba", lambda: False)
    notification_manager.records.clear()
    window.open(case["file"], plugin=PLUGIN)
    qtbot.waitUntil(lambda: bool(notification_manager.records), timeout=20_000)
    (told,) = [record.message for record in notification_manager.records]
    assert "cannot be shown without numba" in told
    notification_manager.records.clear()
    monkeypatch.setattr("napari.current_viewer", lambda: None)
    read(str(case["file"]))
    assert not notification_manager.records
