"""Fixtures for what napari sees: small archives with a bright block, and real windows."""

from __future__ import annotations

import gc
import json
import sys
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from zarr.storage import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot


@dataclass(frozen=True)
class BrightArchive:
    """An archive of one image, dark but for a bright block, and where that block must be seen."""

    path: Path
    pixels: np.ndarray
    bright: tuple[float, float]
    """World coordinates (y, x) of the pixel at the block's middle."""
    dark: tuple[float, float]
    """World coordinates (y, x) of a pixel outside the block."""


PIXEL_SIZE = 0.5
BRIGHT = 255


def write_bright_archive(path: Path, corner: tuple[float, float] = (5.0, 7.0)) -> BrightArchive:
    """Write an archive of OME-Zarr 0.5 by zarr and zipfile alone.

    ``corner`` is the world coordinate (y, x) of the first pixel's centre, in micrometres.
    """
    pixels = np.zeros((40, 60), dtype=np.uint8)
    pixels[10:20, 30:50] = BRIGHT
    placement = [
        {"type": "scale", "scale": [PIXEL_SIZE, PIXEL_SIZE]},
        {"type": "translation", "translation": list(corner)},
    ]
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    window = {"min": 0, "max": BRIGHT, "start": 0, "end": BRIGHT}
    ome = {
        "version": "0.5",
        "multiscales": [
            {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": placement}]}
        ],
        "omero": {"channels": [{"label": "block", "color": "FFFFFF", "window": window}]},
    }
    entries: dict[str, Any] = {}
    root = zarr.create_group(MemoryStore(entries), attributes={"ome": ome})
    array = root.create_array(
        "0",
        shape=pixels.shape,
        dtype=pixels.dtype,
        chunks=(16, 16),
        dimension_names=("y", "x"),
    )
    array[...] = pixels
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(entries, key=lambda name: (not name.endswith("zarr.json"), name)):
            archive.writestr(name, entries[name].to_bytes())
        archive.comment = json.dumps({"ome": {"version": "0.5"}}).encode()

    def world(row: int, column: int) -> tuple[float, float]:
        return corner[0] + row * PIXEL_SIZE, corner[1] + column * PIXEL_SIZE

    return BrightArchive(path, pixels, bright=world(15, 40), dark=world(30, 10))


@pytest.fixture(autouse=True)
def forgotten_choices() -> Iterator[None]:
    """Let no form remember what was chosen in another test."""
    yield
    settings = sys.modules.get("napari.settings")
    known = {} if settings is None else settings._PLUGIN_SETTINGS
    if "napari-ome-zip" in known:
        known["napari-ome-zip"].saving.reset()
        known["napari-ome-zip"].links.reset()


@pytest.fixture(autouse=True, scope="session")
def manifests_read_once() -> Iterator[None]:
    """Read the manifests of installed plugins once: each window would parse all of them again."""
    from npe2 import PluginManifest

    found = list(PluginManifest.discover())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PluginManifest, "discover", lambda paths=(): iter(found))
        yield


@pytest.fixture(autouse=True, scope="module")
def frozen_modules() -> None:
    """Keep what windows have loaded by now out of collecting garbage, too."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def bright_archive(tmp_path: Path) -> BrightArchive:
    """Return one archive, its name with a space in it."""
    return write_bright_archive(tmp_path / "my cells.ome.zip")


@pytest.fixture
def two_bright_archives(tmp_path: Path) -> tuple[BrightArchive, BrightArchive]:
    """Return two archives that lie side by side in the world, one of each published name."""
    return (
        write_bright_archive(tmp_path / "left.ome.zip"),
        write_bright_archive(tmp_path / "right.ozx", corner=(5.0, 47.0)),
    )


@pytest.fixture
def no_chooser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail, rather than wait for ever, where napari would ask which reader to use."""
    from napari._qt.dialogs.qt_reader_dialog import QtReaderDialog

    def ask(dialog: QtReaderDialog) -> tuple[str, bool]:
        pytest.fail(f"napari asked which reader to use: {dialog.windowTitle()}")

    monkeypatch.setattr(QtReaderDialog, "get_user_choices", ask)


@pytest.fixture
def window(
    make_napari_viewer: Callable[..., napari.Viewer],
    monkeypatch: pytest.MonkeyPatch,
    no_chooser: None,
) -> napari.Viewer:
    """Return a viewer whose window is on the screen: hidden ones draw nothing."""
    from qtpy.QtCore import Qt
    from qtpy.QtGui import QGuiApplication

    # A key that someone holds down during the tests would change what a drop means.
    no_key = Qt.KeyboardModifier.NoModifier
    monkeypatch.setattr(QGuiApplication, "keyboardModifiers", staticmethod(lambda: no_key))
    return make_napari_viewer(show=True)


@pytest.fixture
def errors_become_notifications(window: napari.Viewer) -> Iterator[None]:
    """Handle errors as a started napari does."""
    from napari.utils.notifications import notification_manager

    notification_manager.records.clear()
    with notification_manager:
        yield
    # A traceback holds the window, which would seem to leak when it is closed.
    for record in notification_manager.records:
        drop_tracebacks(getattr(record, "exception", None))
    drop_tracebacks(getattr(sys, "last_exc", None))
    sys.last_traceback = None
    notification_manager.records.clear()


def drop_tracebacks(error: BaseException | None) -> None:
    """Cut the tracebacks off an error and off all that led to it."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


@pytest.fixture
def drop() -> Callable[[napari.Viewer, Iterable[Path]], None]:
    """Return a function that drags files onto a window and lets go of them."""
    return post_drop


def post_drop(window: napari.Viewer, paths: Iterable[Path]) -> None:
    """Post the events of dragging files onto a window and letting go of them."""
    from qtpy.QtCore import QUrl

    from dropping import post_drop_of

    post_drop_of([QUrl.fromLocalFile(str(path)) for path in paths], window.window._qt_viewer)


@pytest.fixture
def answer() -> Callable[[str], list[str]]:
    """Return what presses a button of the next question, and gives what the question was."""

    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication, QMessageBox

    def press(text: str) -> list[str]:
        asked: list[str] = []

        def look() -> None:
            box = QApplication.activeModalWidget()
            if not isinstance(box, QMessageBox):
                QTimer.singleShot(50, look)
                return
            asked.append(box.text())
            next(button for button in box.buttons() if button.text() == text).click()

        QTimer.singleShot(0, look)
        return asked

    return press


@pytest.fixture
def choose_in_dialog(qtbot: QtBot) -> Iterator[Callable[[Path], None]]:
    """Return a function that types a path into the file dialog about to open."""
    from functools import partial

    from qtpy.QtCore import Qt, QTimer
    from qtpy.QtWidgets import QApplication, QFileDialog, QLineEdit

    # A desktop's own dialog cannot be driven from here, Qt's can.
    native = Qt.ApplicationAttribute.AA_DontUseNativeDialogs
    before = QApplication.testAttribute(native)
    QApplication.setAttribute(native, True)

    def type_path(path: Path) -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            QTimer.singleShot(50, partial(type_path, path))
            return
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        line.setText(str(path))
        qtbot.keyClick(line, Qt.Key.Key_Return)

    yield lambda path: QTimer.singleShot(0, partial(type_path, path))
    QApplication.setAttribute(native, before)
