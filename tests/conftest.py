"""Fixtures for every floor: the shared material beside the project."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from shared_material import CONFORMANCE, CORPUS, SHARED

# Read when napari's settings are first imported: tests keep off the settings of whoever runs them.
os.environ["NAPARI_CONFIG"] = ""
# Nor is what a test reads of a link kept on disk, but by those of the cache, in folders of theirs.
os.environ["NAPARI_OME_ZIP_LINK_CACHE_MB"] = "0"
os.environ["NAPARI_OME_ZIP_LINK_CACHE"] = str(Path(__file__).parent / "no-such-folder")
# Nor are previews put among those of whoever runs the tests.
os.environ.pop("XDG_CURRENT_DESKTOP", None)

# No test measures time. The same examples every time, so that a failure is the change's own;
# `HYPOTHESIS_PROFILE=explore` looks for new ones.
settings.register_profile("project", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "project"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let stories be pictured."""
    parser.addoption("--pictures", metavar="FOLDER", help="leave pictures of windows there")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep what all tests share out of collecting garbage, which napari does for each layer."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by what they are for: gzip, for one, writes the time into them."""
    return argname if isinstance(val, bytes) else None


def _present(folder: Path) -> Path:
    if not folder.is_dir():
        pytest.skip(f"the shared material is not there: {folder}")
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared material, or skip the test."""
    return _present(SHARED)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of the corpus (manifest.json, archives), or skip the test."""
    return _present(CORPUS)


@pytest.fixture(scope="session")
def conformance() -> Path:
    """Return the folder of the specification's conformance documents, or skip the test."""
    return _present(CONFORMANCE)


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the home folder of the person who runs the test: a new one, with a space."""
    home = tmp_path / "home of a person"
    home.mkdir()
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "SUDO_UID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    return home


@pytest.fixture
def short_path() -> Iterator[Path]:
    """Return a folder for its user alone: a socket's path has 108 characters at most."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)
