"""A file on a web server as there are many: nginx."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_ome_zip import open_image
from napari_ome_zip.errors import ChangedFileError, LinkError, NoRangesError
from napari_ome_zip.files import Link
from napari_ome_zip.files.web.line import Patience
from napari_ome_zip.files.web.web_object import WebObject
from nginx_server import NginxServer, find_nginx
from whole_archives import whole_archive

CONTENT = bytes(range(256)) * 4000
SOON = Patience(pause=0.001)


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[NginxServer]:
    program = find_nginx()
    if program is None:
        pytest.skip("nginx is not installed: 'apt-get install nginx', or the like")
    files, folder = tmp_path / "files", tmp_path / "nginx"
    files.mkdir()
    folder.mkdir()
    (files / "a.ozx").write_bytes(CONTENT)
    (files / "empty.ozx").write_bytes(b"")
    with NginxServer(program, files, folder) as server:
        yield server


def object_at(nginx: NginxServer, path: str) -> WebObject:
    return WebObject(Link(nginx.url(path)), SOON)


def read(file: WebObject, start: int, stop: int) -> bytes:
    got: list[bytes] = []
    file.fetch(start, stop, got.append)
    return b"".join(got)


@pytest.mark.parametrize("way", ["files", "untagged", "undated", "zipping", "moved"])
def test_ranges_are_those_of_the_file(nginx: NginxServer, way: str) -> None:
    file = object_at(nginx, f"{way}/a.ozx")
    opening = file.open(head=1000, tail=2000)
    assert opening.size == len(CONTENT)
    assert (opening.head, opening.tail) == (CONTENT[:1000], CONTENT[-2000:])
    assert read(file, 5000, 900_000) == CONTENT[5000:900_000]
    assert opening.validator.is_lasting is (way != "undated")
    again = object_at(nginx, f"{way}/a.ozx").open(head=1000, tail=2000, known=opening.validator)
    assert again.is_unchanged
    size, pieces = object_at(nginx, f"{way}/a.ozx").whole()
    assert (size, b"".join(pieces)) == (len(CONTENT), CONTENT)


def test_an_empty_file(nginx: NginxServer) -> None:
    opening = object_at(nginx, "files/empty.ozx").open(head=1000, tail=2000)
    assert (opening.size, opening.head, opening.tail) == (0, b"", b"")


@pytest.mark.parametrize("way", ["files", "untagged"])
def test_another_file_in_its_place(nginx: NginxServer, tmp_path: Path, way: str) -> None:
    file = object_at(nginx, f"{way}/a.ozx")
    known = file.open(head=1000, tail=2000).validator
    path = tmp_path / "files" / "a.ozx"
    path.write_bytes(CONTENT[::-1])
    os.utime(path, (1_000_000_000, 1_000_000_000))  # and an older one
    with pytest.raises(ChangedFileError):
        read(file, 0, 10)
    opening = object_at(nginx, f"{way}/a.ozx").open(head=1000, tail=2000, known=known)
    assert not opening.is_unchanged
    assert opening.head == CONTENT[::-1][:1000]


def test_a_password(nginx: NginxServer) -> None:
    with pytest.raises(LinkError, match="who asks"):
        object_at(nginx, "private/a.ozx").open(head=10, tail=10)
    link = Link(nginx.url("private/a.ozx").replace("http://", "http://me:Pa55word@"))
    assert WebObject(link, SOON).open(head=10, tail=10).head == CONTENT[:10]
    wrong = Link(link.url.replace("Pa55word", "password"))
    with pytest.raises(LinkError, match="does not take the name and password"):
        WebObject(wrong, SOON).open(head=10, tail=10)


def test_a_server_without_ranges(nginx: NginxServer) -> None:
    with pytest.raises(NoRangesError) as raised:
        object_at(nginx, "whole/a.ozx").open(head=10, tail=10)
    assert raised.value.size == len(CONTENT)
    size, pieces = object_at(nginx, "whole/a.ozx").whole()
    assert (size, b"".join(pieces)) == (len(CONTENT), CONTENT)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("files/none.ozx", "link-not-found"),
        ("files/", "link-forbidden"),
        ("forbidden/a.ozx", "link-forbidden"),
        ("login/a.ozx", "link-web-page"),
        ("files/login.html", "link-web-page"),
        ("busy/a.ozx", "link-server-error"),
    ],
)
def test_what_is_no_file(nginx: NginxServer, path: str, code: str) -> None:
    with pytest.raises(LinkError) as raised:
        object_at(nginx, path).open(head=10, tail=10)
    assert raised.value.code == code


def test_an_image_has_the_same_pixels(nginx: NginxServer, tmp_path: Path) -> None:
    truth = whole_archive(tmp_path / "files" / "cells.ome.zip")
    image = open_image(nginx.url("files/cells.ome.zip"))
    for part in image.images:
        for source in part.sources:
            np.testing.assert_array_equal(
                source[(slice(None),) * source.ndim], truth.arrays[source.path]
            )
