"""What the command line says of itself, and that nobody waits for it."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from napari_ome_zip.cli.main import main
from napari_ome_zip.cli.parser import whole_parser

COMMANDS = (
    "validate",
    "open",
    "info",
    "picture",
    "convert",
    "pack",
    "unpack",
    "repack",
    "thumbnail",
    "integrate",
    "completion",
)


def help_of(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--help"])
    assert stopped.value.code == 0
    return " ".join(capsys.readouterr().out.split())


def test_every_command_is_named_in_help(capsys: pytest.CaptureFixture[str]) -> None:
    said = help_of(capsys=capsys)
    assert [command for command in COMMANDS if f" {command} " not in said] == []


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_says_what_each_exit_status_means(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = help_of(*filter(None, [command]), capsys=capsys)
    assert "Exit status: 0 if " in said
    assert all(f"; {status} if " in said for status in (2, 130))
    assert ("; 1 if " in said) == (command in ("", "validate", "integrate"))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_whether_standard_input_is_read(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reads = command in ("validate", "info", "picture", "convert", "repack", "unpack")
    said = help_of(command, capsys=capsys)
    assert said.count("Instead of a file, - reads an archive from standard input.") == reads
    assert said.count("Instead of a file, -") == said.count(". Instead of a file, -")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_the_terminal(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 85


def test_the_version_is_that_which_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    version = importlib.metadata.version("napari-ome-zip")
    assert capsys.readouterr().out == f"napari-ome-zip {version}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_nobody_who_asks_for_help_waits_for_what_reads_pixels(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from napari_ome_zip.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('dask', 'numpy', 'shtab', 'zarr') if name in sys.modules])"
    )
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_command_has_its_options_in_the_whole_parser() -> None:
    parsed = whole_parser({}).parse_args(["validate", "--profile", "strict", "cells.ozx"])
    assert (parsed.profile, parsed.files) == ("strict", ["cells.ozx"])
