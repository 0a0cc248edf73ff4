"""Fixtures for what a desktop sees; nothing of whoever runs the tests is touched."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def sockets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which windows of a user of the test's own listen."""
    runtime = tmp_path_factory.mktemp("run")
    runtime.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    folder = runtime / "napari-ome-zip"
    folder.mkdir(mode=0o700)
    return folder
