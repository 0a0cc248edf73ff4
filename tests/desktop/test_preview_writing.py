"""A preview is written where the file manager that asked for it looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_ome_zip.desktop.preview import write_preview


@pytest.mark.parametrize("before", [b"", b"longer than what is written"])
def test_who_holds_the_file_open_reads_it(tmp_path: Path, before: bytes) -> None:
    # As tumbler does: it makes a file, and reads what it has opened.
    wanted = tmp_path / "tumbler-X.png"
    wanted.write_bytes(before)
    with wanted.open("rb") as held:
        write_preview(wanted, b"a picture")
        assert held.read() == b"a picture"
    assert list(tmp_path.iterdir()) == [wanted]


def test_where_there_is_none_it_is_for_its_user_alone(tmp_path: Path) -> None:
    write_preview(tmp_path / "new.png", b"a picture")
    assert (tmp_path / "new.png").read_bytes() == b"a picture"
    if os.name != "nt":
        assert (tmp_path / "new.png").stat().st_mode & 0o077 == 0
    assert len(list(tmp_path.iterdir())) == 1


def test_where_nothing_can_be_written_the_system_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_preview(tmp_path / "no folder" / "x.png", b"")
