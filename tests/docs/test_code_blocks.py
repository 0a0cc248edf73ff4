"""Code of the documentation runs, and gives what it says it gives.

Each page is a test. Its blocks run in order, in a folder of their own with the files of
`documented_files`:

- Python blocks in one namespace. Those with ``>>>`` are doctests. A page that speaks of
  ``viewer`` has one of napari.
- ``sh`` blocks, where ``ome-zip`` is the command of this project, and of ``console`` blocks the
  lines that begin with ``$ ``. A page says with ``<!-- exit 1 -->`` before a block that it ends so.
- JSON is parsed.

What is not run has ``<!-- not run: REASON -->`` before it.
"""

from __future__ import annotations

import ast
import doctest
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import napari_ome_zip
from documented_files import write_documented_files
from markdown_pages import NO_CODE, PAGES, PYTHON, SHELL, Block, Page
from napari_ome_zip.cli.main import main

SOURCE = Path(napari_ome_zip.__file__).parent.parent
_NEEDS_A_SHELL = re.compile(r"[|&;<>$*?`(){}\\]")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def code_of(page: str) -> list[Block]:
    """Return the blocks of a page that are run."""
    run = (*PYTHON, *SHELL)
    return [b for b in Page(page).blocks if b.language in run and b.why_not_run is None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documented")
    write_documented_files(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that code of a page runs in: files may be changed there."""
    path = tmp_path / "page"
    shutil.copytree(made, path)
    monkeypatch.chdir(path)
    return path


@pytest.fixture(autouse=True)
def sizes_as_before() -> Iterator[None]:
    """Take back what a page says of memory and disk: it holds for all tests of the process."""
    of_pixels, of_links = napari_ome_zip.cache_size(), napari_ome_zip.link_cache_size()
    yield
    napari_ome_zip.set_cache_size(of_pixels)
    napari_ome_zip.set_link_cache_size(of_links)


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_run_or_says_why_not(name: str) -> None:
    known = (*NO_CODE, *PYTHON, *SHELL, "json")
    silent = [
        f"{block.place} ({block.language})"
        for block in Page(name).blocks
        if block.language not in known and not block.why_not_run
    ]
    empty = [block.place for block in Page(name).blocks if block.why_not_run == ""]
    assert (silent, empty) == ([], [])


@pytest.mark.parametrize("name", PAGES)
def test_json_is_json(name: str) -> None:
    for block in Page(name).blocks:
        if block.language == "json" and block.why_not_run is None:
            json.loads(block.code)


@pytest.mark.parametrize("name", [name for name in PAGES if code_of(name)])
def test_the_code_of_a_page_runs(
    name: str,
    folder: Path,
    own_home: Path,
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    blocks = code_of(name)
    if any(re.search(r"\bviewer\b", b.code) for b in blocks if b.language in PYTHON):
        namespace["viewer"] = request.getfixturevalue("make_napari_viewer")()
    for block in blocks:
        if block.language in SHELL:
            status = run_commands(commands_of(block), own_home)
            said = capfd.readouterr()
            assert status == block.exit_status, f"{block.place}\n{said.out}{said.err}"
        elif ">>> " in block.code:
            _run_examples(block, namespace)
        else:
            run_block(block, namespace)


def run_block(block: Block, namespace: dict[str, Any]) -> None:
    tree = ast.parse(block.code, block.place)
    ast.increment_lineno(tree, block.line - 1)
    exec(compile(tree, block.page, "exec"), namespace)


def _run_examples(block: Block, namespace: dict[str, Any]) -> None:
    parsed = doctest.DocTestParser().get_doctest(
        block.code, namespace, block.place, block.page, block.line - 1
    )
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(parsed, out=said.append, clear_globs=False)
    namespace.update(parsed.globs)
    assert runner.failures == 0, "".join(said)


def commands_of(block: Block) -> str:
    """Return the lines that a person types, of a block that shows output too."""
    if block.language == "sh":
        return block.code
    lines = block.code.splitlines()
    return "\n".join(line.removeprefix("$ ") for line in lines if line.startswith("$ "))


def run_commands(commands: str, home: Path) -> int:
    """Run commands until one fails: ours in this process, which is faster, others by a shell."""
    lines = [shlex.split(line, comments=True) for line in commands.splitlines()]
    lines = [line for line in lines if line]
    if any(line[0] != "ome-zip" or _NEEDS_A_SHELL.search(" ".join(line)) for line in lines):
        return _by_shell(commands, home)
    for line in lines:
        if status := _in_process(line[1:]):
            return status
    return 0


def _in_process(arguments: list[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as stopped:  # of argparse
        return stopped.code if isinstance(stopped.code, int) else 0


def _by_shell(commands: str, home: Path) -> int:
    shell = shutil.which("sh")
    if shell is None:
        pytest.skip("there is no shell")
    programs = home / "programs"
    programs.mkdir(exist_ok=True)
    command = programs / "ome-zip"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m napari_ome_zip "$@"\n')
    command.chmod(0o755)
    paths = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": paths, "PYTHONPATH": str(SOURCE)}
    return subprocess.run([shell, "-e", "-c", commands], env=environment, timeout=120).returncode


def test_a_console_is_run_without_its_output() -> None:
    block = Block("page.md", 1, "console", "$ ome-zip info cells.ozx\ncells: 2 channels\n$ ls\n")
    assert commands_of(block) == "ome-zip info cells.ozx\nls"


@pytest.mark.parametrize(
    ("commands", "status"),
    [
        ("ome-zip info cells.ozx  # what is in it\n", 0),
        ("ome-zip info none.ozx\nome-zip info cells.ozx\n", 2),
        ("ome-zip info\n", 2),
        ("ome-zip info cells.ozx > info.txt\ntest -s info.txt\n", 0),
        ("ome-zip info none.ozx || exit 7\n", 7),
    ],
)
def test_the_first_command_that_fails_ends_a_block(
    folder: Path, own_home: Path, commands: str, status: int
) -> None:
    assert run_commands(commands, own_home) == status
