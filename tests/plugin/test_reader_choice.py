"""Which reader napari turns to for which name, with ``napari-ome-zarr`` installed too."""

from __future__ import annotations

from importlib.resources import files

import pytest
from npe2 import PluginManager, PluginManifest

from napari_ome_zip.plugin.reader import get_reader

OURS = "napari-ome-zip"
RIVAL = "napari-ome-zarr"


@pytest.fixture(scope="module")
def manager() -> PluginManager:
    """Return a manager of all plugins that are really installed."""
    pytest.importorskip("napari_ome_zarr")
    manager = PluginManager()
    manager.discover()
    assert OURS in manager
    assert RIVAL in manager
    return manager


def readers(manager: PluginManager, name: str) -> set[str]:
    return {reader.plugin_name for reader in manager.iter_compatible_readers(name)}


@pytest.mark.parametrize(
    "name", ["a.ome.zip", "a.ozx", "A.OME.ZIP", "A.Ozx", "my cells.v2.ome.zip", "a/b c/µ.ozx"]
)
def test_the_two_published_names_have_one_reader_so_napari_does_not_ask(
    manager: PluginManager, name: str
) -> None:
    assert readers(manager, name) == {OURS}


@pytest.mark.parametrize("name", ["a.ome.zarr.zip", "a.zarr.zip"])
def test_names_with_zarr_in_them_can_be_read_too(manager: PluginManager, name: str) -> None:
    assert OURS in readers(manager, name)


@pytest.mark.parametrize("name", ["a.zip", "ome.zip.txt", "a.zarr", "a.ome.zarr", "a.ome.tif"])
def test_other_names_are_left_to_other_plugins(manager: PluginManager, name: str) -> None:
    assert OURS not in readers(manager, name)


@pytest.mark.parametrize(
    "link",
    [
        "https://example.org/a.ozx",
        "https://example.org/data/my cells.ome.zip",
        "https://example.org/a.ozx?signature=x.y/z",
        "https://example.org/a.ozx#top",
        "https://example.org/a.ozx|zip:|zarr3:",
        "https://example.org/a.ozx%7Czip:%7Czarr3:",
        "https://example.org/download?file=a.ozx",
        "s3://bucket/a.ozx",
    ],
)
def test_links_to_such_names_have_one_reader(manager: PluginManager, link: str) -> None:
    assert readers(manager, link) == {OURS}
    assert get_reader(link) is not None


@pytest.mark.parametrize(
    "link",
    [
        "https://example.org/a.zip",
        "https://example.org/a.zarr",
        "https://example.org/a.ome.zarr/",
        "https://example.org/a.tif?from=a",
        "https://example.org/?x",
    ],
)
def test_other_links_are_left_to_other_plugins(manager: PluginManager, link: str) -> None:
    assert OURS not in readers(manager, link)


def test_the_manifest_is_valid_and_its_functions_exist() -> None:
    manifest = PluginManifest.from_file(str(files("napari_ome_zip") / "napari.yaml"))
    manifest.validate_imports()


def test_the_getter_is_found_under_the_name_in_the_manifest(manager: PluginManager) -> None:
    manager.activate(OURS)
    assert manager.commands.get(f"{OURS}.read") is get_reader
