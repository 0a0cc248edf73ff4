"""A folder read as it is: links are followed, and what cannot be read is never taken for empty."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import numpy as np
import pytest

from folders import folder_of, said_without_rights
from hierarchy_builder import HierarchyBuilder, ramp
from napari_ome_zip import open_image, validate
from napari_ome_zip.errors import DamagedEntryError
from napari_ome_zip.pixels.damage import DamagedChunkWarning
from napari_ome_zip.storage import DirectoryStore

PIXELS_3D = ramp((2, 20, 30)) + 1


def image(path: Path) -> Path:
    builder = HierarchyBuilder().image(PIXELS_3D, "zyx", options={"chunks": (1, 20, 30)})
    return folder_of(builder, path)


def move_and_link(folder: Path, name: str, elsewhere: Path) -> None:
    elsewhere.parent.mkdir(parents=True, exist_ok=True)
    (folder / name).rename(elsewhere)
    (folder / name).symlink_to(elsewhere)


@pytest.mark.parametrize("name", ["0", "0/c", "0/c/1", "0/c/1/0/0", "zarr.json", "0/zarr.json"])
def test_links_that_the_image_is_made_of_are_followed(name: str, tmp_path: Path) -> None:
    folder = image(tmp_path / "cells.zarr")
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    before = [issue.code for issue in validate(folder, deep=True).issues]
    move_and_link(folder, name, tmp_path / "elsewhere" / "there")
    store = DirectoryStore(folder)
    assert sorted(store.keys()) == names
    assert store.group_paths() == ("", "0")
    (part,) = open_image(folder).parts
    np.testing.assert_array_equal(np.asarray(part.levels[0]), PIXELS_3D)
    assert [issue.code for issue in validate(folder, deep=True).issues] == before


def test_two_links_to_one_folder_are_two_folders(tmp_path: Path) -> None:
    folder = image(tmp_path / "cells.zarr")
    (folder / "1").symlink_to(folder / "0")
    (folder / "2").symlink_to("0")
    assert DirectoryStore(folder).group_paths() == ("", "0", "1", "2")


@pytest.mark.parametrize(
    ("target", "name"),
    # Two folders up lies what holds the image, which is met there again.
    [("..", "0/loop"), (".", "0/loop"), ("../..", "0/loop/cells.zarr")],
)
def test_loops_of_links_end_and_are_named(target: str, name: str, tmp_path: Path) -> None:
    folder = image(tmp_path / "cells.zarr")
    (folder / "0" / "loop").symlink_to(target)
    store = DirectoryStore(folder)
    assert store.group_paths() == ("", "0")
    problems = {entry.name: entry.problem for entry in store.entries() if entry.problem}
    assert problems == {name: "it leads back to a folder that it lies in"}


def test_folders_that_all_link_to_one_another_are_not_met_for_ever(tmp_path: Path) -> None:
    folder = image(tmp_path / "cells.zarr")
    groups = [folder / f"group{n}" for n in range(6)]
    for group in groups:
        group.mkdir()
        (group / "zarr.json").write_bytes((folder / "zarr.json").read_bytes())
        for other in groups:
            if other != group:
                (group / other.name).symlink_to(other)
    store = DirectoryStore(folder)
    assert {path.count("/") for path in store.group_paths()} == set(range(4))
    problems = {entry.problem for entry in store.entries()}
    assert "it lies behind more than 3 links" in problems


def _dangling(path: Path) -> None:
    path.symlink_to(path.parent / "gone")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    # The path of a socket may be a hundred letters long, which those of tests are not.
    place = Path.cwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(place)


UNREADABLE = [
    pytest.param(_dangling, "not there", id="dangling link"),
    pytest.param(_loop, "back to itself", id="link to itself"),
    pytest.param(_pipe, "named pipe", id="named pipe"),
    pytest.param(_socket, "socket", id="socket"),
]
pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")


@pytest.mark.parametrize(("replace", "reason"), UNREADABLE)
def test_what_cannot_be_read_is_no_empty_chunk(
    replace: object, reason: str, tmp_path: Path
) -> None:
    folder = image(tmp_path / "cells.zarr")
    chunk = folder / "0/c/1/0/0"
    chunk.unlink()
    replace(chunk)  # type: ignore[operator]
    store = DirectoryStore(folder)
    assert "0/c/1/0/0" in list(store.keys())
    assert store.has("0/c/1/0/0")
    for read in (store.read, store.size_of, store.get_sync, store.verify):
        with pytest.raises(DamagedEntryError, match=reason):
            read("0/c/1/0/0")
    with pytest.warns(DamagedChunkWarning, match=f"0/c/1/0/0.*{reason}"):
        shown = np.asarray(open_image(folder).parts[0].levels[0])
    np.testing.assert_array_equal(shown[0], PIXELS_3D[0])
    report = validate(folder)
    assert report.errors
    assert any(issue.location.entry == "0/c/1/0/0" for issue in report.issues)
    assert any(reason in issue.message for issue in report.issues)


def test_a_chunk_below_a_dangling_link_is_not_absent(tmp_path: Path) -> None:
    folder = image(tmp_path / "cells.zarr")
    (folder / "0/c/1").rename(tmp_path / "moved")
    (folder / "0/c/1").symlink_to(tmp_path / "gone")
    with pytest.raises(DamagedEntryError, match=r"'0/c/1' is a link to something"):
        DirectoryStore(folder).read("0/c/1/0/0")
    assert "0/c/1" in {issue.location.entry for issue in validate(folder).issues}


def test_chunks_that_were_left_out_are_absent_and_nothing_else(tmp_path: Path) -> None:
    folder = image(tmp_path / "cells.zarr")
    (folder / "0/c/1/0/0").unlink()
    store = DirectoryStore(folder)
    for key in ("0/c/1/0/0", "0/c/7/0/0", "0/c/0/0/0/0", "none/zarr.json", "x" * 300, "a\udcffb"):
        assert store.read(key) is None
        assert not store.has(key)
        store.verify(key)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("name", ["0/c/0", "0/c/0/0/0", "0/zarr.json", "0"])
def test_what_may_not_be_read_is_named(name: str, tmp_path: Path) -> None:
    folder = image(tmp_path / "cells.zarr")
    (folder / name).chmod(0)

    def read_everything() -> list[int]:
        store = DirectoryStore(folder)
        return [len(store.read(key) or b"") for key in store.keys()]  # noqa: SIM118  a store

    try:
        for work in (read_everything, lambda: validate(folder, deep=True).issues):
            said = said_without_rights(tmp_path, work)
            assert "Permission denied" in said
            assert name in said
    finally:
        (folder / name).chmod(stat.S_IRWXU)
