"""A file behind a link reads like the same file on a disk."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from napari_ome_zip import open_image
from napari_ome_zip.files import Link, open_file
from range_server import RangeServer
from whole_archives import whole_archive

CONTENT = bytes(range(256)) * 40


def test_ranges_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(CONTENT)
    with RangeServer({"a.bin": CONTENT}) as server:
        for file in (open_file(path), open_file(Link(server.url("a.bin")))):
            assert file.size == len(CONTENT)
            assert file.read(300, 500) == CONTENT[300:800]
            assert file.read(len(CONTENT) - 3, 500) == CONTENT[-3:]
            assert file.read(len(CONTENT), 5) == b""


@pytest.mark.parametrize("again", [False, True])
def test_an_image_behind_a_link_has_the_same_pixels(tmp_path: Path, again: bool) -> None:
    path = tmp_path / "cells.ome.zip"
    truth = whole_archive(path)
    with RangeServer({"cells.ome.zip": path.read_bytes()}) as server:
        image = open_image(server.url("cells.ome.zip"))
        for part in image.images:
            for source in part.sources:
                copy = pickle.loads(pickle.dumps(source)) if again else source
                np.testing.assert_array_equal(
                    copy[(slice(None),) * copy.ndim], truth.arrays[source.path]
                )


def test_what_is_secret_in_a_link_is_not_in_what_it_is_called() -> None:
    link = Link("https://me:secret@Host.org/a/My%20cells.ozx?sig=hidden")
    assert link.name == "My cells.ozx"
    assert link.source.startswith("https://host.org/a/My%20cells.ozx")
    assert not any(word in f"{link!r} {link} {link.source}" for word in ("secret", "hidden"))
    other = Link("https://host.org/a/My%20cells.ozx?sig=another")
    assert link.source != other.source
