"""Saving what lies behind a link, by napari's own menu: the window answers meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QTimer

from heartbeat import Heartbeat
from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import open_image
from napari_ome_zip.errors import SaveCancelledError
from napari_ome_zip.plugin import writer
from napari_ome_zip.plugin.docks import PLUGIN
from range_server import RangeServer

if TYPE_CHECKING:
    import napari

BEATS = 20
PIXELS = np.random.default_rng(3).integers(0, 2**16, (6, 300, 300), np.uint16)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RangeServer]:
    options = {"chunks": (1, 100, 100), "compressors": None}
    path = HierarchyBuilder().image(PIXELS, "zyx", options=options).archive(tmp_path / "a.ozx")
    with RangeServer({"a.ozx": path.read_bytes()}) as server:
        yield server


def test_the_window_answers_while_a_link_is_saved(
    window: napari.Viewer, server: RangeServer, tmp_path: Path
) -> None:
    window.open(server.url("a.ozx"), plugin=PLUGIN)
    heart = Heartbeat()
    beats: list[int] = []

    def look() -> None:
        if server.asked.is_set() and not beats:
            beats.append(heart.count)
        if beats and heart.count >= beats[0] + BEATS:
            looking.stop()
            server.release()

    looking = QTimer()
    looking.timeout.connect(look)
    server.forget()
    server.hold()
    looking.start(10)
    saved = window.layers.save(str(tmp_path / "saved.ozx"), plugin=PLUGIN)
    assert saved == [str(tmp_path / "saved.ozx")]
    assert heart.count >= beats[0] + BEATS
    (part,) = open_image(saved[0]).images
    np.testing.assert_array_equal(part.levels[0].compute(), PIXELS)


def test_it_can_be_cancelled_while_the_server_takes_its_time(
    window: napari.Viewer,
    server: RangeServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window.open(server.url("a.ozx"), plugin=PLUGIN)
    bars: list[writer.cancelable_progress] = []

    class Noted(writer.cancelable_progress):
        def __init__(self, *args: object, **keywords: object) -> None:
            super().__init__(*args, **keywords)
            bars.append(self)

    monkeypatch.setattr(writer, "cancelable_progress", Noted)
    cancelling = QTimer()
    cancelling.timeout.connect(lambda: server.asked.is_set() and bars and bars[0].cancel())
    server.forget()
    server.hold()
    cancelling.start(20)
    with pytest.raises(SaveCancelledError):
        window.layers.save(str(tmp_path / "saved.ozx"), plugin=PLUGIN)
    cancelling.stop()
    assert not [*tmp_path.glob("*saved*")]
