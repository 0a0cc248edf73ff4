"""The command line ``napari FILE…`` opens archives in a window of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from imageio.v3 import imread

from range_server import RangeServer

if TYPE_CHECKING:
    from tests.plugin.conftest import BrightArchive

STARTUP_SCRIPT = Path(__file__).with_name("startup_script.py")


def run_napari(folder: Path, *arguments: str) -> dict[str, list[dict[str, list[float]]]]:
    """Run the command with ``folder`` as working directory, and return the script's report."""
    settings = folder / "settings.yaml"
    # JSON is YAML, and needs no library here.
    settings.write_text(json.dumps({"application": {"startup_script": str(STARTUP_SCRIPT)}}))
    finished = subprocess.run(
        [Path(sys.executable).with_name("napari"), *arguments],
        cwd=folder,
        env={**os.environ, "NAPARI_CONFIG": str(settings)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    report = folder / "report.json"
    assert report.exists(), finished.stderr
    return json.loads(report.read_text(encoding="utf-8"))


def test_a_relative_and_an_absolute_path_are_both_opened_and_drawn(
    two_bright_archives: tuple[BrightArchive, BrightArchive],
) -> None:
    left, right = two_bright_archives
    folder = left.path.parent
    report = run_napari(folder, left.path.name, str(right.path))

    assert report["visible"]
    assert [layer["corner"] for layer in report["layers"]] == [[5.0, 7.0], [5.0, 47.0]]
    for layer, archive in zip(report["layers"], two_bright_archives, strict=True):
        np.testing.assert_array_equal(layer["data"], archive.pixels)
    picture = imread(folder / "window.png")[..., :3].max(axis=-1)
    # The blocks are a twelfth of the images, which nearly fill the window one way.
    assert (picture > 200).mean() > 0.02
    assert (picture < 50).mean() > 0.5


def test_a_bad_file_does_not_keep_the_next_one_from_being_opened(
    two_bright_archives: tuple[BrightArchive, BrightArchive],
) -> None:
    bad, good = two_bright_archives
    bad.path.write_bytes(b"")
    report = run_napari(bad.path.parent, str(bad.path), str(good.path))
    (layer,) = report["layers"]
    np.testing.assert_array_equal(layer["data"], good.pixels)


def test_a_link_is_opened_and_drawn(bright_archive: BrightArchive) -> None:
    with RangeServer({"cells.ozx": bright_archive.path.read_bytes()}) as server:
        report = run_napari(bright_archive.path.parent, server.url("cells.ozx") + "?key=x")
    (layer,) = report["layers"]
    np.testing.assert_array_equal(layer["data"], bright_archive.pixels)


def test_a_server_that_does_not_answer_keeps_nobody_from_closing_napari(
    bright_archive: BrightArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOT_AWAITED", "1")
    with RangeServer({"cells.ozx": b""}) as server:
        server.hold()
        report = run_napari(bright_archive.path.parent, server.url("cells.ozx"))
        assert server.asked.is_set()
    assert report["layers"] == []
