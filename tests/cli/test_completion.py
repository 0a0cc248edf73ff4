"""The scripts of ``ome-zip completion``, in the shells that they are for."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from napari_ome_zip.cli.main import main

_WAIT = 60
_BASH = ["--noprofile", "--norc", "-i"]
_ZSH = ["-f", "-i"]

CASES = [
    ("ome-zip val", "ome-zip validate"),
    ("ome-zip validate --pro", "ome-zip validate --profile"),
    ("ome-zip validate --profile str", "ome-zip validate --profile strict"),
    ("ome-zip convert --ver", "ome-zip convert --version"),
    ("ome-zip completion fi", "ome-zip completion fish"),
    ("ome-zip validate cel", "ome-zip validate cells.ozx"),
    ("ome-zip pack fol", "ome-zip pack folder"),
]
"""What is typed, and what a press of TAB makes of it."""


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to complete names in."""
    (tmp_path / "cells.ozx").touch()
    (tmp_path / "folder").mkdir()
    return tmp_path


def script(shell: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", shell]) == 0
    path = folder / f".completion.{shell}"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    return path


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh", "powershell"])
def test_a_script_knows_commands_options_and_choices(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("ome-zip", "validate", "profile", "fast-to-read"))


def test_a_shell_that_is_not_known_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["completion", "cmd"])
    assert stopped.value.code == 2
    assert "powershell" in capsys.readouterr().err


@needs("bash")
@pytest.mark.parametrize(("typed", "completed"), CASES)
def test_bash_completes(
    typed: str, completed: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = f"PS1=; source {script('bash', folder, capsys).name}"
    assert completed in pressed_tab(["bash", *_BASH], start, typed, completed, folder)


@needs("zsh")
@pytest.mark.parametrize(("typed", "completed"), CASES)
def test_zsh_completes(
    typed: str, completed: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = script("zsh", folder, capsys)
    path.rename(folder / "_ome-zip")
    start = "PS1=; fpath=($PWD $fpath); autoload -U compinit; compinit -u -D"
    assert completed in pressed_tab(["zsh", *_ZSH], start, typed, completed, folder)


@needs("fish")
@pytest.mark.parametrize(("typed", "completed"), CASES)
def test_fish_completes(
    typed: str, completed: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = script("fish", folder, capsys)
    asked = f"source {path.name}; complete --do-complete '{typed}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", asked], cwd=folder, capture_output=True, text=True, check=True
    )
    offered = [line.partition("\t")[0].rstrip("/") for line in done.stdout.splitlines()]
    assert completed.rpartition(" ")[2] in offered


def pressed_tab(shell: list[str], start: str, typed: str, completed: str, folder: Path) -> str:
    """Return what a shell shows once TAB was pressed after what was typed."""
    pty = pytest.importorskip("pty", reason="terminals of this kind are those of Unix")
    here, there = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "HISTFILE": "", "INPUTRC": os.devnull}
    process = subprocess.Popen(
        shell, cwd=folder, env=environment, stdin=there, stdout=there, stderr=there
    )
    os.close(there)
    try:
        os.write(here, f"{start}; echo rea''dy\n".encode())
        _read_until(here, "ready")
        os.write(here, f"{typed}\t".encode())
        return _read_until(here, completed)
    finally:
        process.kill()
        process.wait()
        os.close(here)


def _read_until(terminal: int, expected: str) -> str:
    shown = ""
    while expected not in shown and select.select([terminal], [], [], _WAIT)[0]:
        shown += os.read(terminal, 1 << 16).decode(errors="replace")
    return shown


def test_completing_starts_no_python(capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "bash"])
    assert Path(sys.executable).name not in capsys.readouterr().out
