"""Copies of this project as git and unpacked archives give them, to be built elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[1]


def settings() -> dict[str, Any]:
    """Return what pyproject.toml says."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))


def tracked_files() -> set[str]:
    """Return the files that git keeps, or is about to keep, of this project, or skip the test."""
    if not (PROJECT / ".git").exists():
        pytest.skip("without git nobody knows which files belong to the project")
    listed = _git(PROJECT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return {name for name in listed.split("\0") if name and (PROJECT / name).is_file()}


def copied_to(folder: Path, *names: str) -> Path:
    """Copy the project's files, or those of these names, without their history."""
    for name in names or tracked_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, folder / name)
    return folder


def cloned_to(folder: Path, *names: str) -> Path:
    """Copy the same into a repository that begins with them."""
    copied_to(folder, *names)
    _git(folder, "init", "--quiet")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Commit all that is in a folder, even if nothing has changed."""
    _git(folder, "add", "--all")
    author = ("-c", "user.name=A person", "-c", "user.email=person@example.org")
    _git(folder, *author, "commit", "--quiet", "--allow-empty", "--message", "A change")


def tag(folder: Path, name: str) -> None:
    """Give the last commit a name."""
    _git(folder, "tag", name)


def last_commit(folder: Path) -> str:
    """Return the hash of the last commit."""
    return _git(folder, "rev-parse", "HEAD").strip()


def built(folder: Path, to: Path) -> tuple[Path, Path]:
    """Build the source distribution, and of this one the wheel, as a release is built."""
    pytest.importorskip("setuptools_scm", reason="setuptools-scm is not installed")
    pytest.importorskip("build", reason="build is not installed")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", to, folder]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (source,), (wheel,) = to.glob("*.tar.gz"), to.glob("*.whl")
    return source, wheel


def _git(folder: Path, *arguments: str) -> str:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    # A hook of git that runs the tests says by variables which repository it means.
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    command = ["git", "-c", "commit.gpgsign=false", "-C", folder, *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    ).stdout
