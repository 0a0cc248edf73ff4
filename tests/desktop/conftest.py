"""Fixtures for what a desktop sees; nothing of whoever runs the tests is touched."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def sockets(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which windows of a user of the test's own listen."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_path))
    folder = short_path / "napari-ome-zip"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the previews of a user of the test's own, who has a desktop.

    Files of tests are temporary, and of those no preview is kept: here others are.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "XFCE")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "cache" / "thumbnails"
