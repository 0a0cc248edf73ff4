"""What is opened and saved in a window has a preview among those of file managers."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.settings import get_plugin_settings
from npe2 import PluginManifest
from PIL import Image

from hierarchy_builder import HierarchyBuilder
from link_windows import PATIENCE, drop_links, told, wait_for_layers
from napari_ome_zip import rendering
from napari_ome_zip.desktop.file_uri import file_uri
from napari_ome_zip.plugin import previews
from pictures import listing, pixels_of, png, thumbnail
from range_server import RangeServer
from waiting import until

if TYPE_CHECKING:
    import napari
    from pytestqt.qtbot import QtBot
    from tests.plugin.conftest import BrightArchive

pytestmark = [
    pytest.mark.usefixtures("errors_become_notifications"),
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="only desktops of Linux and BSD have previews"
    ),
]

type Drop = Callable[[napari.Viewer, Iterable[Path]], None]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the previews of a user of the test's own, whose files are not temporary."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "XFCE")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(previews, "REST_MS", 0)
    return tmp_path / "cache" / "thumbnails"


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the files whose previews were dealt with."""
    dealt_with: list[Path] = []
    keep = previews._keep

    def note(path: Path, draw: Any) -> None:
        keep(path, draw)
        dealt_with.append(path)

    monkeypatch.setattr(previews, "_keep", note)
    return dealt_with


def kept(cache: Path) -> dict[str, Path]:
    """Return the large previews by the links that they say they are of."""
    found = {}
    for path in (cache / "large").glob("*.png"):
        with Image.open(path) as preview:
            found[preview.info["Thumb::URI"]] = path
    return found


def test_a_file_that_is_dropped(
    qtbot: QtBot,
    window: napari.Viewer,
    cache: Path,
    done: list[Path],
    drop: Drop,
    bright_archive: BrightArchive,
) -> None:
    drop(window, [bright_archive.path])
    qtbot.waitUntil(lambda: bool(done), timeout=PATIENCE)
    pixels = pixels_of(kept(cache)[file_uri(bright_archive.path)].read_bytes())
    # 40 × 60 pixels, of which 10:20, 30:50 are bright.
    assert pixels.shape == (171, 256, 3)
    assert (pixels[50:80, 140:200] == 255).all()
    assert (pixels[:35] == 0).all()
    assert (pixels[:, :120] == 0).all()


def test_the_thumbnail_of_a_file_is_its_preview(
    qtbot: QtBot, window: napari.Viewer, cache: Path, done: list[Path], drop: Drop, tmp_path: Path
) -> None:
    builder = HierarchyBuilder().image(np.zeros((8, 8), np.uint8), "yx")
    builder.put("small.png", png(256, 256))
    for name, value in listing(thumbnail(256, 256, "small.png")).items():
        builder.attribute("", name, value)
    path = builder.archive(tmp_path / "cells.ozx")
    drop(window, [path])
    qtbot.waitUntil(lambda: bool(done), timeout=PATIENCE)
    assert (pixels_of(kept(cache)[file_uri(path)].read_bytes()) == (12, 34, 56)).all()


def test_a_file_that_is_saved(
    qtbot: QtBot,
    window: napari.Viewer,
    cache: Path,
    done: list[Path],
    bright_archive: BrightArchive,
    tmp_path: Path,
) -> None:
    window.open(bright_archive.path, plugin="napari-ome-zip")
    target = tmp_path / "saved.ozx"
    window.layers.save(str(target), plugin="napari-ome-zip")
    qtbot.waitUntil(lambda: target in done, timeout=PATIENCE)
    with Image.open(kept(cache)[file_uri(target)]) as preview:
        assert preview.info["Thumb::MTime"] == str(int(target.stat().st_mtime))


def test_of_many_files_one_is_drawn_after_the_other(
    cache: Path, done: list[Path], two_bright_archives: tuple[BrightArchive, BrightArchive]
) -> None:
    may_end, drawing = threading.Event(), []

    def draw() -> bytes:
        drawing.append(threading.current_thread())
        may_end.wait()
        return png(8, 8)

    for archive in two_bright_archives:
        previews._QUEUE.add(archive.path, draw)
    until(lambda: bool(drawing))
    drawers = [each for each in threading.enumerate() if each.name == previews.THREAD]
    may_end.set()
    until(lambda: len(done) == 2)
    assert drawers == [drawing[0]]
    assert done == [archive.path for archive in two_bright_archives]


def test_none_of_what_a_script_opens_nor_of_a_link(
    qtbot: QtBot,
    window: napari.Viewer,
    cache: Path,
    done: list[Path],
    drop: Drop,
    two_bright_archives: tuple[BrightArchive, BrightArchive],
) -> None:
    left, right = two_bright_archives
    window.open(left.path, plugin="napari-ome-zip")
    with RangeServer({"right.ozx": right.path.read_bytes()}) as server:
        drop_links(window, server.url("right.ozx"))
        wait_for_layers(qtbot, window, 2)
    drop(window, [right.path])
    qtbot.waitUntil(lambda: bool(done), timeout=PATIENCE)
    assert [*kept(cache)] == [file_uri(right.path)]


def test_none_where_a_person_wants_none(
    window: napari.Viewer,
    plugin_settings: Any,
    npe2pm: Any,
    cache: Path,
    drop: Drop,
    bright_archive: BrightArchive,
) -> None:
    npe2pm.register(PluginManifest.from_distribution("napari-ome-zip"))
    get_plugin_settings("napari-ome-zip").reading.keep_previews = False
    assert not previews._is_wanted(str(bright_archive.path))
    get_plugin_settings("napari-ome-zip").reading.keep_previews = True
    assert previews._is_wanted(str(bright_archive.path))


def test_nobody_is_told_where_there_can_be_none(
    qtbot: QtBot,
    window: napari.Viewer,
    cache: Path,
    done: list[Path],
    drop: Drop,
    bright_archive: BrightArchive,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object, **__: object) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(rendering, "thumbnail_png", fails)
    drop(window, [bright_archive.path])
    qtbot.waitUntil(lambda: bool(done), timeout=PATIENCE)
    assert not told(window)
    assert not cache.exists()
