"""Every command of the plugin in the palette works when it is chosen."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.settings import get_settings
from napari.utils.notifications import ErrorNotification, notification_manager
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QTextBrowser

import napari_ome_zip
from command_titles import MANIFEST, TITLES
from napari_layers import pixels
from napari_ome_zip.plugin.docks import PLUGIN
from napari_ome_zip.plugin.documentation.help_menu import ENTRY
from napari_ome_zip.plugin.documentation.text import documentation, self_contained
from napari_ome_zip.plugin.documentation.widget import DocumentationWidget
from napari_ome_zip.plugin.integrate.dialog import IntegrateDialog
from napari_ome_zip.plugin.links.dialog import LinkDialog
from napari_ome_zip.plugin.picture.dialog import PictureDialog
from napari_ome_zip.plugin.region.dialog import RegionDialog
from written_files import written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari
    from pytestqt.qtbot import QtBot
    from tests.plugin.conftest import BrightArchive

    type Choose = Callable[[Path], None]

WAIT = 20_000
NAME = "OME-Zarr archives"

pytestmark = pytest.mark.usefixtures("errors_become_notifications")

IN_OUT = {
    TITLES[contribution.command]
    for contribution in (*MANIFEST.contributions.readers, *MANIFEST.contributions.writers)
}
"""Titles that napari 0.10 leaves out of the palette, where there is neither a path nor data."""


@pytest.fixture
def choose(qtbot: QtBot, window: napari.Viewer) -> Callable[[str], None]:
    """Return a function that opens the palette, types a title, and presses the return key."""

    # Else hits depend on a library that may be there, and are not those of the words alone.
    settings = get_settings().experimental
    if hasattr(settings, "command_palette_fuzzy_search"):  # not in every napari
        settings.command_palette_fuzzy_search = "Disabled"

    def choose(title: str) -> None:
        window.window._toggle_command_palette()
        palette = window.window._qt_window._command_palette
        qtbot.waitUntil(palette.isVisible, timeout=WAIT)
        qtbot.keyClicks(palette._line, title.rstrip("…"))  # of letters that a keyboard has
        found = [command.title for command in palette._list.iter_command()]
        if title in IN_OUT and f"{title} ({NAME})" not in found:
            pytest.skip("this napari leaves readers and writers out of the palette")
        for _ in range(found.index(f"{title} ({NAME})")):
            qtbot.keyClick(palette._line, Qt.Key.Key_Down)
        assert palette._list.can_execute(), f"{title} is greyed"
        qtbot.keyClick(palette._line, Qt.Key.Key_Return)

    return choose


@pytest.mark.parametrize("command", [w.command for w in MANIFEST.contributions.widgets])
def test_a_widget_is_opened(
    qtbot: QtBot, window: napari.Viewer, choose: Callable[[str], None], command: str
) -> None:
    choose(TITLES[command])
    name = f"{TITLES[command]} ({NAME})"
    qtbot.waitUntil(lambda: name in window.window.dock_widgets, timeout=WAIT)
    assert notification_manager.records == []


def test_that_there_are_no_labels_to_edit_is_told(
    qtbot: QtBot, window: napari.Viewer, choose: Callable[[str], None]
) -> None:
    choose(TITLES[f"{PLUGIN}.edit_labels"])
    qtbot.waitUntil(lambda: bool(notification_manager.records), timeout=WAIT)
    (record,) = notification_manager.records
    assert not isinstance(record, ErrorNotification)


def test_every_command_is_tried_here() -> None:
    tried = {w.command for w in MANIFEST.contributions.widgets} | {
        f"{PLUGIN}.{name}"
        for name in (
            "read",
            "open_link",
            "integrate",
            "write_ome_zip",
            "write_ozx",
            "edit_labels",
            "save_region",
            "save_picture",
            "open_overlapping_fields",
        )
    }
    assert tried == set(TITLES)


def test_a_link_is_asked_for(
    qtbot: QtBot, window: napari.Viewer, choose: Callable[[str], None]
) -> None:
    choose(TITLES[f"{PLUGIN}.open_link"])

    def dialogs() -> list[LinkDialog]:
        return window.window._qt_window.findChildren(LinkDialog)

    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in dialogs()), timeout=WAIT)
    dialogs()[0].reject()
    assert notification_manager.records == []


def test_what_of_the_visible_region_is_saved_is_asked(
    qtbot: QtBot, window: napari.Viewer, choose: Callable[[str], None]
) -> None:
    window.add_image(np.ones((40, 50)), name="flat")
    choose(TITLES[f"{PLUGIN}.save_region"])

    def dialogs() -> list[RegionDialog]:
        return window.window._qt_window.findChildren(RegionDialog)

    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in dialogs()), timeout=WAIT)
    dialogs()[0].reject()
    assert notification_manager.records == []


def test_what_a_double_click_opens_is_asked_for(
    qtbot: QtBot, window: napari.Viewer, choose: Callable[[str], None], own_home: Path
) -> None:
    choose(TITLES[f"{PLUGIN}.integrate"])

    def dialogs() -> list[IntegrateDialog]:
        return window.window._qt_window.findChildren(IntegrateDialog)

    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in dialogs()), timeout=WAIT)
    dialogs()[0].reject()
    assert written(own_home) == []
    assert notification_manager.records == []


def test_how_a_picture_is_to_be_is_asked(
    qtbot: QtBot, window: napari.Viewer, choose: Callable[[str], None]
) -> None:
    window.add_image(np.ones((40, 50)), name="flat")
    choose(TITLES[f"{PLUGIN}.save_picture"])

    def dialogs() -> list[PictureDialog]:
        return window.window._qt_window.findChildren(PictureDialog)

    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in dialogs()), timeout=WAIT)
    dialogs()[0].reject()
    assert notification_manager.records == []


def test_a_sample_is_opened(
    qtbot: QtBot, window: napari.Viewer, choose: Callable[[str], None]
) -> None:
    choose(TITLES[f"{PLUGIN}.open_overlapping_fields"])
    qtbot.waitUntil(lambda: len(window.layers) > 0, timeout=WAIT)


def test_archives_are_asked_for_and_opened(
    qtbot: QtBot,
    window: napari.Viewer,
    choose: Callable[[str], None],
    choose_in_dialog: Choose,
    bright_archive: BrightArchive,
) -> None:
    choose_in_dialog(bright_archive.path)
    choose(TITLES[f"{PLUGIN}.read"])
    qtbot.waitUntil(lambda: len(window.layers) == 1, timeout=WAIT)
    np.testing.assert_array_equal(pixels(window.layers[0]).squeeze(), bright_archive.pixels)
    assert notification_manager.records == []


def test_an_archive_that_is_asked_for_and_bad_is_told_of_once(
    qtbot: QtBot,
    window: napari.Viewer,
    choose: Callable[[str], None],
    choose_in_dialog: Choose,
    tmp_path: Path,
) -> None:
    (tmp_path / "bad.ozx").write_bytes(b"")
    choose_in_dialog(tmp_path / "bad.ozx")
    choose(TITLES[f"{PLUGIN}.read"])
    qtbot.waitUntil(lambda: bool(notification_manager.records), timeout=WAIT)
    (record,) = notification_manager.records
    assert record.message.startswith("The file is empty")


@pytest.mark.parametrize(
    ("command", "typed", "written"),
    [
        ("write_ome_zip", "saved", "saved.ome.zip"),
        ("write_ozx", "saved.zip", "saved.ozx"),
        ("write_ozx", "saved.ome.zip", "saved.ome.zip"),
    ],
)
def test_all_layers_are_saved_under_the_name_that_is_asked_for(
    qtbot: QtBot,
    window: napari.Viewer,
    choose: Callable[[str], None],
    choose_in_dialog: Choose,
    tmp_path: Path,
    command: str,
    typed: str,
    written: str,
) -> None:
    window.add_image(np.eye(8, dtype=np.uint8), name="cells")
    window.add_labels(np.eye(8, dtype=np.uint8), name="nuclei")
    choose_in_dialog(tmp_path / typed)
    choose(TITLES[f"{PLUGIN}.{command}"])
    qtbot.waitUntil((tmp_path / written).exists, timeout=WAIT)
    image = napari_ome_zip.open_image(tmp_path / written)
    assert [len(image.images), len(image.labels)] == [1, 1]
    (record,) = notification_manager.records
    assert record.message.startswith("Saved")


def test_without_layers_there_is_nothing_to_save(
    qtbot: QtBot, choose: Callable[[str], None]
) -> None:
    choose(TITLES[f"{PLUGIN}.write_ozx"])
    qtbot.waitUntil(lambda: bool(notification_manager.records), timeout=WAIT)
    (record,) = notification_manager.records
    assert record.message.startswith("Nothing to save")


def test_a_name_that_is_taken_is_refused_with_that_first(
    qtbot: QtBot,
    window: napari.Viewer,
    choose: Callable[[str], None],
    choose_in_dialog: Choose,
    tmp_path: Path,
) -> None:
    window.add_image(np.eye(8, dtype=np.uint8), name="cells")
    (tmp_path / "taken.ozx").write_bytes(b"precious")
    choose_in_dialog(tmp_path / "taken")
    choose(TITLES[f"{PLUGIN}.write_ozx"])
    qtbot.waitUntil(lambda: bool(notification_manager.records), timeout=WAIT)
    (record,) = notification_manager.records
    assert record.message.startswith("Not saved: taken.ozx exists already")
    assert (tmp_path / "taken.ozx").read_bytes() == b"precious"


# The documentation


def test_the_help_menu_leads_to_the_documentation_of_this_version(
    qtbot: QtBot, window: napari.Viewer, bright_archive: BrightArchive
) -> None:
    for _ in range(2):
        window.open(bright_archive.path, plugin=PLUGIN)
    (entry,) = [a for a in window.window.help_menu.actions() if a.text() == ENTRY]
    entry.trigger()
    entry.trigger()
    docked = window.window.dock_widgets.values()
    (browser,) = [widget for widget in docked if isinstance(widget, QTextBrowser)]
    qtbot.waitUntil(browser.isVisible, timeout=WAIT)
    text = browser.toPlainText()
    assert "Drop the file on the window." in text
    assert "![" not in browser.toMarkdown()


def test_the_documentation_is_that_of_the_package_and_needs_no_other_file() -> None:
    text = documentation()
    version = importlib.metadata.version("napari-ome-zip")
    assert text.startswith(f"*napari-ome-zip {version}*\n\n# In napari")
    assert "](images/" not in text
    assert "](#" not in text


def test_links_in_the_documentation_are_read_on_dark_and_on_light_ground(qtbot: QtBot) -> None:
    browser = DocumentationWidget()
    qtbot.addWidget(browser)
    link = browser.document().find("convention for thumbnails")
    assert link.charFormat().isAnchor()
    color = link.charFormat().foreground().color()
    for ground in (QColor("black"), QColor("white")):
        assert contrast(color, ground) > 3  # what WCAG 2.2 asks for as the least


def contrast(*colors: QColor) -> float:
    """Return the contrast ratio of two colors as WCAG 2.2 defines it."""
    low, high = sorted(map(luminance, colors))
    return (high + 0.05) / (low + 0.05)


def luminance(color: QColor) -> float:
    values = (color.redF(), color.greenF(), color.blueF())
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a\n\n![a plate](docs/plate.png)\n\nb", "a\n\nb"),
        ("a [figure](docs/benchmarks.md) b", "a figure b"),
        ("[napari](https://napari.org)", "[napari](https://napari.org)"),
        ("a\n<!-- not run: needs a server -->\nb", "a\nb"),
        ("![logo](https://napari.org/logo.png)", "![logo](https://napari.org/logo.png)"),
    ],
)
def test_what_lies_beside_the_text_is_left_out_and_the_words_of_links_are_kept(
    markdown: str, text: str
) -> None:
    assert self_contained(markdown) == text
