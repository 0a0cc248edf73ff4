"""An interrupt that comes when the file has its name already does not deny the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hierarchy_builder import HierarchyBuilder
from napari_ome_zip.cli import writing
from napari_ome_zip.cli.main import main


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return an archive with one image."""
    pixels = np.arange(12, dtype="u1").reshape(3, 4)
    return HierarchyBuilder().image(pixels, "yx").archive(tmp_path / "cells.ozx")


def interrupted(*_: object, **__: object) -> None:
    """Do what Ctrl+C does."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("command", ["convert", "repack"])
def test_a_file_that_is_complete_is_said_to_be(
    archive: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(writing, "validate", interrupted)
    target = archive.with_name("new.ozx")
    assert main([command, str(archive), str(target)]) == 130
    assert target.exists()
    assert f"Interrupted: {target} is complete, but was not checked." in capsys.readouterr().err


def test_a_file_that_was_replaced_is_said_to_be(
    archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = archive.read_bytes()
    monkeypatch.setattr(writing, "validate", interrupted)
    assert main(["thumbnail", str(archive)]) == 130
    assert archive.read_bytes() != before
    assert f"{archive} is complete" in capsys.readouterr().err


def test_a_file_that_stays_as_it_was_is_not(
    archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = archive.with_name("new.ozx")
    target.write_bytes(b"older")
    monkeypatch.setattr("napari_ome_zip.cli.repack.repack", interrupted)
    assert main(["repack", str(archive), str(target), "--force"]) == 130
    assert target.read_bytes() == b"older"
    assert capsys.readouterr().err == "ome-zip: Interrupted: nothing was kept.\n"
