"""The size of the cache is a preference of napari, and counts while napari runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import napari
import numpy as np
import pytest
from napari.settings import get_plugin_settings
from npe2 import PluginManifest
from qtpy.QtWidgets import QLabel, QWidget

import napari_ome_zip
from hierarchy_builder import HierarchyBuilder
from napari_ome_zip.files.disk_cache import cache_folder
from napari_ome_zip.files.disk_cache.cache_folder import (
    DEFAULT_LINK_CACHE_BYTES,
    LINK_CACHE_VARIABLE,
)
from napari_ome_zip.pixels.decoded_chunks import CACHE_VARIABLE, DEFAULT_CACHE_BYTES
from napari_ome_zip.plugin.preferences import follow_memory_for_3d, memory_for_3d, use_preferences


@pytest.fixture(autouse=True)
def size_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    before = napari_ome_zip.cache_size()
    yield
    napari_ome_zip.set_cache_size(before)


@pytest.fixture
def links_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what is read of links is kept meanwhile."""
    folder = tmp_path / "links"
    monkeypatch.delenv(LINK_CACHE_VARIABLE)
    monkeypatch.setenv(cache_folder.LINK_CACHE_FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(cache_folder, "_state", cache_folder._State(DEFAULT_LINK_CACHE_BYTES))
    return folder


@pytest.fixture
def reading(plugin_settings: Any, npe2pm: Any) -> Any:
    npe2pm.register(PluginManifest.from_distribution("napari-ome-zip"))
    return get_plugin_settings("napari-ome-zip").reading


def test_the_default_is_that_of_scripts(reading: Any) -> None:
    assert reading.cache_mb << 20 == DEFAULT_CACHE_BYTES


def test_it_counts_when_a_file_is_opened_and_when_it_changes(
    reading: Any, tmp_path: Path, make_napari_viewer: Callable[[], napari.Viewer]
) -> None:
    viewer = make_napari_viewer()
    reading.cache_mb = 300
    pixels = np.zeros((4, 4), np.uint8)
    path = HierarchyBuilder().image(pixels, "yx").archive(tmp_path / "a.ozx")
    viewer.open(path, plugin="napari-ome-zip")
    assert napari_ome_zip.cache_size() == 300 << 20
    reading.cache_mb = 0
    assert napari_ome_zip.cache_size() == 0


def test_the_disk_for_links_is_a_preference_too(reading: Any, links_folder: Path) -> None:
    kept = links_folder / "a" / "b.data"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(bytes(100))
    assert reading.link_cache_mb << 20 == DEFAULT_LINK_CACHE_BYTES
    use_preferences()
    assert napari_ome_zip.link_cache_size() == DEFAULT_LINK_CACHE_BYTES
    reading.link_cache_mb = 300
    assert napari_ome_zip.link_cache_size() == 300 << 20
    assert kept.exists()
    reading.link_cache_mb = 0
    assert napari_ome_zip.link_cache_size() == 0
    assert not kept.exists()


def test_the_dialog_says_what_each_preference_is_and_does(
    window: napari.Viewer, reading: Any
) -> None:
    manifest = PluginManifest.from_file(str(files("napari_ome_zip") / "napari.yaml"))
    window.window._open_preferences_dialog()
    dialog = window.window._pref_dialog
    labels = {label.text(): label for label in dialog.findChildren(QLabel)}
    tips = {widget.toolTip() for widget in dialog.findChildren(QWidget)}
    for section in manifest.contributions.configurations.values():
        for setting in section.properties.values():
            assert setting.title in labels
            assert setting.description in tips
            assert setting.description.endswith(".")
    dialog.close()


def test_the_environment_wins(reading: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, "77")
    before = napari_ome_zip.cache_size()
    reading.cache_mb = 300
    use_preferences()
    assert napari_ome_zip.cache_size() == before


def test_without_the_plugin_nothing_is_set(plugin_settings: Any, npe2pm: Any) -> None:
    before = napari_ome_zip.cache_size()
    use_preferences()
    assert napari_ome_zip.cache_size() == before


def test_memory_for_3d_is_a_preference_that_is_followed(reading: Any) -> None:
    class Follower:
        told = 0

        def changed(self, event: Any = None) -> None:
            self.told = memory_for_3d()

    follower = Follower()
    assert memory_for_3d() == 512 << 20
    follow_memory_for_3d(follower.changed)
    reading.memory_3d_mb = 64
    assert follower.told == 64 << 20
