"""What is remembered of links, how typed ones are understood, and what is proposed for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from napari.settings import get_plugin_settings
from npe2 import PluginManifest

from napari_ome_zip.errors import ArchiveError, LinkError, NoRangesError
from napari_ome_zip.files import Link
from napari_ome_zip.files.known_links import known_link, public_name, remember_link
from napari_ome_zip.plugin.links.download import proposed_target
from napari_ome_zip.plugin.links.recent import (
    MOST,
    may_be_remembered,
    recent_links,
    remember_recent,
)
from napari_ome_zip.plugin.links.typed import typed_link
from napari_ome_zip.plugin.notices import combine, of_error

SECRET = "a5ecret"


@pytest.fixture
def settings(plugin_settings: Any, npe2pm: Any) -> Any:
    npe2pm.register(PluginManifest.from_distribution("napari-ome-zip"))
    return get_plugin_settings("napari-ome-zip").links


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://example.org/a.ozx", "https://example.org/a.ozx"),
        ("  <https://example.org/a.ozx>\n", "https://example.org/a.ozx"),
        ('"https://example.org/a.ozx"', "https://example.org/a.ozx"),
        ("example.org/data/a.ozx", "https://example.org/data/a.ozx"),
        ("example.org:8080/a.ozx", "https://example.org:8080/a.ozx"),
        ("https://example.org/a.ozx|zip:|zarr3:", "https://example.org/a.ozx"),
        ("s3://bucket/a.ozx", "s3://bucket/a.ozx"),
    ],
)
def test_links_are_understood_as_they_are_pasted(typed: str, url: str) -> None:
    link = typed_link(typed)
    assert link is not None
    assert link.url == url


@pytest.mark.parametrize("typed", ["", "a.ozx", "/data/a.ozx", "C:\\a.ozx", "hello", "https://"])
def test_what_is_no_link_is_none(typed: str) -> None:
    assert typed_link(typed) is None


def test_recent_links_are_in_order_each_once_and_not_too_many(settings: Any) -> None:
    for number in range(MOST + 5):
        remember_recent(Link(f"https://example.org/{number}.ozx"))
    remember_recent(Link("https://example.org/20.ozx"))
    found = recent_links()
    assert len(found) == MOST
    assert found[:3] == [f"https://example.org/{number}.ozx" for number in (20, 24, 23)]
    assert len(set(found)) == MOST


def test_files_of_buckets_with_spaces_in_their_names_are_remembered(settings: Any) -> None:
    urls = ["s3://cells/My cells and others.ozx", "https://example.org/a.ozx"]
    for url in reversed(urls):
        remember_recent(Link(url))
    assert recent_links() == urls


@pytest.mark.parametrize(
    "url",
    [
        f"https://me:{SECRET}@example.org/a.ozx",
        f"https://example.org/a.ozx?signature={SECRET}",
        f"https://example.org/a.ozx?{SECRET}",
        f"https://example.org/a.ozx?download={SECRET}",
        f"https://example.org/a.ozx?download=1&token={SECRET}",
    ],
)
def test_links_with_secrets_are_not_remembered(settings: Any, url: str) -> None:
    remember_recent(Link(url))
    assert recent_links() == []


def test_a_query_that_asks_for_the_file_is_no_secret(settings: Any) -> None:
    assert may_be_remembered(Link("https://example.org/a.ozx?download=1"))


def test_a_link_is_found_by_what_it_is_called() -> None:
    link = Link(f"https://me:{SECRET}@example.org/known.ozx?signature={SECRET}")
    remember_link(link)
    assert known_link(link.source) == link
    assert SECRET not in public_name(link.url)
    assert known_link(public_name(link.url)) == link
    assert public_name("/data/a.ozx") == "/data/a.ozx"


def test_a_file_that_cannot_be_reached_is_not_offered_to_be_checked() -> None:
    link = Link(f"https://example.org/a.ozx?signature={SECRET}")
    told = combine([of_error(LinkError("There is no such file: a.ozx."), link)])
    assert (told.is_error, told.files, told.download) == (True, (), "")
    told = combine([of_error(ArchiveError("a.ozx is incomplete."), link)])
    assert [file.path for file in told.files] == [link.source]
    assert SECRET not in repr(told)


def test_a_file_without_ranges_is_offered_to_be_downloaded() -> None:
    link = Link("https://example.org/a.ozx")
    assert combine([of_error(NoRangesError("No parts."), link)]).download == link.source


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("cells.ozx", "cells.ozx"),
        ("files/content", "content.ozx"),
        ("..%2F..%2Fcells.ome.zip", ".. .. cells.ome.zip"),
        ("a%3Ab.zip", "a b.ozx"),
    ],
)
def test_a_download_is_proposed_under_its_own_name(path: str, name: str) -> None:
    proposed = proposed_target(Link(f"https://example.org/{path}"))
    assert proposed.name == name
    assert proposed.parent.is_dir()


def test_no_file_that_exists_is_proposed_for_a_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qtpy.QtCore import QStandardPaths

    monkeypatch.setattr(QStandardPaths, "standardLocations", lambda _: [str(tmp_path)])
    (tmp_path / "cells.ome.zip").touch()
    link = Link("https://example.org/cells.ome.zip")
    assert proposed_target(link) == tmp_path / "cells 2.ome.zip"
