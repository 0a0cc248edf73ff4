"""A preview is written where the file manager that asked for it looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_ome_zip.desktop.preview import write_preview

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("before", [b"", PNG + b"longer than what is written"])
def test_who_holds_the_file_open_reads_it(tmp_path: Path, before: bytes) -> None:
    # As tumbler does: it makes a file, and reads what it has opened.
    wanted = tmp_path / "tumbler-X.png"
    wanted.write_bytes(before)
    with wanted.open("rb") as held:
        write_preview(wanted, b"a picture")
        assert held.read() == b"a picture"
    assert list(tmp_path.iterdir()) == [wanted]


@pytest.mark.parametrize("before", [b"PK\x03\x04 an archive", b"\x89PNG"])
def test_what_is_no_picture_is_not_written_over(tmp_path: Path, before: bytes) -> None:
    # Such as the archive itself, or what a link or half of a path leads to.
    image, link = tmp_path / "cells.ozx", tmp_path / "preview.png"
    image.write_bytes(before)
    link.symlink_to(image)
    for place in (image, link):
        with pytest.raises(FileExistsError, match="not a picture"):
            write_preview(place, b"a picture")
        assert image.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "preview.png")
    with pytest.raises(FileExistsError, match="not a picture"):
        write_preview(tmp_path / "preview.png", b"a picture")


def test_where_there_is_none_it_is_for_its_user_alone(tmp_path: Path) -> None:
    write_preview(tmp_path / "new.png", b"a picture")
    assert (tmp_path / "new.png").read_bytes() == b"a picture"
    if os.name != "nt":
        assert (tmp_path / "new.png").stat().st_mode & 0o077 == 0
    assert len(list(tmp_path.iterdir())) == 1


def test_where_nothing_can_be_written_the_system_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_preview(tmp_path / "no folder" / "x.png", b"")
