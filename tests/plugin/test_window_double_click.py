"""What a double click runs, ``ome-zip open``: napari starts, and takes what is opened next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_ome_zip.desktop.running_window import window_sockets
from waiting import until

if TYPE_CHECKING:
    from tests.plugin.conftest import BrightArchive

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such sockets")

STARTUP_SCRIPT = Path(__file__).with_name("startup_script.py")


def test_the_second_file_is_added_to_the_window_of_the_first(
    two_bright_archives: tuple[BrightArchive, BrightArchive],
    tmp_path: Path,
    short_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_path))
    monkeypatch.setenv("NAPARI_CONFIG", str(tmp_path / "settings.yaml"))
    monkeypatch.setenv("LAYERS_AWAITED", "2")
    # JSON is YAML, and needs no library here.
    settings = json.dumps({"application": {"startup_script": str(STARTUP_SCRIPT)}})
    Path(os.environ["NAPARI_CONFIG"]).write_text(settings)
    command = [sys.executable, "-P", "-m", "napari_ome_zip", "open"]
    left, right = two_bright_archives

    with subprocess.Popen([*command, left.path], cwd=tmp_path) as first:
        until(lambda: bool(window_sockets()))
        second = subprocess.run([*command, right.path.name], cwd=tmp_path, timeout=60, check=False)
        assert second.returncode == 0
        assert first.wait(200) == 0

    assert not window_sockets()
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [layer["corner"] for layer in report["layers"]] == [[5.0, 7.0], [5.0, 47.0]]
    for layer, archive in zip(report["layers"], two_bright_archives, strict=True):
        np.testing.assert_array_equal(layer["data"], archive.pixels)
