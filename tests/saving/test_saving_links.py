"""What came through a link is saved as what came from the same file on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip import SaveOptions, open_image, save_image, to_layer_data
from napari_ome_zip.errors import OmeZipError, SaveCancelledError, SaveError
from napari_ome_zip.files import Link
from napari_ome_zip.saving.plan import plan_save
from range_server import RangeServer
from whole_archives import (
    whole_archive,
    whole_archive_of_0_4,
    whole_plate,
    whole_scene,
    whole_series,
)

type Write = Callable[[Path], Any]
WHOLE: tuple[Write, ...] = (
    whole_archive,
    whole_series,
    whole_scene,
    whole_archive_of_0_4,
    whole_plate,
)


@pytest.fixture
def server() -> Iterator[RangeServer]:
    with RangeServer({}) as server:
        yield server


def served(server: RangeServer, path: Path) -> str:
    server.files[path.name] = path.read_bytes()
    return server.url(path.name)


def content(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.mark.parametrize("write", WHOLE, ids=lambda write: write.__name__)
@pytest.mark.parametrize("options", [SaveOptions(), SaveOptions(chunk=16, shard=32)], ids=repr)
def test_a_saved_link_has_the_entries_of_the_saved_file(
    tmp_path: Path, server: RangeServer, write: Write, options: SaveOptions
) -> None:
    path = tmp_path / "cells.ome.zip"
    write(path)
    for as_layers in (False, True):
        saved = []
        for number, source in enumerate((path, served(server, path))):
            image = open_image(source)
            target = tmp_path / f"{number}" / "saved.ome.zip"
            target.parent.mkdir(exist_ok=True)
            try:
                save_image(to_layer_data(image) if as_layers else image, target, options)
            except SaveError as error:
                saved.append(str(error))
            else:
                saved.append(content(target))
        assert saved[0] == saved[1]


def test_labels_that_were_edited_are_saved_with_the_image(
    tmp_path: Path, server: RangeServer
) -> None:
    path = tmp_path / "cells.ome.zip"
    whole_archive(path)
    layers = to_layer_data(open_image(served(server, path)))
    pixels, keywords, _ = next(layer for layer in layers if layer[2] == "image")
    drawn = np.zeros(pixels[0].shape, np.int32)
    drawn[..., 2:5, 3:9] = 7
    place = {
        key: keywords[key]
        for key in ("scale", "translate", "axis_labels", "units")
        if key in keywords
    }
    layers.append((drawn, {"name": "drawn", **place}, "labels"))
    save_image(layers, tmp_path / "saved.ome.zip")
    saved = open_image(tmp_path / "saved.ome.zip")
    (again,) = [part for part in saved.labels if part.name == "drawn"]
    np.testing.assert_array_equal(again.levels[0].compute().squeeze(), drawn.squeeze())


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """An archive of 3 MB, most of which is not read on opening."""
    noise = np.random.default_rng(5).integers(0, 2**16, (3, 700, 700), np.uint16)
    options = {"chunks": (1, 200, 200), "compressors": None}
    path = tmp_path / "large.ome.zip"
    HierarchyBuilder().image(noise, "zyx", options=options).archive(path)
    return path


@pytest.mark.parametrize("options", [SaveOptions(), SaveOptions(chunk=64)], ids=["copy", "encode"])
@pytest.mark.parametrize("change", ["gone", "changed", "cut"])
def test_a_link_that_changes_on_the_way_leaves_nothing(
    tmp_path: Path, server: RangeServer, large: Path, options: SaveOptions, change: str
) -> None:
    image = open_image(served(server, large))
    target = tmp_path / "saved" / "saved.ome.zip"
    target.parent.mkdir()
    plan_save(image, options)
    whole = server.files.pop(large.name)
    if change != "gone":
        middle = len(whole) // 2
        other = whole[:middle] + b"?" + whole[middle + (1 if change == "changed" else 2000) :]
        server.files[large.name] = other
    with pytest.raises(OmeZipError) as raised:
        save_image(image, target, options)
    assert "saved" in str(raised.value)
    assert not [*target.parent.iterdir()]


def test_a_link_is_copied_with_few_requests(
    tmp_path: Path, server: RangeServer, large: Path
) -> None:
    image = open_image(served(server, large))
    done: list[tuple[int, int]] = []
    server.forget()
    save_image(image, tmp_path / "a.ome.zip", progress=lambda *moved: done.append(moved))
    assert len(server.requests) < 20
    assert server.sent < 1.05 * large.stat().st_size
    assert len(done) > 3
    assert done[-1][0] == done[-1][1]


def test_a_cancelled_copy_of_a_link_leaves_nothing(tmp_path: Path, server: RangeServer) -> None:
    path = tmp_path / "cells.ome.zip"
    whole_archive(path)
    image = open_image(served(server, path))
    target = tmp_path / "saved" / "saved.ome.zip"
    target.parent.mkdir()
    with pytest.raises(SaveCancelledError):
        save_image(image, target, cancelled=lambda: True)
    assert not [*target.parent.iterdir()]


@pytest.mark.parametrize("options", [SaveOptions(), SaveOptions(chunk=64)], ids=["copy", "encode"])
def test_a_save_that_waits_for_the_server_can_be_cancelled(
    tmp_path: Path, server: RangeServer, large: Path, options: SaveOptions
) -> None:
    image = open_image(served(server, large))
    plan_save(image, options)
    target = tmp_path / "saved" / "saved.ome.zip"
    target.parent.mkdir()
    server.forget()
    server.hold()
    with pytest.raises(SaveCancelledError):
        save_image(image, target, options, cancelled=server.asked.is_set)
    assert not [*target.parent.iterdir()]


def test_nothing_is_saved_over_a_link(tmp_path: Path, server: RangeServer) -> None:
    path = tmp_path / "cells.ome.zip"
    whole_archive(path)
    url = served(server, path)
    with pytest.raises(SaveError, match="links are only read"):
        save_image(open_image(url), url)
    with pytest.raises(SaveError, match="links are only read"):
        save_image(to_layer_data(open_image(url)), url)


def test_no_saved_file_holds_what_is_secret_in_a_link(tmp_path: Path, server: RangeServer) -> None:
    path = tmp_path / "cells.ome.zip"
    whole_archive(path)
    plain = served(server, path)
    url = f"{plain.replace('http://', 'http://me:passw0rd@')}?sig=do-not-tell"
    for number, source in enumerate((url, Link(url))):
        image = open_image(source)
        for name, layers in (("image", image), ("layers", to_layer_data(image))):
            target = tmp_path / f"{name}-{number}.ome.zip"
            save_image(layers, target)
            found = b"".join([target.read_bytes(), *content(target).values()])
            assert not any(word in found for word in (b"passw0rd", b"do-not-tell"))
