"""``-`` in place of a file is the archive on standard input."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from broken_files import entries, write
from napari_ome_zip import validate
from napari_ome_zip.cli.main import main


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write(tmp_path, entries())


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def give(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "--deep", "-"],
        ["info", "-"],
        ["picture", "-", "out.png"],
        ["repack", "-", "out.ozx"],
        ["unpack", "-", "out.zarr"],
        ["convert", "-", "out.ozx"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands_that_read_an_archive_read_it_from_there(
    arguments: list[str],
    archive: Path,
    temporary: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    give(monkeypatch, archive.read_bytes())
    assert main(arguments) == 0
    said = capsys.readouterr()
    assert str(temporary) not in said.out + said.err
    assert [*temporary.iterdir()] == []
    assert arguments[-1] == "-" or Path(arguments[-1]).exists()


def test_it_is_called_standard_input(
    archive: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    give(monkeypatch, archive.read_bytes())
    main(["validate", "-", str(archive)])
    first, second = (text for text in capsys.readouterr().out.split("\n\n")[:2])
    assert first.splitlines()[0] == "<standard input>"
    assert second.splitlines()[0] == str(archive)


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04 cut short"])
def test_so_it_is_where_something_is_wrong_with_it(
    content: bytes, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    give(monkeypatch, content)
    assert main(["repack", "-", str(tmp_path / "out.ozx")]) == 2
    said = capsys.readouterr().err
    assert "<standard input>" in said
    assert str(temporary) not in said


def test_a_rule_on_names_does_not_apply_to_what_has_none(
    archive: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    give(monkeypatch, archive.read_bytes())
    assert main(["validate", "--strict", "--profile", "strict", "-"]) == 0
    assert validate(archive.rename(archive.with_name("standard-input"))).warnings


def test_more_than_the_disk_has_room_for_is_refused_before_it_is_full(
    archive: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1 << 40, 1 << 40, 256 << 20))
    give(monkeypatch, archive.read_bytes())
    assert main(["validate", "-"]) == 2
    said = capsys.readouterr().err
    assert "more than the 0 bytes" in said
    assert "TMPDIR" in said
    assert [*temporary.iterdir()] == []


@pytest.mark.parametrize("arguments", [["open", "-"], ["thumbnail", "-"]])
def test_commands_that_need_a_file_that_stays_do_not_take_it(
    arguments: list[str], archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    give(monkeypatch, archive.read_bytes())
    assert main(arguments) == 2
    assert capsys.readouterr().err.rstrip().endswith("-")
    assert sys.stdin.buffer.read() == archive.read_bytes()


def test_a_terminal_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for given in (Terminal(), None):
        monkeypatch.setattr(sys, "stdin", given)
        assert main(["validate", "-"]) == 2
        assert "nothing on standard input" in capsys.readouterr().err


def test_a_pipe_works_as_well_as_a_file(archive: Path) -> None:
    command = [sys.executable, "-m", "napari_ome_zip", "validate", "--quiet", "-"]
    done = subprocess.run(command, input=archive.read_bytes(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"<standard input>: Valid OME-Zarr 0.5")
