"""``ome-zip integrate``, as a person calls it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from napari_ome_zip.cli.main import main
from written_files import written

pytestmark = [
    pytest.mark.usefixtures("own_home"),
    pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="files of Linux desktops"),
]

LAUNCHER = ".local/share/napari-ome-zip/open"


def run(*options: str) -> int:
    return main(["integrate", *options])


def test_it_says_what_it_did_where_and_how_to_undo_it(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    said = capsys.readouterr().out
    lines = [line.strip() for line in said.splitlines()]
    files = [name for name in written(own_home) if (own_home / name).is_file()]
    # Databases are listed by their folders.
    for name in files:
        path = own_home / name
        assert {str(path), *map(str, path.parents)} & set(lines), name
    assert "for you alone" in " ".join(lines)
    assert "ome-zip integrate --remove" in said
    assert run("--remove") == 0
    said = capsys.readouterr().out
    assert said.startswith("Removed.")
    assert str(own_home / LAUNCHER) in said
    assert written(own_home) == []


def test_the_status_changes_nothing_and_is_told_by_the_exit_status(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--status") == 1
    assert capsys.readouterr().out.startswith("Not set up.")
    assert written(own_home) == []
    run()
    capsys.readouterr()
    assert run("--status") in (0, 1)  # 1 where programs for the databases are not there
    said = capsys.readouterr().out
    assert f"in place: what a double click starts\n    {own_home / LAUNCHER}\n" in said


def test_removing_nothing_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--remove") == 0
    assert capsys.readouterr().out == "There was nothing to remove.\n"


def test_a_file_of_someone_else_ends_with_2_until_it_is_forced(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = own_home / LAUNCHER
    foreign.parent.mkdir(parents=True)
    foreign.write_text("of another program")
    assert run() == 2
    said = capsys.readouterr()
    assert said.err.startswith("ome-zip: Not written by us")
    assert said.out == ""
    assert foreign.read_text() == "of another program"
    assert run("--force") == 0
    assert sys.executable in foreign.read_text()


def test_two_wishes_at_once_are_refused() -> None:
    with pytest.raises(SystemExit) as stopped:
        run("--remove", "--status")
    assert stopped.value.code == 2
