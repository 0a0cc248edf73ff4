"""Examples in docstrings give what they say they give."""

from __future__ import annotations

import doctest
import importlib
import shutil
from pathlib import Path

import pytest

import napari_ome_zip
from documented_files import write_documented_files

SOURCE = Path(napari_ome_zip.__file__).parent
MODULES = sorted(
    ".".join(("napari_ome_zip", *path.relative_to(SOURCE).with_suffix("").parts))
    for path in SOURCE.rglob("*.py")
    if ">>> " in path.read_text()
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documented")
    write_documented_files(folder)
    return folder


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(
    name: str, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "examples"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    assert doctest.testmod(importlib.import_module(name)).failed == 0
