"""The version that a copy of the project has when it is built or installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from project_copy import PROJECT, cloned_to, commit, copied_to, last_commit, settings, tag


def version_of(folder: Path, **environment: str) -> str:
    pytest.importorskip("setuptools_scm", reason="setuptools-scm is not installed")
    return subprocess.run(
        [sys.executable, "-m", "setuptools_scm"],
        cwd=folder,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture(scope="module")
def without_a_tag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cloned_to(tmp_path_factory.mktemp("without a tag"), "pyproject.toml")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return cloned_to(tmp_path / "clone", "pyproject.toml")


def test_before_the_first_tag_commits_are_counted_to_the_next_release(without_a_tag: Path) -> None:
    version, commit_name = version_of(without_a_tag).split("+g")
    assert version == f"{next_release()}.dev1"
    assert last_commit(without_a_tag).startswith(commit_name)


def test_a_tag_is_the_version(clone: Path) -> None:
    tag(clone, "v3.1.0")
    assert version_of(clone) == "3.1.0"


def test_commits_after_a_tag_are_counted_to_the_version_after_it(clone: Path) -> None:
    tag(clone, "v3.1.0")
    commit(clone)
    version, commit_name = version_of(clone).split("+g")
    assert version == "3.1.1.dev1"
    assert last_commit(clone).startswith(commit_name)


def test_a_repository_of_another_user_has_the_same_version(without_a_tag: Path) -> None:
    version = version_of(without_a_tag, GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    assert version == version_of(without_a_tag)


def test_a_copy_without_history_is_of_the_next_release(tmp_path: Path) -> None:
    assert version_of(copied_to(tmp_path / "copy", "pyproject.toml")) == f"{next_release()}.dev0"


def test_the_repository_around_a_copy_has_no_say_in_its_version(clone: Path) -> None:
    tag(clone, "v3.1.0")
    assert version_of(copied_to(clone / "inner", "pyproject.toml")) == f"{next_release()}.dev0"


def test_the_next_release_is_newer_than_the_last_one() -> None:
    assert parts(next_release()) > parts(last_release())


def parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def next_release() -> str:
    return settings()["tool"]["setuptools_scm"]["fallback_version"].removesuffix(".dev0")


def last_release() -> str:
    changes = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = [line.split()[1] for line in changes.splitlines() if line.startswith("## ")]
    return next(heading for heading in headings if heading[0].isdigit())
