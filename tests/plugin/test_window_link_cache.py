"""A link that was shown before is shown again after one request."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from link_windows import drop_links, wait_for_layers
from napari_layers import pixels
from napari_ome_zip.files.disk_cache import cache_folder
from range_server import RangeServer

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot


def test_a_second_opening_in_a_window_is_one_request(
    qtbot: QtBot, window: napari.Viewer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache_folder.LINK_CACHE_FOLDER_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(cache_folder, "_state", cache_folder._State(100 << 20))
    noise = np.random.default_rng(8).integers(0, 4000, (3, 700, 700), np.uint16)
    path = (
        HierarchyBuilder()
        .image(noise, "zyx", options={"chunks": (1, 256, 256)})
        .archive(tmp_path / "noise.ozx")
    )
    with RangeServer({"noise.ozx": path.read_bytes()}) as server:
        for _ in range(2):
            server.forget()
            drop_links(window, server.url("noise.ozx"))
            wait_for_layers(qtbot, window)
            np.testing.assert_array_equal(pixels(window.layers[0]).squeeze(), noise)
            window.layers.clear()
            qtbot.waitUntil(lambda: not is_busy(), timeout=60_000)
        assert [request.status for request in server.requests] == [304]


def is_busy() -> bool:
    """Whether something is still being fetched or kept."""
    return any(thread.name == "ome-zip-link" for thread in threading.enumerate())
